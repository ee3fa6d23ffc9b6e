"""The upload guard: ten kinds, by content and extension; what swells or acts is refused without unpacking."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.files import guarding
from portal.files.guarding import Unwelcome

PDF = b"%PDF-1.7\n...\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xaeB`\x82"
JPG = b"\xff\xd8\xff\xe0abc\xff\xd9"


def office(part: str = "word/document.xml", *more: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("[Content_Types].xml", b"<Types/>"), (part, b"<x/>"), *more):
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("Zertifikat.PDF", PDF, "application/pdf"),
        ("bild.png", PNG, "image/png"),
        ("foto.jpeg", JPG, "image/jpeg"),
        ("text.docx", office(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("bom.xml", b'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>', "application/xml"),
        ("bom.spdx", b"SPDXVersion: SPDX-2.3", "text/plain"),
        ("t.xlsx", office("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("liste.csv", "a;b\nä;ö\n".encode("cp1252"), "text/csv"),
        ("notiz.txt", "Grüße".encode(), "text/plain"),
        ("sbom.json", b'{"bomFormat": "CycloneDX"}', "application/json"),
    ],
)
def test_these_are_taken(name, content, media_type):
    assert guarding.check(name, content).media_type == media_type


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leer.pdf", b""),
        ("falsch.pdf", b"MZ\x90\0"),
        ("halb.pdf", b"%PDF-1.7 und dann nichts"),
        ("seite.html", b"<html></html>"),
        ("bild.svg", b"<svg onload='x'/>"),
        ("bild.xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>"),
        ("seite.xml", b"<?xml version='1.0'?><a><h:script xmlns:h='http://www.w3.org/1999/xhtml'>1</h:script></a>"),
        ("stil.xml", b"<?xml version='1.0'?><?xml-stylesheet href='a.xsl'?><a/>"),
        ("text.xml", b"no element"),
        ("seite.spdx", b"<html>"),
        ("seite.txt", b"  <!DOCTYPE html><script>"),
        ("bild.csv", b"<svg onload=alert(1)>"),
        ("x.pdf.exe", PDF),
        ("makro.xlsm", office("xl/workbook.xml")),
        ("makro.xlsx", office("xl/workbook.xml", ("xl/vbaProject.bin", b"x"))),
        ("anders.xlsx", office("word/document.xml")),
        ("kein.docx", b"PK\x03\x04 abgeschnitten"),
        ("nackt.docx", PDF),
        ("pfad.docx", office("word/document.xml", ("../../etc/passwd", b"x"))),
        ("kaputt.json", b"{"),
        ("tief.json", b"[" * 100_000),
        ("nul.txt", b"a\0b"),
        ("ohne", PDF),
        ("gross.txt", b"a" * (guarding.LARGEST + 1)),
    ],
)
def test_these_are_refused(name, content):
    with pytest.raises(Unwelcome):
        guarding.check(name, content)


def test_a_file_that_swells_is_refused_at_once():
    bomb = office("xl/workbook.xml", ("xl/worksheets/sheet1.xml", b"\0" * 60_000_000))
    many = office("xl/workbook.xml", *((f"xl/{number}", b"") for number in range(2500)))
    began = time.process_time()  # nobody's neighbours count

    for content in (bomb, many):
        with pytest.raises(Unwelcome):
            guarding.check("t.xlsx", content)
    assert time.process_time() - began < 1


def test_members_that_share_their_bytes_are_refused():
    content = bytearray(office("word/document.xml", ("word/a.xml", b"abcdefgh" * 50), ("word/b.xml", b"abcdefgh" * 50)))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        first, second = archive.getinfo("word/a.xml"), archive.getinfo("word/b.xml")
    place = content.index(second.header_offset.to_bytes(4, "little"), content.index(b"PK\x01\x02"))
    content[place : place + 4] = first.header_offset.to_bytes(4, "little")

    with pytest.raises(Unwelcome):
        guarding.check("t.docx", bytes(content))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("C:\\Users\\erika\\ISO 27001.pdf", "ISO 27001.pdf"),
        ("../../etc/passwd", "passwd"),
        ("rechnung\u202efdp.exe", "rechnung_fdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "a__Set-Cookie_ x.pdf"),
        ("bericht.pdf.exe", "bericht_pdf.exe"),
        ("...", "file"),
        ("Prüfung Ä.PDF", "Prüfung Ä.pdf"),
    ],
)
def test_names_are_made_harmless(typed, shown):
    assert guarding.safe_name(typed) == shown


@given(st.text(max_size=300))
def test_a_name_never_leaves_its_place(text):
    name = guarding.safe_name(text)
    assert name
    assert len(name) <= guarding.LONGEST_NAME + 1
    assert not set(name) & set('/\\\r\n\0"')
    assert name not in {".", ".."}


@given(st.binary(max_size=2000), st.sampled_from(sorted(guarding.KINDS)))
def test_whatever_comes_the_guard_answers(content, extension):
    try:
        kind = guarding.check(f"x.{extension}", content)
    except Unwelcome:
        return
    assert kind.extension == extension


def test_a_list_of_countless_members_is_not_even_read():
    numbers = (20, 0, 20, 0, 0, 0, 0, 33, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0)  # a name of two letters, and nothing in it
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *numbers) + b"xl"
    start, members = b"PK\x03\x04" + bytes(26), entry * 300_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(members), len(start), 0)

    assert _memory_of("t.xlsx", start + members + end) < 2**20


def test_a_large_document_of_small_parts_takes_no_memory():
    content = b"[" + b"[]," * 3_000_000 + b"[]]"

    assert _memory_of("sbom.json", content) < 3 * len(content)


@pytest.mark.parametrize("content", [b"[" * 2**21, b"x" * 2**21, b"{" + b" " * 2**21 + b"\0}"])
def test_a_large_document_that_is_none_is_refused(content):
    with pytest.raises(Unwelcome):
        guarding.check("sbom.json", content)


def _memory_of(name: str, content: bytes) -> int:
    """The most memory that a look at it takes."""
    tracemalloc.start()
    try:
        with suppress(Unwelcome):
            guarding.check(name, content)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
