"""The list of vendors as a workbook or CSV that the portal takes in again, and what hangs on it as further sheets."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from reports.workbooks import sheets
from reports.workbooks.cells import TEMPTING, Value, clean, rows_that_fit, safe_cell

WIDEST, NARROWEST = 44, 10
DAY = {"de": "DD.MM.YYYY", "en": "D MMM YYYY"}


@dataclass(frozen=True, kw_only=True)
class Page:
    """A sheet: its name, its headings and its rows, in the reader's words."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[Value]]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The list, and what hangs on it."""

    language: str
    pages: Sequence[Page]  # the list first: it is the one that is taken in again


def workbook(sheet: Sheet, *, now: datetime) -> bytes:
    """All pages as a workbook; every text is a text, no cell a formula."""
    book = Workbook()
    book.properties.creator = "Kettenblick"
    book.properties.created = book.properties.modified = now.replace(tzinfo=None, microsecond=0)
    book.remove(book.worksheets[0])
    for page in sheet.pages:
        _page(book.create_sheet(page.title), page, DAY[sheet.language])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def csv_file(sheet: Sheet) -> bytes:
    """The list alone as CSV, as spreadsheet programs here open it; what looks like a formula is kept from being one."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    page = sheet.pages[0]
    writer.writerow(page.heading)
    writer.writerows([_csv_text(value) for value in row] for row in page.rows)
    return text.getvalue().encode("utf-8-sig")


def _csv_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, int | float | Decimal):
        return str(value)
    text = clean(value)
    return f"'{text}" if text.lstrip("'").startswith(TEMPTING) else text  # table_in takes one sign away again


def _page(target: Any, page: Page, day: str) -> None:
    widths = [len(title) + 2 for title in page.heading]
    for index, title in enumerate(page.heading, start=1):
        safe_cell(target.cell(1, index), title).font = Font(name=sheets.FONT, bold=True)
    number = 2
    for row in page.rows:
        for values in rows_that_fit(row):
            for index, value in enumerate(values, start=1):
                if value is None or value == "":
                    continue
                cell = safe_cell(target.cell(number, index), value)
                cell.font = Font(name=sheets.FONT)
                if isinstance(value, date):
                    cell.number_format = day
                    continue
                widths[index - 1] = max(widths[index - 1], len(str(value)) + 2)
            number += 1
    for index, width in enumerate(widths, start=1):
        target.column_dimensions[get_column_letter(index)].width = min(WIDEST, max(NARROWEST, width))
    target.freeze_panes = "B2"
    target.auto_filter.ref = f"A1:{get_column_letter(len(page.heading))}{max(number - 1, 2)}"
    target.print_title_rows = "1:1"
    target.page_setup.orientation, target.page_setup.fitToHeight = "landscape", 0
    target.sheet_properties.pageSetUpPr.fitToPage = True
