"""Findings as SARIF 2.1.0, for code scanning dashboards and other programs."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from scanners import categories, storing
from scanners.catalogue import CATALOGUE_VERSION, CHECKS
from scanners.model import Check, Finding, Outcome, Severity, Subject, SubjectKind

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# What dashboards sort by: the middle of the CVSS range that bears the severity's name.
RANKS: Mapping[Severity, str] = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
# Section 3.27.9: only a result that says "fail" has a level other than "none".
KINDS: Mapping[Outcome, str] = {
    Outcome.PASS: "pass",
    Outcome.WARN: "fail",
    Outcome.FAIL: "fail",
    Outcome.INFO: "informational",
    Outcome.NOT_APPLICABLE: "notApplicable",
    Outcome.UNKNOWN: "open",
}

Translate = Callable[[str], str]


def document(
    findings: Iterable[Finding], *, started: datetime, version: str, complete: bool = True, translate: Translate = str
) -> dict[str, Any]:
    """One run with every finding; an error of ours is a notification of the tool and no result."""
    every = [finding for finding in findings if finding.check_id in CHECKS]
    checks = [check for check in CHECKS.values() if any(finding.check_id == check.id for finding in every)]
    places = {check.id: place for place, check in enumerate(checks)}
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Kettenblick",
                        "version": version,
                        "semanticVersion": version,
                        "rules": [_rule(check, translate) for check in checks],
                        "properties": {"catalogue": CATALOGUE_VERSION},
                    }
                },
                "invocations": [_invocation(every, places, started, complete=complete, translate=translate)],
                "results": [
                    _result(finding, places, translate) for finding in every if finding.outcome is not Outcome.ERROR
                ],
            }
        ],
    }


def _rule(check: Check, translate: Translate) -> dict[str, Any]:
    lines = [translate(check.why), "", translate(check.fix)]
    lines += ["", check.example] if check.example else []
    lines += ["", ", ".join(check.refs.sources)] if check.refs.sources else []
    return {
        "id": check.id,
        "shortDescription": {"text": translate(check.title)},
        "fullDescription": {"text": translate(check.why)},
        "help": {"text": "\n".join(lines)},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
        "properties": {
            "category": check.category,
            "categoryTitle": translate(categories.title(check.category)),
            "severity": check.severity.value,
            "security-severity": RANKS[check.severity],
            "class": check.check_class.value,
            "tags": ["security", check.category, *_anchors(check)],
        },
    }


def _anchors(check: Check) -> Sequence[str]:
    refs = check.refs
    return (
        *(f"bsig-30-2-{number}" for number in refs.measures),
        *(f"nis2-21-2-{letter}" for letter in refs.nis2),
        *(f"iso27001-{control}" for control in refs.iso27001),
        *(f"owasp-{year}-{entry}" for year, entry in (("2021", refs.owasp2021), ("2025", refs.owasp2025)) if entry),
    )


def _result(finding: Finding, places: Mapping[str, int], translate: Translate) -> dict[str, Any]:
    kind = "review" if finding.provisional else KINDS[finding.outcome]
    level = _level(finding) if kind == "fail" else "none"
    return {
        "ruleId": finding.check_id,
        "ruleIndex": places[finding.check_id],
        "kind": kind,
        "level": level,
        "message": {"text": finding.fact.render(translate) or translate(CHECKS[finding.check_id].title)},
        "locations": [_location(finding.subject)],
        "partialFingerprints": {"kettenblick/v1": _fingerprint(finding)},
        "properties": {
            "outcome": finding.outcome.value,
            "severity": finding.severity.value,
            "security-severity": RANKS[finding.severity],
            "provisional": finding.provisional,
            "seenAt": _time(finding.at),
            **({"address": finding.address} if finding.address else {}),
            **({"reason": finding.reason.value} if finding.reason else {}),
        },
    }


def _level(finding: Finding) -> str:
    """A warning is half a failure: never louder than "warning"."""
    level = LEVELS[finding.severity]
    return "warning" if finding.outcome is Outcome.WARN and level == "error" else level


def _location(subject: Subject) -> dict[str, Any]:
    name = quote(subject.name, safe="")
    uri = f"https://{name}/" if subject.kind is SubjectKind.HOST else f"dns:{name}"  # RFC 4501
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}},
        "logicalLocations": [
            {"name": subject.name, "fullyQualifiedName": f"{subject.kind.value}:{subject.name}", "kind": "resource"}
        ],
    }


def _fingerprint(finding: Finding) -> str:
    """The same place in every run, whatever was seen there: so a dashboard knows that it was mended."""
    place = f"{finding.subject.kind.value}\n{finding.subject.name}\n{finding.check_id}"
    return hashlib.sha256(place.encode()).hexdigest()


def _invocation(
    findings: Iterable[Finding],
    places: Mapping[str, int],
    started: datetime,
    *,
    complete: bool,
    translate: Translate,
) -> dict[str, Any]:
    errors = [
        {
            "level": "error",
            "message": {"text": f"{finding.subject.name}: {finding.fact.render(translate)}"},
            "associatedRule": {"id": finding.check_id, "index": places[finding.check_id]},
        }
        for finding in findings
        if finding.outcome is Outcome.ERROR
    ]
    return {
        "executionSuccessful": complete,
        "startTimeUtc": _time(started),
        "toolExecutionNotifications": errors,
        "properties": {"form": storing.SCHEMA},
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
