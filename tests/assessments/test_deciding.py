"""Who decides, how votes count, and what opens a decision again: once for each cause, and never for good news."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import deciding, policy
from assessments.deciding import Ballot, Cause, ConditionFact, ConditionState, Proof, Ruling, Standing
from assessments.model import Authority, Grade, RiskLevel, say

POLICY = policy.current()
TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
THEN = Standing(
    tier=2,
    grade=Grade.B,
    value=81.0,
    coverage=92.0,
    level=RiskLevel.MODERATE,
    proofs=(Proof(key="E-1", name="ISO 27001", valid_until=TODAY - DAY),),
)
CONDITION = ConditionFact(
    key="c1", text="MFA einführen", due_on=TODAY, owner="Firma", proof="", state=ConditionState.OPEN
)
LEVELS = st.sampled_from(RiskLevel)
TIERS = st.sampled_from([1, 2, 3, 4, None])


def reopened(ruling=Ruling.APPROVE, *, then=THEN, now=THEN, conditions=(), review_on=None, today=TODAY):
    return deciding.reopenings(ruling, then, now, conditions, review_on=review_on, today=today)


@given(tier=TIERS, less=LEVELS, more=LEVELS)
def test_more_risk_never_goes_to_a_lower_authority(tier, less, more):
    if deciding.height(less) <= deciding.height(more):
        lower, higher = (deciding.authority(POLICY, tier, level) for level in (less, more))
        assert deciding.rank(lower) <= deciding.rank(higher)


@given(level=LEVELS, near=st.integers(1, 4), far=st.integers(1, 4))
def test_a_more_critical_tier_never_goes_to_a_lower_authority(level, near, far):
    critical, ordinary = min(near, far), max(near, far)
    higher, lower = (deciding.authority(POLICY, tier, level) for tier in (critical, ordinary))
    assert deciding.rank(higher) >= deciding.rank(lower)


def test_the_table_of_the_policy():
    assert deciding.authority(POLICY, 1, RiskLevel.CRITICAL) is Authority.MANAGEMENT
    assert deciding.authority(POLICY, 4, RiskLevel.LOW) is Authority.OWNER
    assert deciding.authority(POLICY, None, None) is Authority.COMMITTEE
    silent = replace(POLICY, authority={}, acceptance={})
    assert deciding.authority(silent, 4, RiskLevel.LOW) is Authority.MANAGEMENT
    assert deciding.acceptance(silent, RiskLevel.LOW).by is Authority.MANAGEMENT


def test_only_what_exceeds_the_appetite_needs_a_decision():
    needed = [level for level in (None, *RiskLevel) if deciding.needs_decision(POLICY, level)]
    assert needed == [RiskLevel.HIGH, RiskLevel.CRITICAL]


@given(ballots=st.lists(st.sampled_from(Ballot), max_size=15), chair=st.sampled_from([None, *Ballot]))
def test_more_yes_than_no_carries_and_only_a_tie_asks_the_chair(ballots, chair):
    found = deciding.tally(ballots, chair=chair)

    assert found.yes + found.no + found.abstained == len(ballots)
    if found.yes != found.no:
        assert found.is_carried is (found.yes > found.no)
        assert not found.by_chair
    else:
        assert found.is_carried is (found.yes > 0 and chair is Ballot.YES)
    more = deciding.tally([*ballots, Ballot.YES], chair=chair)
    assert more.is_carried or not found.is_carried  # one more yes never takes it away
    assert deciding.tally([*ballots, Ballot.ABSTAIN], chair=chair).is_carried is found.is_carried
    assert deciding.tally(reversed(ballots), chair=chair) == found


@pytest.mark.parametrize(
    ("now", "cause"),
    [
        (replace(THEN, grade=Grade.C), Cause.GRADE_FELL),
        (replace(THEN, level=RiskLevel.HIGH), Cause.RISK_ROSE),
        (replace(THEN, knock_outs=("MF-03",)), Cause.KNOCK_OUT),
        (replace(THEN, expired=("E-1",)), Cause.EVIDENCE_EXPIRED),
    ],
)
def test_a_threshold_that_breaks_opens_it_again(now, cause):
    [found] = reopened(now=now)
    assert found.cause is cause
    assert reopened(Ruling.REJECT, now=now) == ()


def test_good_news_and_not_knowing_open_nothing():
    better = replace(THEN, grade=Grade.A, level=RiskLevel.LOW, knock_outs=(), expired=("E-9",))
    unknown = replace(THEN, grade=None, level=None)

    assert reopened(now=better) == reopened(now=unknown) == reopened(now=THEN) == reopened(now=None) == ()
    assert reopened(then=replace(THEN, knock_outs=("MF-03",)), now=replace(THEN, knock_outs=("MF-03",))) == ()


def test_days_count_from_the_day_after():
    assert reopened(conditions=[CONDITION], review_on=TODAY) == ()
    causes = [one.cause for one in reopened(conditions=[CONDITION], review_on=TODAY, today=TODAY + DAY)]
    assert causes == [Cause.REVIEW_DUE, Cause.CONDITION_LAPSED]
    met = replace(CONDITION, state=ConditionState.MET)
    assert reopened(conditions=[met], today=TODAY + DAY) == ()


@given(
    now=st.builds(
        Standing,
        tier=TIERS,
        grade=st.sampled_from([None, *Grade]),
        value=st.none(),
        coverage=st.just(90.0),
        level=st.sampled_from([None, *RiskLevel]),
        knock_outs=st.lists(st.sampled_from(["A", "B", "C"]), unique=True).map(tuple),
        expired=st.lists(st.sampled_from(["E-1", "E-2"]), unique=True).map(tuple),
    )
)
def test_each_cause_stands_once(now):
    found = [(one.cause, one.key) for one in reopened(now=now)]
    assert len(found) == len(set(found))


def test_a_reason_says_before_and_after():
    found = reopened(
        now=replace(THEN, grade=Grade.D, level=RiskLevel.CRITICAL, knock_outs=("MF-03",), expired=("E-1",)),
        conditions=[replace(CONDITION, due_on=TODAY - DAY)],
        review_on=TODAY - DAY,
    )
    said = [say(deciding.say_why(one, day=date.isoformat), language="en") for one in found]

    assert said == [
        "It was to be looked at again on 2026-11-22.",
        "The condition “MFA einführen” was due on 2026-11-22 and is not met.",
        "The grade fell from B to D.",
        "The residual risk rose from moderate to critical.",
        "A knock-out came up: MF-03.",
        "The document “ISO 27001”, on which it rested, ran out on 2026-11-22.",
    ]


def test_a_limit_is_said_in_one_sentence():
    words = deciding.say_limit(POLICY, RiskLevel.CRITICAL, TODAY, day=date.isoformat)
    assert say(words, language="en") == (
        "A risk of the level “critical” is accepted by: management; for 90 days at most, until 2027-02-21."
    )
