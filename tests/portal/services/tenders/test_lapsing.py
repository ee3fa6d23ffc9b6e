"""A tender that nobody ends: named on the start page, then ended by the night, then forgotten like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.tenders import Tender, TenderState
from portal.errors import NotNow
from portal.home import BERLIN
from portal.services.tenders import acts, awards, lapsing, openings, retention, tenders
from questionnaires import answering
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

MONTHS = 18


def after(made: bids.Bids, months: int) -> datetime:
    """So many months after the deadline, to the day."""
    day = answering.add_months(made.closes_at.astimezone(BERLIN).date(), months)
    return made.closes_at + (day - made.closes_at.astimezone(BERLIN).date())


@pytest.mark.parametrize("is_opened", [False, True], ids=["sealed", "opened"])
def test_a_tender_that_nobody_ends_is_named_then_ended_then_forgotten(session: Session, now: datetime, is_opened: bool):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    if is_opened:
        bids.opened(session, made)
    who, row = made.ward.auditor, session.get_one(Tender, made.tender_id)
    told, lapses = after(made, lapsing.TOLD_MONTHS), after(made, MONTHS)

    def waiting(at: datetime) -> list[str]:
        found = lapsing.waiting(session, who, months=MONTHS, today=at.astimezone(BERLIN).date())
        assert all(one.lapses_on == lapses.astimezone(BERLIN).date() for one in found)
        return [one.tender.id for one in found]

    assert waiting(told - DAY) == []
    assert waiting(told) == waiting(lapses + 9 * DAY) == [row.id]
    assert lapsing.end_due(session, months=MONTHS, now=lapses - DAY) == 0
    assert lapsing.end_due(session, months=MONTHS, now=lapses) == 1
    assert lapsing.end_due(session, months=MONTHS, now=lapses + DAY) == 0  # once
    session.flush()
    session.expire_all()

    assert waiting(lapses) == []
    assert (row.state, row.is_lapsed, row.ended_at) == (TenderState.CANCELLED, True, lapses)
    assert session.get_one(Assessment, made.ward.assessments[TWO]).stage is Stage.CLOSED
    assert session.get_one(Hospital, row.bidders[0].house_id).ended_at == lapses
    last = acts.log(session, who, row.id)[-1]
    assert (last.verb, last.detail) == ("tender.lapsed", {"months": MONTHS})
    assert acts.is_sound(session, who, row.id)
    if not is_opened:
        with pytest.raises(NotNow):  # what was sealed stays sealed
            openings.side_by_side(session, who, row.id, row.lots[0].id, now=lapses)
    kept = answering.add_months(lapses.astimezone(BERLIN).date(), retention.KEPT_MONTHS)
    assert retention.kept_until(session, row, today=lapses.date()) == kept
    assert retention.remove_due(session, now=after(made, MONTHS + retention.KEPT_MONTHS)) == 0
    assert retention.remove_due(session, now=after(made, MONTHS + retention.KEPT_MONTHS) + DAY) == 2


def test_a_draft_that_was_left_lying_ends_too_and_what_was_ended_is_left_alone(session: Session, now: datetime):
    made = bids.drafted(session, now)
    other = bids.drafted(session, now)
    awards.cancel(session, other.ward.assessor, other.tender_id, reason="Kein Geld.", now=now)

    assert lapsing.end_due(session, months=MONTHS, now=after(made, MONTHS)) == 1
    row, left = session.get_one(Tender, made.tender_id), session.get_one(Tender, other.tender_id)
    assert (row.is_lapsed, left.is_lapsed, left.end_reason) == (True, False, "Kein Geld.")
    assert retention.remove_due(session, now=after(made, MONTHS + retention.KEPT_MONTHS) + DAY) == 4
    assert {one.contact_email for one in row.bidders} == {""}


def test_of_a_lapsed_tender_what_was_awarded_stays_so(session: Session, now: datetime):
    made = bids.started_with_two_lots(session, now)
    for name in (ONE, TWO):
        bids.hand_in(session, made, name, now=now + 2 * DAY, quality=1.0)
    row = bids.opened(session, made)
    vendor = awards.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="Bestes.", now=made.closes_at)

    assert row.state is TenderState.OPENED
    assert lapsing.end_due(session, months=MONTHS, now=after(made, MONTHS)) == 1
    assert (row.state, row.is_lapsed) == (TenderState.AWARDED, True)
    assert tenders.bidder_of(row, made.bidders[ONE]).vendor_id == vendor.id
