"""A follow-up: what changed is asked again, what did not goes on to hold, and nothing is lost between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires import answering, continuing, loading, shelf, writing
from questionnaires.model import AnswerValue, QuestionSet, Scope

DELTA, BEFORE = shelf.get(*shelf.DELTA), shelf.current()
AREAS = [section.id for section in BEFORE.sections]


def named(*areas: str) -> dict[str, AnswerValue]:
    return {"D-00": AnswerValue(choices=areas or ("nothing",))}


def test_ours_are_no_follow_ups_but_for_the_one():
    assert [name for name in shelf.versions() if continuing.is_follow_up(shelf.get(*name))] == [shelf.DELTA]


def test_nothing_named_asks_the_twelve_and_no_more():
    asked = continuing.reopening(DELTA, BEFORE, QuestionSet.FULL)
    flags = answering.derive_flags(asked, named(), intake=BEFORE.flags)

    assert [question.id for question in answering.shown(asked, QuestionSet.FULL, flags)] == list(DELTA.questions)


def test_a_named_section_is_asked_again_as_far_as_it_applied():
    asked = continuing.reopening(DELTA, BEFORE, QuestionSet.FULL)
    flags = answering.derive_flags(asked, named("AC"))
    shown = {question.id for question in answering.shown(asked, QuestionSet.FULL, flags)}

    assert "AC-03" in shown
    assert "AC-02" not in shown  # only with remote access
    assert not any(name.startswith("GV") for name in shown)
    assert "AC-02" in {question.id for question in answering.shown(asked, QuestionSet.FULL, flags | {"remote_access"})}


def test_what_was_said_of_the_company_is_not_asked_again():
    asked = continuing.reopening(DELTA, BEFORE, QuestionSet.FULL)

    assert [question.id for question in answering.asked_profile(asked)] == ["D-00"]


@pytest.mark.parametrize("question_set", list(QuestionSet))
def test_it_is_judged_over_what_was_asked_then_and_now(question_set: QuestionSet):
    judged = continuing.standing(DELTA, BEFORE, question_set)

    assert set(judged.questions) == {*DELTA.questions, *BEFORE.sets[question_set].question_ids}
    assert judged.questions["GV-01"].applies_if == BEFORE.questions["GV-01"].applies_if
    assert judged.part_of("D-05") == "3"


def test_the_third_round_continues_the_second():
    second = continuing.standing(DELTA, BEFORE, QuestionSet.BASIC)
    third = continuing.standing(DELTA, second, QuestionSet.SHORT)

    assert third == second


@given(st.sets(st.sampled_from(AREAS)))
def test_every_earlier_answer_either_holds_on_or_is_asked_again(areas: set[str]):
    profile = named(*areas)
    for name, question in BEFORE.questions.items():
        assert continuing.holds_on(DELTA, BEFORE, name, profile) is (question.section not in areas)


def test_the_merged_catalogue_is_one_that_the_loader_takes():
    merged = continuing.reopening(DELTA, BEFORE, QuestionSet.FULL)

    assert loading.load(writing.dump(merged)) == merged


PRODUCTS = ("alt", "auch-alt", "neu")
QUESTIONS = [question for question in BEFORE.questions.values() if question.id not in DELTA.questions]
entries = st.sets(
    st.one_of(
        st.sampled_from(QUESTIONS).map(lambda question: question.id),
        st.builds(
            continuing.of_product,
            st.sampled_from([one.id for one in QUESTIONS if one.scope is Scope.SUPPLY]),
            st.sampled_from(PRODUCTS[:2]),
        ),
    ),
    max_size=12,
)


@given(entries, st.sets(st.sampled_from(AREAS), max_size=3), st.sets(st.sampled_from(sorted(BEFORE.flags))))
def test_each_answer_that_holds_is_asked_of_nobody_and_every_question_of_a_new_product_is_asked(again, areas, known):
    again |= {continuing.everything_of("neu")}
    profile = named(*areas) if areas else named()
    asked = continuing.reopening(DELTA, BEFORE, QuestionSet.FULL, asked_again=again)
    for product in PRODUCTS:
        flags = answering.derive_flags(asked, profile, intake=known) | continuing.flags_of(again, product)
        shown = {question.id for question in answering.shown(asked, QuestionSet.FULL, flags)}
        for question in QUESTIONS:
            if question.scope is Scope.SUPPLY:
                applies = answering.holds(question.applies_if, flags)
                holds_on = continuing.holds_on(DELTA, BEFORE, question.id, profile, asked_again=again, supply=product)
                assert (question.id in shown) is (applies and not holds_on)
                assert product != "neu" or not holds_on
                assert product == "neu" or not holds_on or question.id not in shown


@given(entries)
def test_what_is_asked_of_one_product_is_no_question_for_the_company(again):
    partial = {entry for entry in again if continuing.OF in entry}
    asked = continuing.reopening(DELTA, BEFORE, QuestionSet.FULL, asked_again=partial)
    flags = answering.derive_flags(asked, named(), intake=BEFORE.flags)

    shown = {question.id for question in answering.shown(asked, QuestionSet.FULL, flags)}
    assert shown == set(DELTA.questions)
    assert loading.load(writing.dump(asked)) == asked


def test_what_the_company_delivers_is_asked_again_where_it_is_named():
    asked = continuing.reopening(DELTA, BEFORE, QuestionSet.FULL, asked_again=["P-02"])
    third = continuing.reopening(
        DELTA, continuing.standing(DELTA, BEFORE, QuestionSet.FULL), QuestionSet.FULL, asked_again=["P-02"]
    )

    for catalogue in (asked, third):
        assert [one.id for one in answering.asked_profile(catalogue)] == ["D-00", "P-02"]
