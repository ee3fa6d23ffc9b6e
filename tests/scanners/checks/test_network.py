"""Modern transport and routing: what is offered, what is pinned, who routes."""

import pytest

from scanners.checks import network
from scanners.model import Check, Outcome
from scanners.observations import AddressOrigins, MailExchanger, Observation, Origin, TlsSession
from tests.scanners.building import AT, certificate, chain, page_with
from tests.scanners.building_domain import BLIND, host_dns, mail, says, services, when_blind

CHECKS = [
    network.mail_has_ipv6,
    network.host_speaks_modern_http,
    network.host_offers_encrypted_hello,
    network.web_tlsa_matches,
    network.routes_are_signed,
    network.servers_stand_in_europe,
]


def exchanger(*addresses: str, **fields: object) -> MailExchanger:
    return MailExchanger(preference=10, host="mail.example.test", addresses=addresses, **fields)


def origins(*, validity: str = "valid", country: str = "DE", validated: bool = True) -> AddressOrigins:
    return AddressOrigins(
        at=AT,
        addresses={"192.0.2.1": "web portal.example.test"},
        origins={"192.0.2.1": Origin(prefix="192.0.2.0/24", asn=64500, country=country)},
        validity={"192.0.2.1": validity} if validity else {},
        validated=validated,
    )


def session(protocol: str) -> TlsSession:
    return TlsSession(at=AT, address="192.0.2.1", port=443, protocol=protocol)


@pytest.mark.parametrize(
    ("check", "facts", "outcome"),
    [
        (network.mail_has_ipv6, [mail(exchangers=(exchanger("192.0.2.25", "2001:db8::25"),))], Outcome.PASS),
        (network.mail_has_ipv6, [mail()], Outcome.INFO),
        (network.mail_has_ipv6, [mail(exchangers=())], Outcome.NOT_APPLICABLE),
        (network.mail_has_ipv6, [mail(exchangers=(exchanger(unseen=True),))], Outcome.UNKNOWN),
        (network.host_speaks_modern_http, [services(protocols=("h2", "h3"))], Outcome.PASS),
        (network.host_speaks_modern_http, [services(), session("h2")], Outcome.PASS),
        (network.host_speaks_modern_http, [services(), page_with({"alt-svc": 'h3=":443"; ma=86400'})], Outcome.PASS),
        (network.host_speaks_modern_http, [services(), session("http/1.1")], Outcome.INFO),
        (network.host_speaks_modern_http, [services(), page_with()], Outcome.INFO),
        (network.host_speaks_modern_http, [services()], Outcome.UNKNOWN),
        (network.host_offers_encrypted_hello, [services(encrypted_hello=True)], Outcome.PASS),
        (network.host_offers_encrypted_hello, [services()], Outcome.INFO),
        (network.web_tlsa_matches, [services()], Outcome.INFO),
        (network.web_tlsa_matches, [services(tlsa=("3 1 1 aa",))], Outcome.UNKNOWN),
        (network.routes_are_signed, [origins()], Outcome.PASS),
        (network.routes_are_signed, [origins(validity="not-found")], Outcome.INFO),
        (network.routes_are_signed, [origins(validity="invalid")], Outcome.FAIL),
        (network.routes_are_signed, [origins(validity="")], Outcome.UNKNOWN),
        (network.routes_are_signed, [origins(validated=False)], Outcome.UNKNOWN),
        (network.servers_stand_in_europe, [origins()], Outcome.PASS),
        (network.servers_stand_in_europe, [origins(country="US")], Outcome.INFO),
        (network.servers_stand_in_europe, [origins(country="")], Outcome.UNKNOWN),
    ],
)
def test_what_is_offered_is_said_and_what_is_not_is_no_fault(
    check: Check, facts: list[Observation], outcome: Outcome
) -> None:
    assert says(check, *facts)[0] is outcome


def leaf(sha256: str) -> Observation:
    shown = certificate()
    return chain(type(shown)(**{**vars(shown), "spki_sha256": sha256, "sha256": sha256 * 2}))


@pytest.mark.parametrize(
    ("record", "authenticated", "outcome"),
    [
        ("3 1 1 ABCD", True, Outcome.PASS),
        ("3 0 1 abcdabcd", True, Outcome.PASS),
        ("1 1 1 ab cd", None, Outcome.PASS),
        ("3 1 1 abcd", False, Outcome.INFO),
        ("3 1 1 ef01", True, Outcome.FAIL),
        ("3 1 2 abcd", True, Outcome.UNKNOWN),
        ("2 1 1 abcd", True, Outcome.UNKNOWN),
        ("9 1 1 abcd", True, Outcome.FAIL),
        ("3 1", True, Outcome.FAIL),
    ],
)
def test_a_web_tlsa_record_is_compared_with_the_chain(
    record: str, authenticated: bool | None, outcome: Outcome
) -> None:
    pinned = services(tlsa=(record,), tlsa_authenticated=authenticated)

    assert says(network.web_tlsa_matches, pinned, leaf("abcd"))[0] is outcome


def test_a_route_is_named_with_what_it_serves() -> None:
    assert "192.0.2.0/24 AS64500 (web portal.example.test)" in says(network.routes_are_signed, origins())[1]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_what_was_not_seen_is_unknown(check: Check) -> None:
    assert when_blind(check) == BLIND


def test_an_address_is_never_needed_to_say_that_a_host_offers_nothing() -> None:
    assert says(network.host_offers_encrypted_hello, services(), host_dns())[0] is Outcome.INFO
