"""A workbook of somebody else as rows of text: every sheet, bounded; values only, never a formula."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl.utils.exceptions import InvalidFileException

from questionnaires.foreign import Row
from questionnaires.model import Message
from reports.workbooks import loading
from reports.workbooks.answer_sheet import NotOurWorkbook, plain
from reports.workbooks.cells import unwritten
from scanners.model import N_

MOST_SHEETS, MOST_ROWS, MOST_COLUMNS = 40, 4_000, 24
LONGEST_CELL = 2_000


def read(content: bytes) -> Iterator[Row]:
    """The rows with something in them. Raises NotOurWorkbook with a sentence.

    Loads a stranger's file: only for a process with limits.
    """
    try:
        workbook = loading.load(content, data_only=True)
        for sheet in workbook.worksheets[:MOST_SHEETS]:
            lines = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
            for number, line in enumerate(lines, start=1):
                cells = tuple(_text(unwritten(value)) for value in line)
                if any(cells):
                    yield Row(sheet=sheet.title[:60], number=number, cells=cells)
    except (
        *(InvalidFileException, zipfile.BadZipFile, KeyError, ValueError),
        *(OSError, ParseError, TypeError, IndexError, AttributeError),
    ) as error:
        raise NotOurWorkbook(Message(text=N_("The file cannot be read as an Excel workbook (xlsx)."))) from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    return plain(str(value))[:LONGEST_CELL]
