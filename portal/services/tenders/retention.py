"""Bidders without an award: closed, kept as long as the tender file has to be, then forgotten (§ 8(4) VgV)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.components import ComponentNotice, SharedComponent
from portal.db.models.disputes import Dispute
from portal.db.models.findings import FindingHistory, Rejudgement
from portal.db.models.portfolio import SharedGround
from portal.db.models.rechecks import Recheck
from portal.db.models.registers import RiskRecord, RiskTreatment, ScoreRecord, StoredAssessment
from portal.db.models.responses import Consent
from portal.db.models.scans import FindingRecord, ScanRun, SeenRecord
from portal.db.models.snapshots import RiskWord, ScoreBasis, ScoreMove
from portal.db.models.tenders import Tender, TenderBidder, TenderQuery
from portal.db.models.vendors import Host, HostSupply, HostWord, Supply, Vendor
from portal.db.models.watching import ChangeTold, VendorChange, WatchMark
from portal.home import BERLIN
from portal.services.actors import SYSTEM
from portal.services.tenders import tenders
from questionnaires import answering

KEPT_MONTHS = 36  # from the award, and no shorter than what was awarded runs
SEEN: tuple[Any, ...] = (  # and what was made of it and of the answers; each before what it points to
    *(Recheck, Rejudgement, FindingRecord, SeenRecord, FindingHistory, SharedGround, Dispute, ScanRun),
    *(ScoreMove, ScoreRecord, ScoreBasis, StoredAssessment, RiskTreatment, RiskWord, RiskRecord),
    *(ChangeTold, VendorChange, WatchMark, ComponentNotice, SharedComponent),
)


def remove_due(session: Session, *, now: datetime) -> int:
    """Every night: whose time is over."""
    today = now.astimezone(BERLIN).date()
    others = select(TenderBidder.tender_id).where(TenderBidder.awarded_at.is_(None), TenderBidder.removed_at.is_(None))
    ended = select(Tender).where(Tender.ended_at.is_not(None), Tender.id.in_(others)).order_by(Tender.id)
    waiting = session.scalars(ended).all()
    count = 0
    for row in waiting:
        until = kept_until(session, row, today=today)
        if until is not None and until < today:
            for bidder in _losers(row):
                _remove(session, row, bidder, now=now)
                count += 1
    return count


def kept_until(session: Session, row: Tender, *, today: date) -> date | None:
    """The last day on which the other bidders' data are kept; None: not known yet, for a contract still runs."""
    if row.ended_at is None:
        return None
    until = answering.add_months(row.ended_at.astimezone(BERLIN).date(), KEPT_MONTHS)
    for bidder in row.bidders:
        if bidder.awarded_at is None:
            continue
        for supply in _awarded(session, bidder):
            over = supply.ended_at.astimezone(BERLIN).date() if supply.ended_at is not None else supply.contract_ends_on
            if over is None or (supply.ended_at is None and over >= today):
                return None
            until = max(until, over)
    return until


def _awarded(session: Session, bidder: TenderBidder) -> Sequence[Supply]:
    """What the award made; the end of the vendor ends it too."""
    return session.scalars(
        select(Supply)
        .join(Vendor, Vendor.id == Supply.vendor_id)
        .where(
            Supply.hospital_id == bidder.hospital_id,
            Supply.vendor_id == bidder.vendor_id,
            Supply.created_at == bidder.awarded_at,
            Vendor.ended_at.is_(None),
        )
    ).all()


def _losers(row: Tender) -> Sequence[TenderBidder]:
    return [one for one in row.bidders if one.awarded_at is None and one.removed_at is None]


def _remove(session: Session, row: Tender, bidder: TenderBidder, *, now: datetime) -> None:
    """What was seen of it, whom it named and what it asked go; its name stays in the log, its answers with the company,
    out of the hospital's reach."""
    if bidder.house_id is not None:
        for table in SEEN:
            session.execute(delete(table).where(table.hospital_id == bidder.house_id))
        _forget_hosts(session, bidder.house_id)
        for vendor in session.scalars(select(Vendor).where(Vendor.hospital_id == bidder.house_id)):
            vendor.contact_name = vendor.contact_email = ""
        for invitation in session.scalars(select(Invitation).where(Invitation.hospital_id == bidder.house_id)):
            invitation.name = invitation.email = invitation.message = ""
    asked = select(TenderQuery).where(TenderQuery.hospital_id == row.hospital_id, TenderQuery.bidder_id == bidder.id)
    for query in session.scalars(asked):
        query.text = ""
    bidder.contact_name = bidder.contact_email = bidder.exclusion_reason = ""
    bidder.removed_at = now
    session.flush()
    tenders.note(session, SYSTEM, row, "tender.bidder-forgotten", now=now, detail={"bidder": bidder.id})


def _forget_hosts(session: Session, house_id: str) -> None:
    """Its hosts and what was said of them; a host that stands by name in the company's ledger of consents stays, for
    that is the company's."""
    rounds = select(Assessment.id).where(Assessment.hospital_id == house_id)
    named = select(Consent.host_name).where(Consent.assessment_id.in_(rounds))
    hosts = select(Host.id).where(Host.hospital_id == house_id, Host.name.not_in(named))
    for table in (HostWord, HostSupply):
        session.execute(delete(table).where(table.hospital_id == house_id, table.host_id.in_(hosts)))
    session.execute(delete(Host).where(Host.hospital_id == house_id, Host.name.not_in(named)))
