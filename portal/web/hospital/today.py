"""Today: what waits for somebody, most urgent first."""

from datetime import timedelta

from flask import Response, request

from portal.errors import NotFound
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.registers import movements
from portal.services.vendors import listing
from portal.services.vendors.listing import Wanted
from portal.web import forms, pages
from portal.web.hospital import today_groups
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail

MOVED_WITHIN = timedelta(days=90)
MOVES = 5
PAGE = 100  # lines of one group


@hospital.get("/", roles=EVERY_HOSPITAL_ROLE, rail=Rail.TODAY)
def today(here: HospitalJourney) -> Response:
    """Groups in the order of urgency; beside them the grades by tier and what moved most."""
    moves = listing.moves(here.session, here.actor, since=here.today - MOVED_WITHIN, length=MOVES)
    heat = listing.heat(here.session, here.actor, Wanted(), today=here.today)
    return pages.page(
        "hospital/today.html",
        groups=today_groups.of(here),
        count=sum(heat.values()),
        heat=heat,
        moves=moves,
        causes=movements.of_ids(here.session, here.actor, [row.score_id for row in moves if row.score_id]),
        may_write=here.role in HOSPITAL_WRITERS,
    )


@hospital.get("/today/<due_name>", roles=EVERY_HOSPITAL_ROLE)
def whole_group(here: HospitalJourney, due_name: str) -> Response:
    """Every line of one group of the start page, where no other list shows them."""
    start = forms.version(request.args.get("from"))
    found = today_groups.whole(here, due_name, start=start, length=PAGE)
    if found is None:
        raise NotFound
    return pages.page(
        "hospital/today_group.html",
        group=found,
        name=due_name,
        lines=found.lines,
        start=start,
        page_length=PAGE,
    )
