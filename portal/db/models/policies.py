"""Policies of a hospital's own: one draft that may change, and dated releases that never do."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Row, new_id


class PolicyDraft(Row):
    """What the hospital is about to change; `document` is a whole policy as assessments writes it."""

    __tablename__ = "policy_draft"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    document: Mapped[str] = mapped_column(Text)
    edits: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(200))


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
