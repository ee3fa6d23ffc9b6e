"""Today: what waits for somebody, most urgent first."""

from flask import Response

from portal.services import actions, flashes, incidents, intake_requests, portfolio, risk_lists, waiving
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.web import pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail


@hospital.get("/", roles=EVERY_HOSPITAL_ROLE, rail=Rail.TODAY)
def today(here: HospitalJourney) -> Response:
    """Groups in the order of urgency; beside them the grades by tier."""
    rows = portfolio.rows(here.session, here.actor)
    return pages.page(
        "hospital/today.html",
        due=portfolio.due(rows, today=here.today),
        actions=actions.due(here.session, here.actor, today=here.today),
        incidents=incidents.due(here.session, here.actor, now=here.now),
        boards=flashes.due(here.session, here.actor, now=here.now),
        risks=risk_lists.due(here.session, here.actor, today=here.today),
        waivers=waiving.ending(here.session, here.actor, today=here.today),
        intakes_asked=intake_requests.pending(here.session, here.actor, now=here.now),
        count=len(rows),
        grades=portfolio.grades_by_tier(rows),
        may_write=here.role in HOSPITAL_WRITERS,
    )
