"""What several vendors rest on together, what most critical vendors share first."""

from flask import Response

from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.vendors import concentration
from portal.web import component_lists, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney

SHOWN = 25  # of one kind; the rest unfolds
SAID = 6  # versions, and known holes, of one component


@hospital.get("/vendors/concentration", roles=EVERY_HOSPITAL_ROLE)
def concentration_page(here: HospitalJourney) -> Response:
    """Mail hosts, clouds, networks, products, components: how many vendors, how many of them critical."""
    return pages.page(
        "hospital/concentration.html",
        shares=concentration.shares(here.session, here.actor, now=here.now),
        titles=concentration.TITLES,
        standings=component_lists.STANDINGS,
        kinds_of=component_lists.KINDS,
        shown=SHOWN,
        most_said=SAID,
        most_components=concentration.MOST_COMPONENTS,
    )
