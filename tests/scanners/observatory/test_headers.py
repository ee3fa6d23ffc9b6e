"""The tests that read one header each."""

import pytest

from scanners.observatory import headers
from tests.scanners.observatory.building_site import answer, site

ORIGIN = "https://other.example"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max-age=15552000", "hsts-implemented-max-age-at-least-six-months"),
        ("max-age=15551999; preload", "hsts-implemented-max-age-less-than-six-months"),
        ("includeSubDomains", "hsts-header-invalid"),
        ("max-age=soon", "hsts-header-invalid"),
        ("max-age=99999999, max-age=99999999", "hsts-header-invalid"),
    ],
)
def test_transport_security(value: str, expected: str):
    assert headers.transport_security(site({"strict-transport-security": value})).result == expected


def test_transport_security_needs_https_with_a_good_certificate():
    assert headers.transport_security(site(https=None)).result == "hsts-not-implemented-no-https"
    assert headers.transport_security(site(https=answer(verified=False))).result == "hsts-invalid-cert"
    assert headers.transport_security(site()).result == "hsts-not-implemented"


@pytest.mark.parametrize("listed", [{"portal.clinic.example": False}, {"clinic.example": True}, {"example": True}])
def test_a_host_in_the_browsers_list_needs_no_header(listed: dict[str, bool]):
    assert headers.transport_security(site(preloaded=listed.get)).result == "hsts-preloaded"


def test_a_name_above_speaks_only_for_itself_unless_it_says_more():
    assert headers.transport_security(site(preloaded={"clinic.example": False}.get)).result == "hsts-not-implemented"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("no-referrer", "referrer-policy-private"),
        ("unsafe-url", "referrer-policy-unsafe"),
        ("no-referrer, unsafe-url, later-word", "referrer-policy-unsafe"),
        ("never", "referrer-policy-header-invalid"),
    ],
)
def test_referrer(value: str, expected: str):
    assert headers.referrer(site({"referrer-policy": value})).result == expected


def test_a_meta_has_the_last_word_on_referrers():
    document = answer({"referrer-policy": "no-referrer"}, equivalents={"referrer-policy": ("origin",)})

    assert headers.referrer(site(document=document)).result == "referrer-policy-unsafe"
    assert headers.referrer(site()).passed


def test_sniffing_and_framing():
    assert headers.sniffing(site({"x-content-type-options": " NoSniff"})).passed
    assert headers.sniffing(site({"x-content-type-options": "yes"})).result.endswith("header-invalid")
    assert headers.framing(site({"x-frame-options": "DENY"})).result == "x-frame-options-sameorigin-or-deny"
    assert headers.framing(site({"x-frame-options": "ALLOW-FROM x"})).result == "x-frame-options-allow-from-origin"
    assert headers.framing(site({"x-frame-options": "no"})).result == "x-frame-options-header-invalid"
    assert not headers.framing(site()).passed
    assert headers.framing(site({"content-security-policy": "frame-ancestors 'none'"})).result.endswith("via-csp")


@pytest.mark.parametrize(
    ("value", "ending"),
    [
        ("same-origin", "implemented-with-same-origin"),
        ('same-origin; report-to="here"', "implemented-with-same-origin"),
        ("same-origin; report-to=two words", "header-invalid"),
        ("Same-Origin", "header-invalid"),
        ("unsafe-none", "implemented-with-unsafe-none"),
    ],
)
def test_the_opener_policy_is_a_structured_token(value: str, ending: str):
    assert headers.opener_policy(site({"cross-origin-opener-policy": value})).result == f"coop-{ending}"


def test_embedder_and_resource_policy():
    assert headers.embedder_policy(site({"cross-origin-embedder-policy": "credentialless"})).passed
    assert headers.embedder_policy(site()).result == "coep-not-implemented"
    assert headers.resource_policy(site({"cross-origin-resource-policy": "SAME-SITE"})).result.endswith("same-site")
    assert not headers.resource_policy(site({"cross-origin-resource-policy": "all"})).passed


@pytest.mark.parametrize(
    ("found", "ending"),
    [
        ({}, "not-implemented"),
        ({"access-control-allow-origin": "*"}, "implemented-with-public-access"),
        ({"access-control-allow-origin": ORIGIN}, "implemented-with-restricted-access"),
        (
            {"access-control-allow-origin": ORIGIN, "access-control-allow-credentials": "true"},
            "implemented-with-universal-access",
        ),
    ],
)
def test_resource_sharing(found: dict[str, str], ending: str):
    seen = headers.resource_sharing(site(cross_origin=answer(found), cross_origin_asked=ORIGIN))

    assert seen.result == f"cross-origin-resource-sharing-{ending}"
