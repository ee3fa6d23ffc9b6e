"""What happens of itself once the hosts stand: whoever agreed is scanned, and companies release what they have seen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.accounts import CompanyMember, HospitalMember, HospitalRole, Person
from portal.db.models.assessments import Assessment
from portal.db.models.responses import Response
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Vendor
from portal.db.session import Sessions
from portal.demonstration.story import Story, VendorTold
from portal.errors import RuleBroken
from portal.services.actors import Actor
from portal.services.scans import own_results, permissions, scan_results, scans

MOST_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Due:
    """Something that somebody of the story would do now, or would if its scan were there."""

    is_now: bool
    do: Callable[[Session, datetime], object]


def go_on(reading: Sessions, writing: Sessions, story: Story, *, now: datetime) -> bool:
    """Do what is due; False when nothing is left to wait for."""
    with reading() as session:
        left = [one for told in story.vendors for one in _left(session, told)]
    refused = 0
    for one in left:
        if one.is_now:
            try:
                with writing.begin() as session:
                    one.do(session, now)
            except RuleBroken:  # somebody at the screen has changed the story
                refused += 1
    return len(left) > refused


def _left(session: Session, told: VendorTold) -> Iterator[Due]:
    vendor = session.scalars(select(Vendor).where(Vendor.domain == told.domain, Vendor.ended_at.is_(None))).first()
    if vendor is None or not told.hosts:
        return
    assessment = permissions.newest_assessment(session, vendor.hospital_id, vendor.id)
    if assessment is None or assessment.documents_only:
        return
    runs = session.scalars(
        select(ScanRun).where(ScanRun.hospital_id == vendor.hospital_id, ScanRun.vendor_id == vendor.id)
    ).all()
    if not any(run.state in (*scans.LIVE, *scan_results.GOOD) for run in runs):
        scan = _scan(session, vendor, assessment) if len(runs) < MOST_TRIES else None
        if scan is not None:
            yield Due(is_now=True, do=scan)
        return
    lead = _lead(session, assessment)
    if lead is not None and told.round is not None and told.round.releases and not _is_released(session, assessment):
        assessment_id = assessment.id
        yield Due(
            is_now=any(run.state in scan_results.GOOD for run in runs),
            do=lambda session, now: own_results.release(session, lead, assessment_id, now=now),
        )


def _scan(session: Session, vendor: Vendor, assessment: Assessment) -> Callable[[Session, datetime], object] | None:
    """A company that has taken the round looks at itself; of the others the hospital looks at what it has named."""
    vendor_id, assessment_id = vendor.id, assessment.id
    lead, assessor = _lead(session, assessment), _assessor(session, vendor.hospital_id)
    if lead is not None:
        return lambda session, now: scans.queue_by_company(session, lead, assessment_id, now=now)
    if assessor is not None:
        return lambda session, now: scans.queue_by_hospital(session, assessor, vendor_id, now=now)
    return None


def _is_released(session: Session, assessment: Assessment) -> bool:
    released: Sequence[datetime | None] = session.scalars(
        select(Response.released_at).where(Response.assessment_id == assessment.id)
    ).all()
    return any(moment is not None for moment in released)


def _lead(session: Session, assessment: Assessment) -> Actor | None:
    member = session.scalars(
        select(CompanyMember)
        .where(CompanyMember.company_id == assessment.company_id, CompanyMember.ended_at.is_(None))
        .order_by(CompanyMember.created_at)
    ).first()
    if member is None:
        return None
    person = session.get_one(Person, member.person_id)
    return Actor(
        person_id=person.id,
        name=person.name,
        email=person.email,
        company_id=member.company_id,
        company_role=member.role,
    )


def _assessor(session: Session, hospital_id: str) -> Actor | None:
    member = session.scalars(
        select(HospitalMember).where(
            HospitalMember.hospital_id == hospital_id,
            HospitalMember.role == HospitalRole.ASSESSOR,
            HospitalMember.ended_at.is_(None),
        )
    ).first()
    if member is None:
        return None
    person = session.get_one(Person, member.person_id)
    return Actor(
        person_id=person.id,
        name=person.name,
        email=person.email,
        hospital_id=hospital_id,
        hospital_role=member.role,
    )
