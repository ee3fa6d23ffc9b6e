"""What a company's lists of software parts (SBOM) say, and what our data sets know of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row
from portal.db.models.findings import Cause


class ListState(StrEnum):
    """What became of a document that was to be a list of parts."""

    READ = "read"
    REFUSED = "refused"  # the document stays; `refusal` says why


class ComponentList(Row):
    """A document read as a list of parts: what it says of itself, and by which data its parts were judged."""

    __tablename__ = "component_list"
    __table_args__ = (ForeignKeyConstraint(["company_id", "evidence_id"], ["evidence.company_id", "evidence.id"]),)

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    state: Mapped[ListState] = mapped_column(Closed(ListState))
    refusal: Mapped[dict[str, Any] | None]  # a sentence with its values
    format: Mapped[str] = mapped_column(String(20), default="")
    format_version: Mapped[str] = mapped_column(String(20), default="")
    product: Mapped[str] = mapped_column(String(300), default="")
    product_version: Mapped[str] = mapped_column(String(200), default="")
    product_supplier: Mapped[str] = mapped_column(String(200), default="")
    made_at: Mapped[datetime | None]  # as the list says
    author: Mapped[str] = mapped_column(String(200), default="")
    tools: Mapped[str] = mapped_column(String(200), default="")
    relations: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]]  # parts in all, and with which facts; see services.components
    standings: Mapped[dict[str, Any]]  # parts by what the data say of them
    data_version: Mapped[str] = mapped_column(String(120), default="")
    rules_version: Mapped[str] = mapped_column(String(20), default="")
    read_at: Mapped[datetime]
    judged_at: Mapped[datetime]


class Component(Row):
    """One part, and how it stands by the newest data."""

    __tablename__ = "component"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company_id", "evidence_id"], ["component_list.company_id", "component_list.evidence_id"]
        ),
        Index("ix_component_folded", "company_id", "folded"),
    )

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # in the list, from 1
    name: Mapped[str] = mapped_column(String(300))
    folded: Mapped[str] = mapped_column(String(300))  # the name as it is searched for
    version: Mapped[str] = mapped_column(String(200), default="")
    purl: Mapped[str] = mapped_column(String(500), default="")
    cpe: Mapped[str] = mapped_column(String(500), default="")
    supplier: Mapped[str] = mapped_column(String(200), default="")
    licence: Mapped[str] = mapped_column(String(200), default="")
    hashes: Mapped[int] = mapped_column(default=0)
    standing: Mapped[str] = mapped_column(String(20))  # scanners.components.Standing
    why: Mapped[str] = mapped_column(String(20), default="")  # scanners.components.Why


class ComponentFinding(Row):
    """Something that is known of a part; it stays when it no longer holds, with the day."""

    __tablename__ = "component_finding"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company_id", "evidence_id", "position"],
            ["component.company_id", "component.evidence_id", "component.position"],
        ),
    )

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)  # a CVE or GHSA number, a day
    standing: Mapped[str] = mapped_column(String(20))
    severity: Mapped[str] = mapped_column(String(20))
    is_used: Mapped[bool] = mapped_column(default=False)  # known to be used in attacks
    fact: Mapped[dict[str, Any]]  # a sentence with its values
    cause: Mapped[Cause] = mapped_column(Closed(Cause))  # what brought it to light
    first_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class SharedComponent(Row):
    """A component of a vendor's handed-in list as one hospital may count it with those of its other vendors."""

    __tablename__ = "shared_component"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(
            ["company_id", "evidence_id"], ["component_list.company_id", "component_list.evidence_id"]
        ),
        Index("ix_shared_component_key", "hospital_id", "key", "vendor_id"),
        Index("ix_shared_component_list", "company_id", "evidence_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)  # package URL without version, or the name
    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    label: Mapped[str] = mapped_column(String(200))
    versions: Mapped[list[Any]]
    known: Mapped[list[Any]]  # names of the holes that are known of these versions, those used in attacks first
    standing: Mapped[str] = mapped_column(String(20))  # the worst of them
    until: Mapped[date | None]  # the last day on which the document holds


class ComponentNotice(Row):
    """What new data showed in a list, and one reader who is to be told: a hospital, or the company itself ("")."""

    __tablename__ = "component_notice"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company_id", "evidence_id"], ["component_list.company_id", "component_list.evidence_id"]
        ),
        Index("ix_component_notice_hospital_id", "hospital_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    news: Mapped[list[Any]]  # [part, version, name, is_used]
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]
