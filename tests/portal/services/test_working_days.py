"""Working days of a state: holidays differ, and shifting and counting agree."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.services import working_days

DAYS = st.dates(date(2024, 1, 1), date(2035, 12, 31))
STATE = st.sampled_from([*working_days.STATES, ""])


@pytest.mark.parametrize(
    ("day", "state", "works"),
    [
        (date(2026, 6, 4), "NW", False),  # Corpus Christi
        (date(2026, 6, 4), "BE", True),
        (date(2027, 3, 8), "BE", False),  # Women's Day
        (date(2027, 3, 8), "BY", True),
        (date(2026, 11, 18), "SN", False),  # Day of repentance
        (date(2026, 11, 18), "", True),
        (date(2026, 4, 3), "", False),  # Good Friday
        (date(2026, 11, 21), "HH", False),  # a Saturday
    ],
)
def test_a_state_has_its_own_holidays(day: date, state: str, works: bool):
    assert working_days.is_working(day, state=state) is works


def test_elsewhere_only_weekends_are_free():
    assert working_days.is_working(date(2026, 10, 5), country="AT")
    assert working_days.is_working(date(2026, 4, 6), country="AT")
    assert not working_days.is_working(date(2026, 10, 4), country="AT")


@given(day=DAYS, count=st.integers(-30, 30).filter(bool), state=STATE)
def test_shifting_lands_on_a_working_day_and_counting_agrees(day: date, count: int, state: str):
    there = working_days.shifted(day, count, state=state)

    assert working_days.is_working(there, state=state)
    if count > 0:
        assert working_days.between(day, there, state=state) == count
    else:
        assert working_days.between(there - timedelta(days=1), day - timedelta(days=1), state=state) == -count


@given(day=DAYS, state=STATE)
def test_nothing_has_gone_by_on_the_same_day_or_before(day: date, state: str):
    assert working_days.between(day, day, state=state) == 0
    assert working_days.between(day, day - timedelta(days=9), state=state) == 0
    assert working_days.shifted(day, 0, state=state) == day
