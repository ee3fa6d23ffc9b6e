"""A stranger's workbook as its file says it, for a process with limits: no text is undone by halves.

openpyxl takes "x005F_" out of texts of the shared table and leaves those in cells alone; here both stay as written,
and `cells.unwritten` tells what was typed.
"""

from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

_STRING = f"{{{SHEET_MAIN_NS}}}si"


def load(content: bytes, *, data_only: bool) -> Workbook:
    """Read row by row, without links to other files; `data_only` takes what a formula came to last."""
    reader = _Reader(BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
    reader.read()
    return reader.wb


class _Reader(ExcelReader):
    """openpyxl's own, but for the table of texts."""

    def read_strings(self) -> None:
        """The texts as they are written."""
        table = self.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]  # not in its types
        if table is None:
            return
        with self.archive.open(table.PartName[1:]) as file:
            for _event, node in iterparse(file):
                if node.tag == _STRING:
                    text = Text.from_tree(node)
                    self.shared_strings.append(text.content if text is not None else "")
                    node.clear()
