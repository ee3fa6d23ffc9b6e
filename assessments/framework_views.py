"""One vendor seen through a framework: each measure, point or control with its answers, findings, evidence and gaps.

A reference is an indicator: it says where an answer or an observation may matter, never that a law was broken.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

from assessments import domains, frameworks, question_marks
from assessments.model import (
    MEASURE_PARTS,
    AnswerRow,
    Assessed,
    Contradiction,
    EvidenceStatus,
    FindingRow,
    FindingStanding,
    PartScore,
    Phrase,
    Words,
)
from questionnaires import reading
from questionnaires.model import N_, AnswerKind, Text
from questionnaires.reading import BadFile
from scanners.model import Message, Outcome

POOR = 0.5  # an answer worth less than this share of its weight falls short
MEDICAL_DEVICE = "medical_device"
_NUMBER = re.compile(r"Nr\.\s*(\d+)")
_GDPR_32 = re.compile(r"(?<!\d)32(?!\d)")


class Framework(StrEnum):
    """Which framework is looked through."""

    BSIG = "bsig"
    MDR = "mdr"
    ISO27001 = "iso27001"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One measure, point or control of a framework, as its file says it."""

    key: str
    citation: Text
    title: Text
    covers: Text | None = None  # in our own words
    beside: Text | None = None  # the measures of § 30 (2) BSIG that run beside it
    limits: Text | None = None  # what neither this nor that covers
    guidance: str = ""
    parts: tuple[str, ...] = ()  # measures beside it
    questions: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()  # of a question's references
    check_marks: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What is left of a view: answers and findings by class of the OWASP Top 10, and what touches Art. 32 GDPR."""

    owasp: str = ""  # "A02:2021"
    gdpr: bool = False

    @property
    def is_on(self) -> bool:
        """Whether anything is left out."""
        return bool(self.owasp) or self.gdpr


@dataclass(frozen=True, kw_only=True)
class Row:
    """One entry with everything known about it."""

    entry: Entry
    parts: tuple[PartScore, ...]  # of the measures that are this or run beside it
    answers: tuple[AnswerRow, ...]
    findings: tuple[FindingRow, ...]  # of every outcome, the worst first
    evidence: tuple[EvidenceStatus, ...]
    contradictions: tuple[Contradiction, ...]
    gaps: tuple[Words, ...]
    limit: Words  # what this row cannot say

    @property
    def lacking(self) -> tuple[FindingRow, ...]:
        """Findings that failed or warned and stand."""
        return tuple(row for row in self.findings if _lacks(row))

    @property
    def met(self) -> int:
        """How many checks were met."""
        return sum(row.fact.finding.outcome is Outcome.PASS for row in self.findings)

    @property
    def unseen(self) -> int:
        """How many checks could not be made."""
        return sum(row.fact.finding.outcome in domains.UNSEEN for row in self.findings)

    @property
    def answered(self) -> int:
        """How many questions have an answer."""
        return sum(row.value is not None for row in self.answers)

    @property
    def is_empty(self) -> bool:
        """Neither asked nor looked at."""
        return not self.answers and not self.findings


@dataclass(frozen=True, kw_only=True)
class View:
    """A vendor through one framework."""

    framework: Framework
    chosen: Filter
    rows: tuple[Row, ...]
    applies: bool  # False: no product of the vendor falls under it, as far as the intake says

    @property
    def with_gaps(self) -> int:
        """How many rows have a gap."""
        return sum(bool(row.gaps) for row in self.rows)


def view(assessed: Assessed, framework: Framework, chosen: Filter | None = None) -> View:
    """Every entry of the framework; under a filter only those of which something is left."""
    wanted = chosen or Filter()
    rows = tuple(_row(entry, framework, assessed, wanted) for entry in entries(framework))
    return View(
        framework=framework,
        chosen=wanted,
        rows=tuple(row for row in rows if not (wanted.is_on and row.is_empty)),
        applies=framework is not Framework.MDR
        or any(MEDICAL_DEVICE in supply.flags for supply in assessed.dossier.supplies),
    )


def owasp_classes(assessed: Assessed) -> Sequence[str]:
    """Classes of the OWASP Top 10 that the vendor's findings name, or that the questions asked of it touch."""
    asked = {name for row in assessed.answers for name in question_marks.table().owasp.get(row.question.id, ())}
    return sorted(asked | {name for row in assessed.findings for name in _owasp(row)}, key=_by_edition)


def _by_edition(name: str) -> tuple[str, str]:
    number, _colon, edition = name.partition(":")
    return edition, number


# ---- the frameworks


@functools.cache
def entries(framework: Framework) -> tuple[Entry, ...]:
    """All entries, in the order of the framework."""
    match framework:
        case Framework.BSIG:
            return tuple(_measure(part) for part in MEASURE_PARTS)
        case Framework.MDR:
            return tuple(map(_point, _listed("mdr.yaml", "points")))
        case Framework.ISO27001:
            return tuple(map(_control, _listed("iso27001.yaml", "controls")))


def _listed(name: str, top: str) -> Iterable[Any]:
    file = resources.files("assessments").joinpath("frameworks", name)
    found = reading.fields(reading.parse(file.read_bytes()), top, need={top})
    return reading.items(found[top], top)


@functools.cache
def _limits() -> Mapping[str, Text]:
    found = {}
    for raw in _listed("limits.yaml", "limits"):
        one = reading.fields(raw, "limit", need={"part", "text"})
        found[reading.word(one["part"], "part")] = reading.text(one["text"], "text")
    if set(found) != set(MEASURE_PARTS):
        raise BadFile("limits", "every measure has exactly one")
    return found


def _measure(part: str) -> Entry:
    found = frameworks.measure(part)
    letter = Text(
        de=f"{found.citation.de}, Art.\u202f21 Abs.\u202f2 Buchst.\u202f{found.nis2_letter} NIS2",
        en=f"{found.citation.en}, Art.\u202f21(2)({found.nis2_letter}) NIS2",
    )
    return Entry(key=part, citation=letter, title=found.title, limits=_limits()[part], parts=(part,))


def _point(raw: Any) -> Entry:
    need = {"id", "title", "covers", "beside", "neither", "guidance", "measures", "questions", "checks"}
    found = reading.fields(raw, "point", need=need)
    name = reading.word(found["id"], "point")
    return Entry(
        key=name,
        citation=Text(de=f"MDR Anhang\u202fI {name}", en=f"MDR Annex\u202fI {name}"),
        title=reading.text(found["title"], name),
        covers=reading.text(found["covers"], name),
        beside=reading.text(found["beside"], name),
        limits=reading.text(found["neither"], name),
        guidance=reading.sentence(found["guidance"], name),
        parts=reading.words(found["measures"], name),
        questions=frozenset(reading.words(found["questions"], name)),
        check_marks=frozenset(reading.words(found["checks"], name)),
    )


def _control(raw: Any) -> Entry:
    found = reading.fields(raw, "control", need={"id", "title"})
    name = reading.word(found["id"], "control")
    return Entry(
        key=name,
        citation=Text(de=f"ISO/IEC 27001:2022 Anhang\u202fA, {name}", en=f"ISO/IEC 27001:2022 Annex\u202fA, {name}"),
        title=reading.text(found["title"], name),
        parts=tuple(part for part in MEASURE_PARTS if name in frameworks.measure(part).iso27001),
        marks=frozenset({name}),
        check_marks=frozenset({name}),
    )


# ---- one row


def _row(entry: Entry, framework: Framework, assessed: Assessed, chosen: Filter) -> Row:
    answers = tuple(row for row in assessed.answers if _asks(entry, framework, row) and _answer_fits(row, chosen))
    findings = tuple(row for row in assessed.findings if _touches(entry, framework, row) and _finding_fits(row, chosen))
    asked = {row.question.id for row in answers}
    evidence = tuple(one for one in assessed.evidence if asked & set(one.question_ids))
    keys = {key for row in answers for key in row.contradictions}
    against = tuple(one for one in assessed.contradictions if one.key in keys)
    return Row(
        entry=entry,
        parts=tuple(one for one in assessed.score.parts if one.part in entry.parts),
        answers=answers,
        findings=findings,
        evidence=evidence,
        contradictions=against,
        gaps=tuple(_gaps(answers, findings, evidence, against)),
        limit=entry.limits or Message(text=_limit(answers, findings)),
    )


def _asks(entry: Entry, framework: Framework, row: AnswerRow) -> bool:
    match framework:
        case Framework.BSIG:
            numbers = {found.group(1) for name in row.question.refs.bsig for found in _NUMBER.finditer(name)}
            return row.part == entry.key or entry.key in numbers
        case Framework.MDR:
            return row.question.id in entry.questions
        case Framework.ISO27001:
            return bool(entry.marks & set(row.question.refs.iso27001))


def _touches(entry: Entry, framework: Framework, row: FindingRow) -> bool:
    if row.check is None:
        return False
    match framework:
        case Framework.BSIG:
            return entry.key in map(str, row.check.refs.measures)
        case Framework.MDR:
            return bool(entry.check_marks & set(row.check.refs.mdr))
        case Framework.ISO27001:
            return bool(entry.check_marks & set(row.check.refs.iso27001))


def _answer_fits(row: AnswerRow, chosen: Filter) -> bool:
    table, question = question_marks.table(), row.question
    if chosen.owasp and chosen.owasp not in table.owasp.get(question.id, ()):
        return False
    return (
        not chosen.gdpr
        or question.id in table.gdpr32
        or any("DSGVO" in name and _GDPR_32.search(name) for name in question.refs.other)
    )


def _finding_fits(row: FindingRow, chosen: Filter) -> bool:
    if chosen.owasp and chosen.owasp not in _owasp(row):
        return False
    return not chosen.gdpr or (row.check is not None and any(_GDPR_32.search(name) for name in row.check.refs.gdpr))


def _owasp(row: FindingRow) -> frozenset[str]:
    if row.check is None:
        return frozenset()
    refs = row.check.refs
    return frozenset(f"{name}:{year}" for name, year in ((refs.owasp2021, "2021"), (refs.owasp2025, "2025")) if name)


def _lacks(row: FindingRow) -> bool:
    return row.fact.finding.outcome in domains.LACKING and row.fact.standing is not FindingStanding.WITHDRAWN


def _gaps(
    answers: Sequence[AnswerRow],
    findings: Sequence[FindingRow],
    evidence: Sequence[EvidenceStatus],
    against: Sequence[Contradiction],
) -> Iterator[Words]:
    if not answers and not findings:
        yield Message(text=N_("Neither asked nor looked at: nothing is known of this."))
        return
    open_ones = [row.question.id for row in answers if row.value is None]
    if open_ones:
        yield _named(N_("Without an answer: %(what)s."), open_ones)
    poor = [
        row.question.id
        for row in answers
        if row.share is not None and row.share < POOR and row.question.shape.kind is not AnswerKind.TEXT
    ]
    if poor:
        yield _named(N_("Answers that fall short: %(what)s."), poor)
    if lacking := [row for row in findings if _lacks(row)]:
        yield Phrase(text=N_("Observations from outside that fall short: %(count)s."), values={"count": len(lacking)})
    if wanting := [one for one in evidence if one.standing not in domains.GOOD]:
        yield Phrase(
            text=N_("Documents that are missing, expired or do not fit: %(count)s."), values={"count": len(wanting)}
        )
    if standing := [one for one in against if not one.settled]:
        yield _named(N_("Answer and observation do not fit: %(what)s."), [one.question.id for one in standing])
    if unseen := [row for row in findings if row.fact.finding.outcome in domains.UNSEEN]:
        yield Phrase(text=N_("Checks that could not be made: %(count)s."), values={"count": len(unseen)})


def _named(text: str, names: Iterable[str]) -> Phrase:
    return Phrase(text=text, values={"what": ", ".join(dict.fromkeys(names))})


def _limit(answers: Sequence[AnswerRow], findings: Sequence[FindingRow]) -> str:
    if answers and findings:
        return N_("Rests on the vendor's word and on spot checks from outside; nobody was on site.")
    if answers:
        return N_("Rests on the vendor's word alone; nothing of this can be seen from outside.")
    if findings:
        return N_("Rests on spot checks from outside alone; the vendor was not asked about it.")
    return N_("Ask the vendor, or read its statement of applicability.")
