"""A hospital's own record of its suppliers: vendor, supply, intake, host."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from assessments.model import HostRole
from portal.db.base import ID_LENGTH, Closed, Row, new_id
from scanners.attribution import Belonging


class HostState(StrEnum):
    """Whether a host is in scope, and who said so."""

    NAMED = "named"  # by the hospital
    CONFIRMED = "confirmed"  # by the company
    ADDED = "added"  # by the company
    STRUCK = "struck"  # by the company: not ours


class Ground(StrEnum):
    """Why the hospital may look at a host before the vendor has spoken."""

    CONTRACT = "contract"
    TENDER = "tender"
    CONSENT = "consent"


class Speaker(StrEnum):
    """Who says what a host is for."""

    HOSPITAL = "hospital"
    COMPANY = "company"


class Vendor(Row):
    """A supplier as this hospital knows it."""

    __tablename__ = "vendor"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        Index("ix_vendor_name", "hospital_id", "name"),
        Index("ix_vendor_created", "hospital_id", "created_at", "id"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    domain: Mapped[str] = mapped_column(String(253), default="")
    vat_id: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str] = mapped_column(String(2), default="DE")
    creditor_number: Mapped[str] = mapped_column(String(40), default="")
    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    security_email: Mapped[str] = mapped_column(String(254), default="")
    lei: Mapped[str] = mapped_column(String(20), default="")  # legal entity identifier, ISO 17442
    parent_name: Mapped[str] = mapped_column(String(200), default="")  # the group it belongs to
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    supplies: Mapped[list["Supply"]] = relationship(back_populates="vendor", order_by="Supply.created_at")
    hosts: Mapped[list["Host"]] = relationship(back_populates="vendor", order_by="Host.name")


class Supply(Row):
    """One product or service that the hospital gets from the vendor."""

    __tablename__ = "supply"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_supply_vendor", "hospital_id", "vendor_id"),  # SQLite knows no better which of these is narrow
        Index("ix_supply_contract", "hospital_id", "contract_ends_on", "id", "renews_months", "notice_months"),
        Index("ix_supply_notice", "hospital_id", "notice_months", "contract_ends_on", "id"),
        Index("ix_supply_exit_due", "hospital_id", "exit_due_on", "id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    name: Mapped[str] = mapped_column(String(200))
    product_group: Mapped[str] = mapped_column(String(60), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    department: Mapped[str] = mapped_column(String(120), default="")
    owner_name: Mapped[str] = mapped_column(String(200), default="")
    owner_email: Mapped[str] = mapped_column(String(254), default="")
    deputy_name: Mapped[str] = mapped_column(String(200), default="")
    contract_number: Mapped[str] = mapped_column(String(80), default="")
    contract_starts_on: Mapped[date | None]
    contract_ends_on: Mapped[date | None]
    notice_months: Mapped[int | None]
    renews_months: Mapped[int | None]  # by itself where nobody gives notice; None: it does not, or it is not known
    volume_per_year: Mapped[int | None]  # in whole euros
    has_security_terms: Mapped[bool | None]
    dpa_signed_on: Mapped[date | None]  # data processing agreement, Art. 28 GDPR
    law_country: Mapped[str] = mapped_column(String(2), default="")  # whose law holds for the contract
    data_countries: Mapped[str] = mapped_column(String(200), default="")  # where data lie: "DE, IE"
    audited_on: Mapped[date | None]  # by the hospital or for it
    exit_plan: Mapped[str] = mapped_column(Text, default="")
    exit_return_format: Mapped[str] = mapped_column(String(200), default="")
    exit_tested_on: Mapped[date | None]
    exit_due_on: Mapped[date | None]  # when the plan is to be looked at again
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    vendor: Mapped[Vendor] = relationship(back_populates="supplies")
    intakes: Mapped[list["IntakeRecord"]] = relationship(back_populates="supply", order_by="IntakeRecord.at")


class IntakeRecord(Row):
    """One filled-in intake of a supply; the newest counts, the older ones stay."""

    __tablename__ = "intake"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    answers: Mapped[dict[str, Any]]
    impact: Mapped[int]
    patient_safety: Mapped[int]
    proposed_tier: Mapped[int]
    tier: Mapped[int]  # the proposal unless overridden
    override_reason: Mapped[str] = mapped_column(Text, default="")
    policy_version: Mapped[str] = mapped_column(String(20))
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]

    supply: Mapped[Supply] = relationship(back_populates="intakes")


class Host(Row):
    """A name under which the vendor serves this hospital; supply_id None: the company as a whole."""

    __tablename__ = "host"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "vendor_id", "name"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(253))
    role: Mapped[HostRole] = mapped_column(Closed(HostRole), default=HostRole.PRODUCT)
    state: Mapped[HostState] = mapped_column(Closed(HostState), default=HostState.NAMED)
    ground: Mapped[Ground] = mapped_column(Closed(Ground), default=Ground.CONTRACT)
    ground_note: Mapped[str] = mapped_column(String(500), default="")
    belonging: Mapped[Belonging | None] = mapped_column(Closed(Belonging))  # None: as the scanner proposes
    created_at: Mapped[datetime]

    vendor: Mapped[Vendor] = relationship(back_populates="hosts")
    further: Mapped[list["HostSupply"]] = relationship(cascade="all, delete-orphan", order_by="HostSupply.supply_id")
    words: Mapped[list["HostWord"]] = relationship(cascade="all, delete-orphan", order_by="HostWord.at")

    @property
    def supply_ids(self) -> tuple[str, ...]:
        """The supplies it serves; none: the company as a whole."""
        return ((self.supply_id,) if self.supply_id else ()) + tuple(one.supply_id for one in self.further)


class HostSupply(Row):
    """A further supply that a host serves, beside the one it was named for."""

    __tablename__ = "host_supply"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "host_id"], ["host.hospital_id", "host.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    host_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)


class HostWord(Row):
    """The last word of one side on what a host is for; what stands is in the host's own row."""

    __tablename__ = "host_word"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "host_id"], ["host.hospital_id", "host.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    host_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    speaker: Mapped[Speaker] = mapped_column(Closed(Speaker), primary_key=True)
    role: Mapped[HostRole] = mapped_column(Closed(HostRole))
    belonging: Mapped[Belonging | None] = mapped_column(Closed(Belonging))
    supplies: Mapped[list[Any]]  # ids; none: the company as a whole
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class VendorImport(Row):
    """A list that somebody uploaded, until it is taken in or thrown away."""

    __tablename__ = "vendor_import"

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    file_name: Mapped[str] = mapped_column(String(200))
    heading: Mapped[list[Any]]
    rows: Mapped[list[Any]]
    first_row: Mapped[int]  # the number of the first row in the file
    by_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
