"""A dossier goes through JSON and back without losing what a score rests on."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import policy, scoring, storing
from questionnaires.model import AnswerValue
from scanners.catalogue import CHECKS
from scanners.storing import BadDocument
from tests.assessments import building


def through_json(document):
    return json.loads(json.dumps(document))


@given(building.dossiers())
def test_a_dossier_comes_back_as_it_was(dossier):
    again = storing.load(through_json(storing.dump(dossier)), catalogue=dossier.catalogue, checks=dossier.checks)

    assert vars(again) == vars(dossier)


@given(building.dossiers())
def test_the_score_of_what_comes_back_is_the_score(dossier):
    checks = storing.load_checks(through_json(storing.dump_checks(dossier.checks)))
    rules = storing.load_policy(through_json(storing.dump_policy(policy.current())))
    again = storing.load(through_json(storing.dump(dossier)), catalogue=dossier.catalogue, checks=checks)

    assert scoring.score(again, rules) == scoring.score(dossier, policy.current())


def test_the_policy_comes_back_as_it_was():
    assert storing.load_policy(through_json(storing.dump_policy(policy.current()))) == policy.current()


def test_the_checks_of_the_program_come_back_but_for_how_they_judge():
    again = storing.load_checks(through_json(storing.dump_checks(CHECKS)))

    assert {name: replace(one, needs=(), judge=again[name].judge) for name, one in CHECKS.items()} == again


@given(
    st.builds(
        AnswerValue,
        choices=st.lists(st.text(), max_size=3).map(tuple),
        number=st.none() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False),
        day=st.none() | st.dates(),
        text=st.text(),
        comment=st.text(),
    )
)
def test_every_answer_comes_back(value):
    dossier = replace(building.dossier(), profile={"PR-01": value})
    again = storing.load(through_json(storing.dump(dossier)), catalogue=dossier.catalogue, checks=dossier.checks)

    assert again.profile == {"PR-01": value}


def test_moments_come_back_in_utc_to_the_microsecond():
    moment = datetime(2026, 11, 22, 6, 4, 5, 678901, tzinfo=UTC)
    dossier = replace(building.dossier(), submitted_at=moment, deadline=moment + timedelta(days=1))
    again = storing.load(through_json(storing.dump(dossier)), catalogue=dossier.catalogue, checks=dossier.checks)

    assert (again.submitted_at, again.deadline) == (moment, moment + timedelta(days=1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", 2),
        ("schema", True),
        ("catalogue", {"id": "other", "version": "1"}),
        ("at", "yesterday"),
        ("answers", [{"question_id": 7}]),
        ("supplies", {"S-1": 1}),
        ("scan_state", "sideways"),
        ("deadline_passed", "no"),
    ],
)
def test_what_no_dossier_says_is_refused_with_its_place(name, value):
    dossier = building.dossier()
    document = {**storing.dump(dossier), name: value}

    with pytest.raises(BadDocument, match=name):
        storing.load(document, catalogue=dossier.catalogue, checks=dossier.checks)


def test_a_day_is_written_in_one_way_only():
    dossier = building.dossier()
    document = storing.dump(replace(dossier, profile={"PR-01": AnswerValue(day=date(2026, 11, 22))}))
    document["profile"]["PR-01"]["day"] = "20261122"

    with pytest.raises(BadDocument):
        storing.load(document, catalogue=dossier.catalogue, checks=dossier.checks)
