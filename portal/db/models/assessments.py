"""One round of assessing a vendor, as the hospital sees it: assessment, invitation, review."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db.base import ID_LENGTH, Closed, Row, new_id
from portal.db.models.vendors import Vendor


class Stage(StrEnum):
    """How far a round has come; each step is on the tracking board."""

    DRAFT = "draft"
    RECORDING = "recording"  # begun without an invitation: the hospital writes down what it was sent
    INVITED = "invited"
    OPENED = "opened"  # somebody read the invitation page
    ACCEPTED = "accepted"  # a company has taken it
    ANSWERING = "answering"
    SUBMITTED = "submitted"
    RETURNED = "returned"  # single answers were sent back
    REVIEWED = "reviewed"
    CLOSED = "closed"


class ReviewState(StrEnum):
    """What the assessor says of one answer."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    FINDING = "finding"


class Assessment(Row):
    """One round for one vendor; company_id is set when a company takes the invitation."""

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "vendor_id", "round"),
        UniqueConstraint("company_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    round: Mapped[int] = mapped_column(default=1)
    question_set: Mapped[str] = mapped_column(String(20))
    question_set_reason: Mapped[str] = mapped_column(Text, default="")
    catalogue_id: Mapped[str] = mapped_column(String(60))
    catalogue_version: Mapped[str] = mapped_column(String(20))
    catalogue_reason: Mapped[str] = mapped_column(Text, default="")
    asked_again: Mapped[list[Any] | None]  # questions that a follow-up asks anew, whatever the company names as changed
    asked_because: Mapped[dict[str, Any] | None]  # why, by what of it; see services/rounds/reasons.py
    renewed_by: Mapped[str | None] = mapped_column(String(90))  # catalogue@version in whose words it asks them
    uninvited_reason: Mapped[str | None] = mapped_column(Text)  # why it began without a mail; the hospital's own
    due_on: Mapped[date]
    closes_at: Mapped[datetime | None]  # to the second: nothing is handed in from then on (a tender)
    stage: Mapped[Stage] = mapped_column(Closed(Stage), default=Stage.DRAFT)
    company_id: Mapped[str | None] = mapped_column(ForeignKey("company.id"), index=True)
    documents_only: Mapped[bool] = mapped_column(default=False)  # the company refused the scan: never a bad grade
    created_at: Mapped[datetime]
    invited_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    reminders_stopped_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_uninvited(self) -> bool:
        """Whether nobody of the vendor was ever asked in this round."""
        return self.uninvited_reason is not None and self.invited_at is None

    vendor: Mapped[Vendor] = relationship()
    supplies: Mapped[list["AssessmentSupply"]] = relationship()
    invitations: Mapped[list["Invitation"]] = relationship(
        back_populates="assessment", order_by="Invitation.created_at"
    )


class AssessmentSupply(Row):
    """A supply that this round is about."""

    __tablename__ = "assessment_supply"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)


class Invitation(Row):
    """A mail to one person; links to one address live side by side until one is taken, and a GET never redeems it."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(2), default="de")
    message: Mapped[str] = mapped_column(Text, default="")  # the hospital's own paragraph
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    redeemed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]  # "I am not the right person"
    mail_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # of the outbox, which forgets after a while
    is_reminder: Mapped[bool] = mapped_column(default=False)

    assessment: Mapped[Assessment] = relationship(back_populates="invitations")


class Review(Row):
    """The assessor's word on one answer; the company never sees `note`."""

    __tablename__ = "review"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default="")  # "" company-scoped
    state: Mapped[ReviewState] = mapped_column(Closed(ReviewState))
    remark: Mapped[str] = mapped_column(Text, default="")  # told to the company when returned
    note: Mapped[str] = mapped_column(Text, default="")
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Settlement(Row):
    """The hospital's word that a contradiction is none, with its reason; to open it again is to take the row away."""

    __tablename__ = "settlement"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    key: Mapped[str] = mapped_column(String(400), primary_key=True)  # Contradiction.key: question, supply, check, host
    reason: Mapped[str] = mapped_column(Text)
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
