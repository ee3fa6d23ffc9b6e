"""What is around every tab of a vendor's pages: its head and the tabs themselves."""

from typing import Any

from flask import url_for

from portal.db.models.vendors import Vendor
from portal.i18n import gettext as _
from portal.services.actions import actions
from portal.services.actors import HOSPITAL_WRITERS
from portal.services.answers import reviews
from portal.services.incidents import incidents
from portal.services.registers import registers, scores
from portal.services.scans import disputes
from portal.services.vendors import intakes
from portal.web.journey import HospitalJourney

Tab = tuple[str, str, bool, int | None]  # word, address, here, count


def frame(here: HospitalJourney, vendor: Vendor, current: str) -> dict[str, Any]:
    """The values of hospital/vendor_frame.html."""
    assessment = registers.newest_round(here.session, here.actor, vendor.id)
    score = scores.current(here.session, here.hospital.id, assessment.id) if assessment is not None else None
    supplies = [supply for supply in vendor.supplies if supply.ended_at is None]
    records = [record for supply in supplies if (record := intakes.current(supply)) is not None]
    return {
        "vendor": vendor,
        "assessment": assessment,
        "supplies": supplies,
        "overall_tier": min((record.tier for record in records), default=None),
        "tabs": _tabs(
            vendor,
            current,
            contradictions=score.contradictions if score else 0,
            disputed=disputes.count_open(here.session, here.actor, vendor.id, now=here.now),
            actions_waiting=actions.count_waiting(here.session, here.actor, vendor.id, today=here.today),
            incidents_waiting=incidents.count_waiting(here.session, here.actor, vendor.id, now=here.now),
        ),
        "may_write": here.role in HOSPITAL_WRITERS,
        "reviewable": assessment is not None and assessment.stage in reviews.IN_REVIEW,
    }


def _tabs(
    vendor: Vendor, current: str, *, contradictions: int, disputed: int, actions_waiting: int, incidents_waiting: int
) -> list[Tab]:
    entries: tuple[tuple[str, str, str, int | None], ...] = (
        ("overview", _("Overview"), "hospital.vendor", None),
        ("answers", _("Answers"), "hospital.vendor_answers", None),
        ("scan", _("Scan"), "hospital.vendor_scan", None),
        ("contradictions", _("Contradictions"), "hospital.vendor_contradictions", contradictions or None),
        ("disputes", _("Disputes"), "hospital.vendor_disputes", disputed or None),
        ("evidence", _("Evidence"), "hospital.vendor_evidence", None),
        ("frameworks", _("Frameworks"), "hospital.vendor_frameworks", None),
        ("actions", _("Actions"), "hospital.vendor_actions", actions_waiting or None),
        ("incidents", _("Incidents"), "hospital.vendor_incidents", incidents_waiting or None),
        ("subcontractors", _("Subcontractors"), "hospital.vendor_subcontractors", None),
        ("waivers", _("Waivers"), "hospital.vendor_waivers", None),
        ("decisions", _("Decisions"), "hospital.vendor_decisions", None),
        ("history", _("History"), "hospital.vendor_history", None),
    )
    return [
        (word, url_for(endpoint, vendor_id=vendor.id), key == current, count) for key, word, endpoint, count in entries
    ]
