"""Vendors side by side: the order of vendors moves columns and nothing else, and no number is worked out anew."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments import comparison, register
from assessments.comparison import Asking, Comparison, Gate
from assessments.model import Assessed, Basis, ScanState
from questionnaires.model import QuestionSet
from scanners.model import Outcome
from tests.assessments import building
from tests.assessments.building import AT, CATALOGUE, DAY, POLICY

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def assessed(number: int, **changes: object) -> Assessed:
    made = building.dossier(vendor_key=f"V-{number:04}", vendor_name=f"Firma {number}", **changes)
    return register.assess(made, POLICY)


def columns(made: Comparison) -> dict[str, object]:
    """Every column by itself: what stands in each row for this vendor."""
    return {
        side.key: (
            side,
            [(row.key, row.cells[index]) for row in made.gates],
            [(row.key, row.cells[index]) for row in made.parts],
            [(row.key, row.cells[index]) for part in made.parts for row in (*part.questions, *part.checks)],
        )
        for index, side in enumerate(made.sides)
    }


@few
@given(st.lists(building.dossiers(), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_another_order_of_vendors_moves_the_columns_and_nothing_else(drawn: list, luck) -> None:
    each = [
        register.assess(replace(one, vendor_key=f"V-{number:04}", deadline=AT), POLICY)
        for number, one in enumerate(drawn, start=1)
    ]
    made = comparison.compare(each, at=AT)
    shuffled = list(each)
    luck.shuffle(shuffled)
    again = comparison.compare(shuffled, at=AT)
    assert columns(again) == columns(made)
    assert [side.key for side in again.sides] == [one.dossier.vendor_key for one in shuffled]
    assert [(row.key, row.is_different) for row in again.parts] == [(row.key, row.is_different) for row in made.parts]
    assert [(row.key, row.is_different) for row in again.gates] == [(row.key, row.is_different) for row in made.gates]


@few
@given(st.lists(building.dossiers(), min_size=2, max_size=3))
def test_every_number_is_the_one_of_the_vendors_own_assessment(drawn: list) -> None:
    each = [
        register.assess(replace(one, vendor_key=f"V-{number:04}", deadline=AT), POLICY)
        for number, one in enumerate(drawn, start=1)
    ]
    made = comparison.compare(each, at=AT)
    for index, (side, one) in enumerate(zip(made.sides, each, strict=True)):
        assert side.score is one.score
        rows = [answer.key for part in made.parts for row in part.questions for answer in row.cells[index].rows]
        assert sorted(rows) == sorted(row.key for row in one.answers)
        for part in made.parts:
            if part.part:
                assert part.cells[index].score is one.score.part(part.part)
        assert side.is_excluded is bool(register.vendor_row(one).knock_outs)


@few
@given(building.dossiers())
def test_a_vendor_beside_itself_differs_in_nothing(drawn) -> None:
    one = register.assess(drawn, POLICY)
    made = comparison.compare([one, one], at=AT)
    assert not made.differing
    assert not any(row.is_different for part in made.parts for row in (*part.questions, *part.checks))
    assert not any(row.is_different for row in made.gates)
    assert not made.is_uneven


def test_what_nobody_asked_is_not_what_was_not_met() -> None:
    full = assessed(1, question_set=QuestionSet.FULL, deadline=AT - DAY, deadline_passed=True)
    short = assessed(2, deadline=AT - DAY, deadline_passed=True)
    made = comparison.compare([full, short], at=AT)
    assert made.is_uneven
    cells = {row.key: row.cells for part in made.parts for row in part.questions}
    only_full = set(CATALOGUE.sets[QuestionSet.FULL].question_ids) - set(CATALOGUE.sets[QuestionSet.SHORT].question_ids)
    shown = [cells[key] for key in only_full if key in cells and cells[key][0].standing is not Asking.LEFT_OUT]
    assert shown
    assert {pair[1].standing for pair in shown} == {Asking.NOT_ASKED}
    assert {pair[0].standing for pair in shown} == {Asking.SILENT}
    gates = {row.question.id: row.cells for row in made.gates}
    assert gates
    for key, (of_full, of_short) in gates.items():
        in_short = key in CATALOGUE.sets[QuestionSet.SHORT].question_ids
        assert of_full in {Gate.FAILED, Gate.NOT_APPLICABLE}
        assert (of_short is Gate.NOT_ASKED) is not in_short


def test_a_vendor_that_nobody_asked_yet_is_excluded_by_nothing() -> None:
    nobody = assessed(1, scan_state=ScanState.NOT_ASKED)
    asked = assessed(2, answers=building.answered(), deadline=AT + DAY)
    made = comparison.compare([nobody, asked], at=AT)
    assert not made.sides[0].was_asked
    assert not made.sides[0].is_excluded
    assert {row.cells[0] for row in made.gates} == {Gate.NOT_ASKED}
    assert made.sides[0].asked == 0


def test_a_gate_that_is_not_met_excludes_until_the_hospital_accepts_it() -> None:
    knock = next(
        question
        for question in CATALOGUE.questions.values()
        if question.knock_out and question.id in CATALOGUE.sets[QuestionSet.SHORT].question_ids
    )
    others = [one for one in building.answered() if one.question_id != knock.id]
    poor = building.answer(knock.id, building.worst(knock))
    accepted = replace(poor, knock_out_accepted_until=AT.date() + DAY)
    made = comparison.compare([assessed(1, answers=(*others, poor)), assessed(2, answers=(*others, accepted))], at=AT)
    row = next(row for row in made.gates if row.question.id == knock.id)
    assert row.cells == (Gate.FAILED, Gate.ACCEPTED)
    assert row.is_different
    assert [side.is_excluded for side in made.sides] == [True, False]


def test_a_check_that_was_not_looked_at_is_no_verdict() -> None:
    seen = assessed(1, findings=(building.finding(min(building.CHECKS), Outcome.FAIL),))
    unseen = assessed(2, scan_state=ScanState.NOT_ASKED, scanned_at=None)
    made = comparison.compare([seen, unseen], at=AT)
    rows = [row for part in made.parts for row in part.checks]
    assert rows
    assert rows[0].cells[0].worst is Outcome.FAIL
    assert rows[0].cells[1].worst is None
    assert rows[0].is_different


def test_the_lines_behind_a_cell_are_those_of_its_score() -> None:
    one = assessed(1, answers=building.answered(building.worst))
    made = comparison.compare([one, assessed(2)], at=AT)
    for row in made.parts:
        cell = row.cells[0]
        if cell.score is not None and cell.score.basis is not Basis.UNSEEN:
            assert len(cell.costly) + cell.kept == len(cell.score.lines)
