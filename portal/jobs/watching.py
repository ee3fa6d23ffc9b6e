"""Tasks between rounds: scans that are due by their cadence, what changed since, and the mails about it."""

import logging

from portal.errors import RuleBroken
from portal.jobs.work import Work
from portal.services.monitoring import changes, digests
from portal.services.registers import stored
from portal.services.scans import rescans

log = logging.getLogger(__name__)


def plan_rescans(work: Work) -> None:
    """Whose next scan has come, each at its own moment of the night."""
    with work.last_step() as session:
        rescans.ask_all(session, now=work.now())


def rescan(work: Work) -> None:
    """One of them; what the day's budget or a running scan refuses has its turn another night."""
    try:
        with work.step() as session:
            rescans.start(session, work.argument("hospital_id"), work.argument("vendor_id"), now=work.now())
    except RuleBroken as refused:
        log.info("a scan by cadence was not begun: %s", refused.message.text)
    with work.last_step():
        pass


def compare(work: Work) -> None:
    """What the hospital sees of one vendor, beside what it saw before."""
    with work.last_step() as session:
        hospital_id, vendor_id = work.argument("hospital_id"), work.argument("vendor_id")
        changes.compare(session, hospital_id, vendor_id, now=work.now())
        stored.renew(session, hospital_id, vendor_id, now=work.now())


def tell(work: Work) -> None:
    """One mail to each person: of the day or week, or at once to one hospital what is critical."""
    base_url, hospital_id = work.tools.settings.public_base_url, work.lease.args.get("hospital_id")
    with work.last_step() as session:
        if hospital_id:
            digests.tell_at_once(session, str(hospital_id), base_url=base_url, now=work.now())
        else:
            digests.tell_all(session, base_url=base_url, now=work.now())
