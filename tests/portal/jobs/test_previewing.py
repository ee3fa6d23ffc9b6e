"""What a draft would do to all vendors, in the hands of a worker: kept with the job's end, or not at all."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from assessments import policy
from portal.db.models.jobs import Job, JobState
from portal.db.models.policies import PolicyPreview, PreviewState
from portal.files.sealing import Keyring
from portal.jobs import leases, previewing, tasks
from portal.jobs.leases import LeaseLost
from portal.jobs.work import NotYet, Tools, Work
from portal.services.jobs import JobKind
from portal.services.registers import policies, policy_previews
from tests.portal.jobs import running
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from portal.db.session import Sessions


@pytest.fixture
def work(sessions: Sessions, engine: Engine, tmp_path: Path) -> Work:
    now = datetime.now(UTC)
    with sessions.begin() as session:
        ward = wards.one(session, now)
        policies.save(session, ward.admin, policy.current(), edits=0, now=now)
        policy_previews.ask(session, ward.admin, now=now)
        lease = leases.take(session, {JobKind.POLICY_PREVIEW}, now=now)
    chosen = running.settings(tmp_path, DATABASE_URL=engine.url.render_as_string(hide_password=False))
    tools = Tools(
        settings=chosen,
        sessions=sessions,
        keyring=Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir),
        clock=lambda: datetime.now(UTC),
        scanner=(),
    )
    return Work(lease=lease, tools=tools, lost=threading.Event())


def _states(sessions: Sessions) -> tuple[PreviewState, JobState]:
    with sessions() as session:
        kept = session.scalars(select(PolicyPreview.state)).one()
        return kept, session.scalars(select(Job.state).where(Job.kind == JobKind.POLICY_PREVIEW.value)).one()


def test_the_result_stands_with_the_end_of_the_job(work: Work, sessions: Sessions):
    previewing.work_out(work)

    assert _states(sessions) == (PreviewState.DONE, JobState.DONE)


def test_a_worker_that_lost_the_job_keeps_nothing(work: Work, sessions: Sessions):
    work.lost.set()
    with pytest.raises(LeaseLost):
        previewing.work_out(work)

    assert _states(sessions)[0] is PreviewState.WAITING


def test_a_worker_that_ends_puts_it_back(work: Work):
    work.tools.stopping.set()
    with pytest.raises(NotYet):
        previewing.work_out(work)


def test_what_nobody_could_work_out_says_so(work: Work, sessions: Sessions):
    with sessions.begin() as session:
        tasks.TASKS[JobKind.POLICY_PREVIEW].give_up(session, work.lease, datetime.now(UTC) + timedelta(hours=1))

    assert _states(sessions)[0] is PreviewState.FAILED
