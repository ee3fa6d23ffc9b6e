"""Who of a company answers which section of a round."""

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Row


class Delegation(Row):
    """One section in the hands of one person; the row goes when it is taken back, the trail keeps that it was there.

    The person is named by their address, so that a section can be handed to somebody who has no account yet.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        ForeignKeyConstraint(["company_id", "assessment_id"], ["assessment.company_id", "assessment.id"]),
        Index("ix_delegation_person", "company_id", "email"),
    )

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    section: Mapped[str] = mapped_column(String(20), primary_key=True)  # of the catalogue, or "profile"
    email: Mapped[str] = mapped_column(String(254))  # lower case
    name: Mapped[str] = mapped_column(String(200), default="")  # as it was typed; the account's own name counts more
    note: Mapped[str] = mapped_column(Text, default="")
    due_on: Mapped[date | None]
    language: Mapped[str] = mapped_column(String(2), default="de")  # of the mails to somebody without an account
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
