"""Tenders that nobody ends: told on the start page, then ended by the night, so that no bidder's data stay for ever.

See docs/decisions/a-tender-that-nobody-ends-ends-by-itself.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.db.models.tenders import Tender, TenderState
from portal.errors import BadInput, Clash, NotNow
from portal.home import BERLIN
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, hospital_of
from portal.services.tenders import awards, tenders
from questionnaires import answering
from scanners.model import N_, Message

TOLD_MONTHS = 3  # after the deadline of offers, and before a day that somebody put off
PUT_OFF_MONTHS = 12  # at most, from the day on which somebody does; then somebody has to want it again
LONGEST_REASON = 500


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
    """The day from which the start page names it; once put off, it is quiet until the new day comes near."""
    first = answering.add_months(row.closes_at.astimezone(BERLIN).date(), TOLD_MONTHS)
    return first if row.lapse_on is None else max(first, answering.add_months(row.lapse_on, -TOLD_MONTHS))


def lapses_on(row: Tender, *, months: int) -> date:
    """The day on which the night ends it: so many months after the deadline of offers, or to which it was put off."""
    day = answering.add_months(row.closes_at.astimezone(BERLIN).date(), months)
    return day if row.lapse_on is None else max(day, row.lapse_on)


def latest(today: date) -> date:
    """The last day to which it may be put off today."""
    return answering.add_months(today, PUT_OFF_MONTHS)


def may_be_put_off(row: Tender, *, months: int, now: datetime) -> bool:
    """Once nobody bids any more, and while there is a later day that may be chosen."""
    is_over = row.state not in awards.ENDED and now >= row.closes_at
    return is_over and lapses_on(row, months=months) < latest(now.astimezone(BERLIN).date())


def put_off(
    session: Session,
    actor: Actor,
    tender_id: str,
    until: date,
    *,
    reason: str,
    stands: date | None,
    months: int,
    now: datetime,
) -> Tender:
    """Let the tender wait for its end longer, say for a review of the award; `stands`: the day that the form showed."""
    hospital_of(actor, HOSPITAL_WRITERS)
    tenders.find(session, actor, tender_id)
    row = tenders.locked(session, actor, tender_id, *(state for state in TenderState if state not in awards.ENDED))
    before, today = lapses_on(row, months=months), now.astimezone(BERLIN).date()
    if now < row.closes_at:
        raise NotNow(Message(text=N_("Bidders still have time; the day follows the deadline.")))
    if before != stands:
        raise Clash(Message(text=N_("Somebody else has put this day off in the meantime.")))
    wrong: dict[str, Message] = {}
    if until <= max(before, today):
        later = N_("Choose a day after %(day)s.")
        wrong["until"] = Message(text=later, values={"day": max(before, today).isoformat()})
    elif until > latest(today):
        sentence = N_("Choose a day until %(day)s; nearer to it, the end can be put off again.")
        wrong["until"] = Message(text=sentence, values={"day": latest(today).isoformat()})
    if not reason.strip():
        wrong["reason"] = Message(text=N_("Say why the tender has to wait."))
    if wrong:
        raise BadInput(wrong)
    row.lapse_on, row.lapse_reason = until, reason.strip()[:LONGEST_REASON]
    row.lapse_by, row.lapse_at = actor.name[:200], now
    row.version += 1
    detail = {"before": before.isoformat(), "after": until.isoformat(), "reason": row.lapse_reason}
    tenders.note(session, actor, row, "tender.lapse-put-off", now=now, detail=detail)
    return row


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
