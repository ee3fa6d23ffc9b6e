"""What a contract should say on security: eight letters, and under each what is open with this vendor at present."""

import functools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

from assessments import domains
from assessments.framework_views import POOR
from assessments.model import (
    PARTS,
    ActionFact,
    AnswerRow,
    Assessed,
    EvidenceStatus,
    FindingRow,
    FindingStanding,
    Phrase,
    Words,
)
from questionnaires import reading
from questionnaires.model import N_, AnswerKind, Text
from questionnaires.reading import BadFile
from scanners.model import Message, Outcome, Severity

LETTERS = "abcdefgh"
_WEIGHTY = (Severity.CRITICAL, Severity.HIGH)


@dataclass(frozen=True, kw_only=True)
class Term:
    """One letter as its file says it."""

    letter: str
    title: Text
    clauses: tuple[Text, ...]
    parts: frozenset[str]
    questions: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something concrete that this vendor owes under a letter."""

    what: Words
    source: Words  # an action, a question, an observation, a document
    due_on: date | None = None  # None: to be agreed
    was_due_on: date | None = None  # a day that passed, so that another has to be agreed
    places: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """One letter with what is concrete."""

    term: Term
    items: tuple[Item, ...]


@functools.cache
def terms() -> tuple[Term, ...]:
    """The eight letters; each measure and module belongs to exactly one."""
    file = resources.files("assessments").joinpath("frameworks", "contract.yaml")
    top = reading.fields(reading.parse(file.read_bytes()), "contract", need={"terms"})
    found = tuple(_term(raw) for raw in reading.items(top["terms"], "terms"))
    if "".join(one.letter for one in found) != LETTERS:
        raise BadFile("contract", "the letters a to h, in order")
    if sorted(part for one in found for part in one.parts) != sorted(PARTS):
        raise BadFile("contract", "every measure and module belongs to exactly one letter")
    return found


def _term(raw: Any) -> Term:
    found = reading.fields(raw, "term", need={"letter", "title", "clauses", "parts", "questions"})
    letter = reading.word(found["letter"], "letter")
    return Term(
        letter=letter,
        title=reading.text(found["title"], letter),
        clauses=tuple(reading.text(one, letter) for one in reading.items(found["clauses"], letter)),
        parts=frozenset(reading.words(found["parts"], letter)),
        questions=frozenset(reading.words(found["questions"], letter)),
    )


def agree(assessed: Assessed, actions: Iterable[ActionFact], *, covered: Collection[str] = ()) -> tuple[Agreed, ...]:
    """Every letter with what is open: agreed actions with their days, then what no action covers yet.

    `covered`: the causes of these actions, "answer:MF-02" or "check:tls.certificate".
    """
    by_letter: dict[str, list[Item]] = {letter: [] for letter in LETTERS}
    answers, findings = _answers(assessed, covered), _findings(assessed, covered)
    for letter, item in (*_actions(actions), *answers, *findings, *_documents(assessed)):
        by_letter[letter].append(item)
    return tuple(Agreed(term=term, items=tuple(by_letter[term.letter])) for term in terms())


def letter_of(part: str | None, question: str | None = None) -> str:
    """Where a question or measure belongs; what belongs nowhere is a requirement of letter (a)."""
    for term in terms():
        if question is not None and question in term.questions:
            return term.letter
    return next((term.letter for term in terms() if part in term.parts), "a")


def _actions(actions: Iterable[ActionFact]) -> Iterator[tuple[str, Item]]:
    for one in sorted(actions, key=lambda action: (action.due_on, action.key)):
        source = Phrase(text=N_("Action %(key)s"), values={"key": one.key})
        due, was_due = (None, one.due_on) if one.overdue else (one.due_on, None)
        yield (
            letter_of(one.part),
            Item(what=one.title, source=source, due_on=due, was_due_on=was_due, places=one.places),
        )


def _answers(assessed: Assessed, covered: Collection[str]) -> Iterator[tuple[str, Item]]:
    rows: dict[str, list[AnswerRow]] = {}
    for row in assessed.answers:
        if _falls_short(row) and f"answer:{row.question.id}" not in covered:
            rows.setdefault(row.question.id, []).append(row)
    names = {supply.key: supply.name for supply in assessed.dossier.supplies}
    for question_id, found in rows.items():
        question = found[0].question
        text = N_("To be put right: %(label)s") if found[0].value is not None else N_("To be declared: %(label)s")
        yield (
            letter_of(found[0].part, question_id),
            Item(
                what=Phrase(text=text, values={"label": question.label}),
                source=Phrase(text=N_("Question %(key)s"), values={"key": question_id}),
                places=tuple(names.get(row.supply, row.supply) for row in found if row.supply),
            ),
        )


def _falls_short(row: AnswerRow) -> bool:
    if row.question.shape.kind is AnswerKind.TEXT:
        return False
    return row.value is None or (row.share is not None and row.share < POOR)


def _findings(assessed: Assessed, covered: Collection[str]) -> Iterator[tuple[str, Item]]:
    rows: dict[str, list[FindingRow]] = {}
    for row in assessed.findings:
        finding = row.fact.finding
        stands = row.fact.standing in {FindingStanding.OPEN, FindingStanding.DISPUTED} and row.role is not None
        if stands and finding.outcome is Outcome.FAIL and finding.severity in _WEIGHTY and not finding.provisional:
            rows.setdefault(finding.check_id, []).append(row)
    for check_id, found in rows.items():
        check = found[0].check
        if check is None or f"check:{check_id}" in covered:
            continue
        part = str(check.refs.measures[0]) if check.refs.measures else None
        yield (
            letter_of(part),
            Item(
                what=Phrase(text=N_("To be mended: %(label)s"), values={"label": Message(text=check.title)}),
                source=Phrase(text=N_("Seen from outside (%(key)s)"), values={"key": check_id}),
                places=tuple(dict.fromkeys(row.fact.finding.subject.name for row in found)),
            ),
        )


def _documents(assessed: Assessed) -> Iterator[tuple[str, Item]]:
    wanting: dict[tuple[str, str], EvidenceStatus] = {}
    catalogue = assessed.dossier.catalogue
    for one in assessed.evidence:
        if one.standing not in domains.GOOD:
            question = one.question_ids[0] if one.question_ids else ""
            part = catalogue.part_of(question) if question in catalogue.questions else None
            wanting.setdefault((letter_of(part, question), one.type), one)
    for (letter, _), one in wanting.items():
        yield (
            letter,
            Item(
                what=Phrase(text=N_("To be submitted: %(label)s"), values={"label": one.type_text}),
                source=Phrase(text=N_("Evidence to %(key)s"), values={"key": ", ".join(one.question_ids) or "–"}),
            ),
        )
