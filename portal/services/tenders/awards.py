"""The end of a tender: a lot is awarded and its bidder becomes a vendor, or the tender ends without."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.tenders import EndGround, Tender, TenderBidder, TenderLot, TenderState
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, Clash, NotNow
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.tenders import carrying, eligibility, letters, lots, offers, tenders
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
    tenders.require_undecided(row, tenders.lot_of(row, bidder.lot_id))
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
    _end_if_done(session, row, reason, now=now)
    return vendor


def end_lot(
    session: Session,
    actor: Actor,
    tender_id: str,
    lot_id: str,
    ground: EndGround,
    *,
    reason: str,
    base_url: str,
    now: datetime,
) -> Tender:
    """One lot ends without an award while the others go on (§ 63(1) VgV); what was sealed stays sealed."""
    hospital_of(actor, HOSPITAL_WRITERS)
    tenders.lot_of(tenders.find(session, actor, tender_id), lot_id)  # what is unknown is that in every state
    row = tenders.locked(session, actor, tender_id, TenderState.OPEN, TenderState.OPENED)
    lot = tenders.lot_of(row, lot_id)
    session.refresh(lot)
    if lot.ended_at is not None:
        raise Clash(Message(text=N_("Somebody else has ended this lot in the meantime.")))
    tenders.require_undecided(row, lot)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the end of the lot."))})
    bidders = [one for one, _assessment in offers.going_on(session, row) if one.lot_id == lot.id]
    lot.ended_at, lot.ended_by = now, actor.name[:200]
    lot.end_ground, lot.end_reason = ground, reason.strip()[: tenders.LONGEST_TEXT]
    row.version += 1
    detail = {"lot": lot.number, "ending": ground.value, "reason": reason.strip()[:500]}
    tenders.note(session, actor, row, "tender.lot-ended", now=now, detail=detail)
    for bidder in bidders:
        _close(session, bidder, now=now)
        letters.post(session, bidder, "tender-lot-ended", lambda: _lot_ended(row, lot), base_url=base_url, now=now)
    _end_if_done(session, row, reason, now=now)
    return row


def _lot_ended(row: Tender, lot: TenderLot) -> tuple[str, str]:
    return (
        i18n.gettext("A lot of the tender “%(title)s” has ended", title=row.title),
        i18n.gettext(
            "the hospital has ended lot %(number)s, %(lot)s, without an award. You need do nothing more; what you have "
            "answered stays with you. The hospital itself tells you its reasons.",
            number=lot.number,
            lot=lot.title,
        ),
    )


def cancel(session: Session, actor: Actor, tender_id: str, *, reason: str, now: datetime) -> Tender:
    """It ends without an award (for what is not awarded yet); what was sealed stays sealed."""
    hospital_of(actor, HOSPITAL_WRITERS)
    states = [state for state in TenderState if state not in ENDED]
    row = tenders.locked(session, actor, tender_id, *states)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the end of the tender."))})
    tenders.note(session, actor, row, "tender.cancelled", now=now, detail={"reason": reason.strip()[:500]})
    end(session, row, TenderState.CANCELLED, reason, now=now)
    return row


def _end_if_done(session: Session, row: Tender, reason: str, *, now: datetime) -> None:
    """Each lot that somebody bids for has its word; what one lot was awarded, the whole tender was."""
    given = [lot for lot in row.lots if tenders.is_awarded(row, lot)]
    asked = {one.lot_id for one in row.bidders}
    if all(lot in given or lot.ended_at is not None for lot in row.lots if lot.id in asked):
        end(session, row, TenderState.AWARDED if given else TenderState.CANCELLED, reason, now=now)


def end(session: Session, row: Tender, state: TenderState, reason: str, *, now: datetime) -> None:
    """Every round that is still open closes, and nobody works in its tenant any more."""
    row.state, row.ended_at, row.end_reason = state, now, reason.strip()[: tenders.LONGEST_TEXT]
    row.version += 1
    for bidder in row.bidders:
        if tenders.lot_of(row, bidder.lot_id).ended_at is None:
            _close(session, bidder, now=now)


def _close(session: Session, bidder: TenderBidder, *, now: datetime) -> None:
    if bidder.house_id is None or bidder.assessment_id is None:
        return
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
