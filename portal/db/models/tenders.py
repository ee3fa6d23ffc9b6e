"""Tenders: what is bought in which lots, what was frozen before anybody was asked, who bids, and what bidders asked.

What a bidder answers stands in a tenant of its own (`house_id`), of which nobody is a member: see
docs/decisions/a-bidder-is-a-tenant-nobody-works-in.md.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class TenderState(StrEnum):
    """How far a tender is; that its deadline has passed is read from the clock, not from a row."""

    DRAFT = "draft"
    FROZEN = "frozen"  # questions, weights and must-haves stand and are hashed
    OPEN = "open"  # bidders are invited and may answer until the deadline
    OPENED = "opened"  # the hospital reads the answers
    AWARDED = "awarded"
    CANCELLED = "cancelled"


class ExclusionGround(StrEnum):
    """Why somebody excluded an offer by hand."""

    FORM = "form"
    DOCUMENTS = "documents"
    REQUIREMENT = "requirement"
    UNSUITABLE = "unsuitable"
    WITHDRAWN = "withdrawn"  # the bidder said so outside of the portal
    OTHER = "other"


class EndGround(StrEnum):
    """Why a lot ends without an award."""

    NO_OFFER = "no-offer"
    CHANGED = "changed"
    UNECONOMICAL = "uneconomical"
    OTHER = "serious"


class Tender(Row):
    """One tender (Vergabe)."""

    __tablename__ = "tender"
    __table_args__ = (UniqueConstraint("hospital_id", "id"),)

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200))
    reference: Mapped[str] = mapped_column(String(80), default="")  # of the tender file
    description: Mapped[str] = mapped_column(Text, default="")
    catalogue_id: Mapped[str] = mapped_column(String(60))
    catalogue_version: Mapped[str] = mapped_column(String(20))
    question_set: Mapped[str] = mapped_column(String(20))
    must_haves: Mapped[list[Any]]  # question ids that exclude in this tender, beside the knock-outs of the catalogue
    closes_at: Mapped[datetime]
    needs_two: Mapped[bool] = mapped_column(default=True)  # two people open the answers
    state: Mapped[TenderState] = mapped_column(Closed(TenderState), default=TenderState.DRAFT)
    frozen: Mapped[dict[str, Any] | None]  # what was frozen: catalogue, set, must-haves, the whole policy
    frozen_sha256: Mapped[str] = mapped_column(String(64), default="")
    frozen_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    opening_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # the person who spoke first
    opening_by_name: Mapped[str] = mapped_column(String(200), default="")
    opening_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    opened_by_name: Mapped[str] = mapped_column(String(200), default="")
    ended_at: Mapped[datetime | None]  # awarded or cancelled
    end_reason: Mapped[str] = mapped_column(Text, default="")
    is_lapsed: Mapped[bool] = mapped_column(default=False)  # nobody ended it, so the night did
    lapse_on: Mapped[date | None]  # somebody put off the day on which it ends by itself
    lapse_reason: Mapped[str] = mapped_column(Text, default="")
    lapse_by: Mapped[str] = mapped_column(String(200), default="")
    lapse_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)

    lots: Mapped[list["TenderLot"]] = relationship(back_populates="tender", order_by="TenderLot.number")
    bidders: Mapped[list["TenderBidder"]] = relationship(
        back_populates="tender", order_by="TenderBidder.created_at, TenderBidder.id"
    )
    queries: Mapped[list["TenderQuery"]] = relationship(order_by="TenderQuery.asked_at")


class TenderLot(Row):
    """One lot (Los): a product or service that is bought, and what its intake says of it."""

    __tablename__ = "tender_lot"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "tender_id", "number"),
        ForeignKeyConstraint(["hospital_id", "tender_id"], ["tender.hospital_id", "tender.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    intake: Mapped[dict[str, Any] | None]  # as of a supply: form_version and answers; None: nobody has filled it in
    impact: Mapped[int | None]
    patient_safety: Mapped[int | None]
    proposed_tier: Mapped[int | None]
    tier: Mapped[int | None]  # the proposal unless overridden
    override_reason: Mapped[str] = mapped_column(Text, default="")
    policy_version: Mapped[str] = mapped_column(String(20), default="")
    intake_by: Mapped[str] = mapped_column(String(200), default="")
    intake_at: Mapped[datetime | None]
    question_set: Mapped[str] = mapped_column(String(20), default="")  # "": what the tier gets, or the tender's
    must_haves: Mapped[list[Any] | None]  # beside the tender's
    ended_at: Mapped[datetime | None]  # without an award, while the others go on
    ended_by: Mapped[str] = mapped_column(String(200), default="")
    end_ground: Mapped[EndGround | None] = mapped_column(Closed(EndGround))
    end_reason: Mapped[str] = mapped_column(Text, default="")

    tender: Mapped[Tender] = relationship(back_populates="lots")


class TenderBidder(Row):
    """Somebody who bids for one lot (Bieter); no vendor of the hospital before the award."""

    __tablename__ = "tender_bidder"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("house_id"),
        ForeignKeyConstraint(["hospital_id", "tender_id"], ["tender.hospital_id", "tender.id"]),
        ForeignKeyConstraint(["hospital_id", "lot_id"], ["tender_lot.hospital_id", "tender_lot.id"]),
        ForeignKeyConstraint(["house_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    lot_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(200))
    domain: Mapped[str] = mapped_column(String(253), default="")
    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2), default="de")
    house_id: Mapped[str | None] = mapped_column(ForeignKey("hospital.id"))  # once it is invited
    assessment_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    vendor_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # what it became by the award
    created_at: Mapped[datetime]
    invited_at: Mapped[datetime | None]
    awarded_at: Mapped[datetime | None]
    excluded_at: Mapped[datetime | None]  # by hand; what its own answers exclude is read from them
    excluded_by: Mapped[str] = mapped_column(String(200), default="")
    exclusion_ground: Mapped[ExclusionGround | None] = mapped_column(Closed(ExclusionGround))
    exclusion_reason: Mapped[str] = mapped_column(Text, default="")
    removed_at: Mapped[datetime | None]  # retention is over: what it answered and was seen of it is gone from here

    tender: Mapped[Tender] = relationship(back_populates="bidders")


class TenderQuery(Row):
    """A question of a bidder (Bieterfrage), or a word of the hospital's own; what is published goes to all alike."""

    __tablename__ = "tender_query"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "tender_id"], ["tender.hospital_id", "tender.id"]),
        ForeignKeyConstraint(["hospital_id", "bidder_id"], ["tender_bidder.hospital_id", "tender_bidder.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    bidder_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # None: the hospital says it of itself
    text: Mapped[str] = mapped_column(Text)  # as the bidder wrote it: no other bidder reads this
    asked_at: Mapped[datetime]
    question: Mapped[str] = mapped_column(Text, default="")  # as the hospital publishes it, naming nobody
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(200), default="")
