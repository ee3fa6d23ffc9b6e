"""A hospital's own catalogue: what may differ from the released ones, and how it is put together.

What has no prefix is ours and stays as it was released. What a hospital adds carries a prefix that ours never have, so
that neither can be taken for the other: H- for questions, sections and profile questions, h_ for the rest.
"""

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from questionnaires import loading, shelf, writing
from questionnaires.model import (
    N_,
    Catalogue,
    EvidenceType,
    Flag,
    ProfileQuestion,
    Question,
    QuestionSet,
    Section,
    SectionKind,
    SetOfQuestions,
    Text,
)
from questionnaires.reading import BadFile

PREFIX = "H-"  # of questions, sections and profile questions
WORD_PREFIX = "h_"  # of flags and kinds of document
DRAFT = "draft"  # the version of what is not released yet
SECTION = "H-0"
TITLE = Text(de="Eigene Fragen des Krankenhauses", en="The hospital's own questions")


def is_own(name: str) -> bool:
    """Whether a hospital has added it."""
    return name.startswith((PREFIX, WORD_PREFIX))


def load(source: str | bytes) -> Catalogue:
    """The hospital's catalogue written in this YAML; raises BadFile with the line, also where ours was changed."""
    return loading.load(source, also=refuse_changed)


def refuse_changed(catalogue: Catalogue) -> None:
    """Raise BadFile where something without the prefix is not, word for word, what we have released."""
    ours = _ours()
    for question in catalogue.questions.values():
        _compare("question", question.id, question, ours.questions)
    for section in catalogue.sections:
        _compare("section", section.id, _frame(section), ours.sections)
        if is_own(section.id) and section.kind is not SectionKind.OWN:
            raise BadFile(f"section {section.id}", N_("a section of your own is of kind own"))
    for asked in catalogue.profile:
        _compare("profile", asked.id, asked, ours.profile)
    for flag in catalogue.flags.values():
        _compare("flag", flag.id, flag, ours.flags)
    for kind in catalogue.evidence_types.values():
        _compare("evidence_type", kind.id, kind, ours.kinds)
    if catalogue.maturity and catalogue.maturity not in ours.maturities:
        raise BadFile("maturity", N_("the words of the levels are not those of ours"))
    for one in catalogue.sets.values():
        if not one.question_ids:
            raise BadFile(f"set {one.id}", N_("holds no question"))


def _compare(kind: str, name: str, thing: object, known: Mapping[str, Collection[object]]) -> None:
    if is_own(name) or thing in known.get(name, ()):
        return
    prefix = WORD_PREFIX if kind in {"flag", "evidence_type"} else PREFIX
    if name in known:
        raise BadFile(
            f"{kind} {name}", N_("differs from what was released; an id of your own begins %(prefix)s"), prefix=prefix
        )
    raise BadFile(f"{kind} {name}", N_("is none of ours; an id of your own begins %(prefix)s"), prefix=prefix)


class _Ours:
    """Everything that was ever released, by id."""

    def __init__(self, catalogues: Iterable[Catalogue]) -> None:
        self.questions: dict[str, list[Question]] = {}
        self.sections: dict[str, list[Section]] = {}
        self.profile: dict[str, list[ProfileQuestion]] = {}
        self.flags: dict[str, list[Flag]] = {}
        self.kinds: dict[str, list[EvidenceType]] = {}
        self.maturities: list[tuple[Text, ...]] = []
        for one in catalogues:
            for question in one.questions.values():
                self.questions.setdefault(question.id, []).append(question)
            for section in one.sections:
                self.sections.setdefault(section.id, []).append(_frame(section))
            for asked in one.profile:
                self.profile.setdefault(asked.id, []).append(asked)
            for flag in one.flags.values():
                self.flags.setdefault(flag.id, []).append(flag)
            for kind in one.evidence_types.values():
                self.kinds.setdefault(kind.id, []).append(kind)
            self.maturities.append(one.maturity)


@functools.cache
def _ours() -> _Ours:
    return _Ours(shelf.get(*version) for version in shelf.versions())


def _frame(section: Section) -> Section:
    """A section without what it asks."""
    return replace(section, question_ids=())


# --- Putting one together ------------------------------------------------------------------------


def begin(base: Catalogue, *, catalogue_id: str, title: Text) -> Catalogue:
    """A draft with all that another catalogue has, and a section for what the hospital wants to know beside it."""
    sections = base.sections
    if not any(section.kind is SectionKind.OWN for section in sections):
        own = Section(id=SECTION, title=TITLE, kind=SectionKind.OWN, measure=None, question_ids=())
        sections = (*sections, own)
    return replace(base, id=catalogue_id, version=DRAFT, title=title, sections=sections)


def titled(draft: Catalogue, title: Text) -> Catalogue:
    """The draft under another name."""
    return replace(draft, title=title)


def released(draft: Catalogue, version: str) -> Catalogue:
    """The draft under the version that it keeps."""
    return replace(draft, version=version)


def own_questions(catalogue: Catalogue) -> tuple[Question, ...]:
    """What the hospital has added."""
    return tuple(question for question in catalogue.questions.values() if is_own(question.id))


def next_id(catalogues: Iterable[Catalogue]) -> str:
    """A number that no question of these has."""
    taken = {name for one in catalogues for name in (*one.questions, *(asked.id for asked in one.profile))}
    number = 1
    while f"{PREFIX}{number:02}" in taken:
        number += 1
    return f"{PREFIX}{number:02}"


def with_question(catalogue: Catalogue, raw: Mapping[str, Any], *, section: str, sets: Collection[QuestionSet]) -> str:
    """The YAML of the catalogue with this question, new or in place of the one of its id. Nothing is judged here."""
    document = writing.document(catalogue)
    for one in document["sections"]:
        kept = [asked["id"] for asked in one["questions"]]
        place = kept.index(raw["id"]) if raw["id"] in kept and one["id"] == section else len(kept)
        one["questions"] = [asked for asked in one["questions"] if asked["id"] != raw["id"]]
        if one["id"] == section:
            one["questions"].insert(place, dict(raw))
    for chosen in document["sets"]:
        is_in = raw["id"] in chosen["questions"]
        if chosen["id"] in sets and not is_in:
            chosen["questions"].append(raw["id"])
        elif chosen["id"] not in sets and is_in:
            chosen["questions"].remove(raw["id"])
    return writing.as_yaml(document)


def without_question(catalogue: Catalogue, question_id: str) -> Catalogue:
    """The catalogue without a question of the hospital."""
    return replace(
        catalogue,
        questions={name: one for name, one in catalogue.questions.items() if name != question_id},
        sections=tuple(
            replace(one, question_ids=tuple(name for name in one.question_ids if name != question_id))
            for one in catalogue.sections
        ),
        sets=_sets(catalogue, lambda one: (name for name in one.question_ids if name != question_id)),
    )


def with_sets(catalogue: Catalogue, chosen: Mapping[QuestionSet, Collection[str]]) -> Catalogue:
    """The catalogue with these questions in its sets, in the order of its sections."""
    return replace(
        catalogue,
        sets=_sets(catalogue, lambda one: (name for name in catalogue.questions if name in chosen[one.id])),
    )


def _sets(
    catalogue: Catalogue, names: Callable[[SetOfQuestions], Iterable[str]]
) -> Mapping[QuestionSet, SetOfQuestions]:
    return {key: replace(one, question_ids=tuple(names(one))) for key, one in catalogue.sets.items()}
