"""When two answers are the same page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observations import Response
from scanners.parsing import likeness
from tests.scanners.building import HOST, response

WORDS = " ".join(f"Wort{number} steht hier" for number in range(80))
SHELL = f"<!doctype html><html><head><title>Portal</title></head><body><div id=app></div><p>{WORDS}</p></body></html>"


def answer(body: str, path: str = "/.env", *, status: int = 200, **more: object) -> Response:
    return response(body, url=f"https://{HOST}{path}", status=status, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SHELL, SHELL),
        (f"<title>Portal</title>/.env nonce=a1 {WORDS}", f"<title>Portal</title>/zzz-control nonce=b2 {WORDS}"),
        ("<h1>/.env</h1> was not found", "<h1>/zzz-control</h1> was not found"),
        (f"{WORDS} Ende", f"{WORDS} Schluss"),
        ("", ""),
    ],
)
def test_what_differs_by_the_address_alone_is_alike(ours: str, theirs: str):
    assert likeness.alike(answer(ours), "/.env", answer(theirs, "/zzz-control"), "/zzz-control")


@pytest.mark.parametrize(
    ("ours", "theirs", "status"),
    [
        ("APP_ENV=production", SHELL, 200),
        (SHELL, SHELL, 404),
        (f"<title>Verwaltung</title>{WORDS[:400]}", SHELL, 200),
        ("PK\x03\x04", "PK", 200),
    ],
)
def test_another_answer_is_not_alike(ours: str, theirs: str, status: int):
    assert not likeness.alike(answer(ours), "/.env", answer(theirs, "/zzz", status=status), "/zzz")


def test_a_beginning_is_compared_with_a_beginning():
    begun = response("<!docty", url=f"https://{HOST}/backup.zip")
    cut = Response(**{**begun.__dict__, "cut": True})

    assert likeness.alike(cut, "/backup.zip", answer("<!doctype html>", "/zzz"), "/zzz")
    assert not likeness.alike(cut, "/backup.zip", answer("PK\x03\x04", "/zzz"), "/zzz")


def test_a_redirect_is_where_it_leads():
    def leads(path: str, to: str) -> Response:
        return answer("", path, status=302, headers={"location": to})

    assert likeness.alike(leads("/admin/", "/login?next=/admin/"), "/admin/", leads("/zz", "/login?next=/zz"), "/zz")
    assert not likeness.alike(leads("/admin/", "/admin/login"), "/admin/", leads("/zz", "/login"), "/zz")


@pytest.mark.parametrize("form", ["/.git/config", ".git/config", "%2F.git%2Fconfig", "&#x2F;.git/config"])
def test_an_address_is_taken_out_in_the_ways_pages_write_it(form: str):
    assert "config" not in likeness.without_echo(f"<p>Not found: {form}</p>", "/.git/config")


def test_a_plain_word_is_left_in_the_text():
    assert "admin" in likeness.without_echo("Django site admin", "/admin/")


@pytest.mark.parametrize(
    ("body", "kind", "is_page"),
    [
        ("<!DOCTYPE html><p>", "application/zip", True),
        ("\n\n<html><head>", "text/plain", True),
        ("<!-- x --><div id=app>", "text/plain", True),
        ("APP_ENV=1\n# see <b>docs</b>", "text/plain", False),
        ("x", "text/html", True),
        ('{"a": "<b>"}', "application/json", False),
        ("<?php echo 1; ?>", "application/octet-stream", False),
    ],
)
def test_html_is_known_whatever_the_header_says(body: str, kind: str, is_page: bool):
    assert likeness.is_page(answer(body, headers={"content-type": kind})) is is_page


@given(st.text(max_size=300), st.text(max_size=40))
def test_the_same_answer_is_always_alike(body: str, path: str):
    one = answer(body)

    assert likeness.alike(one, path, one, path)
