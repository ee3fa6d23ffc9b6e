"""Bidders without an award: closed, kept as long as the tender file has to be, then forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.registers import RiskRecord, ScoreRecord, StoredAssessment
from portal.db.models.responses import SignOff
from portal.db.models.scans import ScanRun
from portal.db.models.snapshots import ScoreBasis
from portal.db.models.tenders import Tender
from portal.db.models.vendors import Supply
from portal.services.registers import scores, stored
from portal.services.tenders import acts, awards, openings, queries, retention, tenders
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

YEAR = timedelta(days=366)


def kept_of(session: Session, house_id: str) -> dict[str, int]:
    """How many rows there are of what was made of a bidder's answers and scans."""
    return {
        table.__name__: session.scalar(select(func.count()).select_from(table).where(table.hospital_id == house_id))
        or 0
        for table in (ScoreRecord, ScoreBasis, RiskRecord, StoredAssessment)
    }


def test_a_bidder_without_an_award_is_forgotten_when_the_file_need_not_be_kept_any_longer(
    session: Session, now: datetime
):
    made = bids.started(session, now)
    bids.looked_at(session, made, TWO, now=now + DAY)
    queries.ask(session, made.actors[TWO], made.ward.assessments[TWO], "Kanarienfrage?", now=now + DAY)
    for name in (ONE, TWO):
        bids.hand_in(session, made, name, now=now + 2 * DAY, quality=1.0)
    mine = session.get_one(Assessment, made.ward.assessments[TWO])
    scores.refresh(session, mine.hospital_id, mine.id, now=now + 2 * DAY)  # as the job does
    session.flush()
    assert all(kept_of(session, mine.hospital_id).values())
    row, at = bids.opened(session, made), made.closes_at + DAY
    vendor = awards.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="Bestes.", now=at)
    session.flush()
    loser = tenders.bidder_of(row, made.bidders[TWO])
    assert session.get_one(Hospital, loser.house_id).ended_at == at  # closed at once
    supply = session.scalars(select(Supply).where(Supply.vendor_id == vendor.id)).one()

    for until, day, count in (
        (None, at + 5 * YEAR, 0),  # the contract runs, nobody knows how long
        ((at + 4 * YEAR).date(), at + 3 * YEAR + 9 * DAY, 0),
        ((at + YEAR).date(), at + 2 * YEAR, 0),  # three years at least
        ((at + YEAR).date(), at + 3 * YEAR + 9 * DAY, 1),
        ((at + YEAR).date(), at + 3 * YEAR + 10 * DAY, 0),  # once
    ):
        supply.contract_ends_on = until
        session.flush()
        assert retention.remove_due(session, now=day) == count, (until, day)

    session.expire_all()
    assert loser.removed_at is not None
    assert (loser.name, loser.contact_email, loser.contact_name) == (TWO, "", "")
    assert not session.scalars(select(ScanRun).where(ScanRun.hospital_id == loser.house_id)).all()
    assert scores.refresh(session, mine.hospital_id, mine.id, now=at + 4 * YEAR) is None  # and it stays so
    stored.renew(session, mine.hospital_id, mine.vendor_id, now=at + 4 * YEAR)
    session.flush()
    assert not any(kept_of(session, mine.hospital_id).values())
    assert not any(session.scalars(select(Invitation.email).where(Invitation.hospital_id == loser.house_id)))
    assert not [query.text for query in row.queries if query.text]
    sides = openings.side_by_side(session, made.ward.auditor, row.id, row.lots[0].id, now=at + 4 * YEAR).sides
    assert [side.name for side in sides] == [ONE]
    assert len(session.scalars(select(SignOff)).all()) == 3  # the company keeps what it signed
    assert "tender.bidder-forgotten" in [event.verb for event in acts.log(session, made.ward.auditor, row.id)]
    assert acts.is_sound(session, made.ward.auditor, row.id)


def test_of_a_cancelled_tender_every_bidder_is_forgotten_after_three_years(session: Session, now: datetime):
    made = bids.started(session, now)
    awards.cancel(session, made.ward.assessor, made.tender_id, reason="Kein Geld.", now=now + DAY)
    assert retention.remove_due(session, now=now + 2 * YEAR) == 0
    assert retention.remove_due(session, now=now + 3 * YEAR + 9 * DAY) == 2
    row = session.get_one(Tender, made.tender_id)
    assert {one.contact_email for one in row.bidders} == {""}
    assert session.get_one(Assessment, made.ward.assessments[ONE]).company_id  # its round is the company's own
