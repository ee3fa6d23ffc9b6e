"""Cookies and tokens."""

import base64
import json

import pytest

from scanners.checks import cookies
from scanners.model import Check, Outcome
from tests.scanners.building import AT, DOMAIN, HOST, judge, login, outcome, page, redirect, response

ALL = [check for check in vars(cookies).values() if isinstance(check, Check)]
GOOD = "__Host-session=a1; Path=/; Secure; HttpOnly; SameSite=Lax"
LOGIN_FORM = '<form method="post"><input type="password" name="p"></form>'


def sets(*values: str, body: str = "<!doctype html>", headers=(), **kwargs):
    return page(response(body, headers=[*headers, *(("set-cookie", value) for value in values)], **kwargs))


def jwt(header: dict, claims: dict) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return ".".join((*parts, "c2ln"))


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_guarded_session_passes(check):
    load = sets(GOOD, body=LOGIN_FORM, headers=[("cache-control", "no-store")])

    assert outcome(check, load, login()) is Outcome.PASS


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_an_error_page_is_unknown(check):
    assert outcome(check, sets(GOOD, status=500), login()) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("check", "cookie", "expected"),
    [
        (cookies.cookies_travel_encrypted, "PHPSESSID=1; HttpOnly", Outcome.FAIL),
        (cookies.cookies_travel_encrypted, "lang=de", Outcome.FAIL),
        (cookies.cookies_travel_encrypted, "lang=de; Secure", Outcome.PASS),
        (cookies.cookies_travel_encrypted, "gone=; Max-Age=0", Outcome.NOT_APPLICABLE),
        (cookies.scripts_cannot_read_sessions, "connect.sid=1; Secure", Outcome.FAIL),
        (cookies.scripts_cannot_read_sessions, "authToken=1; Secure", Outcome.FAIL),
        (cookies.scripts_cannot_read_sessions, "XSRF-TOKEN=1; Secure", Outcome.NOT_APPLICABLE),
        (cookies.scripts_cannot_read_sessions, "author=1; Secure", Outcome.NOT_APPLICABLE),
        (cookies.scripts_cannot_read_sessions, "lang=de", Outcome.NOT_APPLICABLE),
        (cookies.foreign_pages_cannot_send_cookies, "a=1; SameSite=sometimes", Outcome.FAIL),
        (cookies.foreign_pages_cannot_send_cookies, "a=1; SameSite=None", Outcome.FAIL),
        (cookies.foreign_pages_cannot_send_cookies, "a=1; SameSite=None; Secure", Outcome.INFO),
        (cookies.foreign_pages_cannot_send_cookies, "csrftoken=1; Secure", Outcome.FAIL),
        (cookies.foreign_pages_cannot_send_cookies, "a=1", Outcome.INFO),
        (cookies.sessions_are_bound_by_name, "__Host-sid=1; Secure; Path=/; Domain=example.test", Outcome.FAIL),
        (cookies.sessions_are_bound_by_name, "__Secure-sid=1", Outcome.FAIL),
        (cookies.sessions_are_bound_by_name, "sid=1", Outcome.INFO),
        (cookies.sessions_stay_with_this_host, f"sid=1; Domain=.{DOMAIN}", Outcome.WARN),
        (cookies.sessions_stay_with_this_host, f"sid=1; Domain={HOST}", Outcome.INFO),
        (cookies.sessions_stay_with_this_host, "sid=1", Outcome.PASS),
        (cookies.sessions_end_after_a_shift, "sid=1; Max-Age=28800", Outcome.PASS),
        (cookies.sessions_end_after_a_shift, "sid=1; Max-Age=72000", Outcome.INFO),
        (cookies.sessions_end_after_a_shift, "sid=1; Expires=Sun, 21 Nov 2027 10:00:00 GMT", Outcome.WARN),
        (cookies.sessions_end_after_a_shift, "sid=1; Expires=whenever", Outcome.PASS),
    ],
)
def test_a_cookie_is_read_as_browsers_do(check, cookie, expected):
    assert outcome(check, sets(cookie, body=LOGIN_FORM), login()) is expected


def test_hsts_softens_a_missing_secure_on_other_cookies_only():
    hsts = [("strict-transport-security", "max-age=31536000")]

    assert outcome(cookies.cookies_travel_encrypted, sets("lang=de", headers=hsts)) is Outcome.WARN
    assert outcome(cookies.cookies_travel_encrypted, sets("sid=1", headers=hsts)) is Outcome.FAIL


def test_a_cookie_set_by_a_redirect_or_a_log_in_page_counts():
    hop = redirect("/start", set_cookie="sid=1")
    deep = login(response(LOGIN_FORM, url=f"https://{HOST}/login", headers={"set-cookie": "sid=1"}))

    assert outcome(cookies.cookies_travel_encrypted, page(hop, response())) is Outcome.FAIL
    assert outcome(cookies.cookies_travel_encrypted, page(), deep) is Outcome.FAIL


def test_a_cookie_of_another_host_is_not_ours():
    foreign = redirect("/", url="https://other.test/", set_cookie="sid=1")

    assert outcome(cookies.cookies_travel_encrypted, page(foreign, response())) is Outcome.NOT_APPLICABLE


def test_a_long_session_where_nobody_signs_in_is_only_noted():
    assert outcome(cookies.sessions_end_after_a_shift, sets("sid=1; Max-Age=999999")) is Outcome.INFO


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<a href="/x;jsessionid=0123456789ABCDEF.node1">', Outcome.FAIL),
        ('<a href="/x?sid=a8f5f167f44f4964e6c998dee827110c">', Outcome.FAIL),
        ('<form action="/x?access_token=a8f5f167f44f4964e6c998dee827110c">', Outcome.FAIL),
        (f'<a href="/x?t={jwt({"alg": "HS256"}, {"sub": "1"})}">', Outcome.FAIL),
        ('<a href="/x?sid=4&session=autumn-2026">', Outcome.PASS),
        ('<a href="https://other.test/x?sid=a8f5f167f44f4964e6c998dee827110c">', Outcome.PASS),
        ('<a href="/x?code=a8f5f167f44f4964e6c998dee827110c">', Outcome.PASS),
    ],
)
def test_tokens_in_addresses_are_found(body, expected):
    assert outcome(cookies.no_address_carries_a_token, page(response(body))) is expected


def test_the_fact_does_not_repeat_the_token():
    body = '<a href="/x;jsessionid=0123456789ABCDEF">'

    finding = judge(cookies.no_address_carries_a_token, page(response(body)))

    assert finding.fact.render() == f"Found: jsessionid ({HOST}/x)."


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (sets("sid=1"), Outcome.WARN),
        (sets("sid=1", headers=[("cache-control", "private, no-cache=x")]), Outcome.PASS),
        (sets(body=LOGIN_FORM), Outcome.INFO),
        (sets("lang=de"), Outcome.NOT_APPLICABLE),
    ],
)
def test_pages_with_a_session_must_not_be_stored(load, expected):
    assert outcome(cookies.session_pages_are_not_stored, load, login()) is expected


@pytest.mark.parametrize(
    ("header", "claims", "expected"),
    [
        ({"alg": "none"}, {"exp": AT.timestamp() + 60}, Outcome.FAIL),
        ({"alg": "HS256"}, {"sub": "x"}, Outcome.WARN),
        ({"alg": "HS256"}, {"exp": AT.timestamp() + 999_999}, Outcome.WARN),
        ({"alg": "RS256"}, {"exp": AT.timestamp() + 3600, "iat": AT.timestamp()}, Outcome.PASS),
    ],
)
def test_tokens_handed_to_strangers_are_read(header, claims, expected):
    load = page(response(f"<script>var t = '{jwt(header, claims)}'</script>"))

    assert outcome(cookies.tokens_are_signed_and_expire, load) is expected
