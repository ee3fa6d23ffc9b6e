"""The grade from outside rests on findings alone and never stands in for the other."""

from decimal import Decimal

import pytest

from assessments import outside
from assessments.model import Grade, NoGrade, ScanState
from scanners.model import Outcome, Severity
from scanners.observations import Reason
from tests.assessments.building import AT, CHECKS, POLICY, answered, dossier, finding


def graded(*facts, **changes):
    return outside.grade(dossier(findings=facts, **changes), POLICY)


def test_the_same_cut_offs_hold_over_check_lines_alone():
    found = graded(finding(outcome=Outcome.PASS), finding("mail.dmarc-policy", Outcome.WARN))

    assert (found.value, found.grade, found.coverage) == (Decimal("75.0"), Grade.C, Decimal("100.0"))


def test_answers_do_not_move_it():
    facts = (finding(outcome=Outcome.WARN),)

    assert graded(*facts) == graded(*facts, answers=answered())


def test_each_category_has_its_own():
    found = graded(finding(), finding("mail.dmarc-policy", Outcome.PASS), finding("tls.cipher-weak", Outcome.UNKNOWN))

    assert {each.category: (each.value, each.grade, each.coverage) for each in found.categories} == {
        "mail": (100, Grade.A, 100),
        "tls": (0, None, 50),
    }


def test_a_critical_finding_caps_it():
    passes = [finding(name, Outcome.PASS) for name in ("tls.protocol-legacy", "tls.cipher-weak", "mail.dmarc-policy")]

    found = graded(*passes, *[finding("web.security-txt", severity=Severity.CRITICAL)])

    assert found.value == 49
    assert found.caps[0].applied


def test_too_little_seen_is_no_grade():
    found = graded(finding(outcome=Outcome.PASS), finding("cert.chain-trust", Outcome.UNKNOWN, reason=Reason.TIMEOUT))

    assert (found.value, found.grade, found.why_no_grade) == (100, None, NoGrade.COVERAGE)
    assert graded().why_no_grade is NoGrade.NOTHING_SEEN


@pytest.mark.parametrize("state", [ScanState.RUNNING, ScanState.COMPANY_FIRST])
def test_a_critical_finding_of_a_result_that_is_not_open_yet_is_no_grade(state: ScanState):
    told_early = finding(severity=Severity.CRITICAL)

    found = graded(told_early, scan_state=state)

    assert (found.value, found.grade, found.why_no_grade) == (None, None, NoGrade.NOTHING_SEEN)
    assert graded(told_early, scan_state=ScanState.DONE).grade is Grade.F


def test_bare_findings_of_a_terminal_scan_are_graded_alike():
    facts = [finding(outcome=Outcome.PASS).finding, finding("mail.dmarc-policy").finding]

    found = outside.of_findings(facts, CHECKS, POLICY, at=AT)

    assert (found.value, found.grade) == (50, Grade.E)
