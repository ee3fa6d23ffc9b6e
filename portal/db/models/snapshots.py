"""Frozen registers, risks that people wrote, what was written about risks, and why scores moved."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assessments.model import Treatment
from portal.db.base import ID_LENGTH, Closed, Row, new_id


class OwnRisk(Row):
    """A risk that a person of the hospital wrote down; what it was before stands in RiskWord."""

    __tablename__ = "own_risk"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "number"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    number: Mapped[int]  # "E-0007"
    vendor_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    title: Mapped[str] = mapped_column(String(300))
    scenario: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, default="")
    concerns: Mapped[list[Any]]
    patient_safety: Mapped[int | None]
    inherent_likelihood: Mapped[int]
    inherent_impact: Mapped[int]
    likelihood: Mapped[int]  # with what is in place
    impact: Mapped[int]
    treatment: Mapped[Treatment] = mapped_column(Closed(Treatment), default=Treatment.OPEN)
    owner: Mapped[str] = mapped_column(String(200), default="")
    due_on: Mapped[date | None]
    accepted_until: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(200), default="")
    closed_reason: Mapped[str] = mapped_column(Text, default="")


class RiskWord(Row):
    """What somebody wrote about a risk, derived or own, as it stood then; nothing is ever overwritten here."""

    __tablename__ = "risk_word"
    __table_args__ = (Index("ix_risk_word_subject", "hospital_id", "subject_id", "at"),)

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(String(ID_LENGTH))  # of the risk, derived or own
    verb: Mapped[str] = mapped_column(String(40))
    document: Mapped[dict[str, Any]]
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class SnapshotState(StrEnum):
    """How far freezing has come."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Snapshot(Row):
    """A register as it stood; the document itself lies sealed on the disk under the hospital's key."""

    __tablename__ = "snapshot"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        Index("ix_snapshot_at", "hospital_id", "at"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[SnapshotState] = mapped_column(Closed(SnapshotState), default=SnapshotState.WAITING)
    vendors: Mapped[int] = mapped_column(default=0)
    risks: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of the document
    blob_id: Mapped[str] = mapped_column(String(64), default="")
    packed_sha256: Mapped[str] = mapped_column(String(64), default="")  # of the document as it lies packed


class ScoreBasis(Row):
    """The facts behind the newest score of a vendor, packed, so that the next one can say why it moved."""

    __tablename__ = "score_basis"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    document: Mapped[str] = mapped_column(Text)  # JSON, packed, as letters
    at: Mapped[datetime]


class ScoreMove(Row):
    """Why a score differs from the one before it, as it was worked out then."""

    __tablename__ = "score_move"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "score_id"], ["score.hospital_id", "score.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    score_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    document: Mapped[dict[str, Any]]
