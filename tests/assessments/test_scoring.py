"""The score keeps its promises: lines add up, mending pays, not seeing and silence never help."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assessments import grading, residual, scoring
from assessments.model import (
    PARTS,
    Assurance,
    Basis,
    CapKind,
    FindingStanding,
    Grade,
    LineSource,
    NoGrade,
    ScanState,
    say,
)
from portal import i18n
from questionnaires.model import AnswerValue, QuestionSet
from scanners.model import Outcome, Severity
from scanners.observations import Reason
from tests.assessments import building
from tests.assessments.building import AT, DAY, POLICY, answer, choice, dossier, finding
from tests.drawing import cases


def scored(**changes):
    return scoring.score(dossier(**changes), POLICY)


def worth(value: Decimal | None) -> Decimal:
    return Decimal(-1) if value is None else value


FEWER = settings(max_examples=cases(50))  # a dossier is a large thing to draw


# --- Promises that hold for every dossier --------------------------------------------------------


@FEWER
@given(building.dossiers())
def test_lines_add_up_to_the_printed_number_exactly(any_dossier):
    score = scoring.score(any_dossier, POLICY)

    assert (score.value is None) == (not score.lines)
    if score.value is not None:
        assert Decimal(100) - sum(line.points for line in score.lines) == score.value
    assert all(line.points >= 0 for line in score.lines)


@FEWER
@given(building.dossiers())
def test_within_a_part_weights_make_100_and_what_is_kept_is_its_value(any_dossier):
    for part in scoring.score(any_dossier, POLICY).parts:
        if part.value is not None:
            assert sum(line.weight for line in part.lines) == pytest.approx(100)
            assert sum(line.kept for line in part.lines) == pytest.approx(float(part.value), abs=0.051)


@FEWER
@given(building.dossiers())
def test_parts_and_values_stay_in_their_bounds(any_dossier):
    score = scoring.score(any_dossier, POLICY)

    assert [part.part for part in score.parts] == list(PARTS)
    for part in score.parts:
        assert part.value is None or 0 <= part.value <= 100
        assert part.level is None or part.level in range(5)
        assert 0 <= part.coverage <= 100
        assert part.value is None or part.applicable
    assert 0 <= score.coverage <= 100
    assert (score.grade is None) == (score.why_no_grade is not None)


def test_a_warning_weighs_no_more_than_its_check_so_that_mending_it_pays():
    poor = building.finding("tls.protocol-legacy", Outcome.FAIL, severity=Severity.CRITICAL)
    warned = building.finding("js.end-of-life", Outcome.WARN, severity=Severity.CRITICAL)
    mended = building.finding("js.end-of-life", Outcome.PASS)

    before = scoring.score(building.dossier(findings=(poor, warned)), POLICY)
    after = scoring.score(building.dossier(findings=(poor, mended)), POLICY)

    assert worth(after.outside.value) > worth(before.outside.value)
    assert worth(after.value) > worth(before.value)


@FEWER
@given(building.dossiers(), st.data())
def test_mending_a_finding_never_lowers_the_value(any_dossier, data):
    broken = [each for each in any_dossier.findings if each.finding.outcome in {Outcome.FAIL, Outcome.WARN}]
    assume(broken)
    chosen = data.draw(st.sampled_from(broken))
    severity = any_dossier.checks[chosen.finding.check_id].severity
    mended = replace(chosen, finding=replace(chosen.finding, outcome=Outcome.PASS, severity=severity))
    better = replace(any_dossier, findings=tuple(mended if each is chosen else each for each in any_dossier.findings))

    before, after = scoring.score(any_dossier, POLICY), scoring.score(better, POLICY)

    assert worth(after.value) >= worth(before.value)
    assert worth(after.outside.value) >= worth(before.outside.value)
    assert after.coverage >= before.coverage


@FEWER
@given(building.dossiers(), st.data())
def test_an_unknown_never_raises_the_grade(any_dossier, data):
    """Neither one more that could not be seen, nor a pass that can be seen no longer."""
    passed = [each for each in any_dossier.findings if each.finding.outcome is Outcome.PASS]
    assume(passed)
    chosen = data.draw(st.sampled_from(passed))
    hidden = replace(chosen, finding=replace(chosen.finding, outcome=Outcome.UNKNOWN, reason=Reason.TIMEOUT))
    blinder = replace(any_dossier, findings=tuple(hidden if each is chosen else each for each in any_dossier.findings))

    before, after = scoring.score(any_dossier, POLICY), scoring.score(blinder, POLICY)

    assert worth(after.value) <= worth(before.value)
    assert after.coverage <= before.coverage
    assert _rank(after.grade) <= _rank(before.grade)


@FEWER
@given(building.dossiers(), st.sampled_from([Outcome.UNKNOWN, Outcome.ERROR]))
def test_one_more_check_that_saw_nothing_changes_no_value(any_dossier, outcome):
    host = "cloud.example.de"
    assume(
        all(
            each.finding.check_id != "web.security-txt" or each.finding.subject.name != host
            for each in any_dossier.findings
        )
    )
    blind = finding("web.security-txt", outcome, host=host, reason=Reason.TIMEOUT)
    blinder = replace(any_dossier, findings=(*any_dossier.findings, blind))

    before, after = scoring.score(any_dossier, POLICY), scoring.score(blinder, POLICY)

    assert after.value == before.value
    assert after.coverage <= before.coverage or before.part("5").coverage == 0


def _rank(grade: Grade | None) -> int:
    return 0 if grade is None else "FEDCBA".index(grade) + 1


@FEWER
@given(building.dossiers(), st.randoms(use_true_random=False))
def test_order_changes_nothing(any_dossier, shuffling: random.Random):
    def mixed(things):
        return tuple(shuffling.sample(things, len(things)))

    other = replace(
        any_dossier,
        answers=mixed(any_dossier.answers),
        findings=mixed(any_dossier.findings),
        hosts=mixed(any_dossier.hosts),
        evidence=mixed(any_dossier.evidence),
        supplies=mixed(any_dossier.supplies),
    )

    assert scoring.score(other, POLICY) == scoring.score(any_dossier, POLICY)


@FEWER
@given(building.dossiers(deadline_passed=True), st.data())
def test_silence_never_ranks_above_any_answer(any_dossier, data):
    assume(any_dossier.answers)
    withheld = data.draw(st.sampled_from(any_dossier.answers))
    silent = replace(any_dossier, answers=tuple(each for each in any_dossier.answers if each is not withheld))

    before, after = scoring.score(any_dossier, POLICY), scoring.score(silent, POLICY)

    assert worth(after.value) <= worth(before.value)
    assert after.silent or not before.silent


@FEWER
@given(building.dossiers(deadline_passed=True))
def test_saying_nothing_at_all_is_never_a_better_risk_than_answering_poorly(any_dossier):
    silent = replace(any_dossier, answers=(), evidence=())

    poor, mute = (residual.likelihood_of(scoring.score(each, POLICY), POLICY) for each in (any_dossier, silent))

    assert mute.value >= poor.value
    assert mute.cautious


# --- Answers -------------------------------------------------------------------------------------


def line_of(score, question_id: str):
    return next(line for line in score.lines if line.question_id == question_id)


def test_a_declared_best_answer_keeps_85_of_100():
    score = scored(answers=building.answered(), scan_state=ScanState.DOCUMENTS_ONLY)

    assert score.value == Decimal("85.0")
    assert score.grade is Grade.B
    assert {part.basis for part in score.parts if part.applicable} == {Basis.DECLARED}


@pytest.mark.parametrize(
    ("days", "assurance", "share"),
    [(1, Assurance.PROVEN, 1.0), (0, Assurance.PROVEN, 1.0), (-1, Assurance.EXPIRED, 0.7)],
)
def test_evidence_proves_until_its_last_day(days, assurance, share):
    proof = building.evidence("GV-01", "iso27001_cert", valid_until=AT.date() + days * DAY)

    line = line_of(scored(answers=[answer("GV-01")], evidence=(proof,)), "GV-01")

    assert (line.assurance, line.share) == (assurance, share)


def test_before_the_deadline_an_unanswered_question_is_not_seen():
    score = scored(answers=[answer("GV-01")])

    assert [line.question_id for line in score.lines] == ["GV-01"]
    assert score.part("1").coverage == 100
    assert score.part("2").coverage == 0
    assert score.why_no_grade is NoGrade.COVERAGE


def test_after_the_deadline_an_unanswered_question_is_a_line_with_nothing_kept():
    score = scored(answers=[answer("GV-01")], deadline_passed=True)

    line = line_of(score, "MF-01")
    assert line.unanswered
    assert line.kept == 0
    assert score.part("10").unanswered == 1
    assert score.part("10").basis is Basis.UNSEEN
    assert score.silent


def test_not_applicable_is_neither_a_line_nor_a_gap_in_coverage():
    score = scored(answers=[answer("AC-03", choice("na", comment="nobody works for us"))])

    assert score.lines == ()
    assert not score.part("9").applicable


def test_incident_questions_count_in_measure_2_and_backup_in_3():
    score = scored(answers=[answer("IR-01"), answer("BK-04")])

    assert line_of(score, "IR-01").part == "2"
    assert line_of(score, "BK-04").part == "3"


def test_a_question_of_two_supplies_shares_its_weight_between_them():
    supplies = (building.supply("S-1"), building.supply("S-2"))
    answers = [
        answer("BK-04", supply="S-1"),
        answer("BK-04", building.worst(building.CATALOGUE.questions["BK-04"]), supply="S-2"),
    ]

    part = scored(supplies=supplies, answers=answers).part("3")

    assert [line.weight for line in part.lines] == [50, 50]
    assert part.value == Decimal("42.5")


def test_a_company_question_is_asked_once_however_many_supplies():
    score = scored(supplies=(building.supply("S-1"), building.supply("S-2")), answers=[answer("GV-01")])

    assert [line.weight for line in score.part("1").lines] == [100]


# --- Checks --------------------------------------------------------------------------------------


def test_a_check_line_weighs_by_severity_and_by_what_the_host_is():
    fails = [finding(host="portal.example.de"), finding(host="www.example.de")]

    lines = scored(findings=fails).part("8").lines

    assert sorted(line.weight for line in lines) == [pytest.approx(100 / 3), pytest.approx(200 / 3)]


def test_a_domain_takes_the_heaviest_host_below_it():
    about_the_domain = finding("mail.dmarc-policy", host="example.de")
    subject = replace(about_the_domain.finding.subject, kind="domain")
    about_the_domain = replace(about_the_domain, finding=replace(about_the_domain.finding, subject=subject))

    score = scored(findings=[about_the_domain, finding("mail.spf-all", host="portal.example.de")])

    assert [line.weight for line in score.part("10").lines] == [50, 50]


@pytest.mark.parametrize(
    "fact",
    [
        finding(outcome=Outcome.INFO),
        finding(outcome=Outcome.UNKNOWN),
        finding(outcome=Outcome.ERROR),
        finding(outcome=Outcome.NOT_APPLICABLE),
        finding(provisional=True),
        finding(standing=FindingStanding.WITHDRAWN),
        finding(host="elsewhere.example.org"),
        finding("net.hosting-geo"),
    ],
    ids=["info", "unknown", "error", "not applicable", "provisional", "withdrawn", "out of scope", "remark"],
)
def test_what_is_no_verdict_on_a_host_in_scope_is_no_line(fact):
    assert scored(findings=[fact]).lines == ()


def test_a_warning_keeps_half():
    assert scored(findings=[finding(outcome=Outcome.WARN)]).part("8").value == 50


def test_answers_make_60_and_checks_40_of_a_part_that_has_both():
    part = scored(
        answers=[answer("CR-02", building.worst(building.CATALOGUE.questions["CR-02"]))],
        findings=[finding("tls.cipher-weak", Outcome.PASS)],
    ).part("8")

    assert (part.answers_value, part.checks_value, part.value, part.level) == (0, 100, 40, 2)


def test_what_nobody_consented_to_does_not_lower_coverage():
    seen = finding(outcome=Outcome.PASS)

    without = scored(findings=[seen])
    refused = scored(findings=[seen, finding("tls.cipher-weak", Outcome.UNKNOWN, reason=Reason.NOT_CONSENTED)])

    assert refused.part("8").coverage == without.part("8").coverage


def test_documents_only_is_no_bad_grade():
    """Refusing a scan hides findings and lowers coverage; with every question answered there is still a grade."""
    refused = scored(answers=building.answered(), scan_state=ScanState.DOCUMENTS_ONLY, findings=[finding()])

    assert refused.documents_only
    assert refused.grade is Grade.B
    assert refused.coverage < 100
    assert all(line.source is LineSource.ANSWER for line in refused.lines)


def test_a_confirmed_answer_needs_no_evidence():
    checks = ["tls.protocol-legacy", "tls.cipher-weak", "cert.chain-trust", "cert.hostname-match"]
    passed = [finding(name, Outcome.PASS) for name in checks]

    whole = line_of(scored(answers=[answer("CR-02")], findings=passed), "CR-02")
    partly = line_of(scored(answers=[answer("CR-02")], findings=passed[:3]), "CR-02")

    assert (whole.assurance, whole.share) == (Assurance.CONFIRMED, 1)
    assert (partly.assurance, partly.share) == (Assurance.DECLARED, 0.85)


def test_an_open_contradiction_caps_its_question_and_a_settled_one_does_not():
    facts = {"answers": [answer("CR-02")], "findings": [finding()]}

    against = line_of(scored(**facts), "CR-02")
    key = "CR-02:S-1:tls.protocol-legacy:portal.example.de"
    settled = line_of(scored(**facts, settled_contradictions={key: building.AT}), "CR-02")

    assert (against.contradicted, against.share) == (True, 0.25)
    assert (settled.contradicted, settled.share) == (False, 0.85)
    assert scored(**facts).part("8").basis is Basis.CONTRADICTED


# --- Caps and grades -----------------------------------------------------------------------------


def capped(*facts, **changes):
    return scored(answers=building.answered(), findings=facts, **changes)


def test_an_open_critical_finding_leaves_49_at_most():
    score = capped(finding("cert.chain-trust"), finding("tls.cipher-weak", Outcome.PASS))

    assert score.value == 49
    assert [(cap.kind, cap.applied) for cap in score.caps] == [(CapKind.CRITICAL_FAIL, True)]
    assert line_of_cap(score, CapKind.CRITICAL_FAIL).points > 0


def line_of_cap(score, kind: CapKind):
    return next(line for line in score.lines if line.key == f"cap:{kind}")


def test_a_high_finding_caps_at_79_once_it_is_older_than_30_days():
    young = capped(finding("mail.spf-all", days=30, host="www.example.de"))
    old = capped(finding("mail.spf-all", days=31, host="www.example.de"))

    assert young.caps == ()
    assert [cap.limit for cap in old.caps] == [79]
    assert old.value <= 79


def test_a_knock_out_at_zero_leaves_69_at_most_until_the_hospital_accepts_it():
    poor = [each for each in building.answered() if each.question_id != "MF-01"]
    none = answer("MF-01", choice("none"))
    accepted = replace(none, knock_out_accepted_until=AT.date())
    lapsed = replace(none, knock_out_accepted_until=AT.date() - DAY)

    results = [scored(answers=[*poor, each]).caps for each in (none, accepted, lapsed)]

    assert [[cap.kind for cap in caps] for caps in results] == [[CapKind.KNOCK_OUT], [], [CapKind.KNOCK_OUT]]


def test_a_cap_names_what_caused_it_by_its_title_and_id():
    poor = [each for each in building.answered() if each.question_id != "MF-01"]
    found = [finding("cert.chain-trust", host=host) for host in ("portal.example.de", "www.example.de")]
    score = scored(answers=[*poor, answer("MF-01", choice("none"))], findings=found)
    told = {cap.kind: say(cap.reason, language="de", translate=i18n.translator("de")) for cap in score.caps}

    label = building.CATALOGUE.questions["MF-01"].label.de
    assert told == {
        CapKind.CRITICAL_FAIL: "Kritisch und nicht erfüllt: "
        "„cert.chain-trust holds“ (cert.chain-trust: portal.example.de, www.example.de).",
        CapKind.KNOCK_OUT: f"Ein Ausschlusskriterium ist nicht erfüllt oder strittig: „{label}“ (MF-01).",
    }


def test_a_cap_names_six_and_counts_the_others():
    score = scored(findings=[finding(check, severity=Severity.CRITICAL) for check in sorted(building.CHECKS)[:8]])

    told = say(score.caps[0].reason, language="en")
    assert told.count("“") == 6
    assert told.endswith(" and 2 more.")


def test_a_contradiction_on_a_knock_out_caps_as_well():
    score = scored(answers=[answer("SD-11")], findings=[finding("ports.database", severity=Severity.HIGH)])

    assert [cap.kind for cap in score.caps] == [CapKind.KNOCK_OUT]


def test_a_waived_finding_brings_no_cap_while_the_waiver_lasts():
    lasting = finding("cert.chain-trust", standing=FindingStanding.WAIVED, waived_until=AT.date())
    lapsed = replace(lasting, waived_until=AT.date() - DAY)

    assert capped(lasting).caps == ()
    assert [cap.kind for cap in capped(lapsed).caps] == [CapKind.CRITICAL_FAIL]


def test_only_the_lowest_cap_lowers_and_all_are_said():
    score = capped(finding("ports.remote-admin"), finding("mail.spf-all", days=40))

    assert [(cap.limit, cap.applied) for cap in score.caps] == [(49, True), (69, False), (79, False)]
    assert line_of_cap(score, CapKind.HIGH_FAIL).points == 0


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ("90.0", "A"),
        ("89.9", "B"),
        ("80.0", "B"),
        ("70.0", "C"),
        ("55.0", "D"),
        ("40.0", "E"),
        ("39.9", "F"),
        ("0", "F"),
    ],
)
def test_a_grade_is_read_from_the_printed_value(value, grade):
    assert grading.grade(Decimal(value), POLICY) is Grade(grade)


@pytest.mark.parametrize(("value", "level"), [("19.9", 0), ("20", 1), ("40", 2), ("65", 3), ("89.9", 3), ("90", 4)])
def test_a_level_is_read_from_the_printed_value(value, level):
    assert grading.level(Decimal(value), POLICY) == level


def test_below_the_coverage_floor_there_is_a_value_but_no_grade():
    answers = building.answered()[:3]

    score = scored(answers=answers)

    assert score.value is not None
    assert score.coverage < 60
    assert (score.grade, score.why_no_grade) == (None, NoGrade.COVERAGE)


def test_of_a_vendor_nobody_knows_there_is_nothing_to_say():
    score = scored(scan_state=ScanState.NOT_ASKED)

    assert (score.value, score.grade, score.why_no_grade) == (None, None, NoGrade.NOTHING_SEEN)
    assert score.lines == score.caps == ()
    assert not score.silent


def test_a_score_keeps_the_versions_it_rests_on():
    score = scored()

    assert (score.policy_version, score.catalogue_version, score.checks_version) == (
        "1",
        "hospital-vendor 2026.1",
        "test",
    )


def test_without_a_supply_the_profile_decides_what_is_asked():
    bare = dossier(supplies=(), profile={"P-02": choice("remote_access")}, answers=[answer("AC-02", supply=None)])

    assert line_of(scoring.score(bare, POLICY), "AC-02").supply is None


def test_an_unreadable_number_keeps_nothing_but_counts():
    line = line_of(scored(answers=[answer("IR-01", AnswerValue(unknown=True))]), "IR-01")

    assert (line.share, line.unanswered) == (0, False)


def test_the_full_set_of_a_tier_1_vendor_is_scored_whole():
    every = scored(
        question_set=QuestionSet.FULL,
        answers=building.answered(question_set=QuestionSet.FULL),
        scan_state=ScanState.DOCUMENTS_ONLY,
    )

    assert every.value == Decimal("85.0")
    assert len(every.lines) == 42
