"""The company's own scan result: it sees it first, live while a scan runs, and decides about its release."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from portal.i18n import gettext as _
from portal.services import own_results, scans, standings, timelines
from portal.services.actors import COMPANY_LEADERS
from portal.web import pages
from portal.web import shown as showing
from portal.web.journey import CompanyJourney
from portal.web.vendor import steps
from portal.web.vendor.room import vendor

TO_MEND = showing.TO_MEND
shown = showing.shown
counts = showing.counts


@vendor.get("/rounds/<assessment_id>/result", roles=COMPANY_LEADERS)
def result(here: CompanyJourney, assessment_id: str) -> Response:
    """What was seen, why it matters, how to mend it."""
    standing = standings.of_round(here.session, here.actor, assessment_id, now=here.now)
    return pages.page(
        "vendor/result.html",
        steps_of_round=steps.of(standing, "result"),
        is_decided=standing.is_decided,
        **_state(here, assessment_id),
        head=standing.head,
    )


@vendor.get("/rounds/<assessment_id>/result/live", roles=COMPANY_LEADERS)
def live_result(here: CompanyJourney, assessment_id: str) -> Response:
    """The piece of the page that fetches itself anew while the scan runs."""
    head = standings.of_round(here.session, here.actor, assessment_id, now=here.now).head
    return pages.part("vendor/result_state.html", **_state(here, assessment_id), head=head)


@vendor.post("/rounds/<assessment_id>/result", roles=COMPANY_LEADERS)
def look_again(here: CompanyJourney, assessment_id: str) -> Response:
    """Look at ourselves, or again after something was mended."""
    scans.queue_by_company(here.session, here.actor, assessment_id, now=here.now)
    return pages.see_other("vendor.result", assessment_id=assessment_id)


@vendor.post("/rounds/<assessment_id>/result/release", roles=COMPANY_LEADERS)
def release(here: CompanyJourney, assessment_id: str) -> Response:
    """Let the hospital see it now."""
    own_results.release(here.session, here.actor, assessment_id, now=here.now)
    here.notice(_("The hospital can see the results now."))
    return pages.see_other("vendor.result", assessment_id=assessment_id)


def _state(here: CompanyJourney, assessment_id: str) -> Mapping[str, Any]:
    own = own_results.view(here.session, here.actor, assessment_id, now=here.now)
    has_result = own.run is not None and not own.is_live
    timeline = timelines.for_company(here.session, own.run) if has_result and own.run is not None else None
    found = showing.shown(own.findings, timeline)
    chosen = showing.asked_for("vendor.result", assessment_id=assessment_id)
    wanted = chosen.of(found)
    return {
        "own": own,
        "is_live": own.is_live,
        "stages": showing.stages(own.run),
        "chosen": chosen,
        "found": found,
        "to_mend": [one for one in wanted if one.finding.outcome in TO_MEND],
        "others": [one for one in wanted if one.finding.outcome not in TO_MEND],
        "counts": showing.counts(found),
        "changes": timeline.changes if timeline is not None else None,
        "changed": showing.changed(timeline.changes, own=True) if timeline is not None else (),
        "may_release": here.role in COMPANY_LEADERS,
    }
