"""The answers to a question of the moment as a workbook: who was asked, why, how it answered, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from reports.reader import Reader
from reports.workbooks import sheets
from reports.workbooks.cells import Value, rows_that_fit, safe_cell
from scanners.model import N_

COLUMNS: tuple[tuple[str, int], ...] = (
    (N_("Vendor"), 30),
    (N_("Products and services"), 36),
    (N_("Known by"), 28),
    (N_("Found names"), 36),
    (N_("Answer"), 20),
    (N_("Text"), 60),
    (N_("Answered by"), 34),
    (N_("Answered on"), 18),
    (N_("Opened on"), 18),
    (N_("Second contact written to"), 18),
    (N_("To be called since"), 18),
    (N_("Overdue"), 10),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One vendor, words in the reader's language."""

    vendor: str
    supplies: Sequence[str]
    known_by: str
    matches: Sequence[str]
    answer: str
    text: str
    by: str
    answered_at: datetime | None
    opened_at: datetime | None
    escalated_at: datetime | None
    phone_at: datetime | None
    is_late: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What stands above the table."""

    hospital: str
    about: str
    text: str
    asked_at: datetime
    first_due_at: datetime
    last_due_at: datetime
    by_name: str
    conclusion: str
    now: datetime


def write(facts: Facts, rows: Sequence[Row], *, reader: Reader) -> bytes:
    """The workbook (xlsx): a sheet of what was asked and one of the answers."""
    workbook = Workbook()
    workbook.properties.creator = "Kettenblick"
    workbook.properties.created = workbook.properties.modified = facts.now.replace(tzinfo=None, microsecond=0)
    cover: Any = workbook.active
    cover.title = reader.text(N_("Question"))
    pairs: tuple[tuple[str, Value], ...] = (
        (N_("Hospital"), facts.hospital),
        (N_("Product or component"), facts.about),
        (N_("What was asked"), facts.text),
        (N_("Asked on"), facts.asked_at),
        (N_("Asked by"), facts.by_name),
        (N_("First word due"), facts.first_due_at),
        (N_("Final word due"), facts.last_due_at),
        (N_("What came of it"), facts.conclusion),
        (N_("As of"), facts.now),
    )
    for number, (label, value) in enumerate(pairs, start=1):
        safe_cell(cover.cell(number, 1), reader.text(label)).font = Font(name=sheets.FONT, bold=True)
        _look(safe_cell(cover.cell(number, 2), value), reader)
    cover.column_dimensions["A"].width, cover.column_dimensions["B"].width = 26, 90
    sheet: Any = workbook.create_sheet(reader.text(N_("Answers")))
    for index, (title, width) in enumerate(COLUMNS, start=1):
        safe_cell(sheet.cell(1, index), reader.text(title)).font = Font(name=sheets.FONT, bold=True)
        sheet.column_dimensions[get_column_letter(index)].width = width
    number = 2
    for row in rows:
        for values in rows_that_fit(_values(row, reader)):
            for index, value in enumerate(values, start=1):
                _look(safe_cell(sheet.cell(number, index), value), reader)
            number += 1
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{max(number - 1, 2)}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def _values(row: Row, reader: Reader) -> list[Value]:
    return [
        row.vendor,
        ", ".join(row.supplies),
        row.known_by,
        ", ".join(row.matches),
        row.answer,
        row.text,
        row.by,
        row.answered_at,
        row.opened_at,
        row.escalated_at,
        row.phone_at,
        reader.text(N_("yes")) if row.is_late else "",
    ]


def _look(cell: Any, reader: Reader) -> None:
    cell.font = Font(name=sheets.FONT)
    cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="left")
    if isinstance(cell.value, datetime):
        cell.number_format = "DD.MM.YYYY HH:MM" if reader.language == "de" else "D MMM YYYY HH:MM"
