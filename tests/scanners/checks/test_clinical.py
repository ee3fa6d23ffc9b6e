"""Clinical interfaces that answer strangers."""

import json

import pytest

from scanners.checks import clinical as checks
from scanners.data.unpublished import Purpose
from scanners.model import Check, Outcome, Severity
from scanners.observations import Observation, UnpublishedPaths, WellKnown
from tests.scanners.building import AT, HOST, judge, response
from tests.scanners.building_domain import BLIND, says, when_blind
from tests.scanners.building_paths import one, paths

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
COUNT = "/fhir/Patient?_summary=count"
ENGINE = {"/webadmin/Index.action": Purpose.ENGINE, "/api/openapi.json": Purpose.ENGINE}
OAUTH = {"security": {"service": [{"coding": [{"code": "SMART-on-FHIR"}]}]}}
SMART = {"token_endpoint": "https://x/", "capabilities": ["launch-ehr"], "code_challenge_methods_supported": ["S256"]}


def engine(version: str = "") -> UnpublishedPaths:
    told = {"/api/openapi.json": (f"engine-version:{version}",)} if version else {}
    return paths(ENGINE, signs={"/webadmin/Index.action": ("engine:Mirth Connect",), **told})


def fhir(rest: object = None, smart: object = None, *, status: int = 404, base: str = "/fhir") -> WellKnown:
    statement = {"resourceType": "CapabilityStatement", "rest": [rest or {}]}
    served = {
        f"{base}/metadata": (200, statement),
        f"{base}{checks.SMART_PATH}": (200 if smart else status, smart or {}),
    }
    return WellKnown(
        at=AT,
        documents={
            path: response(
                json.dumps(body),
                url=f"https://{HOST}{path}",
                status=code,
                headers={"content-type": "application/json"},
            )
            for path, (code, body) in served.items()
        },
    )


@pytest.mark.parametrize(
    ("check", "seen", "outcome"),
    [
        (checks.fhir_does_not_search_for_strangers, one(COUNT, Purpose.FHIR), Outcome.PASS),
        (checks.fhir_does_not_search_for_strangers, one(COUNT, Purpose.FHIR, status=401), Outcome.PASS),
        (checks.fhir_does_not_search_for_strangers, one(COUNT, Purpose.FHIR, "fhir-open"), Outcome.FAIL),
        (checks.fhir_does_not_search_for_strangers, one(COUNT, Purpose.FHIR, "fhir-empty"), Outcome.WARN),
        (checks.fhir_does_not_search_for_strangers, one(COUNT, Purpose.FHIR, status=200, control=200), Outcome.UNKNOWN),
        (checks.archives_do_not_answer_strangers, one("/dicom-web/studies?x", Purpose.DICOMWEB), Outcome.PASS),
        (
            checks.archives_do_not_answer_strangers,
            one("/dicom-web/studies?x", Purpose.DICOMWEB, "dicomweb-open"),
            Outcome.FAIL,
        ),
        (checks.orthanc_is_guarded, one("/system", Purpose.ORTHANC), Outcome.PASS),
        (checks.orthanc_is_guarded, one("/system", Purpose.ORTHANC, "orthanc-login"), Outcome.WARN),
        (checks.orthanc_is_guarded, one("/system", Purpose.ORTHANC, "orthanc-open"), Outcome.FAIL),
        (checks.engines_are_not_open, one("/webadmin/Index.action", Purpose.ENGINE), Outcome.PASS),
        (checks.engines_are_not_open, engine(), Outcome.WARN),
        (checks.engines_are_not_open, engine("4.5.2"), Outcome.WARN),
        (checks.engines_are_not_open, engine("4.10.0"), Outcome.WARN),
        (checks.engines_are_not_open, engine("4.4.0"), Outcome.FAIL),
        (checks.engines_are_not_open, engine("3.12"), Outcome.FAIL),
        (checks.smart_is_published, WellKnown(at=AT), Outcome.NOT_APPLICABLE),
        (checks.smart_is_published, fhir(OAUTH, SMART), Outcome.PASS),
        (checks.smart_is_published, fhir(OAUTH, SMART, base=""), Outcome.PASS),
        (checks.smart_is_published, fhir(OAUTH), Outcome.WARN),
        (checks.smart_is_published, fhir(OAUTH, status=503), Outcome.UNKNOWN),
        (checks.smart_is_published, fhir(), Outcome.INFO),
        (
            checks.smart_is_published,
            fhir(OAUTH, {**SMART, "code_challenge_methods_supported": ["S256", "plain"]}),
            Outcome.FAIL,
        ),
        (checks.smart_is_published, fhir(OAUTH, {**SMART, "code_challenge_methods_supported": []}), Outcome.WARN),
    ],
)
def test_a_clinical_interface_is_judged_by_its_answers(check: Check, seen: Observation, outcome: Outcome):
    assert says(check, seen)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_what_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_a_log_in_that_shows_weighs_less_than_an_open_door():
    assert (
        judge(checks.orthanc_is_guarded, one("/system", Purpose.ORTHANC, "orthanc-open")).severity is Severity.CRITICAL
    )
    assert judge(checks.orthanc_is_guarded, one("/system", Purpose.ORTHANC, "orthanc-login")).severity is Severity.HIGH
    assert "Mirth Connect 4.4.0" in says(checks.engines_are_not_open, engine("4.4.0"))[1]
