"""Tasks that write to vendors: the invitations of a campaign, and every working day the reminders that are due."""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from portal.errors import RuleBroken
from portal.jobs.leases import Lease
from portal.jobs.work import Work
from portal.services.rounds import campaigns, reminders

log = logging.getLogger(__name__)


def send(work: Work) -> None:
    """One vendor after the other, each in its own transaction; killed in between, the rest goes out later."""
    hospital_id, campaign_id = work.argument("hospital_id"), work.argument("campaign_id")
    base_url = work.tools.settings.public_base_url
    with work.step() as session:
        waiting = campaigns.waiting(session, hospital_id, campaign_id)

    def invite(session: Session, vendor_id: str) -> None:
        campaigns.send_one(session, hospital_id, campaign_id, vendor_id, base_url=base_url, now=work.now())

    work.each(waiting, invite)
    with work.last_step() as session:
        campaigns.finish(session, hospital_id, campaign_id, now=work.now())


def give_up(session: Session, lease: Lease, now: datetime) -> None:
    """Whoever has not had their turn stands as not invited, so that somebody sees it."""
    hospital_id, campaign_id = str(lease.args["hospital_id"]), str(lease.args["campaign_id"])
    campaigns.break_off(session, hospital_id, campaign_id, now=now)


def remind(work: Work) -> None:
    """What is due today; each in its own transaction, and only once however many workers try."""
    base_url = work.tools.settings.public_base_url
    with work.step() as session:
        near = reminders.near(session, now=work.now())

    def write(session: Session, where: tuple[str, str]) -> None:
        try:
            with session.begin_nested():
                reminders.send_due(session, *where, base_url=base_url, now=work.now())
        except RuleBroken as refused:
            log.warning("a reminder was not sent: %s", refused.message.text)

    work.each(near, write)
    with work.last_step():
        pass
