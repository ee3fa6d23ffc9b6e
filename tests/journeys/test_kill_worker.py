"""kill -9 of the worker in the middle of ten scans: all ten end, each exactly once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from portal.db import migrating
from portal.db import session as database
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import Job, JobState
from portal.db.models.scans import FindingRecord, ScanRun, ScanState, SeenRecord
from portal.services import audit
from portal.services.scans import scans
from tests.portal import building

pytestmark = pytest.mark.kill

SCANS = 10
KILLS = 4
PROGRAM = Path(__file__).parents[1] / "portal" / "jobs" / "running.py"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path / 'kettenblick.sqlite'}"


def _start(url: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DATABASE_URL": url, "KETTENBLICK_DATA": str(folder), "PYTHONPATH": str(Path.cwd())}
    return subprocess.Popen([sys.executable, str(PROGRAM)], env=environment, start_new_session=True)


def _kill(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def test_ten_scans_end_exactly_once_whatever_is_killed(url: str, tmp_path: Path):
    engine = database.engine(url)
    migrating.upgrade(engine)
    sessions = database.sessions(engine)
    with sessions.begin() as session:
        hospital = building.hospital(session)
        actor = building.hospital_actor(session, hospital)
        for number in range(SCANS):
            vendor = building.vendor(session, hospital, hosts=(f"a{number}.slow.example", f"b{number}.slow.example"))
            scans.queue_by_hospital(session, actor, vendor.id, now=datetime.now(UTC))
    chance = random.Random(7)

    kills = 0
    worker = _start(url, tmp_path)
    try:
        until = time.monotonic() + 120
        while True:
            assert time.monotonic() < until, "not all scans came to an end"
            with sessions() as session:
                states = session.scalars(select(ScanRun.state)).all()
            if not any(state in scans.LIVE for state in states):
                break
            if kills < KILLS and ScanState.RUNNING in states:
                time.sleep(chance.uniform(0.1, 1.5))
                _kill(worker)
                kills += 1
                # A lease lasts 20 s; the test does not wait for it, a clock would.
                with sessions.begin() as session:
                    session.execute(
                        update(Job)
                        .where(Job.state == JobState.RUNNING)
                        .values(lease_until=datetime.now(UTC) - timedelta(seconds=1), max_attempts=10)
                    )
                worker = _start(url, tmp_path)
            time.sleep(0.1)
    finally:
        _kill(worker)

    with sessions() as session:
        runs = session.scalars(select(ScanRun)).all()
        ends = session.scalars(
            select(AuditEvent.subject).where(AuditEvent.verb.in_(["scan.done", "scan.failed"]))
        ).all()
        jobs = session.scalars(select(Job).where(Job.kind == "scan")).all()
        seen = session.scalars(select(SeenRecord)).all()
        findings = session.scalars(select(FindingRecord)).all()
        chain = audit.verify(session, f"hospital:{hospital.id}")
    engine.dispose()
    assert kills == KILLS
    assert [run.state for run in runs] == [ScanState.DONE] * SCANS
    assert sorted(ends) == sorted(run.id for run in runs)
    assert all(job.state is JobState.DONE and job.attempts <= 1 + kills for job in jobs)
    assert len(seen) == 2 * SCANS
    per_subject = {(row.scan_id, row.subject_name): 0 for row in findings}
    for row in findings:
        per_subject[row.scan_id, row.subject_name] += 1
    assert len(per_subject) == 2 * SCANS
    assert len(set(per_subject.values())) == 1
    assert chain.is_sound
