"""The tabs of a vendor's pages, the same on each."""

from flask import url_for

from portal.db.models.vendors import Vendor
from portal.i18n import gettext as _
from portal.web.journey import HospitalJourney

Tab = tuple[str, str, bool, int | None]  # word, address, here, count


def of(here: HospitalJourney, vendor: Vendor, current: str) -> list[Tab]:  # noqa: ARG001 - roles see the same tabs
    """The tabs with the current one marked."""
    entries = (
        ("overview", _("Overview"), "hospital.vendor"),
        ("answers", _("Answers"), "hospital.vendor_answers"),
        ("scan", _("Scan"), "hospital.vendor_scan"),
        ("contradictions", _("Contradictions"), "hospital.vendor_contradictions"),
        ("evidence", _("Evidence"), "hospital.vendor_evidence"),
        ("history", _("History"), "hospital.vendor_history"),
    )
    return [(word, url_for(endpoint, vendor_id=vendor.id), key == current, None) for key, word, endpoint in entries]
