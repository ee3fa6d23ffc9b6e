"""Which offers an award may go to (§§ 57, 58 VgV): handed in by the deadline, not withdrawn, not excluded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from assessments.comparison import Comparison
from portal.db.models.tenders import Tender, TenderLot, TenderState
from portal.services.actors import Actor
from portal.services.tenders import exclusions, offers, openings, tenders
from scanners.model import N_, Message

EXCLUDED = N_(
    "This offer is excluded, because it does not meet %(questions)s. An excluded offer is not awarded (§ 57 VgV)."
)


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """What bars the offers of a lot from an award, as of one version of its tender."""

    version: int
    lot_id: str
    bars: Mapping[str, Message]


def weigh(session: Session, actor: Actor, tender_id: str, bidder_id: str, *, now: datetime) -> Weighed | None:
    """The lot of a bidder, compared ahead of its award, so that nobody waits for it; None: nothing can be compared."""
    row = tenders.find(session, actor, tender_id)
    lot = tenders.lot_of(row, tenders.bidder_of(row, bidder_id).lot_id)
    if row.state is not TenderState.OPENED or tenders.is_sealed(row, lot):
        return None
    return Weighed(version=row.version, lot_id=lot.id, bars=bars(session, actor, tender_id, lot, now=now))


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
