"""Who works on a job: a lease that must be renewed, and a token that fences off whoever lost it."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from portal.db.models.jobs import Job, JobState
from portal.services.jobs import JobKind

LEASE = timedelta(seconds=20)
RENEW_EVERY = timedelta(seconds=5)
BACK_OFF = (timedelta(seconds=1), timedelta(seconds=10), timedelta(seconds=60))
GAVE_NO_SIGN = "the worker that held it ended without a word"


class LeaseLost(Exception):
    """Somebody else has the job now: whatever this worker still holds must not be written."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on a job, as long as it is renewed."""

    job_id: str
    kind: JobKind
    args: Mapping[str, Any]
    token: str
    attempt: int
    max_attempts: int

    @property
    def is_last(self) -> bool:
        """Whether a failure now is for good."""
        return self.attempt >= self.max_attempts


def is_waiting(session: Session, kinds: Collection[JobKind], *, now: datetime) -> bool:
    """Whether there is something to take; only reads, so that looking costs nobody a lock."""
    return session.scalars(select(Job.id).where(_takeable(kinds, now)).limit(1)).first() is not None


def take(session: Session, kinds: Collection[JobKind], *, now: datetime) -> Lease | None:
    """Take the next job: of the tenant with the least work running, the one that waits longest."""
    other = aliased(Job)
    running = (
        select(func.count())
        .where(other.tenant == Job.tenant, other.state == JobState.RUNNING, other.lease_until > now)
        .correlate(Job)
        .scalar_subquery()
    )
    job = session.scalars(
        select(Job)
        .where(_takeable(kinds, now))
        .order_by(running, Job.run_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Job)
        .execution_options(populate_existing=True)
    ).first()
    if job is None:
        return None
    job.state = JobState.RUNNING
    job.token = secrets.token_hex(16)
    job.lease_until = now + LEASE
    job.attempts += 1
    job.dedupe_key = None  # what is asked for from now on is not covered by what has begun
    session.flush()
    return Lease(
        job_id=job.id,
        kind=JobKind(job.kind),
        args=dict(job.args),
        token=job.token,
        attempt=job.attempts,
        max_attempts=job.max_attempts,
    )


def renew(session: Session, lease: Lease, *, now: datetime) -> None:
    """Go on; LeaseLost when it is too late."""
    _change(session, lease, lease_until=now + LEASE)


def finish(session: Session, lease: Lease, *, now: datetime) -> None:
    """Done, in the transaction that holds the result; LeaseLost undoes both."""
    _change(session, lease, state=JobState.DONE, token=None, lease_until=None, finished_at=now)


def put_back(session: Session, lease: Lease, *, run_at: datetime, why: str = "", counts: bool) -> None:
    """Not now: it can be taken again at that moment. `counts` says whether this was a try."""
    _change(
        session,
        lease,
        state=JobState.QUEUED,
        token=None,
        lease_until=None,
        run_at=run_at,
        last_error=why[:300],
        attempts=lease.attempt if counts else lease.attempt - 1,
    )


def bury(session: Session, lease: Lease, *, why: str, now: datetime) -> None:
    """Given up; the operator sees it."""
    _change(session, lease, state=JobState.DEAD, token=None, lease_until=None, last_error=why[:300], finished_at=now)


def fail(session: Session, lease: Lease, *, why: str, now: datetime) -> JobState:
    """A try went wrong: again after a while, or given up."""
    if lease.is_last:
        bury(session, lease, why=why, now=now)
        return JobState.DEAD
    pause = BACK_OFF[min(lease.attempt, len(BACK_OFF)) - 1]
    put_back(session, lease, run_at=now + pause, why=why, counts=True)
    return JobState.QUEUED


def take_abandoned(session: Session, *, now: datetime) -> Sequence[Lease]:
    """Jobs whose last try ended without a word: taken so that they can be buried with their consequences."""
    jobs = session.scalars(
        select(Job)
        .where(Job.state == JobState.RUNNING, Job.lease_until < now, Job.attempts >= Job.max_attempts)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for job in jobs:
        job.token = secrets.token_hex(16)
        job.lease_until = now + LEASE
    session.flush()
    return [
        Lease(
            job_id=job.id,
            kind=JobKind(job.kind),
            args=dict(job.args),
            token=job.token or "",
            attempt=job.attempts,
            max_attempts=job.max_attempts,
        )
        for job in jobs
    ]


def _takeable(kinds: Collection[JobKind], now: datetime) -> ColumnElement[bool]:
    return and_(
        Job.kind.in_([kind.value for kind in kinds]),
        Job.attempts < Job.max_attempts,
        or_(
            and_(Job.state == JobState.QUEUED, Job.run_at <= now),
            and_(Job.state == JobState.RUNNING, Job.lease_until < now),
        ),
    )


def _change(session: Session, lease: Lease, **values: Any) -> None:
    changed = session.scalars(
        update(Job)
        .where(Job.id == lease.job_id, Job.token == lease.token, Job.state == JobState.RUNNING)
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise LeaseLost(lease.job_id)
