"""A withdrawn offer is read by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.jobs import OutboxMail
from portal.errors import NotFound, NotNow
from portal.services.tenders import (
    acts,
    awards,
    offers,
    openings,
    queries,
)
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO, URL

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_a_withdrawn_offer_is_read_by_nobody(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    mine = made.ward.assessments[ONE]
    with pytest.raises(NotFound):
        offers.withdraw_offer(session, made.actors[TWO], mine, now=now + 3 * DAY)
    with pytest.raises(NotNow):
        offers.withdraw_offer(session, made.actors[ONE], mine, now=made.closes_at)
    offers.withdraw_offer(session, made.actors[ONE], mine, now=now + 3 * DAY)
    session.flush()
    with pytest.raises(NotNow):
        offers.withdraw_offer(session, made.actors[ONE], mine, now=now + 3 * DAY)
    with pytest.raises(NotNow):
        bids.sign(session, made, ONE, now=now + 4 * DAY)
    who = made.ward.decider
    assert not offers.withdrawn(session, who, made.tender_id)  # sealed as everything else
    assert "tender.offer-withdrawn" not in [event.verb for event in acts.log(session, who, made.tender_id)]
    queries.publish(
        session, made.ward.assessor, made.tender_id, question="?", answer="!", base_url=URL, now=now + 4 * DAY
    )
    told = session.scalars(select(OutboxMail.to_address).where(OutboxMail.kind == "tender-answer")).all()
    assert told == ["angebot@kanariengelb.de"]
    row = bids.opened(session, made)
    at = made.closes_at + DAY
    assert [side.name for side in openings.side_by_side(session, who, row.id, row.lots[0].id, now=at).sides] == [TWO]
    assert offers.withdrawn(session, who, row.id) == {made.bidders[ONE]}
    assert "tender.offer-withdrawn" in [event.verb for event in acts.log(session, who, row.id)]
    with pytest.raises(NotNow):
        awards.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="x", now=at)
    awards.cancel(session, made.ward.assessor, row.id, reason="x", base_url=URL, now=at)
    assert offers.withdrawn(session, who, row.id) == {made.bidders[ONE]}
