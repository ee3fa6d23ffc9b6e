"""What a company holds against a finding, and what the hospital says to it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class DisputeReason(StrEnum):
    """Why a finding does not say what it seems to say."""

    NOT_OURS = "not-ours"  # the host or address belongs to somebody else
    FIXED = "fixed"
    COMPENSATING = "compensating"  # another control takes its place
    CANNOT_REPRODUCE = "cannot-reproduce"


class DisputeState(StrEnum):
    """Where a dispute stands; nothing is ever removed."""

    OPEN = "open"
    UPHELD = "upheld"  # the hospital agrees: the finding scores nothing until a day
    REJECTED = "rejected"
    TAKEN_BACK = "taken-back"  # by the company


class Dispute(Row):
    """One dispute about one finding; keyed to what was seen, so that a new observation is a new question."""

    __tablename__ = "dispute"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_dispute_vendor", "hospital_id", "vendor_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    subject_kind: Mapped[str] = mapped_column(String(10))
    subject_name: Mapped[str] = mapped_column(String(253))
    check_id: Mapped[str] = mapped_column(String(60))
    seen_key: Mapped[str] = mapped_column(String(64))  # the fingerprint of what was seen
    seen: Mapped[dict[str, Any]]  # the finding as it was disputed, as scanners.storing writes it
    reason: Mapped[DisputeReason] = mapped_column(Closed(DisputeReason))
    text: Mapped[str] = mapped_column(Text)
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), default="")  # a document of the company
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    state: Mapped[DisputeState] = mapped_column(Closed(DisputeState), default=DisputeState.OPEN)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[str] = mapped_column(String(200), default="")
    answered_at: Mapped[datetime | None]
    valid_until: Mapped[date | None]  # of one that was upheld
