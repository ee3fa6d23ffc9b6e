"""The intake of a product: questions about its place in care, and the tier that follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from wtforms import HiddenField, RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from assessments import intake as intake_form
from assessments.model import Intake, IntakeForm
from portal import i18n
from portal.db.models.intake_requests import IntakeRequest
from portal.db.models.vendors import IntakeRecord, Supply
from portal.errors import Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.vendors import intake_requests, intakes, vendors
from portal.services.vendors.intake_requests import About, Standing
from portal.services.vendors.intakes import Override
from portal.web import forms, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from scanners.model import Message


def question_fields(asked: IntakeForm) -> dict[str, Any]:
    """A field for each question of the intake."""
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
    return fields


def form_class(asked: IntakeForm) -> type[forms.Form]:
    """The intake's questions as a form; beside them another tier and its reason, and the answer it was made from."""
    fields = question_fields(asked)
    tiers = [("", _("as proposed")), *((str(tier), _("Tier %(tier)s", tier=tier)) for tier in intakes.TIERS)]
    fields["tier"] = RadioField(_l("Tier"), choices=forms.choices(tiers), default="", validators=[Optional()])
    fields["reason"] = StringField(_l("Reason for another tier"), [Length(max=2000)], filters=[forms.stripped])
    fields |= {"request": HiddenField(), "version": HiddenField()}
    return type("FilledIntakeForm", (forms.Form,), fields)


class TakeOverForm(forms.Form):
    """Which answer, as it was read."""

    request = HiddenField()
    version = HiddenField()


@hospital.get("/vendors/supplies/<supply_id>/intake", roles=EVERY_HOSPITAL_ROLE)
def intake(here: HospitalJourney, supply_id: str) -> Response:
    """The questions, with the answers that stand."""
    supply = vendors.find_supply(here.session, here.actor, supply_id)
    record = intakes.current(supply)
    waiting = waiting_about(here, intake_requests.supply_as(supply))
    told = intake_requests.said(waiting) if waiting is not None else None
    values: dict[str, Any] = {}
    if waiting is not None and told is not None:
        values = field_values(intake_form.current(), told) | {"request": waiting.id, "version": str(waiting.version)}
    elif record is not None:
        values = field_values(intake_form.current(), intakes.load(record))
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
            given = {question.id: chosen(form[question.id].data) for question in asked.questions}
            tier = form["tier"].data
            override = Override(tier=int(tier), reason=form["reason"].data or "") if tier else None
            try:
                record = _keep(here, form, supply_id, given, override)
            except Clash as refused:
                return _page(here, supply, _over_what_stands(here, supply, form), status=409, clash=refused.message)
            here.notice(_("%(supply)s is tier %(tier)s.", supply=supply.name, tier=record.tier))
            return pages.see_other("hospital.vendor", vendor_id=supply.vendor_id)
    return _page(here, supply, form)


@hospital.post("/vendors/supplies/<supply_id>/intake/take-over", roles=HOSPITAL_WRITERS)
def take_intake_over(here: HospitalJourney, supply_id: str) -> Response:
    """What the owner of the supply answered becomes its intake, as it was sent."""
    supply = vendors.find_supply(here.session, here.actor, supply_id)
    sent = TakeOverForm.sent()
    form = _over_what_stands(here, supply, None)
    with form.refusals(here.session):
        try:
            record = intake_requests.take_over(
                here.session,
                here.actor,
                _request_of(here, supply_id, sent),
                version=forms.version(sent["version"].data),
                now=here.now,
            )
        except Clash as refused:
            return _page(here, supply, form, status=409, clash=refused.message)
        here.notice(_("%(supply)s is tier %(tier)s.", supply=supply.name, tier=record.tier))
        return pages.see_other("hospital.vendor", vendor_id=supply.vendor_id)
    return _page(here, supply, form)


def _keep(
    here: HospitalJourney,
    form: forms.Form,
    supply_id: str,
    given: Mapping[str, Sequence[str]],
    override: Override | None,
) -> IntakeRecord:
    if not form["request"].data:
        return intakes.fill_in(here.session, here.actor, supply_id, given, now=here.now, override=override)
    return intake_requests.take_over(
        here.session,
        here.actor,
        _request_of(here, supply_id, form),
        version=forms.version(form["version"].data),
        now=here.now,
        given=given,
        override=override,
    )


def _request_of(here: HospitalJourney, supply_id: str, form: forms.Form) -> str:
    found = intake_requests.find(here.session, here.actor, str(form["request"].data or ""))
    if found.supply_id != supply_id:
        raise NotFound
    return found.id


def _over_what_stands(here: HospitalJourney, supply: Supply, form: forms.Form | None) -> forms.Form:
    """The form with what was typed, over the answer that waits now."""
    asked = intake_form.current()
    waiting = waiting_about(here, intake_requests.supply_as(supply))
    told = intake_requests.said(waiting) if waiting is not None else None
    values = field_values(asked, told) if told is not None else {}
    if form is not None:
        values |= {field.name: field.data for field in form}
    values |= {"request": waiting.id if waiting else "", "version": str(waiting.version if waiting else "")}
    return form_class(asked).offered(**values)


def field_values(asked: IntakeForm, told: Intake) -> dict[str, Any]:
    """An intake as the fields of its form."""
    several = {one.id: one.several for one in asked.questions}
    return {
        question: list(options) if several.get(question) else (options[0] if options else "")
        for question, options in told.answers.items()
    }


def chosen(data: Any) -> tuple[str, ...]:
    """What was ticked in one field."""
    if not data:
        return ()
    return tuple(data) if isinstance(data, list) else (str(data),)


def waiting_about(here: HospitalJourney, about: About) -> IntakeRequest | None:
    """The owner's answer that nobody has taken over yet."""
    return next(
        (
            one
            for one in intake_requests.all_about(here.session, here.actor, about)
            if intake_requests.standing(one, now=here.now) is Standing.ANSWERED
        ),
        None,
    )


def owner_facts(here: HospitalJourney, about: About, stands: Intake | None) -> dict[str, Any]:
    """What a page tells of asking the owner: who was asked, what waits, and how it differs from what stands."""
    requests = intake_requests.all_about(here.session, here.actor, about)
    waiting = waiting_about(here, about)
    told = intake_requests.said(waiting) if waiting is not None else None
    return {
        "waiting": waiting,
        "told": intake_requests.proposal(here.session, waiting) if waiting is not None else None,
        "differences": _differences(intake_form.current(), told, stands) if told else (),
        "requests": [(one, intake_requests.standing(one, now=here.now)) for one in requests],
        "is_asked": any(one.taken_at is None and one.withdrawn_at is None for one in requests),
    }


def _differences(asked: IntakeForm, told: Intake, stands: Intake | None) -> list[tuple[str, str, str]]:
    """Question, what the owner answered, and what stands; all questions where nothing stands."""
    language = i18n.language()
    found = []
    for question in asked.questions:
        words = [
            "; ".join(
                option.text.get(language)
                for option in question.options
                if intake is not None and option.id in intake.answers.get(question.id, ())
            )
            for intake in (told, stands)
        ]
        found.append((question.text.get(language), words[0], words[1]))
    return found


def _page(
    here: HospitalJourney, supply: Supply, form: forms.Form, *, status: int = 200, clash: Message | None = None
) -> Response:
    record = intakes.current(supply)
    return pages.page(
        "hospital/intake.html",
        status=status,
        clash=clash,
        **owner_facts(here, intake_requests.supply_as(supply), intakes.load(record) if record else None),
        form=form,
        supply=supply,
        record=record,
        proposal=intakes.proposed(record) if record else None,
        questions=[question.id for question in intake_form.current().questions],
        may_write=here.role in HOSPITAL_WRITERS,
    )
