"""The intake asked of whoever owns a supply or a lot: a link by mail, what they answered, and what became of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Row, new_id


class IntakeRequest(Row):
    """One person is asked about one supply, or one lot; what they answer is a proposal until somebody takes it."""

    __tablename__ = "intake_request"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        ForeignKeyConstraint(["hospital_id", "lot_id"], ["tender_lot.hospital_id", "tender_lot.id"]),
        ForeignKeyConstraint(["hospital_id", "intake_id"], ["intake.hospital_id", "intake.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)  # either this or
    lot_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)  # this
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(2), default="de")
    message: Mapped[str] = mapped_column(Text, default="")  # why, in the assessor's words
    until: Mapped[date]  # the day until which an answer is asked for
    asked_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # of every link to it
    reminded_at: Mapped[datetime | None]
    reopened_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    form_version: Mapped[str] = mapped_column(String(20))
    answers: Mapped[dict[str, Any] | None]  # option ids by question id, as they were sent
    remark: Mapped[str] = mapped_column(Text, default="")
    by_name: Mapped[str] = mapped_column(String(200), default="")  # as the person wrote it
    by_function: Mapped[str] = mapped_column(String(200), default="")
    submitted_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[str] = mapped_column(String(200), default="")
    intake_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # what was made of it, for a supply
    version: Mapped[int] = mapped_column(default=1)


class IntakeLink(Row):
    """A link to one request; those of the mail and of its reminders work side by side until the answer is there."""

    __tablename__ = "intake_link"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "request_id"], ["intake_request.hospital_id", "intake_request.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    created_at: Mapped[datetime]
