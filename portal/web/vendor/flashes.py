"""A hospital asks at once whether a product or component of the company is affected; with an account, or by a link."""

from flask import Response
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.db.models.incidents import FlashStanding
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import responses
from portal.services.evidence import evidence
from portal.services.incidents import flashes as flashes_service
from portal.services.incidents.flashes import Question
from portal.services.people import limits
from portal.web import cookies, forms, journey, pages
from portal.web.journey import CompanyJourney, Journey, Who
from portal.web.vendor.room import invitation, vendor

COOKIE = "flash"


class AnswerForm(forms.Form):
    """The company's word."""

    standing = RadioField(_l("Are you affected?"), validators=[InputRequired(_l("Choose one."))])
    text = TextAreaField(
        _l("Which products, which versions, what is being done"),
        [Length(max=flashes_service.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("Needed unless you are not affected."),
    )


class AccountForm(AnswerForm):
    """With an account a document can go along."""

    evidence_id = SelectField(_l("A document that goes along"), validators=[Optional()])


class LinkForm(AnswerForm):
    """Without an account a name has to."""

    name = StringField(
        _l("Your name"), [InputRequired(_l("Enter your name.")), Length(max=200)], filters=[forms.stripped]
    )


@vendor.get("/flashes/<asked_id>", roles=COMPANY_LEADERS)
def flash(here: CompanyJourney, asked_id: str) -> Response:
    """What the hospital asks, what was answered, and the form."""
    question = flashes_service.for_company(here.session, here.actor, asked_id)
    return _page(here, question, AccountForm.offered())


@vendor.post("/flashes/<asked_id>", roles=COMPANY_LEADERS)
def answer_flash(here: CompanyJourney, asked_id: str) -> Response:
    """Answer; a later answer follows this one, and both stay."""
    question = flashes_service.for_company(here.session, here.actor, asked_id)
    form = _with_choices(here, question, AccountForm.sent())
    if form.validate():
        with form.refusals(here.session):
            flashes_service.answer(
                here.session,
                here.actor,
                asked_id,
                standing=FlashStanding(str(form["standing"].data)),
                text=str(form["text"].data or ""),
                evidence_id=str(form["evidence_id"].data or ""),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("Your answer is with the hospital."))
            return pages.see_other("vendor.flash", asked_id=asked_id)
    return _page(here, question, form)


@invitation.get("/flash/<token>", who=Who.ANYONE)
def open_flash(here: Journey, token: str) -> Response:
    """The link itself: its token moves from the address into a cookie; nothing is redeemed."""
    return cookies.hold_ticket(here, token, "invitation.show_flash", name=COOKIE)


@invitation.get("/flash", who=Who.ANYONE, writes=True)
def show_flash(here: Journey) -> Response:
    """Who asks and what; the hospital learns that it was opened."""
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    try:
        question = flashes_service.look(here.session, _token(here), now=here.now, opens=True)
    except NotFound:
        return pages.page("vendor/flash_ended.html")
    return _link_page(question, _with_standings(LinkForm.offered()))


@invitation.post("/flash/answer", who=Who.ANYONE)
def answer_flash_by_link(here: Journey) -> Response:
    """Answer without an account; the link is used up."""
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    question = flashes_service.look(here.session, _token(here), now=here.now)
    form = _with_standings(LinkForm.sent())
    if form.validate():
        with form.refusals(here.session):
            standing = FlashStanding(str(form["standing"].data))
            flashes_service.answer_by_link(
                here.session,
                _token(here),
                standing=standing,
                text=str(form["text"].data or ""),
                name=str(form["name"].data),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            response = pages.page(
                "vendor/flash_answered.html", question=question, is_open=standing is FlashStanding.INVESTIGATING
            )
            journey.drop_cookie(response, here.settings, COOKIE)
            return response
    return _link_page(question, form)


# ---- inside


def _token(here: Journey) -> str:
    return cookies.held_ticket(here, name=COOKIE)


def _with_standings(form: LinkForm) -> LinkForm:
    form.offer("standing", [(one.value, _(word)) for one, word in flashes_service.STANDINGS.items()])
    return form


def _with_choices(here: CompanyJourney, question: Question, form: AccountForm) -> AccountForm:
    form.offer("standing", [(one.value, _(word)) for one, word in flashes_service.STANDINGS.items()])
    form.offer("evidence_id", [("", _("no document")), *_documents(here, question)])
    return form


def _documents(here: CompanyJourney, question: Question) -> list[tuple[str, str]]:
    assert question.asked.assessment_id is not None
    responses.find(here.session, here.actor, question.asked.assessment_id)
    known = evidence.of_round(here.session, here.actor, question.asked.assessment_id, now=here.now)
    return [(one.id, one.name) for one in known]


def _page(here: CompanyJourney, question: Question, form: AccountForm) -> Response:
    _with_choices(here, question, form)
    return pages.page(
        "vendor/flash.html",
        form=form,
        question=question,
        standings=flashes_service.STANDINGS,
        documents=dict(_documents(here, question)),
    )


def _link_page(question: Question, form: LinkForm) -> Response:
    return pages.page("vendor/flash_by_link.html", form=form, question=question, standings=flashes_service.STANDINGS)
