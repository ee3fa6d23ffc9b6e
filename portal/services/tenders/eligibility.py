"""Which offers an award may go to (§§ 57, 58 VgV): handed in by the deadline, not withdrawn, not excluded."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from assessments.comparison import Comparison
from portal.db.models.tenders import Tender, TenderLot
from portal.services.actors import Actor
from portal.services.tenders import exclusions, offers, openings, tenders
from scanners.model import N_, Message

EXCLUDED = N_(
    "This offer is excluded, because it does not meet %(questions)s. An excluded offer is not awarded (§ 57 VgV)."
)


def bars(session: Session, actor: Actor, tender_id: str, lot: TenderLot, *, now: datetime) -> Mapping[str, Message]:
    """The bidders of a lot that an award may not go to, and why: by what was frozen, as of the deadline."""
    made = openings.side_by_side(session, actor, tender_id, lot.id, now=now)
    return barred(session, tenders.find(session, actor, tender_id), lot, made)


def barred(session: Session, row: Tender, lot: TenderLot, made: Comparison) -> Mapping[str, Message]:
    """The same, where the lot is compared already."""
    excluded = openings.excluded_by(made)
    found: dict[str, Message] = {}
    for bidder in row.bidders:
        if bidder.lot_id != lot.id:
            continue
        none = offers.has_offered(session, row, bidder)
        unmet = excluded.get(openings.key_of(bidder), ())
        by_hand = exclusions.told(bidder)
        if none is not None:
            found[bidder.id] = none
        elif by_hand is not None:
            found[bidder.id] = by_hand
        elif unmet:
            found[bidder.id] = Message(text=EXCLUDED, values={"questions": ", ".join(unmet)})
    return found
