"""Limits: counted per key, sliding, forgotten after success."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.errors import TooMany
from portal.services.people import limits

LIMIT = limits.Limit(kind="test", most=3, within=timedelta(minutes=15))


def test_the_fourth_try_is_refused_until_the_first_is_old(session, now):
    for minute in range(3):
        limits.spend(session, LIMIT, "a", now=now + timedelta(minutes=minute))

    with pytest.raises(TooMany) as refusal:
        limits.spend(session, LIMIT, "a", now=now + timedelta(minutes=5))
    assert refusal.value.retry_after == 601
    limits.spend(session, LIMIT, "b", now=now + timedelta(minutes=5))
    limits.spend(session, LIMIT, "a", now=now + timedelta(minutes=15, seconds=1))


def test_success_forgets_the_tries_of_this_key_only(session, now):
    for _ in range(3):
        limits.spend(session, LIMIT, "a", now=now)
        limits.spend(session, LIMIT, "b", now=now)

    limits.forget(session, LIMIT, "a")

    limits.spend(session, LIMIT, "a", now=now)
    with pytest.raises(TooMany):
        limits.spend(session, LIMIT, "b", now=now)


def test_a_clock_that_jumped_ahead_locks_nobody_out(session, now):
    for _ in range(3):
        limits.spend(session, LIMIT, "a", now=now + timedelta(days=1))

    limits.spend(session, LIMIT, "a", now=now)
