"""Two workers on one PostgreSQL: one scans alone, one does all the rest, and no two scans are at an address at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal.db import session as database
from portal.db.models.accounts import Hospital
from portal.db.models.jobs import Job, JobState
from portal.db.models.scans import AddressLease, ScanRun, ScanState
from portal.services import jobs
from portal.services.scans import scan_budgets, scan_results, scans
from questionnaires import shelf
from tests.portal import building

pytestmark = pytest.mark.postgres

PROGRAM = Path(__file__).parents[1] / "portal" / "jobs" / "running.py"


@pytest.fixture
def engine(migrated_postgres_url: str) -> Iterator[Engine]:
    engine = database.engine(migrated_postgres_url)
    yield engine
    engine.dispose()


@contextmanager
def worker(url: str, folder: Path, **more: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "DATABASE_URL": url, "QUEUE_URL": url, "KETTENBLICK_DATA": str(folder), **more}
    program = subprocess.Popen([sys.executable, str(PROGRAM)], env={**environment, "PYTHONPATH": str(Path.cwd())})
    try:
        yield
    finally:
        program.kill()
        program.wait()


def eventually(holds: Callable[[], bool], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


def ask(engine: Engine, *names: str) -> list[str]:
    """One scan of one name by one hospital each."""
    runs = []
    asked = shelf.current()
    with database.sessions(engine).begin() as session:
        for name in names:
            actor = building.hospital_actor(session)
            vendor = building.vendor(session, session.get_one(Hospital, actor.hospital_id), hosts=(name,))
            building.assessment(session, vendor, catalogue_id=asked.id, catalogue_version=asked.version)
            runs.append(scans.queue_by_hospital(session, actor, vendor.id, now=datetime.now(UTC)).id)
    return runs


def states(engine: Engine, runs: list[str]) -> set[ScanState]:
    with database.sessions(engine)() as session:
        return set(session.scalars(select(ScanRun.state).where(ScanRun.id.in_(runs))))


def waiting(engine: Engine) -> set[str]:
    with database.sessions(engine)() as session:
        return set(session.scalars(select(Job.kind).where(Job.state != JobState.DONE)))


def test_each_worker_takes_its_own_kinds(engine: Engine, migrated_postgres_url: str, tmp_path: Path):
    first = ask(engine, "a.example")
    with worker(migrated_postgres_url, tmp_path / "scan", WORKER_KINDS="scan"):
        eventually(lambda: states(engine, first) == {ScanState.DONE})
        time.sleep(2)
        # What the rest is to do next; and no nightly round was begun.
        assert waiting(engine) == {jobs.JobKind.SCORE.value, jobs.JobKind.CHANGES.value}

    second = ask(engine, "b.example")
    with worker(migrated_postgres_url, tmp_path / "rest", WORKER_KINDS="rest"):
        eventually(lambda: jobs.JobKind.SCORE.value not in waiting(engine))
        time.sleep(2)
        assert states(engine, second) == {ScanState.QUEUED}
        with worker(migrated_postgres_url, tmp_path / "scan", WORKER_KINDS="scan"):
            eventually(lambda: states(engine, second) == {ScanState.DONE})


def test_scans_of_other_names_at_one_address_come_one_after_the_other(
    engine: Engine, migrated_postgres_url: str, tmp_path: Path
):
    log = tmp_path / "log"
    more = {"SCAN_CONTACT_URL": f"log:{log}", "WORKER_KINDS": "scan"}
    runs = ask(engine, *(f"slow{number}.at-192-0-2-7.example" for number in range(4)))

    first, second = (worker(migrated_postgres_url, tmp_path / name, **more) for name in ("one", "two"))
    with first, second:
        eventually(lambda: not states(engine, runs) & set(scans.LIVE))
        fifth = ask(engine, "one-more.at-192-0-2-7.example")
        eventually(lambda: not states(engine, fifth) & set(scans.LIVE))

    lines = [line.split() for line in log.read_text().splitlines()]
    words = [word for word, _address, _at in sorted(lines, key=lambda line: float(line[2]))]
    assert words == ["pass", "leave"] * 4 + ["refuse"]
    times = sorted(float(at) for _word, _address, at in lines)
    assert all(before < after for before, after in pairwise(times))
    assert states(engine, runs) == {ScanState.DONE}
    assert states(engine, fifth) == {ScanState.FAILED}
    with database.sessions(engine)() as session:
        assert session.get_one(ScanRun, fifth[0]).reason == scan_results.USED_UP
        assert session.scalars(select(AddressLease)).all() == []
        assert scan_budgets.A_DAY_BY_HOSPITALS == 4
