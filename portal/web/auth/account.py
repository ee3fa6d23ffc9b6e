"""One's own account: password, second factor, spare codes."""

from flask import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.people import accounts, sign_ins
from portal.web import forms, journey, pages
from portal.web.auth import second_factor
from portal.web.auth.room import auth
from portal.web.journey import PersonJourney, Who


class ChangePasswordForm(forms.Form):
    """Old and new."""

    old = PasswordField(_l("Current password"), [InputRequired(_l("Enter your password.")), Length(max=800)])
    password = PasswordField(
        _l("New password"),
        [InputRequired(_l("Choose a password.")), Length(max=800)],
        description=_l("At least 12 characters. Several unrelated words are good."),
    )


class ConfirmForm(forms.Form):
    """Prove oneself again before something that matters."""

    own_password = PasswordField(_l("Your password"), [InputRequired(_l("Enter your password.")), Length(max=800)])


@auth.get("/account", who=Who.SIGNED_IN)
def account(here: PersonJourney) -> Response:
    """What belongs to the account."""
    return _page(here)


@auth.post("/account/password", who=Who.SIGNED_IN)
def change_password(here: PersonJourney) -> Response:
    """Change it; every session ends, this one too."""
    form = ChangePasswordForm.sent()
    if form.validate():
        with form.refusals(here.session):
            accounts.change_password(
                here.session, person=here.person, old=str(form.old.data), new=str(form.password.data), now=here.now
            )
            response = pages.page("auth/password_set.html")
            journey.drop_cookie(response, here.settings, journey.SESSION_COOKIE)
            return response
    return _page(here, change=form)


@auth.post("/account/confirm", who=Who.SIGNED_IN)
def confirm(here: PersonJourney) -> Response:
    """Be fresh for ten minutes."""
    form = ConfirmForm.sent()
    if form.validate():
        if sign_ins.confirm(here.session, here.sign_in, password=str(form.own_password.data), now=here.now):
            return pages.see_other("auth.account", at="second-factor")
        form.own_password.errors = [_("This is not your password.")]
    return _page(here, confirmation=form)


@auth.post("/account/recovery-codes", who=Who.SIGNED_IN)
def renew_recovery_codes(here: PersonJourney) -> Response:
    """New spare codes, shown once."""
    return second_factor.codes_page(sign_ins.renew_recovery_codes(here.session, here.sign_in, now=here.now))


def _page(here: PersonJourney, *, change: forms.Form | None = None, confirmation: forms.Form | None = None) -> Response:
    return pages.page(
        "auth/account.html",
        form=change or confirmation,
        change=change or ChangePasswordForm.offered(),
        confirmation=confirmation or ConfirmForm.offered(),
        is_fresh=sign_ins.is_fresh(here.sign_in, now=here.now),
    )
