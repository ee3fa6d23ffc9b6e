"""What every page has around its own content: who reads it, the rail, notices, tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import current_app, g, request, url_for
from jinja2 import Environment

from portal import i18n
from portal.db.models.accounts import HospitalRole
from portal.i18n import gettext as _
from portal.services.people import sign_ins
from portal.services.people.sign_ins import Place
from portal.web import filters, journey, security
from portal.web.journey import HospitalJourney, Journey, PersonJourney, Rail
from scanners.model import N_

RAIL_WORDS: Mapping[Rail, str] = {
    Rail.TODAY: N_("Today"),
    Rail.VENDORS: N_("Vendors"),
    Rail.CAMPAIGNS: N_("Campaigns"),
    Rail.REVIEW: N_("Reviews"),
    Rail.INCIDENTS: N_("Incidents"),
    Rail.COMPARISON: N_("Comparison"),
    Rail.RISKS: N_("Risks"),
    Rail.DECISIONS: N_("Decisions"),
    Rail.REPORTS: N_("Reports"),
    Rail.SETTINGS: N_("Settings"),
}


@dataclass(frozen=True, kw_only=True)
class RailLink:
    """One entry of the left rail."""

    word: str
    url: str
    is_here: bool


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that was done, told on the page that follows."""

    kind: str
    text: str


def install(environment: Environment) -> None:
    """What macros can name too, which see no page's values."""
    environment.globals.update(
        csrf_token=csrf_token,
        csp_nonce=security.nonce,
        notices=notices,
        rail=rail,
        places=places,
        has_page=has_page,
    )
    environment.filters.update(age=age, recent=recent)


def context(here: Journey | None) -> dict[str, Any]:
    """What every page can name."""
    return {
        "journey": here,
        "now": _now(),
        "language": i18n.language(),
        "languages": i18n.LANGUAGES,
        "offers_look": journey.floor().settings.public_looks_a_day > 0,
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
    }


def age(value: datetime | None) -> str:
    """Three days ago, seen from the request's moment."""
    return filters.NOTHING if value is None else filters.since(value, now=_now())


def recent(value: datetime | None) -> str:
    """The time alone if it is of today, else the day as well."""
    is_today = value is not None and filters.day(value) == filters.day(_now())
    return filters.clock(value) if is_today else filters.moment(value)


def home(here: Journey) -> str:
    """Where this person begins: the first entry of their rail, their company's page, the operator's, or the choice."""
    actor = here.actor
    if actor.hospital_role is not None:
        entries = _rail_of(actor.hospital_role)
        if entries:
            return next(iter(entries.values()))
    if actor.company_role is not None and has_page("vendor.home"):
        return url_for("vendor.home")
    if actor.is_operator and actor.hospital_role is None and has_page("site.operator"):
        return url_for("site.operator")
    return url_for("auth.places")


def csrf_token() -> str:
    """The token that every form carries."""
    return security.token(journey.floor().settings, journey.form_secret())


def has_page(endpoint: str) -> bool:
    """Whether a page is built: what is not built yet is not shown."""
    return endpoint in current_app.view_functions


def notices() -> list[Notice]:
    """What the last change has to say; told once."""
    here = journey.current()
    if here is None or here.sign_in is None or not here.sign_in.notice:
        return []
    g.notices_shown = True
    return [Notice(kind=str(entry["kind"]), text=str(entry["text"])) for entry in here.sign_in.notice]


def places() -> tuple[Place, ...]:
    """Where the reader may work, if there is more than one."""
    here = journey.current()
    if not isinstance(here, PersonJourney):
        return ()
    found = sign_ins.places(here.session, here.person.id)
    return found if len(found) > 1 else ()


def rail() -> list[RailLink]:
    """The entries that are built and that the reader's role may open, in the order of the words."""
    here = journey.current()
    if not isinstance(here, HospitalJourney):
        return []
    entries = _rail_of(here.role)
    nearest = max((url for url in entries.values() if _is_under(url)), key=len, default="")
    return [RailLink(word=_(RAIL_WORDS[entry]), url=url, is_here=url == nearest) for entry, url in entries.items()]


def _rail_of(role: HospitalRole) -> dict[Rail, str]:
    claimed = {
        access.rail: url_for(endpoint)
        for endpoint, access in journey.declared(current_app).items()
        if access.rail is not None and role in access.hospital_roles
    }
    return {entry: claimed[entry] for entry in Rail if entry in claimed}


def _now() -> datetime:
    here = journey.current()
    return here.now if here is not None else datetime.now(UTC)


def _is_under(url: str) -> bool:
    return request.path == url or request.path.startswith(url.rstrip("/") + "/")
