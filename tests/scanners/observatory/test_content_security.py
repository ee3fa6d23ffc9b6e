"""The test content-security-policy."""

import pytest

from scanners.observatory import content_security
from scanners.observatory.site import Site
from tests.scanners.observatory.building_site import answer, site


def result(policy: str, **more: object) -> str:
    return content_security.judge(site({"content-security-policy": policy}, **more)).result


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src 'none'", "csp-implemented-with-no-unsafe-default-src-none"),
        ("default-src 'self'", "csp-implemented-with-no-unsafe"),
        ("default-src 'self'; style-src 'unsafe-inline'", "csp-implemented-with-unsafe-inline-in-style-src-only"),
        (
            "default-src 'self'; img-src http://a.example",
            "csp-implemented-with-insecure-scheme-in-passive-content-only",
        ),
        ("default-src 'self'; script-src 'unsafe-eval'", "csp-implemented-with-unsafe-eval"),
        ("default-src 'self'; script-src http://a.example", "csp-implemented-with-insecure-scheme"),
        ("default-src 'self' 'unsafe-inline'", "csp-implemented-with-unsafe-inline"),
        ("script-src 'self'", "csp-implemented-with-unsafe-inline"),  # objects may come from anywhere
        ("default-src 'self' 'unsafe-inline' 'nonce-abc'", "csp-implemented-with-no-unsafe"),
        (
            "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'",
            "csp-implemented-with-no-unsafe-default-src-none",
        ),
        ("default-src 'none'; script-src 'strict-dynamic'", "csp-header-invalid"),
        ("default-src 'none'; report-to a; report-to b", "csp-implemented-but-duplicate-directives"),
        ("img-src a; img-src b", "csp-header-invalid"),
    ],
)
def test_each_result(policy: str, expected: str):
    assert result(policy) == expected


def test_what_http_allows_is_no_fault_on_a_site_without_https():
    assert result("default-src 'self'; script-src http://a.example", url="http://a.example/").endswith("no-unsafe")


def test_nothing_but_reports_is_not_implemented():
    seen = content_security.judge(site({"content-security-policy-report-only": "default-src 'self'"}))

    assert (seen.result, seen.passed) == ("csp-not-implemented-but-reporting-enabled", False)


def test_a_meta_that_only_rules_frames_rules_nothing():
    document = answer(equivalents={"content-security-policy": ("frame-ancestors 'none'",)})

    assert content_security.judge(site(document=document)).result == "csp-not-implemented"


def test_no_document_no_policy():
    assert content_security.judge(Site(host="a.example")).result == "csp-not-implemented"
