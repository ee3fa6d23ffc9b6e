"""Risks that people of the hospital write down: the form, its changes, closing and opening again."""

from collections.abc import Mapping, Sequence
from datetime import date

from flask import Response, request
from wtforms import DateField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from assessments.model import RiskLevel, Treatment
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.decisions import risk_limits
from portal.services.registers import own_risks
from portal.services.registers.own_risks import WRITERS, OwnRiskFields, OwnRiskRow
from portal.services.vendors import vendors
from portal.web import clashes, forms, pages
from portal.web.clashes import Stands
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from reports import marks

TREATMENTS = {treatment.value: _l(word) for treatment, word in marks.TREATMENTS.items()}
CONCERNS = {concern.value: _l(word) for concern, word in marks.CONCERNS.items()}
VENDOR, SUPPLY = "v:", "s:"
STEPS = [("", "–"), *((str(step), str(step)) for step in own_risks.STEPS)]
VERBS: Mapping[str, object] = {
    "added": _l("written down"),
    "changed": _l("changed"),
    "closed": _l("closed"),
    "reopened": _l("opened again"),
    "treated": _l("decided"),
}


class OwnRiskForm(forms.Form):
    """A risk as a person writes it."""

    title = StringField(
        _l("Risk"),
        [InputRequired(_l("Name the risk in a few words.")), Length(max=own_risks.LONGEST_TITLE)],
        filters=[forms.stripped],
    )
    scenario = TextAreaField(
        _l("Scenario"),
        [InputRequired(_l("Say in a sentence what could happen.")), Length(max=own_risks.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("What could happen to patients or the hospital, in one or two sentences."),
    )
    source = StringField(
        _l("Where it comes from"),
        [Length(max=own_risks.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("An audit, an incident, a contract, a warning of an authority …"),
    )
    about = SelectField(
        _l("Vendor or product"), description=_l("Leave it open where the risk is the hospital's as a whole.")
    )
    concerns = SelectMultipleField(_l("Concerns"), choices=forms.choices(CONCERNS), option_widget=CheckboxInput())
    inherent_likelihood = SelectField(_l("Likelihood before anything is in place"), choices=forms.choices(STEPS))
    inherent_impact = SelectField(_l("Impact before anything is in place"), choices=forms.choices(STEPS))
    likelihood = SelectField(_l("Likelihood with what is in place"), choices=forms.choices(STEPS))
    impact = SelectField(_l("Impact with what is in place"), choices=forms.choices(STEPS))
    patient_safety = SelectField(_l("Effect on patients"), [Optional()], choices=forms.choices(STEPS))
    treatment = RadioField(
        _l("Treatment"), [InputRequired(_l("Choose a treatment."))], choices=forms.choices(TREATMENTS)
    )
    owner = StringField(_l("Owner"), [Length(max=200)], filters=[forms.stripped])
    due_on = DateField(_l("Due on"), [Optional()])
    accepted_until = DateField(
        _l("Accepted until"), [Optional()], description=_l("Needed when the risk is accepted: an acceptance ends.")
    )
    note = TextAreaField(_l("Reason and note"), [Length(max=own_risks.LONGEST_TEXT)], filters=[forms.stripped])
    version = HiddenField()


class CloseForm(forms.Form):
    """Why it is no risk any more."""

    reason = TextAreaField(
        _l("Why this is no risk any more"),
        [InputRequired(_l("Say why this is no risk any more.")), Length(max=own_risks.LONGEST_TEXT)],
        filters=[forms.stripped],
    )
    version = HiddenField()


@hospital.get("/risks/add", roles=WRITERS)
def add_risk(here: HospitalJourney) -> Response:
    """An empty form; the address may name the vendor."""
    about = f"{VENDOR}{request.args['vendor']}" if request.args.get("vendor") else ""
    form = _offered(here, OwnRiskForm.offered(treatment=Treatment.OPEN.value, about=about, version="0"))
    return _form_page(here, form, None)


@hospital.post("/risks/add", roles=WRITERS)
def write_down_risk(here: HospitalJourney) -> Response:
    """Write it down."""
    form = _offered(here, OwnRiskForm.sent())
    if form.validate():
        with form.refusals(here.session):
            risk = own_risks.add(here.session, here.actor, _fields(form), now=here.now)
            here.notice(_("Written down."))
            return pages.see_other("hospital.own_risk", own_risk_id=risk.id)
    return _form_page(here, form, None)


@hospital.get("/risks/own/<own_risk_id>", roles=EVERY_HOSPITAL_ROLE)
def own_risk(here: HospitalJourney, own_risk_id: str) -> Response:
    """One of them, with its history."""
    row = own_risks.find(here.session, here.actor, own_risk_id)
    return _page(here, row, CloseForm.offered(version=str(row.risk.version)))


@hospital.get("/risks/own/<own_risk_id>/edit", roles=WRITERS)
def edit_risk(here: HospitalJourney, own_risk_id: str) -> Response:
    """The form as it stands."""
    row = own_risks.find(here.session, here.actor, own_risk_id)
    return _form_page(here, _offered(here, _standing(row)), row)


def _standing(row: OwnRiskRow) -> OwnRiskForm:
    risk = row.risk
    return OwnRiskForm.offered(
        title=risk.title,
        scenario=risk.scenario,
        source=risk.source,
        about=f"{SUPPLY}{risk.supply_id}" if risk.supply_id else f"{VENDOR}{risk.vendor_id}" if risk.vendor_id else "",
        concerns=list(risk.concerns),
        patient_safety=str(risk.patient_safety or ""),
        treatment=risk.treatment.value,
        owner=risk.owner,
        due_on=risk.due_on,
        accepted_until=risk.accepted_until,
        note=risk.note,
        version=str(risk.version),
        **{name: str(getattr(risk, name)) for name in _NUMBERS},
    )


@hospital.post("/risks/own/<own_risk_id>/edit", roles=WRITERS)
def change_risk(here: HospitalJourney, own_risk_id: str) -> Response:
    """Write it anew; somebody else's change in the meantime is never overwritten."""
    row = own_risks.find(here.session, here.actor, own_risk_id)
    form = _offered(here, OwnRiskForm.sent())
    stands: Sequence[Stands] = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                version = forms.version(form["version"].data)
                own_risks.change(here.session, here.actor, own_risk_id, _fields(form), version=version, now=here.now)
                here.notice(_("Saved."))
                return pages.see_other("hospital.own_risk", own_risk_id=own_risk_id)
        except Clash as refused:
            row = own_risks.find(here.session, here.actor, own_risk_id)
            stands = clashes.meet(form, refused, _offered(here, _standing(row)))
    return _form_page(here, form, row, stands)


@hospital.post("/risks/own/<own_risk_id>/close", roles=WRITERS)
def close_risk(here: HospitalJourney, own_risk_id: str) -> Response:
    """Close it with the reason."""
    form = CloseForm.sent()
    if form.validate():
        try:
            with form.refusals(here.session):
                version = forms.version(form["version"].data)
                reason = str(form["reason"].data)
                own_risks.close(here.session, here.actor, own_risk_id, reason=reason, version=version, now=here.now)
                here.notice(_("Closed. It stays in the history and can be opened again."))
                return pages.see_other("hospital.own_risk", own_risk_id=own_risk_id)
        except Clash as refused:  # the page itself tells what stands
            row = own_risks.find(here.session, here.actor, own_risk_id)
            clashes.meet(form, refused, CloseForm.offered(version=str(row.risk.version)))
    return _page(here, own_risks.find(here.session, here.actor, own_risk_id), form)


@hospital.post("/risks/own/<own_risk_id>/reopen", roles=WRITERS)
def reopen_risk(here: HospitalJourney, own_risk_id: str) -> Response:
    """Open it again."""
    own_risks.reopen(here.session, here.actor, own_risk_id, now=here.now)
    here.notice(_("Opened again."))
    return pages.see_other("hospital.own_risk", own_risk_id=own_risk_id)


_NUMBERS = ("inherent_likelihood", "inherent_impact", "likelihood", "impact")


def _form_page(
    here: HospitalJourney, form: OwnRiskForm, row: OwnRiskRow | None, stands: Sequence[Stands] = ()
) -> Response:
    limits = risk_limits.limits(here.session, here.actor, RiskLevel, today=here.today)
    return pages.page("hospital/own_risk_form.html", form=form, row=row, limits=limits, stands=stands)


def _offered(here: HospitalJourney, form: OwnRiskForm) -> OwnRiskForm:
    for name in _NUMBERS:
        form[name].flags.required = True
    choices = [("", _("the hospital as a whole"))]
    for vendor in vendors.search(here.session, here.actor):
        choices.append((f"{VENDOR}{vendor.id}", vendor.name))
        choices.extend(
            (f"{SUPPLY}{supply.id}", f"{vendor.name} · {supply.name}")
            for supply in vendor.supplies
            if supply.ended_at is None
        )
    known = {value for value, _label in choices}
    if form["about"].data and form["about"].data not in known and request.method == "GET":
        form["about"].data = ""
    form.offer("about", choices)
    return form


def _fields(form: OwnRiskForm) -> OwnRiskFields:
    about = str(form["about"].data or "")
    return OwnRiskFields(
        title=str(form["title"].data),
        scenario=str(form["scenario"].data),
        source=str(form["source"].data or ""),
        vendor_id=about.removeprefix(VENDOR) if about.startswith(VENDOR) else "",
        supply_id=about.removeprefix(SUPPLY) if about.startswith(SUPPLY) else "",
        concerns=tuple(form["concerns"].data or ()),
        patient_safety=int(form["patient_safety"].data) if form["patient_safety"].data else None,
        treatment=Treatment(form["treatment"].data),
        owner=str(form["owner"].data or ""),
        due_on=form["due_on"].data,
        accepted_until=form["accepted_until"].data,
        note=str(form["note"].data or ""),
        **{name: int(form[name].data or 0) for name in _NUMBERS},
    )


def _page(here: HospitalJourney, row: OwnRiskRow, form: CloseForm) -> Response:
    risk = row.risk
    return pages.page(
        "hospital/own_risk.html",
        form=form,
        row=row,
        words=own_risks.words(here.session, here.actor, risk.id),
        verbs=VERBS,
        treatments=TREATMENTS,
        concerns=CONCERNS,
        is_lapsed=own_risks.is_lapsed(risk.treatment, risk.accepted_until, here.today),
        day_of=date.fromisoformat,
        may_write=here.role in WRITERS,
    )
