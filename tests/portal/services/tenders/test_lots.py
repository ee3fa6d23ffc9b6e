"""The intake of a lot: tier, questions and must-haves follow from it and are frozen before anybody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assessments import intake
from portal.db.models.assessments import Assessment
from portal.db.models.tenders import Tender
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.services.registers import policies
from portal.services.tenders import bidders, drafting, lots, openings
from portal.services.tenders.lots import LotFields
from portal.services.vendors.intakes import Override
from questionnaires import shelf
from questionnaires.model import QuestionSet
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, URL
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.services.tenders.bids import Bids

GIVEN = {question.id: (question.options[0].id,) for question in intake.current().questions}


def fill_in(session: Session, made: Bids, now: datetime, **changes: object) -> Tender:
    row = session.get_one(Tender, made.tender_id)
    fields = LotFields(**{"given": GIVEN, **changes})
    lots.fill_in(session, made.ward.assessor, row.id, row.lots[0].id, fields, version=row.version, now=now)
    return row


def test_set_tier_and_must_haves_of_a_lot_are_frozen_from_its_intake(session: Session, now: datetime):
    made = bids.drafted(session, now)
    who = made.ward.assessor
    second = drafting.add_lot(session, who, made.tender_id, "Tastaturen", now=now)
    bidders.add_bidder(
        session, who, made.tender_id, bids.bidder(second.id, "Tasten GmbH", "tasten.de"), base_url=URL, now=now
    )
    must = next(one for one in shelf.current().sets[QuestionSet.FULL].question_ids)
    row = fill_in(session, made, now, must_haves=(must,))
    lot = row.lots[0]
    by_tier = policies.of(session, row.hospital_id).sets_by_tier[lot.tier or 0]
    assert by_tier is not QuestionSet.SHORT
    bids.start(session, made, now=now)
    frozen = (row.frozen or {})["lots"]
    assert [one["question_set"] for one in frozen] == [by_tier.value, "short"]
    assert [one["tier"] for one in frozen] == [lot.tier, None]
    assert frozen[0]["must_haves"] == [must]
    assert frozen[0]["intake"]["answers"] == {key: list(value) for key, value in GIVEN.items()}
    assert set(frozen[0]["questions"]) == set(shelf.current().sets[by_tier].question_ids)
    assert session.get_one(Assessment, made.ward.assessments[ONE]).question_set == by_tier.value
    with pytest.raises(NotNow):
        fill_in(session, made, now)
    bids.opened(session, made)
    found = openings.side_by_side(session, who, row.id, lot.id, now=made.closes_at + DAY)
    assert {side.tier for side in found.sides} == {lot.tier}
    assert must in {gate.question.id for gate in found.gates}
    other = openings.side_by_side(session, who, row.id, second.id, now=made.closes_at + DAY)
    assert {side.tier for side in other.sides} == {None}


def test_an_intake_that_is_not_whole_or_asks_too_much_is_refused(session: Session, now: datetime):
    made = bids.drafted(session, now)
    for changes, wrong in (
        ({"given": {}}, set(GIVEN)),
        ({"override": Override(tier=4, reason="")}, {"reason"}),
        ({"must_haves": ("XX-99",)}, {"must_haves"}),
    ):
        with pytest.raises(BadInput) as refused:
            fill_in(session, made, now, **changes)
        assert set(refused.value.fields) == wrong
    row = fill_in(session, made, now, override=Override(tier=4, reason="Nur Testbetrieb."))
    assert (row.lots[0].tier, row.lots[0].override_reason) == (4, "Nur Testbetrieb.")
    assert lots.question_set(session, row, row.lots[0]) is policies.of(session, row.hospital_id).sets_by_tier[4]
    fields = LotFields(given=GIVEN)
    with pytest.raises(Clash):
        lots.fill_in(session, made.ward.assessor, row.id, row.lots[0].id, fields, version=0, now=now)
    stranger = wards.empty(session, "Fremdklinik")
    with pytest.raises(NotFound):
        lots.fill_in(session, stranger.assessor, row.id, row.lots[0].id, fields, version=row.version, now=now)


def test_a_must_have_that_the_set_of_a_lot_does_not_ask_stops_the_freezing(session: Session, now: datetime):
    sets = shelf.current().sets
    must = next(one for one in sets[QuestionSet.FULL].question_ids if one not in sets[QuestionSet.SHORT].question_ids)
    made = bids.drafted(session, now, question_set=QuestionSet.FULL, must_haves=(must,))
    fill_in(session, made, now)
    row = session.get_one(Tender, made.tender_id)
    row.lots[0].question_set = QuestionSet.SHORT.value
    with pytest.raises(NotNow) as refused:
        drafting.freeze(session, made.ward.assessor, made.tender_id, now=now)
    assert must in str(refused.value.message.values["questions"])
