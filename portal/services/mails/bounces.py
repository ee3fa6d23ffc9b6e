"""Mails that came back: noted once for each mail, and told where the mail was sent from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.campaigns import Bounce
from portal.db.models.jobs import MailState, OutboxMail
from portal.services import audit
from portal.services.actors import SYSTEM
from scanners.model import N_, Message

PERMANENT = "5"
_WORDS: Mapping[str, str] = {
    "5.1.1": N_("the address does not exist"),
    "5.1.2": N_("the domain takes no mail"),
    "5.1.10": N_("the domain takes no mail"),
    "5.2.1": N_("the mailbox is switched off"),
    "5.2.2": N_("the mailbox is full"),
    "5.3.4": N_("the mail is too large"),
    "5.4.4": N_("the domain cannot be reached"),
    "5.4.7": N_("the server could not be reached for days"),
    "5.7.1": N_("the server refuses our mail"),
    "5.7.26": N_("the server refuses our mail"),
}


@dataclass(frozen=True, kw_only=True)
class Undelivered:
    """Why a mail did not arrive: a word of ours where the code is known, and the server's own."""

    word: Message
    diagnostic: str


def note(
    session: Session, message_id: str, *, recipients: Iterable[str], status: str, diagnostic: str, now: datetime
) -> bool:
    """Keep that a mail came back; whether it was one of ours that nobody had noted yet.

    The id is 80 random bits that only its reader and the servers on the way know; a report that does not name it, or
    names other recipients than ours, is nobody's word.
    """
    mail = session.get(OutboxMail, message_id.strip("<> ").partition("@")[0][:40])
    if mail is None or mail.hospital_id is None or not status.startswith(PERMANENT):
        return False
    if mail.to_address not in {one.strip().lower() for one in recipients}:
        return False
    if session.get(Bounce, mail.id) is not None:
        return False
    session.add(
        Bounce(
            mail_id=mail.id,
            hospital_id=mail.hospital_id,
            to_address=mail.to_address,
            status=status[:12],
            diagnostic=" ".join("".join(c if c.isprintable() else " " for c in diagnostic).split())[:300],
            at=now,
        )
    )
    audit.record(
        session,
        SYSTEM,
        "mail.came-back",
        mail.id,
        now=now,
        scope=audit.hospital_scope(mail.hospital_id),
        detail={"to": mail.to_address, "status": status[:12]},
    )
    return True


def of_hospital(session: Session, hospital_id: str) -> Mapping[str, Undelivered]:
    """Every mail of a hospital that did not arrive, by its id."""
    failed = select(OutboxMail.id, OutboxMail.last_error).where(
        OutboxMail.hospital_id == hospital_id, OutboxMail.state == MailState.FAILED
    )
    found = {mail_id: undelivered(_code(error), error) for mail_id, error in session.execute(failed)}
    for row in session.scalars(select(Bounce).where(Bounce.hospital_id == hospital_id)):
        found[row.mail_id] = undelivered(row.status, row.diagnostic)
    return found


def of_mails(session: Session, hospital_id: str, mail_ids: Iterable[str]) -> Mapping[str, Undelivered]:
    """Which of these mails did not arrive: come back later, or refused by the relay at once."""
    wanted = [one for one in mail_ids if one]
    if not wanted:
        return {}
    found = {
        row.id: undelivered(_code(row.last_error), row.last_error)
        for row in session.scalars(
            select(OutboxMail).where(
                OutboxMail.hospital_id == hospital_id, OutboxMail.state == MailState.FAILED, OutboxMail.id.in_(wanted)
            )
        )
    }
    for row in session.scalars(select(Bounce).where(Bounce.hospital_id == hospital_id, Bounce.mail_id.in_(wanted))):
        found[row.mail_id] = undelivered(row.status, row.diagnostic)
    return found


def _code(answer: str) -> str:
    """The enhanced code in what the relay said, "550 5.1.1 no such user"."""
    words = answer.split()
    return words[1] if len(words) > 1 else ""


def undelivered(status: str, diagnostic: str) -> Undelivered:
    """A word for a code of RFC 3463."""
    word = _WORDS.get(status)
    return Undelivered(word=Message(text=word or N_("the mail came back")), diagnostic=diagnostic)
