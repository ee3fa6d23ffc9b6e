"""When something is due again: never before its time, never in the past, and months that are shorter keep their end."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assessments import cadence

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))
MONTHS = st.fixed_dictionaries(dict.fromkeys(cadence.TIERS, st.integers(0, cadence.LONGEST)))
TIERS = st.sampled_from([None, *cadence.TIERS])


def test_the_table_of_a_hospital_that_has_chosen_nothing():
    first = date(2026, 1, 31)

    assert [cadence.due_on(first, tier, cadence.RESCANS) for tier in cadence.TIERS] == [
        date(2026, 2, 28),
        date(2026, 4, 30),
        date(2026, 7, 31),
        date(2027, 1, 31),
    ]
    assert [cadence.due_on(first, tier, cadence.REASSESSMENTS) for tier in cadence.TIERS] == [
        date(2027, 1, 31),
        date(2027, 1, 31),
        date(2028, 1, 31),
        date(2029, 1, 31),
    ]


@given(DAYS, st.one_of(st.none(), DAYS), TIERS, MONTHS, DAYS)
def test_the_next_scan_is_never_too_early(last, tried, tier, months, today):
    found = cadence.next_rescan(last, tried, tier, months, today=today)

    if tier is None or months[tier] == cadence.NEVER:
        assert found is None
        return
    assert found >= today
    assert found >= cadence.after(last, months[tier])
    if tried is not None and tried > last:
        assert found >= tried + cadence.REST_AFTER_A_TRY


@given(DAYS, st.integers(1, cadence.LONGEST), st.integers(1, cadence.LONGEST))
def test_more_months_are_never_sooner(day, one, more):
    assert cadence.after(day, one) > day + timedelta(days=27 * one)
    assert cadence.after(day, one + more) > cadence.after(day, one)


@given(DAYS, TIERS, MONTHS)
def test_what_was_never_looked_at_is_not_due(today, tier, months):
    assert cadence.next_rescan(None, None, tier, months, today=today) is None


@given(
    st.dictionaries(st.sampled_from(["1", "2", "3", "4", "x"]), st.one_of(st.none(), st.integers(-9, 99), st.text()))
)
def test_a_table_that_makes_no_sense_stands_for_never(stored):
    assert all(0 <= months <= cadence.LONGEST for months in cadence.read(stored).values())


def test_a_table_is_read_as_it_was_written():
    assert cadence.read({"1": 2, "2": 0, "3": 60, "4": 61}) == {1: 2, 2: 0, 3: 60, 4: cadence.NEVER}
