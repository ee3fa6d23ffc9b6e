"""Name servers, delegation, wildcards and IPv6."""

from dataclasses import replace

import pytest

from scanners.checks import dns
from scanners.model import Check, Outcome
from scanners.observations import NameServer, Observation, Soa, Vantage
from tests.scanners.building import AT, chain
from tests.scanners.building_domain import BLIND, NAME_SERVERS, host_dns, says, services, when_blind, zone

ONE = NAME_SERVERS[:1]
CHECKS = [
    dns.name_servers_are_redundant,
    dns.name_servers_are_apart,
    dns.delegation_is_consistent,
    dns.there_is_no_wildcard,
    dns.host_has_ipv6,
    dns.name_servers_have_ipv6,
    dns.zone_record_is_sane,
]


def second(**fields: object) -> tuple[NameServer, ...]:
    defaults = {"name": "ns2.example.com", "addresses": ("198.51.100.1",), "authoritative": True, "serial": 7}
    return (*ONE, NameServer(**{**defaults, **fields}))


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (dns.name_servers_are_redundant, zone(), Outcome.PASS),
        (dns.name_servers_are_redundant, zone(name_servers=ONE, parent_name_servers=()), Outcome.FAIL),
        (dns.name_servers_are_redundant, zone(name_servers=second(addresses=("192.0.2.1",))), Outcome.FAIL),
        (dns.name_servers_are_redundant, zone(name_servers=(), parent_name_servers=()), Outcome.UNKNOWN),
        (dns.name_servers_are_redundant, zone(name_servers=second(addresses=())), Outcome.UNKNOWN),
        (dns.name_servers_are_apart, zone(), Outcome.PASS),
        (dns.name_servers_are_apart, zone(name_servers=second(addresses=("192.0.2.77",))), Outcome.WARN),
        (dns.name_servers_are_apart, zone(name_servers=second(addresses=("2001:db8::1",))), Outcome.PASS),
        (dns.name_servers_are_apart, zone(name_servers=ONE), Outcome.NOT_APPLICABLE),
        (dns.delegation_is_consistent, zone(), Outcome.PASS),
        (dns.delegation_is_consistent, zone(name_servers=second(authoritative=False)), Outcome.FAIL),
        (dns.delegation_is_consistent, zone(name_servers=second(authoritative=None)), Outcome.WARN),
        (dns.delegation_is_consistent, zone(name_servers=second(serial=6)), Outcome.WARN),
        (dns.delegation_is_consistent, zone(parent_name_servers=("ns1.example.net", "old.example.net")), Outcome.WARN),
        (dns.delegation_is_consistent, zone(name_servers=(NameServer(name="ns1.example.net"),)), Outcome.UNKNOWN),
        (dns.there_is_no_wildcard, zone(), Outcome.PASS),
        (dns.there_is_no_wildcard, zone(wildcard_answers=("192.0.2.9",)), Outcome.INFO),
        (dns.host_has_ipv6, host_dns(addresses_v6=("2001:db8::10",)), Outcome.PASS),
        (dns.host_has_ipv6, host_dns(), Outcome.INFO),
        (dns.host_has_ipv6, host_dns(addresses_v4=()), Outcome.NOT_APPLICABLE),
    ],
)
def test_dns_is_judged_by_its_answers(check: Check, fact: Observation, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_dns_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_a_server_of_ipv6_alone_is_not_silent_where_there_is_no_ipv6():
    beyond = zone(name_servers=second(addresses=("2001:db8::1",), authoritative=None))
    here = {"at": AT, "resolver": "", "resolver_answers": True, "resolver_validates": None, "rewrites_names": None}
    place = Vantage(**here, tls_intercepted=None, smtp_blocked=None, ipv6=False)

    assert says(dns.delegation_is_consistent, beyond)[0] is Outcome.WARN
    assert says(dns.delegation_is_consistent, beyond, place)[0] is Outcome.PASS


def test_the_registry_may_name_more_servers_than_are_asked():
    many = tuple(f"ns{number}.example.net" for number in range(13))
    asked = tuple(NameServer(name=name, addresses=("192.0.2.1",), authoritative=True, serial=7) for name in many[:8])

    found = says(dns.delegation_is_consistent, zone(name_servers=asked, parent_name_servers=many))

    assert found[0] is Outcome.PASS


def test_the_fact_names_the_server_that_does_not_know_the_domain():
    assert "ns2.example.com" in says(dns.delegation_is_consistent, zone(name_servers=second(authoritative=False)))[1]


def test_two_name_servers_with_ipv6_are_asked_for():
    both = tuple(NameServer(name=f"ns{number}.example.net", addresses=(f"2001:db8::{number}",)) for number in (1, 2))

    assert says(dns.name_servers_have_ipv6, zone(name_servers=both))[0] is Outcome.PASS
    assert says(dns.name_servers_have_ipv6, zone(name_servers=(*ONE, both[0])))[0] is Outcome.INFO
    assert says(dns.name_servers_have_ipv6, zone())[0] is Outcome.INFO
    assert says(dns.name_servers_have_ipv6, zone(name_servers=second(addresses=())[1:]))[0] is Outcome.UNKNOWN


SOUND = {
    "primary": "ns1.example.test",
    "mailbox": "hostmaster.example.test",
    "refresh": 14_400,
    "retry": 3_600,
    "expire": 1_209_600,
    "minimum": 3_600,
    "primary_exists": True,
}


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("refresh", 300, "refresh 300 s"),
        ("retry", 60, "retry 60 s"),
        ("retry", 14_400, "retry 14400 s"),
        ("expire", 86_400, "expire 86400 s"),
        ("minimum", 10, "minimum 10 s"),
        ("minimum", 604_800, "minimum 604800 s"),
        ("primary_exists", False, "MNAME ns1.example.test"),
        ("mailbox", "", "RNAME ."),
    ],
)
def test_what_is_unusual_in_the_zones_record_is_named(field: str, value: object, named: str):
    odd = replace(zone(), soa=Soa(**{**SOUND, field: value}))

    outcome, text = says(dns.zone_record_is_sane, odd)

    assert outcome is Outcome.INFO
    assert named in text


def test_a_usual_zone_record_passes_and_an_unseen_one_is_unknown():
    assert says(dns.zone_record_is_sane, replace(zone(), soa=Soa(**SOUND)))[0] is Outcome.PASS
    assert (
        says(dns.zone_record_is_sane, replace(zone(), soa=Soa(**{**SOUND, "primary_exists": None})))[0] is Outcome.PASS
    )
    assert says(dns.zone_record_is_sane, zone())[0] is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("answers", "facts", "outcome"),
    [
        (True, [chain()], Outcome.PASS),
        (None, [chain()], Outcome.PASS),
        (False, [chain()], Outcome.WARN),
        (False, [], Outcome.PASS),  # over IPv4 nobody answers either: that is another check's matter
    ],
)
def test_an_ipv6_address_where_nobody_answers_is_a_warning(
    answers: bool | None, facts: list[Observation], outcome: Outcome
):
    host = host_dns(addresses_v6=("2001:db8::10",))

    assert says(dns.host_has_ipv6, host, services(ipv6_answers=answers), *facts)[0] is outcome
