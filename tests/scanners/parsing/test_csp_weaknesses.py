"""What weakens a policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import csp, csp_weaknesses
from scanners.parsing.csp_weaknesses import Bypasses

STRICT = "script-src 'nonce-abcdefgh' 'strict-dynamic'; object-src 'none'; base-uri 'none'"
OPEN = Bypasses(
    callbacks=("//jsonp.test/api/cb",),
    frameworks=("//libs.test/angular.js",),
    plugins=("//flash.test/x.swf",),
    needing_eval=frozenset({"jsonp.test"}),
)


def found(text: str, bypasses: Bypasses = csp_weaknesses.NO_BYPASSES) -> set[tuple[str, str, str]]:
    (policy,) = csp.parse([text])
    return {(one.kind, one.directive, one.value or "") for one in csp_weaknesses.weaknesses(policy, bypasses)}


def strict(text: str) -> set[str]:
    (policy,) = csp.parse([text])
    return {one.kind for one in csp_weaknesses.strictness(policy)}


def test_a_strict_policy_has_no_weakness():
    assert found(STRICT) == set()
    assert strict(STRICT + "; require-trusted-types-for 'script'") == {"ALLOWLIST_FALLBACK", "UNSAFE_INLINE_FALLBACK"}


@pytest.mark.parametrize(
    ("text", "weakness"),
    [
        ("script-src 'unsafe-inline'", ("SCRIPT_UNSAFE_INLINE", "script-src", "'unsafe-inline'")),
        ("default-src 'UNSAFE-INLINE'", ("SCRIPT_UNSAFE_INLINE", "default-src", "'unsafe-inline'")),
        ("script-src 'unsafe-hashes'", ("SCRIPT_UNSAFE_HASHES", "script-src", "'unsafe-hashes'")),
        ("script-src 'unsafe-eval'", ("SCRIPT_UNSAFE_EVAL", "script-src", "'unsafe-eval'")),
        ("script-src HTTPS:", ("PLAIN_URL_SCHEMES", "script-src", "https:")),
        ("script-src http://*", ("PLAIN_WILDCARD", "script-src", "http://*")),
        ("base-uri //*", ("PLAIN_WILDCARD", "base-uri", "//*")),
        ("script-src 'none'", ("MISSING_DIRECTIVES", "object-src", "")),
        ("object-src 'none'", ("MISSING_DIRECTIVES", "script-src", "")),
        ("script-src 'nonce-abcdefgh'", ("MISSING_DIRECTIVES", "base-uri", "")),
        ("script-src 'self'", ("SCRIPT_ALLOWLIST_BYPASS", "script-src", "'self'")),
        ("object-src 'self'", ("OBJECT_ALLOWLIST_BYPASS", "object-src", "'self'")),
        ("img-src https://[::1]:80/x", ("IP_SOURCE", "img-src", "https://[::1]:80/x")),
        ("img-src 192.0.2.1", ("IP_SOURCE", "img-src", "192.0.2.1")),
        ("script-src 'nonce-abc'", ("NONCE_LENGTH", "script-src", "'nonce-abc'")),
        ("script-src 'nonce-abcdefgh$'", ("NONCE_CHARSET", "script-src", "'nonce-abcdefgh$'")),
        ("img-src http://a.test", ("SRC_HTTP", "img-src", "http://a.test")),
        ("referrer origin", ("DEPRECATED_DIRECTIVE", "referrer", "")),
        ("scrpt-src 'self'", ("UNKNOWN_DIRECTIVE", "scrpt-src", "")),
        ("script-src 'self' object-src", ("MISSING_SEMICOLON", "script-src", "object-src")),
        ("script-src self", ("INVALID_KEYWORD", "script-src", "self")),
        ("script-src 'sefl'", ("INVALID_KEYWORD", "script-src", "'sefl'")),
        ("script-src nonce-abcdefgh", ("INVALID_KEYWORD", "script-src", "nonce-abcdefgh")),
        ("trusted-types 'script'", ("INVALID_KEYWORD", "trusted-types", "'script'")),
    ],
)
def test_each_weakness(text: str, weakness: tuple[str, str, str]):
    assert weakness in found(text)


def test_what_nonces_and_strict_dynamic_switch_off_is_ignored():
    weaknesses = found("script-src 'nonce-abcdefgh' 'strict-dynamic' 'unsafe-inline' https: a.test")

    assert {kind for kind, _directive, _value in weaknesses} == {"IGNORED", "MISSING_DIRECTIVES"}


def test_a_directive_for_elements_is_judged_by_its_own_sources():
    weaknesses = found("script-src 'nonce-abcdefgh'; script-src-elem 'unsafe-inline'")

    assert ("SCRIPT_UNSAFE_INLINE", "script-src-elem", "'unsafe-inline'") in weaknesses


@pytest.mark.parametrize(
    ("source", "is_open"),
    [
        ("libs.test", True),
        ("*.test", True),
        ("https://libs.test:*", True),
        ("libs.test/angular.js", True),
        ("libs.test/other.js", False),
        ("jsonp.test", False),
        ("jsonp.test 'unsafe-eval'", True),
        ("jsonp.test/api/ 'unsafe-eval'", True),
        ("elsewhere.test", False),
    ],
)
def test_well_known_ways_round_a_list_of_hosts(source: str, is_open: bool):
    (policy,) = csp.parse([f"script-src {source}"])
    severities = {
        one.severity for one in csp_weaknesses.weaknesses(policy, OPEN) if one.kind == "SCRIPT_ALLOWLIST_BYPASS"
    }

    assert ("HIGH" in severities) is is_open


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("script-src a.test", "STRICT_DYNAMIC"),
        ("script-src 'strict-dynamic'", "STRICT_DYNAMIC_NOT_STANDALONE"),
        ("script-src 'nonce-abcdefgh'", "UNSAFE_INLINE_FALLBACK"),
        ("script-src 'nonce-abcdefgh' 'strict-dynamic'", "ALLOWLIST_FALLBACK"),
        ("script-src 'self'", "REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS"),
    ],
)
def test_how_far_from_strict(text: str, kind: str):
    assert kind in strict(text)


@given(st.text(alphabet="abc-src:;'*/.[]@# nonceé", max_size=80))
def test_any_policy_is_judged(text: str):
    for policy in csp.parse([text]):
        csp_weaknesses.weaknesses(policy, OPEN)
        csp_weaknesses.strictness(policy)
