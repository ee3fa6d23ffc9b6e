"""Working days of a German state: which they are, so many before or after a day, and how many have gone by."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

import holidays

STATES: Mapping[str, str] = {
    "BW": "Baden-Württemberg",
    "BY": "Bayern",
    "BE": "Berlin",
    "BB": "Brandenburg",
    "HB": "Bremen",
    "HH": "Hamburg",
    "HE": "Hessen",
    "MV": "Mecklenburg-Vorpommern",
    "NI": "Niedersachsen",
    "NW": "Nordrhein-Westfalen",
    "RP": "Rheinland-Pfalz",
    "SL": "Saarland",
    "SN": "Sachsen",
    "ST": "Sachsen-Anhalt",
    "SH": "Schleswig-Holstein",
    "TH": "Thüringen",
}
SATURDAY = 5


@cache
def holidays_of(country: str, state: str, year: int) -> frozenset[object]:
    """The public holidays of a federal state; without one those of Germany as a whole, elsewhere none."""
    known = holidays.country_holidays("DE", subdiv=state or None, years=year) if country == "DE" else ()
    return frozenset(known)


def is_working(day: date, *, country: str = "DE", state: str = "") -> bool:
    """Monday to Friday and no public holiday."""
    return day.weekday() < SATURDAY and day not in holidays_of(country, state, day.year)


def shifted(day: date, count: int, *, country: str = "DE", state: str = "") -> date:
    """So many working days after that day, or before it; 0 is the day itself."""
    step, left = timedelta(days=1 if count > 0 else -1), abs(count)
    while left:
        day += step
        left -= is_working(day, country=country, state=state)
    return day


def between(since: date, until: date, *, country: str = "DE", state: str = "") -> int:
    """How many working days lie after `since`, up to and with `until`; none where it is not later."""
    days = range(1, (until - since).days + 1)
    return sum(is_working(since + timedelta(days=number), country=country, state=state) for number in days)
