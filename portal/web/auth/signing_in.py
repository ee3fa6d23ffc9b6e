"""Sign in, sign out, choose where to work, choose a language."""

from datetime import timedelta

from flask import Response, request
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.people import sign_ins
from portal.services.people.sign_ins import Next
from portal.web import cookies, forms, journey, pages
from portal.web.auth.room import auth
from portal.web.journey import Journey, PersonJourney, Who

NEXT_PAGES = {Next.NOTHING: "site.start", Next.SECOND_FACTOR: "auth.second_factor", Next.ENROL: "auth.enrol"}
LONGEST_PATH = 1000


class SignInForm(forms.Form):
    """Who it is."""

    email = EmailField(
        _l("E-mail"), [InputRequired(_l("Enter your e-mail address.")), Length(max=254)], filters=[forms.stripped]
    )
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password.")), Length(max=800)])
    next = HiddenField(validators=[Length(max=LONGEST_PATH)])


class PlaceForm(forms.Form):
    """Where to work."""

    place = StringField(validators=[InputRequired(), Length(max=40)])
    next = HiddenField(validators=[Length(max=LONGEST_PATH)])


class LanguageForm(forms.Form):
    """Which of our languages."""

    language = StringField(validators=[Length(max=2)])
    back = HiddenField(validators=[Length(max=LONGEST_PATH)])


@auth.get("/sign-in", who=Who.ANYONE)
def sign_in(here: Journey) -> Response:
    """The form, or onward for somebody who is in already."""
    if here.person is not None:
        return pages.see_other("site.start")
    return _sign_in_page(SignInForm.offered(next=_asked_path()))


@auth.post("/sign-in", who=Who.ANYONE)
def begin_sign_in(here: Journey) -> Response:
    """Check the password; the same sentence whatever was wrong."""
    form = SignInForm.sent()
    if not form.validate():
        return _sign_in_page(form)
    claim = sign_ins.claim(here.session, email=str(form.email.data), address=here.address, now=here.now)
    here.let_go()
    proof = sign_ins.prove(claim, str(form.password.data))
    begun = sign_ins.begin(here.session, claim, proof, now=here.now)
    if begun is None:
        form.form_errors.append(_("E-mail address and password do not fit together."))
        return _sign_in_page(form)
    if begun.next is Next.NOTHING:
        return cookies.let_in(here, begun.token, onward(str(form.next.data or "")))
    asked = {"next": path} if (path := pages.known_path(str(form.next.data or ""))) else {}
    return cookies.let_in(here, begun.token, pages.see_other(NEXT_PAGES[begun.next], **asked))


@auth.post("/sign-out", who=Who.PASSWORD)
def leave(here: PersonJourney) -> Response:
    """End the session here and in the database."""
    sign_ins.end(here.session, here.sign_in, now=here.now)
    response = pages.see_other("auth.sign_in")
    journey.drop_cookie(response, here.settings, journey.SESSION_COOKIE)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@auth.get("/places", who=Who.SIGNED_IN)
def places(here: PersonJourney) -> Response:
    """Where this person may work."""
    found = sign_ins.places(here.session, here.person.id)
    return pages.page("auth/places.html", places_to_work=found, next_path=_asked_path(), chosen=here.sign_in.place)


@auth.post("/places", who=Who.SIGNED_IN)
def choose_place(here: PersonJourney) -> Response:
    """Work there from now on."""
    form = PlaceForm.sent()
    if form.validate() and sign_ins.choose_place(here.session, here.sign_in, str(form.place.data)):
        return onward(str(form.next.data or ""))
    return pages.see_other("auth.places")


@auth.post("/language", who=Who.ANYONE)
def language(here: Journey) -> Response:
    """Read in another language from now on; kept with the account, if there is one."""
    form = LanguageForm.sent()
    chosen = str(form.language.data)
    path = pages.known_path(str(form.back.data or ""))
    response = pages.see_path(path) if path else pages.see_other("site.start")
    if chosen in i18n.LANGUAGES:
        if here.person is not None:
            here.person.language = chosen
        journey.set_cookie(response, here.settings, journey.LANGUAGE_COOKIE, chosen, lasts=timedelta(days=365))
    return response


def onward(asked: str) -> Response:
    """To the page somebody wanted, if it is ours, else to their start."""
    path = pages.known_path(asked)
    return pages.see_path(path) if path else pages.see_other("site.start")


def _asked_path() -> str:
    return pages.known_path(request.args.get("next", "")[:LONGEST_PATH]) or ""


def _sign_in_page(form: forms.Form) -> Response:
    return pages.page("auth/sign_in.html", form=form)
