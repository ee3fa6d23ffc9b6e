"""Sections in the hands of colleagues: who is where, handing on, taking back, reminding."""

from flask import Response
from wtforms import DateField, EmailField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import responses
from portal.services.people import accounts
from portal.services.rounds import delegations
from portal.services.rounds.delegations import Errand, Held
from portal.web import forms, pages
from portal.web.journey import CompanyJourney
from portal.web.tables import Column
from portal.web.vendor.room import vendor

COLUMNS = (
    Column(key="section", title=_l("Section"), heads=True),
    Column(key="answered", title=_l("Answered"), kind="number"),
    Column(key="person", title=_l("In whose hands")),
    Column(key="last", title=_l("Last answer"), kind="date"),
)


class HandOnForm(forms.Form):
    """Which sections, to whom."""

    sections = SelectMultipleField(
        _l("Sections"),
        [InputRequired(_l("Choose at least one section."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    email = EmailField(
        _l("E-mail of the colleague"),
        [InputRequired(_l("Enter an e-mail address.")), Length(max=254)],
        filters=[forms.stripped],
        description=_l("Somebody who has no account yet gets a link that makes one."),
    )
    name = StringField(_l("Name of the colleague"), [Optional(), Length(max=200)], filters=[forms.stripped])
    note = TextAreaField(
        _l("A word to them"), [Optional(), Length(max=delegations.LONGEST_NOTE)], filters=[forms.stripped]
    )
    due_on = DateField(_l("Answer by"), [Optional()])


@vendor.get("/rounds/<assessment_id>/colleagues", roles=COMPANY_LEADERS)
def hands(here: CompanyJourney, assessment_id: str) -> Response:
    """Who is where."""
    return _page(here, assessment_id, HandOnForm.offered())


@vendor.post("/rounds/<assessment_id>/colleagues", roles=COMPANY_LEADERS)
def hand_on(here: CompanyJourney, assessment_id: str) -> Response:
    """Put sections into somebody's hands; the mail goes with it."""
    form = HandOnForm.sent()
    form.offer("sections", [(one.section, one.title) for one in _held(here, assessment_id)])
    if form.validate():
        with form.refusals(here.session):
            errand = Errand(
                sections=form.sections.data or (),
                email=str(form.email.data),
                name=str(form.name.data or ""),
                note=str(form.note.data or ""),
                due_on=form.due_on.data,
            )
            base_url = here.settings.public_base_url
            to = delegations.hand_on(here.session, here.actor, assessment_id, errand, base_url=base_url, now=here.now)
            here.notice(_("Handed on. The mail to %(email)s is on its way.", email=to))
            return pages.see_other("vendor.hands", assessment_id=assessment_id)
    return _page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/colleagues/<section_id>/take-back", roles=COMPANY_LEADERS)
def take_back(here: CompanyJourney, assessment_id: str, section_id: str) -> Response:
    """Back to whoever leads."""
    delegations.take_back(here.session, here.actor, assessment_id, section_id, now=here.now)
    here.notice(_("The section is with you again; what was answered stays."))
    return pages.see_other("vendor.hands", assessment_id=assessment_id)


@vendor.post("/rounds/<assessment_id>/colleagues/<section_id>/remind", roles=COMPANY_LEADERS)
def remind(here: CompanyJourney, assessment_id: str, section_id: str) -> Response:
    """A mail to whoever holds the section."""
    base_url = here.settings.public_base_url
    to = delegations.remind(here.session, here.actor, assessment_id, section_id, base_url=base_url, now=here.now)
    here.notice(_("The reminder to %(email)s is on its way.", email=to))
    return pages.see_other("vendor.hands", assessment_id=assessment_id)


def _held(here: CompanyJourney, assessment_id: str) -> list[Held]:
    return list(delegations.overview(here.session, here.actor, assessment_id, now=here.now))


def _page(here: CompanyJourney, assessment_id: str, form: HandOnForm) -> Response:
    held = _held(here, assessment_id)
    form.offer("sections", [(one.section, _label(here, one)) for one in held if one.asked])
    members = accounts.company_members(here.session, here.actor)
    return pages.page(
        "vendor/hands.html",
        form=form,
        head=responses.head(here.session, here.actor, assessment_id),
        held=held,
        columns=COLUMNS,
        today=here.now.astimezone(BERLIN).date(),
        known=[member.person for member in members if member.person_id != here.person.id],
    )


def _label(here: CompanyJourney, one: Held) -> str:
    title = one.title.get(here.language)
    return f"{title} · {one.answered}/{one.asked}" + (f" · {one.person}" if one.person else "")
