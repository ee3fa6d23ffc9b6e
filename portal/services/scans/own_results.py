"""What was seen of a company from outside, for the company itself: at once and wholly, and its to release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assessments import outside, policy
from assessments.model import OutsideGrade
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.responses import Response
from portal.db.models.scans import FindingRecord, ScanRun
from portal.errors import NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import COMPANY_LEADERS, Actor, company_of
from portal.services.registers import dossiers
from portal.services.scans import releases, scan_results, scans
from scanners.model import N_, Message


@dataclass(frozen=True, kw_only=True)
class OwnResult:
    """The scan that a company looks at now: the one that runs, else the one that counts."""

    run: ScanRun | None
    is_live: bool
    findings: Sequence[FindingRecord]
    grade: OutsideGrade | None
    last: ScanRun | None  # the newest of all, also when it failed
    released_at: datetime | None
    opens_at: datetime | None  # when the hospital sees it without a release


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """The scan that an invited person looks at: the one that runs, else the newest with a result."""

    run: ScanRun | None
    is_live: bool
    findings: Sequence[FindingRecord]
    last: ScanRun | None


def view(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> OwnResult:
    """The company's own result as it stands, also while a scan still runs."""
    assessment = _assessment(session, actor, assessment_id)
    response = _response(session, assessment)
    last = scans.newest_of_company(session, assessment)
    is_live = last is not None and last.state in scans.LIVE
    good = scan_results.latest_good_of_company(
        session, assessment.hospital_id, assessment.vendor_id, assessment.company_id
    )
    run = last if is_live else good
    return OwnResult(
        run=run,
        is_live=is_live,
        findings=_findings(session, run, is_live=is_live, now=now),
        grade=_grade(session, actor, assessment, now=now) if run is not None and not is_live else None,
        last=last,
        released_at=None if run is not None and run.kept_back else response.released_at,
        opens_at=_opens_at(session, run) if run is not None and not is_live and not run.kept_back else None,
    )


def first_look(session: Session, invited: Invitation, *, now: datetime) -> FirstLook:
    """What an invited person has had looked at before any account; nothing of what others had looked at."""
    runs = session.scalars(
        select(ScanRun)
        .where(
            ScanRun.hospital_id == invited.hospital_id,
            ScanRun.assessment_id == invited.assessment_id,
            ScanRun.kept_back.is_(True),
        )
        .order_by(ScanRun.created_at.desc(), ScanRun.id)
    ).all()
    last = runs[0] if runs else None
    is_live = last is not None and last.state in scans.LIVE
    run = last if is_live else next((one for one in runs if one.state in scan_results.GOOD), None)
    return FirstLook(run=run, is_live=is_live, findings=_findings(session, run, is_live=is_live, now=now), last=last)


def release(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> None:
    """Let the hospital see the results now; what is released stays so."""
    company_of(actor, COMPANY_LEADERS)
    assessment = _assessment(session, actor, assessment_id)
    if (
        scan_results.latest_good_of_company(
            session, assessment.hospital_id, assessment.vendor_id, assessment.company_id
        )
        is None
    ):
        raise NotNow(Message(text=N_("There is no result yet that could be released.")))
    response = _response(session, assessment)
    is_news = _give_up_keeping_back(session, assessment)
    if response.released_at is None or is_news:
        response.released_at = response.released_at or now
        audit.record(session, actor, "scan.released", assessment.id, now=now)
        scope = audit.hospital_scope(assessment.hospital_id)
        audit.record(session, actor, "scan.released", assessment.id, now=now, scope=scope)
        jobs.ask_for_score(session, assessment.hospital_id, assessment.id, now=now)


def _give_up_keeping_back(session: Session, assessment: Assessment) -> bool:
    """What the company looked at for itself is the hospital's too from now on. Whether there was something."""
    released = session.scalars(
        select(ScanRun)
        .where(
            ScanRun.hospital_id == assessment.hospital_id,
            ScanRun.vendor_id == assessment.vendor_id,
            ScanRun.kept_back.is_(True),
            scan_results.known_to(assessment.company_id),
            ScanRun.state.in_(scan_results.GOOD),
        )
        .order_by(ScanRun.finished_at, ScanRun.id)
    ).all()
    for run in released:
        scan_results.release_to_hospital(session, run)
    return bool(released)


def become_visible(session: Session, assessment: Assessment, *, now: datetime) -> None:
    """A company has come: what was seen before lies open to it from now on, and the ten working days begin."""
    session.execute(
        update(ScanRun)
        .where(
            ScanRun.hospital_id == assessment.hospital_id,
            ScanRun.vendor_id == assessment.vendor_id,
            ScanRun.visible_at.is_(None),
            ScanRun.state.in_(scan_results.GOOD),
        )
        .values(visible_at=now)
    )


def _findings(session: Session, run: ScanRun | None, *, is_live: bool, now: datetime) -> Sequence[FindingRecord]:
    if run is None:
        return ()
    if is_live:
        return scan_results.findings_of(session, run.hospital_id, run.id)
    return scan_results.standing_findings(session, run.hospital_id, run.vendor_id, now=now, run=run)


def _grade(session: Session, actor: Actor, assessment: Assessment, *, now: datetime) -> OutsideGrade:
    dossier = dossiers.build_for_company(session, company_of(actor), assessment.id, now=now)
    return outside.grade(dossier, policy.current())


def _opens_at(session: Session, run: ScanRun) -> datetime | None:
    return releases.opens_at(run, session.get_one(Hospital, run.hospital_id))


def _assessment(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    company_id = company_of(actor)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    return assessment


def _response(session: Session, assessment: Assessment) -> Response:
    return session.scalars(
        select(Response).where(Response.company_id == assessment.company_id, Response.assessment_id == assessment.id)
    ).one()
