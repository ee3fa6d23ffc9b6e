"""The policy that ships holds the decided numbers; one that breaks the format is refused."""

from importlib import resources
from itertools import pairwise

import pytest
import yaml

from assessments import intake, policy
from assessments.model import PARTS, Assurance, Grade, HostRole, RiskLevel
from questionnaires import reading
from questionnaires.model import QuestionSet
from scanners.model import Outcome, Severity

POLICY = policy.current()
LEVELS = ("low", "moderate", "high", "critical")
SOURCE = yaml.safe_load(resources.files("assessments").joinpath("policies", "policy-1.yaml").read_text("utf-8"))


def _row(*who):
    return dict(zip(LEVELS, who, strict=True))


def test_policy_1_holds_the_decided_numbers():
    assert POLICY.version == "1"
    assert POLICY.severity_weights == dict(zip(Severity, (10, 6, 3, 1, 0), strict=True))
    assert POLICY.outcome_shares == {Outcome.PASS: 1, Outcome.WARN: 0.5, Outcome.FAIL: 0}
    assert POLICY.host_factors == {role: 0.5 if role is HostRole.CORPORATE else 1 for role in HostRole}
    assert (POLICY.assurance[Assurance.DECLARED], POLICY.assurance[Assurance.EXPIRED]) == (0.85, 0.7)
    assert (POLICY.contradiction_cap, POLICY.answers_share, POLICY.checks_share) == (0.25, 0.6, 0.4)
    assert POLICY.level_from == (20, 40, 65, 90)
    assert POLICY.grade_from == ((Grade.A, 90), (Grade.B, 80), (Grade.C, 70), (Grade.D, 55), (Grade.E, 40))
    assert list(POLICY.part_weights.values()) == [8, 14, 14, 10, 14, 6, 6, 10, 10, 8, 10, 10, 6]
    assert list(POLICY.part_weights) == list(PARTS)
    assert (POLICY.caps.critical_fail, POLICY.caps.knock_out, POLICY.caps.high_fail) == (49, 69, 79)
    assert (POLICY.caps.high_fail_after_days, POLICY.coverage_floor) == (30, 60)
    assert list(POLICY.likelihood_by_grade.values()) == [1, 2, 3, 4, 5, 5]
    assert POLICY.likelihood_unknown == 4
    assert list(POLICY.sets_by_tier.values()) == [*[QuestionSet.FULL] * 2, QuestionSet.BASIC, QuestionSet.SHORT]


def test_more_impact_or_more_likelihood_is_never_a_lower_risk():
    levels = [RiskLevel.LOW, RiskLevel.MODERATE, RiskLevel.HIGH, RiskLevel.CRITICAL]
    rows = [[levels.index(cell) for cell in row] for row in POLICY.matrix]

    assert all(left <= right for row in rows for left, right in pairwise(row))
    assert all(low <= high for upper, lower in pairwise(rows) for low, high in zip(upper, lower, strict=True))
    assert rows[0][0] == 0
    assert rows[4][4] == 3


def test_every_rule_of_the_policy_names_an_answer_of_the_intake():
    form = intake.current()

    for rule in (*POLICY.impact_rules, *POLICY.raise_rules, *POLICY.patient_safety_rules):
        assert form.question(rule.question).option(rule.option) is not None, rule


def test_an_unknown_policy_is_refused():
    for version in ("0", "../policy-1"):
        with pytest.raises(policy.NoSuchPolicy):
            policy.get(version)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": 1}, "unknown key"),
        ({"matrix": [["low"] * 5 for _row in range(4)]}, "5 rows of 5"),
        ({"sets_by_tier": {1: "full"}}, "each of the tiers"),
        ({"assurance": {"proven": 1}}, "is missing"),
        ({"coverage_floor": "60"}, "not a number"),
        ({"tiers": [{"tier": 1, "impact": [5, 9]}]}, "not 1 to 5"),
        ({"blend": {"answers": 2, "checks": 0.4}}, "between 0 and 1"),
        ({"authority": SOURCE["authority"] | {"1": _row("management", "ciso", "ciso", "ciso")}}, "lower authority"),
        ({"authority": SOURCE["authority"] | {"1": _row("owner", "owner", "ciso", "ciso")}}, "more critical tier"),
        ({"authority": {"1": SOURCE["authority"]["1"]}}, "is missing"),
        ({"appetite": "critical"}, "nothing lies above"),
        ({"acceptance": SOURCE["acceptance"] | {"critical": {"by": "owner", "days": 9}}}, "by a lower authority"),
        ({"acceptance": SOURCE["acceptance"] | {"critical": {"by": "management", "days": 900}}}, "for longer"),
        ({"acceptance": SOURCE["acceptance"] | {"low": {"by": "owner", "days": 0}}}, "not 1 to"),
    ],
)
def test_a_policy_that_breaks_the_format_is_refused(change, said):
    with pytest.raises(reading.BadFile, match=said):
        policy.load(yaml.safe_dump(SOURCE | change))
