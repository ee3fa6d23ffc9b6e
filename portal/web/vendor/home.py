"""The company's own page: its rounds, and each round with its steps and the person to call."""

from flask import Response

from portal.services import responses, standings
from portal.services.actors import EVERY_COMPANY_ROLE
from portal.web import pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import steps
from portal.web.vendor.room import vendor


@vendor.get("/", roles=EVERY_COMPANY_ROLE)
def home(here: CompanyJourney) -> Response:
    """What hospitals ask of this company; what is due first stands first."""
    found = [
        standings.of_round(here.session, here.actor, head.id, now=here.now)
        for head in responses.of_company(here.session, here.actor)
    ]
    return pages.page("vendor/home.html", rounds=found)


@vendor.get("/rounds/<assessment_id>", roles=EVERY_COMPANY_ROLE)
def round(here: CompanyJourney, assessment_id: str) -> Response:  # noqa: A001 - the word of the glossary
    """One round: its steps, what is next, whom to call."""
    standing = standings.of_round(here.session, here.actor, assessment_id, now=here.now)
    assessment = responses.find(here.session, here.actor, assessment_id)
    return pages.page(
        "vendor/round.html",
        standing=standing,
        head=standing.head,
        steps_of_round=steps.of(standing, "invitation"),
        remarks=len(responses.returned(here.session, assessment)),
    )
