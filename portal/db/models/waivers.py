"""Waivers (Ausnahmen): a finding or a knock-out that the hospital accepts until a day, with who approved it and why."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class WaiverKind(StrEnum):
    """What is waived."""

    FINDING = "finding"
    KNOCK_OUT = "knock_out"


class Waiver(Row):
    """One waiver; it ends by itself after its day, or when somebody takes it back. It is never changed otherwise."""

    __tablename__ = "waiver"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_waiver_vendor", "hospital_id", "vendor_id"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    kind: Mapped[WaiverKind] = mapped_column(Closed(WaiverKind))
    check_id: Mapped[str] = mapped_column(String(100), default="")
    subject_kind: Mapped[str] = mapped_column(String(20), default="")
    subject_name: Mapped[str] = mapped_column(String(255), default="")
    severity: Mapped[str] = mapped_column(String(10), default="")  # of the finding then: a graver one is not waived
    question_id: Mapped[str] = mapped_column(String(20), default="")
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), default="")  # "": the company as a whole
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[date]
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(200), default="")
