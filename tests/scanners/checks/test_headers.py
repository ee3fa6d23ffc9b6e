"""Security headers of the document."""

import pytest

from scanners.checks import headers
from scanners.model import Check, Outcome
from scanners.observations import Page
from tests.scanners.building import AT, DOMAIN, outcome, page, page_with, redirect, response

ALL = [check for check in vars(headers).values() if isinstance(check, Check)]
STRICT = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
}


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_strict_page_passes(check):
    assert outcome(check, page_with(STRICT)) is Outcome.PASS


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
@pytest.mark.parametrize(
    "load",
    [
        page(response(status=503)),
        page(response(status=404)),
        page(response(status=200, headers={"cf-mitigated": "challenge"})),
        page(response(status=403, headers={"server": "AkamaiGHost"})),
        Page(at=AT, hops=()),
    ],
    ids=["error", "not found", "challenge", "firewall", "nothing"],
)
def test_a_page_that_is_not_the_applications_is_unknown(check, load):
    assert outcome(check, load) is Outcome.UNKNOWN


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_page_on_another_host_is_judged_there(check):
    away = page(redirect("https://login.other.test/"), left_host_to="login.other.test")
    followed = page(redirect("https://login.example.test/"), response(url="https://login.example.test/"))

    assert outcome(check, away) is outcome(check, followed) is Outcome.NOT_APPLICABLE


def test_www_is_the_same_page():
    load = page(redirect("https://www.example.test/"), response(url="https://www.example.test/"))

    assert outcome(headers.browsers_may_not_guess, load, host=DOMAIN) is Outcome.FAIL


@pytest.mark.parametrize("server", ["awselb/2.0", "CloudFront", "Microsoft-Azure-Application-Gateway/v2"])
def test_a_refusal_of_a_balancer_is_not_the_applications(server):
    load = page(response("<h1>403 Forbidden</h1>", status=403, headers={"server": server}))

    assert outcome(headers.foreign_pages_cannot_frame, load) is Outcome.UNKNOWN


def test_an_answer_that_asks_to_sign_in_is_the_applications():
    assert outcome(headers.browsers_may_not_guess, page(response(status=401))) is Outcome.FAIL


def test_framing_is_no_question_for_data():
    load = page_with({"content-type": "application/json"}, body="{}")

    assert outcome(headers.foreign_pages_cannot_frame, load) is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("check", "sent", "expected"),
    [
        (headers.foreign_pages_cannot_frame, {}, Outcome.FAIL),
        (headers.foreign_pages_cannot_frame, {"x-frame-options": "sameorigin"}, Outcome.PASS),
        (headers.foreign_pages_cannot_frame, {"x-frame-options": "ALLOW-FROM https://a.test"}, Outcome.WARN),
        (headers.foreign_pages_cannot_frame, {"x-frame-options": "yes"}, Outcome.FAIL),
        (headers.foreign_pages_cannot_frame, {"content-security-policy": "frame-ancestors 'none'"}, Outcome.PASS),
        (headers.foreign_pages_cannot_frame, {"content-security-policy": "frame-ancestors"}, Outcome.PASS),
        (headers.foreign_pages_cannot_frame, {"content-security-policy": "frame-ancestors *"}, Outcome.FAIL),
        (
            headers.foreign_pages_cannot_frame,
            {"content-security-policy": "frame-ancestors *, frame-ancestors 'self'"},
            Outcome.PASS,
        ),
        (headers.browsers_may_not_guess, {}, Outcome.FAIL),
        (headers.browsers_may_not_guess, {"x-content-type-options": "sniff"}, Outcome.FAIL),
        (headers.browsers_may_not_guess, {"x-content-type-options": "NoSniff, nosniff"}, Outcome.PASS),
        (headers.referrer_is_careful, {}, Outcome.INFO),
        (headers.referrer_is_careful, {"referrer-policy": "unsafe-url"}, Outcome.WARN),
        (headers.referrer_is_careful, {"referrer-policy": "nonsense"}, Outcome.WARN),
        (headers.referrer_is_careful, {"referrer-policy": "no-referrer, strict-origin, new-word"}, Outcome.PASS),
        (headers.embedded_pages_get_no_sensors, {}, Outcome.INFO),
        (headers.embedded_pages_get_no_sensors, {"permissions-policy": "camera=*"}, Outcome.INFO),
        (headers.opened_windows_are_separated, {}, Outcome.INFO),
        (headers.opened_windows_are_separated, {"cross-origin-opener-policy": "unsafe-none"}, Outcome.INFO),
        (headers.opened_windows_are_separated, {"cross-origin-opener-policy": "Same-Origin"}, Outcome.WARN),
        (headers.opened_windows_are_separated, {"cross-origin-opener-policy": "same-origin; to=a b"}, Outcome.WARN),
        (
            headers.opened_windows_are_separated,
            {"cross-origin-opener-policy": 'same-origin; report-to="a"'},
            Outcome.PASS,
        ),
        (headers.other_sites_cannot_embed_resources, {"cross-origin-resource-policy": "cross-origin"}, Outcome.INFO),
        (headers.other_sites_cannot_embed_resources, {"cross-origin-resource-policy": "none"}, Outcome.WARN),
        (headers.only_willing_resources_are_loaded, {"cross-origin-embedder-policy": "credentialless"}, Outcome.PASS),
        (headers.only_willing_resources_are_loaded, {"cross-origin-embedder-policy": "*"}, Outcome.WARN),
        (headers.no_withdrawn_headers, {"x-xss-protection": "0"}, Outcome.PASS),
        (headers.no_withdrawn_headers, {"x-xss-protection": "1; mode=block"}, Outcome.INFO),
        (headers.no_withdrawn_headers, {"public-key-pins": "x"}, Outcome.INFO),
        (headers.pages_say_their_character_set, {"content-type": "text/html"}, Outcome.WARN),
    ],
)
def test_each_header_is_read_as_browsers_do(check, sent, expected):
    assert outcome(check, page_with(sent)) is expected


def test_the_page_itself_may_say_its_policy_and_character_set():
    body = '<meta charset="utf-8"><meta name="referrer" content="same-origin">'

    load = page_with({"content-type": "text/html"}, body)

    assert outcome(headers.pages_say_their_character_set, load) is Outcome.PASS
    assert outcome(headers.referrer_is_careful, load) is Outcome.PASS
