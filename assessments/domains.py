"""The seven domains of an evidence bundle: what of a vendor belongs to each, and what is missing there."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

from assessments.model import (
    PARTS,
    AnswerRow,
    Assessed,
    Contradiction,
    EvidenceStanding,
    EvidenceStatus,
    FindingRow,
    PartScore,
    Risk,
)
from questionnaires import reading
from questionnaires.model import Text
from questionnaires.reading import BadFile
from scanners.model import Outcome

FIRST = "governance"  # what belongs to no measure, such as a hospital's own questions, is looked for here
GOOD = frozenset({EvidenceStanding.VALID, EvidenceStanding.EXPIRING})
UNSEEN = frozenset({Outcome.UNKNOWN, Outcome.ERROR})
LACKING = frozenset({Outcome.FAIL, Outcome.WARN})


class GapKind(StrEnum):
    """What is missing in a domain."""

    UNANSWERED = "unanswered"
    EVIDENCE = "evidence"  # a document that is expected and not there, or no longer good
    UNSEEN = "unseen"  # a check that could not be made
    CONTRADICTION = "contradiction"  # open between answer and scan
    NOTHING = "nothing"  # a measure of which nothing at all is known


@dataclass(frozen=True, kw_only=True)
class Domain:
    """One of the seven."""

    id: str
    title: Text
    parts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One kind of thing that is missing, with what it concerns."""

    kind: GapKind
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """One domain of one vendor."""

    domain: Domain
    parts: tuple[PartScore, ...]  # those that apply
    answers: tuple[AnswerRow, ...]
    findings: tuple[FindingRow, ...]  # of every outcome
    evidence: tuple[EvidenceStatus, ...]
    contradictions: tuple[Contradiction, ...]
    risks: tuple[Risk, ...]
    gaps: tuple[Gap, ...]

    @property
    def answered(self) -> int:
        """How many questions have an answer."""
        return sum(row.value is not None for row in self.answers)

    @property
    def lacking(self) -> int:
        """How many findings failed or warned."""
        return sum(row.fact.finding.outcome in LACKING for row in self.findings)

    @property
    def good_evidence(self) -> int:
        """How many documents hold."""
        return sum(one.standing in GOOD for one in self.evidence)


@functools.cache
def every() -> tuple[Domain, ...]:
    """The seven, in the order of print; each part of a score belongs to exactly one."""
    file = resources.files("assessments").joinpath("frameworks", "domains.yaml")
    top = reading.fields(reading.parse(file.read_bytes()), "domains", need={"domains"})
    found = tuple(_domain(item) for item in reading.items(top["domains"], "domains"))
    if sorted(part for one in found for part in one.parts) != sorted(PARTS):
        raise BadFile("domains", "every measure and module belongs to exactly one")
    return found


def view(assessed: Assessed) -> tuple[View, ...]:
    """Everything known of a vendor, by domain."""
    return tuple(_view(one, assessed) for one in every())


def _domain(raw: Any) -> Domain:
    found = reading.fields(raw, "domain", need={"id", "title", "parts"})
    name = reading.word(found["id"], "domain")
    return Domain(id=name, title=reading.text(found["title"], name), parts=reading.words(found["parts"], name))


def _view(domain: Domain, assessed: Assessed) -> View:
    parts = frozenset({*domain.parts, *([""] if domain.id == FIRST else [])})
    catalogue = assessed.dossier.catalogue
    answers = tuple(row for row in assessed.answers if row.part in parts)
    findings = tuple(row for row in assessed.findings if _part_of(row) in parts)
    evidence = tuple(
        one
        for one in assessed.evidence
        if parts & ({catalogue.part_of(each) for each in one.question_ids if each in catalogue.questions} or {""})
    )
    against = tuple(one for one in assessed.contradictions if catalogue.part_of(one.question.id) in parts)
    scores = tuple(one for one in assessed.score.parts if one.part in parts and one.applicable)
    return View(
        domain=domain,
        parts=scores,
        answers=answers,
        findings=findings,
        evidence=evidence,
        contradictions=against,
        risks=tuple(one for one in assessed.risks if (one.part or "") in parts),
        gaps=tuple(_gaps(answers, findings, evidence, against, scores)),
    )


def _part_of(row: FindingRow) -> str:
    return str(row.check.refs.measures[0]) if row.check and row.check.refs.measures else ""


def _gaps(
    answers: tuple[AnswerRow, ...],
    findings: tuple[FindingRow, ...],
    evidence: tuple[EvidenceStatus, ...],
    against: tuple[Contradiction, ...],
    parts: tuple[PartScore, ...],
) -> Iterator[Gap]:
    found = {
        GapKind.NOTHING: [one.part for one in parts if one.value is None],
        GapKind.UNANSWERED: [_answer_key(row) for row in answers if row.value is None],
        GapKind.EVIDENCE: [one.key for one in evidence if one.standing not in GOOD],
        GapKind.UNSEEN: [
            f"{row.fact.finding.check_id}:{row.fact.finding.subject.name}"
            for row in findings
            if row.fact.finding.outcome in UNSEEN
        ],
        GapKind.CONTRADICTION: [one.key for one in against if not one.settled],
    }
    yield from (Gap(kind=kind, keys=tuple(keys)) for kind, keys in found.items() if keys)


def _answer_key(row: AnswerRow) -> str:
    return f"{row.question.id}:{row.supply}" if row.supply else row.question.id
