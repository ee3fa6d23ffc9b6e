"""A tender that nobody ends: named on the start page, then ended by the night, then forgotten like any other."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.tenders import Tender, TenderState
from portal.errors import BadInput, Clash, NotAllowed, NotNow
from portal.home import BERLIN
from portal.services.tenders import acts, awards, lapsing, openings, retention, tenders
from questionnaires import answering
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, SECOND, TWO, URL

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
    awards.cancel(session, other.ward.assessor, other.tender_id, reason="Kein Geld.", base_url=URL, now=now)

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


def put_off(session: Session, made: bids.Bids, until: date, *, now: datetime, **changes: object) -> Tender:
    fields = {"reason": "Nachprüfung vor der Vergabekammer.", "stands": lapse(made, MONTHS), **changes}
    return lapsing.put_off(session, made.ward.assessor, made.tender_id, until, months=MONTHS, now=now, **fields)


def lapse(made: bids.Bids, months: int) -> date:
    return answering.add_months(made.closes_at.astimezone(BERLIN).date(), months)


def test_the_end_by_itself_is_put_off_with_a_reason(session: Session, now: datetime):
    made = bids.started(session, now)
    at, until = after(made, 15), lapse(made, 24)
    row = put_off(session, made, until, now=at)
    assert (row.lapse_on, row.lapse_by, row.lapse_at) == (until, made.ward.assessor.name, at)
    last = acts.log(session, made.ward.auditor, row.id)[-1]
    assert (last.verb, last.detail) == (
        "tender.lapse-put-off",
        {"before": lapse(made, MONTHS).isoformat(), "after": until.isoformat(), "reason": row.lapse_reason},
    )
    who = made.ward.auditor

    def waiting(months: int) -> list[date]:
        today = after(made, months).astimezone(BERLIN).date()
        return [one.lapses_on for one in lapsing.waiting(session, who, months=MONTHS, today=today)]

    assert (waiting(16), waiting(21)) == ([], [until])  # named again when the new day comes near
    assert lapsing.end_due(session, months=MONTHS, now=after(made, 24) - DAY) == 0
    with pytest.raises(Clash):  # somebody else has read the old day
        put_off(session, made, lapse(made, 30), now=after(made, 22))
    put_off(session, made, lapse(made, 30), now=after(made, 22), stands=until)
    assert lapsing.end_due(session, months=MONTHS, now=after(made, 24)) == 0
    assert lapsing.end_due(session, months=MONTHS, now=after(made, 30)) == 1
    with pytest.raises(NotNow):
        put_off(session, made, lapse(made, 40), now=after(made, 31))


@pytest.mark.parametrize(
    ("until", "at", "refused"),
    [
        (18, 15, True),  # no later than it stands
        (27, 15, False),  # a year from that day
        (28, 15, True),
        (12, 4, True),  # never to an earlier day
        (18, 19, True),  # a night that did not come yet: not into the past
        (20, 19, False),
    ],
)
def test_the_end_is_put_off_to_a_later_day_and_by_a_year_at_most(
    session: Session, now: datetime, until: int, at: int, refused: bool
):
    made = bids.started(session, now)
    if not refused:
        assert put_off(session, made, lapse(made, until), now=after(made, at)).lapse_on == lapse(made, until)
        return
    with pytest.raises(BadInput) as told:
        put_off(session, made, lapse(made, until), now=after(made, at), reason=" ")
    assert set(told.value.fields) == {"until", "reason"}
    assert session.get_one(Tender, made.tender_id).lapse_on is None


def test_the_end_is_put_off_only_once_nobody_bids_any_more(session: Session, now: datetime):
    made = bids.started(session, now)
    row = session.get_one(Tender, made.tender_id)
    assert not lapsing.may_be_put_off(row, months=6, now=made.closes_at - SECOND)
    assert lapsing.may_be_put_off(row, months=6, now=made.closes_at)
    assert not lapsing.may_be_put_off(row, months=MONTHS, now=made.closes_at)  # it waits longer than a year anyhow
    with pytest.raises(NotNow):
        put_off(session, made, lapse(made, 20), now=made.closes_at - SECOND)
    with pytest.raises(NotAllowed):
        lapsing.put_off(
            session,
            made.ward.auditor,
            made.tender_id,
            lapse(made, 20) + timedelta(days=1),
            reason="x",
            stands=lapse(made, MONTHS),
            months=MONTHS,
            now=after(made, 15),
        )
