"""Excluding an offer by hand, on a ground and in words, and taking that back; answers exclude without anybody."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db.models.tenders import ExclusionGround, Tender, TenderBidder, TenderState
from portal.errors import BadInput, Clash, NotNow
from portal.home import BERLIN
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.tenders import offers, tenders
from scanners.model import N_, Message

WORDS: Mapping[ExclusionGround, str] = {
    ExclusionGround.FORM: N_("Excluded on %(day)s by %(name)s: formal fault (§ 57(1) VgV, § 42(1) UVgO). %(reason)s"),
    ExclusionGround.DOCUMENTS: N_(
        "Excluded on %(day)s by %(name)s: documents are missing (§ 57(1) VgV, § 42(1) UVgO). %(reason)s"
    ),
    ExclusionGround.REQUIREMENT: N_(
        "Excluded on %(day)s by %(name)s: a requirement is not met (§ 57(1) VgV, § 42(1) UVgO). %(reason)s"
    ),
    ExclusionGround.UNSUITABLE: N_(
        "Excluded on %(day)s by %(name)s: the bidder is not suitable (§ 57(1) VgV, § 42(1) UVgO). %(reason)s"
    ),
    ExclusionGround.WITHDRAWN: N_(
        "Excluded on %(day)s by %(name)s: the bidder has taken its offer back outside of the portal. %(reason)s"
    ),
    ExclusionGround.OTHER: N_("Excluded on %(day)s by %(name)s. %(reason)s"),
}


def exclude(
    session: Session,
    actor: Actor,
    tender_id: str,
    bidder_id: str,
    ground: ExclusionGround,
    *,
    reason: str,
    now: datetime,
) -> TenderBidder:
    """While the lot waits for its award; the bidder is told nothing by the portal, nor anybody else."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row, bidder = _in_question(session, actor, tender_id, bidder_id)
    if bidder.excluded_at is not None:
        raise Clash(Message(text=N_("Somebody else has excluded this offer in the meantime.")))
    none = offers.has_offered(session, row, bidder)
    if none is not None:
        raise NotNow(none)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Say why this offer is excluded."))})
    bidder.excluded_at, bidder.excluded_by = now, actor.name[:200]
    bidder.exclusion_ground, bidder.exclusion_reason = ground, reason.strip()[: tenders.LONGEST_TEXT]
    row.version += 1
    _note(session, actor, row, bidder, verb="tender.offer-excluded", ground=ground, reason=reason, now=now)
    return bidder


def take_back(
    session: Session, actor: Actor, tender_id: str, bidder_id: str, *, reason: str, now: datetime
) -> TenderBidder:
    """The offer is in again, unless its answers exclude it; the log keeps both acts."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row, bidder = _in_question(session, actor, tender_id, bidder_id)
    ground = bidder.exclusion_ground
    if bidder.excluded_at is None or ground is None:
        raise Clash(Message(text=N_("Somebody else has taken this exclusion back in the meantime.")))
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Say why the exclusion is taken back."))})
    bidder.excluded_at, bidder.excluded_by = None, ""
    bidder.exclusion_ground, bidder.exclusion_reason = None, ""
    row.version += 1
    _note(session, actor, row, bidder, verb="tender.exclusion-taken-back", ground=ground, reason=reason, now=now)
    return bidder


def told(bidder: TenderBidder) -> Message | None:
    """By whom it was excluded, and why."""
    if bidder.excluded_at is None or bidder.exclusion_ground is None:
        return None
    day = bidder.excluded_at.astimezone(BERLIN).date().isoformat()  # written as its reader does
    values = {"day": day, "name": bidder.excluded_by, "reason": bidder.exclusion_reason}
    return Message(text=WORDS[bidder.exclusion_ground], values=values)


def _in_question(session: Session, actor: Actor, tender_id: str, bidder_id: str) -> tuple[Tender, TenderBidder]:
    """The offer, of a lot that has no word yet."""
    tenders.bidder_of(tenders.find(session, actor, tender_id), bidder_id)  # what is unknown is that in every state
    row = tenders.locked(session, actor, tender_id, TenderState.OPENED)
    bidder = tenders.bidder_of(row, bidder_id)
    session.refresh(bidder)
    tenders.require_undecided(row, tenders.lot_of(row, bidder.lot_id))
    return row, bidder


def _note(
    session: Session,
    actor: Actor,
    row: Tender,
    bidder: TenderBidder,
    *,
    verb: str,
    ground: ExclusionGround,
    reason: str,
    now: datetime,
) -> None:
    detail = {
        "bidder": bidder.id,
        "lot": tenders.lot_of(row, bidder.lot_id).number,
        "exclusion": ground.value,
        "reason": reason.strip()[:500],
    }
    tenders.note(session, actor, row, verb, now=now, detail=detail)
