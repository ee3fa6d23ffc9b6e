"""Dossiers and scores from rows: the hospital reads what was signed off and what is open, the company all of itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from assessments import intake as intake_form
from assessments.model import AnswerStanding, ScanState
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Review, ReviewState
from portal.db.models.registers import RiskRecord, RiskTreatment, ScoreRecord, Treatment
from portal.db.models.responses import Answer, AnswerEvidence, Evidence, SignOff
from portal.db.models.scans import ScanRun, ScanSide
from portal.db.models.scans import ScanState as RunState
from portal.errors import NotFound
from portal.services.answers import manifests, submissions
from portal.services.registers import dossiers, scores
from portal.services.scans import scan_results
from portal.services.vendors import intakes
from questionnaires import answering, shelf
from questionnaires.model import AnswerKind, AnswerValue, Scope
from scanners.catalogue import CHECKS
from scanners.model import Finding, Message, Outcome, Severity, Subject, SubjectKind
from tests.portal import building

CATALOGUE = shelf.current()
FIRST = next(
    question
    for question in CATALOGUE.questions.values()
    if question.shape.kind is AnswerKind.YES_PARTIAL_NO_NA and question.scope is Scope.COMPANY and question.evidence
)
YES = FIRST.shape.options[0].id
CHECK = next(
    check
    for check in CHECKS.values()
    if check.severity is Severity.HIGH
    and check.refs.measures
    and not check.second_look
    and check.subject is SubjectKind.HOST
)


class Ward:
    """A hospital with one vendor in the middle of a round."""

    def __init__(self, session, now) -> None:
        self.session, self.now = session, now
        self.actor = building.hospital_actor(session)
        self.hospital = session.get_one(Hospital, self.actor.hospital_id)
        self.vendor = building.vendor(session, self.hospital, hosts=("a.pacs.example",))
        self.supply = building.supply(session, self.vendor)
        self.company = building.company_actor(session)
        self.round = building.assessment(
            session,
            self.vendor,
            company_id=self.company.company_id,
            supplies=(self.supply,),
            catalogue_id=CATALOGUE.id,
            catalogue_version=CATALOGUE.version,
            due_on=(now + timedelta(days=28)).date(),
        )
        self.response = building.response(session, self.round)

    def intake(self) -> None:
        given = {question.id: [question.options[0].id] for question in intake_form.current().questions}
        intakes.fill_in(self.session, self.actor, self.supply.id, given, now=self.now)

    def answer(self, choice: str = YES, comment: str = "") -> Answer:
        value = answering.dump(AnswerValue(choices=(choice,), comment=comment))
        row = self.session.get(Answer, (self.response.id, FIRST.id, ""))
        if row is None:
            row = Answer(
                company_id=self.company.company_id,
                response_id=self.response.id,
                question_id=FIRST.id,
                supply_id="",
                value=value,
                updated_at=self.now,
                updated_by="Vera",
            )
            self.session.add(row)
        row.value = value
        self.session.flush()
        return row

    def evidence(self) -> Evidence:
        row = Evidence(
            company_id=self.company.company_id,
            kind=FIRST.evidence[0].type,
            file_name="z.pdf",
            media_type="application/pdf",
            size=1,
            sha256="0" * 64,
            blob_id="0" * 32,
            uploaded_by="Vera",
            uploaded_at=self.now,
            issued_on=self.now.date(),
            valid_to=(self.now + timedelta(days=300)).date(),
        )
        self.session.add(row)
        self.session.flush()
        self.session.add(
            AnswerEvidence(
                company_id=row.company_id,
                response_id=self.response.id,
                question_id=FIRST.id,
                supply_id="",
                evidence_id=row.id,
            )
        )
        self.session.flush()
        return row

    def sign(self) -> SignOff:
        manifest = manifests.make(self.session, self.response)
        edition = len(self.session.scalars(select(SignOff)).all()) + 1
        row = SignOff(
            company_id=self.company.company_id,
            response_id=self.response.id,
            edition=edition,
            person_id=self.company.person_id,
            signer_name="Vera",
            signer_function="CISO",
            statement_version=submissions.STATEMENT,
            manifest=manifest,
            sha256=manifests.digest(manifest),
            at=self.now,
        )
        self.session.add(row)
        self.response.submitted_at = self.now
        self.session.flush()
        return row

    def scanned(self, outcome: Outcome = Outcome.FAIL, severity: Severity = Severity.HIGH) -> ScanRun:
        run = ScanRun(
            hospital_id=self.hospital.id,
            vendor_id=self.vendor.id,
            side=ScanSide.COMPANY,
            started_by="x",
            hosts=["a.pacs.example"],
            classes=["passive"],
            state=RunState.RUNNING,
            created_at=self.now,
            started_at=self.now,
        )
        self.session.add(run)
        self.session.flush()
        finding = Finding(
            check_id=CHECK.id,
            subject=Subject(kind=CHECK.subject, name="a.pacs.example"),
            outcome=outcome,
            severity=severity,
            fact=Message(text="seen"),
            at=self.now,
        )
        scan_results.complete(self.session, self.hospital.id, run.id, seen=(), findings=(finding,), now=self.now)
        self.session.flush()
        return run

    def for_hospital(self):
        return dossiers.build(self.session, self.hospital.id, self.round.id, now=self.now)

    def for_company(self):
        return dossiers.build_for_company(self.session, self.company.company_id, self.round.id, now=self.now)


@pytest.fixture
def ward(session, now) -> Ward:
    return Ward(session, now)


def test_the_hospital_reads_the_signed_edition_and_not_the_draft(ward: Ward):
    ward.answer(comment="erste")
    assert ward.for_hospital().answers == ()
    assert [answer.value.comment for answer in ward.for_company().answers] == ["erste"]
    ward.sign()
    ward.answer(comment="zweite")

    assert [answer.value.comment for answer in ward.for_hospital().answers] == ["erste"]
    assert [answer.value.comment for answer in ward.for_company().answers] == ["zweite"]


def test_the_hospital_sees_findings_when_they_are_released(ward: Ward):
    ward.scanned()
    closed = ward.for_hospital()
    assert (closed.findings, closed.scan_state) == ((), ScanState.COMPANY_FIRST)
    assert len(ward.for_company().findings) == 1

    ward.response.released_at = ward.now

    opened = ward.for_hospital()
    assert [fact.finding.check_id for fact in opened.findings] == [CHECK.id]
    assert (opened.scan_state, opened.scanned_at) == (ScanState.DONE, ward.now)


def test_a_critical_finding_reaches_the_hospital_at_once(ward: Ward):
    ward.scanned(severity=Severity.CRITICAL)

    assert len(ward.for_hospital().findings) == 1


def test_documents_only_is_said_and_shows_no_finding(ward: Ward):
    ward.scanned()
    ward.response.released_at = ward.now
    ward.round.documents_only = True

    for dossier in (ward.for_hospital(), ward.for_company()):
        assert (dossier.scan_state, dossier.findings) == (ScanState.DOCUMENTS_ONLY, ())


def test_the_company_learns_nothing_of_tier_impact_and_review(ward: Ward):
    ward.intake()
    ward.answer()
    ward.sign()
    ward.session.add(
        Review(
            hospital_id=ward.hospital.id,
            assessment_id=ward.round.id,
            question_id=FIRST.id,
            state=ReviewState.ACCEPTED,
            note="intern",
            by_name="x",
            at=ward.now,
        )
    )
    ward.session.flush()
    hospital, company = ward.for_hospital(), ward.for_company()

    assert hospital.answers[0].standing is AnswerStanding.ACCEPTED
    assert company.answers[0].standing is AnswerStanding.OPEN
    assert hospital.tier is not None
    assert (company.tier, company.impact, company.patient_safety) == (None, None, None)
    assert company.supplies[0].intake is None
    assert company.supplies[0].flags == hospital.supplies[0].flags
    assert "intern" not in repr(company)


def test_documents_stand_beside_their_answers(ward: Ward):
    ward.answer()
    document = ward.evidence()
    ward.sign()
    (fact,) = ward.for_hospital().evidence

    assert (fact.key, fact.type, fact.question_ids) == (document.id, document.kind, (FIRST.id,))
    assert fact.valid_until == document.valid_to


def test_the_deadline_is_the_end_of_the_day_in_germany(ward: Ward):
    deadline = dossiers.deadline_of(ward.round.due_on)
    assert deadline.utcoffset() == timedelta(hours=1)
    ward.now = deadline
    assert not ward.for_hospital().deadline_passed
    ward.now = deadline + timedelta(seconds=1)
    assert ward.for_hospital().deadline_passed


def test_foreign_rounds_do_not_exist(ward: Ward):
    stranger, other = building.hospital(ward.session), building.company(ward.session)

    with pytest.raises(NotFound):
        dossiers.build(ward.session, stranger.id, ward.round.id, now=ward.now)
    with pytest.raises(NotFound):
        dossiers.build_for_company(ward.session, other.id, ward.round.id, now=ward.now)
    with pytest.raises(NotFound):
        dossiers.build(ward.session, ward.hospital.id, "unknown", now=ward.now)


def test_a_manifest_hashes_the_same_for_the_same_content(ward: Ward):
    ward.answer()
    ward.evidence()
    first = ward.sign()
    ward.session.commit()
    again = manifests.make(ward.session, ward.response)

    assert manifests.digest(again) == first.sha256 == manifests.digest(first.manifest)
    ward.answer(comment="anders")
    assert manifests.digest(manifests.make(ward.session, ward.response)) != first.sha256


def _refresh(ward: Ward) -> ScoreRecord:
    row = scores.refresh(ward.session, ward.hospital.id, ward.round.id, now=ward.now)
    ward.session.flush()
    return row


def test_a_score_is_written_when_something_moved_and_only_then(ward: Ward):
    ward.intake()
    first = _refresh(ward)
    ward.now += timedelta(hours=1)
    assert _refresh(ward).id == first.id
    ward.scanned()
    ward.response.released_at = ward.now
    second = _refresh(ward)

    rows = ward.session.scalars(select(ScoreRecord).execution_options(populate_existing=True)).all()
    assert {row.id: row.is_current for row in rows} == {first.id: False, second.id: True}
    assert second.open_findings["high"] == 1
    assert second.outside_value is not None
    assert second.impact is not None


def test_a_risk_keeps_its_row_and_what_was_decided_about_it(ward: Ward):
    ward.intake()
    ward.scanned()
    ward.response.released_at = ward.now
    _refresh(ward)
    rows = ward.session.scalars(select(RiskRecord)).all()
    risk = next(row for row in rows if row.document["source"] == "finding")
    assert {"de", "en"} == set(risk.document["title"])
    ward.session.add(
        RiskTreatment(
            hospital_id=ward.hospital.id, risk_id=risk.id, treatment=Treatment.MITIGATE, by_name="x", at=ward.now
        )
    )
    ward.now += timedelta(days=1)
    ward.scanned(outcome=Outcome.PASS)
    ward.response.released_at = ward.now
    _refresh(ward)
    assert risk.gone_at == ward.now

    ward.now += timedelta(days=1)
    ward.scanned()
    ward.response.released_at = ward.now
    _refresh(ward)

    assert (risk.gone_at, risk.first_derived_at) == (None, building.NOW)
    assert ward.session.scalars(select(RiskTreatment)).one().treatment is Treatment.MITIGATE


def test_vendors_and_supplies_have_short_keys_that_stay(ward: Ward):
    later = building.vendor(ward.session, ward.hospital, name="Andere")
    later.created_at += timedelta(days=1)
    ward.session.flush()

    assert dossiers.vendor_key(ward.session, ward.vendor) == "V-0001"
    assert dossiers.vendor_key(ward.session, later) == "V-0002"
    assert dossiers.supply_keys(ward.session, ward.hospital.id, ward.vendor.id) == {ward.supply.id: "S-1"}
