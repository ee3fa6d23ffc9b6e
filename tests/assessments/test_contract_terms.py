"""Eight letters: what is open stands under exactly one, actions keep their day, what is well is not asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assessments import contract_terms
from assessments.model import PARTS, Assessed
from questionnaires import shelf
from tests.reports import building


@pytest.fixture(scope="module")
def assessed() -> Assessed:
    return building.assessed(3)


def test_the_letters_are_those_of_the_regulation():
    assert [one.letter for one in contract_terms.terms()] == list("abcdefgh")
    assert sorted(part for one in contract_terms.terms() for part in one.parts) == sorted(PARTS)
    questions = [name for one in contract_terms.terms() for name in one.questions]
    assert len(questions) == len(set(questions))
    assert set(questions) <= set(shelf.current().questions)


def test_an_action_stands_under_its_letter_with_its_day(assessed: Assessed):
    actions = [replace(building.action(number), part=part) for number, part in enumerate(("2", "7", None), start=1)]
    agreed = {one.term.letter: one.items for one in contract_terms.agree(assessed, actions)}
    for letter, action in zip("dba", actions, strict=True):
        first = agreed[letter][0]
        days = (None, action.due_on) if action.overdue else (action.due_on, None)
        assert (first.what, (first.due_on, first.was_due_on), first.places) == (action.title, days, action.places)


def test_what_an_action_covers_is_not_asked_for_again(assessed: Assessed):
    def causes(covered: set[str]) -> set[str]:
        agreed = contract_terms.agree(assessed, [], covered=covered)
        sources = [item.source for one in agreed for item in one.items]
        questions = {f"answer:{one.values['key']}" for one in sources if one.text == "Question %(key)s"}
        return questions | {
            f"check:{one.values['key']}" for one in sources if one.text == "Seen from outside (%(key)s)"
        }

    every = causes(set())
    some = set(sorted(every)[::2])
    assert {one.partition(":")[0] for one in some} == {"answer", "check"}
    assert causes(some) == every - some


def test_what_falls_short_is_asked_for_once_and_nothing_else_is(assessed: Assessed):
    agreed = contract_terms.agree(assessed, [])
    named = [
        item.source.values["key"]
        for one in agreed
        for item in one.items
        if item.source.text in {"Question %(key)s", "Seen from outside (%(key)s)"}
    ]
    assert len(named) == len(set(named))
    short = {row.question.id for row in assessed.answers if contract_terms._falls_short(row)}
    assert short <= set(named)
    good = {row.question.id for row in assessed.answers if row.share == 1.0} - short
    assert good
    assert not good & set(named)


def test_a_vendor_without_gaps_owes_nothing_in_particular(assessed: Assessed):
    well = replace(assessed, answers=(), findings=(), evidence=())
    assert all(not one.items for one in contract_terms.agree(well, []))
