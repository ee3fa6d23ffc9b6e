"""An answer is carried on only to a question that still asks for it."""

from dataclasses import replace
from datetime import date

from questionnaires import carrying, shelf
from questionnaires.carrying import Fit
from questionnaires.model import AnswerKind, AnswerValue, Text

TODAY = date(2026, 11, 21)
ASKED = shelf.current().questions["GV-02"]
YES = AnswerValue(choices=("yes",), comment="seit 2024")


def fit(after, value=YES):
    return carrying.fit(ASKED, after, value, today=TODAY)


def test_the_same_question_takes_the_same_answer():
    assert fit(ASKED) is Fit.SAME
    assert fit(replace(ASKED, weight=9, why=Text(de="neu", en="new"))) is Fit.SAME


def test_another_text_needs_a_fresh_look():
    assert fit(replace(ASKED, text=Text(de="Anders?", en="Different?"))) is Fit.CHANGED


def test_other_choices_need_a_fresh_look_and_a_choice_that_is_gone_is_no_answer():
    options = ASKED.shape.options
    fewer = replace(ASKED, shape=replace(ASKED.shape, options=options[:2]))
    without = replace(ASKED, shape=replace(ASKED.shape, options=options[1:]))

    assert fit(fewer) is Fit.CHANGED
    assert fit(without) is Fit.NONE


def test_another_kind_of_answer_is_no_answer():
    number = replace(ASKED, shape=replace(ASKED.shape, kind=AnswerKind.NUMBER, options=()))

    assert fit(number) is Fit.NONE
    assert fit(ASKED, AnswerValue(number=3)) is Fit.NONE
