"""Watching between rounds: how often, what changed with before and after, who was told, who is to be asked again."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class ChangeKind(StrEnum):
    """What changed at a vendor."""

    OPENED = "opened"  # a critical or high check is not met any more
    MENDED = "mended"
    GRADE = "grade"
    CERTIFICATE = "certificate"
    HOSTS = "hosts"
    EVIDENCE = "evidence"  # a document came to 90, 30 or 7 days before its end


class ChangeCause(StrEnum):
    """Who or what made the difference."""

    VENDOR = "vendor"
    ANSWERS = "answers"
    AGE = "age"
    COVERAGE = "coverage"
    RULES = "rules"
    DATA = "data"
    SIGHT = "sight"  # nobody could look at this before
    POLICY = "policy"
    HOSPITAL = "hospital"
    UNKNOWN = "unknown"


class Rhythm(StrEnum):
    """How often a person reads what changed."""

    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


class CallKind(StrEnum):
    """Why somebody wants a vendor asked again."""

    CONTRACT = "contract"
    INCIDENT = "incident"
    COMPONENT = "component"
    OTHER = "other"


class WatchRule(Row):
    """How often a hospital has its vendors looked at and asked again; without a row as assessments/cadence.py says."""

    __tablename__ = "watch_rule"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    rescans: Mapped[dict[str, Any]]  # tier -> months, 0: never
    reassessments: Mapped[dict[str, Any]]
    points: Mapped[int]  # a score that moved by so many is told, and every other grade
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class WatchChoice(Row):
    """How one person of a hospital wants to read what changed."""

    __tablename__ = "watch_choice"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    rhythm: Mapped[Rhythm] = mapped_column(Closed(Rhythm))
    at_once: Mapped[bool]  # what is critical is told at once


class WatchMark(Row):
    """What the hospital could see of a vendor when it was last compared; the next comparison starts from here."""

    __tablename__ = "watch_mark"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    document: Mapped[dict[str, Any]]  # as services.changes writes it
    at: Mapped[datetime]


class VendorChange(Row):
    """One change at a vendor that is open to the hospital, with before and after."""

    __tablename__ = "vendor_change"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_vendor_change_at", "hospital_id", "at"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    kind: Mapped[ChangeKind] = mapped_column(Closed(ChangeKind))
    subject: Mapped[str] = mapped_column(String(253), default="")  # host or domain
    check_id: Mapped[str] = mapped_column(String(60), default="")
    severity: Mapped[str] = mapped_column(String(20), default="")
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    cause: Mapped[ChangeCause] = mapped_column(Closed(ChangeCause))
    is_urgent: Mapped[bool] = mapped_column(default=False)
    is_told_elsewhere: Mapped[bool] = mapped_column(default=False)  # a mail of its own tells of it (rejudging.py)
    at: Mapped[datetime]


class ChangeTold(Row):
    """A person was told of a change; the key lets it happen only once."""

    __tablename__ = "change_told"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "change_id"], ["vendor_change.hospital_id", "vendor_change.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    change_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    at: Mapped[datetime]


class ReassessmentCall(Row):
    """Somebody of the hospital wants a vendor asked again before its time, and says why."""

    __tablename__ = "reassessment_call"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    kind: Mapped[CallKind] = mapped_column(Closed(CallKind))
    reason: Mapped[str] = mapped_column(Text)
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # asked again, or taken back
