"""Tenders that nobody ends: told on the start page, then ended by the night, so that no bidder's data stay for ever.

See docs/decisions/a-tender-that-nobody-ends-ends-by-itself.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.db.models.tenders import Tender, TenderState
from portal.home import BERLIN
from portal.services.actors import SYSTEM, Actor, hospital_of
from portal.services.tenders import awards, tenders
from questionnaires import answering

TOLD_MONTHS = 3  # after the deadline of offers


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """A tender that waits for its end, and the day on which it ends by itself."""

    tender: Tender
    lapses_on: date


def waiting(session: Session, actor: Actor, *, months: int, today: date) -> Sequence[Forgotten]:
    """Those of a hospital whose deadline is long over, the oldest first."""
    mine = _open_since(answering.add_months(today, -TOLD_MONTHS)).where(Tender.hospital_id == hospital_of(actor))
    return [
        Forgotten(tender=row, lapses_on=lapses_on(row, months=months))
        for row in session.scalars(mine)
        if told_from(row) <= today
    ]


def told_from(row: Tender) -> date:
    """The day from which the start page names it."""
    return answering.add_months(row.closes_at.astimezone(BERLIN).date(), TOLD_MONTHS)


def lapses_on(row: Tender, *, months: int) -> date:
    """The day on which the night ends it, so many months after the deadline of offers."""
    return answering.add_months(row.closes_at.astimezone(BERLIN).date(), months)


def end_due(session: Session, *, months: int, now: datetime) -> int:
    """Every night: end without an award what nobody has ended; then it is kept and forgotten as any other."""
    today = now.astimezone(BERLIN).date()
    count = 0
    for row in session.scalars(_open_since(answering.add_months(today, -months))).all():
        session.refresh(row, with_for_update=True)
        if row.state in awards.ENDED or lapses_on(row, months=months) > today:
            continue
        row.is_lapsed = True
        tenders.note(session, SYSTEM, row, "tender.lapsed", now=now, detail={"months": months})
        state = TenderState.AWARDED if any(tenders.is_awarded(row, lot) for lot in row.lots) else TenderState.CANCELLED
        awards.end(session, row, state, "", now=now)
        count += 1
    return count


def _open_since(day: date) -> Select[Tender]:
    """Whose deadline was on that day or before, and a few days more: months differ in length."""
    before = datetime.combine(day + timedelta(days=4), time.min, tzinfo=BERLIN)
    return (
        select(Tender)
        .where(Tender.state.not_in(awards.ENDED), Tender.closes_at <= before)
        .order_by(Tender.closes_at, Tender.id)
    )
