"""What a task does for many it does for each of them, whatever happens to one."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.files.sealing import Keyring
from portal.jobs import leases
from portal.jobs.leases import LeaseLost
from portal.jobs.work import NotYet, Tools, Work
from portal.services import jobs
from portal.services.jobs import JobKind
from tests.portal.building import NOW
from tests.portal.jobs import running


@pytest.fixture
def work(sessions, tmp_path) -> Work:
    with sessions.begin() as session:
        jobs.add(session, JobKind.REMINDERS, {}, now=NOW)
        lease = leases.take(session, frozenset(JobKind), now=NOW)
    assert lease is not None
    settings = running.settings(tmp_path)
    tools = Tools(
        settings=settings,
        sessions=sessions,
        keyring=Keyring(instance_key=settings.instance_key, folder=settings.keys_dir),
        clock=lambda: NOW,
        scanner=(),
        stopping=threading.Event(),
    )
    return Work(lease=lease, tools=tools)


def _slot(session, name: str) -> None:
    if name == "broken":
        jobs.take_slot(session, name, "1", now=NOW)
        raise ZeroDivisionError
    assert jobs.take_slot(session, name, "1", now=NOW)


def test_nobody_waits_behind_anothers_fault(work, sessions):
    with pytest.raises(ZeroDivisionError):
        work.each(["first", "broken", "last"], _slot)

    with sessions() as session:
        assert [jobs.slot_is_taken(session, one, "1") for one in ("first", "broken", "last")] == [True, False, True]


def test_whoever_lost_the_job_does_nothing_more(work, sessions):
    with sessions.begin() as session:
        assert leases.take(session, frozenset(JobKind), now=NOW + timedelta(minutes=1)) is not None

    with pytest.raises(LeaseLost):
        work.each(["first", "last"], _slot)

    with sessions() as session:
        assert not jobs.slot_is_taken(session, "first", "1")
        assert not jobs.slot_is_taken(session, "last", "1")


def test_without_a_database_nobody_is_tried(work, sessions):
    def fail(session, name: str) -> None:
        _slot(session, name)
        session.execute(text("SELECT 1 FROM gone"))

    with pytest.raises(OperationalError):
        work.each(["first", "last"], fail)

    with sessions() as session:
        assert not jobs.slot_is_taken(session, "last", "1")


def test_a_worker_that_ends_leaves_the_rest_for_later(work, sessions):
    def end(session, name: str) -> None:
        _slot(session, name)
        work.tools.stopping.set()

    with pytest.raises(NotYet):
        work.each(["first", "last"], end)

    with sessions() as session:
        assert jobs.slot_is_taken(session, "first", "1")
        assert not jobs.slot_is_taken(session, "last", "1")
