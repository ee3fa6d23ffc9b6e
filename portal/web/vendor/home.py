"""The company's own page: its rounds, and each round with its steps and the person to call."""

from flask import Response

from portal import i18n
from portal.i18n import gettext as _
from portal.jobs import printing
from portal.services import profiles, responses, standings
from portal.services.actors import EVERY_COMPANY_ROLE
from portal.web import pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import steps
from portal.web.vendor.room import vendor
from reports import pages as documents
from reports import profile as profile_document
from reports.reader import Reader


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


@vendor.post("/rounds/<assessment_id>/profile", roles=EVERY_COMPANY_ROLE)
def security_profile(here: CompanyJourney, assessment_id: str) -> Response:
    """The Sicherheitsprofil as PDF: for other customers, no hospital named. A POST, because it leaves a trace."""
    made = profiles.build(here.session, here.actor, assessment_id, now=here.now)
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    html = profile_document.html(made, reader=reader)
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    name = f"{_('Security profile')} {made.company} {here.now:%Y-%m-%d}.pdf"
    return pages.download(content, name=name, media_type="application/pdf")
