"""Incidents, both ways: what a company reports to its hospitals, and what a hospital asks its vendors at once.

Incident, word, addressee and reply are the company's; desk, receipt, flash, asked, link and note are the hospital's.
Nothing of what was said is ever changed: every table that holds words is only added to.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class IncidentStage(StrEnum):
    """Which word of the three that § 32 BSIG knows; interim words may come at any time before the last."""

    EARLY = "early"  # within 24 hours
    NOTIFICATION = "notification"  # within 72 hours
    INTERIM = "interim"
    FINAL = "final"  # within a month; closes the incident


class FlashStanding(StrEnum):
    """What a vendor answers to a question of the moment."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not-affected"
    INVESTIGATING = "investigating"


class Incident(Row):
    """Something that happened at a company; an exercise goes to nobody."""

    __tablename__ = "incident"
    __table_args__ = (UniqueConstraint("company_id", "id"), Index("ix_incident_company", "company_id", "created_at"))

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200))
    known_at: Mapped[datetime]  # since when the company has known of it: the clocks count from here
    is_exercise: Mapped[bool] = mapped_column(default=False)
    by_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class IncidentWord(Row):
    """What the company said at one moment."""

    __tablename__ = "incident_word"
    __table_args__ = (
        ForeignKeyConstraint(["company_id", "incident_id"], ["incident.company_id", "incident.id"]),
        UniqueConstraint("incident_id", "sequence"),
    )

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    incident_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    sequence: Mapped[int]
    stage: Mapped[IncidentStage] = mapped_column(Closed(IncidentStage))
    document: Mapped[dict[str, Any]]  # as services.incidents.WordFields says it
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class IncidentAddressee(Row):
    """A hospital that the company told; what another one gets from the company it does not learn."""

    __tablename__ = "incident_addressee"
    __table_args__ = (
        ForeignKeyConstraint(["company_id", "incident_id"], ["incident.company_id", "incident.id"]),
        ForeignKeyConstraint(["company_id", "assessment_id"], ["assessment.company_id", "assessment.id"]),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        UniqueConstraint("incident_id", "hospital_id", "vendor_id"),
        Index("ix_incident_addressee_hospital", "hospital_id", "vendor_id"),
    )

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    incident_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    supplies: Mapped[list[Any]]  # names of the products concerned, as this hospital calls them
    at: Mapped[datetime]


class IncidentReceipt(Row):
    """A person of the hospital has read a word; what they answer the company reads."""

    __tablename__ = "incident_receipt"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        UniqueConstraint("hospital_id", "word_id"),
        Index("ix_incident_receipt_incident", "incident_id"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"))
    word_id: Mapped[str] = mapped_column(ForeignKey("incident_word.id"))
    text: Mapped[str] = mapped_column(Text, default="")
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class IncidentDesk(Row):
    """Whom a hospital wants called and mailed about incidents at any hour, beside its assessors."""

    __tablename__ = "incident_desk"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Flash(Row):
    """One question to many vendors: are you affected?"""

    __tablename__ = "flash"
    __table_args__ = (UniqueConstraint("hospital_id", "id"), Index("ix_flash_hospital", "hospital_id", "at"))

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    about: Mapped[str] = mapped_column(String(200))  # product or component
    text_de: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    first_due_at: Mapped[datetime]
    last_due_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]  # no further mail goes out by itself
    stopped_by: Mapped[str] = mapped_column(String(200), default="")
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(200), default="")
    conclusion: Mapped[str] = mapped_column(Text, default="")


class FlashAsked(Row):
    """A vendor that was asked, why, and how far it went to reach somebody."""

    __tablename__ = "flash_asked"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "flash_id", "vendor_id"),
        ForeignKeyConstraint(["hospital_id", "flash_id"], ["flash.hospital_id", "flash.id"]),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    flash_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)  # whose company answers
    known_by: Mapped[str] = mapped_column(String(20))  # services.flashes.KnownBy
    matches: Mapped[list[Any]]  # the names that were found
    email: Mapped[str] = mapped_column(String(254), default="")
    second_email: Mapped[str] = mapped_column(String(254), default="")
    escalated_at: Mapped[datetime | None]
    phone_at: Mapped[datetime | None]  # since when it is on the list of those to call


class FlashLink(Row):
    """A link that lets its reader answer without an account; answering redeems it, reading never does."""

    __tablename__ = "flash_link"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "asked_id"], ["flash_asked.hospital_id", "flash_asked.id"]),
        UniqueConstraint("token_hash"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    asked_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    redeemed_at: Mapped[datetime | None]


class FlashReply(Row):
    """What the vendor answered; company_id None: by a link, without an account. The newest counts."""

    __tablename__ = "flash_reply"

    company_id: Mapped[str | None] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    asked_id: Mapped[str] = mapped_column(ForeignKey("flash_asked.id"), index=True)
    standing: Mapped[FlashStanding] = mapped_column(Closed(FlashStanding))
    text: Mapped[str] = mapped_column(Text, default="")
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    by_name: Mapped[str] = mapped_column(String(200))
    by_email: Mapped[str] = mapped_column(String(254), default="")
    at: Mapped[datetime]


class FlashNote(Row):
    """What the hospital learned by telephone or mail and wrote down itself."""

    __tablename__ = "flash_note"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "asked_id"], ["flash_asked.hospital_id", "flash_asked.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    asked_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    standing: Mapped[FlashStanding] = mapped_column(Closed(FlashStanding))
    text: Mapped[str] = mapped_column(Text)
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
