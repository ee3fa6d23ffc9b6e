"""Test systems, consoles, gateways, default and parked pages."""

import pytest

from scanners.checks import exposure as checks
from scanners.model import Check, Outcome
from scanners.observations import LoggedNames, Observation, Page
from tests.scanners.building import AT, DOMAIN, judge, page, page_with, redirect, response
from tests.scanners.building_domain import BLIND, related, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
PASSWORD = "<form><input type=password name=p></form>"


def titled(title: str, body: str = "", **headers: str) -> Page:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return page_with(named, body=f"<!doctype html><title>{title}</title>{body}")


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (checks.no_staging_host_is_open, related(answering={"www.example.test": 200}), Outcome.PASS),
        (checks.no_staging_host_is_open, related(answering={"test2.example.test": 401}), Outcome.PASS),
        (checks.no_staging_host_is_open, related(answering={"dev-portal.example.test": 200}), Outcome.WARN),
        (checks.no_staging_host_is_open, related(answering={"contest.example.test": 200}), Outcome.PASS),
        (checks.no_staging_host_is_open, related(answering={"test.example.test": 302}), Outcome.INFO),
        (
            checks.no_staging_host_is_open,
            related(answering={"test.example.test": 302, "qa.example.test": 200}),
            Outcome.WARN,
        ),
        (checks.no_default_page, titled("Portal"), Outcome.PASS),
        (checks.no_default_page, titled("Welcome to nginx!"), Outcome.WARN),
        (checks.no_default_page, page(response(status=503)), Outcome.UNKNOWN),
        (checks.domain_is_not_parked, titled("Portal"), Outcome.PASS),
        (checks.domain_is_not_parked, titled("This domain is for sale"), Outcome.INFO),
        (checks.no_console_is_open, titled("Portal"), Outcome.PASS),
        (checks.no_console_is_open, titled("Sign in [Jenkins]", PASSWORD), Outcome.WARN),
        (checks.no_console_is_open, titled("Dashboard", x_jenkins="2.440"), Outcome.FAIL),
        (checks.remote_access_is_known, titled("Portal"), Outcome.PASS),
        (checks.remote_access_is_known, titled("Citrix Gateway"), Outcome.INFO),
        (checks.portals_are_not_indexed, titled("Portal", PASSWORD), Outcome.WARN),
        (checks.portals_are_not_indexed, titled("Portal", PASSWORD, x_robots_tag="noindex"), Outcome.PASS),
        (
            checks.portals_are_not_indexed,
            titled("P", PASSWORD + '<meta name="robots" content="noindex">'),
            Outcome.PASS,
        ),
        (checks.portals_are_not_indexed, titled("Company"), Outcome.NOT_APPLICABLE),
        (checks.host_can_be_seen, page(), Outcome.PASS),
        (checks.host_can_be_seen, page(response(status=403)), Outcome.UNKNOWN),
        (checks.host_can_be_seen, page(response(status=503)), Outcome.UNKNOWN),
        (checks.host_can_be_seen, page_with({"cf-mitigated": "challenge"}), Outcome.UNKNOWN),
        (
            checks.host_can_be_seen,
            page(redirect("https://sso.example.org/"), left_host_to="sso.example.org"),
            Outcome.NOT_APPLICABLE,
        ),
    ],
)
def test_exposure_is_judged_by_what_answers(check: Check, fact: Observation, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_host_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


@pytest.mark.parametrize(
    "name", ["test.example.test", "qa-2.example.test", "my-staging.example.test", "demo1.example.test"]
)
def test_names_of_test_systems_are_recognised(name: str):
    assert checks.is_staging(name)


@pytest.mark.parametrize("name", ["attest.example.test", "www.dev.example.test", "developer.example.test"])
def test_names_that_only_look_alike_are_not(name: str):
    assert not checks.is_staging(name)


STRICT = {"strict-transport-security": "max-age=31536000", "x-frame-options": "DENY"}


def start_page(body: str = "<title>Test</title>", **kwargs: object):
    return response(body, url="https://test.example.test/", **kwargs)


@pytest.mark.parametrize(
    ("body", "headers", "outcome"),
    [
        (PASSWORD, {}, Outcome.FAIL),
        (PASSWORD, {"x-robots-tag": "noindex"}, Outcome.WARN),
        ('<meta name="robots" content="noindex">' + PASSWORD, {}, Outcome.WARN),
        ("<title>Test</title>", {}, Outcome.WARN),
    ],
)
def test_a_log_in_of_a_test_system_that_search_engines_may_list_fails(body: str, headers: dict, outcome: Outcome):
    pages = {"test.example.test": start_page(body, headers=headers)}

    assert judge(checks.no_staging_host_is_open, related(staging=pages), host=DOMAIN).outcome is outcome


def test_test_systems_that_only_the_certificate_logs_know_count_too():
    logged = LoggedNames(at=AT, source="ct.test", asked_at=AT, staging={"test.example.test": start_page()})

    assert judge(checks.no_staging_host_is_open, related(), logged, host=DOMAIN).outcome is Outcome.WARN


@pytest.mark.parametrize(
    ("headers", "verified", "outcome"),
    [(STRICT, True, Outcome.PASS), ({}, True, Outcome.WARN), (STRICT, False, Outcome.WARN)],
)
def test_a_test_system_is_compared_with_production(headers: dict, verified: bool, outcome: Outcome):
    pages = {"test.example.test": start_page(headers=headers, tls_verified=verified)}
    seen = related(staging=pages, production=response("", headers=STRICT))

    assert judge(checks.staging_is_protected_alike, seen, host=DOMAIN).outcome is outcome


def test_parity_needs_something_to_compare():
    open_page = {"test.example.test": start_page()}

    assert judge(checks.staging_is_protected_alike, related(), host=DOMAIN).outcome is Outcome.NOT_APPLICABLE
    assert judge(checks.staging_is_protected_alike, related(staging=open_page), host=DOMAIN).outcome is Outcome.UNKNOWN
