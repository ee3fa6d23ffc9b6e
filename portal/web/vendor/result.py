"""The company's own scan result: it sees it first, live while a scan runs, and decides about its release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response

from portal.db.models.scans import FindingRecord
from portal.i18n import gettext as _
from portal.services import own_results, scan_results, scans, standings
from portal.services.actors import COMPANY_LEADERS, EVERY_COMPANY_ROLE
from portal.web import pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import steps
from portal.web.vendor.room import vendor
from scanners import catalogue
from scanners.model import Check, Finding, Outcome, Severity

ORDER = (
    *(Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN, Outcome.ERROR, Outcome.INFO),
    *(Outcome.PASS, Outcome.NOT_APPLICABLE),
)
TO_MEND = frozenset({Outcome.FAIL, Outcome.WARN})


@dataclass(frozen=True, kw_only=True)
class ShownFinding:
    """A finding with the check that explains it."""

    finding: Finding
    check: Check
    first_seen_at: datetime


def shown(records: Sequence[FindingRecord]) -> Sequence[ShownFinding]:
    """What is to be mended first, the worst on top."""
    severities = list(Severity)
    found = [
        ShownFinding(
            finding=scan_results.finding_of(record),
            check=catalogue.CHECKS[record.check_id],
            first_seen_at=record.first_seen_at,
        )
        for record in records
        if record.check_id in catalogue.CHECKS
    ]
    return sorted(
        found,
        key=lambda one: (
            ORDER.index(one.finding.outcome),
            severities.index(one.finding.severity),
            one.finding.check_id,
            one.finding.subject,
        ),
    )


@vendor.get("/rounds/<assessment_id>/result", roles=EVERY_COMPANY_ROLE)
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


@vendor.get("/rounds/<assessment_id>/result/live", roles=EVERY_COMPANY_ROLE)
def live_result(here: CompanyJourney, assessment_id: str) -> Response:
    """The piece of the page that fetches itself anew while the scan runs."""
    head = standings.of_round(here.session, here.actor, assessment_id, now=here.now).head
    return pages.part("vendor/result_state.html", **_state(here, assessment_id), head=head)


@vendor.post("/rounds/<assessment_id>/result", roles=EVERY_COMPANY_ROLE)
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
    found = shown(own.findings)
    return {
        "own": own,
        "is_live": own.is_live,
        "to_mend": [one for one in found if one.finding.outcome in TO_MEND],
        "others": [one for one in found if one.finding.outcome not in TO_MEND],
        "counts": _counts(found),
        "may_release": here.role in COMPANY_LEADERS,
    }


def _counts(found: Sequence[ShownFinding]) -> Mapping[str, int]:
    counts = {outcome.value: sum(one.finding.outcome is outcome for one in found) for outcome in ORDER}
    return {outcome: count for outcome, count in counts.items() if count}
