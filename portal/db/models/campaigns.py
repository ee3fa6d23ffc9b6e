"""Asking many vendors at once: campaigns and their vendors, letters in own words, reminders, and what came back."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db.base import ID_LENGTH, Closed, Row, new_id
from portal.db.models.vendors import Vendor


class SeatState(StrEnum):
    """What became of one vendor of a campaign."""

    WAITING = "waiting"
    INVITED = "invited"
    REFUSED = "refused"  # the row says why


class Campaign(Row):
    """Vendors that are asked together, until the same day."""

    __tablename__ = "campaign"
    __table_args__ = (UniqueConstraint("hospital_id", "id"),)

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date]
    message: Mapped[str] = mapped_column(Text, default="")  # the hospital's own paragraph
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))  # in whose name it is sent
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]  # None: a draft
    finished_at: Mapped[datetime | None]
    reminders_stopped_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    seats: Mapped[list["CampaignSeat"]] = relationship(back_populates="campaign")


class CampaignSeat(Row):
    """One vendor of a campaign, and the round that came of it."""

    __tablename__ = "campaign_seat"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "campaign_id"], ["campaign.hospital_id", "campaign.id"]),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    campaign_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    assessment_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    state: Mapped[SeatState] = mapped_column(Closed(SeatState), default=SeatState.WAITING)
    email: Mapped[str] = mapped_column(String(254), default="")  # to whom it went
    reason: Mapped[str] = mapped_column(Text, default="")  # a sentence of ours, untranslated
    reason_values: Mapped[dict[str, Any] | None]
    at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship(back_populates="seats", overlaps="vendor")
    vendor: Mapped[Vendor] = relationship(overlaps="campaign,seats")


class LetterTemplate(Row):
    """The hospital's own words for a mail in one language; without a row the words of the house go out."""

    __tablename__ = "letter_template"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Reminder(Row):
    """One reminder that was sent; its key lets no second one out for the same step towards the same day."""

    __tablename__ = "reminder"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(20), primary_key=True)  # "-7", "-3", "-1", "+3", or the day of one by hand
    to_addresses: Mapped[list[Any]]
    mail_ids: Mapped[list[Any]]
    by_name: Mapped[str] = mapped_column(String(200), default="")  # "": by the plan
    at: Mapped[datetime]


class Bounce(Row):
    """A mail of ours that came back for good, as the report in the mailbox says."""

    __tablename__ = "bounce"

    mail_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), index=True)
    to_address: Mapped[str] = mapped_column(String(254))
    status: Mapped[str] = mapped_column(String(12))  # RFC 3463, such as 5.1.1
    diagnostic: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]


class ReviewLock(Row):
    """Who reviews a round since when; somebody else may take over."""

    __tablename__ = "review_lock"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime]
    seen_at: Mapped[datetime]


class ReviewEnd(Row):
    """The first of two who say that a review is complete; the second must be somebody else."""

    __tablename__ = "review_end"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
