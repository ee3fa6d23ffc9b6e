"""Components of the lists (SBOM) that a vendor handed in."""

from flask import Response

from portal.errors import NotFound
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.evidence import listed_components
from portal.services.vendors import vendors
from portal.web import component_lists, pages
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney


@hospital.get("/vendors/<vendor_id>/evidence/<evidence_id>/components", roles=EVERY_HOSPITAL_ROLE)
def vendor_components(here: HospitalJourney, vendor_id: str, evidence_id: str) -> Response:
    """One list: what it says of itself, and its components with a filter."""
    found = vendors.find(here.session, here.actor, vendor_id)
    read = listed_components.of_vendor(here.session, here.actor, vendor_id).get(evidence_id)
    if read is None:
        raise NotFound
    wanted = component_lists.wanted()
    return pages.page(
        "hospital/vendor_components.html",
        **tabs.frame(here, found, "evidence"),
        read=read,
        words=component_lists.WORDS,
        wanted=wanted,
        page=listed_components.page_of_vendor(here.session, here.actor, vendor_id, evidence_id, wanted),
    )
