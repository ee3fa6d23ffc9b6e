"""Set-Cookie as a browser reads it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import cookies

AT = datetime(2026, 11, 21, tzinfo=UTC)


def test_attributes_are_read_in_any_case_and_order():
    cookie = cookies.parse("id=a=b; PATH=/x; secure; SameSite=STRICT; HTTPOnly; Domain=.Example.test; max-age=60")

    assert cookie == cookies.Cookie(
        name="id",
        value="a=b",
        secure=True,
        http_only=True,
        same_site="strict",
        domain="example.test",
        path="/x",
        max_age=60,
    )


@pytest.mark.parametrize("header", ["", ";", "=;", "  ; Secure"])
def test_a_header_without_name_and_value_is_ignored(header):
    assert cookies.parse(header) is None


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", None),
        ("Max-Age=60; Expires=Sat, 21 Nov 2037 00:00:00 GMT", 60),
        ("Expires=Sat, 21 Nov 2026 00:01:00 GMT", 60),
        ("Expires=never", None),
        ("Max-Age=soon", None),
    ],
)
def test_max_age_counts_before_expires(attributes, expected):
    assert cookies.parse(f"a=b; {attributes}").lifetime(AT) == expected


@pytest.mark.parametrize(
    "name",
    ["JSESSIONID", "PHPSESSID", "connect.sid", "__Host-session", "ASP.NET_SessionId", "auth", "accessToken", "app_jwt"],
)
def test_names_of_sessions_are_known(name):
    assert cookies.parse(f"{name}=1").is_session


@pytest.mark.parametrize("name", ["lang", "author", "XSRF-TOKEN", "csrf_session", "cookieconsent_session", "sidebar"])
def test_names_of_other_things_are_no_sessions(name):
    assert not cookies.parse(f"{name}=1").is_session


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(header):
    cookie = cookies.parse(header)

    assert cookie is None or cookie.name or cookie.value
