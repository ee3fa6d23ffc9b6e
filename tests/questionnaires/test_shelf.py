"""What ships: the catalogue is whole, in two languages, and released versions stay as they were."""

import re
from collections import Counter

import pytest

from questionnaires import answering, citing, continuing, owning, shelf
from questionnaires.model import AnswerKind, QuestionSet, Relation, Scope, SectionKind, Text

CATALOGUE = shelf.current()
SHIPPED = [shelf.get(*name) for name in shelf.versions()]
ASKED = [question for one in SHIPPED for question in one.questions.values()]


def test_every_released_catalogue_is_still_what_was_released():
    """A released version never changes; answers name id and version (ARCHITECTURE rule 6)."""
    released = shelf.released()

    assert {version: shelf.digest(*version) for version in released} == dict(released)


def test_every_catalogue_that_ships_is_released():
    assert set(shelf.versions()) == set(shelf.released())


def test_an_unknown_catalogue_is_refused():
    with pytest.raises(shelf.NoSuchCatalogue):
        shelf.get("hospital-vendor", "1999.1")


def test_the_catalogue_asks_95_questions_in_15_sections_and_12_about_the_company():
    assert len(CATALOGUE.questions) == 95
    assert len(CATALOGUE.sections) == 15
    assert len(CATALOGUE.profile) == 12
    assert Counter(section.kind for section in CATALOGUE.sections) == {SectionKind.MEASURE: 10, SectionKind.MODULE: 5}


def test_incidents_and_backups_count_in_their_measures_and_the_other_modules_stand_alone():
    assert {section.id: section.part for section in CATALOGUE.sections} == {
        "GV": "1",
        "IH": "2",
        "IR": "2",
        "BC": "3",
        "BK": "3",
        "SC": "4",
        "SD": "5",
        "EF": "6",
        "TR": "7",
        "CR": "8",
        "AC": "9",
        "MF": "10",
        "MD": "MD",
        "CL": "CL",
        "DP": "DP",
    }


def test_thirteen_questions_exclude():
    excluding = {question.id for question in CATALOGUE.questions.values() if question.knock_out}

    assert excluding == {
        *("IR-01", "BK-01", "BK-04", "BK-05", "SD-11", "AC-02", "MF-01"),
        *("MD-01", "MD-02", "MD-09", "CL-01", "CL-02", "DP-01"),
    }


def test_every_question_says_why_in_both_languages_with_a_legal_or_technical_anchor():
    anchor = re.compile(r"§|Art|MDR|NIS2|CRA|MDCG|SGB|BSI")

    for question in ASKED:
        assert len(question.why.de) > 60, question.id
        assert len(question.why.en) > 60, question.id
        assert anchor.search(question.why.de), question.id


def test_german_texts_are_set_as_german_is():
    """A narrow no-break space stands after §, Abs., Nr. and Art.; quotation marks are German."""
    for text in _texts():
        assert not re.search(r"§ \d|\b(Abs|Nr|Art)\. \d|z\. B\.|\"", text.de), text.de
        assert not re.search(r"§ \d|\"", text.en), text.en


def _texts() -> list[Text]:
    found = [text for one in SHIPPED for text in (one.title, one.disclaimer)]
    for question in ASKED:
        found += [question.label, question.text, question.why]
        found += [option.text for option in question.shape.options]
        found += [flag.reason for flag in question.red_flags]
        found += [link.note for link in question.scan_checks]
    for asked in (asked for one in SHIPPED for asked in one.profile):
        found += [asked.text, *(option.text for option in asked.shape.options)]
    return found


def test_what_an_answer_is_worth_is_monotone_in_its_bands():
    """A limit that is harder to meet is never worth less."""
    for question in ASKED:
        scores = [band.score for band in question.shape.bands]
        limits = [band.limit for band in question.shape.bands]

        assert scores == sorted(scores, reverse=True), question.id
        easier_later = question.shape.lower_is_better or str(question.shape.date_rule) == "age_in_months"
        assert limits == sorted(limits, reverse=not easier_later), question.id


def test_every_choice_goes_from_nearly_nothing_to_all():
    for question in ASKED:
        if question.shape.options and question.shape.kind is not AnswerKind.MULTI_CHOICE:
            scores = [option.score for option in question.shape.options if option.score is not None]
            assert max(scores) == 1, question.id
            assert min(scores) <= 0.2, question.id


def test_one_number_never_means_two_questions():
    """Answers are carried by number: what two of our catalogues call the same is the same."""
    by_id: dict[str, set[Text]] = {}
    for question in ASKED:
        by_id.setdefault(question.id, set()).add(question.text)

    assert all(len(texts) == 1 for texts in by_id.values())
    assert not any(owning.is_own(name) for name in by_id)


def test_the_short_one_without_it_access_asks_little_of_every_measure():
    catalogue = shelf.get(*shelf.WITHOUT_IT_ACCESS)
    always = answering.shown(catalogue, QuestionSet.SHORT, frozenset())

    assert 12 <= len(catalogue.questions) <= 15
    assert {catalogue.part_of(question.id) for question in always} == {*map(str, range(1, 11)), "DP"}
    assert answering.minutes(always, {}) <= 5


def test_the_follow_up_asks_twelve_questions_and_names_every_section_of_ours():
    delta = shelf.get(*shelf.DELTA)

    assert 10 <= len(delta.questions) <= 12
    assert set(delta.flags) == {f"{continuing.CHANGED}{section.id}" for section in CATALOGUE.sections}


def test_every_set_asks_something_of_every_measure():
    """No measure may stay unseen in any set, or there would be no coverage to give a grade on."""
    for one in QuestionSet:
        always = answering.shown(CATALOGUE, one, frozenset())
        parts = {CATALOGUE.part_of(question.id) for question in always}

        assert {str(number) for number in range(1, 11)} <= parts, one


def test_sets_grow_from_short_to_full():
    basic = set(CATALOGUE.sets[QuestionSet.BASIC].question_ids)
    full = set(CATALOGUE.sets[QuestionSet.FULL].question_ids)

    assert len(basic) == 31
    assert full == set(CATALOGUE.questions)
    assert basic < full
    assert set(CATALOGUE.sets[QuestionSet.SHORT].question_ids) <= basic


def test_product_matters_are_asked_per_supply_and_governance_once():
    scopes = {question.id: question.scope for question in CATALOGUE.questions.values()}

    assert all(scope is Scope.SUPPLY for name, scope in scopes.items() if name.startswith(("MD-", "CL-", "BK-")))
    assert all(scope is Scope.COMPANY for name, scope in scopes.items() if name.startswith(("GV-", "IH-", "TR-")))


def test_no_question_hangs_on_one_check_twice():
    for question in CATALOGUE.questions.values():
        links = [link.check_id for link in question.scan_checks]
        assert len(set(links)) == len(links), question.id
        assert {link.relation for link in question.scan_checks} <= set(Relation)


def test_citations_speak_the_reader_s_language():
    refs = CATALOGUE.questions["DP-02"].refs

    assert any("DSGVO" in line for line in citing.citations(refs, language="de"))
    assert not any("DSGVO" in line for line in citing.citations(refs, language="en"))
    assert any("GDPR" in line for line in citing.citations(refs, language="en"))
