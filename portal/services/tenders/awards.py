"""The end of a tender: a lot is awarded and its bidder becomes a vendor, or the tender ends without."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.tenders import EndGround, Tender, TenderBidder, TenderLot, TenderState
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, Clash, NotNow
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.mails.letters import Letter
from portal.services.tenders import carrying, eligibility, letters, lots, offers, tenders
from portal.services.tenders.eligibility import Weighed
from portal.services.vendors import vendors
from portal.services.vendors.vendors import SupplyFields, VendorFields
from scanners.model import N_, Message

ENDED = frozenset({TenderState.AWARDED, TenderState.CANCELLED})


def award(
    session: Session,
    actor: Actor,
    tender_id: str,
    bidder_id: str,
    *,
    reason: str,
    now: datetime,
    weighed: Weighed | None = None,
) -> Vendor:
    """The bidder becomes a vendor with a supply, and keeps its round; the tender ends when every lot has its word.

    An offer that is excluded, was withdrawn or never came is awarded nothing (eligibility.py). `weighed`: the lot as it
    was compared ahead; what was compared before somebody changed the tender is compared again.
    """
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.OPENED)
    bidder = tenders.bidder_of(row, bidder_id)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the award."))})
    lot = tenders.lot_of(row, bidder.lot_id)
    tenders.require_undecided(row, lot)
    if weighed is not None and (weighed.version, weighed.lot_id) == (row.version, lot.id):
        bars = weighed.bars
    else:
        bars = eligibility.bars(session, actor, row.id, lot, now=now)
    barred = bars.get(bidder.id)
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
        detail={"bidder": bidder.id, "lot": lot.number, "vendor": vendor.id, "reason": reason[:500]},
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


def cancel(
    session: Session, actor: Actor, tender_id: str, *, reason: str, told: str = "", base_url: str, now: datetime
) -> Tender:
    """It ends without an award (for what is not awarded yet; § 63 VgV, § 48 UVgO); what was sealed stays sealed.

    Whoever was invited and is not out reads of it in a letter of its own; `told`: the reason as that letter gives it,
    nothing where the hospital tells it itself.
    """
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, *TenderState)
    if row.state in ENDED:
        raise Clash(Message(text=N_("This tender has ended in the meantime.")))
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the end of the tender."))})
    said = told.strip()[: tenders.LONGEST_TEXT]
    tenders.note(
        session,
        actor,
        row,
        "tender.cancelled",
        now=now,
        detail={"reason": reason.strip()[:500], **({"told": said[:500]} if said else {})},
    )
    asked, bidders = in_question(row), _still_in(session, row)
    hospital = session.get_one(Hospital, row.hospital_id).name
    if asked:
        tenders.note(session, actor, row, "tender.end-told", now=now)  # to how many would say who has withdrawn
    end(session, row, TenderState.CANCELLED, reason, now=now)
    session.flush()  # rounds first, then chains: the order in which a hand-in takes them
    audit.take_turns(session, *(audit.hospital_scope(one.house_id or "") for one in bidders))
    for bidder in bidders:
        words = _cancelled(hospital, row, tenders.lot_of(row, bidder.lot_id), said)
        letters.post(session, bidder, "tender-cancelled", words, base_url=base_url, now=now)
        scope = audit.hospital_scope(bidder.house_id or "")
        audit.record(session, actor, "tender.end-told", bidder.id, now=now, scope=scope)
    return row


def in_question(row: Tender) -> Sequence[TenderBidder]:
    """Whom the end of the tender touches: invited for a lot without a word yet; who of them has withdrawn is sealed."""
    return [
        one
        for one in row.bidders
        if one.assessment_id is not None
        and tenders.lot_of(row, one.lot_id).ended_at is None
        and not tenders.is_awarded(row, tenders.lot_of(row, one.lot_id))
    ]


def preview(
    session: Session, actor: Actor, tender_id: str, *, told: str, base_url: str
) -> Sequence[tuple[TenderLot, str, Letter]]:
    """The letter of the end as it would leave, once for each lot and language; the link says whose round it is only in
    the mail."""
    row = tenders.find(session, actor, tender_id)
    said = told.strip()[: tenders.LONGEST_TEXT]
    hospital = session.get_one(Hospital, row.hospital_id).name
    kinds = {(tenders.lot_of(row, one.lot_id).number, one.language): one.lot_id for one in in_question(row)}
    found = [(tenders.lot_of(row, lot_id), language) for (_number, language), lot_id in sorted(kinds.items())]
    return [
        (
            lot,
            language,
            letters.written(language, _cancelled(hospital, row, lot, said), round_id="…", base_url=base_url),
        )
        for lot, language in found
    ]


def _still_in(session: Session, row: Tender) -> Sequence[TenderBidder]:
    asked = in_question(row)
    return [one for one, _assessment in offers.going_on(session, row) if one in asked]


def _cancelled(hospital: str, row: Tender, lot: TenderLot, said: str) -> Callable[[], tuple[str, ...]]:
    def words() -> tuple[str, ...]:
        return (
            i18n.gettext("The tender “%(title)s” is cancelled", title=row.title),
            i18n.gettext(
                "%(hospital)s has cancelled the tender “%(title)s” (%(reference)s) without an award. That ends lot "
                "%(number)s, %(lot)s, for which you were invited. You need do nothing more; what you have answered "
                "stays with you.",
                hospital=hospital,
                title=row.title,
                reference=row.reference or "–",
                number=lot.number,
                lot=lot.title,
            ),
            i18n.gettext("The hospital gives this reason:") + "\n" + said
            if said
            else i18n.gettext("The hospital itself tells you its reasons."),
        )

    return words


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
