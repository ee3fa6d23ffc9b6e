"""The table beside the catalogue names questions that are asked, and agrees with the checks beside them."""

from __future__ import annotations

from assessments import question_marks
from questionnaires import shelf
from scanners.catalogue import CHECKS


def test_every_question_of_the_table_is_asked():
    table = question_marks.table()
    asked = {name for one in shelf.versions() for name in shelf.get(*one).questions}

    assert table.owasp.keys() | table.gdpr32.keys() <= asked
    assert set().union(*table.gdpr32.values()) == {"a", "b", "c", "d", "4"}
    assert all(table.sources.values())


def test_both_editions_are_named_for_each_question():
    for name, classes in question_marks.table().owasp.items():
        assert {one.partition(":")[2] for one in classes} == {"2021", "2025"}, name


def test_a_question_with_checks_has_a_class_that_one_of_them_has():
    for name, classes in question_marks.table().owasp.items():
        links = shelf.current().questions[name].scan_checks
        seen = {f"{CHECKS[one.check_id].refs.owasp2025}:2025" for one in links if one.check_id in CHECKS} - {":2025"}
        assert not seen or seen & classes, (name, seen)


def test_every_class_that_checks_name_has_a_title():
    named = {
        f"{name}:{year}"
        for check in CHECKS.values()
        for name, year in ((check.refs.owasp2021, "2021"), (check.refs.owasp2025, "2025"))
        if name
    }
    assert named <= question_marks.table().titles.keys()


def test_what_a_question_itself_says_of_article_32_is_in_the_table():
    for name, question in shelf.current().questions.items():
        if any("DSGVO" in ref and "32" in ref for ref in question.refs.other):
            assert name in question_marks.table().gdpr32, name
