"""The register holds everything a workbook prints, under keys that fit together."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from assessments import register, residual
from assessments.model import Grade, RiskLevel, ScanState, say
from questionnaires.model import QuestionSet
from scanners.model import Message, Outcome, Severity
from scanners.observations import Reason
from tests.assessments import building
from tests.assessments.building import AT, POLICY, answer, answered, choice, dossier, finding


def built(*dossiers):
    return register.build(dossiers, POLICY, hospital="Klinikum Musterstadt", at=AT)


@settings(max_examples=25)
@given(building.dossiers())
def test_all_sheets_speak_of_the_same_things(any_dossier):
    found = built(any_dossier, replace(any_dossier, vendor_key="V-0002"))
    vendors = {row.key for row in found.vendors}
    risks = {risk.key for risk in found.risks}

    assert vendors == {"V-0001", "V-0002"}
    assert {risk.vendor_key for risk in found.risks} <= vendors
    assert {row.risk_key for row in found.findings} - {None} <= risks
    assert {row.vendor_key for row in (*found.findings, *found.answers, *found.not_examined)} <= vendors
    for rows in (found.findings, found.answers, found.not_examined):
        keys = [row.key for row in rows]
        assert len(set(keys)) == len(keys)
    contradictions = {each.key for _vendor, each in found.contradictions}
    assert {key for row in found.answers for key in row.contradictions} == contradictions


def test_a_vendor_s_row_sums_up():
    poor = answer("MF-01", choice("none"))
    facts = (finding(), finding("cert.chain-trust"), finding("mail.spf-all", Outcome.WARN))

    row = built(dossier(answers=[poor, answer("CR-02")], findings=facts)).vendor("V-0001")

    assert dict(row.open_findings) == {Severity.HIGH: 1, Severity.CRITICAL: 1}
    assert row.open_contradictions == 2
    assert row.knock_outs == ("MF-01",)
    assert (row.tier, row.impact, row.question_set) == (3, 3, QuestionSet.SHORT)
    assert (row.questions_asked, row.questions_answered) == (12, 2)


def test_the_worst_risks_come_first():
    order = [RiskLevel.CRITICAL, RiskLevel.HIGH, RiskLevel.MODERATE, RiskLevel.LOW]
    found = built(
        dossier(findings=(finding(), finding("js.end-of-life")), deadline_passed=True),
        dossier(
            vendor_key="V-0002", supplies=(building.supply(clinical_process="life_support"),), findings=(finding(),)
        ),
    )

    levels = [order.index(risk.level) for risk in found.risks]
    assert levels == sorted(levels)


def test_the_heat_map_counts_vendors_by_impact_and_likelihood():
    good = dossier(answers=answered(), scan_state=ScanState.DOCUMENTS_ONLY)

    assert dict(built(good, replace(good, vendor_key="V-0002"), dossier(vendor_key="V-0003", supplies=())).heat) == {
        (3, 2): 2
    }


def reasons(**changes) -> dict[str, str]:
    rows = register.assess(dossier(**changes), POLICY).not_examined
    return {say(row.what, language="en"): say(row.reason, language="en") for row in rows}


def test_what_was_not_examined_is_said_with_its_reason():
    blind = finding("cert.chain-trust", Outcome.UNKNOWN, reason=Reason.TIMEOUT)
    blind = replace(blind, finding=replace(blind.finding, fact=Message(text="No answer came in time.")))

    said = reasons(
        findings=(
            blind,
            replace(blind, finding=replace(blind.finding, check_id="tls.cipher-weak")),
            finding(provisional=True),
        ),
        answers=[each for each in answered() if each.question_id != "GV-01"],
    )

    assert said["Checks without a result: cert.chain-trust, tls.cipher-weak"] == "No answer came in time."
    assert said["Checks without a result: tls.protocol-legacy"] == "Waits for a second look."
    assert said["Risk analysis and security policies: GV-01"] == "Not answered yet."
    assert said["Questions that only the full questionnaire asks: 79"] == "Short questionnaire for tier 4 vendors"


def test_documents_only_is_said_without_blame():
    assert "this is no bad mark" in reasons(scan_state=ScanState.DOCUMENTS_ONLY)["The view from outside"]


def test_what_does_not_apply_is_told_from_what_is_missing():
    said = reasons(answers=[answer("AC-03", choice("na", comment="nobody"))], deadline_passed=True)

    assert said["Personnel, access, ICT management: AC-03"] == "The vendor says that this does not apply."
    assert said["Cryptography: CR-02"] == "No answer by the deadline."


def test_residual_risk_is_impact_and_likelihood_through_the_matrix():
    good = dossier(answers=answered(), scan_state=ScanState.DOCUMENTS_ONLY)
    assessed = register.assess(good, POLICY)

    assert assessed.score.grade is Grade.B
    assert (assessed.residual.impact, assessed.residual.likelihood.value) == (3, 2)
    assert assessed.residual.level is RiskLevel.MODERATE
    assert residual.level(None, 5, POLICY) is None


def test_without_a_grade_the_likelihood_is_4_and_marked_cautious():
    likelihood = register.assess(dossier(answers=[answer("GV-01")]), POLICY).residual.likelihood

    assert (likelihood.value, likelihood.cautious) == (4, True)
    assert say(likelihood.reason, language="en").startswith("No grade, coverage ")


def test_a_stage_of_the_round_is_shown_where_it_is_known():
    found = register.build([dossier()], POLICY, hospital="K", at=AT, statuses={"V-0001": Message(text="Invited")})

    assert found.vendors[0].status == Message(text="Invited")
    assert found.vendors[0].score.value is None or isinstance(found.vendors[0].score.value, Decimal)
