"""The hosts of the demonstration show what their vendors are told of: the scanner really finds it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from portal.demonstration import hosts, story
from portal.demonstration.servers import Running, Servers
from scanners import judging, scan
from scanners.jobs import ScanJob, SubjectSeen
from scanners.model import Finding, Observations, Outcome, Severity, Subject

pytestmark = pytest.mark.loopback

AT = datetime.now(UTC).replace(microsecond=0)
FAIL, WARN = Outcome.FAIL, Outcome.WARN

# What people name first, and where it stands.
WEAKNESSES = [
    ("visitaro", "session.cookie-secure", FAIL),
    ("visitaro", "session.cookie-httponly", FAIL),
    ("visitaro", "js.vulnerable-library", FAIL),
    ("visitaro", "js.end-of-life", WARN),
    ("visitaro", "web.mixed-content-active", FAIL),
    ("visitaro", "dns.caa-present", WARN),
    ("visitaro", "dns.takeover-related", WARN),
    ("visitaro", "mail.dmarc-policy", FAIL),
    ("visitaro", "exposure.staging-host", WARN),
    ("visitaro", "api.openapi-linked", WARN),
    ("voxelwerk", "tls.protocol-legacy", FAIL),
    ("voxelwerk", "mail.dmarc-policy", FAIL),
    ("voxelwerk", "dns.caa-present", WARN),
    ("laborhafen", "api.openapi-linked", WARN),
    ("sterilog", "cert.expiry", FAIL),
    ("sterilog", "auth.password-form-insecure", FAIL),
    ("sterilog", "mail.starttls", FAIL),
    ("triagio", "cert.chain-complete", FAIL),
    ("triagio", "web.broken-third-party-src", WARN),
    ("mulde", "cert.expiry", WARN),
]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Servers(hosts.plan(story.read().vendors, at=AT), at=AT) as running:
        yield running


@pytest.fixture(scope="module")
def findings(running: Running) -> dict[str, tuple[Finding, ...]]:
    """What a scan of each vendor finds; each is made once."""
    told = story.read()
    return {vendor.key: look(running, [host.name for host in vendor.hosts]) for vendor in told.vendors if vendor.hosts}


def look(running: Running, names: list[str]) -> tuple[Finding, ...]:
    async def observe() -> dict[Subject, Observations]:
        job = ScanJob(hosts=tuple(names), at=AT, network=running.network())
        events = [event async for event in scan.observe(job)]
        return {one.observations.subject: one.observations for one in events if isinstance(one, SubjectSeen)}

    return judging.judge(asyncio.run(observe()).values())


@pytest.mark.parametrize(("vendor", "check", "outcome"), WEAKNESSES)
def test_the_weakness_is_found(findings: dict[str, tuple[Finding, ...]], vendor: str, check: str, outcome: Outcome):
    found = {finding.outcome for finding in findings[vendor] if finding.check_id == check}

    assert outcome in found


def test_a_portal_without_a_hint_at_a_second_factor_is_told_from_one_with_it(findings: dict[str, tuple[Finding, ...]]):
    def said(vendor: str, host: str) -> str:
        found = findings[vendor]
        return next(f.fact.text for f in found if f.check_id == "auth.mfa-evidence" and f.subject.name == host)

    without = said("visitaro", "portal.visitaro.test")

    assert without != said("bruecke", "konnektor.bruecke-integration.test")
    assert without == said("voxelwerk", "befunde.voxelwerk.test")


def test_the_best_vendor_has_no_weakness_at_all(findings: dict[str, tuple[Finding, ...]]):
    weak = [finding for finding in findings["bruecke"] if finding.outcome in {FAIL, WARN}]

    # How old the lists of this installation are is the operator's, and weighs nothing.
    assert [finding for finding in weak if finding.check_id != "scan.data-freshness"] == []


def test_good_hosts_have_nothing_grave(findings: dict[str, tuple[Finding, ...]]):
    grave = {Severity.CRITICAL, Severity.HIGH}
    for key in ("elster", "laborhafen", "ohm"):
        assert [f.check_id for f in findings[key] if f.outcome is FAIL and f.severity in grave] == []


def test_nothing_that_the_scan_trips_over_is_ours(findings: dict[str, tuple[Finding, ...]]):
    assert [f for found in findings.values() for f in found if f.outcome is Outcome.ERROR] == []


def test_no_library_code_is_shipped():
    for vendor in story.read().vendors:
        for site in vendor.sites:
            for path, page in site.get("pages", {}).items():
                if path.endswith(".js"):
                    assert len(page["body"]) < 200
