"""The company's own page: its rounds, and each round with its steps and the person to call."""

from collections.abc import Sequence

from flask import Response

from portal import i18n
from portal.db.models.delegations import Delegation
from portal.i18n import gettext as _
from portal.jobs import printing
from portal.services.actions import actions
from portal.services.actors import COMPANY_LEADERS, EVERY_COMPANY_ROLE
from portal.services.answers import inboxes, responses
from portal.services.exports import profiles
from portal.services.incidents import flashes
from portal.services.incidents.flashes import Question
from portal.services.rounds import delegations, standings
from portal.web import pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import sections, steps
from portal.web.vendor.room import vendor
from portal.web.vendor.sections import Leaf
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
    return pages.page(
        "vendor/home.html",
        rounds=found,
        came_back=inboxes.of_company(here.session, here.actor, now=here.now),
        name_of=sections.name_of,
        actions=actions.open_of_company(here.session, here.actor) if here.role in COMPANY_LEADERS else {},
        today=here.today,
        asked_at_once=_asked_at_once(here),
    )


def _asked_at_once(here: CompanyJourney) -> Sequence[Question]:
    """What a hospital asks at once and still waits for."""
    if here.role not in COMPANY_LEADERS:
        return ()
    found = flashes.of_company(here.session, here.actor)
    return [one for one in found if one.is_open and one.standing not in flashes.FINAL]


@vendor.get("/rounds/<assessment_id>", roles=EVERY_COMPANY_ROLE)
def round(here: CompanyJourney, assessment_id: str) -> Response:  # noqa: A001 - the word of the glossary
    """One round: its steps, what is next, whom to call."""
    standing = standings.of_round(here.session, here.actor, assessment_id, now=here.now)
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    remarks = responses.remarks(here.session, asked)
    steps_of_round = steps.of(standing, "invitation")
    if not standing.is_whole:
        return pages.page(
            "vendor/my_sections.html",
            standing=standing,
            head=standing.head,
            steps_of_round=steps_of_round,
            remarks=len(remarks),
            handed=_handed(here, assessment_id, sections.leaves(asked, remarks)),
        )
    handed = [one for one in delegations.overview(here.session, here.actor, assessment_id, now=here.now) if one.person]
    return pages.page(
        "vendor/round.html",
        standing=standing,
        head=standing.head,
        steps_of_round=steps_of_round,
        remarks=len(remarks),
        handed=handed,
    )


def _handed(here: CompanyJourney, assessment_id: str, leaves: Sequence[Leaf]) -> Sequence[tuple[Leaf, Delegation]]:
    """The sections of somebody who holds single ones, in their order, each with what was said to it."""
    rows = {row.section: row for row in delegations.mine(here.session, here.actor, assessment_id)}
    return [(leaf, rows[leaf.id]) for leaf in leaves if leaf.id in rows]


@vendor.post("/rounds/<assessment_id>/profile", roles=COMPANY_LEADERS)
def security_profile(here: CompanyJourney, assessment_id: str) -> Response:
    """The Sicherheitsprofil as PDF: for other customers, no hospital named. A POST, because it leaves a trace."""
    made = profiles.build(here.session, here.actor, assessment_id, now=here.now)
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    html = profile_document.html(made, reader=reader)
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    name = f"{_('Security profile')} {made.company} {here.today:%Y-%m-%d}.pdf"
    return pages.download(content, name=name, media_type="application/pdf")
