"""The shelf: whole and unchanged, or not at all; nobody reads another's document."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.files import blobs, disk
from portal.files.blobs import Blobs, Changed, NoRoom
from portal.files.sealing import Keyring


@pytest.fixture
def shelf(tmp_path: Path, keyring: Keyring) -> Blobs:
    return Blobs(folder=tmp_path / "files", keyring=keyring)


def test_a_document_comes_back_as_it_was(shelf: Blobs):
    kept = shelf.put("company:aa", b"content")

    assert shelf.get("company:aa", kept.blob_id, kept.sha256) == b"content"
    (path,) = shelf.all()
    assert b"content" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert not list(shelf.folder.rglob(".*"))


def test_one_flipped_bit_is_noticed(shelf: Blobs):
    kept = shelf.put("company:aa", b"content")
    (path,) = shelf.all()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(content))

    with pytest.raises(Changed):
        shelf.get("company:aa", kept.blob_id, kept.sha256)


def test_a_document_moved_to_another_owner_does_not_open(shelf: Blobs):
    kept = shelf.put("company:aa", b"content")
    shelf.put("company:bb", b"other")
    (shelf.folder / "company-bb" / kept.blob_id).write_bytes((shelf.folder / "company-aa" / kept.blob_id).read_bytes())

    with pytest.raises(Changed):
        shelf.get("company:bb", kept.blob_id, kept.sha256)


@pytest.mark.parametrize("blob_id", ["", "../../etc/passwd", "x" * 32, "a" * 32])
def test_a_name_that_is_none_opens_nothing(shelf: Blobs, blob_id):
    with pytest.raises(Changed):
        shelf.get("company:aa", blob_id, "0" * 64)


def test_uploads_stop_before_the_disk_is_full(shelf: Blobs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blobs, "FLOOR", disk.free_bytes(shelf.folder))

    with pytest.raises(NoRoom):
        shelf.put("company:aa", b"content")


def test_a_place_that_is_taken_stays_as_it_is(tmp_path: Path):
    assert disk.write_new(tmp_path / "a", b"first")
    assert not disk.write_new(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_removed_document_is_gone(shelf: Blobs):
    kept = shelf.put("company:aa", b"content")
    shelf.remove("company:aa", kept.blob_id)

    with pytest.raises(Changed):
        shelf.get("company:aa", kept.blob_id, kept.sha256)
    shelf.remove("company:aa", kept.blob_id)
