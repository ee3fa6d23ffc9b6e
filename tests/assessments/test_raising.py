"""What would raise a score: worked out anew, honest about caps, cheapest first."""

from decimal import Decimal

from hypothesis import given, settings

from assessments import planning, raising, scoring
from assessments.model import Grade
from scanners.model import Outcome, Severity
from tests.assessments import building
from tests.assessments.building import POLICY, dossier, finding


def steps_of(of):
    return raising.cheapest(of, scoring.score(of, POLICY), POLICY)


@settings(max_examples=25, deadline=None)
@given(building.dossiers())
def test_steps_add_up_and_never_lower(any_dossier):
    score = scoring.score(any_dossier, POLICY)
    steps = raising.cheapest(any_dossier, score, POLICY)

    value = score.value
    for step in steps:
        assert step.points >= 0
        value += step.points
        assert step.value == value
    assert len(steps) <= raising.MOST
    assert len({step.item.key for step in steps}) == len(steps)


def test_what_is_named_is_what_comes_about_when_it_is_mended():
    broken = dossier(
        answers=building.answered(), findings=(finding("mail.spf-present"), finding("tls.protocol-legacy"))
    )
    fixed = dossier(
        answers=building.answered(),
        findings=(finding("mail.spf-present", Outcome.PASS), finding("tls.protocol-legacy", Outcome.PASS)),
    )

    both = raising.mended(broken, POLICY, ["check:mail.spf-present", "check:tls.protocol-legacy"])

    assert both.value == scoring.score(fixed, POLICY).value
    assert scoring.score(broken, POLICY).value < both.value


def test_a_cap_that_two_hold_falls_with_the_second():
    held = dossier(
        answers=building.answered(),
        findings=(
            finding("cert.chain-trust", severity=Severity.CRITICAL),
            finding("ports.database", severity=Severity.CRITICAL),
        ),
    )

    first, second, *_more = steps_of(held)

    assert (first.together, second.together) == (2, 2)
    assert {first.item.key, second.item.key} == {"check:cert.chain-trust", "check:ports.database"}
    assert (first.points, first.cap) == (Decimal(0), 49)
    assert second.points > 0
    assert second.cap is None


def test_one_that_holds_a_cap_alone_comes_first():
    held = dossier(
        answers=building.answered(),
        findings=(finding("cert.chain-trust", severity=Severity.CRITICAL), finding("mail.spf-present", Outcome.WARN)),
    )

    step = steps_of(held)[0]

    assert step.item.key == "check:cert.chain-trust"
    assert (step.together, step.cap) == (1, None)
    assert step.grade is not None
    assert step.grade < Grade.D


def test_of_nobody_known_nothing_would_raise_anything():
    assert steps_of(dossier()) == ()


def test_every_step_is_a_thing_of_the_plan():
    poor = dossier(answers=building.answered(building.worst), findings=(finding(),))
    known = {item.key for item in planning.plan(poor, scoring.score(poor, POLICY), POLICY)}

    assert {step.item.key for step in steps_of(poor)} <= known
    assert len(steps_of(poor)) == raising.MOST
