"""A forgotten password: ask for a link, set a new one."""

from flask import Response
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from portal.db.models.accounts import TicketPurpose
from portal.i18n import lazy_gettext as _l
from portal.services.people import accounts, forgotten_passwords, limits, tickets
from portal.web import cookies, forms, pages
from portal.web.auth.room import auth
from portal.web.journey import Journey, Who


class ForgottenForm(forms.Form):
    """Whose."""

    email = EmailField(
        _l("E-mail"), [InputRequired(_l("Enter your e-mail address.")), Length(max=254)], filters=[forms.stripped]
    )


class NewPasswordForm(forms.Form):
    """The new one; seen by nobody else."""

    password = PasswordField(
        _l("New password"),
        [InputRequired(_l("Choose a password.")), Length(max=800)],
        description=_l("At least 12 characters. Several unrelated words are good."),
    )


@auth.get("/forgotten", who=Who.ANYONE)
def forgotten(here: Journey) -> Response:  # noqa: ARG001 - every page takes its journey
    """Ask for a link."""
    return pages.page("auth/forgotten.html", form=ForgottenForm.offered(), is_sent=False)


@auth.post("/forgotten", who=Who.ANYONE)
def send_new_password_link(here: Journey) -> Response:
    """The same page for every address: nobody learns who has an account here."""
    form = ForgottenForm.sent()
    is_sent = form.validate()
    if is_sent:
        forgotten_passwords.send_link(
            here.session,
            email=str(form.email.data),
            address=here.address,
            base_url=here.settings.public_base_url,
            now=here.now,
        )
    return pages.page("auth/forgotten.html", form=form, is_sent=is_sent)


@auth.get("/new-password/<token>", who=Who.ANYONE)
def open_new_password(here: Journey, token: str) -> Response:
    """The link itself: its token moves from the address into a cookie."""
    return cookies.hold_ticket(here, token, "auth.new_password")


@auth.get("/new-password", who=Who.ANYONE, writes=True)
def new_password(here: Journey) -> Response:
    """The form, while the link is good."""
    _require_link(here)
    return pages.page("auth/new_password.html", form=NewPasswordForm.offered())


@auth.post("/new-password", who=Who.ANYONE)
def set_new_password(here: Journey) -> Response:
    """Set it; every session ends, the second factor stays."""
    _require_link(here)
    form = NewPasswordForm.sent()
    if form.validate():
        with form.refusals(here.session):
            accounts.set_new_password(
                here.session, cookies.held_ticket(here), password=str(form.password.data), now=here.now
            )
            return pages.page("auth/password_set.html")
    return pages.page("auth/new_password.html", form=form)


def _require_link(here: Journey) -> None:
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    tickets.peek(here.session, cookies.held_ticket(here), TicketPurpose.NEW_PASSWORD, now=here.now)
