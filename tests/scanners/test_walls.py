"""What the scanning process has given up, asked of the kernel."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scanners import walls

ASK = """
import json, os, sys, tempfile
from scanners import walls
{setup}
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
try:
    with open(sys.argv[1] + "/x", "w") as file:
        file.write("x")
    wrote = True
except OSError:
    wrote = False
print(json.dumps({{"new": status["NoNewPrivs"].strip(), "uid": os.getuid(), "groups": os.getgroups(),
                  "cwd": os.getcwd(), "wrote": wrote, "umask": status.get("Umask", "").strip()}}))
"""


def asked(folder: Path, setup: str) -> dict[str, object]:
    program = ASK.format(setup=setup)
    ran = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, check=True, timeout=120)
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def test_a_scan_gains_no_rights_writes_no_file_and_stands_nowhere(tmp_path: Path) -> None:
    found = asked(tmp_path, "walls.shut()")

    assert (found["new"], found["cwd"], found["wrote"], found["umask"]) == ("1", "/", False, "0077")


def test_a_folder_for_registries_stays_writable(tmp_path: Path) -> None:
    assert asked(tmp_path, "walls.shut(writes_to=sys.argv[1])")["wrote"] is True


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_becomes_nobody(tmp_path: Path) -> None:
    found = asked(tmp_path, "walls.leave_root()")

    assert found["uid"] not in {0, os.getuid()}
    assert found["groups"] == []


def test_who_would_not_find_its_own_files_keeps_its_account(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    file = tmp_path / "module.py"
    file.touch(mode=0o644)

    assert not walls.is_open_to_all(file)
    assert not walls.is_open_to_all(tmp_path / "missing")
    assert not walls.may_leave_root(writes_to=str(tmp_path))
    assert walls.is_open_to_all(Path("/etc/passwd"))
