"""One round: the invitation with what is asked, its steps, its reminders, and what can be done now."""

from datetime import date

from flask import Response
from wtforms import (
    DateField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal import home, i18n
from portal.db.models.vendors import Vendor
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.mails import bounces
from portal.services.rounds import campaigns, catalogues, invitations, progress, reasons, reassessments, reminders
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from portal.services.vendors import vendors
from portal.web import forms, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from questionnaires.model import QuestionSet
from reports import marks


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


class UninvitedForm(forms.Form):
    """What is recorded without anybody being asked, and why."""

    reason = TextAreaField(
        _l("Why nobody is invited"),
        [InputRequired(_l("Say why nobody is invited.")), Length(max=1000)],
        filters=[forms.stripped],
        description=_l("For example: the vendor answers by mail only. Stays in your hospital."),
    )
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


class AnotherPersonForm(forms.Form):
    """Another person for the same round."""

    name = StringField(_l("Name of the person"), [Length(max=200)], filters=[forms.stripped])
    email = EmailField(
        _l("E-mail address"), [InputRequired(_l("Enter an e-mail address.")), Length(max=254)], filters=[forms.stripped]
    )
    language = SelectField(_l("Language of the mail"), [InputRequired()])


class DueForm(forms.Form):
    """Another day."""

    due_on = DateField(_l("Due on"), [InputRequired(_l("Choose a day."))])


class SwitchForm(forms.Form):
    """Stop, or let go on."""

    stopped = HiddenField()


def _languages(form: forms.Form) -> None:
    form.offer("language", i18n.LANGUAGES)


def _prepared(here: HospitalJourney, form: forms.Form, vendor: Vendor) -> forms.Form:
    offers = catalogues.offered(here.session, here.actor)
    form.offer("catalogue", [(one.key, f"{one.title.get(i18n.language())} ({one.name[1]})") for one in offers])
    form.offer("supplies", [(supply.id, supply.name) for supply in vendor.supplies if supply.ended_at is None])
    sets = (QuestionSet.FULL, QuestionSet.BASIC, QuestionSet.SHORT)
    form.offer("question_set", [(one.value, _(marks.QUESTION_SETS[one])) for one in sets])
    if "language" in form:
        _languages(form)
    return form


@hospital.get("/vendors/<vendor_id>/invite", roles=HOSPITAL_WRITERS)
def invite(here: HospitalJourney, vendor_id: str) -> Response:
    """The form, filled in as far as the record knows."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    supplies = [supply for supply in vendor.supplies if supply.ended_at is None]
    by_tier = invitations.set_by_tier(here.session, supplies)
    proposal = invitations.propose(here.session, here.actor, vendor, supplies)
    form = InviteForm.offered(
        supplies=[supply.id for supply in supplies],
        question_set=by_tier.value if by_tier else "",
        catalogue=proposal.key,
        due_on=here.today + campaigns.ANSWERING_TIME,
        name=vendor.contact_name,
        email=campaigns.address_of(vendor),
        language=home.language_of(vendor.country),
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
                _chosen(here, vendor, form, due_on=form["due_on"].data),
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


@hospital.get("/vendors/<vendor_id>/record", roles=HOSPITAL_WRITERS)
def record_uninvited(here: HospitalJourney, vendor_id: str) -> Response:
    """A round without a mail: what is recorded, and why nobody is asked."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    supplies = [supply for supply in vendor.supplies if supply.ended_at is None]
    by_tier = invitations.set_by_tier(here.session, supplies)
    form = UninvitedForm.offered(
        supplies=[supply.id for supply in supplies],
        question_set=by_tier.value if by_tier else "",
        catalogue=invitations.propose(here.session, here.actor, vendor, supplies).key,
    )
    return _invite_page(here, vendor, _prepared(here, form, vendor), "hospital/record_uninvited.html")


@hospital.post("/vendors/<vendor_id>/record", roles=HOSPITAL_WRITERS)
def begin_uninvited(here: HospitalJourney, vendor_id: str) -> Response:
    """Begin it; nothing is sent."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    form = _prepared(here, UninvitedForm.sent(), vendor)
    if form.validate():
        with form.refusals(here.session):
            fields = _chosen(here, vendor, form, due_on=here.today + campaigns.ANSWERING_TIME)
            reason = form["reason"].data or ""
            assessment = invitations.begin_uninvited(
                here.session, here.actor, vendor_id, fields, reason=reason, now=here.now
            )
            here.notice(_("The round has begun; nobody was written to."))
            return pages.see_other("hospital.recording", assessment_id=assessment.id)
    return _invite_page(here, vendor, form, "hospital/record_uninvited.html")


def _chosen(here: HospitalJourney, vendor: Vendor, form: forms.Form, *, due_on: date) -> RoundFields:
    """What the form says; a follow-up also asks again what needs a fresh look."""
    wanted, name = set(form["supplies"].data or ()), catalogues.name_of(form["catalogue"].data)
    supplies = [one for one in vendor.supplies if one.id in wanted and one.ended_at is None]
    question_set = QuestionSet(form["question_set"].data)
    asked = reassessments.delta(here.session, here.actor, vendor, supplies=supplies, due_on=due_on, now=here.now)
    is_follow_up = asked.is_follow_up and name == asked.catalogue
    return RoundFields(
        supply_ids=form["supplies"].data or [],
        due_on=due_on,
        question_set=question_set,
        question_set_reason=form["question_set_reason"].data or "",
        catalogue=name,
        catalogue_reason=form["catalogue_reason"].data or "",
        asked_again=asked.asked_again if is_follow_up else (),
        asked_because=asked.reasons if is_follow_up else {},
        renewed_by=asked.renewed_by if is_follow_up else None,
    )


def _invite_page(
    here: HospitalJourney, vendor: Vendor, form: forms.Form, template: str = "hospital/invite.html"
) -> Response:
    supplies = [supply for supply in vendor.supplies if supply.ended_at is None]
    by_tier = invitations.set_by_tier(here.session, supplies)
    return pages.page(
        template,
        form=form,
        vendor=vendor,
        without_intake=[supply for supply in supplies if not supply.intakes],
        by_tier=marks.QUESTION_SETS[by_tier] if by_tier else None,
        has_supplies=bool(supplies),
        proposal=invitations.propose(here.session, here.actor, vendor, supplies),
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


@hospital.post("/assessments/<assessment_id>/due", roles=HOSPITAL_WRITERS)
def move_due_date(here: HospitalJourney, assessment_id: str) -> Response:
    """Another due date; links and reminders follow it."""
    form = DueForm.sent()
    if form.validate():
        with form.refusals(here.session):
            invitations.move_due_date(here.session, here.actor, assessment_id, form["due_on"].data, now=here.now)
            here.notice(_("The due date was moved; links and reminders follow it."))
            return pages.see_other("hospital.assessment", assessment_id=assessment_id)
    another = AnotherPersonForm.offered(language=i18n.language())
    _languages(another)
    return _assessment_page(here, assessment_id, another, form)


@hospital.post("/assessments/<assessment_id>/remind", roles=HOSPITAL_WRITERS)
def remind_vendor(here: HospitalJourney, assessment_id: str) -> Response:
    """A reminder now, by hand."""
    reminders.send_now(here.session, here.actor, assessment_id, base_url=here.settings.public_base_url, now=here.now)
    here.notice(_("The reminder is on its way."))
    return pages.see_other("hospital.assessment", assessment_id=assessment_id)


@hospital.post("/assessments/<assessment_id>/reminders", roles=HOSPITAL_WRITERS)
def switch_reminders(here: HospitalJourney, assessment_id: str) -> Response:
    """Stop the reminders of this vendor, or let them go on."""
    stopped = SwitchForm.sent()["stopped"].data == "1"
    reminders.switch(here.session, here.actor, assessment_id, stopped=stopped, now=here.now)
    here.notice(_("No reminders go out to this vendor.") if stopped else _("Reminders go out again."))
    return pages.see_other("hospital.assessment", assessment_id=assessment_id)


def _assessment_page(
    here: HospitalJourney, assessment_id: str, form: forms.Form, due_form: forms.Form | None = None
) -> Response:
    found = invitations.find(here.session, here.actor, assessment_id)
    plan = reminders.of_round(here.session, found, now=here.now)
    mails = [one.mail_id or "" for one in found.invitations]
    mails += [str(mail) for row in plan.sent for mail in row.mail_ids]
    return pages.page(
        "hospital/assessment.html",
        form=form,
        due_form=due_form or DueForm.offered(due_on=found.due_on),
        assessment=found,
        vendor=found.vendor,
        grounds=reasons.grounds(found.asked_because or {}, vendors.supplies_of(here.session, found)),
        doubts=reasons.DOUBTS,
        campaign=campaigns.of_rounds(here.session, here.hospital.id, [found.id]).get(found.id),
        plan=plan,
        readers=reminders.readers(here.session, found),
        back=bounces.of_mails(here.session, here.hospital.id, mails),
        answered=progress.of_assessment(here.session, here.actor, found, now=here.now),
        unanswered=found.stage in invitations.UNANSWERED,
        may_be_taken=invitations.is_free(found),
        is_recorded=found.company_id is None and found.submitted_at is not None,
        is_open=found.stage in invitations.OPEN,
        set_word=marks.QUESTION_SETS[QuestionSet(found.question_set)],
        may_write=here.role in HOSPITAL_WRITERS,
    )
