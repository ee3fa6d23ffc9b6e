"""How dates, numbers and citations read in the reader's language; for templates and for text made in Python."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from babel.dates import format_timedelta
from babel.numbers import format_decimal
from jinja2 import Environment

from portal import i18n
from portal.home import BERLIN

NARROW = "\u202f"  # narrow no-break space
NOTHING = "–"
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE = 60
KIBI = 1024

# A sign or abbreviation and what it belongs to stay on one line: "§ 30", "Abs. 2", "Art. 21", "z. B.", "Annex I".
_BELONGS = re.compile(
    r"(§§?|\b(?:Abs|Nr|Art|Anh|Satz|lit|Buchst|No|para)\.?|\b(?:Annex|Anhang|RFC|TR)|\bz\.|\bd\.|\bu\.) (?=\S)"
)


def day(value: date | datetime | None) -> str:
    """21.11.2026, or 21 Nov 2026."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = value.astimezone(BERLIN).date()
    if i18n.language() == "de":
        return f"{value:%d.%m.%Y}"
    return f"{value.day} {MONTHS_EN[value.month - 1]} {value.year}"


def clock(value: datetime | None) -> str:
    """14:03, where the hospital is."""
    return NOTHING if value is None else f"{value.astimezone(BERLIN):%H:%M}"


def moment(value: datetime | None) -> str:
    """21.11.2026, 14:03, or 21 Nov 2026, 14:03."""
    return NOTHING if value is None else f"{day(value)}, {clock(value)}"


def number(value: float | Decimal | None, digits: int = 0) -> str:
    """1.234,5, or 1,234.5."""
    if value is None:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=i18n.language())


def percent(value: float | Decimal | None) -> str:
    """Of a value from 0 to 100: 91 % with a narrow space, or 91%."""
    if value is None:
        return NOTHING
    return number(value) + (f"{NARROW}%" if i18n.language() == "de" else "%")


def size(count: int) -> str:
    """A file's size as people say it."""
    if count < KIBI * KIBI:
        return f"{number(max(1, round(count / KIBI)))}{NARROW}kB"
    if count < KIBI**3:
        return f"{number(count / KIBI**2, 1)}{NARROW}MB"
    return f"{number(count / KIBI**3, 1)}{NARROW}GB"


def since(value: datetime, *, now: datetime) -> str:
    """Three days ago, in three days."""
    seconds = (value - now).total_seconds()
    if abs(seconds) < MINUTE:
        return i18n.gettext("just now")
    return format_timedelta(value - now, add_direction=True, threshold=1.2, locale=i18n.language())


def law(text: str) -> str:
    """A citation that does not break: § 30 Abs. 2 Nr. 3 with narrow spaces."""
    return _BELONGS.sub(lambda match: match[1] + NARROW, str(text))


def iso(value: date | datetime | None) -> str:
    """For the datetime attribute of a time element."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return "" if value is None else value.isoformat()


def install(environment: Environment) -> None:
    """Give templates the filters by the names they read by."""
    environment.filters.update(
        date=day, time=clock, datetime=moment, number=number, percent=percent, filesize=size, law=law, iso=iso
    )
