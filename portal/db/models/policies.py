"""Policies of a hospital's own: one draft that may change, and dated releases that never do."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class PolicyDraft(Row):
    """What the hospital is about to change; `document` is a whole policy as assessments writes it."""

    __tablename__ = "policy_draft"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    document: Mapped[str] = mapped_column(Text)
    edits: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(200))


class PreviewState(StrEnum):
    """How far working out what a draft would do has come."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class PolicyPreview(Row):
    """What a draft would do to every vendor, as it was last worked out; it counts while all it rests on is the same."""

    __tablename__ = "policy_preview"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), default=new_id)  # another one each time it is asked for
    state: Mapped[PreviewState] = mapped_column(Closed(PreviewState))
    draft_sha256: Mapped[str] = mapped_column(String(64))  # of the draft it was asked for
    rests_on: Mapped[str] = mapped_column(String(64), default="")  # digest of all else: vendors, facts, rules, day
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    document: Mapped[dict[str, Any] | None]  # ids of vendors and numbers, no names
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime | None]


class PolicyRelease(Row):
    """One release; the newest is what the hospital's scores are made with. Nobody changes a row."""

    __tablename__ = "policy_release"
    __table_args__ = (UniqueConstraint("hospital_id", "id"), UniqueConstraint("hospital_id", "number"))

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    number: Mapped[int]
    version: Mapped[str] = mapped_column(String(20))  # "1+2026-11-22.a1b2c3"; "1" where it is the shipped one again
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    released_at: Mapped[datetime]
    released_by: Mapped[str] = mapped_column(String(200))
