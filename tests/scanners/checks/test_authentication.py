"""Log-in pages as they can be seen from outside."""

import pytest

from scanners.checks import authentication
from scanners.model import Check, Outcome
from scanners.observations import WellKnown
from tests.scanners.building import AT, HOST, cleartext, login, outcome, page, port_80_closed, response

ALL = [check for check in vars(authentication).values() if isinstance(check, Check)]
GOOD_FORM = (
    '<p>Passkeys welcome<form method="post" action="/login">'
    '<input type="hidden" name="csrf_token" value="x"><input type="password" name="p"></form>'
)


def form(attributes: str, extra: str = "") -> str:
    return f"<form {attributes}><input name=u><input type=password name=p>{extra}</form>"


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_careful_log_in_passes(check):
    assert outcome(check, page(response(GOOD_FORM)), login(), port_80_closed()) is Outcome.PASS


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_without_a_log_in_there_is_nothing_to_judge(check):
    found = outcome(check, page(), login(), port_80_closed())

    assert found is (Outcome.PASS if check.id == "auth.basic-over-http" else Outcome.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("check", "body", "expected"),
    [
        (authentication.passwords_travel_encrypted, form(f"action=http://{HOST}/login"), Outcome.FAIL),
        (authentication.passwords_stay_with_the_vendor, form("action=https://other.test/login"), Outcome.WARN),
        (
            authentication.passwords_stay_with_the_vendor,
            form("action=https://login.microsoftonline.com/x"),
            Outcome.PASS,
        ),
        (authentication.passwords_stay_with_the_vendor, form("action=https://login.example.test/x"), Outcome.PASS),
        (authentication.passwords_stay_out_of_addresses, form("method=GET action=/login"), Outcome.FAIL),
        (authentication.passwords_stay_out_of_addresses, form("action=/login"), Outcome.FAIL),
        (authentication.passwords_stay_out_of_addresses, form("class=app"), Outcome.WARN),
        (authentication.login_is_guarded_against_forgery, form("method=post"), Outcome.INFO),
        (
            authentication.login_is_guarded_against_forgery,
            form("method=post", "<input type=hidden name=x value=8f14e45fceea167a5a36dedd4bea2543>"),
            Outcome.PASS,
        ),
        (
            authentication.no_foreign_scripts_at_the_login,
            form("method=post") + "<script src=https://cdn.other.test/a.js></script>",
            Outcome.WARN,
        ),
        (
            authentication.no_foreign_scripts_at_the_login,
            form("method=post") + "<script src=https://www.googletagmanager.com/gtm.js></script>",
            Outcome.FAIL,
        ),
        (
            authentication.no_foreign_scripts_at_the_login,
            form("method=post") + "<script src=https://cdn.other.test/a.js integrity=sha384-x></script>",
            Outcome.PASS,
        ),
        (authentication.login_hints_at_a_second_factor, form("method=post"), Outcome.INFO),
        (
            authentication.password_managers_work,
            "<form><input type=password autocomplete=off></form>",
            Outcome.INFO,
        ),
    ],
)
def test_a_careless_log_in_is_found_out(check, body, expected):
    assert outcome(check, page(response(body)), login(), port_80_closed()) is expected


def test_a_log_in_behind_the_start_page_is_judged_too():
    deep = login(response(form("method=get"), url=f"https://{HOST}/anmelden"))

    assert outcome(authentication.passwords_stay_out_of_addresses, page(), deep) is Outcome.FAIL


def test_a_password_field_on_a_page_without_encryption_is_critical():
    plain = cleartext(response(form("method=post"), url=f"http://{HOST}/"))

    assert outcome(authentication.passwords_travel_encrypted, page(), login(), plain) is Outcome.FAIL


def test_same_site_on_the_session_guards_the_form_as_well():
    load = page(response(form("method=post"), headers={"set-cookie": "sid=1; SameSite=Lax"}))

    assert outcome(authentication.login_is_guarded_against_forgery, load, login()) is Outcome.PASS


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [('Basic realm="x"', Outcome.WARN), ("NTLM", Outcome.WARN), ("Bearer", Outcome.PASS)],
)
def test_the_browsers_own_log_in_over_tls_is_a_warning(challenge, expected):
    load = page(response(status=401, headers={"www-authenticate": challenge}))

    assert outcome(authentication.browser_login_is_not_used, load, port_80_closed()) is expected


def test_the_browsers_own_log_in_without_tls_fails():
    plain = cleartext(response(url=f"http://{HOST}/", status=401, headers={"www-authenticate": "Basic"}))

    assert outcome(authentication.browser_login_is_not_used, page(), plain) is Outcome.FAIL


def test_published_metadata_hint_at_a_second_factor():
    path = "/.well-known/openid-configuration"
    metadata = response('{"acr_values_supported": ["mfa"]}', headers={"content-type": "application/json"})

    published = WellKnown(at=AT, documents={path: metadata})

    assert outcome(authentication.login_hints_at_a_second_factor, page(), login(), published) is Outcome.PASS


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("openid-configuration", '{"acr_values_supported": ["mfa"]}', Outcome.PASS),
        ("openid-configuration", '{"acr_values_supported": ["http://eidas.europa.eu/LoA/substantial"]}', Outcome.PASS),
        ("openid-configuration", '{"acr_values_supported": ["0", "1"]}', Outcome.NOT_APPLICABLE),
        ("openid-configuration", '{"acr_values_supported": 2}', Outcome.NOT_APPLICABLE),
        ("openid-configuration", '"acr_values_supported": ["mfa"]', Outcome.NOT_APPLICABLE),
        ("webauthn", '{"origins": ["https://portal.example.test"]}', Outcome.PASS),
        ("webauthn", '{"error": "not found"}', Outcome.NOT_APPLICABLE),
        ("webauthn", "every path gets this", Outcome.NOT_APPLICABLE),
    ],
)
def test_only_what_speaks_of_a_second_factor_hints_at_one(path, body, expected):
    told = response(body, headers={"content-type": "application/json"})
    published = WellKnown(at=AT, documents={f"/.well-known/{path}": told})

    assert outcome(authentication.login_hints_at_a_second_factor, page(), login(), published) is expected


@pytest.mark.parametrize("action", ["#", "#login", "javascript:void(0)", ""])
def test_a_form_that_a_script_sends_is_no_proof_of_get(action):
    load = page(response(form(f'action="{action}"')))

    assert outcome(authentication.passwords_stay_out_of_addresses, load, login()) is Outcome.WARN
