"""Small PDF files that other programs open, and lists of parts."""

import json
import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

from portal.demonstration import documents
from portal.files import guarding

LINES = ["Prüfstelle Mulde, 01.02.2026", "für Ohm & Söhne (KG) \\ Wartung"]


def test_the_upload_guard_takes_them():
    assert guarding.check("Zertifikat.pdf", documents.pdf("Zertifikat", LINES)).media_type == "application/pdf"


def test_the_table_says_where_each_object_begins():
    content = documents.pdf("Zertifikat", LINES)

    places = [int(place) for place in re.findall(rb"(?m)^(\d{10}) 00000 n ", content)]
    assert len(places) == 5
    for number, place in enumerate(places, start=1):
        assert content[place:].startswith(b"%d 0 obj\n" % number)
    table = int(re.findall(rb"startxref\n(\d+)", content)[0])
    assert content[table:].startswith(b"xref\n")


@pytest.mark.office
def test_another_program_reads_the_same_words(tmp_path: Path):
    path = tmp_path / "a.pdf"
    path.write_bytes(documents.pdf("Größe (Ä)", LINES))

    text = subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, text=True).stdout

    assert [line for line in text.splitlines() if line.strip("\f")] == ["Größe (Ä)", *LINES]


def test_a_list_of_parts_is_read_as_one():
    content = documents.parts_list(
        "Pumpe Öl 3.2", ["pkg:npm/jquery@3.4.1", "pkg:maven/org.x/y@1.0"], maker="Örtel GmbH", at=date(2026, 8, 24)
    )
    found = json.loads(content)

    assert found["metadata"]["component"]["name"] == "Pumpe Öl"
    assert found["metadata"]["component"]["version"] == "3.2"
    assert [(one["name"], one["version"]) for one in found["components"]] == [("jquery", "3.4.1"), ("y", "1.0")]
