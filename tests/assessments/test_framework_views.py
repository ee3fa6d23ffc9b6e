"""A vendor through a framework: every entry with its own answers and findings; filters only leave out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assessments import framework_views, question_marks
from assessments.framework_views import Filter, Framework
from assessments.model import MEASURE_PARTS, Assessed
from questionnaires import shelf
from scanners.catalogue import CHECKS
from scanners.model import Outcome
from tests.reports import building


@pytest.fixture(scope="module")
def assessed() -> Assessed:
    return building.assessed(1)


def test_every_measure_point_and_control_is_there(assessed: Assessed):
    assert [row.entry.key for row in framework_views.view(assessed, Framework.BSIG).rows] == list(MEASURE_PARTS)
    assert [row.entry.key for row in framework_views.view(assessed, Framework.MDR).rows] == ["17.2", "17.4", "23.4(ab)"]
    controls = [row.entry.key for row in framework_views.view(assessed, Framework.ISO27001).rows]
    assert len(controls) == len(set(controls)) == 93
    counts = [sum(key.startswith(f"A.{chapter}.") for key in controls) for chapter in (5, 6, 7, 8)]
    assert counts == [37, 8, 14, 34]


def test_no_reference_of_a_question_or_check_leads_nowhere():
    named = {name for check in CHECKS.values() for name in check.refs.iso27001}
    named |= {name for question in shelf.current().questions.values() for name in question.refs.iso27001}
    assert named <= {entry.key for entry in framework_views.entries(Framework.ISO27001)}
    points = {name for check in CHECKS.values() for name in check.refs.mdr}
    assert points <= {name for entry in framework_views.entries(Framework.MDR) for name in entry.check_marks}
    asked = {name for entry in framework_views.entries(Framework.MDR) for name in entry.questions}
    modules = {one for one in shelf.current().questions if shelf.current().part_of(one) == "MD"}
    assert asked == modules


def test_nothing_of_a_measure_is_lost(assessed: Assessed):
    found = framework_views.view(assessed, Framework.BSIG)
    shown = {row.key for entry in found.rows for row in entry.answers}
    assert shown >= {row.key for row in assessed.answers if row.part in MEASURE_PARTS}
    seen = {row.key for entry in found.rows for row in entry.findings}
    assert seen == {row.key for row in assessed.findings if row.check and row.check.refs.measures}


def test_counts_and_gaps_belong_together(assessed: Assessed):
    for framework in Framework:
        for row in framework_views.view(assessed, framework).rows:
            assert row.answered <= len(row.answers)
            assert len(row.lacking) + row.met + row.unseen <= len(row.findings)
            assert bool(row.gaps) >= bool(row.lacking or row.unseen or row.answered < len(row.answers))
            assert {one.fact.finding.outcome for one in row.lacking} <= {Outcome.FAIL, Outcome.WARN}


def test_a_filter_only_leaves_out(assessed: Assessed):
    for framework in Framework:
        whole = {row.entry.key: row for row in framework_views.view(assessed, framework).rows}
        for chosen in (Filter(owasp="A02:2021"), Filter(gdpr=True), Filter(owasp="A02:2025", gdpr=True)):
            for row in framework_views.view(assessed, framework, chosen).rows:
                assert set(map(id, row.findings)) <= set(map(id, whole[row.entry.key].findings))
                assert set(map(id, row.answers)) <= set(map(id, whole[row.entry.key].answers))
                assert not row.is_empty
    assert framework_views.view(assessed, Framework.BSIG, Filter(owasp="A99:2021")).rows == ()


def test_every_class_that_is_offered_leaves_something(assessed: Assessed):
    for name in framework_views.owasp_classes(assessed):
        assert (
            framework_views.view(assessed, Framework.BSIG, Filter(owasp=name)).rows
            or framework_views.view(assessed, Framework.ISO27001, Filter(owasp=name)).rows
        )


def test_answers_are_left_by_the_class_that_their_questions_touch(assessed: Assessed):
    found = framework_views.view(assessed, Framework.BSIG, Filter(owasp="A02:2021"))
    asked = {row.question.id for entry in found.rows for row in entry.answers}
    assert {"CR-01", "CR-02"} <= asked
    assert "A09:2021" in framework_views.owasp_classes(assessed)
    assert asked == {row.question.id for row in assessed.answers if row.question.id in asked}
    assert not any("A02:2021" not in question_marks.table().owasp[name] for name in asked)
    both = framework_views.view(assessed, Framework.BSIG, Filter(owasp="A02:2021", gdpr=True))
    assert {row.question.id for entry in both.rows for row in entry.answers} <= asked


def test_article_32_is_not_article_132(assessed: Assessed):
    found = framework_views.view(assessed, Framework.BSIG, Filter(gdpr=True))
    questions = {row.question.id for entry in found.rows for row in entry.answers}
    assert {"CR-03", "BK-05", "MF-01"} <= questions
    assert "GV-04" not in questions
    for entry in found.rows:
        for row in entry.findings:
            assert any("Art. 32" in name for name in row.check.refs.gdpr)


def test_without_a_medical_device_the_dossier_says_so(assessed: Assessed):
    bare = tuple(replace(supply, flags=supply.flags - {"medical_device"}) for supply in assessed.dossier.supplies)
    without = replace(assessed, dossier=replace(assessed.dossier, supplies=bare))
    assert framework_views.view(assessed, Framework.MDR).applies
    assert not framework_views.view(without, Framework.MDR).applies
    assert framework_views.view(without, Framework.BSIG).applies


def test_words_of_the_mdr_call_nothing_a_violation():
    for entry in framework_views.entries(Framework.MDR):
        for text in (entry.title, entry.covers, entry.beside, entry.limits):
            for words in (text.de, text.en):
                assert not any(bad in words.casefold() for bad in ("verstößt", "violat", "§\u202f17.2"))
        assert entry.guidance.startswith("MDCG 2019-16")
