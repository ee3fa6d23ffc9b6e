"""What the draft of a policy would do to every vendor: worked out from one moment, kept with what it rests on."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import session as database
from portal.jobs.leases import Lease
from portal.jobs.work import Work
from portal.services.registers import policy_previews
from portal.services.registers.policy_previews import Tell


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
    hospital_id, preview_id = work.argument("hospital_id"), work.argument("preview_id")

    def note(session: Session, done: int, total: int) -> None:
        policy_previews.note_progress(session, hospital_id, preview_id, done=done, total=total)

    return work.teller(note)
