"""The end of a product or a vendor: why and when, the checklist, and taking it back."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.db.models.supplies import Offboarding, Step, StepState
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.vendors import offboardings, vendors
from portal.services.vendors.offboardings import STATES, STEPS, StepFields
from portal.web import clashes, forms, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney


class EndForm(forms.Form):
    """What ends, when and why."""

    supply = SelectField(_l("What ends"), [Optional()])
    ends_on = DateField(
        _l("On"),
        [InputRequired(_l("Enter the day on which it ends."))],
        description=_l("From that day on it is off the lists, nobody is written to and nothing is scanned."),
    )
    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(_l("Say why it ends.")), Length(max=offboardings.LONGEST_REASON)],
        filters=[forms.stripped],
    )


def _checklist_form() -> type[forms.Form]:
    made: dict[str, Any] = {"__doc__": "How far each step has come.", "version": HiddenField()}
    for step, word in STEPS.items():
        states = forms.choices({state.value: _l(text) for state, text in STATES.items()})
        made[f"{step.value}_state"] = SelectField(_l(word), choices=states)
        made[f"{step.value}_proof"] = StringField(_l("Shown by"), [Length(max=500)], filters=[forms.stripped])
    return type("ChecklistForm", (forms.Form,), made)


ChecklistForm = _checklist_form()


@hospital.get("/vendors/<vendor_id>/end", roles=HOSPITAL_WRITERS)
def ending_vendor(here: HospitalJourney, vendor_id: str) -> Response:
    """The form; the address may name the product."""
    form = _offered(here, vendor_id, EndForm.offered(supply=request.args.get("supply", ""), ends_on=here.today))
    return _end_page(here, vendor_id, form)


@hospital.post("/vendors/<vendor_id>/end", roles=HOSPITAL_WRITERS)
def end_vendor(here: HospitalJourney, vendor_id: str) -> Response:
    """Write down that it ends, then go on to the checklist."""
    form = _offered(here, vendor_id, EndForm.sent())
    if form.validate():
        with form.refusals(here.session):
            row = offboardings.begin(
                here.session,
                here.actor,
                vendor_id,
                supply_id=form["supply"].data or None,
                reason=str(form["reason"].data),
                ends_on=form["ends_on"].data,
                now=here.now,
            )
            here.notice(_("Its end is written down. The checklist says what is left to do."))
            return pages.see_other("hospital.ending", offboarding_id=row.id)
    return _end_page(here, vendor_id, form)


@hospital.get("/vendors/endings/<offboarding_id>", roles=EVERY_HOSPITAL_ROLE)
def ending(here: HospitalJourney, offboarding_id: str) -> Response:
    """An end with its checklist."""
    row = offboardings.find(here.session, here.actor, offboarding_id)
    return _page(here, row, _filled(row))


@hospital.post("/vendors/endings/<offboarding_id>", roles=HOSPITAL_WRITERS)
def change_ending(here: HospitalJourney, offboarding_id: str) -> Response:
    """Write down how far it has come."""
    row = offboardings.find(here.session, here.actor, offboarding_id)
    form = ChecklistForm.sent()
    stands: Any = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                version = forms.version(form["version"].data)
                offboardings.say(here.session, here.actor, row.id, _said(form), version=version, now=here.now)
                here.notice(_("Saved."))
                return pages.see_other("hospital.ending", offboarding_id=row.id)
        except Clash as refused:
            row = offboardings.find(here.session, here.actor, offboarding_id)
            stands = clashes.meet(form, refused, _filled(row))
    return _page(here, row, form, stands=stands)


@hospital.post("/vendors/endings/<offboarding_id>/take-back", roles=HOSPITAL_WRITERS)
def take_ending_back(here: HospitalJourney, offboarding_id: str) -> Response:
    """It goes on after all."""
    row = offboardings.take_back(here.session, here.actor, offboarding_id, now=here.now)
    here.notice(_("Taken back: it is on the lists again."))
    if row.supply_id:
        return pages.see_other("hospital.supply", supply_id=row.supply_id)
    return pages.see_other("hospital.vendor", vendor_id=row.vendor_id)


def _offered(here: HospitalJourney, vendor_id: str, form: EndForm) -> EndForm:
    vendor = vendors.find(here.session, here.actor, vendor_id)
    names = [(one.id, one.name) for one in vendor.supplies if one.ended_at is None]
    form.offer("supply", [("", _("%(vendor)s with all it supplies", vendor=vendor.name)), *names])
    return form


def _end_page(here: HospitalJourney, vendor_id: str, form: EndForm) -> Response:
    return pages.page("hospital/end_vendor.html", form=form, vendor=vendors.find(here.session, here.actor, vendor_id))


def _filled(row: Offboarding) -> forms.Form:
    values: dict[str, str] = {}
    for one in row.steps:
        values |= {f"{one.step.value}_state": one.state.value, f"{one.step.value}_proof": one.proof}
    return ChecklistForm.offered(**values, version=str(row.version))


def _said(form: forms.Form) -> Mapping[Step, StepFields]:
    return {
        step: StepFields(
            state=StepState(str(form[f"{step.value}_state"].data)), proof=str(form[f"{step.value}_proof"].data or "")
        )
        for step in STEPS
    }


def _page(here: HospitalJourney, row: Offboarding, form: forms.Form, *, stands: Any = ()) -> Response:
    vendor = vendors.find(here.session, here.actor, row.vendor_id)
    return pages.page(
        "hospital/ending.html",
        form=form,
        row=row,
        vendor=vendor,
        supply=next((one for one in vendor.supplies if one.id == row.supply_id), None),
        steps={one.step: one for one in row.steps},
        words=STEPS,
        states=STATES,
        stands=stands,
        today=here.today,
        may_write=here.role in HOSPITAL_WRITERS,
    )
