"""The corpus of hostile uploads: bombs, files that are two things at once, macros and names, each with its sentence."""

from __future__ import annotations

import gzip
import io
import struct
import time
import zipfile

import pytest

from portal.files import guarding
from portal.files.guarding import Unwelcome
from tests.portal.files.test_guarding import JPG, PDF, PNG, _memory_of, office

SWELLS = "Unpacked, this file would be far larger"
NOT_IT = "The content is not that of a"
MACROS = "The file holds macros."
PACKED = "The file holds a program or a packed archive."
NOT_TAKEN = "This kind of file is not taken."
HIDDEN = "holds signs that are not seen or turn its letters round"
ELSEWHERE = "leads to another folder"
TEN_MILLION = b"\0" * 10_000_000


def _zip(*members: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


def _quoted_overlap() -> bytes:
    """Each member's data are the header and data of the next, with a stored block around (Fifield's construction)."""
    packed = gzip.compress(TEN_MILLION)[10:-8]
    names, headers, place = [f"xl/{number}" for number in range(250)], [], 0
    body = b""
    for name in names:
        headers.append(place)
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), 10_000_000, len(name), 0)
        body += name.encode()
        place = len(body)
    body += packed
    entries = b"".join(
        struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(packed), 10_000_000, len(name), 0, 0, 0, 0, 0, at
        )
        + name.encode()
        for name, at in zip(names, headers, strict=True)
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(names), len(names), len(entries), len(body), 0)
    return body + entries + end


def _many_members() -> bytes:
    return office("xl/workbook.xml", *((f"xl/{number}", b"") for number in range(2500)))


def _encrypted() -> bytes:
    content = bytearray(office("word/document.xml"))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(sign, start)) >= 0:
            content[start + at] |= 1
            start += 4
    return bytes(content)


CORPUS = {
    # bombs
    "zip": ("bombe.zip", lambda: _zip(("a", TEN_MILLION)), NOT_TAKEN),
    "xlsx that swells": ("b.xlsx", lambda: office("xl/workbook.xml", ("xl/s.xml", TEN_MILLION * 3)), SWELLS),
    "xlsx of overlaps": ("b.xlsx", _quoted_overlap, SWELLS),
    "xlsx of countless parts": ("b.xlsx", _many_members, SWELLS),
    "nested": ("b.docx", lambda: office("word/d.xml", ("word/b.zip", _zip(("a", TEN_MILLION)))), PACKED),
    "gzip": ("b.gz", lambda: gzip.compress(TEN_MILLION), NOT_TAKEN),
    "gzip that calls itself JSON": ("b.json", lambda: gzip.compress(TEN_MILLION), NOT_IT),
    "gzip that calls itself text": ("b.csv", lambda: gzip.compress(b"\0" * 9), NOT_IT),
    "too large": ("b.pdf", lambda: b"%PDF-" + bytes(guarding.LARGEST), "The file is larger than"),
    "entities": ("b.json", lambda: b"[" * 100_000, NOT_IT),
    # two things at once
    "PDF and page": ("p.pdf", lambda: PDF + b"<html><script>alert(1)</script>", NOT_IT),
    "PDF and archive": ("p.pdf", lambda: PDF + _zip(("a", b"a")) + b"%%EOF", NOT_IT),
    "page before PDF": ("p.pdf", lambda: b"<script>1</script>" + PDF, NOT_IT),
    "picture and archive": ("p.jpg", lambda: JPG[:-2] + _zip(("a", b"a")) + b"\xff\xd9", NOT_IT),
    "picture and page": ("p.png", lambda: PNG + b"<script>alert(1)</script>", NOT_IT),
    "picture and script": ("p.png", lambda: b"\x89PNG\r\n\x1a\n<?php", NOT_IT),
    "page as text": ("p.txt", lambda: b"\xef\xbb\xbf <!DOCTYPE html><script>", NOT_IT),
    "picture that runs": ("p.xml", lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", NOT_IT),
    "program as PDF": ("p.pdf", lambda: b"MZ\x90\0", NOT_IT),
    # macros and other things that run
    "macros by name": ("m.xlsm", lambda: office("xl/workbook.xml"), MACROS),
    "macros of Word": ("m.DOCM", lambda: office("word/document.xml"), MACROS),
    "macros inside": ("m.xlsx", lambda: office("xl/workbook.xml", ("xl/vbaProject.bin", b"x")), MACROS),
    "macros elsewhere": ("m.docx", lambda: office("word/d.xml", ("word/x/VBAPROJECT.BIN", b"x")), MACROS),
    "macros of 1992": ("m.xlsx", lambda: office("xl/workbook.xml", ("xl/macrosheets/sheet1.xml", b"x")), MACROS),
    "controls": ("m.docx", lambda: office("word/d.xml", ("word/activeX/activeX1.bin", b"x")), MACROS),
    "a program inside": ("m.docx", lambda: office("word/d.xml", ("word/embeddings/a.exe", b"x")), PACKED),
    "encrypted": ("m.docx", _encrypted, "The file is encrypted"),
    "two extensions": ("bericht.pdf.exe", lambda: PDF, NOT_TAKEN),
    # names
    "another folder": ("../../etc/passwd.pdf", lambda: PDF, ELSEWHERE),
    "another folder of Windows": ("..\\..\\a.pdf", lambda: PDF, ELSEWHERE),
    "turned round": ("rechnung\u202efdp.pdf", lambda: PDF, HIDDEN),
    "isolated": ("a\u2067b.pdf", lambda: PDF, HIDDEN),
    "NUL": ("a.exe\0.pdf", lambda: PDF, HIDDEN),
    "a second header": ("a\r\nSet-Cookie: x.pdf", lambda: PDF, HIDDEN),
    "300 letters": ("a" * 296 + ".pdf", lambda: PDF, "is longer than"),
    "300 bytes": ("ä" * 148 + ".pdf", lambda: PDF, "is longer than"),
    **{f"device {name}": (f"{name}.pdf", lambda: PDF, "Windows keeps") for name in ("CON", "nul", "Com1", "LPT9")},
    "device with more": ("aux.tar.pdf", lambda: PDF, "Windows keeps"),
}


@pytest.mark.parametrize("name", CORPUS)
def test_each_is_refused_with_its_sentence_at_once(name):
    sent, make, sentence = CORPUS[name]
    content = make()
    began = time.process_time()

    with pytest.raises(Unwelcome) as refused:
        guarding.check_name(sent)
        guarding.check(guarding.safe_name(sent), content)

    assert sentence in refused.value.message.text
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "name", ["Bericht 2026.pdf", "C:\\Users\\erika\\ISO.pdf", "Prüfung (2).pdf", "console.pdf", "..a.pdf"]
)
def test_ordinary_names_are_taken(name):
    guarding.check_name(name)


def test_a_pdf_that_holds_an_archive_as_an_attachment_is_taken():
    held = (
        b"%PDF-1.7\n1 0 obj\n<< /Type /EmbeddedFile >>\nstream\n" + _zip(("a", b"a")) + b"\nendstream\nendobj\n%%EOF\n"
    )

    assert guarding.check("a.pdf", held).extension == "pdf"


@pytest.mark.parametrize("extension", ["txt", "csv", "json", "xml", "pdf", "jpg", "png", "docx", "spdx"])
def test_no_second_copy_of_a_large_file_is_made(extension):
    """20 MB of letters that a decoded text would need four bytes each for."""
    letters = "\N{GRINNING FACE}ä".encode()
    content = b"{" + letters * ((guarding.LARGEST - 2) // len(letters)) + b"}"

    assert _memory_of(f"x.{extension}", content) < 6 * 2**20
