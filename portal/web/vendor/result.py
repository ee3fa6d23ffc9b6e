"""The company's own scan result: it sees it first, live while a scan runs, and decides about its release."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from wtforms import HiddenField

from portal.db.models.rechecks import RecheckState
from portal.i18n import gettext as _
from portal.services.actors import COMPANY_LEADERS
from portal.services.rounds import standings
from portal.services.scans import own_results, rechecked, rechecks, scans, timelines
from portal.web import forms, pages
from portal.web import shown as showing
from portal.web.journey import CompanyJourney
from portal.web.vendor import steps
from portal.web.vendor.room import vendor

TO_MEND = showing.TO_MEND
shown = showing.shown
counts = showing.counts


class RecheckForm(forms.Form):
    """The finding that is meant."""

    kind = HiddenField()
    subject = HiddenField()
    check = HiddenField()


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


@vendor.post("/rounds/<assessment_id>/result/recheck", roles=COMPANY_LEADERS)
def recheck(here: CompanyJourney, assessment_id: str) -> Response:
    """Look at one finding again, with the probes that its check needs."""
    form = RecheckForm.sent()
    place = str(form.kind.data or ""), str(form.subject.data or ""), str(form.check.data or "")
    asked = rechecks.ask(here.session, here.actor, assessment_id, place, now=here.now)
    return pages.see_other("vendor.result", assessment_id=assessment_id, at=f"again-{asked.id}")


@vendor.get("/rounds/<assessment_id>/result/rechecks/<recheck_id>", roles=COMPANY_LEADERS)
def live_recheck(here: CompanyJourney, assessment_id: str, recheck_id: str) -> Response:
    """The line beside a finding that fetches itself anew while somebody looks."""
    row = rechecks.find(here.session, here.actor, assessment_id, recheck_id)
    return pages.part("vendor/recheck_state.html", again=rechecked.of_row(row), assessment_id=assessment_id)


def _state(here: CompanyJourney, assessment_id: str) -> Mapping[str, Any]:
    own = own_results.view(here.session, here.actor, assessment_id, now=here.now)
    has_result = own.run is not None and not own.is_live
    timeline = (
        timelines.for_company(here.session, own.run, here.company.id) if has_result and own.run is not None else None
    )
    looked = rechecked.of_run(here.session, own.run) if has_result and own.run is not None else None
    found = showing.shown(own.findings, timeline, looked)
    chosen = showing.asked_for("vendor.result", assessment_id=assessment_id)
    wanted = chosen.of(found)
    return {
        "own": own,
        "is_live": own.is_live,
        "stages": showing.stages(own.run),
        "chosen": chosen,
        "found": found,
        "to_mend": [one for one in wanted if one.finding.outcome in TO_MEND],
        "mended": [one for one in wanted if one.is_mended],
        "others": [one for one in wanted if one.finding.outcome not in TO_MEND and not one.is_mended],
        "is_looked_at": any(one.again is not None and one.again.state is RecheckState.WAITING for one in found),
        "counts": showing.counts(found),
        "changes": timeline.changes if timeline is not None else None,
        "changed": showing.changed(timeline.changes, own=True) if timeline is not None else (),
        "may_release": here.role in COMPANY_LEADERS,
    }
