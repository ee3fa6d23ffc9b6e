"""Waivers (Ausnahmen) of one vendor: what is accepted until a day, by whom and why."""

from flask import Response
from wtforms import DateField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from assessments.model import Assessed
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.registers import registers, waivers, waiving
from portal.services.registers.waiving import APPROVERS
from portal.services.vendors import vendors
from portal.web import forms, pages
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.hospital.vendor_pages import reader
from portal.web.journey import HospitalJourney


class WaiverForm(forms.Form):
    """One waiver."""

    what = SelectField(_l("What is waived"), [InputRequired(_l("Choose one."))])
    until = DateField(
        _l("Until"), [Optional()], description=_l("At most twelve months; then it counts again by itself.")
    )
    reason = TextAreaField(
        _l("Why this can be accepted"),
        [InputRequired(_l("Say why this can be accepted for a while.")), Length(max=waiving.LONGEST_REASON)],
        filters=[forms.stripped],
        description=_l("Stands in the register and in the report on the vendor, with your name."),
    )


@hospital.get("/vendors/<vendor_id>/waivers", roles=EVERY_HOSPITAL_ROLE)
def vendor_waivers(here: HospitalJourney, vendor_id: str) -> Response:
    """Those that hold, and those that have ended."""
    return _page(here, vendor_id, None)


@hospital.post("/vendors/<vendor_id>/waivers", roles=APPROVERS)
def grant_waiver(here: HospitalJourney, vendor_id: str) -> Response:
    """Accept a finding or a knock-out until a day."""
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    form = _offered(here, vendor_id, assessed, WaiverForm.sent())
    if form.validate():
        with form.refusals(here.session):
            waiving.grant(
                here.session,
                here.actor,
                vendor_id,
                str(form["what"].data),
                reason=str(form["reason"].data),
                until=form["until"].data,
                now=here.now,
            )
            here.notice(_("The waiver holds. The line stays, its cap no longer applies."))
            return pages.see_other("hospital.vendor_waivers", vendor_id=vendor_id)
    return _page(here, vendor_id, form)


@hospital.post("/vendors/<vendor_id>/waivers/<waiver_id>/end", roles=APPROVERS)
def end_waiver(here: HospitalJourney, vendor_id: str, waiver_id: str) -> Response:
    """Take it back before its day."""
    waiving.end(here.session, here.actor, vendor_id, waiver_id, now=here.now)
    here.notice(_("The waiver has ended; what it was for counts again."))
    return pages.see_other("hospital.vendor_waivers", vendor_id=vendor_id)


def _offered(here: HospitalJourney, vendor_id: str, assessed: Assessed, form: WaiverForm) -> WaiverForm:
    form["until"].flags.required = True
    found = waiving.waivable(here.session, here.actor, vendor_id, assessed)
    words = reader()
    form.offer("what", [(one.key, f"{words.say(one.title)} · {one.place}".rstrip(" ·")) for one in found])
    return form


def _page(here: HospitalJourney, vendor_id: str, sent: WaiverForm | None) -> Response:
    found = vendors.find(here.session, here.actor, vendor_id)
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    form = _offered(here, vendor_id, assessed, sent or WaiverForm.offered())
    rows = waiving.of_vendor(here.session, here.actor, vendor_id)
    today = here.now.astimezone(BERLIN).date()
    return pages.page(
        "hospital/vendor_waivers.html",
        **tabs.frame(here, found, "waivers"),
        rows=rows,
        titles={row.id: waivers.title_of(row, assessed.dossier.catalogue).get(here.language) for row in rows},
        holds={row.id for row in rows if waivers.holds(row, today)},
        names={supply.id: supply.name for supply in found.supplies},
        form=form,
        may_approve=here.role in APPROVERS,
    )
