"""Test systems, consoles, gateways, default and parked pages."""

from datetime import UTC, datetime

import pytest

from scanners.checks import exposure as checks
from scanners.model import Check, Outcome
from scanners.observations import Observation, Page
from tests.scanners.building import judge, page, page_with, redirect, response
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


def test_the_age_of_the_data_is_counted_from_the_scan():
    early = datetime(2026, 6, 1, tzinfo=UTC)

    assert judge(checks.data_are_fresh, page(), at=early).outcome is Outcome.PASS
    assert judge(checks.data_are_fresh, page()).outcome is Outcome.INFO
