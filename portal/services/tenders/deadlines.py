"""More time and reminders: for all bidders of a tender alike, or for none."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.tenders import Tender, TenderBidder, TenderState
from portal.errors import BadInput
from portal.home import BERLIN
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.rounds import invitations
from portal.services.tenders import letters, offers, tenders
from scanners.model import N_, Message


def move_deadline(
    session: Session,
    actor: Actor,
    tender_id: str,
    closes_at: datetime,
    *,
    reason: str,
    base_url: str,
    now: datetime,
) -> Tender:
    """More time for all bidders alike, told to all at once: only later, and only while the deadline has not passed."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.OPEN)
    tenders.require_time(row, now=now)
    wrong: dict[str, Message] = {}
    if closes_at <= row.closes_at:
        wrong["closes_at"] = Message(text=N_("A deadline that bidders know is only moved to a later moment."))
    elif closes_at > now + tenders.LONGEST:
        wrong["closes_at"] = Message(text=N_("Choose a moment within the next year."))
    if not reason.strip():
        wrong["reason"] = Message(text=N_("Give the reason for more time; all bidders read it."))
    if wrong:
        raise BadInput(wrong)
    bidding = offers.going_on(session, row)
    before, row.closes_at = row.closes_at, closes_at
    row.version += 1
    day = closes_at.astimezone(BERLIN).date()
    for bidder, assessment in bidding:
        if assessment.stage in invitations.OPEN and assessment.due_on != day:
            invitations.move_due_date(
                session, tenders.inside(actor, assessment.hospital_id), assessment.id, day, now=now
            )
        assessment.due_on, assessment.closes_at = day, closes_at
        _tell_of_time(session, row, bidder, reason.strip()[:500], base_url=base_url, now=now)
    detail = {"before": before.isoformat(), "after": closes_at.isoformat(), "reason": reason.strip()[:500]}
    tenders.note(session, actor, row, "tender.deadline-moved", now=now, detail=detail)
    return row


def switch_reminders(session: Session, actor: Actor, tender_id: str, *, stopped: bool, now: datetime) -> Tender:
    """Reminders before the deadline, for all bidders alike or for none; whoever has handed in gets none."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.OPEN)
    tenders.require_time(row, now=now)
    for _bidder, assessment in offers.going_on(session, row):
        assessment.reminders_stopped_at = now if stopped else None
    tenders.note(session, actor, row, "tender.reminders-off" if stopped else "tender.reminders-on", now=now)
    return row


def reminds(session: Session, row: Tender) -> bool:
    """Whether bidders are reminded."""
    return any(assessment.reminders_stopped_at is None for _bidder, assessment in offers.going_on(session, row))


def _tell_of_time(
    session: Session, row: Tender, bidder: TenderBidder, reason: str, *, base_url: str, now: datetime
) -> None:
    deadline = f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M}"

    def words() -> tuple[str, str]:
        return (
            i18n.gettext("More time in the tender “%(title)s”", title=row.title),
            i18n.gettext(
                "the hospital has moved the deadline for all bidders to %(deadline)s (German time). Reason: %(reason)s",
                deadline=deadline,
                reason=reason,
            ),
        )

    letters.post(session, bidder, "tender-deadline", words, base_url=base_url, now=now)
