"""DNSSEC: signed, unsigned, half-done, broken and outdated zones."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scanners.checks import dnssec
from scanners.model import Check, Outcome, Severity
from scanners.observations import DnsKey, DsRecord, ZoneDns
from tests.scanners.building import AT, judge
from tests.scanners.building_domain import BLIND, says, unsigned, when_blind, zone

CHECKS = [
    dnssec.zone_is_signed,
    dnssec.signatures_are_valid,
    dnssec.algorithms_are_current,
    dnssec.rsa_keys_are_long,
    dnssec.nsec3_is_lean,
    dnssec.signatures_are_fresh,
]


def rsa(bits: int, algorithm: int = 8) -> ZoneDns:
    return zone(dnskeys=(DnsKey(flags=256, algorithm=algorithm, bits=bits),))


def delegated(algorithm: int, digest_type: int) -> ZoneDns:
    return zone(ds=(DsRecord(key_tag=1, algorithm=algorithm, digest_type=digest_type),))


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (dnssec.zone_is_signed, zone(), Outcome.PASS),
        (dnssec.zone_is_signed, unsigned(), Outcome.WARN),
        (dnssec.zone_is_signed, zone(ds=()), Outcome.WARN),
        (dnssec.zone_is_signed, zone(dnskeys=()), Outcome.FAIL),
        (dnssec.signatures_are_valid, zone(), Outcome.PASS),
        (dnssec.signatures_are_valid, zone(bogus=True, authenticated=False), Outcome.FAIL),
        (dnssec.signatures_are_valid, zone(authenticated=None, bogus=None), Outcome.UNKNOWN),
        (dnssec.signatures_are_valid, unsigned(), Outcome.NOT_APPLICABLE),
        (dnssec.algorithms_are_current, zone(), Outcome.PASS),
        (dnssec.algorithms_are_current, delegated(8, 1), Outcome.FAIL),
        (dnssec.algorithms_are_current, delegated(7, 2), Outcome.FAIL),
        (dnssec.algorithms_are_current, delegated(10, 2), Outcome.WARN),
        (dnssec.algorithms_are_current, delegated(99, 2), Outcome.FAIL),
        (dnssec.algorithms_are_current, delegated(13, 99), Outcome.WARN),
        (dnssec.algorithms_are_current, delegated(17, 2), Outcome.WARN),
        (dnssec.algorithms_are_current, unsigned(), Outcome.NOT_APPLICABLE),
        (dnssec.rsa_keys_are_long, rsa(2048), Outcome.PASS),
        (dnssec.rsa_keys_are_long, rsa(1024), Outcome.WARN),
        (dnssec.rsa_keys_are_long, rsa(512), Outcome.FAIL),
        (dnssec.rsa_keys_are_long, zone(), Outcome.NOT_APPLICABLE),
        (dnssec.nsec3_is_lean, zone(), Outcome.PASS),
        (dnssec.nsec3_is_lean, zone(nsec3_iterations=None), Outcome.PASS),
        (dnssec.nsec3_is_lean, zone(nsec3_iterations=10), Outcome.WARN),
        (dnssec.nsec3_is_lean, zone(nsec3_iterations=101), Outcome.FAIL),
        (dnssec.nsec3_is_lean, zone(nsec3_salt_length=8), Outcome.INFO),
        (dnssec.nsec3_is_lean, unsigned(), Outcome.NOT_APPLICABLE),
        (dnssec.signatures_are_fresh, zone(), Outcome.PASS),
        (dnssec.signatures_are_fresh, zone(days_left=2.9), Outcome.WARN),
        (dnssec.signatures_are_fresh, zone(days_left=-0.1), Outcome.FAIL),
        (dnssec.signatures_are_fresh, zone(days_left=None), Outcome.UNKNOWN),
        (dnssec.signatures_are_fresh, unsigned(), Outcome.NOT_APPLICABLE),
    ],
)
def test_a_zone_is_judged_by_its_records(check: Check, fact: ZoneDns, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_zone_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


@pytest.mark.parametrize(
    ("lived", "left", "outcome"),
    [
        (timedelta(days=1), timedelta(days=1), Outcome.PASS),  # signed anew with each answer
        (timedelta(days=6), timedelta(days=1), Outcome.WARN),
        (timedelta(days=12), timedelta(days=2.9), Outcome.WARN),
        (timedelta(days=-9), timedelta(days=1), Outcome.PASS),  # begins after its end
    ],
)
def test_a_short_lived_signature_is_not_about_to_expire(lived: timedelta, left: timedelta, outcome: Outcome):
    fact = replace(zone(), rrsig_expirations=(AT + left,), rrsig_inceptions=(AT - lived,))

    assert says(dnssec.signatures_are_fresh, fact)[0] is outcome


def test_a_delegation_without_keys_weighs_more_than_no_dnssec():
    assert judge(dnssec.zone_is_signed, zone(dnskeys=())).severity is Severity.HIGH


def test_the_fact_names_the_day_on_which_signatures_end():
    assert "1 Dec 2026" in says(dnssec.signatures_are_fresh, zone())[1]
