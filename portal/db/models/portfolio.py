"""What lists read of vendors and supplies, one narrow row each; views and columns that people keep; shared grounds."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id
from portal.db.models.assessments import Stage


class VendorLine(Row):
    """A vendor as lists show it; `portal.db.lines` writes it in the transaction that changes what it rests on."""

    __tablename__ = "vendor_line"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_vendor_line_name", "hospital_id", "is_ended", "sorted_by"),
        # What the start page counts and puts in order, so that it need not read the rows themselves.
        Index(
            "ix_vendor_line_due",
            *("hospital_id", "is_ended", "sorted_by", "vendor_id", "stage", "due_on", "submitted_at", "critical"),
            *("contradictions", "evidence_end", "tier", "assessment_id", "unrated_supply_id", "grade", "residual"),
        ),
        Index("ix_vendor_line_of", "hospital_id", "vendor_id", "is_ended", "sorted_by", "grade"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    sorted_by: Mapped[str] = mapped_column(String(250))  # the name without case and accents
    words: Mapped[str] = mapped_column(Text)  # what a search looks in, without case
    products: Mapped[str] = mapped_column(Text)
    is_ended: Mapped[bool]
    has_security_contact: Mapped[bool]
    supplies: Mapped[int]
    unrated_supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # the first one without an intake
    tier: Mapped[int | None]
    impact: Mapped[int | None]
    assessment_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # the newest round
    stage: Mapped[Stage | None] = mapped_column(Closed(Stage))
    due_on: Mapped[date | None]
    submitted_at: Mapped[datetime | None]
    score_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # its current score
    value: Mapped[float | None]
    grade: Mapped[str | None] = mapped_column(String(1))
    coverage: Mapped[float | None]
    outside_value: Mapped[float | None]
    outside_grade: Mapped[str | None] = mapped_column(String(1))
    residual: Mapped[str | None] = mapped_column(String(20))
    residual_rank: Mapped[int | None]
    contradictions: Mapped[int]
    critical: Mapped[int]  # critical checks that are not met
    evidence_ends: Mapped[list[Any]]  # the day on which each document ends that soon ends or has ended
    evidence_end: Mapped[date | None]  # the first of them
    moved: Mapped[float | None]  # the points between the score before and this one, where the cause is known
    scored_at: Mapped[datetime | None]


class SupplyLine(Row):
    """A supply as lists show it."""

    __tablename__ = "supply_line"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_supply_line_vendor", "hospital_id", "vendor_id"),
        Index("ix_supply_line_name", "hospital_id", "is_ended", "sorted_by"),
        Index("ix_supply_line_department", "hospital_id", "department"),
        Index(
            "ix_supply_line_exit", "hospital_id", "is_ended", "has_exit_plan", "likely_tier", "sorted_by", "supply_id"
        ),
        Index(
            "ix_supply_line_security",
            *("hospital_id", "is_ended", "has_security_contact", "likely_tier", "sorted_by", "supply_id"),
        ),
        Index("ix_supply_line_of", "hospital_id", "supply_id", "is_ended"),
        # What the list by product counts and puts in order, so that it need not read the rows themselves.
        Index(
            "ix_supply_line_listed",
            *("hospital_id", "is_ended", "vendor_id", "tier", "department", "sorted_by", "supply_id"),
        ),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(200))
    sorted_by: Mapped[str] = mapped_column(String(250))
    words: Mapped[str] = mapped_column(Text)
    is_ended: Mapped[bool]
    product_group: Mapped[str] = mapped_column(String(60))
    department: Mapped[str] = mapped_column(String(120))
    owner_name: Mapped[str] = mapped_column(String(200))
    contract_ends_on: Mapped[date | None]
    tier: Mapped[int | None]
    impact: Mapped[int | None]
    likely_tier: Mapped[int] = mapped_column(
        server_default="9"
    )  # its tier, or what its product group lets expect; 9: nobody knows
    has_exit_plan: Mapped[bool] = mapped_column(server_default=false())
    has_security_contact: Mapped[bool] = mapped_column(server_default=false())  # of its own or of its vendor


class SavedView(Row):
    """Filters, order and columns of the vendor list under a name; shared ones are everybody's of the hospital."""

    __tablename__ = "saved_view"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "person_id", "folded"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    by_name: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(80))
    folded: Mapped[str] = mapped_column(String(160))  # the name as two of them are compared
    address: Mapped[str] = mapped_column(Text)  # the query of the list's address
    is_shared: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class ListChoice(Row):
    """How one person of a hospital has the vendor list: columns, and the view it opens with."""

    __tablename__ = "list_choice"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "view_id"], ["saved_view.hospital_id", "saved_view.id"]),)

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    columns: Mapped[dict[str, Any]]  # list -> keys of its columns
    view_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))


class SharedGround(Row):
    """Something a vendor rests on that others may rest on too, as its newest open scan has seen it."""

    __tablename__ = "shared_ground"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_shared_ground_key", "hospital_id", "kind", "key"),
        Index("ix_shared_ground_scan", "hospital_id", "scan_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    scan_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)  # mail, host, product
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    host: Mapped[str] = mapped_column(String(253), primary_key=True)  # where it was seen
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    label: Mapped[str] = mapped_column(String(200))
