"""The worked examples of docs/method are scored here; page and code cannot drift apart."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from assessments import policy, register, tiering
from assessments.model import (
    AnswerFact,
    Assessed,
    Dossier,
    EvidenceFact,
    FindingFact,
    HostInScope,
    HostRole,
    LineSource,
    ScanState,
    Supply,
)
from questionnaires import loading
from questionnaires.model import AnswerValue, Catalogue, QuestionSet
from scanners.model import Finding, Message, Outcome, Severity, Subject, SubjectKind
from tests.assessments import building

FOLDER = Path(__file__).parents[2] / "docs" / "method"
EXAMPLES = yaml.safe_load((FOLDER / "worked-examples.yaml").read_text("utf-8"))["examples"]
PAGE = (FOLDER / "worked-examples.md").read_text("utf-8")
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = policy.get("1")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_the_page_prints_what_the_policy_says(example: dict[str, Any]):
    shown = re.search(rf"<!-- {example['id']} -->\n(.*?)\n<!-- end -->", PAGE, re.DOTALL)

    assert shown, "the page lacks the block of this example"
    assert shown[1].strip() == printed(register.assess(dossier(example), POLICY))


def test_the_page_has_no_example_that_nobody_scores():
    assert set(re.findall(r"<!-- (\w+) -->", PAGE)) - {"end"} == {example["id"] for example in EXAMPLES}


def printed(assessed: Assessed) -> str:
    score = assessed.score
    rows = [
        "| Zeile · line | Maßnahme · measure | Gewicht · weight | behält · keeps | Punkte · points |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for line in sorted(score.lines, key=lambda line: (line.source is LineSource.CAP, int(line.part or 0), line.key)):
        weight = f"{line.weight:.2f}" if line.part else ""
        share = f"{line.share:.3f}" if line.part else ""
        rows.append(f"| `{line.key}` | {line.part or ''} | {weight} | {share} | {_minus(line.points)} |")
    rows.append("")
    for part in (each for each in score.parts if each.value is not None):
        answers = f"Antworten · answers {part.answers_value}" if part.answers_value is not None else ""
        checks = f"Prüfungen · checks {part.checks_value}" if part.checks_value is not None else ""
        both = ", ".join(filter(None, (answers, checks)))
        rows.append(
            f"- Maßnahme · measure {part.part}: {both} → **{part.value}**, Stufe · level {part.level},"
            f" Abdeckung · coverage {part.coverage} %"
        )
    residual = assessed.residual
    rows.append(
        f"- Insgesamt · overall: 100 − {100 - (score.value or 0)} = **{score.value}**,"
        f" Note · grade **{score.grade or '–'}**, Abdeckung · coverage {score.coverage} %"
    )
    rows.append(
        f"- Restrisiko · residual risk: Auswirkung · impact {residual.impact} ×"
        f" Wahrscheinlichkeit · likelihood {residual.likelihood.value} → **{residual.level}**"
    )
    return "\n".join(rows)


def _minus(points: Decimal) -> str:
    return f"−{points}" if points else "0"


def dossier(example: dict[str, Any]) -> Dossier:
    intake = building.intake(**example["impact"])
    proposal = tiering.propose(intake, POLICY)
    questions = example["questions"]
    return Dossier(
        hospital="Klinikum Musterstadt",
        vendor_key="V-0001",
        vendor_name="Muster GmbH",
        at=AT,
        catalogue=catalogue(questions),
        question_set=QuestionSet.FULL,
        checks={
            each["id"]: building.check(each["id"], severity=Severity(each["severity"]), measures=(each["measure"],))
            for each in example["checks"]
        },
        checks_version="example",
        supplies=(Supply(key="S-1", name="Muster", impact=proposal.impact, tier=proposal.tier),),
        answers=tuple(
            AnswerFact(question_id=each["id"], value=AnswerValue(choices=(each["answer"],)))
            for each in questions
            if "answer" in each
        ),
        deadline_passed=example.get("deadline_passed", False),
        hosts=tuple(HostInScope(name=name, role=HostRole(role)) for name, role in example["hosts"].items()),
        findings=tuple(found(each, example["checks"]) for each in example["findings"]),
        scan_state=ScanState.DOCUMENTS_ONLY if example.get("documents_only") else ScanState.DONE,
        evidence=tuple(
            EvidenceFact(
                key=each["id"],
                type="report",
                name="report.pdf",
                sha256="0" * 64,
                issued_on=date(2026, 6, 1),
                question_ids=(each["id"],),
            )
            for each in questions
            if each.get("evidence")
        ),
    )


def found(each: dict[str, Any], checks: list[dict[str, Any]]) -> FindingFact:
    severity = next(Severity(check["severity"]) for check in checks if check["id"] == each["check"])
    subject = Subject(kind=SubjectKind.HOST, name=each["host"])
    finding = Finding(
        check_id=each["check"],
        subject=subject,
        outcome=Outcome(each["outcome"]),
        severity=severity,
        fact=Message(text="seen"),
        at=AT,
    )
    return FindingFact(finding=finding, first_seen=AT)


def catalogue(questions: list[dict[str, Any]]) -> Catalogue:
    def both(words: str) -> dict[str, str]:
        return {"de": words, "en": words}

    def question(each: dict[str, Any]) -> dict[str, Any]:
        link = each.get("contradicted_by")
        return {
            "id": each["id"],
            "scope": "company",
            "label": both(each["id"]),
            "text": both("?"),
            "why": both("!"),
            "answer": {"kind": "yes_partial_no_na"},
            "weight": each["weight"],
            "knock_out": each.get("knock_out", False),
            "evidence": [{"type": "report", "validity_months": 12}],
            "refs": {},
            "scan_checks": [{"check": link, "relation": "contradicts", "note": both("-")}] if link else [],
            "est_seconds": 20,
        }

    measures = sorted({each["measure"] for each in questions})
    ids = [each["id"] for each in questions]
    return loading.load(
        yaml.safe_dump(
            {
                "id": "example",
                "version": "1",
                "title": both("Example"),
                "disclaimer": both("Example"),
                "maturity": [],
                "flags": [],
                "evidence_types": [{"id": "report", "text": both("Report"), "validity_months": 12}],
                "profile": [],
                "sets": [{"id": each.value, "title": both(each.value), "questions": list(ids)} for each in QuestionSet],
                "sections": [
                    {
                        "id": f"M{measure}",
                        "title": both(str(measure)),
                        "kind": "measure",
                        "measure": measure,
                        "questions": [question(each) for each in questions if each["measure"] == measure],
                    }
                    for measure in measures
                ],
            }
        )
    )
