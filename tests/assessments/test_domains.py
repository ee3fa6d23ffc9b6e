"""Seven domains, each measure in exactly one, and nothing of a vendor in none."""

from dataclasses import replace

from hypothesis import given

from assessments import domains, policy, register
from assessments.domains import GapKind
from assessments.model import PARTS
from scanners.model import Outcome
from tests.assessments import building


def test_there_are_seven_and_every_measure_stands_in_one():
    found = domains.every()

    assert len(found) == 7
    assert sorted(part for one in found for part in one.parts) == sorted(PARTS)


@given(building.dossiers())
def test_every_answer_finding_and_contradiction_stands_in_exactly_one_domain(dossier):
    assessed = register.assess(dossier, policy.current())
    views = domains.view(assessed)

    assert sorted(row.key for one in views for row in one.answers) == sorted(row.key for row in assessed.answers)
    assert sorted(row.key for one in views for row in one.findings) == sorted(row.key for row in assessed.findings)
    assert sum(len(one.contradictions) for one in views) == len(assessed.contradictions)
    assert {one.key for view in views for one in view.evidence} == {one.key for one in assessed.evidence}
    assert {one.key for view in views for one in view.risks} == {one.key for one in assessed.risks}


def test_what_nobody_answered_and_nobody_could_see_is_a_gap():
    unseen = building.finding("tls.protocol-legacy", Outcome.UNKNOWN)
    assessed = register.assess(building.dossier(findings=(unseen,)), policy.current())
    access = next(one for one in domains.view(assessed) if one.domain.id == "access")
    gaps = {one.kind: one.keys for one in access.gaps}

    assert gaps[GapKind.UNSEEN] == ("tls.protocol-legacy:portal.example.de",)
    assert set(gaps[GapKind.UNANSWERED]) == {row.question.id for row in access.answers if not row.supply} | {
        f"{row.question.id}:{row.supply}" for row in access.answers if row.supply
    }


def test_a_full_domain_has_no_gap_of_answers():
    assessed = register.assess(building.dossier(answers=building.answered()), policy.current())
    assessed = replace(assessed, evidence=())

    assert not [gap for one in domains.view(assessed) for gap in one.gaps if gap.kind is GapKind.UNANSWERED]
