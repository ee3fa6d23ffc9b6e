"""Mails, written in the transaction of the change they tell of, and sent by the worker afterwards."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import mailer
from portal.db.models.jobs import MailState, OutboxMail
from portal.errors import BadInput, NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import Actor, require_operator
from portal.services.jobs import JobKind
from portal.services.mails.letters import Letter
from portal.services.people import tickets
from scanners.model import N_, Message

GIVE_UP_AFTER = timedelta(hours=24)
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 600, 1200, 1800, 3600))
MOST_TRIES = 60  # of the job: more than fit into a day
KEPT = timedelta(days=90)
_TOKEN = re.compile(rf"{tickets.PREFIX}[\w-]+")


def add(
    session: Session,
    *,
    kind: str,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    language: str = "de",
    hospital_id: str | None = None,
    now: datetime,
) -> OutboxMail:
    """Write a mail to one address; it leaves when the transaction is committed, and never when it is not."""
    address = to.strip().lower()
    if not mailer.is_one_address(address):
        raise BadInput({"email": Message(text=N_("Enter one e-mail address, like name@example.org."))})
    mail = OutboxMail(
        hospital_id=hospital_id,
        kind=kind,
        to_address=address,
        subject=" ".join(subject.split())[:300],
        text=text,
        html=html,
        language=language,
        state=MailState.WAITING,
        created_at=now,
    )
    session.add(mail)
    session.flush()  # the job names it
    _queue(session, mail, now=now)
    return mail


def post(
    session: Session,
    letter: Letter,
    *,
    kind: str,
    to: str,
    language: str,
    hospital_id: str | None = None,
    now: datetime,
) -> OutboxMail:
    """Address a letter, which was written in that language, and add it."""
    return add(
        session,
        kind=kind,
        to=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=language,
        hospital_id=hospital_id,
        now=now,
    )


def newest(session: Session, actor: Actor, *, limit: int = 200) -> Sequence[OutboxMail]:
    """The operator's outbox page."""
    require_operator(actor)
    return session.scalars(select(OutboxMail).order_by(OutboxMail.created_at.desc()).limit(limit)).all()


def find(session: Session, actor: Actor, mail_id: str) -> OutboxMail:
    """One mail, to be read by the operator."""
    require_operator(actor)
    mail = session.get(OutboxMail, mail_id)
    if mail is None:
        raise NotFound
    return mail


def send_again(session: Session, actor: Actor, mail_id: str, *, now: datetime) -> None:
    """Try a mail that waits or was given up: the relay is there now, or the address is mended."""
    mail = find(session, actor, mail_id)
    if mail.state is MailState.SENT:
        raise NotNow(Message(text=N_("This mail has left already.")))
    mail.state, mail.attempts, mail.created_at = MailState.WAITING, 0, now
    _queue(session, mail, now=now)
    audit.record(session, actor, "mail.tried-again", mail.id, now=now, scope=audit.INSTANCE, detail={"kind": mail.kind})


def pause_before_next_try(mail: OutboxMail, *, now: datetime) -> timedelta | None:
    """How long to wait after a try that failed; None: a day is over, give up."""
    pause = PAUSES[min(max(mail.attempts, 1), len(PAUSES)) - 1]
    return None if now + pause > mail.created_at + GIVE_UP_AFTER else pause


def note_sent(mail: OutboxMail, *, now: datetime) -> None:
    """The mail has left: from now on only who got it can open what it links to."""
    mail.state, mail.sent_at, mail.last_error, mail.next_try_at = MailState.SENT, now, "", None
    mail.text, mail.html = (_TOKEN.sub(f"{tickets.PREFIX}…", part) for part in (mail.text, mail.html))


def sweep(session: Session, *, now: datetime) -> None:
    """Remove mails of long ago, whatever became of them: no link in them works any more."""
    session.execute(delete(OutboxMail).where(OutboxMail.created_at < now - KEPT))


def _queue(session: Session, mail: OutboxMail, *, now: datetime) -> None:
    jobs.add(
        session,
        JobKind.MAIL,
        {"mail_id": mail.id},
        now=now,
        tenant=mail.hospital_id or "",
        max_attempts=MOST_TRIES,
    )
