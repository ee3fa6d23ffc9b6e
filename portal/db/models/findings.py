"""A finding over time: one row for each vendor, host and check that ever failed, and stored scans judged anew."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row
from portal.db.models.scans import ScanSide


class What(StrEnum):
    """What happened to a finding."""

    FIRST = "first"
    CONFIRMED = "confirmed"  # a second, independent look saw it as well
    GONE = "gone"
    RETURNED = "returned"


class Cause(StrEnum):
    """Who or what made the difference."""

    VENDOR = "vendor"
    RULES = "rules"  # our catalogue judges the same observation otherwise
    DATA = "data"  # our data do
    SIGHT = "sight"  # nobody could look at this before


class FindingHistory(Row):
    """The life of one finding, for one reader: the hospital's leaves out what the company has looked at for itself."""

    __tablename__ = "finding_history"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_finding_history_vendor", "hospital_id", "vendor_id", "side"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    side: Mapped[ScanSide] = mapped_column(Closed(ScanSide), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    subject_name: Mapped[str] = mapped_column(String(253), primary_key=True)
    check_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    is_open: Mapped[bool]
    severity: Mapped[str] = mapped_column(String(20))  # as last seen
    cause: Mapped[Cause] = mapped_column(Closed(Cause))  # of the last event
    first_seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    events: Mapped[list[Any]]  # each: what, at, cause, scan, rejudged


class Rejudgement(Row):
    """A stored scan judged by later rules or data; the scan's own findings stay as they were."""

    __tablename__ = "rejudgement"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "scan_id"], ["scan_run.hospital_id", "scan_run.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    scan_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    catalogue_version: Mapped[str] = mapped_column(String(20), primary_key=True)
    data_version: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime]
    findings: Mapped[list[Any]]  # those that differ from the scan's own, as scanners.storing writes them
    news: Mapped[list[Any]]  # those that this time opened: subject, check, cause, whether it is used in attacks
    told_at: Mapped[datetime | None]  # when both sides had their mail
