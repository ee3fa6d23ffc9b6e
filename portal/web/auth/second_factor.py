"""The second factor: give it, set it up, and the spare codes."""

import segno
from flask import Response, request
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from portal.db.models.accounts import SessionStage
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.people import sign_ins
from portal.web import cookies, forms, pages
from portal.web.auth import signing_in
from portal.web.auth.room import auth
from portal.web.journey import PersonJourney, Who


class CodeForm(forms.Form):
    """Six digits from an authenticator."""

    code = StringField(
        _l("Code"), [InputRequired(_l("Enter the six digits.")), Length(max=20)], filters=[forms.stripped]
    )
    next = HiddenField(validators=[Length(max=signing_in.LONGEST_PATH)])


class RecoveryForm(forms.Form):
    """A spare code, usable once."""

    code = StringField(
        _l("Recovery code"),
        [InputRequired(_l("Enter one of your recovery codes.")), Length(max=60)],
        filters=[forms.stripped],
    )


@auth.get("/second-factor", who=Who.PASSWORD)
def second_factor(here: PersonJourney) -> Response:
    """Ask for the code; who has no second factor yet sets one up."""
    if here.sign_in.stage is SessionStage.FULL:
        return pages.see_other("site.start")
    if here.person.totp_confirmed_at is None:
        return pages.see_other("auth.enrol")
    return _code_page(CodeForm.offered(next=pages.known_path(request.args.get("next", "")) or ""))


@auth.post("/second-factor", who=Who.PASSWORD)
def give_second_factor(here: PersonJourney) -> Response:
    """Check the code."""
    form = CodeForm.sent()
    if not form.validate():
        return _code_page(form)
    token = sign_ins.give_second_factor(
        here.session, here.sign_in, code=str(form.code.data), keyring=here.keyring, now=here.now
    )
    if token is None:
        form.code.errors = [_("This code does not fit. Codes change every 30 seconds and work once.")]
        return _code_page(form)
    return cookies.let_in(here, token, signing_in.onward(str(form.next.data or "")))


@auth.get("/recovery-code", who=Who.PASSWORD)
def recovery_code(here: PersonJourney) -> Response:  # noqa: ARG001 - every page takes its journey
    """For somebody without their authenticator."""
    return _recovery_page(RecoveryForm.offered())


@auth.post("/recovery-code", who=Who.PASSWORD)
def give_recovery_code(here: PersonJourney) -> Response:
    """Use up a spare code."""
    form = RecoveryForm.sent()
    if not form.validate():
        return _recovery_page(form)
    token = sign_ins.give_recovery_code(here.session, here.sign_in, code=str(form.code.data), now=here.now)
    if token is None:
        form.code.errors = [_("This is not one of your recovery codes, or it was used before.")]
        return _recovery_page(form)
    return cookies.let_in(here, token, pages.see_other("site.start"))


@auth.get("/enrol", who=Who.PASSWORD, writes=True)
def enrol(here: PersonJourney) -> Response:
    """The secret as a picture and as text, and a field for the first code."""
    return _enrol_page(here, CodeForm.offered())


@auth.post("/enrol", who=Who.PASSWORD)
def confirm_enrolment(here: PersonJourney) -> Response:
    """The first code proves that it works; the recovery codes are shown now and never again."""
    form = CodeForm.sent()
    if not form.validate():
        return _enrol_page(here, form)
    enrolled = sign_ins.confirm_enrolment(
        here.session, here.sign_in, code=str(form.code.data), keyring=here.keyring, now=here.now
    )
    if enrolled is None:
        form.code.errors = [_("This code does not fit. Is the clock of your phone right?")]
        return _enrol_page(here, form)
    return cookies.let_in(here, enrolled.token, codes_page(enrolled.recovery_codes))


def codes_page(codes: tuple[str, ...]) -> Response:
    """The spare codes, once."""
    return pages.page("auth/recovery_codes.html", codes=codes)


def _code_page(form: forms.Form) -> Response:
    return pages.page("auth/second_factor.html", form=form)


def _recovery_page(form: forms.Form) -> Response:
    return pages.page("auth/recovery_code.html", form=form)


def _enrol_page(here: PersonJourney, form: forms.Form) -> Response:
    enrolment = sign_ins.enrolment(here.session, here.sign_in, keyring=here.keyring, now=here.now)
    picture = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=4, dark="#131525", light="#ffffff")
    blocks = " ".join(enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4))
    return pages.page("auth/enrol.html", form=form, picture=picture, secret=blocks)
