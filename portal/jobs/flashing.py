"""Questions of the moment whose clock lapsed: second contacts are written to, the list of those to call grows."""

from portal.jobs.work import Work
from portal.services.incidents import flashes


def look(work: Work) -> None:
    """One question at one of its clocks; what was stopped, closed or answered is left alone."""
    with work.last_step() as session:
        flashes.escalate(
            session,
            str(work.argument("hospital_id")),
            str(work.argument("flash_id")),
            base_url=work.tools.settings.public_base_url,
            now=work.now(),
        )
