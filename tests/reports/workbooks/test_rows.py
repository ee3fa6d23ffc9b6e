"""Rows written as XML: what openpyxl reads is what was meant, whatever the text holds, and nothing in it can act."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook

from assessments import policy, register
from assessments.model import Register
from portal import i18n
from reports.reader import Reader
from reports.tables import Column, Kind
from reports.workbooks import register as register_workbook
from reports.workbooks import sheets
from reports.workbooks.cells import LONGEST
from tests.reports import building
from tests.reports.hostile import assert_harmless, meant, strings, undone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GERMAN = Reader(language="de", translate=i18n.translator("de"))
STRINGS = 10_000


def table(rows: Sequence[Sequence[Any]], kinds: Sequence[Kind]) -> bytes:
    book = Workbook(write_only=True)
    columns = [
        Column(title=f"C{index}", width=10, kind=kind, value=lambda row, _, index=index: row[index])
        for index, kind in enumerate(kinds)
    ]
    sheets.table(book, "T", columns, rows, reader=GERMAN)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(content: bytes) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(min_row=2, values_only=True))


def test_the_line_below_a_row_has_no_gap_where_nothing_is_said():
    content = table([("a", None, ""), ("", 1, "c")], (Kind.WORDS, Kind.NUMBER, Kind.LONG))
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]

    assert read(content) == [("a", None, None), (None, 1, "c")]
    assert {cell.border.bottom.style for row in sheet.iter_rows(min_row=2, max_row=3) for cell in row} == {"hair"}


def test_ten_thousand_hostile_strings_stand_in_a_table_as_they_are():
    texts = list(strings(STRINGS))
    content = table([(text, text) for text in texts], (Kind.WORDS, Kind.LONG))

    assert_harmless(content)
    rows = read(content)
    assert len(rows) == STRINGS
    wrong = [
        text
        for text, row in zip(texts, rows, strict=True)
        if not all(undone(cell or "") == meant(text) for cell in row)
    ]
    assert wrong == []


@settings(max_examples=30)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_whatever_is_typed_is_what_is_read(texts: list[str]):
    content = table([texts], [Kind.WORDS] * len(texts))

    assert_harmless(content)
    rows = read(content)
    assert [undone(cell or "") for cell in (rows[0] if rows else ())] == [meant(text) for text in texts] or not any(
        texts
    )


def test_what_begins_like_a_formula_is_marked_as_text():
    book = openpyxl.load_workbook(io.BytesIO(table([("=1+1", "1+1")], (Kind.WORDS, Kind.WORDS))))
    tempting, harmless = book.worksheets[0][2]

    assert (tempting.value, tempting.data_type, tempting.quotePrefix) == ("=1+1", "s", True)
    assert not harmless.quotePrefix


def test_numbers_days_and_moments_are_what_they_are():
    at = datetime(2026, 7, 1, 22, 30, 15, tzinfo=UTC)  # 0:30 of the next day in Berlin
    row = (7, 2.5, Decimal("71.50"), date(2026, 2, 28), at, True, None)
    kinds = (Kind.NUMBER, Kind.DECIMAL, Kind.DECIMAL, Kind.DAY, Kind.MOMENT, Kind.NUMBER, Kind.WORDS)

    [read_back] = read(table([row], kinds))
    assert read_back[:3] == (7, 2.5, 71.5)
    assert read_back[3] == datetime(2026, 2, 28)
    assert read_back[4] == datetime(2026, 7, 2, 0, 30, 15)
    assert read_back[5:] == (1, None)


def test_what_is_too_long_for_a_cell_goes_on_in_the_next_row():
    text = "".join(chr(97 + index % 26) for index in range(2 * LONGEST + 5))
    rows = read(table([(1, text)], (Kind.NUMBER, Kind.LONG)))

    assert "".join(row[1] for row in rows) == text
    assert [row[0] for row in rows] == [1, None, None]


def test_no_number_that_is_none_gets_in():
    with pytest.raises(ValueError, match="no number"):
        table([(float("nan"),)], (Kind.DECIMAL,))


@pytest.fixture(scope="module")
def besieged() -> tuple[Register, list[str]]:
    """A register in which every text that comes from people or vendors is hostile."""
    texts = list(strings(400))
    turn = iter(texts * 100)
    assessed = [
        building.assessed(number, vendor=next(turn), comment=next(turn), fact=next(turn)) for number in range(1, 9)
    ]
    actions = [building.action(number, title=next(turn), report=next(turn)) for number in range(1, 9)]
    decisions = [building.decision(number, reason=next(turn)) for number in range(1, 9)]
    made = register.build(
        assessed, policy.current(), hospital=next(turn), at=building.NOW, actions=actions, decisions=decisions
    )
    treated = {
        (risk.vendor_key, risk.key): building.treated(owner=next(turn), note=next(turn), by=next(turn))
        for risk in made.risks
    }
    return dataclasses.replace(made, treatments=treated), texts


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_register_full_of_hostile_words_is_well_formed_and_loses_none(
    besieged: tuple[Register, list[str]], language: str
):
    found, _texts = besieged
    content = register_workbook.write(
        found, reader=Reader(language=language, translate=i18n.translator(language)), now=building.NOW
    )

    assert_harmless(content)
    book = openpyxl.load_workbook(io.BytesIO(content))
    seen = {undone(str(cell)) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell}
    words = [row.name for row in found.vendors]
    words += [text for one in found.treatments.values() for text in (one.owner, one.note, one.by)]
    words += [one.reason for one in found.decisions] + [one.report for one in found.actions]
    assert [text for text in words if meant(text) not in seen and text] == []


@pytest.mark.office
def test_libreoffice_reads_hostile_strings_as_they_are(tmp_path: Path):
    texts = [
        text
        for text in strings(500)
        if not re.search("[\x00-\x1f\x7f-\x9f\u2028\ud800-\udfff\ufeff\ufffe\uffff]", text)
    ]
    (tmp_path / "t.xlsx").write_bytes(table([(text,) for text in texts], (Kind.WORDS,)))
    command = (
        *(str(shutil.which("soffice")), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"),
        *("--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"),
        *("--outdir", str(tmp_path), str(tmp_path / "t.xlsx")),
    )
    subprocess.run(command, check=True, capture_output=True, timeout=180)

    [file] = tmp_path.glob("*.csv")
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row[0] for row in csv.reader(lines)][1:]
    assert rows == texts
