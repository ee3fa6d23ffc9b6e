"""A scan that ended: its run, what failed where, and when the hospital might see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.db.models.scans import ScanRun, ScanSide, ScanState
from portal.db.models.vendors import Vendor
from portal.services.scans import scan_results
from scanners.model import Finding, Message, Observations, Outcome, Severity, Subject, SubjectKind

LONG_AGO = timedelta(days=60)


def finding(check_id: str, host: str, outcome: Outcome, *, at: datetime, severity: Severity = Severity.HIGH) -> Finding:
    """What a check found on a host."""
    return Finding(
        check_id=check_id,
        subject=Subject(kind=SubjectKind.HOST, name=host),
        outcome=outcome,
        severity=severity,
        fact=Message(text="accepts %(versions)s", values={"versions": "TLS 1.0"}),
        at=at,
    )


def ended(
    session: Session,
    vendor: Vendor,
    findings: Sequence[Finding],
    *,
    hosts: Iterable[str],
    at: datetime,
    seen: Sequence[Observations] = (),
    open_at: datetime | None = None,
) -> ScanRun:
    """A scan of the hospital that ended then; open to it long ago unless `open_at` says when the company saw it."""
    run = ScanRun(
        hospital_id=vendor.hospital_id,
        vendor_id=vendor.id,
        side=ScanSide.HOSPITAL,
        started_by="x",
        hosts=list(hosts),
        classes=["passive"],
        state=ScanState.RUNNING,
        created_at=at,
        started_at=at,
    )
    session.add(run)
    session.flush()
    scan_results.complete(session, vendor.hospital_id, run.id, seen=seen, findings=findings, now=at)
    run.visible_at = open_at or at - LONG_AGO
    session.flush()
    return run
