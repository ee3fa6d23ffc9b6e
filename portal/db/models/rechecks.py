"""One finding looked at again by itself, at the company's wish; the scan it stands in stays as it was."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class RecheckState(StrEnum):
    """How it stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"  # nobody looked; `reason` says why


class Recheck(Row):
    """A look at one place of a scan, with only the probes that its check needs."""

    __tablename__ = "recheck"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "scan_id"], ["scan_run.hospital_id", "scan_run.id"]),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        Index("ix_recheck_scan", "hospital_id", "scan_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    scan_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    subject_kind: Mapped[str] = mapped_column(String(10))
    subject_name: Mapped[str] = mapped_column(String(253))
    check_id: Mapped[str] = mapped_column(String(60))
    seen_at: Mapped[datetime]  # when the finding had been seen before
    asked_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    state: Mapped[RecheckState] = mapped_column(Closed(RecheckState), default=RecheckState.WAITING)
    reason: Mapped[str] = mapped_column(String(300), default="")
    finished_at: Mapped[datetime | None]
    finding: Mapped[dict[str, Any] | None]  # what was seen, as scanners.storing writes it
