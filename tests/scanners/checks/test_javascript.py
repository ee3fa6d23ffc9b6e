"""JavaScript libraries and secrets in the code of a page."""

import pytest

from scanners.checks import javascript as checks
from scanners.model import Check, Outcome, Severity
from scanners.observations import Observation, Page, Script, Scripts
from tests.scanners.building import AT, HOST, judge, page, page_with
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
OLD_JQUERY = Script(url=f"https://{HOST}/js/jquery-1.12.4.min.js", body="/*! jQuery v1.12.4 | (c) jQuery Foundation */")
NEW_JQUERY = Script(url=f"https://{HOST}/js/jquery-3.7.1.min.js", body="/*! jQuery v3.7.1 | (c) OpenJS Foundation */")
BUNDLE = Script(url=f"https://{HOST}/js/app.47a9c871.js", body="console.log('hello')")
# Put together here, so that no scanner of this repository takes the test for a leak.
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
MAPS = "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"


def scripts(*found: Script) -> Scripts:
    return Scripts(at=AT, scripts=found)


def code(body: str, **fields: object) -> list[Observation]:
    return [page(), scripts(Script(url=f"https://{HOST}/app.js", body=body, **fields))]


@pytest.mark.parametrize(
    ("check", "facts", "outcome"),
    [
        (checks.no_library_is_vulnerable, [scripts(NEW_JQUERY, BUNDLE)], Outcome.PASS),
        (checks.no_library_is_vulnerable, [scripts(OLD_JQUERY)], Outcome.FAIL),
        (checks.libraries_are_supported, [scripts(NEW_JQUERY)], Outcome.PASS),
        (checks.libraries_are_supported, [scripts(OLD_JQUERY)], Outcome.WARN),
        (checks.libraries_are_listed, [scripts(NEW_JQUERY)], Outcome.INFO),
        (checks.libraries_are_listed, [scripts(BUNDLE)], Outcome.INFO),
        (checks.code_holds_no_secrets, code("let a = 1"), Outcome.PASS),
        (checks.code_holds_no_secrets, code(f"let t = '{TOKEN}'"), Outcome.FAIL),
        (checks.code_holds_no_secrets, code(f"let t = '{TOKEN}'", cross_origin=True), Outcome.PASS),
        (checks.code_holds_no_secrets, code("let t = 'ghp_" + "x" * 36 + "'"), Outcome.PASS),
        (checks.code_holds_no_secrets, code(f"let k = '{MAPS}'"), Outcome.INFO),
        (checks.code_holds_no_secrets, [page_with(body=f"<script>k='{TOKEN}'</script>"), scripts()], Outcome.FAIL),
        (checks.code_holds_no_secrets, [Page(at=AT, hops=()), scripts()], Outcome.PASS),
    ],
)
def test_javascript_is_judged_by_what_the_page_loads(check: Check, facts: list[Observation], outcome: Outcome):
    assert says(check, *facts)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_javascript_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_the_fact_names_library_weakness_and_data():
    text = says(checks.no_library_is_vulnerable, scripts(OLD_JQUERY))[1]

    assert "jquery 1.12.4" in text
    assert "CVE-" in text
    assert "unretiredjs" in text


def test_severity_is_that_of_the_worst_hole():
    assert judge(checks.no_library_is_vulnerable, scripts(OLD_JQUERY)).severity is Severity.MEDIUM


def test_a_secret_is_never_repeated_in_full():
    assert TOKEN not in says(checks.code_holds_no_secrets, *code(f"let t = '{TOKEN}'"))[1]
