"""Opened by two, compared by what was frozen, as of the deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from assessments.comparison import Gate
from portal.db.models.assessments import Assessment
from portal.db.models.responses import SignOff
from portal.errors import BadInput, NotNow
from portal.services.registers import policies
from portal.services.scans import permissions
from portal.services.tenders import (
    acts,
    awards,
    drafting,
    openings,
    tenders,
)
from questionnaires import shelf
from questionnaires.model import QuestionSet
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, SECOND, TWO
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_the_lot_is_compared_by_frozen_weights_with_gates_first(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=0.2)
    bids.hand_in(session, made, TWO, now=now + 3 * DAY, quality=1.0)
    row = bids.opened(session, made)
    assert tenders.digest(row.frozen) == row.frozen_sha256
    found = openings.side_by_side(session, made.ward.decider, row.id, row.lots[0].id, now=made.closes_at + DAY)
    assert [side.is_excluded for side in found.sides] == sorted(side.is_excluded for side in found.sides)
    assert [side.name for side in found.sides] == [TWO, ONE]
    row.frozen = {**row.frozen, "must_haves": ["GV-01"]}
    with pytest.raises(NotNow):
        openings.frozen_policy(row)
    assert not acts.is_sound(session, made.ward.auditor, row.id)


def test_a_must_have_excludes_whoever_does_not_meet_it(session: Session, now: datetime):
    catalogue = shelf.current()
    must = next(one for one in catalogue.sets[QuestionSet.SHORT].question_ids if not catalogue.questions[one].knock_out)
    made = bids.started(session, now, must_haves=(must,))
    row = bids.opened(session, made)
    found = openings.side_by_side(session, made.ward.decider, row.id, row.lots[0].id, now=made.closes_at + DAY)
    assert all(side.is_excluded for side in found.sides)  # nobody answered: at the opening that counts
    assert must in {gate.question.id for gate in found.gates}
    with pytest.raises(BadInput):
        drafting.begin(session, made.ward.assessor, bids.fields(now, must_haves=("XX-99",)), now=now)


def test_what_is_signed_in_time_but_comes_behind_the_opening_is_refused(session: Session, now: datetime):
    """A request that arrived a moment before the deadline and waited behind the one that opened the answers."""
    made = bids.started(session, now)
    wards.answer_all(session, made.ward, ONE, quality=0.9, now=now + 2 * DAY)
    session.expire_all()
    bids.opened(session, made)
    with pytest.raises(NotNow):
        bids.sign(session, made, ONE, now=made.closes_at - SECOND)
    assert session.scalar(select(func.count()).select_from(SignOff)) == 0


def test_what_is_seen_after_the_deadline_moves_no_comparison(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    row = bids.opened(session, made)
    lot_id = row.lots[0].id
    first = openings.side_by_side(session, made.ward.decider, row.id, lot_id, now=made.closes_at + DAY)
    later = openings.side_by_side(session, made.ward.decider, row.id, lot_id, now=made.closes_at + 500 * DAY)
    assert [side.score for side in first.sides] == [side.score for side in later.sides]
    assert first.at == later.at
    house_id = tenders.bidder_of(row, made.bidders[ONE]).house_id or ""
    vendor_id = session.get_one(Assessment, made.ward.assessments[ONE]).vendor_id
    for at, hosts in ((made.closes_at - SECOND, ("kanarienblau.de",)), (made.closes_at, ())):
        assert permissions.permitted(session, house_id, vendor_id, ["kanarienblau.de"], now=at).hosts == hosts


def test_a_new_release_of_the_weights_moves_no_comparison(
    session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    before = policies.of(session, made.ward.hospital_id)
    row = bids.opened(session, made)
    at, lot_id = made.closes_at + DAY, row.lots[0].id
    first = openings.side_by_side(session, made.ward.decider, row.id, lot_id, now=at)
    monkeypatch.setattr(policies, "of", lambda *_: pytest.fail("the rules of today are not asked"))
    assert openings.frozen_policy(row) == before
    again = openings.side_by_side(session, made.ward.decider, row.id, lot_id, now=at)
    assert [side.score for side in again.sides] == [side.score for side in first.sides]


def test_what_is_seen_from_outside_alone_excludes_nobody(session: Session, now: datetime):
    """An observation that contradicts a knock-out is a sign: the bidder is asked, and may get the lot."""
    made = bids.started(session, now)
    bids.looked_at(session, made, ONE, quality=0.2, now=now + DAY)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=1.0)
    row = bids.opened(session, made)
    at, who = made.closes_at + DAY, made.ward.assessor
    found = openings.side_by_side(session, who, row.id, row.lots[0].id, now=at)
    key = openings.key_of(tenders.bidder_of(row, made.bidders[ONE]))
    index = [side.key for side in found.sides].index(key)
    assert Gate.FAILED in {gate.cells[index] for gate in found.gates}
    assert openings.doubted_by(found)[key]
    assert not openings.excluded_by(found)[key]
    assert not found.sides[index].is_excluded
    assert awards.award(session, who, row.id, made.bidders[ONE], reason="Geklärt am Telefon.", now=at)
