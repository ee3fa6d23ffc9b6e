"""One form of zip: other programs read it, every byte of it is looked at, hostile files are refused with a sentence."""

import io
import stat
import struct
import subprocess
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.bundles import zips
from reports.bundles.zips import BadZip

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}(/[A-Za-z0-9][A-Za-z0-9_-]{0,8})?", fullmatch=True)
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=60), max_size=4)


def zipped(members, *, links=(), **how):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **how) as archive:
        for name, content in members:
            one = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            one.compress_type = how.get("compression", zipfile.ZIP_STORED)
            one.external_attr = (stat.S_IFLNK if name in links else stat.S_IFREG) << 16
            archive.writestr(one, content)
    return file.getvalue()


def refusal(content):
    with pytest.raises(BadZip) as refused:
        zips.Opened(content)
    return refused.value.message.render()


@given(MEMBERS)
def test_other_programs_read_what_was_written(members):
    with zipfile.ZipFile(io.BytesIO(zips.write(members))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == members


def test_unzip_takes_it_without_a_word(tmp_path):
    file = tmp_path / "bundle.zip"
    file.write_bytes(zips.write({"a.json": b"{}", "evidence/E1.pdf": b"%PDF"}))

    assert subprocess.run(["unzip", "-tq", file], check=False, capture_output=True).returncode == 0


@given(MEMBERS)
def test_what_was_written_is_read_without_strays(members):
    opened = zips.Opened(zips.write(dict(reversed(members.items()))))

    assert {name: bytes(opened.member(name)) for name in opened.names()} == members
    assert list(opened.strays()) == []


@given(members=MEMBERS, data=st.data())
def test_a_changed_byte_is_in_a_member_or_a_stray_or_refused(members, data):
    content = bytearray(zips.write(members))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))

    try:
        opened = zips.Opened(bytes(content))
    except BadZip:
        return
    found = {name: bytes(opened.member(name)) for name in opened.names()}
    changed = [name for name in found if found[name] != members.get(name)]
    assert changed or set(found) != set(members) or place in {one.place for one in opened.strays()}


def test_a_stray_says_where_and_what():
    content = bytearray(zips.write({"a.json": b"{}", "b.json": b"[]"}))
    content[10] = 7  # the time before the first member

    (stray,) = zips.Opened(bytes(content)).strays()
    assert (stray.place, stray.beside, stray.expected, stray.got) == (10, "a.json", 0, 7)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7", "no zip file"),
        (b"PK", "cut off"),
        (b"", "no zip file"),
        (zipped([("a", b"1" * 9_000)], compression=zipfile.ZIP_DEFLATED), "compressed"),
        (zipped([("../etc/passwd", b"")]), "leads out"),
        (zipped([("/etc/passwd", b"")]), "leads out"),
        (zipped([("a/../../b", b"")]), "leads out"),
        (zipped([("C:\\a", b"")]), "leads out"),
        (zipped([("a", b"b")], links=("a",)), "link"),
        (zipped([(f"m{number:05}", b"") for number in range(2_001)]), "2001 members"),
        (zipped([("b", b""), ("a", b"")]), "in order"),
    ],
)
def test_a_hostile_file_is_refused_with_a_sentence(content, said):
    assert said in refusal(content)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused():
    assert "twice" in refusal(zipped([("a", b"1"), ("a", b"2")]))


def test_ten_gigabytes_that_are_only_declared_are_refused():
    content = bytearray(zips.write({"a": b"1"}))
    entry = content.index(b"PK\x01\x02")
    struct.pack_into("<2I", content, entry + 20, 0xFFFFFFFE, 0xFFFFFFFE)

    assert "declares 4294967294 bytes" in refusal(bytes(content))


def test_what_is_added_at_the_end_is_refused():
    assert "added to its end" in refusal(zips.write({"a": b"1"}) + b"\0")


def test_a_file_beyond_all_measure_is_not_even_looked_at(monkeypatch):
    monkeypatch.setattr(zips, "LARGEST", 1_000)

    assert "larger" in refusal(b"PK" + b"\0" * 1_000)


@pytest.mark.parametrize("name", ["../a", "", "a//b", "ä", ".hidden", "a" * 121])
def test_a_member_without_a_proper_name_is_not_written(name):
    with pytest.raises(BadZip):
        zips.write({name: b""})
