"""The intake of a product: questions about its place in care, and the tier that follows."""

from typing import Any

from flask import Response
from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from assessments import intake as intake_form
from assessments.model import IntakeForm
from portal import i18n
from portal.db.models.vendors import Supply
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services import intakes, vendors
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.intakes import Override
from portal.web import forms, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney


def form_class(asked: IntakeForm) -> type[forms.Form]:
    """The intake's questions as a form; beside them another tier and its reason."""
    language = i18n.language()
    fields: dict[str, Any] = {}
    needed = InputRequired(_l("Choose an answer."))
    for question in asked.questions:
        options = forms.choices([(option.id, option.text.get(language)) for option in question.options])
        values: dict[str, Any] = {"choices": options, "description": question.hint.get(language)}
        fields[question.id] = (
            SelectMultipleField(
                question.text.get(language),
                widget=ListWidget(prefix_label=False),
                option_widget=CheckboxInput(),
                validators=[needed],
                **values,
            )
            if question.several
            else RadioField(question.text.get(language), validators=[needed], **values)
        )
    tiers = [("", _("as proposed")), *((str(tier), _("Tier %(tier)s", tier=tier)) for tier in intakes.TIERS)]
    fields["tier"] = RadioField(_l("Tier"), choices=forms.choices(tiers), default="", validators=[Optional()])
    fields["reason"] = StringField(_l("Reason for another tier"), [Length(max=2000)], filters=[forms.stripped])
    return type("FilledIntakeForm", (forms.Form,), fields)


@hospital.get("/vendors/supplies/<supply_id>/intake", roles=EVERY_HOSPITAL_ROLE)
def intake(here: HospitalJourney, supply_id: str) -> Response:
    """The questions, with the answers that stand."""
    supply = vendors.find_supply(here.session, here.actor, supply_id)
    record = intakes.current(supply)
    values: dict[str, Any] = {}
    if record is not None:
        asked = intake_form.current()
        for question, options in intakes.load(record).answers.items():
            several = next((one.several for one in asked.questions if one.id == question), False)
            values[question] = list(options) if several else (options[0] if options else "")
        if record.tier != record.proposed_tier:
            values |= {"tier": str(record.tier), "reason": record.override_reason}
    return _page(here, supply, form_class(intake_form.current()).offered(**values))


@hospital.post("/vendors/supplies/<supply_id>/intake", roles=HOSPITAL_WRITERS)
def fill_in_intake(here: HospitalJourney, supply_id: str) -> Response:
    """Record it; the tier follows, or the override with its reason."""
    supply = vendors.find_supply(here.session, here.actor, supply_id)
    asked = intake_form.current()
    form = form_class(asked).sent()
    if form.validate():
        with form.refusals(here.session):
            given = {question.id: _chosen(form[question.id].data) for question in asked.questions}
            tier = form["tier"].data
            override = Override(tier=int(tier), reason=form["reason"].data or "") if tier else None
            record = intakes.fill_in(here.session, here.actor, supply_id, given, now=here.now, override=override)
            here.notice(_("%(supply)s is tier %(tier)s.", supply=supply.name, tier=record.tier))
            return pages.see_other("hospital.vendor", vendor_id=supply.vendor_id)
    return _page(here, supply, form)


def _chosen(data: Any) -> tuple[str, ...]:
    if not data:
        return ()
    return tuple(data) if isinstance(data, list) else (str(data),)


def _page(here: HospitalJourney, supply: Supply, form: forms.Form) -> Response:
    record = intakes.current(supply)
    return pages.page(
        "hospital/intake.html",
        form=form,
        supply=supply,
        record=record,
        proposal=intakes.proposed(record) if record else None,
        questions=[question.id for question in intake_form.current().questions],
        may_write=here.role in HOSPITAL_WRITERS,
    )
