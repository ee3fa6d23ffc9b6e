"""Server software: current, ended, packaged by a distribution, unknown."""

from datetime import UTC, datetime

import pytest

from scanners.checks import software as checks
from scanners.model import Check, Outcome
from scanners.observations import Observation, Page
from tests.scanners.building import AT, judge, page, page_with, response
from tests.scanners.building_domain import BLIND, host_dns, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]


def server(banner: str) -> Page:
    return page_with({"server": banner})


def generator(text: str) -> Page:
    return page_with(body=f'<html><meta name="generator" content="{text}">')


@pytest.mark.parametrize(
    ("check", "facts", "outcome"),
    [
        (checks.software_is_supported, [server("nginx")], Outcome.PASS),
        (checks.software_is_supported, [server("nginx/1.29.3")], Outcome.PASS),
        (checks.software_is_supported, [server("nginx/1.16.1")], Outcome.WARN),
        (checks.software_is_supported, [server("Microsoft-IIS/7.5")], Outcome.WARN),
        (checks.software_is_supported, [server("Microsoft-IIS/10.0")], Outcome.PASS),
        (checks.software_is_supported, [server("Apache/2.4.62 (Unix) OpenSSL/1.1.1w")], Outcome.WARN),
        (checks.software_is_supported, [server("Apache/2.2.15 (CentOS)")], Outcome.INFO),
        (checks.software_is_supported, [page_with({"x-powered-by": "PHP/7.4.33"})], Outcome.WARN),
        (checks.software_is_supported, [page_with({"x-powered-by": "PHP/8.4.1"})], Outcome.PASS),
        (checks.software_is_supported, [page(response(status=502))], Outcome.UNKNOWN),
        (checks.cms_is_supported, [generator("Drupal 7 (https://www.drupal.org)")], Outcome.WARN),
        (checks.cms_is_supported, [generator("Drupal 11 (https://www.drupal.org)")], Outcome.PASS),
        (checks.cms_is_supported, [page()], Outcome.NOT_APPLICABLE),
        (checks.edge_is_known, [page_with({"cf-ray": "8a"})], Outcome.INFO),
        (checks.edge_is_known, [page(), host_dns(cname_chain=("d1.cloudfront.net",))], Outcome.INFO),
        (checks.edge_is_known, [page()], Outcome.INFO),
    ],
)
def test_software_is_judged_by_its_own_word(check: Check, facts: list[Observation], outcome: Outcome):
    assert says(check, *facts)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_software_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_a_branch_ends_on_its_day_and_not_before():
    php = page_with({"x-powered-by": "PHP/8.2.1"})

    assert judge(checks.software_is_supported, php, at=AT).outcome is Outcome.PASS
    assert judge(checks.software_is_supported, php, at=datetime(2027, 1, 2, tzinfo=UTC)).outcome is Outcome.WARN


def test_the_edge_is_named():
    assert "Amazon CloudFront" in says(checks.edge_is_known, page(), host_dns(cname_chain=("d1.cloudfront.net",)))[1]
