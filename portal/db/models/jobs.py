"""Work to be done, as rows: the database is the truth and the queue only a doorbell."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class JobState(StrEnum):
    """How a job stands; DEAD is visible to the operator."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class MailState(StrEnum):
    """How a mail stands; WAITING without a relay means it can be read in the outbox."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Job(Row):
    """One piece of work with its lease; the token fences a worker that lost it."""

    __tablename__ = "job"
    __table_args__ = (UniqueConstraint("dedupe_key"), Index("ix_job_state_run_at", "state", "run_at"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    tenant: Mapped[str] = mapped_column(String(40), default="")  # whose work: no flood delays others
    args: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(Closed(JobState), default=JobState.QUEUED)
    dedupe_key: Mapped[str | None] = mapped_column(String(120))
    token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    rung_at: Mapped[datetime | None]
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    last_error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ScheduleRun(Row):
    """A slot of a periodic task that somebody has taken; the key lets only one worker start it."""

    __tablename__ = "schedule_run"

    task: Mapped[str] = mapped_column(String(60), primary_key=True)
    slot: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]


class OutboxMail(Row):
    """A mail that was committed with the change it tells of; one address, never more."""

    __tablename__ = "outbox_mail"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    hospital_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    to_address: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(2), default="de")
    state: Mapped[MailState] = mapped_column(Closed(MailState), default=MailState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
