"""Where every broken rule becomes its page: one place, installed once."""

import logging

from flask import Flask, Response, g, request, url_for
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, SecurityError

from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow, RuleBroken, TooMany
from portal.i18n import gettext as _
from portal.web import journey, pages
from portal.web.journey import Elsewhere, ForeignForm
from scanners.model import Message

log = logging.getLogger(__name__)

LONGEST_STATEMENT = 200
RETRY_AFTER = 5  # seconds: a database that is locked or being restarted is back soon


def install(app: Flask) -> None:
    """Give an application its error pages."""
    app.register_error_handler(RuleBroken, rule_broken)
    app.register_error_handler(Elsewhere, elsewhere)
    app.register_error_handler(ForeignForm, foreign_form)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(IntegrityError, at_the_same_moment)
    for out_of_reach in (OperationalError, InterfaceError, PoolTimeoutError):
        app.register_error_handler(out_of_reach, no_database)
    app.register_error_handler(Exception, last_resort)


def rule_broken(broken: RuleBroken) -> Response:  # noqa: PLR0911 - one page per rule
    """The page of a rule; what a service says of it comes along."""
    match broken:
        case NotFound():
            return pages.not_found()
        case NotAllowed():
            sentence = _said(
                broken.message,
                _("Your role does not allow this. Whoever manages the people of your house can change it."),
            )
            return pages.error(403, title=_("Not allowed"), sentence=sentence)
        case TooMany():
            sentence = _said(broken.message, _("Too many tries. Please wait a little."))
            return pages.error(429, title=_("Please wait"), sentence=sentence, retry_after=broken.retry_after)
        case Clash():
            sentence = _said(broken.message, _("Somebody else changed this while you were writing."))
            return pages.error(
                409, title=_("Changed in the meantime"), sentence=sentence, theirs=broken.theirs, version=broken.version
            )
        case NotNow():
            sentence = _said(broken.message, _("This is not possible at the moment."))
            return pages.error(409, title=_("Not now"), sentence=sentence)
        case BadInput():
            sentence = _said(broken.message, _("Something in the form cannot be taken as it is."))
            return pages.error(pages.UNPROCESSABLE, title=_("Please check your input"), sentence=sentence)
    return pages.error(400, title=_("This did not work"), sentence=_said(broken.message, _("Please try again.")))


def elsewhere(away: Elsewhere) -> Response:
    """Send a reader where they have to go first; a writer is told, so that nothing typed is lost."""
    if request.method == "GET" and "HX-Request" not in request.headers and not pages.wants_json():
        asked = {"next": request.full_path.rstrip("?")} if request.path != "/" else {}
        return pages.see_other(away.endpoint, **asked)
    if "HX-Request" in request.headers:
        response = pages.json_answer(status=401, message=_("You have been signed out."))
        response.headers["HX-Redirect"] = url_for(away.endpoint)
        return response
    sentence = (
        _("You have been signed out in the meantime. Sign in in another tab: back here, what you typed is saved.")
        if pages.wants_json()
        else _("You have been signed out in the meantime. Sign in in another tab, then go back here and send again.")
    )
    return pages.error(401, title=_("Signed out"), sentence=sentence)


def foreign_form(_unused: ForeignForm) -> Response:
    """A form without our token: older than the sign-in, or not ours."""
    sentence = _("This form was not sent from a page of this portal, or the page is too old. Open it again and repeat.")
    return pages.error(400, title=_("This form cannot be taken"), sentence=sentence)


def http_error(broken: HTTPException) -> Response:
    """What Werkzeug refuses before a view is reached."""
    match broken:
        case SecurityError():  # another Host header than the one we answer to
            address = journey.floor().settings.public_base_url
            sentence = _("This portal has another address: %(address)s", address=address)
            return pages.error(400, title=_("This did not work"), sentence=sentence)
        case RequestEntityTooLarge():
            sentence = _("What you sent is larger than this page takes.")
            return pages.error(413, title=_("Too large"), sentence=sentence)
        case HTTPException(code=404):
            return pages.not_found()
        case HTTPException(code=405):
            response = pages.error(405, title=_("Not possible here"), sentence=_("This page cannot be used that way."))
            response.headers["Allow"] = ", ".join(sorted(getattr(broken, "valid_methods", None) or []))
            return response
        case HTTPException(code=code) if code is not None and code < 400:  # noqa: PLR2004 - a redirect of the router
            return Response(status=code, headers=dict(broken.get_headers()))
    sentence = _("The request could not be understood.")
    return pages.error(broken.code or 400, title=_("This did not work"), sentence=sentence)


def at_the_same_moment(broken: IntegrityError) -> Response:
    """Two wrote the same thing at once and the database let the first one in; which row it was is told to nobody."""
    # The database's own words hold the row's values, so the log gets the statement alone.
    where = {"endpoint": request.endpoint, "statement": (broken.statement or "")[:LONGEST_STATEMENT]}
    log.warning("two at the same moment at %(endpoint)s: %(statement)s", where)
    sentence = _("Somebody else saved the same at this very moment. Look at what stands now and repeat.")
    return pages.error(409, title=_("Changed in the meantime"), sentence=sentence)


def no_database(broken: Exception) -> Response:
    """Locked, restarting, full or gone: nothing was changed, and a little later it may work."""
    error_id = pages.new_error_id()
    where = {"error_id": error_id, "endpoint": request.endpoint}
    log.error("no database %(error_id)s at %(endpoint)s", where, exc_info=broken)
    sentence = _(
        "The portal cannot reach its data at the moment. Nothing was changed; please try again in a few seconds. "
        "Error number for the operator: %(number)s",
        number=error_id,
    )
    return pages.error(503, title=_("Please wait"), sentence=sentence, retry_after=RETRY_AFTER)


def last_resort(broken: Exception) -> Response:
    """Our own mistake: a number for the operator, no detail for the reader."""
    error_id = pages.new_error_id()
    where = {"error_id": error_id, "endpoint": request.endpoint, "who": g.get("who", "")}
    log.error("unhandled error %(error_id)s at %(endpoint)s for %(who)s", where, exc_info=broken)
    sentence = _(
        "That was our mistake, not yours. Nothing was changed. Error number for the operator: %(number)s",
        number=error_id,
    )
    return pages.error(500, title=_("Something went wrong"), sentence=sentence)


def _said(message: Message, otherwise: str) -> str:
    return message.render(_) if message.text else otherwise
