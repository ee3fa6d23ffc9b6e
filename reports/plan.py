"""A company's plan for 30, 60 and 90 days on paper."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from reports import marks, rendering
from reports.reader import Reader


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line, in the reader's language."""

    title: str
    advice: str
    places: tuple[str, ...]
    severity: str  # "" for what the company added itself
    part: str
    points: Decimal
    effort: str
    days: float | None
    owner: str
    due_on: date | None
    proof: str
    is_done: bool


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The whole plan; no hospital is named in it."""

    company: str
    at: datetime
    value: Decimal | None
    periods: tuple[tuple[int, tuple[Row, ...]], ...]
    closed: tuple[Row, ...]


def html(sheet: Sheet, *, reader: Reader) -> str:
    """The document before it is set; see rendering.pdf and pages.style."""
    return rendering.page(
        "plan.html",
        reader,
        sheet=sheet,
        severities={severity.value: mark for severity, mark in marks.SEVERITIES.items()},
    )
