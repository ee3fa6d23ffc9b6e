"""Leases: one holder at a time, a lost one can write nothing, every job comes to one end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker

from portal.db.base import Row
from portal.db.models.jobs import Job, JobState
from portal.jobs import leases
from portal.jobs.leases import Lease, LeaseLost
from portal.services import jobs
from portal.services.jobs import JobKind
from tests.portal.building import NOW

ALL = frozenset(JobKind)


def test_a_taken_job_is_not_taken_again_until_its_lease_is_over(session, now):
    jobs.add(session, JobKind.SCORE, {"a": 1}, now=now)

    lease = leases.take(session, ALL, now=now)

    assert lease is not None
    assert (lease.kind, lease.args, lease.attempt) == (JobKind.SCORE, {"a": 1}, 1)
    assert leases.take(session, ALL, now=now + timedelta(seconds=19)) is None
    again = leases.take(session, ALL, now=now + timedelta(seconds=21))
    assert again is not None
    assert again.attempt == 2
    for act in (leases.finish, leases.renew):
        with pytest.raises(LeaseLost):
            act(session, lease, now=now + timedelta(seconds=22))
    leases.finish(session, again, now=now + timedelta(seconds=22))


def test_a_renewed_lease_is_kept(session, now):
    jobs.add(session, JobKind.SCORE, {}, now=now)
    lease = leases.take(session, ALL, now=now)
    leases.renew(session, lease, now=now + timedelta(seconds=15))

    assert leases.take(session, ALL, now=now + timedelta(seconds=30)) is None


def test_a_failing_job_is_tried_three_times_and_then_given_up(session, now):
    jobs.add(session, JobKind.SCORE, {}, now=now)
    states = []
    for minute in range(3):
        lease = leases.take(session, ALL, now=now + timedelta(minutes=2 * minute))
        states.append(leases.fail(session, lease, why="broken", now=now + timedelta(minutes=2 * minute)))

    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.DEAD]
    assert leases.take(session, ALL, now=now + timedelta(days=1)) is None


def test_a_job_whose_last_worker_vanished_is_abandoned_not_taken(session, now):
    jobs.add(session, JobKind.SCORE, {}, now=now, max_attempts=1)
    leases.take(session, ALL, now=now)
    later = now + timedelta(minutes=1)

    assert leases.take(session, ALL, now=later) is None
    assert [lease.attempt for lease in leases.take_abandoned(session, now=later)] == [1]


def test_a_flood_of_one_tenant_does_not_delay_another(session, now):
    for number in range(50):
        jobs.add(session, JobKind.SCORE, {"n": number}, now=now, tenant="loud")
    jobs.add(session, JobKind.SCORE, {"n": 99}, now=now + timedelta(seconds=1), tenant="quiet")
    later = now + timedelta(seconds=2)

    taken = [leases.take(session, ALL, now=later).args["n"] for _ in range(2)]

    assert 99 in taken


def test_putting_back_does_not_count_when_it_was_no_try(session, now):
    jobs.add(session, JobKind.SCORE, {}, now=now)
    for _ in range(5):
        lease = leases.take(session, ALL, now=now)
        assert lease.attempt == 1
        leases.put_back(session, lease, run_at=now, counts=False)


def test_a_waiting_job_does_for_the_next_wish_and_a_running_one_does_not(session, now):
    first = jobs.add(session, JobKind.SCORE, {}, now=now, dedupe_key="score:1")
    assert jobs.add(session, JobKind.SCORE, {}, now=now, dedupe_key="score:1") == first

    leases.take(session, ALL, now=now)

    assert jobs.add(session, JobKind.SCORE, {}, now=now, dedupe_key="score:1") != first


class Workers(RuleBasedStateMachine):
    """Any number of workers that take, stall, fail, finish and come back late, under a clock that only goes on."""

    @initialize()
    def open(self) -> None:
        engine = create_engine("sqlite://")
        Row.metadata.create_all(engine, tables=[Job.__table__])
        self.sessions = sessionmaker(engine)
        self.now: datetime = NOW
        self.held: list[Lease] = []
        self.results: list[str] = []
        self.added: list[str] = []

    @rule()
    def add(self) -> None:
        with self.sessions.begin() as session:
            self.added.append(jobs.add(session, JobKind.SCORE, {}, now=self.now))

    @rule()
    def take(self) -> None:
        with self.sessions.begin() as session:
            lease = leases.take(session, ALL, now=self.now)
        if lease is not None:
            self.held.append(lease)

    @rule(which=st.integers(0, 20), act=st.sampled_from(["finish", "fail", "renew", "vanish", "put back"]))
    def act(self, which: int, act: str) -> None:
        if not self.held:
            return
        lease = self.held[which % len(self.held)]
        try:
            with self.sessions.begin() as session:
                match act:
                    case "finish":
                        leases.finish(session, lease, now=self.now)
                    case "fail":
                        leases.fail(session, lease, why="", now=self.now)
                    case "renew":
                        leases.renew(session, lease, now=self.now)
                    case "put back":
                        leases.put_back(session, lease, run_at=self.now, counts=True)
        except LeaseLost:
            self.held.remove(lease)
            return
        if act == "finish":
            self.results.append(lease.job_id)
        if act != "renew":
            self.held.remove(lease)

    @rule(seconds=st.integers(1, 60))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def bury(self) -> None:
        with self.sessions.begin() as session:
            for lease in leases.take_abandoned(session, now=self.now):
                leases.bury(session, lease, why="", now=self.now)

    @invariant()
    def every_job_ends_at_most_once_and_none_is_lost(self) -> None:
        if not hasattr(self, "sessions"):
            return
        assert len(self.results) == len(set(self.results))
        with self.sessions() as session:
            rows = {job.id: job for job in session.scalars(select(Job))}
        assert set(rows) == set(self.added)
        for job in rows.values():
            assert (job.state is JobState.DONE) == (job.id in self.results)
            assert job.attempts <= job.max_attempts
            assert (job.token is not None) == (job.state is JobState.RUNNING)


TestWorkers = Workers.TestCase
TestWorkers.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
