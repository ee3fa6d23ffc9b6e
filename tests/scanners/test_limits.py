"""What a reader of strangers' bytes may use at the most: each limit is lowered, and one that is lower already stays."""

from __future__ import annotations

import json
import subprocess
import sys

TOLD = """
import json, resource
from scanners import limits
{before}
limits.keep_to(memory=2**30, seconds=20, open_files=64, written={written})
kinds = ("AS", "CPU", "NOFILE", "CORE", "FSIZE")
print(json.dumps({{kind: resource.getrlimit(getattr(resource, "RLIMIT_" + kind)) for kind in kinds}}))
"""


def limited(*, written: int | None = 4096, before: str = "") -> dict[str, list[int]]:
    code = TOLD.format(written=written, before=before)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    found: dict[str, list[int]] = json.loads(told.stdout)
    return found


def test_every_limit_is_lowered_for_good():
    assert limited() == {
        "AS": [2**30, 2**30], "CPU": [20, 20], "NOFILE": [64, 64], "CORE": [0, 0], "FSIZE": [4096, 4096],
    }  # fmt: skip


def test_a_lower_limit_that_stands_already_stays():
    found = limited(before="resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))")

    assert (found["NOFILE"], found["AS"]) == ([40, 40], [2**30, 2**30])


def test_what_may_be_written_is_left_as_it_is_where_nobody_says():
    as_it_is = [4711, 4711]

    assert limited(written=None, before=f"resource.setrlimit(resource.RLIMIT_FSIZE, {tuple(as_it_is)})")["FSIZE"] == (
        as_it_is
    )
