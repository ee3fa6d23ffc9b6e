"""The operator's pages: how the instance stands, and the mails that wait to be read here."""

from flask import Response

from portal.services import jobs
from portal.web import pages
from portal.web.journey import PersonJourney, Who
from portal.web.site.room import site


@site.get("/operation", who=Who.OPERATOR)
def operator(here: PersonJourney) -> Response:
    """How the instance stands."""
    return pages.page(
        "site/operation.html",
        settings=here.settings,
        counts=jobs.counts(here.session),
        oldest=jobs.oldest_waiting(here.session, now=here.now),
        dead=jobs.dead(here.session, here.actor),
    )


@site.post("/operation/jobs/<job_id>", who=Who.OPERATOR)
def try_job_again(here: PersonJourney, job_id: str) -> Response:
    """Give work that was given up another life."""
    jobs.try_again(here.session, here.actor, job_id, now=here.now)
    return pages.see_other("site.operator")
