"""The end of a tender: a lot is awarded and its bidder becomes a vendor, or the tender ends without."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.tenders import Tender, TenderBidder, TenderState
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, NotNow
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.tenders import carrying, eligibility, lots, tenders
from portal.services.vendors import vendors
from portal.services.vendors.vendors import SupplyFields, VendorFields
from scanners.model import N_, Message

ENDED = frozenset({TenderState.AWARDED, TenderState.CANCELLED})


def award(session: Session, actor: Actor, tender_id: str, bidder_id: str, *, reason: str, now: datetime) -> Vendor:
    """The bidder becomes a vendor with a supply, and keeps its round; the tender ends when every lot has its word.

    An offer that is excluded, was withdrawn or never came is awarded nothing (eligibility.py).
    """
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.OPENED)
    bidder = tenders.bidder_of(row, bidder_id)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the award."))})
    if any(one.lot_id == bidder.lot_id and one.awarded_at is not None for one in row.bidders):
        raise NotNow(Message(text=N_("This lot has been awarded already.")))
    barred = eligibility.bars(session, actor, row.id, tenders.lot_of(row, bidder.lot_id), now=now).get(bidder.id)
    if barred is not None:
        raise NotNow(barred)
    vendor = _become_vendor(session, actor, row, bidder, now=now)
    bidder.vendor_id, bidder.awarded_at = vendor.id, now
    tenders.note(
        session,
        actor,
        row,
        "tender.awarded",
        now=now,
        detail={
            "bidder": bidder.id,
            "lot": tenders.lot_of(row, bidder.lot_id).number,
            "vendor": vendor.id,
            "reason": reason[:500],
        },
    )
    awarded = {one.lot_id for one in row.bidders if one.awarded_at is not None}
    if awarded >= {one.lot_id for one in row.bidders}:
        _end(session, row, TenderState.AWARDED, reason, now=now)
    return vendor


def cancel(session: Session, actor: Actor, tender_id: str, *, reason: str, now: datetime) -> Tender:
    """It ends without an award (for what is not awarded yet); what was sealed stays sealed."""
    hospital_of(actor, HOSPITAL_WRITERS)
    states = [state for state in TenderState if state not in ENDED]
    row = tenders.locked(session, actor, tender_id, *states)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the end of the tender."))})
    tenders.note(session, actor, row, "tender.cancelled", now=now, detail={"reason": reason.strip()[:500]})
    _end(session, row, TenderState.CANCELLED, reason, now=now)
    return row


def _end(session: Session, row: Tender, state: TenderState, reason: str, *, now: datetime) -> None:
    row.state, row.ended_at, row.end_reason = state, now, reason.strip()[: tenders.LONGEST_TEXT]
    row.version += 1
    for bidder in row.bidders:
        if bidder.house_id is None or bidder.assessment_id is None:
            continue
        assessment = session.get_one(Assessment, bidder.assessment_id)
        assessment.stage = Stage.CLOSED
        assessment.closes_at = min(assessment.closes_at or now, now)
        session.get_one(Hospital, bidder.house_id).ended_at = now


def _become_vendor(session: Session, actor: Actor, row: Tender, bidder: TenderBidder, *, now: datetime) -> Vendor:
    """A vendor of that domain that stands already gets the supply; a new one is written down otherwise."""
    mine = select(Vendor).where(
        Vendor.hospital_id == row.hospital_id, Vendor.domain == bidder.domain, Vendor.ended_at.is_(None)
    )
    vendor = session.scalars(mine).first() if bidder.domain else None
    if vendor is None:
        fields = VendorFields(
            name=bidder.name, domain=bidder.domain, contact_name=bidder.contact_name, contact_email=bidder.contact_email
        )
        vendor = vendors.add(session, actor, fields, now=now)
    lot = tenders.lot_of(row, bidder.lot_id)
    supply = vendors.add_supply(session, actor, vendor.id, SupplyFields(name=lot.title), now=now)
    lots.lay_into(lot, supply)
    carrying.carry_over(session, actor, bidder, vendor, supply, now=now)
    return vendor
