"""A hospital may add and leave out; what is ours stays word for word, and neither is taken for the other."""

from collections.abc import Callable
from typing import Any

import pytest

from questionnaires import loading, owning, shelf, writing
from questionnaires.model import AnswerKind, QuestionSet, SectionKind, Text
from questionnaires.reading import BadFile

BASE = shelf.current()
DRAFT = owning.begin(BASE, catalogue_id="own-1", title=Text(de="Unsere", en="Ours"))
RAW: dict[str, Any] = {
    "id": "H-01",
    "scope": "company",
    "label": {"de": "L", "en": "L"},
    "text": {"de": "Frage?", "en": "Question?"},
    "why": {"de": "Darum.", "en": "Because."},
    "answer": {"kind": "text"},
    "weight": 0,
    "refs": {},
    "est_seconds": 20,
}


def added(raw: dict[str, Any] = RAW, section: str = owning.SECTION):
    return owning.load(owning.with_question(DRAFT, raw, section=section, sets=set(QuestionSet)))


def changed(**parts: Any) -> str:
    document = writing.document(DRAFT)
    for path, value in parts.items():
        document[path] = value(document[path])
    return writing.as_yaml(document)


def test_a_draft_has_all_of_its_base_and_a_section_that_counts_nowhere():
    assert dict(DRAFT.questions) == dict(BASE.questions)
    assert (DRAFT.sections[-1].kind, DRAFT.sections[-1].part) == (SectionKind.OWN, "")
    assert owning.load(writing.dump(DRAFT)) == DRAFT


@pytest.mark.parametrize("name", shelf.versions(), ids="@".join)
def test_what_ships_is_what_a_hospital_may_have(name: tuple[str, str]):
    assert owning.load(shelf.source(*name)) == shelf.get(*name)


ANSWERS: tuple[dict[str, Any], ...] = (
    {"answer": {"kind": "yes_partial_no_na"}},
    {"answer": {"kind": "yes_no"}},
    {"answer": {"kind": "maturity"}},
    {"answer": {"kind": "text"}},
    {"answer": {"kind": "number", "unit": "days"}},
    {"answer": {"kind": "date", "date_rule": "age_in_months"}},
    {"answer": {"kind": "multi_choice", "options": [{"id": "a", "text": {"de": "a", "en": "a"}}]}},
    {"answer": {"kind": "single_choice", "options": [{"id": "a", "text": {"de": "a", "en": "a"}}]}},
    {"answer": {"kind": "file"}, "evidence": [{"type": "sla", "validity_months": None}]},
)


def test_every_kind_of_answer_can_be_asked_without_a_score():
    document = writing.document(DRAFT)
    asked = [{**RAW, "id": f"H-{number:02}", **answer} for number, answer in enumerate(ANSWERS, 1)]
    next(one for one in document["sections"] if one["id"] == owning.SECTION)["questions"].extend(asked)

    catalogue = owning.load(writing.as_yaml(document))

    assert {question.shape.kind for question in owning.own_questions(catalogue)} == set(AnswerKind)
    assert not [question.id for question in owning.own_questions(catalogue) if question.is_scored]
    assert owning.load(writing.dump(catalogue)) == catalogue


def test_a_question_keeps_its_place_when_it_is_changed_and_leaves_without_a_trace():
    two = owning.load(owning.with_question(added(), {**RAW, "id": "H-02"}, section="H-0", sets=set()))
    again = owning.load(owning.with_question(two, {**RAW, "est_seconds": 9}, section="H-0", sets={QuestionSet.FULL}))

    assert [question.id for question in owning.own_questions(again)] == ["H-01", "H-02"]
    assert "H-01" not in again.sets[QuestionSet.SHORT].question_ids
    assert owning.without_question(added(), "H-01") == DRAFT


def test_a_number_is_never_given_twice():
    assert owning.next_id([DRAFT, added()]) == "H-02"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (lambda: changed(maturity=lambda levels: levels[::-1]), "maturity: the words"),
        (
            lambda: changed(flags=lambda flags: [*flags, {"id": "moon", "text": {"de": "m", "en": "m"}}]),
            "flag moon: is none",
        ),
        (
            lambda: changed(evidence_types=lambda kinds: [{**kinds[0], "validity_months": 99}, *kinds[1:]]),
            "evidence_type iso27001_cert: differs",
        ),
        (lambda: changed(sets=lambda sets: [{**sets[0], "questions": []}, *sets[1:]]), "set short: holds no question"),
        (
            lambda: owning.with_question(DRAFT, {**RAW, "id": "X-01"}, section="GV", sets=set()),
            "question X-01: is none of ours",
        ),
        (lambda: owning.with_question(DRAFT, {**RAW, "weight": 2}, section="H-0", sets=set()), "must be 0"),
        (
            lambda: owning.with_question(DRAFT, {**RAW, "weight": 2}, section="GV", sets=set()),
            "a text cannot be scored",
        ),
        (
            lambda: owning.with_question(DRAFT, {**RAW, "knock_out": True}, section="H-0", sets=set()),
            "cannot be a knock-out",
        ),
    ],
)
def test_what_a_hospital_may_not_change_is_refused_with_its_line(source: Callable[[], str], said: str):
    with pytest.raises(BadFile, match=said) as refused:
        owning.load(source())

    assert refused.value.line or "maturity" in said


def test_the_loader_alone_takes_what_only_we_may_write():
    assert loading.load(owning.with_question(DRAFT, {**RAW, "id": "X-01"}, section="GV", sets=set()))
