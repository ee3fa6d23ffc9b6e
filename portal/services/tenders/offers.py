"""Offers: who still bids, and how a bidder takes its own back before the deadline."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment, Stage
from portal.db.models.tenders import Tender, TenderBidder, TenderState
from portal.errors import NotFound, NotNow
from portal.services import audit
from portal.services.actors import COMPANY_LEADERS, Actor, company_of
from portal.services.answers import responses
from portal.services.tenders import tenders
from scanners.model import N_, Message

UNINVITED = N_("This bidder was never invited.")
WITHDRAWN = N_("This bidder has withdrawn its offer.")
FORGOTTEN = N_("What this bidder offered was removed when its retention was over (§ 8(4) VgV).")
SILENT = N_(
    "This bidder has handed in nothing by the deadline; there is no offer that could be awarded (§ 57(1) no. 1 VgV)."
)


def bidding(session: Session, row: Tender) -> Sequence[tuple[TenderBidder, Assessment]]:
    """Whoever was invited, has not withdrawn and is not forgotten yet, with the round."""
    return [
        (one, assessment)
        for one, assessment in _invited(session, row)
        if one.removed_at is None and not has_withdrawn(row, one, assessment)
    ]


def going_on(session: Session, row: Tender) -> Sequence[tuple[TenderBidder, Assessment]]:
    """Those of them whose lot goes on: whom news of the tender still reach."""
    return [pair for pair in bidding(session, row) if tenders.lot_of(row, pair[0].lot_id).ended_at is None]


def _invited(session: Session, row: Tender) -> Sequence[tuple[TenderBidder, Assessment]]:
    return [(one, session.get_one(Assessment, one.assessment_id)) for one in row.bidders if one.assessment_id]


def has_withdrawn(row: Tender, bidder: TenderBidder, assessment: Assessment) -> bool:
    """The round of a withdrawn offer closed before its tender and its lot did."""
    lot = tenders.lot_of(row, bidder.lot_id)
    until = min(end for end in (row.closes_at, row.ended_at, lot.ended_at) if end is not None)
    return assessment.closes_at is not None and assessment.closes_at < until


def has_offered(session: Session, row: Tender, bidder: TenderBidder) -> Message | None:
    """Why there is no offer of this bidder, known from rows alone; None: there is one."""
    if bidder.assessment_id is None:
        return Message(text=UNINVITED)
    if bidder.removed_at is not None:
        return Message(text=FORGOTTEN)
    assessment = session.get_one(Assessment, bidder.assessment_id)
    if has_withdrawn(row, bidder, assessment):
        return Message(text=WITHDRAWN)
    return None if assessment.submitted_at is not None else Message(text=SILENT)


def withdrawn(session: Session, actor: Actor, tender_id: str) -> frozenset[str]:
    """Bidders that took their offer back; known once the answers are opened."""
    row = tenders.find(session, actor, tender_id)
    if row.opened_at is None:
        return frozenset()
    return frozenset(one.id for one, assessment in _invited(session, row) if has_withdrawn(row, one, assessment))


def withdraw_offer(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> None:
    """The bidder takes its offer back before the deadline; nobody of the hospital reads it, then or later."""
    company_id = company_of(actor, COMPANY_LEADERS)
    row, _bidder = as_bidder(session, actor, assessment_id)
    session.refresh(row, with_for_update=True)
    tenders.require_time(row, now=now)
    assessment = session.get_one(Assessment, assessment_id)
    responses.lock(session, assessment)
    if row.state is not TenderState.OPEN or assessment.stage is Stage.CLOSED:
        raise NotNow(Message(text=N_("There is no offer here that could be withdrawn.")))
    assessment.stage, assessment.closes_at = Stage.CLOSED, now
    assessment.version += 1
    house = audit.hospital_scope(assessment.hospital_id)
    audit.take_turns(session, house, audit.company_scope(company_id))
    for scope in (None, house):
        audit.record(session, actor, "tender.offer-withdrawn", assessment.id, now=now, scope=scope)


def as_bidder(session: Session, actor: Actor, assessment_id: str) -> tuple[Tender, TenderBidder]:
    company_id = company_of(actor)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    bidder = session.scalars(
        select(TenderBidder).where(
            TenderBidder.house_id == assessment.hospital_id, TenderBidder.assessment_id == assessment.id
        )
    ).first()
    if bidder is None:
        raise NotFound
    return session.get_one(Tender, bidder.tender_id), bidder
