"""Which offers an award may go to (§§ 57, 58 VgV): handed in by the deadline, not withdrawn, excluded by nothing."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from assessments.comparison import Comparison
from portal.db.models.assessments import Assessment
from portal.db.models.tenders import Tender, TenderBidder, TenderLot
from portal.services.actors import Actor
from portal.services.tenders import offers, openings, tenders
from scanners.model import N_, Message

UNINVITED = N_("This bidder was never invited.")
WITHDRAWN = N_("This bidder has withdrawn its offer.")
FORGOTTEN = N_("What this bidder offered was removed when its retention was over (§ 8(4) VgV).")
SILENT = N_(
    "This bidder has handed in nothing by the deadline; there is no offer that could be awarded (§ 57(1) no. 1 VgV)."
)
EXCLUDED = N_(
    "This offer is excluded, because it does not meet %(questions)s. An excluded offer is not awarded (§ 57 VgV)."
)


def has_offered(session: Session, row: Tender, bidder: TenderBidder) -> Message | None:
    """Why there is no offer of this bidder, known from rows alone; None: there is one."""
    if bidder.assessment_id is None:
        return Message(text=UNINVITED)
    if bidder.removed_at is not None:
        return Message(text=FORGOTTEN)
    assessment = session.get_one(Assessment, bidder.assessment_id)
    if offers.has_withdrawn(row, assessment):
        return Message(text=WITHDRAWN)
    return None if assessment.submitted_at is not None else Message(text=SILENT)


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
        none = has_offered(session, row, bidder)
        unmet = excluded.get(openings.key_of(bidder), ())
        if none is not None:
            found[bidder.id] = none
        elif unmet:
            found[bidder.id] = Message(text=EXCLUDED, values={"questions": ", ".join(unmet)})
    return found
