"""A company's Sicherheitsprofil: its own facts for other customers, without a word of any hospital."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import policy, register
from portal.db.models.accounts import Company
from portal.db.models.findings import Cause, FindingHistory
from portal.db.models.responses import Response
from portal.db.models.scans import ScanSide
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import Actor
from portal.services.answers import manifests, responses
from portal.services.registers import dossiers
from portal.services.vendors import vendors
from reports.profile import Mended, Profile
from scanners.catalogue import CHECKS

MENDED_WITHIN = timedelta(days=365)


def build(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Profile:
    """What the company may show of itself, from one of its rounds; that it was made is in its trail."""
    assessment = responses.find(session, actor, assessment_id)
    company = session.get_one(Company, assessment.company_id)
    dossier = dossiers.build_for_company(session, company.id, assessment_id, now=now)
    response = session.scalars(select(Response).where(Response.assessment_id == assessment.id)).first()
    signed = manifests.latest(session, response) if response is not None else None
    gone = session.scalars(
        select(FindingHistory)
        .where(
            FindingHistory.hospital_id == assessment.hospital_id,
            FindingHistory.vendor_id == assessment.vendor_id,
            FindingHistory.side == ScanSide.COMPANY,
            FindingHistory.is_open.is_(False),
            FindingHistory.cause == Cause.VENDOR,
            FindingHistory.gone_at >= now - MENDED_WITHIN,
        )
        .order_by(FindingHistory.gone_at.desc(), FindingHistory.check_id, FindingHistory.subject_name)
    )
    audit.record(session, actor, "profile.made", assessment_id, now=now)
    return Profile(
        company=company.name,
        at=now,
        hosts=tuple(host.name for host in dossier.hosts),
        products=tuple(supply.name for supply in vendors.supplies_of(session, assessment)),
        assessed=register.assess(dossier, policy.current()),
        mended=tuple(
            Mended(check=CHECKS[row.check_id], subject=row.subject_name, since=row.gone_at.astimezone(BERLIN).date())
            for row in gone
            if row.check_id in CHECKS and row.gone_at is not None
        ),
        signed_at=signed.at if signed is not None else None,
    )
