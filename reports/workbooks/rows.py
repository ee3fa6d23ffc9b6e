"""Rows of a table as the XML they end up as: what openpyxl would write for them, without an object for each cell.

openpyxl writes everything else of the sheet. Its own way takes twice as long for a styled cell as for a bare one.
"""

import math
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from reports.reader import ZONE
from reports.workbooks.cells import TEMPTING, Value, written

Sheet = Any
_EPOCH = date(1899, 12, 30).toordinal()  # day 0 of a workbook
_DAY = 86_400
_EMPTY = (b"<sheetData/>", b"<sheetData></sheetData>")
_SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x")  # what is not written as it is


class Rows:
    """The rows of one sheet, from the first to the last."""

    def __init__(self, sheet: Sheet) -> None:
        """Nothing is in the sheet yet, and nothing is appended to it beside this."""
        self._sheet = sheet
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the sheet
        self._letters: list[str] = []
        self.last = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        """The rows are complete, or nothing becomes of the sheet."""
        if kind is None:
            self._finish()
        self._file.close()

    def add(
        self, values: Sequence[Value], style: Callable[[int, Value, bool], int], *, height: float | None = None
    ) -> None:
        """One row. `style` names the style of a cell by its column, its value, and whether it is tempting text."""
        self.last += 1
        while len(self._letters) < len(values):
            self._letters.append(get_column_letter(len(self._letters) + 1))
        number = self.last
        shape = f' ht="{height}" customHeight="1"' if height else ""
        parts = [f'<row r="{number}"{shape}>']
        for column, value in enumerate(values):
            place = f"{self._letters[column]}{number}"
            if value is None or value == "":
                parts.append(f'<c r="{place}" s="{style(column, None, False)}"/>')  # its part of the line below the row
            elif isinstance(value, str):
                text = escape(written(value)) if _SPECIAL.search(value) else value
                look = style(column, value, text.startswith(TEMPTING))
                parts.append(f'<c r="{place}" s="{look}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>')
            else:
                parts.append(f'<c r="{place}" s="{style(column, value, False)}"><v>{_number(value)}</v></c>')
        parts.append("</row>")
        self._file.write("".join(parts).encode())

    def _finish(self) -> None:
        """Put the rows where openpyxl has left room for them; the sheet is finished."""
        self._sheet.close()
        path = Path(self._sheet._writer.out)  # noqa: SLF001 - where openpyxl streams the sheet to
        around = path.read_bytes()
        gap = next(gap for gap in _EMPTY if gap in around)
        head, tail = around.split(gap)
        self._file.seek(0)
        with path.open("wb") as part:
            part.write(head + b"<sheetData>")
            shutil.copyfileobj(self._file, part, 1 << 20)
            part.write(b"</sheetData>" + tail)


def _number(value: float | Decimal | date | datetime) -> str:
    """A number as a workbook counts, moments in local time."""
    if isinstance(value, datetime):
        local = value.astimezone(ZONE)
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        return repr(local.toordinal() - _EPOCH + seconds / _DAY)
    if isinstance(value, date):
        return str(value.toordinal() - _EPOCH)
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("no number that a cell can hold")
    return repr(int(value)) if isinstance(value, bool) else repr(value)
