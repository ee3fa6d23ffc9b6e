"""The sealed file of a backup: what went in comes out, and whatever is wrong with it is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.files import archives
from portal.files.archives import BadArchive

KEY = b"k" * 43


def members(path: Path, key: bytes = KEY) -> dict[str, bytes]:
    found = {}
    with archives.reading(path, key) as tar:
        for member in tar:
            content = tar.extractfile(member)
            assert content is not None
            found[member.name] = content.read()
    return found


def test_what_went_in_comes_out(tmp_path: Path):
    path = tmp_path / "backup.kbk"
    with archives.writing(path, KEY) as tar:
        archives.add(tar, "rows/a.jsonl", b"{}\n" * 100_000)
        archives.add(tar, "manifest.json", b"")

    assert members(path) == {"rows/a.jsonl": b"{}\n" * 100_000, "manifest.json": b""}
    with pytest.raises(BadArchive):
        members(path, b"x" * 43)


@pytest.mark.parametrize("place", ["nothing.kbk", "."], ids=["not there", "a folder"])
def test_what_cannot_be_opened_is_said_with_its_name(tmp_path: Path, place: str):
    with pytest.raises(BadArchive, match="cannot be read") as refused:
        members(tmp_path / place)

    assert str(tmp_path) in str(refused.value)
