"""Work asked for in the change's own transaction: a row, which the worker finds even if nobody rings."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.db.base import new_id
from portal.db.models.jobs import Job, JobState, ScheduleRun
from portal.errors import NotFound
from portal.services import audit
from portal.services.actors import Actor, require_operator

KEPT = timedelta(days=30)  # how long a finished job can be looked up


class JobKind(StrEnum):
    """Everything the worker knows how to do."""

    SCAN = "scan"
    SECOND_LOOK = "second-look"
    RECHECK = "recheck"  # one finding, at the wish of its company
    PUBLIC_LOOK = "public-look"  # a first look for whoever asks, where the operator offers it
    CONTROL = "control"
    MAIL = "mail"
    SCORE = "score"
    REJUDGE = "rejudge"  # a stored scan by today's rules and data
    NEWS = "news"  # what that has brought to light
    COMPONENTS = "components"  # a list of parts (SBOM) that came in is read
    COMPONENTS_REJUDGE = "components-rejudge"  # a company's lists by today's data
    COMPONENTS_NEWS = "components-news"  # what that has brought to light
    EXPORT = "export"  # a file that takes a while
    SNAPSHOT = "snapshot"  # the register is frozen
    POLICY_PREVIEW = "policy-preview"  # what the draft of a policy would do to every vendor
    SHRED = "shred"  # files of deleted documents go off the disk
    FLASH = "flash"  # a question of the moment whose clock lapsed
    CAMPAIGN = "campaign"  # the invitations of a campaign, one vendor after the other
    REMINDERS = "reminders"  # once a day: what is due to be sent to vendors
    BOUNCES = "bounces"  # mails that came back are read from their mailbox
    DECISIONS = "decisions"  # whether what was decided on a vendor still holds
    RESCANS = "rescans"  # once an evening: whose next scan has come
    RESCAN = "rescan"  # one of them, at its moment of the night
    CHANGES = "changes"  # what the hospital sees of a vendor, beside what it saw before
    DIGESTS = "digests"  # what changed, one mail to each person
    NIGHTLY = "nightly"  # deadlines that passed, evidence that ran out, rows that nobody needs


def add(
    session: Session,
    kind: JobKind,
    args: dict[str, Any],
    *,
    now: datetime,
    tenant: str = "",
    run_at: datetime | None = None,
    dedupe_key: str | None = None,
    max_attempts: int = 3,
) -> str:
    """Ask for work; returns the job's id. With a dedupe_key, one that is still waiting does for this one too."""
    job = Job(
        id=new_id(),
        kind=kind.value,
        tenant=tenant,
        args=args,
        state=JobState.QUEUED,
        dedupe_key=dedupe_key,
        run_at=run_at or now,
        attempts=0,
        max_attempts=max_attempts,
        last_error="",
        created_at=now,
    )
    if dedupe_key is None:
        session.add(job)
        return job.id
    return _add_unless_waiting(session, job)


def ask_for_score(session: Session, hospital_id: str, assessment_id: str, *, now: datetime) -> None:
    """An input of this round's score has changed: work it out anew, once for all changes of the moment."""
    add(
        session,
        JobKind.SCORE,
        {"hospital_id": hospital_id, "assessment_id": assessment_id},
        now=now,
        tenant=hospital_id,
        dedupe_key=f"score:{assessment_id}",
    )


def ask_for_changes(
    session: Session, hospital_id: str, vendor_id: str, *, now: datetime, after: timedelta = timedelta(0)
) -> None:
    """Something of this vendor may look otherwise to the hospital: compare soon, once for all changes of the moment."""
    add(
        session,
        JobKind.CHANGES,
        {"hospital_id": hospital_id, "vendor_id": vendor_id},
        now=now,
        tenant=hospital_id,
        run_at=now + after,
        dedupe_key=f"changes:{vendor_id}",
    )


def take_slot(session: Session, task: str, slot: str, *, now: datetime) -> bool:
    """Whether this worker is the one to start a periodic task now; the key lets only one win."""
    insert = _insert(session, ScheduleRun).values(task=task, slot=slot, at=now)
    return session.execute(insert.on_conflict_do_nothing().returning(ScheduleRun.slot)).first() is not None


def slot_is_taken(session: Session, task: str, slot: str) -> bool:
    """Whether somebody has started it; only reads."""
    return session.get(ScheduleRun, (task, slot)) is not None


def dead(session: Session, actor: Actor) -> Sequence[Job]:
    """Work that was given up; the operator sees it."""
    require_operator(actor)
    return session.scalars(select(Job).where(Job.state == JobState.DEAD).order_by(Job.finished_at.desc())).all()


def counts(session: Session) -> dict[JobState, int]:
    """How many jobs stand how, for the health page."""
    found = session.execute(select(Job.state, func.count()).group_by(Job.state)).all()
    known = {row[0]: row[1] for row in found}
    return {state: known.get(state, 0) for state in JobState}


def oldest_waiting(session: Session, *, now: datetime) -> datetime | None:
    """Since when the job that should have run first has been waiting."""
    return session.scalar(select(func.min(Job.run_at)).where(Job.state == JobState.QUEUED, Job.run_at <= now))


def try_again(session: Session, actor: Actor, job_id: str, *, now: datetime) -> None:
    """Give a dead job another life."""
    require_operator(actor)
    job = session.get(Job, job_id)
    if job is None or job.state is not JobState.DEAD:
        raise NotFound
    job.state, job.attempts, job.run_at, job.finished_at = JobState.QUEUED, 0, now, None
    audit.record(session, actor, "job.tried-again", job.id, now=now, scope=audit.INSTANCE, detail={"kind": job.kind})


def sweep(session: Session, *, now: datetime) -> None:
    """Remove what was done a month ago."""
    session.execute(delete(Job).where(Job.state == JobState.DONE, Job.finished_at < now - KEPT))
    session.execute(delete(ScheduleRun).where(ScheduleRun.at < now - KEPT))


def _add_unless_waiting(session: Session, job: Job) -> str:
    """Insert, or touch the one that waits.

    Touching locks it: a worker that would take it now waits for this transaction, and so sees what it changed.
    """
    session.flush()
    columns = ("id", "kind", "tenant", "args", "state", "dedupe_key", "run_at", "attempts", "max_attempts")
    values = {name: getattr(job, name) for name in (*columns, "last_error", "created_at")}
    statement = _insert(session, Job).values(**values)
    earlier = func.least if session.get_bind().dialect.name == "postgresql" else func.min
    touched = statement.on_conflict_do_update(
        index_elements=["dedupe_key"], set_={"run_at": earlier(Job.run_at, statement.excluded.run_at)}
    )
    return str(session.execute(touched.returning(Job.id)).scalar_one())


def _insert(session: Session, table: type[Job | ScheduleRun]) -> Any:
    return (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(table)
