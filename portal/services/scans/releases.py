"""Who sees a scan's raw results when: the company at once, the hospital when released or ten working days on."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment
from portal.db.models.responses import Response
from portal.db.models.scans import FindingRecord, ScanRun
from portal.errors import NotFound
from portal.home import BERLIN
from portal.services import working_days
from portal.services.scans import scan_results, scans
from scanners.model import Outcome, Severity

WORKING_DAYS_UNTIL_OPEN = 10


@dataclass(frozen=True, kw_only=True)
class HospitalView:
    """What the hospital may see of a run: everything, or for now only what is critical."""

    run: ScanRun
    is_open: bool
    opens_at: datetime | None  # None: not known yet, nobody could be told
    findings: tuple[FindingRecord, ...]


def hospital_may_see(run: ScanRun, *, response: Response | None, hospital: Hospital, now: datetime) -> bool:
    """Whether the raw results are open to the hospital: released, or ten working days old for the company."""
    if response is not None and response.released_at is not None:
        return True
    opens = opens_at(run, hospital)
    return opens is not None and now >= opens


def opens_at(run: ScanRun, hospital: Hospital) -> datetime | None:
    """Ten working days after the company could see it, at the same time of day; None: it could not yet."""
    if run.visible_at is None:
        return None
    local = run.visible_at.astimezone(BERLIN)
    day = working_days.shifted(local.date(), WORKING_DAYS_UNTIL_OPEN, country=hospital.country, state=hospital.state)
    return datetime.combine(day, local.time(), tzinfo=BERLIN).astimezone(UTC)


def hospital_view(session: Session, hospital_id: str, run: ScanRun, *, now: datetime) -> HospitalView:
    """What this hospital may see of a run now; a failed critical check is told at once, after the company."""
    if run.hospital_id != hospital_id:
        raise NotFound
    hospital = session.get_one(Hospital, hospital_id)
    response = _response(session, run)
    is_open = hospital_may_see(run, response=response, hospital=hospital, now=now)
    records = (
        scan_results.standing_findings(session, hospital_id, run.vendor_id, now=now, run=run)
        if run.state in scan_results.GOOD
        else ()
    )
    told = run.visible_at is not None
    visible = tuple(record for record in records if is_open or (told and _is_critical(record)))
    return HospitalView(
        run=run, is_open=is_open, opens_at=None if is_open else opens_at(run, hospital), findings=visible
    )


def open_run(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> HospitalView | None:
    """The newest good run that is open to the hospital; a newer one that is not does not count for it yet."""
    for run in scans.newest(session, hospital_id, vendor_id, limit=100):
        if run.state in scan_results.GOOD:
            view = hospital_view(session, hospital_id, run, now=now)
            if view.is_open:
                return view
    return None


def _is_critical(record: FindingRecord) -> bool:
    return (
        record.outcome == Outcome.FAIL.value and record.severity == Severity.CRITICAL.value and not record.provisional
    )


def _response(session: Session, run: ScanRun) -> Response | None:
    """The round in which the company let the hospital see this: the run's own, or one released after it.

    A release says nothing of the scans of later rounds, which may be another company's.
    """
    return session.scalars(
        select(Response)
        .join(Assessment, Assessment.id == Response.assessment_id)
        .where(
            Assessment.hospital_id == run.hospital_id,
            Assessment.vendor_id == run.vendor_id,
            Response.released_at.is_not(None),
            or_(Response.assessment_id == run.assessment_id, Response.released_at >= run.finished_at),
        )
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()
