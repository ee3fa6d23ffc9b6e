"""The one door into a sheet: whatever somebody typed comes out as the same text and never as a formula."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.cell import WriteOnlyCell
from openpyxl.workbook import Workbook
from openpyxl.xml.constants import SHARED_STRINGS

from reports.workbooks import cells, loading
from reports.workbooks.cells import LONGEST, clean, rows_that_fit, safe_cell, unwritten

HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x.example")', "=cmd|' /C calc'!A0")


def workbook(*values: object) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("x")
    for value in values:
        sheet.append([safe_cell(WriteOnlyCell(sheet), value)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read_back(content: bytes) -> list[object]:
    sheet = loading.load(content, data_only=False)["x"]
    return [unwritten(row[0]) for row in sheet.iter_rows(values_only=True, max_col=1)]


def sheet_xml(content: bytes) -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()


NUMBERED = ("_x0041_", "_x005F_", "_x005F_x0041_", "__x0041_", "_x0041_x0042_", "x005F_", "_xD800_", "_x000D_", "_xyz_")


@given(
    texts=st.lists(
        st.text(min_size=1, max_size=60) | st.lists(st.sampled_from(NUMBERED), min_size=1).map("".join),
        min_size=1,
        max_size=20,
    )
)
@example(texts=list(HOSTILE))
@example(texts=list(NUMBERED))
def test_any_text_comes_back_as_it_is_and_is_no_formula(texts: list[str]):
    content = workbook(*texts)

    assert not re.search(r"<f[ >/]", sheet_xml(content))
    assert read_back(content) == [clean(text) for text in texts]


@given(text=st.text(max_size=200))
def test_cleaning_twice_changes_nothing_more(text: str):
    assert clean(clean(text)) == clean(text)
    assert len(clean(text)) <= len(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_spreadsheet_would_run_is_marked_as_text(text: str):
    content = workbook(text)
    cell = openpyxl.load_workbook(io.BytesIO(content))["x"]["A1"]

    assert cell.data_type == "s"
    assert cell.quotePrefix or text.startswith("\r")  # a lone return becomes a new line, which runs nothing


def test_numbers_and_days_are_real_and_moments_are_the_hospitals():
    moment = datetime(2026, 7, 1, 22, 30, 15, 99, tzinfo=UTC)
    content = workbook(3, Decimal("78.5"), date(2026, 11, 21), moment)

    assert read_back(content) == [
        3,
        78.5,
        datetime(2026, 11, 21),
        datetime(2026, 7, 2, 0, 30, 15),
    ]


@given(length=st.integers(0, 3 * LONGEST), beside=st.integers(0, 5))
def test_no_text_is_cut_and_none_is_too_long_for_a_cell(length: int, beside: int):
    long, short = "ä" * length, "x" * beside
    rows = list(rows_that_fit([long, short, 7]))

    assert "".join(str(row[0]) for row in rows if row[0] is not None) == long
    assert all(len(str(row[0] or "")) <= LONGEST for row in rows)
    assert [row[1] for row in rows] == [short, *[None] * (len(rows) - 1)]
    assert [row[2] for row in rows] == [7, *[None] * (len(rows) - 1)]


def test_a_long_text_goes_on_below(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cells, "LONGEST", 10)
    monkeypatch.setattr(cells, "_PIECE", 8)

    assert list(rows_that_fit(["abcdefghijkl", 1])) == [["abcdefgh", 1], ["ijkl", None]]


def test_a_text_full_of_numbers_for_signs_is_as_long_as_it_was():
    text = "_x0041_" * (LONGEST // 7)

    assert read_back(workbook(text)) == [text]


def test_what_another_program_wrote_is_read_as_it_was_typed():
    """Excel writes the texts into a table of their own and a typed "_x0041_" as "_x005F_x0041_"."""
    shared = (
        '<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<si><t>_x005F_x0041_</t></si><si><t>_x005F_x005F_</t></si><si><t>a_x000D_\nb</t></si></sst>"
    )
    book = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook("", "", ""))) as made, zipfile.ZipFile(book, "w") as theirs:
        for name in made.namelist():
            content = made.read(name)
            if name == "[Content_Types].xml":
                part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/></Types>'
                content = content.replace(b"</Types>", part.encode())
            if name == "xl/worksheets/sheet1.xml":
                rows = "".join(f'<row r="{n + 1}"><c r="A{n + 1}" t="s"><v>{n}</v></c></row>' for n in range(3))
                content = re.sub(b"<sheetData.*</sheetData>", f"<sheetData>{rows}</sheetData>".encode(), content)
            theirs.writestr(name, content)
        theirs.writestr("xl/sharedStrings.xml", shared)

    assert read_back(book.getvalue()) == ["_x0041_", "_x005F_", "a\r\nb"]
