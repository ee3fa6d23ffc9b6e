"""The cookies of a visitor: a sign-in's token, and the tokens of links while they are being redeemed."""

from datetime import timedelta

from flask import Response, request

from portal.db.models.accounts import SignIn
from portal.services.people import sign_ins
from portal.web import journey, pages
from portal.web.journey import Journey

TICKET = "ticket"
INVITATION = "invitation"  # outlives a sign-in, so that somebody with an account comes back to it
LOOK = "look"  # by which a mail address proves its domain
LOOK_RESULT = "look-result"  # by which one browser, and no other, reads what was seen
LASTS = timedelta(hours=2)


def hold_ticket(here: Journey, token: str, endpoint: str, *, name: str = TICKET, **where: str) -> Response:
    """Take a link's token out of the address, so that it stands in no history, no log and no screenshot."""
    response = pages.see_other(endpoint, **where)
    journey.set_cookie(response, here.settings, name, token[:200], lasts=LASTS)
    return response


def held_ticket(here: Journey, *, name: str = TICKET) -> str:
    """The token of the link that was opened last."""
    return request.cookies.get(journey.cookie_name(here.settings, name), "")


def let_in(here: Journey, token: str, response: Response) -> Response:
    """Give the browser its new session; a person with one place to work begins there."""
    sign_in = sign_ins.find(here.session, token, now=here.now)
    if sign_in is not None:
        settle(here, sign_in)
        journey.set_cookie(
            response, here.settings, journey.LANGUAGE_COOKIE, sign_in.person.language, lasts=timedelta(days=365)
        )
    journey.set_cookie(response, here.settings, journey.SESSION_COOKIE, token)
    journey.drop_cookie(response, here.settings, TICKET)
    journey.drop_cookie(response, here.settings, journey.VISITOR_COOKIE)
    return response


def settle(here: Journey, sign_in: SignIn) -> None:
    """Whoever has one place to work needs not choose it."""
    places = sign_ins.places(here.session, sign_in.person_id)
    if not sign_in.place and len(places) == 1:
        sign_ins.choose_place(here.session, sign_in, places[0].id)
