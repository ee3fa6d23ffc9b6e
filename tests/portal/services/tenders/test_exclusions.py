"""An offer is excluded by hand on a ground, stands last, gets no award, and is taken in again with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from portal import i18n
from portal.db.models.jobs import OutboxMail
from portal.db.models.tenders import ExclusionGround
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.tenders import acts, awards, eligibility, exclusions, openings, tenders
from portal.services.vendors import vendors
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_an_excluded_offer_stands_last_and_gets_no_award_until_it_is_taken_in_again(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=1.0)
    bids.hand_in(session, made, TWO, now=now + 2 * DAY, quality=1.0)
    who, at = made.ward.assessor, made.closes_at + DAY
    with pytest.raises(NotNow):
        exclusions.exclude(session, who, made.tender_id, made.bidders[ONE], ExclusionGround.FORM, reason="x", now=now)
    row = bids.opened(session, made)
    lot = row.lots[0]
    mails = session.scalar(select(func.count()).select_from(OutboxMail))

    with pytest.raises(BadInput):
        exclusions.exclude(session, who, row.id, made.bidders[ONE], ExclusionGround.FORM, reason=" ", now=at)
    with pytest.raises(NotFound):
        exclusions.exclude(session, who, row.id, "0" * 20, ExclusionGround.FORM, reason="x", now=at)
    with pytest.raises(NotAllowed):
        exclusions.exclude(
            session, made.ward.auditor, row.id, made.bidders[ONE], ExclusionGround.FORM, reason="x", now=at
        )
    exclusions.exclude(
        session, who, row.id, made.bidders[ONE], ExclusionGround.UNSUITABLE, reason="100 % Verlust.", now=at
    )
    with pytest.raises(Clash):
        exclusions.exclude(session, who, row.id, made.bidders[ONE], ExclusionGround.FORM, reason="Auch.", now=at)

    sides = openings.side_by_side(session, who, row.id, lot.id, now=at).sides
    assert [(side.name, side.is_excluded) for side in sides] == [(TWO, False), (ONE, True)]
    barred = eligibility.bars(session, who, row.id, lot, now=at)
    assert set(barred) == {made.bidders[ONE]}
    said = barred[made.bidders[ONE]].render()
    assert said.endswith("100 % Verlust.")
    assert who.name in said
    assert f"{at.astimezone(BERLIN):%d.%m.%Y}" in barred[made.bidders[ONE]].render(i18n.translator("de"))
    with pytest.raises(NotNow):
        awards.award(session, who, row.id, made.bidders[ONE], reason="Doch.", now=at)
    assert session.scalar(select(func.count()).select_from(OutboxMail)) == mails  # nobody is written to

    with pytest.raises(BadInput):
        exclusions.take_back(session, who, row.id, made.bidders[ONE], reason="", now=at)
    exclusions.take_back(session, who, row.id, made.bidders[ONE], reason="Nachgereicht.", now=at + DAY)
    with pytest.raises(Clash):
        exclusions.take_back(session, who, row.id, made.bidders[ONE], reason="Auch.", now=at + DAY)
    assert not eligibility.bars(session, who, row.id, lot, now=at)
    awards.award(session, who, row.id, made.bidders[ONE], reason="Bestes.", now=at + DAY)
    assert [one.name for one in vendors.search(session, made.ward.auditor)] == [ONE]
    with pytest.raises(NotNow):  # the lot has its word
        exclusions.exclude(session, who, row.id, made.bidders[TWO], ExclusionGround.FORM, reason="x", now=at + DAY)

    details = {event.verb: event.detail for event in acts.log(session, made.ward.auditor, row.id)}
    assert details["tender.offer-excluded"] == {
        "bidder": made.bidders[ONE],
        "lot": 1,
        "exclusion": "unsuitable",
        "reason": "100 % Verlust.",
    }
    assert details["tender.exclusion-taken-back"]["reason"] == "Nachgereicht."
    assert audit.verify(session, tenders.scope_of(row.id)).is_sound


def test_what_is_no_offer_is_not_excluded_either(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=1.0)
    row = bids.opened(session, made)

    with pytest.raises(NotNow, match="handed in nothing"):
        exclusions.exclude(
            session, made.ward.assessor, row.id, made.bidders[TWO], ExclusionGround.FORM, reason="x", now=made.closes_at
        )


@pytest.mark.parametrize("ground", list(ExclusionGround))
def test_every_ground_has_its_sentence(ground: ExclusionGround):
    assert "%(reason)s" in exclusions.WORDS[ground]
