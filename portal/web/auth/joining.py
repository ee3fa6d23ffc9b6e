"""Joining a hospital or a company by a link that a colleague sent."""

from flask import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.db.models.accounts import Company, Hospital, SessionStage, Ticket, TicketPurpose
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.people import accounts, limits, sign_ins, tickets
from portal.services.people.accounts import NewPerson
from portal.services.rounds import delegations
from portal.web import cookies, forms, pages
from portal.web.auth import signing_in
from portal.web.auth.room import auth
from portal.web.journey import Journey, PersonJourney, Who

PURPOSES = (TicketPurpose.JOIN_HOSPITAL, TicketPurpose.JOIN_COMPANY)


class JoinForm(forms.Form):
    """A new account; its address is the link's."""

    name = StringField(
        _l("Your name"), [InputRequired(_l("Enter your name.")), Length(max=200)], filters=[forms.stripped]
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Choose a password.")), Length(max=800)],
        description=_l("At least 12 characters. Several unrelated words are good."),
    )


@auth.get("/join/<token>", who=Who.ANYONE)
def open_join(here: Journey, token: str) -> Response:
    """The link itself: its token moves from the address into a cookie."""
    return cookies.hold_ticket(here, token, "auth.join")


@auth.get("/join", who=Who.ANYONE, writes=True)
def join(here: Journey) -> Response:
    """Who asks, and in which role; a GET redeems nothing. A link that ran out can be renewed by whoever got it."""
    try:
        ticket = _ticket(here)
    except NotFound:
        return pages.page("auth/join_ended.html", status=404, is_held=bool(cookies.held_ticket(here)))
    return _page(here, ticket, JoinForm.offered())


@auth.post("/join", who=Who.ANYONE)
def join_with_new_account(here: Journey) -> Response:
    """Make the account and take the seat."""
    ticket = _ticket(here)
    form = JoinForm.sent()
    if form.validate():
        with form.refusals(here.session):
            new = NewPerson(name=str(form.name.data), password=str(form.password.data), language=i18n.language())
            person = accounts.join(here.session, cookies.held_ticket(here), ticket.purpose, new=new, now=here.now)
            here.session.flush()  # the new seat decides whether a second factor is needed
            begun = sign_ins.start(here.session, person, now=here.now)
            return cookies.let_in(here, begun.token, pages.see_other(signing_in.NEXT_PAGES[begun.next]))
    return _page(here, ticket, form)


@auth.post("/join/with-account", who=Who.SIGNED_IN)
def join_with_account(here: PersonJourney) -> Response:
    """Take the seat with the account one is signed in with."""
    ticket = _ticket(here)
    accounts.join_with_account(
        here.session, cookies.held_ticket(here), ticket.purpose, person=here.person, now=here.now
    )
    place = f"hospital:{ticket.hospital_id}" if ticket.hospital_id else f"company:{ticket.company_id}"
    here.session.flush()  # the seat must be there to be chosen
    sign_ins.choose_place(here.session, here.sign_in, place)
    here.notice(_("You have joined."))
    return pages.see_other("site.start")


@auth.post("/join/renew", who=Who.ANYONE)
def renew_join(here: Journey) -> Response:
    """A fresh link to the address the old one went to; the answer is the same whatever there was to renew."""
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    base_url = here.settings.public_base_url
    delegations.renew_link(here.session, cookies.held_ticket(here), base_url=base_url, now=here.now)
    return pages.page("auth/join_renewed.html")


def _ticket(here: Journey) -> Ticket:
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    for purpose in PURPOSES:
        try:
            return tickets.peek(here.session, cookies.held_ticket(here), purpose, now=here.now)
        except NotFound:
            continue
    raise NotFound


def _page(here: Journey, ticket: Ticket, form: forms.Form) -> Response:
    tenant = (
        here.session.get_one(Hospital, ticket.hospital_id)
        if ticket.hospital_id
        else here.session.get_one(Company, ticket.company_id)
    )
    signed_in = here.sign_in is not None and here.sign_in.stage is SessionStage.FULL
    return pages.page("auth/join.html", form=form, ticket=ticket, tenant=tenant, signed_in=signed_in)
