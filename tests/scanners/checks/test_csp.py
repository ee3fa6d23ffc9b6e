"""What a Content-Security-Policy lets run."""

import pytest

from scanners.checks import csp
from scanners.model import Check, Outcome
from tests.scanners.building import outcome, page_with

ALL = [check for check in vars(csp).values() if isinstance(check, Check)]
STRICT = (
    "default-src 'self'; script-src 'nonce-abc123' 'strict-dynamic' 'unsafe-inline' https:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'"
)
CSP = "content-security-policy"


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_strict_policy_passes(check):
    assert outcome(check, page_with({CSP: STRICT})) is Outcome.PASS


@pytest.mark.parametrize("check", [check for check in ALL if check.id != "web.csp-present"], ids=lambda check: check.id)
def test_without_a_policy_only_its_absence_is_judged(check):
    assert outcome(check, page_with()) is Outcome.NOT_APPLICABLE


def test_a_missing_policy_fails_and_a_reporting_one_warns():
    reporting = page_with({f"{CSP}-report-only": STRICT})

    assert outcome(csp.a_policy_is_in_force, page_with()) is Outcome.FAIL
    assert outcome(csp.a_policy_is_in_force, reporting) is Outcome.WARN


def test_a_policy_in_the_page_counts_but_cannot_forbid_framing():
    inside = f'<meta http-equiv="Content-Security-Policy" content="{STRICT}">'
    framing = '<meta http-equiv="Content-Security-Policy" content="frame-ancestors \'none\'">'

    assert outcome(csp.a_policy_is_in_force, page_with(body=inside)) is Outcome.PASS
    assert outcome(csp.a_policy_is_in_force, page_with(body=framing)) is Outcome.FAIL


@pytest.mark.parametrize(
    ("check", "policy", "expected"),
    [
        (csp.only_own_scripts_run, "default-src 'self' 'unsafe-inline'", Outcome.FAIL),
        (csp.only_own_scripts_run, "script-src 'self' data:", Outcome.FAIL),
        (csp.only_own_scripts_run, "script-src *", Outcome.FAIL),
        (csp.only_own_scripts_run, "script-src https:", Outcome.FAIL),
        (csp.only_own_scripts_run, "upgrade-insecure-requests", Outcome.FAIL),
        (csp.only_own_scripts_run, "script-src 'self' 'unsafe-inline' 'nonce-abc'", Outcome.PASS),
        (csp.only_own_scripts_run, "script-src https: 'nonce-abc'", Outcome.FAIL),
        (csp.only_own_scripts_run, "script-src 'unsafe-inline', script-src 'self'", Outcome.PASS),
        (csp.only_own_scripts_run, "default-src 'none'", Outcome.PASS),
        (csp.text_does_not_become_code, "script-src 'self' 'unsafe-eval'", Outcome.WARN),
        (csp.text_does_not_become_code, "style-src 'unsafe-eval'; script-src 'self'", Outcome.WARN),
        (csp.plugins_base_and_forms_are_closed, "default-src 'self'", Outcome.WARN),
        (csp.plugins_base_and_forms_are_closed, "object-src *; base-uri 'none'; form-action 'self'", Outcome.WARN),
        (csp.no_host_with_everybodys_code, "script-src 'self' cdn.jsdelivr.net", Outcome.WARN),
        (csp.no_host_with_everybodys_code, "script-src https://*.googleapis.com", Outcome.WARN),
        (csp.no_host_with_everybodys_code, "script-src https://cdn.jsdelivr.net/npm/vue@3.5.1/dist/", Outcome.PASS),
        (csp.browsers_understand_the_policy, "script-src self", Outcome.WARN),
        (csp.browsers_understand_the_policy, "default-src 'self'; default-src *", Outcome.WARN),
        (csp.browsers_understand_the_policy, "defaul-src 'self'", Outcome.WARN),
        (csp.browsers_understand_the_policy, "script-src 'none' https://a.test", Outcome.WARN),
        (csp.browsers_understand_the_policy, "script-src 'strict-dynamic'", Outcome.WARN),
    ],
)
def test_a_policy_is_read_as_browsers_do(check, policy, expected):
    assert outcome(check, page_with({CSP: policy})) is expected
