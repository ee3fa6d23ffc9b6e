"""Exports of a hospital: what was asked for, how far it is, and what came of it; the row outlives the file."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class ExportKind(StrEnum):
    """What can be taken along."""

    REGISTER = "register"
    VENDOR_REPORT = "vendor-report"
    VENDOR_REPORTS = "vendor-reports"  # of all vendors, in one archive
    BUNDLE = "bundle"  # the evidence bundle of one vendor
    VENDOR_JSON = "vendor-json"
    VENDOR_OSCAL = "vendor-oscal"
    REGISTER_JSON = "register-json"
    COMMITTEE = "committee"  # the committee's paper
    COMPARISON = "comparison"
    COMPARISON_PDF = "comparison-pdf"


class ExportState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"  # `failure` says why
    EXPIRED = "expired"  # the file is gone; that it was made, and its hashes, stay


class Export(Row):
    """One file that somebody asked for."""

    __tablename__ = "export"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("open_key"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_export_asked", "hospital_id", "asked_at"),
        Index("ix_export_sha256", "hospital_id", "sha256"),
        Index("ix_export_fingerprint", "hospital_id", "fingerprint"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    kind: Mapped[ExportKind] = mapped_column(Closed(ExportKind))
    language: Mapped[str] = mapped_column(String(2))
    vendor_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # of what is about one vendor
    title: Mapped[str] = mapped_column(String(200), default="")  # the vendor as it was called then
    state: Mapped[ExportState] = mapped_column(Closed(ExportState), default=ExportState.WAITING)
    open_key: Mapped[str | None] = mapped_column(String(120))  # while it waits or runs: asked twice is one job
    asked_by: Mapped[str] = mapped_column(String(ID_LENGTH))  # the person
    asked_by_name: Mapped[str] = mapped_column(String(200))
    others: Mapped[list[Any]]  # persons who asked for the same before it was ready
    asked_at: Mapped[datetime]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(300), default="")  # a sentence of ours
    made_at: Mapped[datetime | None]  # the moment whose facts it holds
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    file_name: Mapped[str] = mapped_column(String(300), default="")
    media_type: Mapped[str] = mapped_column(String(100), default="")
    size: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of the file
    fingerprint: Mapped[str] = mapped_column(String(64), default="")  # as it stands on the cover of a register
    vendors: Mapped[int] = mapped_column(default=0)  # how many are in it
    blob_id: Mapped[str] = mapped_column(String(64), default="")
    about: Mapped[dict[str, Any] | None]  # of a comparison: which vendors, and what of them
