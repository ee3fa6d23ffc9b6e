"""What registries tell: certificate logs, revocation, registration, look-alikes, lists of abused domains."""

from datetime import datetime, timedelta

import pytest

from scanners import checking
from scanners.checks import registries as checks
from scanners.datasets import DataSets
from scanners.model import Check, Outcome, Severity
from scanners.observations import (
    CaaRecord,
    LoggedCertificate,
    LoggedNames,
    LookAlikes,
    Observation,
    Reason,
    Registration,
    Reputation,
    Revocation,
)
from tests.scanners.building import AT, DOMAIN, seen, seen_of_domain
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
ONLY_LETSENCRYPT = (CaaRecord(flags=0, tag="issue", value="letsencrypt.org"),)


def certificate(issuer: str, *names: str, age: int = 60) -> LoggedCertificate:
    return LoggedCertificate(
        issuer=issuer,
        names=names or (f"www.{DOMAIN}",),
        serial=f"{issuer}{age}",
        not_before=AT - timedelta(days=age),
        not_after=AT + timedelta(days=30),
    )


def logged(**fields: object) -> LoggedNames:
    return LoggedNames(at=AT, source="ct.test", asked_at=AT, **fields)


def registered(days: int | None = 300, **fields: object) -> Registration:
    expires = None if days is None else AT + timedelta(days=days)
    return Registration(at=AT, source="rdap.test", asked_at=AT, expires=expires, **fields)


def revocation(method: str = "crl", **fields: object) -> Revocation:
    return Revocation(at=AT, method=method, source="crl.test", serial="1", issued_at=AT, **fields)


def looks(**registered: bool) -> LookAlikes:
    return LookAlikes(at=AT, asked=150, registered={f"{name}.test": mail for name, mail in registered.items()})


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (checks.logged_names_are_known, logged(), Outcome.INFO),
        (checks.logged_names_are_known, logged(names=(f"a.{DOMAIN}",)), Outcome.INFO),
        (checks.no_issuer_is_unexpected, logged(), Outcome.NOT_APPLICABLE),
        (checks.no_issuer_is_unexpected, logged(certificates=(certificate("DigiCert Inc"),)), Outcome.PASS),
        (
            checks.no_issuer_is_unexpected,
            logged(certificates=(certificate("Let's Encrypt"),), caa=ONLY_LETSENCRYPT),
            Outcome.PASS,
        ),
        (
            checks.no_issuer_is_unexpected,
            logged(certificates=(certificate("DigiCert Inc"),), caa=ONLY_LETSENCRYPT),
            Outcome.WARN,
        ),
        # An authority whose CAA names we do not know is no accusation.
        (
            checks.no_issuer_is_unexpected,
            logged(certificates=(certificate("Neue CA"),), caa=ONLY_LETSENCRYPT),
            Outcome.PASS,
        ),
        (
            checks.no_issuer_is_unexpected,
            logged(certificates=(certificate("DigiCert Inc", age=5), certificate("Let's Encrypt"))),
            Outcome.INFO,
        ),
        (checks.no_issuer_is_unexpected, logged(certificates=(certificate("DigiCert Inc", age=5),)), Outcome.PASS),
        (checks.inner_names_do_not_resolve, logged(names=(f"www.{DOMAIN}",)), Outcome.PASS),
        (checks.inner_names_do_not_resolve, logged(names=(f"pacs.{DOMAIN}",)), Outcome.PASS),
        (
            checks.inner_names_do_not_resolve,
            logged(names=(f"pacs2.{DOMAIN}",), addresses={f"pacs2.{DOMAIN}": ("192.0.2.1",)}),
            Outcome.WARN,
        ),
        (checks.certificate_is_not_revoked, revocation(), Outcome.PASS),
        (checks.certificate_is_not_revoked, revocation("none"), Outcome.NOT_APPLICABLE),
        (checks.certificate_is_not_revoked, revocation(revoked=True, cause="keyCompromise"), Outcome.FAIL),
        (checks.domain_is_registered_for_longer, registered(), Outcome.PASS),
        (checks.domain_is_registered_for_longer, registered(30), Outcome.WARN),
        (checks.domain_is_registered_for_longer, registered(7), Outcome.FAIL),
        (checks.domain_is_registered_for_longer, registered(states=("redemption period",)), Outcome.FAIL),
        (checks.domain_is_registered_for_longer, registered(None), Outcome.NOT_APPLICABLE),
        (checks.domain_is_registered_for_longer, registered(serves=False), Outcome.NOT_APPLICABLE),
        (checks.domain_is_registered_for_longer, registered(exists=False), Outcome.UNKNOWN),
        (checks.domain_is_locked, registered(states=("client transfer prohibited",)), Outcome.PASS),
        (checks.domain_is_locked, registered(states=tuple(checks.REGISTRY_LOCKS)), Outcome.PASS),
        (checks.domain_is_locked, registered(states=("active",)), Outcome.INFO),
        (checks.domain_is_locked, registered(serves=False), Outcome.NOT_APPLICABLE),
        (checks.look_alikes_are_known, looks(), Outcome.INFO),
        (checks.look_alikes_are_known, looks(exampel=True, examp1e=False), Outcome.INFO),
        (checks.no_list_names_the_domain, Reputation(at=AT, asked=("dbl.test",)), Outcome.PASS),
        (
            checks.no_list_names_the_domain,
            Reputation(at=AT, asked=("dbl.test",), listed=("dbl.test",)),
            Outcome.INFO,
        ),
    ],
)
def test_registries_are_judged_by_what_they_told(check: Check, fact: Observation, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_what_no_registry_told_is_unknown(check: Check):
    assert when_blind(check) == BLIND


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_registry_that_nobody_set_makes_unknown_for_that_reason(check: Check):
    found = checking.run(check, seen(kind=check.subject, blind=dict.fromkeys(check.needs, Reason.NOT_CONFIGURED)))

    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, Reason.NOT_CONFIGURED)


def test_a_revoked_certificate_is_critical():
    found = checking.run(checks.certificate_is_not_revoked, seen(revocation(revoked=True)))

    assert found.severity is Severity.CRITICAL


def test_names_at_a_service_are_told_apart():
    """F15: a name that leads to a service counts as hosted for the vendor."""
    found = logged(
        names=(f"status.{DOMAIN}",),
        addresses={f"status.{DOMAIN}": ("192.0.2.1",)},
        aliases={f"status.{DOMAIN}": "x.stspg-customer.com"},
    )

    assert "1 of them at a service" in says(checks.logged_names_are_known, found)[1]


def test_the_day_of_a_kept_answer_is_shown():
    """F17: the searches fail often, so that an answer of last week may stand in."""
    old = LoggedNames(at=AT, source="ct.test", asked_at=datetime(2026, 11, 15, tzinfo=AT.tzinfo))

    assert "15 Nov 2026" in says(checks.logged_names_are_known, old)[1]


def test_the_words_for_inner_systems_can_be_the_operators_own():
    data = DataSets(version="x", internal_words=frozenset({"labor"}))
    fact = logged(names=(f"labor.{DOMAIN}", f"pacs.{DOMAIN}"), addresses={f"labor.{DOMAIN}": ("192.0.2.1",)})
    found = checking.run(checks.inner_names_do_not_resolve, seen_of_domain(fact).with_data(data))

    assert found.outcome is Outcome.WARN
    assert "pacs" not in found.fact.render()


def test_the_domain_itself_is_no_inner_name():
    fact = logged(names=("www.sap.test",), addresses={"www.sap.test": ("192.0.2.1",)})
    found = checking.run(checks.inner_names_do_not_resolve, seen_of_domain(fact, domain="sap.test"))

    assert found.outcome is Outcome.PASS
