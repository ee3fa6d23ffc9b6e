"""A plan accounts for every point, puts what is critical first, and says for each line what to do and what shows it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings

from assessments import effort, planning, scoring
from assessments.model import AnswerStanding, say
from scanners.model import Outcome, Severity
from tests.assessments import building
from tests.assessments.building import CATALOGUE, POLICY, answer, choice, dossier, finding


def planned(one):
    score = scoring.score(one, POLICY)
    return score, planning.plan(one, score, POLICY)


@settings(max_examples=25)
@given(building.dossiers())
def test_the_points_of_all_lines_are_what_is_missing_to_100(any_dossier):
    score, items = planned(any_dossier)

    if score.value is not None:
        missing = Decimal(100) - score.value
        assert float(sum(item.points for item in items)) == pytest.approx(float(missing), abs=0.01 * len(items) + 0.01)


@settings(max_examples=25)
@given(building.dossiers())
def test_periods_follow_each_other_and_critical_stands_first(any_dossier):
    _score, items = planned(any_dossier)

    assert [item.within for item in items] == sorted(item.within for item in items)
    assert all(item.within == 30 for item in items if item.severity is Severity.CRITICAL)
    for days in effort.PERIODS:
        ranks = [tuple(Severity).index(item.severity) for item in items if item.within == days]
        assert ranks == sorted(ranks)


@settings(max_examples=10)
@given(building.dossiers())
def test_every_line_says_what_to_do_and_what_shows_it_in_both_languages(any_dossier):
    _score, items = planned(any_dossier)

    assert len({item.key for item in items}) == len(items)
    for item in items:
        for words in (item.title, item.advice, item.proof):
            for language in ("de", "en"):
                said = say(words, language=language)
                assert said
                assert "%(" not in said


def test_one_check_on_two_hosts_is_one_thing_to_do():
    _score, items = planned(dossier(findings=(finding(), finding(host="www.example.de"))))

    (item,) = [one for one in items if one.check_id == "tls.protocol-legacy"]
    assert item.places == ("portal.example.de", "www.example.de")
    assert item.days == effort.current().classes["setting"].days * 1.25


def test_within_a_severity_the_most_points_for_a_day_come_first():
    one = dossier(findings=(finding("js.vulnerable-library"), finding("mail.spf-present", host="portal.example.de")))
    _score, items = planned(one)

    gains = [item.points_per_day for item in items if item.severity is Severity.HIGH and item.within == 30]
    assert gains == sorted(gains, reverse=True)


def test_what_holds_a_cap_is_told_and_shares_its_points():
    good = ("tls.protocol-legacy", "mail.dmarc-policy", "mail.spf-present", "ports.database", "js.vulnerable-library")
    one = dossier(findings=(finding("cert.chain-trust"), *(finding(each, Outcome.PASS) for each in good)))
    score, items = planned(one)

    cap = next(line for line in score.lines if line.key == "cap:critical_fail")
    own = next(line for line in score.lines if line.check_id == "cert.chain-trust")
    (item,) = [each for each in items if each.lifts_cap]
    assert cap.points > 0
    assert item.points == (cap.points + own.points).quantize(Decimal("0.01"))


def test_a_good_answer_that_lacks_its_proof_is_a_small_thing():
    question = next(each for each in CATALOGUE.questions.values() if each.evidence and each.scope == "company")
    one = dossier(answers=(answer(question.id, standing=AnswerStanding.OPEN),))
    _score, items = planned(one)

    (item,) = [each for each in items if each.question_id == question.id]
    assert item.severity is Severity.LOW
    assert item.effort.id == "note"
    assert "lay a document beside it" in say(item.advice, language="en")


def test_a_knock_out_at_nothing_is_critical_and_names_the_answer_to_reach():
    _score, items = planned(dossier(answers=(answer("BK-04", choice("none")),)))

    (item,) = [each for each in items if each.question_id == "BK-04"]
    assert item.severity is Severity.CRITICAL
    assert item.within == 30
    assert "Offline or immutable" in say(item.advice, language="en")
