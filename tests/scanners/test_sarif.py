"""SARIF 2.1.0: the rules of the standard that a schema and its prose lay down, held against every kind of finding."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from scanners import judging, sarif
from scanners.catalogue import CHECKS
from scanners.model import Finding, Message, Outcome, Severity, Subject, SubjectKind
from scanners.observations import Reason
from tests.scanners import building

KINDS = {"notApplicable", "pass", "fail", "review", "open", "informational"}
LEVELS = {"none", "note", "warning", "error"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")  # section 3.9


def finding(outcome: Outcome, **changes: Any) -> Finding:
    values: dict[str, Any] = {
        "check_id": "tls.protocol-legacy",
        "subject": Subject(kind=SubjectKind.HOST, name="portal.example.test"),
        "outcome": outcome,
        "severity": Severity.HIGH,
        "fact": Message(text="accepts %(versions)s", values={"versions": "TLSv1.0"}),
        "at": building.AT,
    }
    return Finding(**(values | changes))


def log(*findings: Finding) -> dict[str, Any]:
    return sarif.document(findings, started=building.AT, version="0.1.0")


def run(*findings: Finding) -> dict[str, Any]:
    document = log(*findings)
    valid(document)
    return document["runs"][0]


def valid(document: dict[str, Any]) -> None:
    """The required properties, closed sets and cross references of the 2.1.0 schema that concern what we write."""
    assert set(document) == {"$schema", "version", "runs"} and document["version"] == "2.1.0"
    for one in document["runs"]:
        driver = one["tool"]["driver"]
        assert driver["name"]
        assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
        for rule in driver["rules"]:
            assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["text"]
            assert rule["defaultConfiguration"]["level"] in LEVELS
            tags = rule["properties"]["tags"]
            assert len(set(tags)) == len(tags)  # uniqueItems
        for result in one["results"]:
            assert result["message"]["text"]
            assert result["kind"] in KINDS and result["level"] in LEVELS
            assert (result["level"] == "none") is (result["kind"] != "fail")  # section 3.27.10
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
            assert TIME.fullmatch(result["properties"]["seenAt"])
            for location in result["locations"]:
                uri = location["physicalLocation"]["artifactLocation"]["uri"]
                assert urlsplit(uri).scheme in {"https", "dns"} and " " not in uri and uri.isascii()
                assert location["logicalLocations"][0]["fullyQualifiedName"]
        for invocation in one["invocations"]:
            assert isinstance(invocation["executionSuccessful"], bool)
            assert TIME.fullmatch(invocation["startTimeUtc"])
            for note in invocation["toolExecutionNotifications"]:
                assert note["message"]["text"] and note["level"] in LEVELS
                assert driver["rules"][note["associatedRule"]["index"]]["id"] == note["associatedRule"]["id"]


def test_every_check_over_a_host_and_a_domain_is_valid():
    seen = [building.seen(), building.seen_of_domain()]

    document = log(*judging.judge(seen))

    valid(document)
    assert len(document["runs"][0]["tool"]["driver"]["rules"]) == len(CHECKS)


@pytest.mark.parametrize(
    ("outcome", "kind", "level"),
    [
        (Outcome.PASS, "pass", "none"),
        (Outcome.FAIL, "fail", "error"),
        (Outcome.WARN, "fail", "warning"),
        (Outcome.INFO, "informational", "none"),
        (Outcome.NOT_APPLICABLE, "notApplicable", "none"),
        (Outcome.UNKNOWN, "open", "none"),
    ],
)
def test_each_verdict_has_its_kind(outcome: Outcome, kind: str, level: str):
    result = run(finding(outcome, reason=Reason.TIMEOUT if outcome is Outcome.UNKNOWN else None))["results"][0]

    assert (result["kind"], result["level"]) == (kind, level)
    assert result["message"]["text"] == "accepts TLSv1.0"


def test_a_provisional_failure_asks_for_a_review_and_fails_nothing():
    assert run(finding(Outcome.FAIL, provisional=True))["results"][0]["kind"] == "review"


def test_an_error_of_ours_is_a_notification_and_no_result():
    one = run(finding(Outcome.ERROR))

    assert one["results"] == []
    assert one["invocations"][0]["toolExecutionNotifications"][0]["associatedRule"]["id"] == "tls.protocol-legacy"


def test_a_place_keeps_its_fingerprint_whatever_is_seen_there():
    first, second, other = (
        run(one)["results"][0]["partialFingerprints"]
        for one in (
            finding(Outcome.FAIL),
            finding(Outcome.PASS, at=datetime.fromisoformat("2027-01-01T00:00:00+00:00")),
            finding(Outcome.FAIL, subject=Subject(kind=SubjectKind.DOMAIN, name="portal.example.test")),
        )
    )

    assert first == second != other


def test_a_strangers_name_is_no_other_address():
    subject = Subject(kind=SubjectKind.HOST, name="böse.test/@evil.test x")

    result = run(finding(Outcome.FAIL, subject=subject))["results"][0]

    assert urlsplit(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).path == "/"
