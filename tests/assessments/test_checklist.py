"""The checklist is made from the catalogues: nothing in it is written twice, and every kind has all ten measures."""

from __future__ import annotations

import pytest

from assessments import checklist, faq
from assessments.model import MEASURE_PARTS
from questionnaires import shelf
from scanners.catalogue import CHECKS
from scanners.model import Severity

KINDS = list(checklist.kinds().values())


@pytest.mark.parametrize("kind", KINDS, ids=[kind.id for kind in KINDS])
def test_every_kind_has_the_ten_measures_with_questions_and_proofs(kind):
    catalogue = shelf.current()
    parts = {part.measure.part: part for part in checklist.build(kind, catalogue, CHECKS.values())}

    assert set(MEASURE_PARTS) <= set(parts)
    for name in MEASURE_PARTS:
        assert parts[name].questions
        assert all(catalogue.part_of(question.id) == name for question in parts[name].questions)
        wanted = {one.type for question in parts[name].questions for one in question.evidence}
        assert len(parts[name].proofs) == len(wanted)


def test_kinds_are_named_by_flags_of_the_questionnaire():
    for kind in KINDS:
        assert kind.flags <= set(shelf.current().flags)


def test_modules_stand_only_where_they_apply():
    by_kind = {
        kind.id: {part.measure.part for part in checklist.build(kind, shelf.current(), CHECKS.values())}
        for kind in KINDS
    }

    assert "MD" in by_kind["device"]
    assert "MD" not in by_kind["software"]
    assert "CL" in by_kind["cloud"]
    assert "CL" not in by_kind["service"]


def test_every_weighty_check_stands_once_below_the_measure_it_counts_in():
    parts = checklist.build(KINDS[0], shelf.current(), CHECKS.values())
    shown = [check.id for part in parts for check in part.checks]

    expected = [one.id for one in CHECKS.values() if one.refs.measures and one.severity is not Severity.INFO]
    assert sorted(shown) == sorted(expected)


def test_every_answer_of_the_faq_names_a_paragraph_and_no_id_stands_twice():
    entries = [entry for topic in faq.topics() for entry in topic.entries]

    assert len({entry.id for entry in entries}) == len(entries)
    for entry in entries:
        for text in (entry.question, entry.answer, entry.cite):
            assert text.de
            assert text.en
        assert any(sign in entry.cite.de for sign in ("§", "Art.", "Anhang", "Anlage"))
    wanted = {"below-50", "mdr", "soc2", "telehealth", "scan-is-not", "refusal", "who-sees"}
    assert wanted <= {entry.id for entry in entries}
