"""The one door into a sheet: text from outside stays text, whatever it begins with."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl.cell.cell import Cell

from reports.reader import ZONE

LONGEST = 32_767  # characters a cell can hold (Excel specification)
_PIECE = 32_000
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # no XML 1.0 characters
_ODD = re.compile(_UNWRITABLE.pattern[:-1] + "\r]")
TEMPTING = ("=", "+", "-", "@", "\t", "\r")

_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")

Value = str | int | float | Decimal | date | datetime | None


def clean(text: str) -> str:
    """Text as XML can hold it: every character that it cannot hold becomes U+FFFD."""
    if not _ODD.search(text):
        return text
    return _UNWRITABLE.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")


def written(text: str) -> str:
    """Text as a sheet writes it: "_x0041_" would be read as an A, so its first sign is written as its number."""
    return _ESCAPE.sub("_x005F_", clean(text)) if "_x" in text else clean(text)


def unwritten(value: Any) -> Any:
    """What somebody typed into a cell, of what its file says: the reverse of `written` (ECMA-376 part 1, 22.9.2.19).

    For cells of a workbook that `loading` has read; openpyxl's own way undoes a part of it, and more than was done.
    """
    if not isinstance(value, str) or "_x" not in value:
        return value
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)


def safe_cell(cell: Cell, value: Value) -> Cell:
    """Put a value into a cell so that it can never act: strings are strings, moments are local time without zone."""
    if isinstance(value, str):
        text = clean(value)
        cell.value = text
        if "_x" in text:
            cell._value = written(text)  # type: ignore[attr-defined]  # noqa: SLF001 - openpyxl would cut it by its length with all escapes
        cell.data_type = "s"
        cell.quotePrefix = text.startswith(TEMPTING)
    elif isinstance(value, datetime):
        cell.value = value.astimezone(ZONE).replace(tzinfo=None, microsecond=0)
    elif isinstance(value, Decimal):
        cell.value = float(value)
    else:
        cell.value = value
    return cell


def rows_that_fit(values: Sequence[Value]) -> Iterator[list[Value]]:
    """The row, and as many more below it as its longest text needs: overflow is visible, never cut."""
    if not any(isinstance(value, str) and len(value) > LONGEST for value in values):
        yield list(values)
        return
    pieces = [_pieces(value) for value in values]
    for index in range(max((len(part) for part in pieces), default=1)):
        yield [part[index] if index < len(part) else None for part in pieces]


def _pieces(value: Value) -> list[Value]:
    if not isinstance(value, str) or len(value) <= LONGEST:
        return [value]
    return [value[start : start + _PIECE] for start in range(0, len(value), _PIECE)]
