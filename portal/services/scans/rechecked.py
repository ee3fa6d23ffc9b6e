"""What came of looks at single findings: read beside the scan that they belong to, which stays as it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.rechecks import Recheck, RecheckState
from portal.db.models.scans import ScanRun
from portal.services.scans.findings import LACKING, UNSEEN
from scanners import storing
from scanners.model import Finding, SubjectKind

Place = tuple[SubjectKind, str, str]  # subject kind, subject name, check id


@dataclass(frozen=True, kw_only=True)
class Again:
    """The newest look at one finding of a scan."""

    id: str
    state: RecheckState
    at: datetime  # when it was over, or asked for while it waits
    seen_at: datetime  # when the finding had been seen before
    finding: Finding | None = None  # what was seen; None: nothing yet, or nobody could look
    reason: str = ""  # why nobody looked

    @property
    def is_mended(self) -> bool:
        """Whether it was looked at, and nothing is amiss any more."""
        return self.finding is not None and self.finding.outcome not in LACKING | UNSEEN

    @property
    def still_lacks(self) -> bool:
        """Whether it was looked at and found again."""
        return self.finding is not None and self.finding.outcome in LACKING


def of_run(session: Session, run: ScanRun) -> Mapping[Place, Again]:
    """The newest look at each finding of a scan that somebody had looked at again."""
    rows = session.scalars(
        select(Recheck)
        .where(Recheck.hospital_id == run.hospital_id, Recheck.scan_id == run.id)
        .order_by(Recheck.created_at, Recheck.id)
    ).all()
    return {place_of(row): of_row(row) for row in rows}


def verdicts(session: Session, run: ScanRun) -> Mapping[Place, Finding]:
    """What the last look that saw anything says of each finding that was looked at again."""
    rows = session.scalars(
        select(Recheck)
        .where(Recheck.hospital_id == run.hospital_id, Recheck.scan_id == run.id, Recheck.state == RecheckState.DONE)
        .order_by(Recheck.finished_at, Recheck.id)
    )
    found = [(place_of(row), storing.load_finding(row.finding)) for row in rows if row.finding is not None]
    return {place: finding for place, finding in found if finding.outcome not in UNSEEN}


def mended(session: Session, run: ScanRun) -> frozenset[Place]:
    """The places where the last look that saw anything found nothing amiss."""
    return frozenset(place for place, one in verdicts(session, run).items() if one.outcome not in LACKING)


def place_of(row: Recheck) -> Place:
    """Where it looked."""
    return SubjectKind(row.subject_kind), row.subject_name, row.check_id


def of_row(row: Recheck) -> Again:
    """The thought behind a row."""
    return Again(
        id=row.id,
        state=row.state,
        at=row.finished_at or row.created_at,
        seen_at=row.seen_at,
        finding=storing.load_finding(row.finding) if row.finding is not None else None,
        reason=row.reason,
    )
