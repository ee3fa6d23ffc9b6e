"""What several vendors rest on together, what most critical vendors share first."""

from flask import Response

from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.vendors import concentration
from portal.web import pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney

SHOWN = 25  # of one kind; the rest unfolds


@hospital.get("/vendors/concentration", roles=EVERY_HOSPITAL_ROLE)
def concentration_page(here: HospitalJourney) -> Response:
    """Mail hosts, clouds, networks, products: how many vendors, how many of them critical."""
    return pages.page(
        "hospital/concentration.html",
        shares=concentration.shares(here.session, here.actor, now=here.now),
        titles=concentration.TITLES,
        shown=SHOWN,
    )
