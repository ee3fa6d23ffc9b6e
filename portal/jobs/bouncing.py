"""The task that reads mails that came back and notes each with the mail it tells of."""

import logging

from portal import postbox
from portal.jobs.work import Work
from portal.postbox import Unreachable
from portal.services.mails import bounces, delivery_reports

log = logging.getLogger(__name__)


def read(work: Work) -> None:
    """One visit. Noted first and marked as read afterwards: killed in between, the next visit notes nothing twice."""
    settings = work.tools.settings.postbox
    try:
        if settings.host:
            with postbox.opened(settings) as box:
                for number, content in box.reports():
                    _note(work, content)
                    box.mark_read(number)
    except Unreachable as error:
        log.warning("the mailbox of mails that came back could not be read: %s", error)
    with work.last_step():
        pass


def _note(work: Work, content: bytes) -> None:
    failure = delivery_reports.read(content)
    if failure is None:
        return
    with work.step() as session:
        bounces.note(
            session,
            failure.message_id,
            recipients=failure.recipients,
            status=failure.status,
            diagnostic=failure.diagnostic,
            now=work.now(),
        )
