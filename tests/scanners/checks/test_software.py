"""Server software: current, ended, packaged by a distribution, unknown."""

from datetime import UTC, date, datetime

import pytest

from scanners import checking
from scanners.checks import software as checks
from scanners.datasets import DataSets, Source
from scanners.model import Check, Outcome, written
from scanners.observations import HostDns, Observation, Page
from tests.scanners.building import AT, judge, page, page_with, response, seen
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


@pytest.mark.parametrize(
    ("banner", "outcome"),
    [
        ("Apache/2.4.49 (Unix)", Outcome.WARN),
        ("Apache/2.4.51 (Unix)", Outcome.WARN),  # CVE-2024-38475
        ("Apache/2.4.62 (Unix)", Outcome.PASS),
        ("Apache/2.4.41 (Ubuntu)", Outcome.INFO),
        ("Apache/2.4.6 (CentOS)", Outcome.INFO),
        ("Apache/2.4.37 (Red Hat Enterprise Linux)", Outcome.INFO),
        ("Apache", Outcome.PASS),
        ("Apache/2", Outcome.PASS),
        ("nginx/1.18.0", Outcome.INFO),
        ("nginx/1.18.0 (Ubuntu)", Outcome.INFO),
        ("Microsoft-IIS/8.5", Outcome.PASS),
        ("Microsoft-IIS/10.0", Outcome.PASS),
    ],
)
def test_a_banner_alone_never_fails(banner: str, outcome: Outcome):
    """F9: nmap-vulners #18, OpenEASD #43, dashlord #64. Distributions mend holes under the old version; IIS too."""
    found = judge(checks.told_versions_have_no_exploited_hole, server(banner))

    assert found.outcome is outcome
    assert found.outcome is not Outcome.FAIL


def test_the_fetched_list_decides_what_is_used_in_attacks():
    """The same day CISA lists a hole, a stored scan judged again warns; nobody is scanned for it."""
    scan = seen(server("nginx/1.18.0"))
    before = DataSets(version="1", exploited={"CVE-1999-0001": date(2026, 1, 1)})
    after = DataSets(version="2", exploited={"CVE-2021-23017": date(2026, 11, 20)})
    check = checks.told_versions_have_no_exploited_hole

    assert checking.run(check, scan.with_data(before)).outcome is Outcome.INFO
    assert checking.run(check, scan.with_data(after)).outcome is Outcome.WARN


def test_fetched_ends_count_before_those_in_the_code():
    """F16: what changed is our data, and the finding says of which day they are."""
    scan = seen(server("nginx/1.29.3"))
    fetched = Source(
        name="eol",
        source_url="https://endoflife.date/",
        fetched_at=AT,
        sha256="",
        licence="MIT",
        records=1,
        max_age_days=90,
    )
    data = DataSets(version="x", lifecycles={"nginx": {"1.29": date(2026, 11, 1)}}, sources=(fetched,))

    assert checking.run(checks.software_is_supported, scan).outcome is Outcome.PASS
    found = checking.run(checks.software_is_supported, scan.with_data(data))
    assert found.outcome is Outcome.WARN
    assert written(AT.date()) in found.fact.render()


def test_a_service_that_runs_the_host_is_named():
    """F15: the finding sits on a sub-processor; it counts, and says whose it is."""
    alias = HostDns(at=AT, cname_chain=("abc.stspg-customer.com",))

    assert "Statuspage" in says(checks.edge_is_known, page(), alias)[1]
