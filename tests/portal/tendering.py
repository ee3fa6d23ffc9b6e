"""A tender with one bidder whose answers are opened, for whoever walks through pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal.services.tenders import bidders, drafting, inviting, openings
from portal.services.tenders.bidders import BidderFields
from portal.services.tenders.drafting import TenderFields
from questionnaires import shelf
from questionnaires.model import QuestionSet
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.services.actors import Actor

TITLE = "Vergabe PACS 2027"


def opened(session: Session, actor: Actor, *, now: datetime) -> dict[str, str]:
    """Its ids by the names that routes give them."""
    fields = TenderFields(
        title=TITLE,
        reference="V-27/14",
        description="",
        catalogue=shelf.CURRENT,
        question_set=QuestionSet.SHORT,
        must_haves=(),
        closes_at=now + timedelta(days=1),
        needs_two=False,
    )
    row = drafting.begin(session, actor, fields, now=now)
    lot = row.lots[0]
    who = BidderFields(
        lot_id=lot.id,
        name="Bietwerk GmbH",
        domain="bietwerk.de",
        contact_name="",
        contact_email="x@bietwerk.de",
    )
    bidder = bidders.add_bidder(session, actor, row.id, who, base_url=wards.BASE_URL, now=now)
    drafting.freeze(session, actor, row.id, now=now)
    inviting.start(session, actor, row.id, base_url=wards.BASE_URL, now=now)
    openings.open_answers(session, actor, row.id, now=row.closes_at)
    session.flush()
    return {"tender_id": row.id, "lot_id": lot.id, "bidder_id": bidder.id}
