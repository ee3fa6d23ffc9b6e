"""What hangs on a vendor or a supply: people, further domains, subcontractors, alternatives, devices, its end."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class ContactRole(StrEnum):
    """What somebody at the vendor is called for."""

    SALES = "sales"
    SECURITY = "security"
    PRIVACY = "privacy"
    EMERGENCY = "emergency"  # technical, day and night
    OTHER = "other"


class ArticleKind(StrEnum):
    """Whether it is a thing or a program."""

    DEVICE = "device"
    SOFTWARE = "software"


class Step(StrEnum):
    """What has to be done before a supply or a vendor is really gone."""

    ACCESS = "access"
    REMOTE = "remote"
    DATA = "data"
    DEVICES = "devices"


class StepState(StrEnum):
    """How far a step has come."""

    OPEN = "open"
    DONE = "done"
    NOT_NEEDED = "not-needed"


class VendorContact(Row):
    """Somebody at the vendor; supply_id None: for all it supplies."""

    __tablename__ = "vendor_contact"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        Index("ix_vendor_contact_vendor", "hospital_id", "vendor_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    role: Mapped[ContactRole] = mapped_column(Closed(ContactRole))
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class VendorDomain(Row):
    """A further domain of the vendor, beside its main one; it is known by it, and nothing is scanned for it."""

    __tablename__ = "vendor_domain"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "vendor_id", "name"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(253))
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Subcontractor(Row):
    """Somebody whom the vendor uses itself; supply_id None: for all it supplies. Yes or no may be unknown (None)."""

    __tablename__ = "subcontractor"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        Index("ix_subcontractor_vendor", "hospital_id", "vendor_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(200))
    rank: Mapped[int] = mapped_column(default=1)  # 1: the vendor's own, 2: that one's, and so on
    service: Mapped[str] = mapped_column(String(300), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    data_access: Mapped[bool | None]
    patient_data: Mapped[bool | None]
    since: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Alternative(Row):
    """A product that could take the place of a supply, and how long it would take."""

    __tablename__ = "alternative"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        Index("ix_alternative_supply", "hospital_id", "supply_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(200))
    vendor_name: Mapped[str] = mapped_column(String(200), default="")
    months: Mapped[int | None]  # to switch
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Article(Row):
    """Devices or software of one model and version that the hospital uses of a supply."""

    __tablename__ = "article"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        Index("ix_article_supply", "hospital_id", "supply_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    kind: Mapped[ArticleKind] = mapped_column(Closed(ArticleKind), default=ArticleKind.DEVICE)
    model: Mapped[str] = mapped_column(String(200))
    release: Mapped[str] = mapped_column(String(80), default="")  # version of model or program
    udi_di: Mapped[str] = mapped_column(String(60), default="")
    count: Mapped[int] = mapped_column(default=1)
    location: Mapped[str] = mapped_column(String(200), default="")
    network_zone: Mapped[str] = mapped_column(String(120), default="")
    cloud: Mapped[bool | None]  # whether it is connected to a cloud; None: not known
    support_ends_on: Mapped[date | None]
    checked_on: Mapped[date | None]  # § 17 MPBetreibV: the last check of its IT security, as its protocol says
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Offboarding(Row):
    """The end of a supply, or of a vendor with all it supplies (supply_id None), with its reason; it may be taken
    back, and the row stays."""

    __tablename__ = "offboarding"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        Index("ix_offboarding_vendor", "hospital_id", "vendor_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    steps: Mapped[list["OffboardingStep"]] = relationship(cascade="all, delete-orphan", order_by="OffboardingStep.step")


class OffboardingStep(Row):
    """One line of the checklist, with what proves it."""

    __tablename__ = "offboarding_step"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "offboarding_id"], ["offboarding.hospital_id", "offboarding.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    offboarding_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    step: Mapped[Step] = mapped_column(Closed(Step), primary_key=True)
    state: Mapped[StepState] = mapped_column(Closed(StepState), default=StepState.OPEN)
    proof: Mapped[str] = mapped_column(String(500), default="")
    by_name: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime | None]
