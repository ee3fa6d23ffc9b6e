"""How often a vendor is looked at and asked again: months by tier, and the days that follow from them."""

import calendar
from collections.abc import Mapping
from datetime import date, timedelta

TIERS = (1, 2, 3, 4)
NEVER = 0
# Months between two scans, and between two assessments, where a hospital has not chosen its own.
RESCANS: Mapping[int, int] = {1: 1, 2: 3, 3: 6, 4: 12}
REASSESSMENTS: Mapping[int, int] = {1: 12, 2: 12, 3: 24, 4: 36}
LONGEST = 60  # months
REST_AFTER_A_TRY = timedelta(days=7)  # a scan that saw nothing is not tried again the next night


def after(day: date, months: int) -> date:
    """So many months later; the last day of a shorter month."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def due_on(last: date | None, tier: int | None, months: Mapping[int, int]) -> date | None:
    """The day from which it is due again; None: switched off, no tier, or there was no first time."""
    span = months.get(tier, NEVER) if tier is not None else NEVER
    return None if last is None or span == NEVER else after(last, span)


def next_rescan(
    last: date | None, last_try: date | None, tier: int | None, months: Mapping[int, int], *, today: date
) -> date | None:
    """The night of the next scan: never before the cadence is over, never in the past, and after a scan that saw
    nothing a week later at the earliest."""
    due = due_on(last, tier, months)
    if due is None or last is None:
        return None
    rested = last_try + REST_AFTER_A_TRY if last_try is not None and last_try > last else due
    return max(due, rested, today)


def read(documents: Mapping[str, int]) -> Mapping[int, int]:
    """A stored table of months by tier as numbers; what is missing or impossible stands for never."""
    return {tier: _months(documents.get(str(tier))) for tier in TIERS}


def _months(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value <= LONGEST else NEVER
