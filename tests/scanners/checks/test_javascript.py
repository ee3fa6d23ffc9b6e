"""JavaScript libraries and secrets in the code of a page."""

from datetime import date

import pytest

from scanners import checking
from scanners.checks import javascript as checks
from scanners.datasets import DataSets
from scanners.model import Check, Finding, Outcome, Severity
from scanners.observations import Observation, Page, Script, Scripts
from tests.scanners.building import AT, HOST, judge, page, page_with, seen
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


LIBRARY = {
    "jquery": {
        "extractors": {"filecontent": [r"jQuery v([0-9][0-9.a-z_\-]+)"], "filename": [r"jquery-([0-9][0-9.]+)\.js"]},
        "vulnerabilities": [
            {
                "below": "3.5.0",
                "severity": "high",
                "excludes": ["1.12.4-aem"],
                "identifiers": {"CVE": ["CVE-2020-11023"]},
            }
        ],
    }
}


def judged_by(data: DataSets, *found: Script) -> Finding:
    return checking.run(checks.no_library_is_vulnerable, seen(scripts(*found)).with_data(data))


def test_what_was_matched_is_shown():
    found = judged_by(DataSets(version="x", libraries=LIBRARY), OLD_JQUERY)

    assert "/js/jquery-1.12.4.min.js: jQuery v1.12.4" in found.fact.render()


def test_one_sign_alone_is_no_grave_finding():
    """F8, burp-retire-js #473: a bundle that mentions a library once."""
    only_once = Script(url=f"https://{HOST}/app.js", body="/* jQuery v1.12.4 */")
    twice = Script(url=f"https://{HOST}/jquery-1.12.4.js", body="/* jQuery v1.12.4 */")
    data = DataSets(version="x", libraries=LIBRARY)

    assert judged_by(data, only_once).severity is Severity.MEDIUM
    assert judged_by(data, twice).severity is Severity.HIGH


def test_a_version_that_a_distributor_mended_is_none():
    """F8: the list's own `excludes`."""
    mended = Script(url=f"https://{HOST}/jquery-1.12.4.js", body="/*! jQuery v1.12.4-aem */")

    assert judged_by(DataSets(version="x", libraries=LIBRARY), mended).outcome is Outcome.PASS


def test_a_hole_that_is_used_in_attacks_is_named_as_such():
    data = DataSets(version="x", libraries=LIBRARY, exploited={"CVE-2020-11023": date(2025, 1, 23)})

    assert "Used in attacks, says CISA: CVE-2020-11023" in judged_by(data, OLD_JQUERY).fact.render()


def test_fetched_ends_of_libraries_count():
    data = DataSets(version="x", lifecycles={"jquery": {"3": date(2026, 1, 1)}})
    found = checking.run(checks.libraries_are_supported, seen(scripts(NEW_JQUERY)).with_data(data))

    assert found.outcome is Outcome.WARN


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("jquery-47a9c871.js", ""),  # burp-retire-js #49, #50
        ("2f80d7d1a9_prod/jquery.min.js", ""),  # DependencyCheck #8447
        ("app.js", "/* uses pdf-dist@1.2.3 */"),  # burp-retire-js #440
        ("app.js", 'e.VERSION="4.17.11";return lodash'),  # #473: a word and a version somewhere in a bundle
        ("app.js", 'n.version="2.29.4",moment'),  # #422
    ],
)
def test_what_others_took_for_a_library_is_none(path: str, body: str):
    """F8: each a complaint about a scanner that read too much into a bundle."""
    found = scripts(Script(url=f"https://{HOST}/js/{path}", body=body))

    assert says(checks.no_library_is_vulnerable, found)[0] is Outcome.PASS
    assert says(checks.libraries_are_listed, found)[1] == checks.NONE_SEEN
