"""Who gets in where: declared on every route, walked for every kind of visitor."""

from __future__ import annotations

import io
import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal import i18n
from portal.app import UndeclaredRoute, create_app
from portal.db.models.accounts import Attempt, HospitalRole, Person, SessionStage, SignIn
from portal.web import journey
from portal.web.journey import ANY_HOSPITAL_ROLE, HospitalRoom, Who
from tests.portal import building
from tests.portal.web.conftest import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from portal.settings import Settings
    from tests.portal.web.conftest import Visitor

SOMETHING = "0123456789abcdef0123"


def paths(app: Flask, method: str) -> list[tuple[str, journey.Access]]:
    """Every route of a method with something in each gap."""
    known = journey.declared(app)
    return [
        (re.sub(r"<[^>]+>", SOMETHING, rule.rule), known[rule.endpoint])
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and rule.endpoint in known
    ]


def test_every_route_says_who_may_use_it(app: Flask):
    known = journey.declared(app)

    assert {rule.endpoint for rule in app.url_map.iter_rules()} - set(known) == {"static"}
    assert all(access.who or access.hospital_roles or access.company_roles for access in known.values())


def test_a_route_that_says_nothing_stops_the_start(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    room = HospitalRoom("careless", __name__)
    room.add_url_rule("/open-to-all", view_func=lambda: "hello", endpoint="open")
    monkeypatch.setattr("portal.app.ROOMS", (room,))

    with pytest.raises(UndeclaredRoute):
        create_app(settings)


def test_reading_and_writing_are_separate_functions(app: Flask):
    assert all(
        len((rule.methods or set()) - {"HEAD"}) == 1 for rule in app.url_map.iter_rules() if rule.endpoint != "static"
    )


def test_a_stranger_comes_into_no_page_that_asks_for_more(app: Flask, visitor: Visitor):
    open_to_all = {Who.ANYONE}
    for path, access in paths(app, "GET"):
        if access.who not in open_to_all:
            answer = visitor.get(path)

            assert answer.status_code == 303, path
            assert answer.headers["Location"].startswith("/sign-in?next="), path


def test_a_password_alone_opens_nothing_but_the_second_factor(
    app: Flask, session: Session, visit: Callable[..., Visitor]
):
    actor = building.hospital_actor(session)
    session.commit()
    halfway = visit(actor, SessionStage.PASSWORD)

    for path, access in paths(app, "GET"):
        if access.who not in {Who.ANYONE, Who.PASSWORD}:
            answer = halfway.get(path)

            assert answer.status_code == 303, path
            assert answer.headers["Location"].startswith("/second-factor"), path


def test_a_company_finds_no_page_of_a_hospital_and_the_other_way_round(
    app: Flask, session: Session, visit: Callable[..., Visitor]
):
    hospital, company = building.hospital_actor(session), building.company_actor(session)
    session.commit()
    of_hospital, of_company = visit(hospital), visit(company)
    nothing = of_company.get("/no-such-page").data

    for path, access in paths(app, "GET"):
        if access.hospital_roles:
            assert (of_company.get(path).status_code, of_company.get(path).data) == (404, nothing), path
        if access.company_roles:
            assert (of_hospital.get(path).status_code, of_hospital.get(path).data) == (404, nothing), path
        if access.who is Who.OPERATOR:
            assert of_hospital.get(path).status_code == 404, path


def test_a_role_that_is_not_named_is_turned_away(app: Flask, session: Session, visit: Callable[..., Visitor]):
    auditor = building.hospital_actor(session, role=HospitalRole.AUDITOR)
    session.commit()
    visitor = visit(auditor)

    for path, access in paths(app, "POST"):
        if access.hospital_roles and HospitalRole.AUDITOR not in access.hospital_roles:
            assert visitor.post(path).status_code == 403, path


def test_no_form_is_taken_without_its_token(
    app: Flask, session: Session, visit: Callable[..., Visitor], visitor: Visitor
):
    hospital, company = building.hospital_actor(session), building.company_actor(session)
    session.commit()
    inside = {True: visit(hospital), False: visit(company)}

    for path, access in paths(app, "POST"):
        who = inside[bool(access.hospital_roles)]
        assert who.post(path, token="").status_code == 400, path
        assert who.post(path, token="A" * 64).status_code == 400, path


def test_who_was_signed_out_is_told_so_and_not_that_the_page_is_too_old(
    session: Session, sessions: Sessions, visit: Callable[..., Visitor]
):
    company = building.company_actor(session)
    session.commit()
    visitor = visit(company)
    token = visitor.token()
    with sessions.begin() as ending:
        ending.execute(delete(SignIn))

    told = visitor.post("/vendor/team", {"email": "neu@strahlwerk.example"}, token=token)
    as_json = visitor.post("/vendor/team", {}, token=token, headers={"Accept": "application/json"})

    assert (told.status_code, as_json.status_code) == (401, 401)
    assert "neu@strahlwerk.example" in told.get_data(as_text=True)
    assert "abgemeldet" in as_json.json["message"]


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://elsewhere.example"}],
)
def test_a_form_from_elsewhere_is_refused_even_with_a_token(visitor: Visitor, headers: dict[str, str]):
    token = visitor.token()

    answer = visitor.post("/sign-in", {"email": "a@b.example", "password": "x"}, token=token, headers=headers)

    assert answer.status_code == 400


def test_a_token_of_one_visitor_is_worth_nothing_to_another(app: Flask, visitor: Visitor):
    other = app.test_client()
    other.get("/sign-in", base_url=ADDRESS)

    answer = other.post("/sign-in", base_url=ADDRESS, data={"csrf_token": visitor.token()})

    assert answer.status_code == 400


def test_what_was_typed_is_shown_again_when_a_form_cannot_be_taken(visitor: Visitor):
    answer = visitor.post("/sign-in", {"email": "erika@klinik.example", "password": "geheim"}, token="")
    text = answer.get_data(as_text=True)

    assert "erika@klinik.example" in text
    assert ">E-Mail<" in text
    assert "geheim" not in text


def test_a_foreign_page_and_no_page_are_the_same_bytes(session: Session, visit: Callable[..., Visitor]):
    company = building.company_actor(session)
    session.commit()
    visitor = visit(company)
    answers = [visitor.get(path) for path in ("/operation", "/no-such-page", "/hospital/no-such-page")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1


def test_every_answer_carries_the_headers(app: Flask, visitor: Visitor):
    for path in ("/", "/sign-in", "/no-such-page", "/account", "/healthz", "/setup"):
        answer = visitor.get(path)
        policy = answer.headers["Content-Security-Policy"]

        assert policy.startswith("default-src 'none'"), path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Cookie" in answer.headers["Vary"]


def test_files_with_a_hash_in_their_address_are_kept_for_ever(visitor: Visitor):
    address = re.search(r"/static/kettenblick\.css\?v=[0-9a-f]+", visitor.get("/").get_data(as_text=True))
    assert address is not None

    with visitor.get(address[0]) as answer:
        assert "immutable" in answer.headers["Cache-Control"]


def test_another_host_gets_nothing(app: Flask):
    answer = app.test_client().get("/", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400
    assert b"elsewhere.example" not in answer.data


@pytest.mark.parametrize(
    "path",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "/%2f/x"],
)
def test_no_redirect_leads_elsewhere(app: Flask, visitor: Visitor, path: str):
    answer = visitor.post("/language", {"language": "en", "back": path})

    assert answer.headers["Location"] == "/"


def test_the_language_is_the_browsers_until_somebody_chooses(visitor: Visitor):
    german = visitor.get("/sign-in", headers={"Accept-Language": "de-DE,de;q=0.9,en;q=0.8"})
    english = visitor.get("/sign-in", headers={"Accept-Language": "fr,en-GB;q=0.7,de;q=0.3"})
    visitor.post("/language", {"language": "de", "back": "/sign-in"})
    chosen = visitor.get("/sign-in", headers={"Accept-Language": "en"})

    assert ["<h1>Anmelden" in answer.get_data(as_text=True) for answer in (german, english, chosen)] == [
        True,
        False,
        True,
    ]


def test_a_thread_speaks_no_readers_language_after_their_request(visitor: Visitor):
    assert "<h1>Sign in" in visitor.get("/sign-in", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert i18n.language() == i18n.DEFAULT


def test_a_session_in_a_cookie_is_random_and_out_of_reach_of_scripts(session: Session, visitor: Visitor):
    from portal.services.people import passwords

    person = building.person(session, password_hash=passwords.make_hash(building.PASSWORD))
    session.commit()

    answer = visitor.post("/sign-in", {"email": person.email, "password": building.PASSWORD, "next": ""})
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("kettenblick-session="))

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert len(cookie.partition("=")[2].partition(";")[0]) >= 43


def test_over_https_cookies_are_tied_to_the_host(settings: Settings):
    import dataclasses

    secure = create_app(dataclasses.replace(settings, public_base_url="https://portal.klinik.example"))

    answer = secure.test_client().get("/sign-in", base_url="https://portal.klinik.example")

    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all(cookie.startswith("__Host-") and "Secure" in cookie for cookie in cookies)
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_a_refused_request_changes_nothing_but_the_count_of_tries(sessions: Sessions, visitor: Visitor):
    answer = visitor.get("/setup")

    with sessions() as session:
        assert answer.status_code == 404
        assert len(session.scalars(select(Attempt)).all()) == 1


def test_a_limit_is_told_with_the_time_to_wait(visitor: Visitor):
    answers = [visitor.get("/setup") for _ in range(61)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_our_own_mistake_tells_a_number_and_nothing_else(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(_session: object) -> bool:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("portal.services.people.accounts.has_hospital", broken)
    answer = visitor.get("/")

    assert answer.status_code == 500
    assert b"secret of the inside" not in answer.data
    assert "RuntimeError" not in answer.get_data(as_text=True)
    number = re.search(r"unhandled error (\S+) at site\.start", caplog.text)
    assert number is not None
    assert number[1] in answer.get_data(as_text=True)


def test_a_field_that_nobody_offered_is_refused(visitor: Visitor):
    answer = visitor.post("/sign-in", {"email": "a@b.example", "password": "x", "role": "admin", "next": ""})

    assert answer.status_code == 400


def test_a_closed_account_is_out_at_once(session: Session, sessions: Sessions, visit: Callable[..., Visitor], now):
    actor = building.company_actor(session)
    session.commit()
    visitor = visit(actor)
    assert visitor.get("/account").status_code == 200

    with sessions() as other, other.begin():
        other.get_one(Person, actor.person_id).disabled_at = now

    assert visitor.get("/account").status_code == 303


def test_a_notice_is_told_once(session: Session, sessions: Sessions, visit: Callable[..., Visitor]):
    actor = building.company_actor(session)
    session.commit()
    visitor = visit(actor)
    with sessions() as other, other.begin():
        row = other.scalars(select(SignIn)).one()
        row.notice = [{"kind": "success", "text": "Ein Satz <b>"}]

    first, second = (visitor.get("/account").get_data(as_text=True) for _ in range(2))

    assert "Ein Satz &lt;b&gt;" in first
    assert "Ein Satz" not in second


def test_roles_named_by_a_page_are_roles(app: Flask):
    assert all(access.hospital_roles <= ANY_HOSPITAL_ROLE for access in journey.declared(app).values())


@pytest.mark.parametrize(
    ("address", "forwarded", "tries"),
    [
        ("https://portal.klinik.example", ["203.0.113.7", "203.0.113.8"], [1, 1]),  # the proxy tells two callers apart
        ("https://portal.klinik.example", ["1.2.3.4, 203.0.113.7", "5.6.7.8, 203.0.113.7"], [2]),  # only its own word
        (ADDRESS, ["203.0.113.7", "203.0.113.8"], [2]),  # without a proxy anybody could say anything
    ],
)
def test_limits_count_the_caller_and_not_the_proxy(
    settings: Settings, sessions: Sessions, address: str, forwarded: list[str], tries: list[int]
):
    import dataclasses
    from collections import Counter

    client = create_app(dataclasses.replace(settings, public_base_url=address)).test_client()
    for said in forwarded:
        client.get("/setup", base_url=address, headers={"X-Forwarded-For": said})

    with sessions() as session:
        assert sorted(Counter(session.scalars(select(Attempt.key))).values()) == tries


class _Sender(io.BytesIO):
    """A body that looks, whenever some of it is read, whether somebody else could write to the database."""

    def __init__(self, body: bytes, engine: Engine) -> None:
        super().__init__(body)
        self._path = str(engine.url.database)
        self.looks = 0

    def read(self, size: int | None = -1) -> bytes:
        self._look()
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        self._look()
        return super().readinto(buffer)

    def _look(self) -> None:
        self.looks += 1
        with closing(sqlite3.connect(self._path, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/sign-in", "application/x-www-form-urlencoded", b"email=a%40b.example&password=x"),
        (
            f"/vendor/rounds/{SOMETHING}/documents/add",
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-\r\n--x--\r\n',
        ),
        (f"/vendor/rounds/{SOMETHING}/answers/P-01", "application/json", b'{"fields": {}, "version": 0}'),
    ],
)
def test_a_slow_sender_holds_up_nobody(
    engine: Engine, session: Session, visit: Callable[..., Visitor], path: str, media_type: str, body: bytes
):
    company = building.company_actor(session)
    session.commit()
    visitor = visit(company)
    sender = _Sender(body, engine)

    answer = visitor.client.post(
        path,
        base_url=ADDRESS,
        input_stream=sender,
        content_type=media_type,
        content_length=len(body),
        headers={"X-CSRFToken": visitor.token()},
    )

    assert sender.looks
    assert answer.status_code < 500


@pytest.fixture
def busy(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody else writes, and does not come to an end."""
    monkeypatch.setattr("portal.db.session.BUSY_MILLISECONDS", 20)
    with closing(sqlite3.connect(str(engine.url.database), timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_asks_to_try_again_and_loses_nothing_typed(visitor: Visitor, busy: None):
    answer = visitor.post("/sign-in", {"email": "erika@klinik.example", "password": "geheimes Wort", "next": ""})

    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "erika@klinik.example" in text
    assert "geheimes Wort" not in text
    assert "locked" not in text


def test_a_page_is_read_though_its_reader_cannot_be_noted(
    session: Session, visit: Callable[..., Visitor], request: pytest.FixtureRequest
):
    actor = building.hospital_actor(session)
    session.commit()
    visitor = visit(actor)
    session.execute(update(SignIn).values(last_seen_at=datetime.now(UTC) - timedelta(minutes=5)))
    session.commit()
    request.getfixturevalue("busy")

    assert visitor.get("/account").status_code == 200


def test_two_that_write_the_same_at_once_are_told_so(visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
    def late(_session: object) -> bool:
        raise IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed: host.name"))

    monkeypatch.setattr("portal.services.people.accounts.has_hospital", late)
    answer = visitor.get("/")

    assert answer.status_code == 409
    assert "host.name" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/hospital/vendors/%00", "/hospital/vendors?q=a%00b", "/hospital/risks/a%00"])
def test_a_zero_byte_finds_nothing(session: Session, visit: Callable[..., Visitor], path: str):
    actor = building.hospital_actor(session)
    session.commit()

    assert visit(actor).get(path).status_code == 404


def test_a_page_of_an_error_shows_no_password(session: Session, visit: Callable[..., Visitor]):
    actor = building.hospital_actor(session)
    session.commit()

    answer = visit(actor).post("/account/password", {"old": "altes Kennwort", "password": "neues"}, token="stale")

    assert answer.status_code == 400
    assert "altes Kennwort" not in answer.get_data(as_text=True)


def test_the_day_is_the_one_in_germany(settings):
    late = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    here = journey.Journey(session=None, now=late, settings=settings, keyring=None, address="", actor=journey.NOBODY)

    assert here.today == date(2026, 7, 2)
