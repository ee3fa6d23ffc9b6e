"""What the draft of a policy would do to every vendor: worked out from one moment, kept with what it rests on."""

import time
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import session as database
from portal.jobs.leases import Lease, LeaseLost
from portal.jobs.work import NotYet, Work
from portal.services.registers import policy_previews
from portal.services.registers.policy_previews import Tell

TELL_EVERY = 1.0  # seconds


def work_out(work: Work) -> None:
    """All vendors under what holds and under the draft; nobody waits for it, and no score is written."""
    hospital_id, preview_id = work.argument("hospital_id"), work.argument("preview_id")
    with database.moment(work.tools.settings.database_url) as session:
        made = policy_previews.work_out(session, hospital_id, preview_id, now=work.now(), tell=_teller(work))
    with work.last_step() as session:
        if made is not None:
            policy_previews.keep(session, hospital_id, preview_id, made)


def give_up(session: Session, lease: Lease, _now: datetime) -> None:
    """Nobody could work it out."""
    policy_previews.give_up(session, str(lease.args["hospital_id"]), str(lease.args["preview_id"]))


def _teller(work: Work) -> Tell:
    """Writes down how far it is, once a second at most; raises when the job is not ours any more or we are to end."""
    hospital_id, preview_id = work.argument("hospital_id"), work.argument("preview_id")
    last = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal last
        if work.lost.is_set():
            raise LeaseLost(work.lease.job_id)
        if work.tools.stopping.is_set():
            raise NotYet(work.now(), why="the worker ends")
        if not last or time.monotonic() - last >= TELL_EVERY:
            with work.step() as session:
                policy_previews.note_progress(session, hospital_id, preview_id, done=done, total=total)
            last = time.monotonic()

    return tell
