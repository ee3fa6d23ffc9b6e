"""People, the two kinds of tenant they belong to, and how they prove who they are."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class HospitalRole(StrEnum):
    """What a person may do in a hospital."""

    ADMIN = "admin"
    ASSESSOR = "assessor"
    DECIDER = "decider"
    AUDITOR = "auditor"


class CompanyRole(StrEnum):
    """What a person may do in a company."""

    LEAD = "lead"
    CONTRIBUTOR = "contributor"
    SIGNATORY = "signatory"


class SessionStage(StrEnum):
    """How far a sign-in has come; only FULL opens anything but the second factor."""

    PASSWORD = "password"  # noqa: S105 - the name of a stage
    FULL = "full"


class TicketPurpose(StrEnum):
    """What a single-use link is for; a ticket of one purpose opens no other door."""

    FIRST_HOSPITAL = "first-hospital"
    JOIN_HOSPITAL = "join-hospital"
    JOIN_COMPANY = "join-company"
    NEW_PASSWORD = "new-password"  # noqa: S105 - the name of a purpose
    PUBLIC_LOOK = "public-look"
    PUBLIC_RESULT = "public-result"  # read until it runs out, by whoever holds it; role: the job's id


class Hospital(Row):
    """A tenant that assesses."""

    __tablename__ = "hospital"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(100), default="")
    state: Mapped[str] = mapped_column(String(2), default="")  # German state for its holidays, "NW"; "" elsewhere
    country: Mapped[str] = mapped_column(String(2), default="DE")
    language: Mapped[str] = mapped_column(String(2), default="de")
    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    contact_phone: Mapped[str] = mapped_column(String(60), default="")
    is_for_bidder: Mapped[bool] = mapped_column(default=False)  # stands for a hospital in a tender; nobody works in it
    second_eyes_tier: Mapped[int] = mapped_column(default=0)  # up to this tier two people end a review; 0: never
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    members: Mapped[list["HospitalMember"]] = relationship(back_populates="hospital")


class Company(Row):
    """A tenant that is assessed; nothing of it shows through another hospital."""

    __tablename__ = "company"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2), default="DE")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    members: Mapped[list["CompanyMember"]] = relationship(back_populates="company")


class Person(Row):
    """Somebody with an account; one account may serve several hospitals and companies."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2), default="de")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_sealed: Mapped[str | None] = mapped_column(Text)  # AES-GCM under the instance key
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]  # a code is good once (RFC 6238 section 5.2)
    is_operator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    hospitals: Mapped[list["HospitalMember"]] = relationship(back_populates="person")
    companies: Mapped[list["CompanyMember"]] = relationship(back_populates="person")


class RecoveryCode(Row):
    """A spare second factor, usable once."""

    __tablename__ = "recovery_code"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class HospitalMember(Row):
    """A person's role in a hospital; ended rows stay for the audit."""

    __tablename__ = "hospital_member"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[HospitalRole] = mapped_column(Closed(HospitalRole))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    hospital: Mapped[Hospital] = relationship(back_populates="members")
    person: Mapped[Person] = relationship(back_populates="hospitals")


class CompanyMember(Row):
    """A person's role in a company."""

    __tablename__ = "company_member"

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[CompanyRole] = mapped_column(Closed(CompanyRole))
    function: Mapped[str] = mapped_column(String(200), default="")  # "Informationssicherheitsbeauftragte"
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    company: Mapped[Company] = relationship(back_populates="members")
    person: Mapped[Person] = relationship(back_populates="companies")


class SignIn(Row):
    """A server-side session: the cookie holds a random value, the row its SHA-256."""

    __tablename__ = "sign_in"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    stage: Mapped[SessionStage] = mapped_column(Closed(SessionStage))
    csrf_secret: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # when the person last proved themselves, for step-up
    place: Mapped[str] = mapped_column(String(40), default="")  # "hospital:<id>" or "company:<id>" the person works in
    notice: Mapped[list[Any] | None]  # confirmations to show on the next page

    person: Mapped[Person] = relationship()


class Attempt(Row):
    """One try at something worth limiting; the key is a hash of account or address."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Ticket(Row):
    """A single-use link: 256 bits in the mail, their SHA-256 here; redeemed by POST only."""

    __tablename__ = "ticket"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    purpose: Mapped[TicketPurpose] = mapped_column(Closed(TicketPurpose))
    token_hash: Mapped[str] = mapped_column(String(64))
    email: Mapped[str] = mapped_column(String(254), default="")
    hospital_id: Mapped[str | None] = mapped_column(ForeignKey("hospital.id"))
    company_id: Mapped[str | None] = mapped_column(ForeignKey("company.id"))
    role: Mapped[str] = mapped_column(String(32), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
