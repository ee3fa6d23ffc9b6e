"""Asking vendors: the invitation with its preview, and the board that says how far each has come."""

from datetime import timedelta
from typing import Any

from flask import Response
from wtforms import DateField, EmailField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal import i18n
from portal.db.models.vendors import Vendor
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services import catalogues, invitations, portfolio, progress, vendors
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.invitations import Invitee, RoundFields
from portal.web import forms, pages, tables
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail
from portal.web.tables import Column
from questionnaires.model import QuestionSet
from reports import marks

ANSWERING_TIME = timedelta(days=28)

COLUMNS = (
    Column(key="name", title=_l("Vendor"), heads=True, sortable=True),
    Column(key="supplies", title=_l("Products and services")),
    Column(key="set", title=_l("Question set")),
    Column(key="stage", title=_l("Stage"), sortable=True),
    Column(key="answered", title=_l("Answered"), kind="number"),
    Column(key="due", title=_l("Due on"), kind="date", sortable=True),
    Column(key="since", title=_l("Last step"), kind="date", sortable=True),
)


class InviteForm(forms.Form):
    """Whom to ask about what until when."""

    supplies = SelectMultipleField(
        _l("About which products and services"),
        [InputRequired(_l("Choose at least one product or service."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    catalogue = SelectField(_l("Question catalogue"), [InputRequired()])
    catalogue_reason = StringField(
        _l("Reason for another catalogue than the one proposed"), [Length(max=1000)], filters=[forms.stripped]
    )
    question_set = RadioField(_l("Question set"), [InputRequired(_l("Choose a question set."))])
    question_set_reason = StringField(
        _l("Reason for another set than the tier's"), [Length(max=1000)], filters=[forms.stripped]
    )
    due_on = DateField(_l("Due on"), [InputRequired(_l("Choose a day."))])
    name = StringField(_l("Name of the person"), [Length(max=200)], filters=[forms.stripped])
    email = EmailField(
        _l("E-mail address"), [InputRequired(_l("Enter an e-mail address.")), Length(max=254)], filters=[forms.stripped]
    )
    language = SelectField(_l("Language of the mail"), [InputRequired()])
    message = TextAreaField(
        _l("A paragraph of your own"),
        [Length(max=4000)],
        filters=[forms.stripped],
        description=_l("Stands in the mail after the reason for asking."),
    )


class AnotherPersonForm(forms.Form):
    """Another person for the same round."""

    name = StringField(_l("Name of the person"), [Length(max=200)], filters=[forms.stripped])
    email = EmailField(
        _l("E-mail address"), [InputRequired(_l("Enter an e-mail address.")), Length(max=254)], filters=[forms.stripped]
    )
    language = SelectField(_l("Language of the mail"), [InputRequired()])


def _languages(form: forms.Form) -> None:
    form.offer("language", i18n.LANGUAGES)


def _prepared(here: HospitalJourney, form: forms.Form, vendor: Vendor) -> forms.Form:
    offers = catalogues.offered(here.session, here.actor)
    form.offer("catalogue", [(one.key, f"{one.title.get(i18n.language())} ({one.name[1]})") for one in offers])
    form.offer("supplies", [(supply.id, supply.name) for supply in vendor.supplies if supply.ended_at is None])
    sets = (QuestionSet.FULL, QuestionSet.BASIC, QuestionSet.SHORT)
    form.offer("question_set", [(one.value, _(marks.QUESTION_SETS[one])) for one in sets])
    _languages(form)
    return form


@hospital.get("/vendors/<vendor_id>/invite", roles=HOSPITAL_WRITERS)
def invite(here: HospitalJourney, vendor_id: str) -> Response:
    """The form, filled in as far as the record knows."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    supplies = [supply for supply in vendor.supplies if supply.ended_at is None]
    by_tier = invitations.set_by_tier(supplies)
    proposal = invitations.propose(here.session, here.actor, vendor, supplies, now=here.now)
    form = InviteForm.offered(
        supplies=[supply.id for supply in supplies],
        question_set=by_tier.value if by_tier else "",
        catalogue=proposal.key,
        due_on=(here.now + ANSWERING_TIME).date(),
        name=vendor.contact_name,
        email=vendor.security_email or vendor.contact_email,
        language="de" if vendor.country in {"DE", "AT", "CH"} else "en",
    )
    return _invite_page(here, vendor, _prepared(here, form, vendor))


@hospital.post("/vendors/<vendor_id>/invite", roles=HOSPITAL_WRITERS)
def send_invitation(here: HospitalJourney, vendor_id: str) -> Response:
    """Begin the round and send the mail."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    form = _prepared(here, InviteForm.sent(), vendor)
    if form.validate():
        with form.refusals(here.session):
            assessment = invitations.begin(
                here.session,
                here.actor,
                vendor_id,
                RoundFields(
                    supply_ids=form["supplies"].data or [],
                    due_on=form["due_on"].data,
                    question_set=QuestionSet(form["question_set"].data),
                    question_set_reason=form["question_set_reason"].data or "",
                    catalogue=catalogues.name_of(form["catalogue"].data),
                    catalogue_reason=form["catalogue_reason"].data or "",
                ),
                Invitee(
                    email=form["email"].data,
                    name=form["name"].data or "",
                    language=form["language"].data,
                    message=form["message"].data or "",
                ),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("The invitation to %(email)s is on its way.", email=form["email"].data))
            return pages.see_other("hospital.assessment", assessment_id=assessment.id)
    return _invite_page(here, vendor, form)


def _invite_page(here: HospitalJourney, vendor: Vendor, form: forms.Form) -> Response:
    supplies = [supply for supply in vendor.supplies if supply.ended_at is None]
    by_tier = invitations.set_by_tier(supplies)
    return pages.page(
        "hospital/invite.html",
        form=form,
        vendor=vendor,
        without_intake=[supply for supply in supplies if not supply.intakes],
        by_tier=marks.QUESTION_SETS[by_tier] if by_tier else None,
        has_supplies=bool(supplies),
        proposal=invitations.propose(here.session, here.actor, vendor, supplies, now=here.now),
    )


@hospital.get("/assessments", roles=EVERY_HOSPITAL_ROLE, rail=Rail.CAMPAIGNS)
def board(here: HospitalJourney) -> Response:
    """Every vendor that was asked, and how far it has come."""
    rows = [row for row in portfolio.rows(here.session, here.actor) if row.assessment is not None]
    answered = progress.of_hospital(here.session, here.actor)
    how = tables.sorting(COLUMNS, default="due")
    keys: dict[str, Any] = {
        "name": lambda row: row.vendor.name.casefold(),
        "stage": lambda row: row.stage.value,
        "due": lambda row: row.assessment.due_on,
        "since": progress.last_step,
    }
    return pages.page(
        "hospital/board.html",
        columns=COLUMNS,
        rows=tables.arrange(rows, how, keys),
        sorting=how,
        answered=answered,
        last_step=progress.last_step,
        sets=marks.QUESTION_SETS,
        QuestionSet=QuestionSet,
    )


@hospital.get("/assessments/<assessment_id>", roles=EVERY_HOSPITAL_ROLE)
def assessment(here: HospitalJourney, assessment_id: str) -> Response:
    """One round: its steps, its invitations, what can be done now."""
    form = AnotherPersonForm.offered(language=i18n.language())
    _languages(form)
    return _assessment_page(here, assessment_id, form)


@hospital.post("/assessments/<assessment_id>/resend", roles=HOSPITAL_WRITERS)
def resend_invitation(here: HospitalJourney, assessment_id: str) -> Response:
    """The same person again, with a new link."""
    invitations.resend(here.session, here.actor, assessment_id, base_url=here.settings.public_base_url, now=here.now)
    here.notice(_("A new link is on its way; the old one no longer works."))
    return pages.see_other("hospital.assessment", assessment_id=assessment_id)


@hospital.post("/assessments/<assessment_id>/invite", roles=HOSPITAL_WRITERS)
def invite_another(here: HospitalJourney, assessment_id: str) -> Response:
    """Another person instead."""
    form = AnotherPersonForm.sent()
    _languages(form)
    if form.validate():
        with form.refusals(here.session):
            invitations.invite_another(
                here.session,
                here.actor,
                assessment_id,
                Invitee(email=form["email"].data, name=form["name"].data or "", language=form["language"].data),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("The invitation to %(email)s is on its way.", email=form["email"].data))
            return pages.see_other("hospital.assessment", assessment_id=assessment_id)
    return _assessment_page(here, assessment_id, form)


@hospital.post("/assessments/<assessment_id>/withdraw", roles=HOSPITAL_WRITERS)
def withdraw_invitation(here: HospitalJourney, assessment_id: str) -> Response:
    """Stop a round that nobody has taken."""
    invitations.withdraw(here.session, here.actor, assessment_id, now=here.now)
    here.notice(_("The round was withdrawn; its links no longer work."))
    return pages.see_other("hospital.assessment", assessment_id=assessment_id)


def _assessment_page(here: HospitalJourney, assessment_id: str, form: forms.Form) -> Response:
    found = invitations.find(here.session, here.actor, assessment_id)
    return pages.page(
        "hospital/assessment.html",
        form=form,
        assessment=found,
        vendor=found.vendor,
        answered=progress.of_assessment(here.session, here.actor, found, now=here.now),
        unanswered=found.stage in invitations.UNANSWERED,
        set_word=marks.QUESTION_SETS[QuestionSet(found.question_set)],
        may_write=here.role in HOSPITAL_WRITERS,
    )
