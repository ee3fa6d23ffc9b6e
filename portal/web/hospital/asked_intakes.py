"""The intake as whoever owns the supply sees it: no account, one link, who asks and why, and ten questions."""

import re

from flask import Response, request
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from assessments.model import IntakeForm
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.people import limits, tickets
from portal.services.vendors import intake_requests
from portal.services.vendors.intake_requests import Asked, Said
from portal.web import cookies, forms, journey, pages
from portal.web.hospital import intakes
from portal.web.hospital.room import asked
from portal.web.journey import Journey, Who

COOKIE = "intake"
SHORT = 12  # signs by which the address tells one link from another; nothing opens with them


def form_class(questions: IntakeForm) -> type[forms.Form]:
    """The questions, a remark, and who answers."""
    fields = intakes.question_fields(questions)
    fields |= {
        "remark": TextAreaField(
            _l("Remark"),
            [Length(max=intake_requests.LONGEST_REMARK)],
            filters=[forms.stripped],
            description=_l("Anything that the questions did not ask and that you hold for important."),
        ),
        "name": StringField(
            _l("Your name"), [InputRequired(_l("Enter your name.")), Length(max=200)], filters=[forms.stripped]
        ),
        "function": StringField(
            _l("What you do in the house"),
            [InputRequired(_l("Say what you do in the house.")), Length(max=200)],
            filters=[forms.stripped],
        ),
    }
    return type("AskedIntakeForm", (forms.Form,), fields)


@asked.get("/intake/<token>", who=Who.ANYONE)
def open_intake(here: Journey, token: str) -> Response:
    """The link itself: its token moves from the address into a cookie of its own; nothing is redeemed.

    Two links in two tabs stay two: what is typed about one supply never becomes the answer about another.
    """
    which = tickets.hashed(token)[:SHORT]
    return cookies.hold_ticket(here, token, "asked.show_intake", name=f"{COOKIE}-{which}", which=which)


@asked.get("/intake", who=Who.ANYONE, writes=True)
def show_intake(here: Journey) -> Response:
    """Who asks and why, and the questions; nothing of the request changes by looking."""
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    try:
        found = intake_requests.look(here.session, _token(here), now=here.now)
    except NotFound:
        return _ended()
    told = intake_requests.said(found.request)
    values = intakes.field_values(found.form, told) if told is not None else {}
    values |= {
        "name": found.request.by_name or found.request.name,
        "function": found.request.by_function,
        "remark": found.request.remark,
    }
    return _page(found, form_class(found.form).offered(**values))


@asked.post("/intake", who=Who.ANYONE)
def answer_intake(here: Journey) -> Response:
    """Send it, once; the link is used up."""
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    try:
        found = intake_requests.look(here.session, _token(here), now=here.now)
    except NotFound:
        return _ended()
    form = form_class(found.form).sent()
    if form.validate():
        with form.refusals(here.session):
            said = Said(
                answers={one.id: intakes.chosen(form[one.id].data) for one in found.form.questions},
                name=str(form["name"].data or ""),
                function=str(form["function"].data or ""),
                remark=str(form["remark"].data or ""),
            )
            intake_requests.answer(here.session, _token(here), said, now=here.now)
            response = pages.page("hospital/asked_intake_sent.html", asked=found)
            journey.drop_cookie(response, here.settings, _cookie())
            return response
    return _page(found, form)


def _token(here: Journey) -> str:
    return cookies.held_ticket(here, name=_cookie())


def _cookie() -> str:
    """The cookie of the link that this address names."""
    which = request.args.get("which", "")
    return f"{COOKIE}-{which}" if re.fullmatch(f"[0-9a-f]{{{SHORT}}}", which) else COOKIE


def _ended() -> Response:
    return pages.page("hospital/asked_intake_ended.html", title=_("This link no longer works"))


def _page(found: Asked, form: forms.Form) -> Response:
    return pages.page(
        "hospital/asked_intake.html",
        asked=found,
        form=form,
        which=request.args.get("which", ""),
        questions=[one.id for one in found.form.questions],
    )
