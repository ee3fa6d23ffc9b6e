"""Lists on pages: columns declared once, sorting kept in the address."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: kind is text, number, date, mark or action; `heads` makes its cell the row's heading."""

    key: str
    title: Any  # text or lazy text
    kind: str = "text"
    heads: bool = False
    sortable: bool = False
    quiet: bool = False  # its title is for screen readers only


@dataclass(frozen=True, kw_only=True)
class Sorting:
    """By which column, and which way round."""

    key: str
    descending: bool

    def link(self, key: str) -> str:
        """This page sorted by that column; by the same column again turns it round."""
        descending = key == self.key and not self.descending
        others = [(name, value) for name, value in request.args.items(multi=True) if name not in {"sort", "page"}]
        return "?" + urlencode([*others, ("sort", f"-{key}" if descending else key)])


def sorting(columns: Iterable[Column], *, default: str) -> Sorting:
    """What the address asks for, if there is such a column."""
    asked = request.args.get("sort", default)
    if asked.removeprefix("-") not in {column.key for column in columns if column.sortable}:
        asked = default
    return Sorting(key=asked.removeprefix("-"), descending=asked.startswith("-"))
