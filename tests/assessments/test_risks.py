"""Risks write themselves, each under a key that lasts as long as its cause."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from assessments import register
from assessments.model import AnswerStanding, FindingStanding, RiskLevel, RiskSource, ScanState, say, spoken
from scanners.model import Outcome, Severity
from tests.assessments import building
from tests.assessments.building import AT, DAY, POLICY, answer, answered, choice, dossier, finding


def risks(**changes):
    return register.assess(dossier(**changes), POLICY).risks


def of(source: RiskSource, **changes):
    return [risk for risk in risks(**changes) if risk.source is source]


def test_failures_of_one_check_are_one_risk():
    (risk,) = of(RiskSource.FINDING, findings=[finding(), finding(host="www.example.de", days=9)])

    assert say(risk.title, language="en") == "Not met on portal.example.de, www.example.de: tls.protocol-legacy holds"
    assert risk.since == AT - 9 * DAY
    assert risk.part == "8"
    assert "Muster Medizintechnik GmbH" in say(risk.scenario, language="en")


def test_a_finding_of_no_weight_is_no_risk():
    facts = [finding("web.security-txt"), finding(outcome=Outcome.WARN), finding("tls.cipher-weak", provisional=True)]

    assert of(RiskSource.FINDING, findings=facts) == []


def test_a_host_of_one_supply_is_a_risk_of_that_supply():
    supplies = (building.supply("S-1", clinical_process="life_support"), building.supply("S-2"))

    (risk,) = of(RiskSource.FINDING, supplies=supplies, findings=[finding(host="cloud.example.de")])

    assert (risk.supplies, risk.impact) == (("S-1",), 5)
    assert risk.level is RiskLevel.CRITICAL


@pytest.mark.parametrize(
    ("question", "value", "severity"),
    [
        ("MF-01", choice("none"), Severity.CRITICAL),
        ("IR-01", building.AnswerValue(number=48), Severity.HIGH),
        ("SC-04", choice("questionnaire"), Severity.MEDIUM),
    ],
)
def test_a_poor_answer_is_a_gap(question, value, severity):
    (risk,) = of(RiskSource.GAP, answers=[answer(question, value)])

    assert (risk.source_keys, risk.severity) == ((question,), severity)


def test_a_good_answer_is_no_gap():
    assert of(RiskSource.GAP, answers=answered()) == []


def test_silence_is_a_risk_for_each_measure_once_the_deadline_has_passed():
    assert of(RiskSource.SILENCE) == []

    found = of(RiskSource.SILENCE, deadline_passed=True)

    assert {risk.part for risk in found} == {str(number) for number in range(1, 11)}
    assert all(risk.likelihood.cautious and risk.likelihood.value >= 4 for risk in found)


def test_an_open_contradiction_is_a_risk_until_it_is_settled():
    facts = {"answers": [answer("CR-02")], "findings": [finding(), finding("tls.cipher-weak")]}
    (risk,) = of(RiskSource.CONTRADICTION, **facts)

    assert len(risk.source_keys) == 2
    settled = dict.fromkeys(risk.source_keys, AT)
    assert of(RiskSource.CONTRADICTION, **facts, settled_contradictions=settled) == []


def test_a_document_that_ran_out_is_a_risk():
    proofs = [
        building.evidence("GV-01", "iso27001_cert", key=str(days), valid_until=AT.date() + days * DAY)
        for days in (-1, 30, 300)
    ]

    found = of(RiskSource.EVIDENCE, answers=[answer("GV-01")], evidence=tuple(proofs))

    assert [(risk.severity, risk.source_keys) for risk in found] == [
        (Severity.MEDIUM, ("-1",)),
        (Severity.LOW, ("30",)),
    ]


def test_too_little_seen_is_a_risk_of_its_own():
    (risk,) = of(RiskSource.COVERAGE, scan_state=ScanState.NOT_ASKED)

    assert risk.likelihood.cautious
    assert of(RiskSource.COVERAGE, answers=answered(), scan_state=ScanState.DOCUMENTS_ONLY) == []


def test_a_share_in_a_sentence_has_the_comma_of_its_reader():
    assert (spoken(Decimal("26.6")).de, spoken(Decimal("26.6")).en) == ("26,6", "26.6")


def test_an_accepted_finding_says_until_when():
    waived = finding(standing=FindingStanding.WAIVED, waived_until=date(2027, 1, 31))
    lapsed = replace(waived, waived_until=date(2026, 1, 31))

    assert of(RiskSource.FINDING, findings=[waived])[0].accepted_until == date(2027, 1, 31)
    assert of(RiskSource.FINDING, findings=[lapsed])[0].accepted_until is None


def test_a_risk_keeps_its_key_from_scan_to_scan():
    first = of(RiskSource.FINDING, findings=[finding()])[0]
    later = of(RiskSource.FINDING, findings=[finding(days=40), finding(host="www.example.de")], at=AT + 30 * DAY)[0]
    other = of(RiskSource.FINDING, findings=[finding()], vendor_key="V-0002")[0]

    assert first.key == later.key
    assert first.key != other.key


@settings(max_examples=30)
@given(building.dossiers())
def test_every_risk_has_its_own_key_and_a_whole_sentence(any_dossier):
    found = register.assess(any_dossier, POLICY).risks

    assert len({risk.key for risk in found}) == len(found)
    for risk in found:
        for words in (risk.scenario, risk.title, risk.advice, risk.likelihood.reason):
            for language in ("de", "en"):
                assert words is None or ((said := say(words, language=language)) and "%(" not in said)
        assert risk.concerns
        assert risk.level is not None


@pytest.mark.parametrize(("question", "severity"), [("AC-03", Severity.MEDIUM), ("MF-01", Severity.HIGH)])
def test_a_finding_of_the_hospital_is_a_risk_that_says_what_was_found_and_costs_no_point(question, severity):
    said = {"standing": AnswerStanding.FINDING, "remark": "Nur 50 % belegt: %(vendor)s", "reviewed_at": AT}
    before = register.assess(dossier(answers=[answer(question)]), POLICY)
    after = register.assess(dossier(answers=[replace(answer(question), **said)]), POLICY)

    (risk,) = [risk for risk in after.risks if risk.source is RiskSource.REVIEW]
    assert (risk.severity, risk.source_keys, risk.since) == (severity, (question,), AT)
    assert say(risk.scenario, language="en").endswith("Seen in the review: Nur 50 % belegt: %(vendor)s")
    assert [each for each in after.risks if each is not risk] == list(before.risks)
    assert after.score == before.score


@pytest.mark.parametrize("standing", [AnswerStanding.OPEN, AnswerStanding.ACCEPTED, AnswerStanding.RETURNED])
def test_any_other_word_of_a_review_is_no_risk(standing):
    assert of(RiskSource.REVIEW, answers=[replace(answer("AC-03"), standing=standing, remark="Bitte belegen.")]) == []


def test_a_finding_keeps_its_key_when_its_words_change():
    first, second = (
        of(RiskSource.REVIEW, answers=[replace(answer("AC-03"), standing=AnswerStanding.FINDING, remark=words)])[0]
        for words in ("so", "anders")
    )

    assert first.key == second.key
