"""Is this vendor regulated itself? The scoping helper about a vendor, its result kept with the day."""

from flask import Response

from portal.i18n import gettext as _
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.registers import registers
from portal.services.vendors import scope_records
from portal.services.vendors.vendors import find
from portal.web import pages, scope_form
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from portal.web.scope_form import ScopeForm
from questionnaires import regulated
from questionnaires.scoping import EntityClass


@hospital.get("/vendors/<vendor_id>/scope", roles=EVERY_HOSPITAL_ROLE)
def vendor_scope(here: HospitalJourney, vendor_id: str) -> Response:
    """What was found last, else what the vendor said of itself to begin from."""
    records = scope_records.of_vendor(here.session, here.actor, vendor_id)
    if records:
        known = records[0].situation
    else:
        assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
        known = scope_form.of_profile(assessed.dossier.profile)
    return _page(here, vendor_id, ScopeForm.offered(**known))


@hospital.post("/vendors/<vendor_id>/scope", roles=HOSPITAL_WRITERS)
def keep_scope(here: HospitalJourney, vendor_id: str) -> Response:
    """Work it out and keep it."""
    form = scope_form.with_words(ScopeForm.sent())
    if form.validate():
        situation = form.situation
        found = regulated.answer(situation).entity_class
        scope_records.keep(here.session, here.actor, vendor_id, scope_form.values(situation), found, now=here.now)
        here.notice(_("Saved."))
        return pages.see_other("hospital.vendor_scope", vendor_id=vendor_id)
    return _page(here, vendor_id, form)


def _page(here: HospitalJourney, vendor_id: str, form: ScopeForm) -> Response:
    vendor = find(here.session, here.actor, vendor_id)
    records = scope_records.of_vendor(here.session, here.actor, vendor_id)
    scope_form.with_words(form)
    kept = scope_form.with_words(ScopeForm.offered(**records[0].situation)) if records else None
    return pages.page(
        "hospital/vendor_scope.html",
        form=form,
        vendor=vendor,
        records=records,
        found=regulated.answer(kept.situation) if kept is not None else None,
        classes=scope_form.CLASSES,
        class_of=lambda row: scope_form.CLASSES[EntityClass(row.entity_class)],
        may_write=here.role in HOSPITAL_WRITERS,
    )
