"""The test cookies."""

import pytest

from scanners.observatory import cookies
from tests.scanners.observatory.building_site import site

HSTS = {"strict-transport-security": "max-age=31536000"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sessid=1; Secure; HttpOnly; SameSite=Lax", "cookies-secure-with-httponly-sessions-and-samesite"),
        ("sessid=1; Secure; HttpOnly", "cookies-secure-with-httponly-sessions"),
        ("sessid=1; Secure", "cookies-session-without-httponly-flag"),
        ("sessid=1; HttpOnly", "cookies-session-without-secure-flag"),
        ("colour=1", "cookies-without-secure-flag"),
        ("colour=1; Secure; SameSite=Maybe", "cookies-samesite-flag-invalid"),
        ("colour=1; Secure; SameSite", "cookies-samesite-flag-invalid"),
        ("csrftoken=1; Secure", "cookies-anticsrf-without-samesite-flag"),
        ("heroku-session-affinity=1", "cookies-not-found"),
    ],
)
def test_each_result(text: str, expected: str):
    assert cookies.judge(site({"set-cookie": text})).result == expected


def test_hsts_softens_a_missing_secure():
    assert cookies.judge(site(HSTS | {"set-cookie": "a=1"})).result.endswith("but-protected-by-hsts")
    assert cookies.judge(site()).result == "cookies-not-found"
