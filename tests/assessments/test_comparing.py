"""Why did it move: the shares add up, and each cause answers for what it did."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import comparing, register, scoring
from assessments.comparing import Cause
from assessments.model import FindingStanding, ScanState
from scanners.model import Outcome
from tests.assessments import building
from tests.assessments.building import AT, DAY, POLICY, dossier, finding

LATER = AT + 40 * DAY
OTHER_POLICY = replace(POLICY, version="2", answers_share=0.5, checks_share=0.5)


def moved(old, new, **more):
    return comparing.explain(old, more.pop("old_policy", POLICY), new, more.pop("new_policy", POLICY), **more)


def causes(movement) -> set[Cause]:
    return {share.cause for share in movement.shares}


@settings(max_examples=60, deadline=None)
@given(building.dossiers(), building.dossiers(), st.sampled_from([POLICY, OTHER_POLICY]), st.integers(0, 90))
def test_the_shares_add_up_to_the_printed_difference_exactly(old, new, policy, days):
    new = replace(new, at=AT + days * DAY)
    movement = moved(old, new, new_policy=policy)

    assert movement.before == scoring.score(old, POLICY)
    assert movement.after == scoring.score(new, policy)
    if movement.difference is None:
        assert movement.shares == ()
    else:
        assert sum((share.points for share in movement.shares), Decimal(0)) == movement.difference
    assert len(causes(movement)) == len(movement.shares)
    assert all(share.points for share in movement.shares)


@settings(max_examples=20, deadline=None)
@given(building.dossiers())
def test_between_the_same_and_the_same_lies_nothing(any_dossier):
    found = moved(any_dossier, any_dossier)

    assert found.shares == ()
    assert found.after is found.before  # nothing is worked out again


def whole(**changes):
    """Everything answered, everything seen."""
    plain = {"answers": building.answered(), "findings": (finding("tls.protocol-legacy", Outcome.PASS),)}
    return dossier(**{**plain, **changes})


def test_a_new_finding_is_the_vendors():
    movement = moved(whole(), whole(findings=(finding("tls.protocol-legacy", Outcome.FAIL),)))

    assert causes(movement) == {Cause.VENDOR}
    assert movement.shares[0].points < 0
    assert movement.shares[0].lines[0].key.startswith("check:tls.protocol-legacy")


def test_what_new_rules_bring_to_light_is_ours():
    failed = replace(finding("tls.protocol-legacy", Outcome.FAIL), new_by="rules")

    assert causes(moved(whole(), whole(findings=(failed,)))) == {Cause.RULES}


def test_a_check_that_did_not_exist_is_ours():
    old_checks = {name: check for name, check in building.CHECKS.items() if name != "tls.cipher-weak"}
    new = whole(findings=(*whole().findings, finding("tls.cipher-weak", Outcome.FAIL)))

    assert causes(moved(whole(checks=old_checks), new)) == {Cause.RULES}


def test_what_could_not_be_seen_before_is_coverage():
    new = whole(findings=(*whole().findings, finding("tls.cipher-weak", Outcome.FAIL)))

    assert causes(moved(whole(), new)) == {Cause.COVERAGE}


def test_a_first_scan_is_coverage():
    new = whole(findings=(finding("tls.protocol-legacy", Outcome.FAIL),))

    assert causes(moved(whole(findings=(), scan_state=ScanState.NOT_ASKED), new)) == {Cause.COVERAGE}


def test_an_answer_is_an_answer():
    answers = building.answered()

    assert causes(moved(whole(answers=answers[1:], deadline_passed=True), whole(deadline_passed=True))) == {
        Cause.ANSWERS
    }


def test_a_finding_that_was_left_open_is_age():
    old = whole(findings=(finding("tls.protocol-legacy", Outcome.FAIL, days=5),))
    movement = moved(old, replace(old, at=LATER))

    assert causes(movement) <= {Cause.AGE}


def test_another_policy_is_the_policy():
    old = whole(findings=(finding("tls.protocol-legacy", Outcome.FAIL, days=1),))

    assert causes(moved(old, old, new_policy=OTHER_POLICY)) == {Cause.POLICY}


def test_a_dispute_that_was_upheld_is_the_hospitals():
    failed = finding("tls.protocol-legacy", Outcome.FAIL)
    old = whole(findings=(*whole(findings=(finding("tls.cipher-weak", Outcome.PASS),)).findings, failed))
    new = replace(old, findings=(old.findings[0], replace(failed, standing=FindingStanding.WITHDRAWN)))

    assert causes(moved(old, new)) == {Cause.HOSPITAL}


def test_without_a_value_on_one_side_there_is_no_difference():
    nothing = dossier(answers=(), findings=(), scan_state=ScanState.NOT_ASKED)
    movement = moved(nothing, whole())

    assert (movement.difference, movement.shares) == (None, ())


# --- Two registers -------------------------------------------------------------------------------


def frozen(*dossiers, at=AT):
    return comparing.then(register.build(dossiers, POLICY, hospital="Klinikum Nord", at=at))


def test_between_two_registers_stand_vendors_grades_and_risks():
    stays = whole(findings=(finding("tls.protocol-legacy", Outcome.PASS),), vendor_key="V-0001")
    worse = replace(stays, findings=(finding("tls.protocol-legacy", Outcome.FAIL),))
    gone, fresh = replace(stays, vendor_key="V-0002"), replace(stays, vendor_key="V-0003")
    found = comparing.between(frozen(stays, gone), frozen(worse, fresh, at=AT + timedelta(days=1)))

    assert [row.key for row in found.vendors_new] == ["V-0003"]
    assert [row.key for row in found.vendors_gone] == ["V-0002"]
    assert [change.after.key for change in found.vendors_moved] == ["V-0001"]
    assert {risk.vendor_key for risk in found.risks_new} >= {"V-0001"}
    assert all(risk.vendor_key == "V-0002" for risk in found.risks_closed)
    assert not found.is_empty


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_register_compared_with_itself_is_empty(number):
    one = frozen(*(whole(vendor_key=f"V-{key:04}") for key in range(number)))

    assert comparing.between(one, one).is_empty
