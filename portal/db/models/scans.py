"""A scan: what was asked, how it went, what was seen, what follows."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class ScanState(StrEnum):
    """How a scan stands; a failed one never replaces a good one."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PROVISIONAL = "provisional"  # its deadline came first; what was not seen is unknown
    FAILED = "failed"
    STOPPED = "stopped"


class ScanSide(StrEnum):
    """Who started it."""

    HOSPITAL = "hospital"
    COMPANY = "company"


class ScanRun(Row):
    """One run over the hosts of a vendor."""

    __tablename__ = "scan_run"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        Index("ix_scan_run_vendor", "hospital_id", "vendor_id", "created_at"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    side: Mapped[ScanSide] = mapped_column(Closed(ScanSide))
    started_by: Mapped[str] = mapped_column(String(200))
    ground: Mapped[str] = mapped_column(String(300), default="")
    hosts: Mapped[list[Any]]  # names
    classes: Mapped[list[Any]]  # check classes
    active_hosts: Mapped[list[Any] | None]  # those of the hosts that the active class looked at
    is_rescan: Mapped[bool] = mapped_column(default=False)  # by itself, at its time: never the active class
    kept_back: Mapped[bool] = mapped_column(default=False)  # the company's own look: no hospital's until released
    state: Mapped[ScanState] = mapped_column(Closed(ScanState), default=ScanState.QUEUED)
    reason: Mapped[str] = mapped_column(String(300), default="")  # why it failed or was stopped
    progress: Mapped[dict[str, Any] | None]  # stage -> [done, total]
    catalogue_version: Mapped[str] = mapped_column(String(20), default="")
    data_version: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    visible_at: Mapped[datetime | None]  # from when the company could see it; the release rule counts from here
    stop_requested_at: Mapped[datetime | None]


class SeenRecord(Row):
    """The observations of one subject of a scan, as scanners.storing writes them."""

    __tablename__ = "seen"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "scan_id"], ["scan_run.hospital_id", "scan_run.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    scan_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    subject_name: Mapped[str] = mapped_column(String(253), primary_key=True)
    document: Mapped[dict[str, Any]]


class FindingRecord(Row):
    """One finding of one scan, with the memory of when it was first seen."""

    __tablename__ = "finding"
    __table_args__ = (ForeignKeyConstraint(["hospital_id", "scan_id"], ["scan_run.hospital_id", "scan_run.id"]),)

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    scan_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    subject_name: Mapped[str] = mapped_column(String(253), primary_key=True)
    check_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20))
    severity: Mapped[str] = mapped_column(String(20))
    fact: Mapped[str] = mapped_column(Text)  # the message's English text
    fact_values: Mapped[dict[str, Any] | None]
    reason: Mapped[str] = mapped_column(String(30), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    provisional: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    first_seen_at: Mapped[datetime]


class ScanCount(Row):
    """How often a name was scanned on a day, over all hospitals (DECISIONS: budgets of a scan)."""

    __tablename__ = "scan_count"

    name: Mapped[str] = mapped_column(String(253), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class ScanUse(Row):
    """What a scan went to on a day, over all hospitals: an address, or a host name for the active class."""

    __tablename__ = "scan_use"

    target: Mapped[str] = mapped_column(String(253), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    budget: Mapped[str] = mapped_column(String(20), primary_key=True)  # "ordinary" or "active"
    scan_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)


class AddressLease(Row):
    """The job that looks at an address now; nobody else does, for whichever hospital, until the lease is over."""

    __tablename__ = "address_lease"

    address: Mapped[str] = mapped_column(String(45), primary_key=True)
    holder: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    until: Mapped[datetime]


class MailSession(Row):
    """What a mail provider's server showed lately, for every scan that would ask it again; no tenant's data."""

    __tablename__ = "mail_session"

    address: Mapped[str] = mapped_column(String(45), primary_key=True)
    host: Mapped[str] = mapped_column(String(253), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    document: Mapped[dict[str, Any]]  # an SmtpSession as scanners.storing writes it
