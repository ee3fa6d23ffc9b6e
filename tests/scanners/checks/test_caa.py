"""CAA: present, missing, unreadable, and where refused requests are reported."""

import pytest

from scanners.checks import caa
from scanners.model import Check, Outcome
from scanners.observations import CaaRecord, HostDns
from tests.scanners.building_domain import BLIND, host_dns, says, when_blind


def published(*records: tuple[str, str]) -> HostDns:
    return host_dns(
        caa_at="example.test", caa=tuple(CaaRecord(flags=0, tag=tag, value=value) for tag, value in records)
    )


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (caa.caa_is_present, published(("issue", "ca.example"), ("issuewild", ";")), Outcome.PASS),
        (caa.caa_is_present, published(("issue", ";")), Outcome.PASS),
        (caa.caa_is_present, host_dns(), Outcome.WARN),
        (caa.caa_is_present, published(("iodef", "mailto:a@example.test")), Outcome.WARN),
        (caa.caa_is_present, published(("issue", "ca.example"), ("issue", "%%%")), Outcome.FAIL),
        (caa.caa_names_a_report_address, published(("issue", ";"), ("iodef", "mailto:a@example.test")), Outcome.PASS),
        (caa.caa_names_a_report_address, published(("issue", ";")), Outcome.INFO),
        (caa.caa_names_a_report_address, published(("iodef", "http://example.test")), Outcome.WARN),
        (caa.caa_names_a_report_address, host_dns(), Outcome.NOT_APPLICABLE),
    ],
)
def test_caa_is_judged_by_its_records(check: Check, fact: HostDns, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", [caa.caa_is_present, caa.caa_names_a_report_address], ids=lambda check: check.id)
def test_caa_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_the_fact_names_the_authorities():
    assert "ca.example" in says(caa.caa_is_present, published(("issue", "ca.example; policy=ev")))[1]


BOUND = "ca.example; accounturi=https://ca.example/acct/1; validationmethods=dns-01"


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (published(("issue", BOUND), ("issuewild", ";"), ("issuemail", ";")), Outcome.PASS),
        (published(("issue", BOUND), ("issuewild", ";")), Outcome.INFO),
        (published(("issue", "ca.example")), Outcome.INFO),
        (host_dns(), Outcome.NOT_APPLICABLE),
        (host_dns(exists=False), Outcome.UNKNOWN),
    ],
)
def test_narrow_caa_is_praised_and_its_absence_no_fault(fact: HostDns, outcome: Outcome):
    assert says(caa.caa_is_hardened, fact)[0] is outcome


def test_what_caa_leaves_open_is_named():
    assert (
        "not issuemail, validationmethods"
        in says(
            caa.caa_is_hardened,
            published(("issue", "ca.example; accounturi=https://ca.example/1"), ("issuewild", ";")),
        )[1]
    )


def test_caa_hardening_nobody_saw_is_unknown():
    assert when_blind(caa.caa_is_hardened) == BLIND
