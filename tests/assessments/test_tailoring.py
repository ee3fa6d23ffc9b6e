"""A hospital's own policy keeps every promise of the shipped one; as a file it comes back as it went."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assessments import comparing, policy, residual, scoring, sense, storing, tailoring
from assessments.comparing import Cause
from assessments.model import LineSource, RiskLevel, say
from questionnaires import answering, reading, shelf
from questionnaires.model import QuestionSet, Text
from scanners.model import Outcome
from scanners.observations import Reason
from tests.assessments import building
from tests.assessments.building import POLICY, dossier

FEWER = settings(max_examples=30, deadline=None)
DAY = date(2026, 11, 22)


TOP = "kind: kettenblick-policy\nbase: '1'\n"


def worth(value: Decimal | None) -> Decimal:
    return Decimal(-1) if value is None else value


# --- Promises under any policy a hospital may make --------------------------------------------------


@FEWER
@given(building.dossiers(), building.policies(), st.randoms(use_true_random=False))
def test_lines_add_up_and_order_changes_nothing(any_dossier, own, shuffling: random.Random):
    score = scoring.score(any_dossier, own)
    if score.value is not None:
        assert Decimal(100) - sum(line.points for line in score.lines) == score.value
    shuffled = {name: list(getattr(any_dossier, name)) for name in ("answers", "findings", "hosts", "evidence")}
    for each in shuffled.values():
        shuffling.shuffle(each)

    assert scoring.score(replace(any_dossier, **{name: tuple(each) for name, each in shuffled.items()}), own) == score


@FEWER
@given(building.dossiers(), building.policies(), st.data())
def test_mending_never_lowers(any_dossier, own, data):
    broken = [each for each in any_dossier.findings if each.finding.outcome in {Outcome.FAIL, Outcome.WARN}]
    assume(broken)
    chosen = data.draw(st.sampled_from(broken))
    severity = any_dossier.checks[chosen.finding.check_id].severity
    mended = replace(chosen, finding=replace(chosen.finding, outcome=Outcome.PASS, severity=severity))
    better = replace(any_dossier, findings=tuple(mended if each is chosen else each for each in any_dossier.findings))

    before, after = scoring.score(any_dossier, own), scoring.score(better, own)

    assert worth(after.value) >= worth(before.value)
    assert after.coverage >= before.coverage


@FEWER
@given(building.dossiers(), building.policies(), st.data())
def test_an_unknown_never_raises(any_dossier, own, data):
    passed = [each for each in any_dossier.findings if each.finding.outcome is Outcome.PASS]
    assume(passed)
    chosen = data.draw(st.sampled_from(passed))
    hidden = replace(chosen, finding=replace(chosen.finding, outcome=Outcome.UNKNOWN, reason=Reason.TIMEOUT))
    blinder = replace(any_dossier, findings=tuple(hidden if each is chosen else each for each in any_dossier.findings))

    before, after = scoring.score(any_dossier, own), scoring.score(blinder, own)

    assert worth(after.value) <= worth(before.value)
    assert after.coverage <= before.coverage


@FEWER
@given(building.dossiers(), building.dossiers(), building.policies())
def test_the_parts_of_a_difference_add_up_and_the_policy_has_its_own(old, new, own):
    movement = comparing.explain(old, POLICY, new, own)

    assert movement.after == scoring.score(new, own)
    if movement.difference is not None:
        assert sum((share.points for share in movement.shares), Decimal(0)) == movement.difference
    alone = comparing.explain(old, POLICY, old, own)
    assert {share.cause for share in alone.shares} <= {Cause.POLICY}


@FEWER
@given(building.dossiers(), building.policies())
def test_the_language_of_the_reader_changes_no_number(any_dossier, own):
    score = scoring.score(any_dossier, own)
    for language in ("de", "en"):
        for line in score.lines:
            assert say(line.reason, language=language)
    assert scoring.score(any_dossier, own) == score


@FEWER
@given(building.policies())
def test_a_policy_comes_back_from_its_file_and_from_its_document(own):
    assert tailoring.differences(tailoring.load(tailoring.write(own)), own) == ()
    assert storing.load_policy(storing.dump_policy(own)) == own
    dated = tailoring.dated(own, DAY)
    assert dated.version == "1" or dated.version.startswith("1+2026-11-22.")
    assert tailoring.differences(dated, own) == ()


@FEWER
@given(building.policies())
def test_more_is_never_less_in_any_matrix(own):
    levels = list(RiskLevel)
    for impact in range(1, 6):
        for likelihood in range(1, 5):
            less, more = (levels.index(residual.level(impact, step, own)) for step in (likelihood, likelihood + 1))
            assert less <= more
            less, more = (levels.index(residual.level(step, impact, own)) for step in (likelihood, likelihood + 1))
            assert less <= more


# --- Knock-outs ------------------------------------------------------------------------------------


def test_a_must_have_caps_and_a_lifted_knock_out_does_not():
    zero = [
        each
        for each in building.CATALOGUE.questions.values()
        if each.is_scored and each.id in building.CATALOGUE.sets[QuestionSet.SHORT].question_ids
        if answering.share(each.shape, building.worst(each), today=building.AT.date()) == 0
    ]
    plain = next(each for each in zero if not each.knock_out)
    shipped = next(each for each in zero if each.knock_out).id
    poor = dossier(answers=(building.answer(plain.id, building.worst(plain)),))
    failed = dossier(answers=(building.answer(shipped, building.worst(building.CATALOGUE.questions[shipped])),))

    strict = replace(POLICY, must_haves=frozenset({plain.id}), lifted=frozenset({shipped}))

    assert not _caps(poor, POLICY)
    assert _caps(poor, strict)
    assert _caps(failed, POLICY)
    assert not _caps(failed, strict)


def _caps(of, by) -> bool:
    return any(line.source is LineSource.CAP for line in scoring.score(of, by).lines)


def test_a_measure_of_no_weight_leaves_the_value_and_keeps_its_lines():
    of = dossier(answers=building.answered(building.worst))
    light = replace(POLICY, part_weights={part: 1.0 if part == "1" else 0.0 for part in POLICY.part_weights})

    score = scoring.score(of, light)

    assert score.part("3").lines
    assert all(line.points == 0 for line in score.lines if line.part not in {"1", None})


# --- Files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("kind: x\nbase: '1'\n", "no policy"),
        ("kind: kettenblick-policy\nbase: '77'\n", "no policy of this version"),
        (TOP + "blend: {answers: 1, checks: 0}\n", "unknown key"),
        (TOP + "part_weights: " + str({"8": 2000.0}) + "\n", "is missing"),
        (TOP + "must_haves: [BK-04]\nlifted: [BK-04]\n", "not to exclude"),
        (TOP + "levels: {low: {de: x, en: x}, high: {de: x, en: x}}\n", "same word"),
        (TOP + "appetite: critical\n", "nothing lies above"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_hold_is_refused_with_its_place(source, said):
    with pytest.raises(reading.BadFile, match=said):
        tailoring.load(source)


def test_everything_that_is_wrong_is_told_by_its_line():
    shipped = tailoring.write(POLICY).splitlines()
    lines = ["must_haves:\n- BK-04\n- XX-99" if line.startswith("must_haves:") else line for line in shipped]
    top = next(number for number, line in enumerate(lines) if line.startswith("matrix:"))
    lines[top + 5] = "- [low, low, low, low, low]"  # the gravest impact
    lines = [line.replace("critical_fail: 49", "critical_fail: 95") for line in lines]
    source = "\n".join(lines)
    written = source.splitlines()

    _own, wrong = tailoring.check(source, [shelf.current()])

    told = {one.problem.place: written[one.line - 1] for one in wrong}
    assert told["must_haves"] == "- XX-99"
    assert "critical_fail: 95" in told["caps.critical_fail"]
    assert told["matrix.5.2"] == "- [low, low, low, low, low]"
    assert [one.line for one in wrong] == sorted(one.line for one in wrong)
    with pytest.raises(reading.BadFile) as refused:
        tailoring.load(source)
    assert refused.value.line == tailoring.check(source)[1][0].line


@given(where=st.text("abc.12", max_size=8))
def test_a_place_that_a_file_does_not_have_has_the_line_of_what_it_has(where: str):
    assert 0 <= reading.line_of("a:\n  b: 1\nc:\n- [x]\n- y\n", where) <= 5


def test_a_place_is_found_by_its_line():
    source = "a:\n  b: 1\nc:\n- [x]\n- y\n"

    assert [reading.line_of(source, where) for where in ("a", "a.b", "c.2", "c.1.1", "d")] == [1, 2, 5, 4, 0]
    assert reading.line_of(source, "c", "y") == 5


def test_what_ships_has_no_problem_and_is_known_again():
    assert sense.problems(policy.current()) == ()
    assert tailoring.is_shipped(policy.current())
    assert tailoring.dated(replace(POLICY, based_on="1"), DAY) == POLICY
    assert tailoring.load(tailoring.write(POLICY)) == replace(POLICY, based_on="1")


def test_words_of_a_hospital_are_part_of_its_policy():
    own = replace(POLICY, based_on="1", level_words={RiskLevel.HIGH: Text(de="untragbar", en="unbearable")})

    assert tailoring.load(tailoring.write(own)) == own
    assert not tailoring.is_shipped(own)
