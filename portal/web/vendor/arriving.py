"""The invitation: who asks and why, and the ways in for a new person, for one with an account, for a colleague."""

from typing import Any

from flask import Response
from wtforms import EmailField, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal import i18n
from portal.db.models.accounts import SessionStage
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.people import limits, sign_ins
from portal.services.people.accounts import NewPerson
from portal.services.rounds import acceptances, invitation_links, invitations
from portal.services.rounds.acceptances import NewCompany
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import Invited
from portal.services.scans import own_results, permissions, scans
from portal.web import cookies, forms, journey, pages
from portal.web import shown as showing
from portal.web.journey import Journey, PersonJourney, Who
from portal.web.vendor.room import invitation

NEW = "new"  # the choice of a company that is not there yet


class NewAccountForm(forms.Form):
    """Who accepts, for which company."""

    name = StringField(
        _l("Your name"), [InputRequired(_l("Enter your name.")), Length(max=200)], filters=[forms.stripped]
    )
    function = StringField(
        _l("Your function in the company"),
        [InputRequired(_l("Enter what you do in the company.")), Length(max=200)],
        filters=[forms.stripped],
        description=_l("For example information security officer, product manager."),
    )
    company_name = StringField(
        _l("Company"), [InputRequired(_l("Enter the name of the company.")), Length(max=200)], filters=[forms.stripped]
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Choose a password.")), Length(max=800)],
        description=_l("At least 12 characters. Several unrelated words are good."),
    )


class CompanyForm(forms.Form):
    """For which of one's companies."""

    company = RadioField(_l("For which company do you answer?"))
    company_name = StringField(_l("Name of the new company"), [Optional(), Length(max=200)], filters=[forms.stripped])
    function = StringField(_l("Your function there"), [Optional(), Length(max=200)], filters=[forms.stripped])


class ColleagueForm(forms.Form):
    """Who is the right person."""

    name = StringField(_l("Name of the colleague"), [Length(max=200)], filters=[forms.stripped])
    email = EmailField(
        _l("E-mail of the colleague"),
        [InputRequired(_l("Enter an e-mail address.")), Length(max=254)],
        filters=[forms.stripped],
    )


@invitation.get("/invitation/<token>", who=Who.ANYONE)
def open_link(here: Journey, token: str) -> Response:
    """The link itself: its token moves from the address into a cookie; nothing is redeemed."""
    return cookies.hold_ticket(here, token, "invitation.show", name=cookies.INVITATION)


@invitation.get("/invitation", who=Who.ANYONE, writes=True)
def show(here: Journey) -> Response:
    """Who asks, why, for what; a link that ran out can be renewed."""
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    try:
        invited = invitations.note_opened(here.session, _token(here), now=here.now)
    except NotFound:
        return _ended_page(here)
    if _is_in(here):
        return _page(here, invited, _company_form(here))
    return _page(here, invited, NewAccountForm.offered(name=invited.invitation.name, company_name=invited.vendor.name))


@invitation.post("/invitation/accept", who=Who.ANYONE)
def accept_as_new(here: Journey) -> Response:
    """Make the account and the company, take the round, and be in."""
    invited = _invited(here)
    form = NewAccountForm.sent()
    if form.validate():
        with form.refusals(here.session):
            assessment, person = acceptances.with_new_account(
                here.session,
                _token(here),
                new=NewPerson(name=str(form.name.data), password=str(form.password.data), language=i18n.language()),
                company=NewCompany(name=str(form.company_name.data), function=str(form.function.data)),
                now=here.now,
            )
            here.session.flush()  # the new seat is where the session begins
            begun = sign_ins.start(here.session, person, now=here.now)
            response = cookies.let_in(here, begun.token, pages.see_other("vendor.round", assessment_id=assessment.id))
            journey.drop_cookie(response, here.settings, cookies.INVITATION)
            return response
    return _page(here, invited, form)


@invitation.post("/invitation/accept-with-account", who=Who.SIGNED_IN)
def accept_with_account(here: PersonJourney) -> Response:
    """Take the round for a company one already answers for, or for a new one."""
    invited = _invited(here)
    form = _company_form(here, sent=True)
    if form.validate():
        with form.refusals(here.session):
            chosen = str(form.company.data or NEW)
            assessment = acceptances.with_account(
                here.session,
                _token(here),
                person=here.person,
                company_id="" if chosen == NEW else chosen,
                new=NewCompany(name=str(form.company_name.data or ""), function=str(form.function.data or "")),
                now=here.now,
            )
            here.session.flush()  # the seat must be there to be chosen
            sign_ins.choose_place(here.session, here.sign_in, f"company:{assessment.company_id}")
            response = pages.see_other("vendor.round", assessment_id=assessment.id)
            journey.drop_cookie(response, here.settings, cookies.INVITATION)
            return response
    return _page(here, invited, form)


@invitation.post("/invitation/look", who=Who.ANYONE)
def look_first(here: Journey) -> Response:
    """The company looks at its hosts before any account; the hospital sees nothing of it."""
    invited = _invited(here)
    limits.spend(here.session, limits.FIRST_LOOK, invited.invitation.id, now=here.now)
    scans.queue_by_invitation(here.session, invited.invitation, now=here.now)
    return pages.see_other("invitation.first_look")


@invitation.get("/invitation/result", who=Who.ANYONE)
def first_look(here: Journey) -> Response:
    """What was seen, for whoever holds the link."""
    return pages.page("vendor/first_look.html", **_first_look(here))


@invitation.get("/invitation/result/live", who=Who.ANYONE)
def live_first_look(here: Journey) -> Response:
    """The piece of the page that fetches itself anew while the scan runs."""
    return pages.part("vendor/first_look_state.html", **_first_look(here))


@invitation.get("/invitation/colleague", who=Who.ANYONE)
def colleague(here: Journey) -> Response:
    """ "I am not the right person": who is?"""
    return _colleague_page(_invited(here), ColleagueForm.offered())


@invitation.post("/invitation/colleague", who=Who.ANYONE)
def hand_over(here: Journey) -> Response:
    """Send the invitation on; this link dies."""
    invited = _invited(here)
    form = ColleagueForm.sent()
    if form.validate():
        with form.refusals(here.session):
            to = Invitee(email=str(form.email.data), name=str(form.name.data or ""))
            invitations.hand_over(
                here.session, _token(here), colleague=to, base_url=here.settings.public_base_url, now=here.now
            )
            response = pages.page("vendor/handed_over.html", hospital=invited.hospital.name, email=to.email)
            journey.drop_cookie(response, here.settings, cookies.INVITATION)
            return response
    return _colleague_page(invited, form)


@invitation.post("/invitation/renew", who=Who.ANYONE)
def renew(here: Journey) -> Response:
    """A fresh link to the address the old one went to; the answer is the same whatever there was to renew."""
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    invitations.renew_by_addressee(here.session, _token(here), base_url=here.settings.public_base_url, now=here.now)
    return pages.page("vendor/link_renewed.html")


def _token(here: Journey) -> str:
    return cookies.held_ticket(here, name=cookies.INVITATION)


def _invited(here: Journey) -> Invited:
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    return invitations.look(here.session, _token(here), now=here.now)


def _first_look(here: Journey) -> dict[str, Any]:
    invited = invitations.look(here.session, _token(here), now=here.now)
    look = own_results.first_look(here.session, invited.invitation, now=here.now)
    found = showing.shown(look.findings)
    return {
        "look": look,
        "hospital": invited.hospital,
        "is_live": look.is_live,
        "stages": showing.stages(look.run),
        "to_mend": [one for one in found if one.finding.outcome in showing.TO_MEND],
        "counts": showing.counts(found),
    }


def _is_in(here: Journey) -> bool:
    return here.sign_in is not None and here.sign_in.stage is SessionStage.FULL


def _company_form(here: Journey, *, sent: bool = False) -> CompanyForm:
    assert here.person is not None
    mine = acceptances.companies(here.session, here.person)
    form = CompanyForm.sent() if sent else CompanyForm.offered(company=mine[0].id if mine else NEW)
    form.offer("company", [*((one.id, one.name) for one in mine), (NEW, _("a new company"))])
    return form


def _page(here: Journey, invited: Invited, form: forms.Form) -> Response:
    hosts = permissions.hosts_in_scope(here.session, invited.hospital.id, invited.vendor.id)
    return pages.page(
        "vendor/invitation.html",
        form=form,
        hospital=invited.hospital,
        products=[supply.name for supply in invited.supplies],
        message=invited.invitation.message,
        email=invited.invitation.email,
        due_on=invited.assessment.due_on,
        minutes=invitation_links.minutes(here.session, invited.assessment),
        hosts=[host.name for host in hosts],
        may_look=bool(hosts) and invited.assessment.company_id is None,
        has_looked=own_results.first_look(here.session, invited.invitation, now=here.now).last is not None,
        is_in=_is_in(here),
        is_addressee=here.person is not None and acceptances.is_addressee(invited, here.person),
        has_companies=here.person is not None and bool(acceptances.companies(here.session, here.person)),
    )


def _colleague_page(invited: Invited, form: forms.Form) -> Response:
    return pages.page("vendor/colleague.html", form=form, hospital=invited.hospital.name)


def _ended_page(here: Journey) -> Response:
    return pages.page("vendor/link_ended.html", status=404, is_held=bool(_token(here)))
