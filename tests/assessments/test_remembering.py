"""What is remembered is what would be worked out again, of the very object that was given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assessments import gathering, remembering
from questionnaires.model import QuestionSet
from tests.assessments import building


def test_the_same_object_and_equal_arguments_are_worked_out_once() -> None:
    made: list[tuple[object, tuple[int, ...]]] = []

    @remembering.by_first
    def work(first: list[int], more: tuple[int, ...]) -> tuple[int, ...]:
        made.append((first, more))
        return (*first, *more)

    first = [1]
    assert work(first, (2, 3)) == work(first, (2, *(3,))) == (1, 2, 3)
    assert len(made) == 1
    assert work(first, (4,)) == (1, 4)
    assert work([1], (2, 3)) == (1, 2, 3)  # an equal object is another
    assert len(made) == 3


def test_what_comes_to_nothing_is_remembered_too() -> None:
    made: list[object] = []

    @remembering.by_first
    def work(first: object) -> None:
        made.append(first)

    one = object()
    assert work(one) is work(one) is None
    assert len(made) == 1


def test_only_so_much_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST", 3)
    made: list[int] = []

    @remembering.by_first
    def work(first: object, number: int) -> int:
        made.append(number)
        return number

    one = object()
    for number in range(4):
        assert work(one, number) == number
    assert work(one, 3) == 3
    assert work(one, 0) == 0  # let go of, and worked out again
    assert made == [0, 1, 2, 3, 0]


def test_a_catalogue_of_the_same_name_is_asked_by_its_own_questions() -> None:
    dossier = building.dossier(answers=())
    found = gathering.asked(dossier)
    first = found[0].question
    shorter = replace(
        dossier.catalogue, questions={key: one for key, one in dossier.catalogue.questions.items() if key != first.id}
    )
    assert (shorter.id, shorter.version) == (dossier.catalogue.id, dossier.catalogue.version)
    assert first.id not in {each.question.id for each in gathering.asked(replace(dossier, catalogue=shorter))}
    assert gathering.asked(dossier) == found


def test_what_one_vendor_answered_is_not_what_the_next_is_asked() -> None:
    silent = building.dossier(answers=(), question_set=QuestionSet.SHORT)
    question = gathering.asked(silent)[0].question
    told = replace(silent, answers=(building.answer(question.id),))
    assert gathering.asked(told)[0].answer is not None
    assert gathering.asked(silent)[0].answer is None
