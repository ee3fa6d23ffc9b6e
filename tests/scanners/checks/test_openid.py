"""The metadata of a log-in service."""

import json

import pytest

from scanners.checks import openid as checks
from scanners.model import Check, Outcome
from scanners.observations import WellKnown
from tests.scanners.building import AT, HOST, response
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
GOOD = {
    "issuer": f"https://{HOST}",
    "authorization_endpoint": f"https://{HOST}/authorize",
    "jwks_uri": f"https://{HOST}/keys",
    "grant_types_supported": ["authorization_code", "refresh_token"],
    "response_types_supported": ["code"],
    "code_challenge_methods_supported": ["S256"],
    "id_token_signing_alg_values_supported": ["ES256"],
}


def served(body: str, status: int = 200) -> WellKnown:
    return WellKnown(at=AT, documents={checks.PATH: response(body, url=f"https://{HOST}{checks.PATH}", status=status)})


def published(**changed: object) -> WellKnown:
    return served(json.dumps({**GOOD, **changed}))


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (checks.pkce_is_offered, published(), Outcome.PASS),
        (checks.pkce_is_offered, published(code_challenge_methods_supported=["S256", "plain"]), Outcome.WARN),
        (checks.pkce_is_offered, published(code_challenge_methods_supported=None), Outcome.FAIL),
        (checks.pkce_is_offered, published(grant_types_supported=["client_credentials"]), Outcome.NOT_APPLICABLE),
        (checks.flows_are_current, published(), Outcome.PASS),
        (checks.flows_are_current, published(grant_types_supported=["password"]), Outcome.FAIL),
        (checks.flows_are_current, published(response_types_supported=["code", "id_token token"]), Outcome.FAIL),
        (checks.tokens_are_signed, published(), Outcome.PASS),
        (checks.tokens_are_signed, published(id_token_signing_alg_values_supported=["RS256", "HS256"]), Outcome.WARN),
        (checks.tokens_are_signed, published(id_token_signing_alg_values_supported=["none"]), Outcome.FAIL),
        (checks.tokens_are_signed, published(id_token_signing_alg_values_supported="x"), Outcome.NOT_APPLICABLE),
        (checks.endpoints_are_encrypted, published(), Outcome.PASS),
        (checks.endpoints_are_encrypted, published(jwks_uri=f"http://{HOST}/keys"), Outcome.FAIL),
        (checks.endpoints_are_encrypted, published(issuer="https://other.example"), Outcome.FAIL),
        (checks.registration_is_known, published(), Outcome.PASS),
        (checks.registration_is_known, published(registration_endpoint=f"https://{HOST}/register"), Outcome.INFO),
    ],
)
def test_a_log_in_service_is_judged_by_its_metadata(check: Check, fact: WellKnown, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_metadata_nobody_saw_are_unknown(check: Check):
    assert when_blind(check) == BLIND


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (served("", 404), Outcome.NOT_APPLICABLE),
        (served("<!doctype html>the page for every path"), Outcome.NOT_APPLICABLE),
        (served("[]"), Outcome.NOT_APPLICABLE),
        (served("", 301), Outcome.NOT_APPLICABLE),
        (served("", 503), Outcome.UNKNOWN),
        (WellKnown(at=AT), Outcome.UNKNOWN),
    ],
)
def test_a_host_without_readable_metadata_is_not_judged(check: Check, fact: WellKnown, outcome: Outcome):
    assert says(check, fact)[0] is outcome


def test_the_issuer_may_be_the_host_that_a_redirect_led_to():
    www = response(
        json.dumps({**GOOD, "issuer": "https://www.example.test"}), url=f"https://www.example.test{checks.PATH}"
    )

    found = WellKnown(at=AT, documents={checks.PATH: www})

    assert says(checks.endpoints_are_encrypted, found, host="example.test")[0] is Outcome.PASS
