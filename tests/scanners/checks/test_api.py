"""Descriptions of interfaces, FHIR metadata, and answers that every foreign page may read."""

import json

import pytest

from scanners.checks import api as checks
from scanners.model import Check, Outcome, Severity
from scanners.observations import Observation, Response, WellKnown
from tests.scanners.building import AT, HOST, judge, login, page, page_with, response
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
OPEN = {"openapi": "3.1.0", "paths": {"/patients": {"get": {}, "parameters": []}}}
GUARDED = {**OPEN, "security": [{"oauth": []}]}
SECURED = {"mode": "server", "security": {"service": []}, "resource": []}


def answer(document: object, *, path: str = "/openapi.json", status: int = 200, **headers: str) -> Response:
    named = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    body = document if isinstance(document, str) else json.dumps(document)
    return response(body, url=f"https://{HOST}{path}", status=status, headers=named)


def fhir(rest: object, **more: object) -> WellKnown:
    statement = {"resourceType": "CapabilityStatement", "rest": rest, **more}
    return WellKnown(at=AT, documents={"/fhir/metadata": answer(statement, path="/fhir/metadata")})


def served(*answers: Response) -> list[Observation]:
    return [page(), WellKnown(at=AT, documents={one.url: one for one in answers})]


BARE = {"mode": "server", "resource": [{"interaction": [{"code": "read"}]}]}
WRITING = {"mode": "server", "resource": [{"interaction": [{"code": "create"}]}]}
SWAGGER_UI = '<!doctype html><div id="swagger-ui"></div>'


@pytest.mark.parametrize(
    ("check", "facts", "outcome"),
    [
        (checks.no_description_is_linked, [page()], Outcome.PASS),
        (checks.no_description_is_linked, [page_with(body='<a href="/swagger/index.html">API</a>')], Outcome.WARN),
        (
            checks.no_description_is_linked,
            [page_with(body='<a href="https://petstore.example.org/openapi.json">x</a>')],
            Outcome.PASS,
        ),
        (checks.no_description_is_linked, [page_with(body=SWAGGER_UI)], Outcome.WARN),
        (checks.no_description_is_linked, [page(response(status=503))], Outcome.UNKNOWN),
        (checks.interfaces_name_a_limit, [page()], Outcome.NOT_APPLICABLE),
        (checks.interfaces_name_a_limit, served(answer({})), Outcome.INFO),
        (checks.interfaces_name_a_limit, served(answer({}, ratelimit_policy="10;w=1")), Outcome.PASS),
        (checks.links_show_no_running_numbers, [page()], Outcome.PASS),
        (checks.links_show_no_running_numbers, [page_with(body='<a href="/patient/1042">x</a>')], Outcome.INFO),
        (checks.links_show_no_running_numbers, [page_with(body='<a href="/x?pid=7&a=1">x</a>')], Outcome.INFO),
        (checks.links_show_no_running_numbers, [page_with(body='<a href="/news/2026">x</a>')], Outcome.PASS),
        (checks.interfaces_are_not_shared, [page()], Outcome.NOT_APPLICABLE),
        (checks.interfaces_are_not_shared, served(answer({})), Outcome.PASS),
        (checks.interfaces_are_not_shared, served(answer({}, access_control_allow_origin="*")), Outcome.INFO),
        (
            checks.interfaces_are_not_shared,
            served(answer({}, status=401, access_control_allow_origin="*")),
            Outcome.WARN,
        ),
        (checks.fhir_describes_its_security, [fhir([SECURED])], Outcome.INFO),
        (checks.fhir_describes_its_security, [fhir([BARE])], Outcome.WARN),
        (checks.fhir_describes_its_security, [fhir([WRITING])], Outcome.WARN),
        (
            checks.fhir_describes_its_security,
            [fhir([SECURED], software={"name": "HAPI", "version": "6.2"})],
            Outcome.WARN,
        ),
        (checks.fhir_describes_its_security, [fhir("nonsense")], Outcome.WARN),
        (checks.fhir_describes_its_security, [WellKnown(at=AT)], Outcome.NOT_APPLICABLE),
    ],
)
def test_an_interface_is_judged_by_its_answers(check: Check, facts: list[Observation], outcome: Outcome):
    assert says(check, *facts)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_an_interface_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_operations_without_log_in_make_it_high():
    linked = page_with({"content-type": "application/json"}, body=json.dumps(OPEN))

    finding = judge(checks.no_description_is_linked, linked)

    assert finding.severity is Severity.HIGH
    assert "GET /patients" in finding.fact.render()


def test_running_numbers_show_on_log_in_pages_and_in_forms_too():
    behind = response('<form action="/termine/88"><input type=password></form>', url=f"https://{HOST}/anmelden")

    assert says(checks.links_show_no_running_numbers, page(), login(behind))[0] is Outcome.INFO


def test_a_number_that_may_be_a_persons_stays_out_of_the_report():
    text = says(checks.links_show_no_running_numbers, page_with(body='<a href="/patient/1042">x</a>'))[1]

    assert "/patient/####" in text
