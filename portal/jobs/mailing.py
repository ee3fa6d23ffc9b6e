"""The mail task: one mail to the relay; kept for a day while the relay does not take it."""

from portal import mailer
from portal.db.models.jobs import MailState, OutboxMail
from portal.jobs.work import NotYet, Work
from portal.mailer import Mail, NotTaken, Refused
from portal.services.mails import outbox


def send(work: Work) -> None:
    """Send it. Killed between the relay's yes and our note of it, the mail goes out once more, with the same id."""
    settings = work.tools.settings.mail
    with work.step() as session:
        row = session.get(OutboxMail, work.argument("mail_id"))
        waits = row is not None and row.state is MailState.WAITING
        if row is not None and waits and settings.host:
            row.attempts += 1
            mail = Mail(
                id=row.id,
                to=row.to_address,
                subject=row.subject,
                text=row.text,
                html=row.html,
                language=row.language,
                at=work.now(),
            )
    if not waits or not settings.host:
        # Without a relay the mail stays readable in the operator's outbox.
        with work.last_step():
            return
    try:
        mailer.send(settings, mail)
    except Refused as refusal:
        _give_up(work, str(refusal))
    except NotTaken as refusal:
        _wait_or_give_up(work, str(refusal))
    else:
        with work.last_step() as session:
            row = session.get_one(OutboxMail, mail.id)
            outbox.note_sent(row, now=work.now())


def _wait_or_give_up(work: Work, why: str) -> None:
    with work.step() as session:
        row = session.get_one(OutboxMail, work.argument("mail_id"))
        pause = outbox.pause_before_next_try(row, now=work.now())
        row.last_error = why[:300]
        row.next_try_at = work.now() + pause if pause else None
    if pause is None:
        _give_up(work, why)
        return
    raise NotYet(work.now() + pause, why=why)


def _give_up(work: Work, why: str) -> None:
    with work.last_step() as session:
        row = session.get_one(OutboxMail, work.argument("mail_id"))
        row.state, row.last_error, row.next_try_at = MailState.FAILED, why[:300], None
