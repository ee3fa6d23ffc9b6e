"""Components of a list (SBOM) of the company."""

from flask import Response

from portal.services.actors import EVERY_COMPANY_ROLE
from portal.services.answers import responses
from portal.services.evidence import evidence, listed_components
from portal.web import component_lists, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor.room import vendor


@vendor.get("/rounds/<assessment_id>/documents/<evidence_id>/components", roles=EVERY_COMPANY_ROLE)
def document_components(here: CompanyJourney, assessment_id: str, evidence_id: str) -> Response:
    """The components of one document, with a filter."""
    wanted = component_lists.wanted()
    return pages.page(
        "vendor/components.html",
        head=responses.head(here.session, here.actor, assessment_id),
        document=evidence.find(here.session, here.actor, assessment_id, evidence_id, now=here.now),
        words=component_lists.WORDS,
        wanted=wanted,
        page=listed_components.page_of_document(here.session, here.actor, evidence_id, wanted),
    )
