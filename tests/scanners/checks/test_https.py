"""HTTPS and HSTS."""

import pytest

from scanners import checking
from scanners.checks import https
from scanners.datasets import DataSets
from scanners.model import Check, Outcome
from scanners.observations import CleartextPage, Page, Reason
from tests.scanners.building import (
    AT,
    DOMAIN,
    HOST,
    cleartext,
    judge,
    outcome,
    page,
    page_with,
    port_80_closed,
    redirect,
    response,
    seen,
)

ALL = [check for check in vars(https).values() if isinstance(check, Check)]
YEAR = "max-age=31536000; includeSubDomains"
HSTS = "strict-transport-security"


def hsts(value: str) -> Page:
    return page_with({HSTS: value})


def http_answers(**kwargs) -> CleartextPage:
    return cleartext(response(url=f"http://{HOST}/", **kwargs))


# Being preloaded is told and never asked for.
JUDGING = [check for check in ALL if check is not https.preloading_is_told]


@pytest.mark.parametrize("check", JUDGING, ids=lambda check: check.id)
def test_a_host_of_today_passes(check):
    assert outcome(check, hsts(YEAR), cleartext()) is Outcome.PASS


def test_a_closed_port_443_beside_an_open_port_80_is_a_failure():
    facts = seen(cleartext(), blind={Page: Reason.REFUSED})

    finding = checking.run(https.host_answers_over_https, facts)

    assert (finding.outcome, finding.provisional) == (Outcome.FAIL, True)


def test_https_that_only_leads_back_is_none():
    back = page(redirect(f"http://{HOST}/"), response(url=f"http://{HOST}/"))

    assert outcome(https.host_answers_over_https, back) is Outcome.FAIL


def test_two_closed_ports_are_no_web_server():
    facts = seen(port_80_closed(), blind={Page: Reason.REFUSED})

    assert checking.run(https.host_answers_over_https, facts).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.RESET, Reason.VANTAGE, Reason.DEADLINE])
def test_a_page_that_could_not_be_seen_is_not_a_missing_page(reason):
    facts = seen(cleartext(), blind={Page: reason})

    assert checking.run(https.host_answers_over_https, facts).outcome is Outcome.UNKNOWN


def test_a_refused_page_without_a_look_at_port_80_is_unknown():
    assert checking.run(https.host_answers_over_https, seen(blind={Page: Reason.REFUSED})).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (port_80_closed(), Outcome.PASS),
        (cleartext(redirect(f"https://{HOST}/login", url=f"http://{HOST}/")), Outcome.PASS),
        (cleartext(redirect("https://www.example.test/", url=f"http://{HOST}/")), Outcome.WARN),
        (
            cleartext(
                redirect(f"http://{HOST}/start", url=f"http://{HOST}/"),
                redirect(f"https://{HOST}/start", url=f"http://{HOST}/start"),
            ),
            Outcome.WARN,
        ),
        (cleartext(redirect("/start", url=f"http://{HOST}/"), response(url=f"http://{HOST}/start")), Outcome.FAIL),
        (http_answers(), Outcome.FAIL),
        (http_answers(status=426), Outcome.PASS),
        (http_answers(status=503), Outcome.UNKNOWN),
        (http_answers(status=200, headers={"cf-mitigated": "challenge"}), Outcome.UNKNOWN),
        (CleartextPage(at=AT), Outcome.UNKNOWN),
    ],
)
def test_the_first_redirect_decides(load, expected):
    assert outcome(https.http_leads_to_https, load) is expected


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (page(redirect(f"https://{HOST}/a"), response(tls_verified=False)), Outcome.FAIL),
        (page(redirect(f"https://{HOST}/a"), response()), Outcome.PASS),
        (Page(at=AT, hops=()), Outcome.UNKNOWN),
    ],
)
def test_one_invalid_step_fails_the_way(load, expected):
    assert outcome(https.every_step_has_a_valid_certificate, load) is expected


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (page(), Outcome.FAIL),
        (hsts("max-age=0"), Outcome.FAIL),
        (hsts("max-age=86400"), Outcome.FAIL),
        (hsts("max-age=15768000"), Outcome.WARN),
        (hsts("max-age=31536000"), Outcome.PASS),
        (hsts("max-age=31536000, max-age=31536000"), Outcome.FAIL),
        (hsts("includeSubDomains"), Outcome.FAIL),
        (page_with([(HSTS, YEAR), (HSTS, "max-age=0")]), Outcome.PASS),
        (page(response(headers={HSTS: YEAR}, tls_verified=False)), Outcome.FAIL),
        (page(redirect("https://elsewhere.test/", **{HSTS: YEAR}), left_host_to="elsewhere.test"), Outcome.PASS),
        (page(redirect("https://elsewhere.test/"), left_host_to="elsewhere.test"), Outcome.FAIL),
        (page(response(status=503)), Outcome.UNKNOWN),
        (page(response(status=403, headers={"server": "AkamaiGHost"})), Outcome.UNKNOWN),
        (page(response(status=403)), Outcome.FAIL),
        (Page(at=AT, hops=()), Outcome.UNKNOWN),
    ],
)
def test_hsts_is_judged_on_the_host_itself(load, expected):
    assert outcome(https.hsts_keeps_browsers_on_https, load) is expected


@pytest.mark.parametrize(
    ("value", "host", "expected"),
    [
        ("max-age=31536000", DOMAIN, Outcome.WARN),
        ("max-age=31536000", HOST, Outcome.NOT_APPLICABLE),
        (YEAR, DOMAIN, Outcome.PASS),
        ("max-age=0", DOMAIN, Outcome.NOT_APPLICABLE),
    ],
)
def test_subdomains_are_asked_of_the_domain(value, host, expected):
    load = page(response(url=f"https://{host}/", headers={HSTS: value}))

    assert outcome(https.hsts_covers_all_hosts, load, host=host) is expected


@pytest.mark.parametrize(
    ("value", "http", "expected"),
    [
        ("max-age=31536000; includeSubDomains; preload", f"https://{DOMAIN}/", Outcome.PASS),
        ("max-age=31536000; preload", f"https://{DOMAIN}/", Outcome.WARN),
        ("max-age=31536000; includeSubDomains; preload", "https://www.example.test/", Outcome.WARN),
        ("max-age=31536000", f"https://{DOMAIN}/", Outcome.PASS),
    ],
)
def test_preload_promises_its_conditions(value, http, expected):
    load = page(response(url=f"https://{DOMAIN}/", headers={HSTS: value}))
    plain = cleartext(redirect(http, url=f"http://{DOMAIN}/"))

    assert outcome(https.preload_keeps_what_it_promises, load, plain, host=DOMAIN) is expected


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (port_80_closed(), Outcome.PASS),
        (http_answers(headers={"content-type": "application/fhir+json"}, body="{}"), Outcome.FAIL),
        (http_answers(headers={"content-type": "application/json"}, status=401), Outcome.FAIL),
        (http_answers(headers={"content-type": "application/json"}, status=404), Outcome.PASS),
        (http_answers(), Outcome.PASS),
        (CleartextPage(at=AT), Outcome.UNKNOWN),
    ],
)
def test_an_interface_on_port_80_is_a_failure(load, expected):
    assert outcome(https.no_interface_answers_without_encryption, load) is expected


def test_the_fact_tells_the_number_that_was_seen():
    assert judge(https.hsts_keeps_browsers_on_https, hsts("max-age=300")).fact.render() == (
        "max-age is 300 seconds; that is too short."
    )


@pytest.mark.parametrize("reason", [Reason.CHALLENGED, Reason.THROTTLED])
def test_a_wall_has_answered_over_https_as_well(reason):
    finding = checking.run(https.host_answers_over_https, seen(port_80_closed(), blind={Page: reason}))

    assert finding.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("listed", "result"),
    [
        ({}, Outcome.INFO),
        ({"other.test": True}, Outcome.INFO),
        ({HOST: False}, Outcome.PASS),
        ({"example.test": True}, Outcome.PASS),
        ({"example.test": False}, Outcome.INFO),
    ],
)
def test_preloading_is_told_and_never_a_fault(listed, result):
    """hstspreload.org: "While HSTS is recommended, HSTS preloading is not recommended"."""
    data = DataSets(version="x", preloaded=listed)
    found = checking.run(https.preloading_is_told, seen(hsts(YEAR)).with_data(data))

    assert found.outcome is result
