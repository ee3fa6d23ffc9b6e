"""A list from outside, as a table of text: the first sheet of a workbook with a row of headings, or a CSV file."""

import csv
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl.utils.exceptions import InvalidFileException

from questionnaires.model import Message
from reports.workbooks import loading
from reports.workbooks.answer_sheet import NotOurWorkbook, plain
from reports.workbooks.cells import TEMPTING, unwritten
from scanners.model import N_

MOST_ROWS = 5_000
MOST_COLUMNS = 60
LONGEST_CELL = 2_000
LONGEST_STRICT = 10_000  # where a cell that is cut would be another text
FORMULA = N_("Cell %(cell)s holds a formula. Please put the text itself there.")
TOO_LONG = N_("Cell %(cell)s holds more than %(most)d characters.")
HEADS = 2  # filled cells that make a row the heading
LOOK_FOR_HEADING = 30  # rows: lists begin with a title, a date, an empty line
HEAD, HEAD_ROWS = 20_000, 40  # characters and rows by which the delimiter is found
DELIMITERS = ";,\t|"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A heading and its rows, all text; `first` is the number of the first row in the file, counted from 1."""

    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first: int


def read(content: bytes, *, strict: bool = False) -> Table:
    """The table in a workbook or CSV file. Raises NotOurWorkbook with a sentence.

    Loads a stranger's file: only for a process with limits. `strict` refuses a formula and a cell that is too long,
    where others take what a formula came to last and cut what is long.
    """
    if content.startswith(b"PK"):
        rows = _of_workbook(content, _strict_text if strict else _loose_text, data_only=not strict)
    else:
        rows = _of_csv(content)
    index = _heading(rows)
    if index is not None and len(rows) - index - 1 <= MOST_ROWS:
        row = rows[index]
        width = max(place for place, title in enumerate(row, start=1) if title)
        return Table(heading=row[:width], rows=tuple(cells[:width] for cells in rows[index + 1 :]), first=index + 2)
    if len(rows) > MOST_ROWS:
        raise NotOurWorkbook(
            Message(text=N_("The list has more than %(most)d rows. Please divide it."), values={"most": MOST_ROWS})
        )
    raise NotOurWorkbook(Message(text=N_("No row with headings was found in the list.")))


def _heading(rows: Sequence[tuple[str, ...]]) -> int | None:
    """Where the row of headings stands."""
    head = enumerate(rows[:LOOK_FOR_HEADING])
    return next((index for index, row in head if sum(bool(cell) for cell in row) >= HEADS), None)


def _of_workbook(content: bytes, text: Callable[[Any], str], *, data_only: bool) -> Sequence[tuple[str, ...]]:
    try:
        workbook = loading.load(content, data_only=data_only)
        for sheet in workbook.worksheets:
            rows = _trimmed(
                tuple(text(cell) for cell in row)
                for row in sheet.iter_rows(max_row=MOST_ROWS + LOOK_FOR_HEADING, max_col=MOST_COLUMNS)
            )
            if _heading(rows) is not None:  # what has none is a cover or a note
                return rows
    except (
        *(InvalidFileException, zipfile.BadZipFile, KeyError, ValueError),
        *(OSError, ParseError, TypeError, IndexError, AttributeError),
    ) as error:
        raise NotOurWorkbook(Message(text=N_("The file cannot be read as an Excel workbook (xlsx)."))) from error
    return ()


def _of_csv(content: bytes) -> Sequence[tuple[str, ...]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    delimiter = max(DELIMITERS, key=lambda sign: _columns(text, sign))
    try:
        rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        return _trimmed(tuple(_text(_plain(cell)) for cell in row[:MOST_COLUMNS]) for row in rows)
    except csv.Error as error:
        raise NotOurWorkbook(Message(text=N_("The file cannot be read as CSV."))) from error


def _plain(text: str) -> str:
    """Without the sign that keeps a spreadsheet program from reading it as a formula."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(TEMPTING) else text


def _columns(text: str, delimiter: str) -> int:
    """How many cells the first lines have that share their number of cells: words may hold a delimiter, too."""
    try:
        widths = [
            len(row) for row in islice(csv.reader(StringIO(text[:HEAD], newline=""), delimiter=delimiter), HEAD_ROWS)
        ]
    except csv.Error:
        return 0
    return max(((width - 1) * widths.count(width) ** 2 for width in widths), default=0)


def _trimmed(rows: Iterable[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
    """Without the empty rows at the end; no more than are read anyway."""
    kept: list[tuple[str, ...]] = []
    for row in rows:
        kept.append(row)
        if len(kept) > MOST_ROWS + LOOK_FOR_HEADING:
            break
    while kept and not any(kept[-1]):
        kept.pop()
    return kept


def _loose_text(cell: Any) -> str:
    return _text(unwritten(cell.value))


def _strict_text(cell: Any) -> str:
    value = unwritten(cell.value)
    if value is None:
        return ""
    if cell.data_type == "f":
        raise NotOurWorkbook(Message(text=FORMULA, values={"cell": cell.coordinate}))
    if len(str(value)) > LONGEST_STRICT:
        raise NotOurWorkbook(Message(text=TOO_LONG, values={"cell": cell.coordinate, "most": LONGEST_STRICT}))
    return plain(value) if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.15g}"
    return plain(str(value))[:LONGEST_CELL]
