"""What was concluded, as rows: scores when an input changes, risks, and what people decided about them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assessments.model import Treatment
from portal.db.base import ID_LENGTH, Closed, Row, new_id


class ScoreRecord(Row):
    """A score at one moment, with the versions that made it; lists read these rows."""

    __tablename__ = "score"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        Index("ix_score_assessment_at", "hospital_id", "assessment_id", "at"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    at: Mapped[datetime]
    value: Mapped[float | None]
    grade: Mapped[str | None] = mapped_column(String(1))
    coverage: Mapped[float]
    outside_value: Mapped[float | None]
    outside_grade: Mapped[str | None] = mapped_column(String(1))
    outside_coverage: Mapped[float | None]
    tier: Mapped[int | None]
    impact: Mapped[int | None]
    likelihood: Mapped[int | None]
    residual: Mapped[str | None] = mapped_column(String(20))
    parts: Mapped[dict[str, Any]]  # "1"…"10", "MD", "CL", "DP" -> {"value", "level", "coverage", "basis"}
    contradictions: Mapped[int] = mapped_column(default=0)
    open_findings: Mapped[dict[str, Any]]  # severity -> number of failed checks
    evidence_ends: Mapped[list[Any] | None]  # the day on which each document ends that soon ends or has ended
    policy_version: Mapped[str] = mapped_column(String(20))
    catalogue_version: Mapped[str] = mapped_column(String(100))  # name and version: "hospital-vendor 2026.1"
    checks_version: Mapped[str] = mapped_column(String(20))
    is_current: Mapped[bool] = mapped_column(default=True, index=True)


class StoredAssessment(Row):
    """What follows from the facts of a vendor as a snapshot holds it; it counts where facts have this fingerprint."""

    __tablename__ = "stored_assessment"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    packed: Mapped[bytes]  # JSON


class RiskRecord(Row):
    """A derived risk; what a person decides about it stands in RiskTreatment and outlives re-derivation."""

    __tablename__ = "risk"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "vendor_id", "key"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_risk_standing", "hospital_id", "gone_at"),
        # What the list counts and puts in order, so that it need not read the documents.
        Index(
            "ix_risk_listed",
            *("hospital_id", "gone_at", "residual", "likelihood", "impact", "source", "vendor_id", "id", "key"),
        ),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    key: Mapped[str] = mapped_column(String(200))  # stable: what makes it the same risk tomorrow
    document: Mapped[dict[str, Any]]  # the derived risk as assessments writes it
    likelihood: Mapped[int]
    impact: Mapped[int]
    residual: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20), default="", server_default="")  # as in the document
    derived_at: Mapped[datetime]
    first_derived_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class RiskTreatment(Row):
    """What people of the hospital wrote about a risk."""

    __tablename__ = "risk_treatment"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "risk_id"], ["risk.hospital_id", "risk.id"]),
        Index("ix_risk_treatment_accepted", "hospital_id", "treatment", "accepted_until"),
        Index("ix_risk_treatment_due", "hospital_id", "due_on"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    risk_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    treatment: Mapped[Treatment] = mapped_column(Closed(Treatment), default=Treatment.OPEN)
    owner: Mapped[str] = mapped_column(String(200), default="")
    due_on: Mapped[date | None]
    accepted_until: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
