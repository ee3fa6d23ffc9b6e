"""The ten measures as a checklist for a kind of supplier: what is asked, what proves it, what a scan can show."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from assessments import frameworks
from assessments.model import PARTS, Measure
from questionnaires import answering, reading
from questionnaires.model import Catalogue, Question, QuestionSet, Text
from scanners.model import Check, Severity

WORST_FIRST = tuple(Severity)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of supplier, by the flags it usually sets."""

    id: str
    title: Text
    lead: Text
    flags: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One measure or module with all that belongs to it."""

    measure: Measure
    questions: tuple[Question, ...]
    proofs: tuple[Text, ...]  # kinds of document, each once
    checks: tuple[Check, ...]  # the weightiest first; remarks without weight are left out


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """All kinds, by id."""
    file = resources.files("assessments").joinpath("frameworks", "kinds.yaml")
    top = reading.fields(reading.parse(file.read_bytes()), "kinds", need={"kinds"})
    return {made.id: made for made in map(_kind, reading.items(top["kinds"], "kinds"))}


def _kind(raw: Any) -> Kind:
    found = reading.fields(raw, "kinds", need={"id", "title", "lead", "flags"})
    name = reading.word(found["id"], "kinds")
    return Kind(
        id=name,
        title=reading.text(found["title"], name),
        lead=reading.text(found["lead"], name),
        flags=frozenset(reading.words(found["flags"], name)),
    )


def build(kind: Kind, catalogue: Catalogue, checks: Iterable[Check]) -> tuple[Part, ...]:
    """The measures, and the modules that apply, as the catalogues say them."""
    asked = answering.shown(catalogue, QuestionSet.FULL, kind.flags)
    by_part: dict[str, list[Question]] = {}
    for question in asked:
        by_part.setdefault(catalogue.part_of(question.id), []).append(question)
    seen: dict[str, list[Check]] = {}
    for check in checks:
        if check.refs.measures and check.severity is not Severity.INFO:
            seen.setdefault(str(check.refs.measures[0]), []).append(check)
    return tuple(
        Part(
            measure=frameworks.measure(part),
            questions=tuple(by_part.get(part, ())),
            proofs=_proofs(by_part.get(part, ()), catalogue),
            checks=tuple(sorted(seen.get(part, ()), key=lambda check: WORST_FIRST.index(check.severity))),
        )
        for part in PARTS
        if part in by_part or part in seen
    )


def _proofs(questions: Iterable[Question], catalogue: Catalogue) -> tuple[Text, ...]:
    types = dict.fromkeys(wanted.type for question in questions for wanted in question.evidence)
    return tuple(catalogue.evidence_types[name].text for name in types)
