"""What a reader may know of findings over time: the company all of it, the hospital what its open scans tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.db.models.scans import ScanRun, ScanSide
from portal.services.scans import findings, scan_results
from portal.services.scans.findings import Changes, Life, Place


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The lives of a vendor's findings up to a scan, and what came and went since the scan before."""

    lives: Mapping[Place, Life] = field(default_factory=dict)
    changes: Changes | None = None  # None: there is no scan before


def for_company(session: Session, run: ScanRun, company_id: str) -> Timeline:
    """Everything that was seen of it, its private looks included, another company's never."""
    return _timeline(session, run, scan_results.known_to(company_id), ScanSide.COMPANY)


def for_hospital(session: Session, run: ScanRun) -> Timeline:
    """What the scans up to this one tell, which is open to the hospital; see releases."""
    return _timeline(session, run, ScanRun.kept_back.is_(False), ScanSide.HOSPITAL)


def _timeline(session: Session, run: ScanRun, known: ColumnElement[bool], side: ScanSide) -> Timeline:
    runs = _until(session, run, known)
    scans = {one.id for one in runs}
    previous = next((one for one in runs if one.id != run.id), None)
    return Timeline(
        lives=findings.lives(session, run.hospital_id, run.vendor_id, side, scans=scans),
        changes=findings.changes(session, run, previous, side, scans=scans) if previous is not None else None,
    )


def _until(session: Session, run: ScanRun, known: ColumnElement[bool]) -> Sequence[ScanRun]:
    query = select(ScanRun).where(
        known,
        ScanRun.hospital_id == run.hospital_id,
        ScanRun.vendor_id == run.vendor_id,
        ScanRun.state.in_(scan_results.GOOD),
        ScanRun.finished_at <= run.finished_at,
    )
    return session.scalars(query.order_by(ScanRun.finished_at.desc(), ScanRun.id)).all()
