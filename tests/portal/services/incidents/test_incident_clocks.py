"""The clocks of an incident: elapsed hours, the month on the wall, and the hours that come twice or never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.db.models.incidents import IncidentStage
from portal.services.incidents import incident_clocks
from portal.services.incidents.incident_clocks import BERLIN, ClockStanding

EARLY, NOTIFICATION, INTERIM, FINAL = IncidentStage
KNOWN = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


def test_hours_are_hours_that_passed_whatever_the_clock_on_the_wall_does():
    known = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # midnight before the longest day

    early, second, _final = incident_clocks.clocks(known, [], now=known)

    assert early.due_at - known == timedelta(hours=24)
    assert early.due_at.astimezone(BERLIN).hour == 23  # an hour earlier by the wall
    assert second.due_at - known == timedelta(hours=72)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-01-31T12:00", "2026-02-28T12:00"),
        ("2028-01-31T12:00", "2028-02-29T12:00"),
        ("2026-12-15T08:00", "2027-01-15T08:00"),
        ("2026-03-01T12:00", "2026-04-01T12:00"),  # over the change to summer time: the same hour by the wall
        ("2026-10-01T12:00", "2026-11-01T12:00"),
    ],
)
def test_a_month_keeps_the_hour_on_the_wall_and_ends_with_the_month(at, due):
    start = datetime.fromisoformat(at).replace(tzinfo=BERLIN)

    ends = incident_clocks.a_month_after(start.astimezone(UTC))

    assert ends.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M") == due


@given(moments)
def test_a_month_is_28_to_31_days(at):
    passed = incident_clocks.a_month_after(at) - at

    assert timedelta(days=28, hours=-1) <= passed <= timedelta(days=31, hours=1)


def test_of_the_hour_that_comes_twice_the_first_counts_and_one_that_never_comes_is_a_moment():
    twice = incident_clocks.from_the_wall(datetime(2026, 10, 25, 2, 30))
    never = incident_clocks.from_the_wall(datetime(2026, 3, 29, 2, 30))

    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert never.tzinfo is UTC


@given(moments)
def test_what_a_form_shows_is_read_back_but_for_seconds_and_the_hour_that_comes_twice(at):
    back = incident_clocks.from_the_wall(incident_clocks.on_the_wall(at))

    assert timedelta() <= at - back < timedelta(hours=1, minutes=1)


def test_a_later_stage_does_for_the_earlier_ones_and_the_month_counts_from_the_notification():
    notified = KNOWN + timedelta(hours=10)

    clocks = incident_clocks.clocks(KNOWN, [(NOTIFICATION, notified)], now=notified)

    assert [clock.standing for clock in clocks] == [ClockStanding.KEPT, ClockStanding.KEPT, ClockStanding.RUNNING]
    assert clocks[2].due_at == incident_clocks.a_month_after(notified)
    silent = incident_clocks.clocks(KNOWN, [], now=KNOWN)
    assert silent[2].due_at == incident_clocks.a_month_after(KNOWN + timedelta(hours=72))


def test_interim_words_keep_no_clock_but_the_first():
    at = KNOWN + timedelta(hours=1)
    words = [(EARLY, at), (INTERIM, at + timedelta(hours=80))]

    clocks = incident_clocks.clocks(KNOWN, words, now=KNOWN + timedelta(hours=81))

    assert [clock.standing for clock in clocks][:2] == [ClockStanding.KEPT, ClockStanding.OVERDUE]


def test_standings_around_the_end_of_a_clock():
    due = KNOWN + timedelta(hours=24)

    def standing(now, words=()):
        return incident_clocks.clocks(KNOWN, words, now=now)[0].standing

    assert standing(due - timedelta(hours=7)) is ClockStanding.RUNNING
    assert standing(due - timedelta(hours=6)) is ClockStanding.SOON
    assert standing(due) is ClockStanding.SOON
    assert standing(due + timedelta(seconds=1)) is ClockStanding.OVERDUE
    assert standing(due, [(EARLY, due)]) is ClockStanding.KEPT
    assert standing(due, [(EARLY, due + timedelta(seconds=1))]) is ClockStanding.LATE
