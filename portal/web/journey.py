"""A request's way in and out: who may, in whose name, in one transaction. No route exists that has not said who may."""

import functools
import ipaddress
import logging
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from flask import Blueprint, Flask, Response, current_app, g, make_response, request
from sqlalchemy import event, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session

from portal import i18n
from portal.db import session as database
from portal.db.models.accounts import Company, CompanyRole, Hospital, HospitalRole, Person, SessionStage, SignIn
from portal.db.models.jobs import Job, JobState
from portal.db.session import Sessions
from portal.errors import NotAllowed, NotFound, RuleBroken
from portal.files.sealing import Keyring
from portal.home import BERLIN
from portal.services.actors import Actor
from portal.services.people import sign_ins
from portal.settings import Settings
from portal.web import security, tries

log = logging.getLogger(__name__)

P = ParamSpec("P")
Visit = TypeVar("Visit", bound="Journey")
Answer = str | Response

ANY_HOSPITAL_ROLE = frozenset(HospitalRole)
ANY_COMPANY_ROLE = frozenset(CompanyRole)
EXTENSION = "kettenblick"
SMALL_BODY = 1024 * 1024
LANGUAGE_COOKIE = "language"
SESSION_COOKIE = "session"
VISITOR_COOKIE = "visitor"
VISITOR_LENGTH = 64
ASKED = "work was asked for"
AT_ONCE = 20  # rings
NOBODY = Actor(name="nobody")


class Who(StrEnum):
    """Who may come in where no hospital or company is needed."""

    ANYONE = "anyone"
    PASSWORD = "password"  # noqa: S105 - after the password, before or after the second factor
    SIGNED_IN = "signed-in"
    OPERATOR = "operator"


class Rail(Enum):
    """The words of a hospital's rail and their order; only those that a route claims are shown."""

    TODAY = "Today"
    VENDORS = "Vendors"
    CAMPAIGNS = "Campaigns"
    REVIEW = "Review"
    INCIDENTS = "Incidents"
    COMPARISON = "Comparison"
    RISKS = "Risks"
    DECISIONS = "Decisions"
    REPORTS = "Reports"
    SETTINGS = "Settings"


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a route has declared: who may come in, whether it writes, how much it takes."""

    who: Who | None = None
    hospital_roles: AbstractSet[HospitalRole] = frozenset()
    company_roles: AbstractSet[CompanyRole] = frozenset()
    writes: bool = False
    is_form: bool = False  # a POST: its token is checked
    body_limit: int = SMALL_BODY
    rail: Rail | None = None


@dataclass(frozen=True, kw_only=True)
class Journey:
    """One request by somebody: the arguments of every service stand here."""

    session: Session
    now: datetime
    settings: Settings
    keyring: Keyring
    address: str  # of the caller, for limits
    actor: Actor
    sign_in: SignIn | None = None
    person: Person | None = None

    @property
    def language(self) -> str:
        """What the reader reads."""
        return i18n.language()

    @property
    def today(self) -> date:
        """The day it is for hospitals and companies: deadlines end with the day in Germany."""
        return self.now.astimezone(BERLIN).date()

    def notice(self, text: object, *, kind: str = "success") -> None:
        """Say something at the top of the next page this person sees; it stays there, it is no toast."""
        if self.sign_in is not None:
            self.sign_in.notice = [*(self.sign_in.notice or []), {"kind": kind, "text": str(text)}]

    def let_go(self) -> None:
        """What was written stands and nothing more is read: others may write while this request works on."""
        self.session.commit()

    @contextmanager
    def aside(self) -> Iterator[Self]:
        """The same visit at one moment beside the database, so that nobody waits to save while something takes its
        time to work out. What was written before stands; what is written afterwards begins anew."""
        self.let_go()
        with database.moment(self.settings.database_url) as session:
            yield replace(self, session=session)


@dataclass(frozen=True, kw_only=True)
class PersonJourney(Journey):
    """By somebody who has signed in."""

    sign_in: SignIn
    person: Person


@dataclass(frozen=True, kw_only=True)
class HospitalJourney(PersonJourney):
    """By a member of a hospital, for that hospital."""

    hospital: Hospital
    role: HospitalRole


@dataclass(frozen=True, kw_only=True)
class CompanyJourney(PersonJourney):
    """By a member of a company, for that company."""

    company: Company
    role: CompanyRole


class Elsewhere(Exception):
    """This page is not for now: sign in, give the second factor, or choose where to work first."""

    def __init__(self, endpoint: str) -> None:
        """Hold where to go."""
        self.endpoint = endpoint
        super().__init__(endpoint)


@dataclass(frozen=True, kw_only=True)
class Floor:
    """What the web floor stands on, made once by app.py."""

    settings: Settings
    keyring: Keyring
    writing: Sessions
    reading: Sessions
    ring: Callable[[str], None]


class Room(Blueprint):
    """Routes for everybody, for people who have signed in, or for the operator: `@site.get("/", who=Who.ANYONE)`."""

    def get(  # type: ignore[override]  # Flask's own would declare no access
        self, rule: str, *, who: Who, writes: bool = False
    ) -> Callable[[Callable[Concatenate[Visit, P], Answer]], Callable[Concatenate[Visit, P], Answer]]:
        """A page. `writes` where reading it leaves a trace: a link that was opened, a try that counts."""
        return _registrar(self, rule, "GET", Access(who=who, writes=writes))

    def post(  # type: ignore[override]  # Flask's own would declare no access
        self, rule: str, *, who: Who, body_limit: int = SMALL_BODY
    ) -> Callable[[Callable[Concatenate[Visit, P], Answer]], Callable[Concatenate[Visit, P], Answer]]:
        """A change."""
        return _registrar(self, rule, "POST", Access(who=who, writes=True, is_form=True, body_limit=body_limit))


class HospitalRoom(Blueprint):
    """Routes for members of a hospital, in one of the named roles."""

    def get(  # type: ignore[override]  # Flask's own would declare no access
        self, rule: str, *, roles: AbstractSet[HospitalRole], rail: Rail | None = None, writes: bool = False
    ) -> Callable[
        [Callable[Concatenate[HospitalJourney, P], Answer]], Callable[Concatenate[HospitalJourney, P], Answer]
    ]:
        """A page; `rail` puts it on the left rail."""
        return _registrar(self, rule, "GET", Access(hospital_roles=roles, rail=rail, writes=writes))

    def post(  # type: ignore[override]  # Flask's own would declare no access
        self, rule: str, *, roles: AbstractSet[HospitalRole], body_limit: int = SMALL_BODY
    ) -> Callable[
        [Callable[Concatenate[HospitalJourney, P], Answer]], Callable[Concatenate[HospitalJourney, P], Answer]
    ]:
        """A change."""
        access = Access(hospital_roles=roles, writes=True, is_form=True, body_limit=body_limit)
        return _registrar(self, rule, "POST", access)


class CompanyRoom(Blueprint):
    """Routes for members of a company, in one of the named roles."""

    def get(  # type: ignore[override]  # Flask's own would declare no access
        self, rule: str, *, roles: AbstractSet[CompanyRole], writes: bool = False
    ) -> Callable[[Callable[Concatenate[CompanyJourney, P], Answer]], Callable[Concatenate[CompanyJourney, P], Answer]]:
        """A page."""
        return _registrar(self, rule, "GET", Access(company_roles=roles, writes=writes))

    def post(  # type: ignore[override]  # Flask's own would declare no access
        self, rule: str, *, roles: AbstractSet[CompanyRole], body_limit: int = SMALL_BODY
    ) -> Callable[[Callable[Concatenate[CompanyJourney, P], Answer]], Callable[Concatenate[CompanyJourney, P], Answer]]:
        """A change."""
        access = Access(company_roles=roles, writes=True, is_form=True, body_limit=body_limit)
        return _registrar(self, rule, "POST", access)


def open_floor(app: Flask, floor: Floor) -> None:
    """Give an application its floor, before its rooms are registered."""
    app.extensions[EXTENSION] = floor
    app.before_request(_find_language)
    app.teardown_request(_forget_language)


def floor() -> Floor:
    """The floor of the application that answers this request."""
    standing: Floor = current_app.extensions[EXTENSION]
    return standing


def declared(app: Flask) -> dict[str, Access]:
    """Every endpoint of ours with what it has declared; a rule without an entry must not exist."""
    return {endpoint: view.access for endpoint, view in app.view_functions.items() if isinstance(view, _View)}


def current() -> Journey | None:
    """The journey of this request once somebody has come in; for templates."""
    found: Journey | None = g.get("journey")
    return found


def cookie_name(settings: Settings, name: str) -> str:
    """With the prefix that ties it to this host and to https, where there is https."""
    return f"__Host-{name}" if settings.is_https else f"kettenblick-{name}"


def set_cookie(
    response: Response, settings: Settings, name: str, value: str, *, lasts: timedelta | None = None
) -> None:
    """Set one of our cookies; none of them can be read by a script."""
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=lasts,
        secure=settings.is_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def drop_cookie(response: Response, settings: Settings, name: str) -> None:
    """Forget one of our cookies."""
    response.delete_cookie(
        cookie_name(settings, name), secure=settings.is_https, httponly=True, samesite="Lax", path="/"
    )


def negotiated_language() -> str:
    """What the visitor chose or the browser asks for."""
    chosen = request.cookies.get(cookie_name(floor().settings, LANGUAGE_COOKIE), "")
    return chosen if chosen in i18n.LANGUAGES else i18n.negotiate(request.headers.get("Accept-Language", ""))


def form_secret() -> str:
    """What a form's token is made from: the sign-in's secret, or before one a cookie of its own."""
    journey = current()
    if journey is not None and journey.sign_in is not None:
        return journey.sign_in.csrf_secret
    if "visitor" not in g:
        g.visitor = request.cookies.get(cookie_name(floor().settings, VISITOR_COOKIE), "")
    if len(g.visitor) != VISITOR_LENGTH:
        g.visitor = g.new_visitor = sign_ins.new_secret()
    return str(g.visitor)


class _View:
    """A view with its declaration: opens the transaction, lets in or turns away, commits, rings."""

    def __init__(self, access: Access, view: Callable[..., Answer]) -> None:
        self.access = access
        self.view = view
        functools.update_wrapper(self, view)

    def __call__(self, **arguments: Any) -> Response:
        if any("\0" in text for text in (*map(str, arguments.values()), *request.args.values())):
            raise NotFound  # no id and no word has one, and PostgreSQL cannot even be asked for it
        request.max_content_length = self.access.body_limit
        if self.access.is_form:
            _take_in_the_body()
        standing = floor()
        sessions = standing.writing if self.access.writes else standing.reading
        try:
            with sessions() as session:
                _listen_for_work(session)
                tries.watch(session)
                response = self._within(standing, session, arguments)
        except BaseException:
            g.journey = None  # its transaction is over: a page that tells of the error must not begin another
            raise
        try:
            _note_presence(standing)
            if session.info.get(ASKED):
                _ring(standing, datetime.now(UTC))
        except SQLAlchemyError as error:  # what was asked for is committed: nobody is told that it failed
            log.warning("after the answer: %s", type(error).__name__)
        return response

    def _within(self, standing: Floor, session: Session, arguments: dict[str, Any]) -> Response:
        try:
            response = self._answer(standing, session, arguments)
        except RuleBroken:
            tries.roll_back(session)
            session.commit()
            raise
        session.commit()
        return response

    def _answer(self, standing: Floor, session: Session, arguments: dict[str, Any]) -> Response:
        journey = _come_in(standing, session)
        g.journey = journey
        if journey.person is not None:
            g.who = journey.person.id
            i18n.speak(journey.person.language)
        # Whoever was signed out meanwhile is told that, and not that their page is too old.
        if self.access.is_form and (journey.sign_in is not None or self.access.who is Who.ANYONE):
            _require_our_form(standing.settings)
        g.journey = _let_in(self.access, journey)
        return make_response(self.view(g.journey, **arguments))


class ForeignForm(Exception):
    """The form was not made by us for this visitor, or is older than their sign-in."""


def _registrar(room: Blueprint, rule: str, method: str, access: Access) -> Callable[[Any], Any]:
    def register(view: Callable[..., Answer]) -> Callable[..., Answer]:
        room.add_url_rule(
            rule,
            endpoint=view.__name__,
            view_func=_View(access, view),
            methods=[method],
            provide_automatic_options=False,
        )
        return view

    return register


def _find_language() -> None:
    i18n.speak(negotiated_language())


def _forget_language(_error: BaseException | None) -> None:
    """Threads serve one reader after another: what a thread does in between is in nobody's language but the default."""
    i18n.speak(i18n.DEFAULT)


def _take_in_the_body() -> None:
    """All of it, before the transaction begins: on SQLite that one holds the only lock, and a sender may be slow."""
    if request.is_json:
        request.get_data()
    else:
        request.form.get("", "")


def _come_in(standing: Floor, session: Session) -> Journey:
    now = datetime.now(UTC)
    common: dict[str, Any] = {
        "session": session,
        "now": now,
        "settings": standing.settings,
        "keyring": standing.keyring,
        "address": _caller(standing.settings),
    }
    token = request.cookies.get(cookie_name(standing.settings, SESSION_COOKIE), "")
    sign_in = sign_ins.find(session, token, now=now)
    if sign_in is None:
        return Journey(**common, actor=NOBODY)
    return PersonJourney(**common, actor=sign_ins.actor(session, sign_in), sign_in=sign_in, person=sign_in.person)


def _caller(settings: Settings) -> str:
    """Where the request comes from; behind the one proxy of https, which stands on this machine, what it says."""
    peer = request.remote_addr or ""
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if not settings.is_https or not said:
        return peer
    try:
        return str(ipaddress.ip_address(said)) if ipaddress.ip_address(peer).is_loopback else peer
    except ValueError:
        return peer


def _let_in(access: Access, journey: Journey) -> Journey:
    if access.who is Who.ANYONE:
        return journey
    if not isinstance(journey, PersonJourney):
        raise Elsewhere("auth.sign_in")
    if access.who is Who.PASSWORD:
        return journey
    if journey.sign_in.stage is not SessionStage.FULL:
        raise Elsewhere("auth.second_factor")
    if access.who is Who.OPERATOR and not journey.actor.is_operator:
        raise NotFound
    if access.hospital_roles:
        return _into_hospital(access, journey)
    if access.company_roles:
        return _into_company(access, journey)
    return journey


def _into_hospital(access: Access, journey: PersonJourney) -> HospitalJourney:
    if journey.actor.hospital_role is None:
        raise _other_place(journey, "hospital:")
    if journey.actor.hospital_role not in access.hospital_roles:
        raise NotAllowed
    hospital = journey.session.get_one(Hospital, journey.actor.hospital_id)
    return HospitalJourney(**_fields(journey), hospital=hospital, role=journey.actor.hospital_role)


def _into_company(access: Access, journey: PersonJourney) -> CompanyJourney:
    if journey.actor.company_role is None:
        raise _other_place(journey, "company:")
    if journey.actor.company_role not in access.company_roles:
        raise NotAllowed
    company = journey.session.get_one(Company, journey.actor.company_id)
    return CompanyJourney(**_fields(journey), company=company, role=journey.actor.company_role)


def _other_place(journey: PersonJourney, kind: str) -> Exception:
    """To somebody without a place of this kind the page does not exist; others go and choose one."""
    places = sign_ins.places(journey.session, journey.person.id)
    if not any(place.id.startswith(kind) for place in places):
        return NotFound()
    needs_second = kind == "hospital:" and journey.person.totp_confirmed_at is None
    return Elsewhere("auth.enrol" if needs_second else "auth.places")


def _fields(journey: PersonJourney) -> dict[str, Any]:
    return {field.name: getattr(journey, field.name) for field in fields(PersonJourney)}


def _require_our_form(settings: Settings) -> None:
    sent = request.headers.get("X-CSRFToken", "") or request.form.get("csrf_token", "")
    if not security.comes_from_us(settings) or not security.is_ours(settings, form_secret(), sent):
        raise ForeignForm


def _listen_for_work(session: Session) -> None:
    """Notice when this request asks for work, by a row or by an insert-unless-waiting."""

    def flushed(here: Session, *_unused: object) -> None:
        if any(isinstance(row, Job) for row in here.new):
            session.info[ASKED] = True

    def executed(state: ORMExecuteState) -> None:
        if state.is_insert and getattr(state.statement, "table", None) is Job.__table__:
            session.info[ASKED] = True

    event.listen(session, "after_flush", flushed)
    event.listen(session, "do_orm_execute", executed)


def _ring(standing: Floor, now: datetime) -> None:
    """After the commit: the work is there for the worker to find. A bell that is broken costs seconds, no work."""
    with standing.reading() as session:
        due = session.scalars(
            select(Job.id)
            .where(Job.state == JobState.QUEUED, Job.run_at <= now)
            .order_by(Job.created_at.desc())
            .limit(AT_ONCE)
        ).all()
    for job_id in due:
        try:
            standing.ring(job_id)
        except Exception:  # noqa: BLE001 - whatever ails the bell, the row is committed and the reconcile finds it
            log.warning("the bell did not ring", extra={"job": job_id})
            return


def _note_presence(standing: Floor) -> None:
    """The person is still there, and what was shown to them once is not shown again."""
    journey = current()
    if journey is None or journey.sign_in is None:
        return
    shown = bool(g.get("notices_shown"))
    if not shown and journey.now - journey.sign_in.last_seen_at < sign_ins.TOUCH:
        return
    with standing.writing() as session, session.begin():
        sign_ins.touch(session, journey.sign_in, now=journey.now)
        if shown:
            here = SignIn.token_hash == journey.sign_in.token_hash
            session.execute(update(SignIn).where(here).values(notice=None))
