"""Vendors side by side: gates, measures, questions and checks as rows, a column each; nothing is worked out anew."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from assessments.model import (
    PARTS,
    AnswerRow,
    Assessed,
    Dossier,
    EvidenceStatus,
    FindingRow,
    FindingStanding,
    Line,
    PartScore,
    ResidualRisk,
    Score,
)
from questionnaires.model import Catalogue, Question
from scanners.model import Check, Outcome, Severity

FEWEST, MOST = 2, 6  # vendors that fit beside each other on paper
OWN = ""  # the part of questions that count in no measure
_WORST_FIRST = (
    Outcome.FAIL,
    Outcome.WARN,
    Outcome.PASS,
    Outcome.UNKNOWN,
    Outcome.ERROR,
    Outcome.INFO,
    Outcome.NOT_APPLICABLE,
)


class Gate(StrEnum):
    """How a knock-out question stands with one vendor; only `failed` excludes."""

    MET = "met"
    FAILED = "failed"
    ACCEPTED = "accepted"  # the hospital has accepted it, with a reason and an end
    OPEN = "open"  # not answered yet
    NOT_APPLICABLE = "not_applicable"
    NOT_ASKED = "not_asked"


class Asking(StrEnum):
    """How a question stands with one vendor; not asked is not the same as not met."""

    ANSWERED = "answered"
    SILENT = "silent"  # no answer by the deadline
    OPEN = "open"  # not answered yet
    LEFT_OUT = "left_out"  # its questionnaire holds it, but it does not apply to what this vendor does
    NOT_ASKED = "not_asked"  # its questionnaire does not hold it, or nobody has asked


@dataclass(frozen=True, kw_only=True)
class Position:
    """A place among the other vendors of the same hospital and tier: how many, and how many have a lower value."""

    tier: int
    others: int
    below: int

    @property
    def percent(self) -> float:
        """The share of the others that have a lower value, 0 to 100."""
        return 100 * self.below / self.others


@dataclass(frozen=True, kw_only=True)
class Side:
    """One vendor: what stands over its column, taken as it is from its assessment."""

    key: str
    name: str
    products: tuple[str, ...]
    tier: int | None
    score: Score
    residual: ResidualRisk
    dossier: Dossier
    asked: int
    answered: int
    contradictions: int  # open ones
    is_excluded: bool  # a gate is not met
    place: Position | None = None  # among the hospital's own vendors; None: too few, or not asked for

    @property
    def was_asked(self) -> bool:
        """Whether it got a questionnaire at all."""
        return _was_asked(self.dossier)


@dataclass(frozen=True, kw_only=True)
class QuestionCell:
    """One vendor's answers to one question, for the company or for each product."""

    standing: Asking
    rows: tuple[AnswerRow, ...] = ()
    evidence: tuple[EvidenceStatus, ...] = ()


@dataclass(frozen=True, kw_only=True)
class QuestionRow:
    """One question over all vendors."""

    question: Question
    cells: tuple[QuestionCell, ...]
    is_different: bool

    @property
    def key(self) -> str:
        """The same on page, sheet and paper."""
        return self.question.id


@dataclass(frozen=True, kw_only=True)
class GateRow:
    """One knock-out question over all vendors."""

    question: Question
    cells: tuple[Gate, ...]
    is_different: bool

    @property
    def key(self) -> str:
        """The same on page, sheet and paper."""
        return f"K-{self.question.id}"


@dataclass(frozen=True, kw_only=True)
class CheckCell:
    """What one check came to with one vendor, the worst host first; no rows: nobody has looked."""

    worst: Outcome | None
    rows: tuple[FindingRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One check over all vendors."""

    check: Check
    cells: tuple[CheckCell, ...]
    is_different: bool

    @property
    def key(self) -> str:
        """The same on page, sheet and paper."""
        return self.check.id


@dataclass(frozen=True, kw_only=True)
class PartCell:
    """How one vendor stands in one measure; no score: its questions count in none."""

    score: PartScore | None
    asked: int
    answered: int

    @property
    def costly(self) -> Sequence[Line]:
        """The lines behind the level that keep less than all, the dearest first."""
        lines = self.score.lines if self.score else ()
        return sorted((line for line in lines if line.lost > 0), key=lambda line: (-line.lost, line.key))

    @property
    def kept(self) -> int:
        """How many lines keep everything."""
        return sum(line.lost <= 0 for line in self.score.lines) if self.score else 0


@dataclass(frozen=True, kw_only=True)
class PartRow:
    """One measure or module over all vendors, with its questions and checks."""

    part: str
    cells: tuple[PartCell, ...]
    questions: tuple[QuestionRow, ...]
    checks: tuple[CheckRow, ...]
    is_different: bool

    @property
    def key(self) -> str:
        """The same on page, sheet and paper."""
        return f"M-{self.part or 'own'}"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The sides in the order somebody chose, and rows whose order does not depend on it."""

    hospital: str
    at: datetime
    sides: tuple[Side, ...]
    gates: tuple[GateRow, ...]
    parts: tuple[PartRow, ...]

    @property
    def is_uneven(self) -> bool:
        """Whether they were not all asked by the same questionnaire in the same set."""
        return len({_questionnaire(side.dossier) for side in self.sides}) > 1

    @property
    def differing(self) -> tuple[PartRow, ...]:
        """The measures in which they differ."""
        return tuple(row for row in self.parts if row.is_different)


def compare(assessed: Sequence[Assessed], *, at: datetime, must_haves: Collection[str] = ()) -> Comparison:
    """Side by side, in this order. Every number is the one that stands on the vendor's own pages.

    `must_haves` are questions that exclude here, beside those of the catalogue: at nothing, or without an answer.
    """
    facts = [_Facts(each) for each in assessed]
    catalogues = sorted({_name(each.dossier.catalogue): each.dossier.catalogue for each in assessed}.items())
    questions: dict[str, Question] = {}
    parts: dict[str, str] = {}
    for _, catalogue in catalogues:  # of two wordings the newer one stands
        for question in catalogue.questions.values():
            questions[question.id] = question
            parts[question.id] = catalogue.section(question.section).part
    checks = {check.id: check for each in facts for check in each.checks}
    gates = tuple(
        _gate_row(questions[key], facts, must_haves)
        for key in sorted(questions)
        if _is_gate(questions[key], facts, must_haves)
    )
    rows = []
    for part in (*PARTS, OWN):
        asked = [questions[key] for key in sorted(questions) if (parts[key] or OWN) == part]
        looked = sorted((check for check in checks.values() if _part_of(check) == part), key=_rank)
        row = _part_row(part, asked, looked, facts)
        if _says_something(row):
            rows.append(row)
    failed = {
        each.dossier.vendor_key
        for index, each in enumerate(assessed)
        if any(g.cells[index] is Gate.FAILED for g in gates)
    }
    return Comparison(
        hospital=assessed[0].dossier.hospital if assessed else "",
        at=at,
        sides=tuple(_side(each, is_excluded=each.dossier.vendor_key in failed) for each in assessed),
        gates=gates,
        parts=tuple(rows),
    )


def columns(made: Comparison, most: int) -> tuple[Comparison, ...]:
    """The same in parts that fit beside each other on paper; every part has all rows."""

    def part(first: int) -> Comparison:
        beside = slice(first, first + most)
        return replace(
            made,
            sides=made.sides[beside],
            gates=tuple(replace(row, cells=row.cells[beside]) for row in made.gates),
            parts=tuple(
                replace(
                    row,
                    cells=row.cells[beside],
                    questions=tuple(replace(one, cells=one.cells[beside]) for one in row.questions),
                    checks=tuple(replace(one, cells=one.cells[beside]) for one in row.checks),
                )
                for row in made.parts
            ),
        )

    return tuple(part(first) for first in range(0, len(made.sides), most)) or (made,)


class _Facts:
    """One vendor's rows by question and by check, gathered once."""

    def __init__(self, assessed: Assessed) -> None:
        self.assessed = assessed
        self.dossier = assessed.dossier
        self.answers: dict[str, list[AnswerRow]] = {}
        for row in assessed.answers:
            self.answers.setdefault(row.question.id, []).append(row)
        self.evidence: dict[str, list[EvidenceStatus]] = {}
        for status in assessed.evidence:
            for question_id in status.question_ids:
                self.evidence.setdefault(question_id, []).append(status)
        self.findings: dict[str, list[FindingRow]] = {}
        for found in assessed.findings:
            if (
                found.role is not None
                and found.check is not None
                and found.fact.standing is not FindingStanding.WITHDRAWN
            ):
                self.findings.setdefault(found.check.id, []).append(found)
        self.in_set = frozenset(self.dossier.catalogue.sets[self.dossier.question_set].question_ids)

    @property
    def checks(self) -> Iterable[Check]:
        """Every check that has said something of a host in scope."""
        return [rows[0].check for rows in self.findings.values() if rows[0].check is not None]


def _was_asked(dossier: Dossier) -> bool:
    return dossier.deadline is not None or bool(dossier.answers)


def _name(catalogue: Catalogue) -> tuple[str, str]:
    return catalogue.id, catalogue.version


def _questionnaire(dossier: Dossier) -> tuple[object, ...]:
    return (*_name(dossier.catalogue), dossier.question_set) if _was_asked(dossier) else ()


def _side(assessed: Assessed, *, is_excluded: bool) -> Side:
    dossier = assessed.dossier
    return Side(
        key=dossier.vendor_key,
        name=dossier.vendor_name,
        products=tuple(supply.name for supply in dossier.supplies),
        tier=dossier.tier,
        score=assessed.score,
        residual=assessed.residual,
        dossier=dossier,
        asked=len(assessed.answers) if _was_asked(dossier) else 0,
        answered=sum(row.value is not None for row in assessed.answers),
        contradictions=sum(not each.settled for each in assessed.contradictions),
        is_excluded=is_excluded,
    )


# --- Questions -----------------------------------------------------------------------------------


def _question_cell(question: Question, facts: _Facts) -> QuestionCell:
    rows = tuple(facts.answers.get(question.id, ()))
    if not _was_asked(facts.dossier):
        return QuestionCell(standing=Asking.NOT_ASKED)
    if not rows:
        held = question.id in facts.in_set
        return QuestionCell(standing=Asking.LEFT_OUT if held else Asking.NOT_ASKED)
    if any(row.value is not None for row in rows):
        standing = Asking.ANSWERED
    else:
        standing = Asking.SILENT if facts.dossier.deadline_passed else Asking.OPEN
    return QuestionCell(standing=standing, rows=rows, evidence=tuple(facts.evidence.get(question.id, ())))


def _question_row(question: Question, facts: Sequence[_Facts]) -> QuestionRow:
    cells = tuple(_question_cell(question, each) for each in facts)
    return QuestionRow(question=question, cells=cells, is_different=len({_said(cell) for cell in cells}) > 1)


def _said(cell: QuestionCell) -> tuple[object, ...]:
    """What was said and what stands behind it, without remarks and without whose product it is about."""
    words = {
        (None if row.value is None else replace(row.value, comment=""), row.assurance, bool(row.contradictions))
        for row in cell.rows
    }
    return cell.standing, frozenset(words)


def _is_gate(question: Question, facts: Sequence[_Facts], must_haves: Collection[str]) -> bool:
    excludes = question.knock_out or question.id in must_haves
    return excludes and any(_gate(question, each, must_haves) is not Gate.NOT_ASKED for each in facts)


def _gate_row(question: Question, facts: Sequence[_Facts], must_haves: Collection[str]) -> GateRow:
    cells = tuple(_gate(question, each, must_haves) for each in facts)
    return GateRow(question=question, cells=cells, is_different=len(set(cells)) > 1)


def _gate(question: Question, facts: _Facts, must_haves: Collection[str]) -> Gate:
    cell = _question_cell(question, facts)
    if cell.standing is Asking.NOT_ASKED:
        return Gate.NOT_ASKED
    if any(row.knock_out_failed for row in cell.rows):
        return Gate.FAILED
    is_must = question.id in must_haves
    if is_must and (cell.standing is Asking.SILENT or any(row.share == 0 for row in cell.rows)):
        return Gate.FAILED
    if any(row.value is None for row in cell.rows):
        return Gate.FAILED if is_must and facts.dossier.deadline_passed else Gate.OPEN
    if any(row.share == 0 for row in cell.rows):
        return Gate.ACCEPTED
    return Gate.NOT_APPLICABLE if not cell.rows or all(row.share is None for row in cell.rows) else Gate.MET


# --- Checks --------------------------------------------------------------------------------------


def _part_of(check: Check) -> str:
    return str(check.refs.measures[0]) if check.refs.measures else OWN


def _rank(check: Check) -> tuple[int, str]:
    return list(Severity).index(check.severity), check.id


def _check_cell(check: Check, facts: _Facts) -> CheckCell:
    rows = sorted(
        facts.findings.get(check.id, ()), key=lambda row: (_WORST_FIRST.index(row.fact.finding.outcome), row.key)
    )
    return CheckCell(worst=rows[0].fact.finding.outcome if rows else None, rows=tuple(rows))


def _check_row(check: Check, facts: Sequence[_Facts]) -> CheckRow:
    cells = tuple(_check_cell(check, each) for each in facts)
    return CheckRow(check=check, cells=cells, is_different=len({cell.worst for cell in cells}) > 1)


# --- Measures ------------------------------------------------------------------------------------


def _part_row(part: str, questions: Sequence[Question], checks: Sequence[Check], facts: Sequence[_Facts]) -> PartRow:
    asked = [_question_row(question, facts) for question in questions]
    shown = tuple(row for row in asked if any(cell.standing is not Asking.NOT_ASKED for cell in row.cells))
    looked = tuple(_check_row(check, facts) for check in checks)
    cells = tuple(_part_cell(part, index, each, shown) for index, each in enumerate(facts))
    if part == OWN:
        is_different = any(row.is_different for row in shown) or any(row.is_different for row in looked)
    else:
        is_different = len({_standing(cell) for cell in cells}) > 1
    return PartRow(part=part, cells=cells, questions=shown, checks=looked, is_different=is_different)


def _part_cell(part: str, index: int, facts: _Facts, rows: Iterable[QuestionRow]) -> PartCell:
    answers = [answer for row in rows for answer in row.cells[index].rows]
    return PartCell(
        score=facts.assessed.score.part(part) if part != OWN else None,
        asked=len(answers),
        answered=sum(answer.value is not None for answer in answers),
    )


def _standing(cell: PartCell) -> tuple[object, ...]:
    score = cell.score
    return () if score is None else (score.applicable, score.level, score.basis)


def _says_something(row: PartRow) -> bool:
    """A module that none of them was asked about is left out, and so are own questions where there are none."""
    applies = any(cell.score is not None and cell.score.applicable for cell in row.cells)
    was_asked = any(cell.rows for question in row.questions for cell in question.cells)
    return applies or was_asked or (row.part == OWN and bool(row.checks))
