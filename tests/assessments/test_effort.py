"""Estimates are data: complete, strict, and about things that exist."""

from __future__ import annotations

import pytest

from assessments import effort
from questionnaires import shelf
from questionnaires.reading import BadFile
from scanners.catalogue import CHECKS
from scanners.model import Severity


def test_every_check_and_every_question_has_an_estimate_that_somebody_chose():
    estimates = effort.current()

    assert {check.category for check in CHECKS.values()} <= set(estimates.categories)
    assert set(estimates.checks) <= set(CHECKS)
    catalogue = shelf.current()
    assert {section.id for section in catalogue.sections} == set(estimates.sections)
    assert set(estimates.questions) <= set(catalogue.questions)


def test_each_further_place_costs_a_share_of_the_first():
    estimates = effort.current()
    rollout = estimates.classes["rollout"]

    assert estimates.days(rollout, 1) == 2
    assert estimates.days(rollout, 3) == 3


@pytest.mark.parametrize("days", [0.5, 5, 30, 200])
def test_what_is_critical_stands_in_the_first_period_whatever_it_takes(days: float):
    assert effort.current().within(Severity.CRITICAL, days) == 30


@pytest.mark.parametrize(
    ("severity", "days", "within"),
    [
        ("high", 5, 30),
        ("high", 6, 60),
        ("medium", 1, 30),
        ("medium", 2, 60),
        ("medium", 11, 90),
        ("low", 1, 60),
        ("low", 2, 90),
    ],
)
def test_the_period_follows_from_severity_and_effort(severity: str, days: float, within: int):
    assert effort.current().within(Severity(severity), days) == within


def test_a_class_that_stands_nowhere_is_refused():
    source = b"""
classes: []
each_further: 0
categories: {web: wonder}
checks: {}
sections: {}
questions: {}
placing: {critical: [], high: [], medium: [], low: [], info: []}
"""
    with pytest.raises(BadFile, match="wonder"):
        effort.load(source)
