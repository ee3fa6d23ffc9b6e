"""A tender: what can be done follows from its state, and another hospital knows nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from portal.db.models.accounts import Hospital
from portal.db.models.tenders import Tender
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services.tenders import (
    acts,
    awards,
    bidders,
    drafting,
    inviting,
    openings,
    queries,
    tenders,
)
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import ONE, SECOND, URL
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_what_can_be_done_depends_on_the_state_alone(session: Session, now: datetime):
    made = bids.drafted(session, now, needs_two=False)
    ward, row = made.ward, session.get_one(Tender, made.tender_id)
    lot_id = row.lots[0].id

    def verbs(at: datetime) -> dict[str, Callable[[], object]]:
        who, tender_id = ward.assessor, made.tender_id
        first = made.bidders[ONE]
        return {
            "change": lambda: drafting.change(session, who, tender_id, bids.fields(at), version=row.version, now=at),
            "lot": lambda: drafting.add_lot(session, who, tender_id, "Los", now=at),
            "bidder": lambda: bidders.add_bidder(
                session, who, tender_id, bids.bidder(lot_id, "Neu GmbH", "neuerbieter.de"), base_url=URL, now=at
            ),
            "remove": lambda: bidders.remove_bidder(session, who, tender_id, first, now=at),
            "freeze": lambda: drafting.freeze(session, who, tender_id, now=at),
            "start": lambda: inviting.start(session, who, tender_id, base_url=URL, now=at),
            "publish": lambda: queries.publish(
                session, who, tender_id, question="Was?", answer="Das.", base_url=URL, now=at
            ),
            "open": lambda: openings.open_answers(session, who, tender_id, now=at),
            "compare": lambda: openings.side_by_side(session, who, tender_id, lot_id, now=at),
            "award": lambda: awards.award(session, who, tender_id, first, reason="Bestes.", now=at),
            "cancel": lambda: awards.cancel(session, who, tender_id, reason="Kein Geld.", base_url=URL, now=at),
        }

    def possible(at: datetime) -> set[str]:
        done = set()
        for name in verbs(at):
            trial = session.begin_nested()
            try:
                verbs(at)[name]()
                session.flush()
                done.add(name)
            except (NotNow, Clash):
                pass
            trial.rollback()
            session.expire_all()
        return done

    after = made.closes_at + SECOND
    assert possible(now) == {"change", "lot", "bidder", "remove", "freeze", "cancel"}
    drafting.freeze(session, ward.assessor, made.tender_id, now=now)
    assert possible(now) == {"bidder", "remove", "start", "cancel"}
    assert possible(after) == {"remove", "cancel"}
    inviting.start(session, ward.assessor, made.tender_id, base_url=URL, now=now)
    assert possible(now) == {"bidder", "publish", "cancel"}
    assert possible(made.closes_at - SECOND) == {"bidder", "publish", "cancel"}
    assert possible(made.closes_at) == {"open", "cancel"}
    openings.open_answers(session, ward.assessor, made.tender_id, now=after)
    assert possible(after) == {"compare", "cancel"}  # nobody has handed in, so there is nothing to award
    awards.cancel(session, ward.assessor, made.tender_id, reason="Doch nicht.", base_url=URL, now=after)
    assert possible(after) == {"compare"}


def test_a_tender_of_another_hospital_is_an_unknown_one(session: Session, now: datetime):
    made = bids.drafted(session, now)
    stranger = wards.empty(session, "Fremdklinik")
    for verb in (
        lambda: tenders.find(session, stranger.admin, made.tender_id),
        lambda: drafting.freeze(session, stranger.admin, made.tender_id, now=now),
        lambda: acts.log(session, stranger.admin, made.tender_id),
        lambda: awards.cancel(session, stranger.admin, made.tender_id, reason="x", base_url=URL, now=now),
    ):
        with pytest.raises(NotFound):
            verb()
    assert not tenders.rows(session, stranger.admin)
    with pytest.raises(NotAllowed):
        drafting.freeze(session, made.ward.auditor, made.tender_id, now=now)
    wrong = bids.bidder(session.get_one(Tender, made.tender_id).lots[0].id, "Innen GmbH", "localhost")
    with pytest.raises(BadInput):
        bidders.add_bidder(session, made.ward.assessor, made.tender_id, wrong, base_url=URL, now=now)
    with pytest.raises(Clash):
        drafting.change(session, made.ward.assessor, made.tender_id, bids.fields(now), version=99, now=now)
    houses = session.scalar(select(func.count()).select_from(Hospital).where(Hospital.is_for_bidder))
    assert houses == 0
