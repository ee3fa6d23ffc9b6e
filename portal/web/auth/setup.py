"""The first start: a one-time link makes the first hospital and its administrator."""

from flask import Response
from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.db.models.accounts import TicketPurpose
from portal.i18n import lazy_gettext as _l
from portal.services.people import accounts, limits, sign_ins, tickets
from portal.services.people.accounts import NewHospital, NewPerson
from portal.web import cookies, forms, pages
from portal.web.auth import signing_in
from portal.web.auth.room import auth
from portal.web.journey import Journey, Who

STATES = {
    "": _l("None, or outside Germany"),
    "BW": "Baden-Württemberg", "BY": "Bayern", "BE": "Berlin", "BB": "Brandenburg", "HB": "Bremen", "HH": "Hamburg",
    "HE": "Hessen", "MV": "Mecklenburg-Vorpommern", "NI": "Niedersachsen", "NW": "Nordrhein-Westfalen",
    "RP": "Rheinland-Pfalz", "SL": "Saarland", "SN": "Sachsen", "ST": "Sachsen-Anhalt", "SH": "Schleswig-Holstein",
    "TH": "Thüringen",
}  # fmt: skip


class SetupForm(forms.Form):
    """The hospital and its first administrator."""

    hospital_name = StringField(
        _l("Name of the hospital"),
        [InputRequired(_l("Enter the name of the hospital.")), Length(max=200)],
        filters=[forms.stripped],
    )
    city = StringField(_l("City"), [Length(max=100)], filters=[forms.stripped])
    state = SelectField(
        _l("Federal state"),
        choices=forms.choices(STATES),
        description=_l("For its public holidays: deadlines count working days."),
    )
    name = StringField(
        _l("Your name"), [InputRequired(_l("Enter your name.")), Length(max=200)], filters=[forms.stripped]
    )
    email = EmailField(
        _l("Your e-mail address"),
        [InputRequired(_l("Enter your e-mail address.")), Length(max=254)],
        filters=[forms.stripped],
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Choose a password.")), Length(max=800)],
        description=_l("At least 12 characters. Several unrelated words are good."),
    )


@auth.get("/setup/<token>", who=Who.ANYONE)
def open_setup(here: Journey, token: str) -> Response:
    """The link itself: its token moves from the address into a cookie."""
    return cookies.hold_ticket(here, token, "auth.setup")


@auth.get("/setup", who=Who.ANYONE, writes=True)
def setup(here: Journey) -> Response:
    """The form, while the link is good."""
    _require_link(here)
    return _page(SetupForm.offered())


@auth.post("/setup", who=Who.ANYONE)
def make_first_hospital(here: Journey) -> Response:
    """Make both, and go on to the second factor."""
    _require_link(here)
    form = SetupForm.sent()
    if form.validate():
        with form.refusals(here.session):
            _hospital, person = accounts.create_first_hospital(
                here.session,
                cookies.held_ticket(here),
                hospital=NewHospital(
                    name=str(form.hospital_name.data), city=str(form.city.data or ""), state=str(form.state.data or "")
                ),
                email=str(form.email.data),
                person=NewPerson(name=str(form.name.data), password=str(form.password.data), language=i18n.language()),
                now=here.now,
            )
            begun = sign_ins.start(here.session, person, now=here.now)
            return cookies.let_in(here, begun.token, pages.see_other(signing_in.NEXT_PAGES[begun.next]))
    return _page(form)


def _require_link(here: Journey) -> None:
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    tickets.peek(here.session, cookies.held_ticket(here), TicketPurpose.FIRST_HOSPITAL, now=here.now)


def _page(form: forms.Form) -> Response:
    return pages.page("auth/setup.html", form=form)
