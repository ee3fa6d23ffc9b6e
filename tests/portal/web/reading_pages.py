"""Tables of a page, as somebody reads them: rows of cells, without what is folded away."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_FOLDED = {"behind-lines"}  # what a click on a level opens


@dataclass(kw_only=True)
class Line:
    """A row of a table."""

    id: str
    cells: list[str] = field(default_factory=list)


def tables(page: str) -> list[list[Line]]:
    """All tables of the page, in its order."""
    reader = _Reader()
    reader.feed(page)
    for table in reader.tables:
        for line in table:
            line.cells = [" ".join(cell.split()) for cell in line.cells]
    return reader.tables


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[Line]] = []
        self._is_cell = False
        self._hidden = 0  # depth within something that is not read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._hidden:
            self._hidden += tag in {"div", "svg"}
        elif tag == "svg" or (tag == "div" and given.get("class") in _FOLDED):
            self._hidden = 1
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append(Line(id=given.get("id") or ""))
        elif tag in {"td", "th"} and self.tables and self.tables[-1]:
            self.tables[-1][-1].cells.append("")
            self._is_cell = True

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= tag in {"div", "svg"}
        elif tag in {"td", "th"}:
            self._is_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_cell and not self._hidden:
            self.tables[-1][-1].cells[-1] += f" {data}"
