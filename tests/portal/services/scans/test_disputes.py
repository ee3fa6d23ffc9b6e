"""The right of reply: raised by the company, answered by the hospital, beside the finding in score and register."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from assessments.model import FindingStanding
from portal.db.models.audit import AuditEvent
from portal.db.models.disputes import Dispute, DisputeReason, DisputeState
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import DeletionRule, Evidence
from portal.db.models.scans import FindingRecord
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.evidence import evidence, retention
from portal.services.registers import registers
from portal.services.scans import disputes, own_results, scan_results
from scanners.model import Outcome
from tests.portal import building
from tests.portal.web.hospital import ward as wards
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.vendor.errand import Errand

URL = "https://portal.klinik.example"
WORDS = "Dieser Host gehört seit Mai einem anderen Betreiber."


@pytest.fixture
def asked(session: Session, now: datetime) -> Errand:
    made = errand.accepted(session, now)
    wards.scan(session, made.ward, errand.VENDOR, quality=0.6, now=now)
    own_results.release(session, made.lead, made.assessment_id, now=now)
    session.flush()
    return made


@pytest.fixture
def place(session: Session, asked: Errand) -> disputes.Place:
    records = session.scalars(select(FindingRecord).order_by(FindingRecord.check_id, FindingRecord.subject_name))
    found = [scan_results.finding_of(one) for one in records]
    return disputes.place_of(next(one for one in found if one.outcome is Outcome.FAIL and not one.provisional))


def vendor_id(asked: Errand) -> str:
    return asked.ward.vendors[errand.VENDOR]


def raised(session: Session, asked: Errand, place: disputes.Place, now: datetime, **more) -> Dispute:
    values = {"reason": DisputeReason.NOT_OURS, "text": WORDS, "now": now, **more}
    return disputes.raise_dispute(session, asked.lead, asked.assessment_id, place, **values)


def answered(session: Session, asked: Errand, row: Dispute, now: datetime, *, upheld: bool, **more) -> Dispute:
    values = {
        "is_upheld": upheld,
        "text": "Das stimmt." if upheld else "Der Host antwortet unter Ihrem Namen.",
        "valid_until": now.date() + timedelta(days=90),
        "now": now,
        "base_url": URL,
        **more,
    }
    return disputes.answer(session, asked.ward.assessor, vendor_id(asked), row.id, **values)


def fact(session: Session, asked: Errand, place: disputes.Place, now: datetime):
    assessed = registers.assess(session, asked.ward.auditor, vendor_id(asked), now=now)
    return next(row.fact for row in assessed.findings if disputes.place_of(row.fact.finding) == place)


def test_both_texts_stand_beside_the_finding(session: Session, asked: Errand, place, now: datetime):
    assert fact(session, asked, place, now).standing is FindingStanding.OPEN
    row = raised(session, asked, place, now)

    disputed = fact(session, asked, place, now)
    assert (disputed.standing, disputed.statement, disputed.answer) == (FindingStanding.DISPUTED, WORDS, "")

    answered(session, asked, row, now, upheld=False)
    stands = fact(session, asked, place, now)
    assert (stands.standing, stands.statement) == (FindingStanding.OPEN, WORDS)
    assert stands.answer == "Der Host antwortet unter Ihrem Namen."
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "dispute-answered")).one()
    assert mail.to_address == asked.lead.email
    assert f"{URL}/vendor/rounds/{asked.assessment_id}/disputes" in mail.text


def test_what_was_agreed_scores_nothing_until_its_day_and_never_lowers_the_score(
    session: Session, asked: Errand, place, now: datetime
):
    before = registers.assess(session, asked.ward.auditor, vendor_id(asked), now=now).score
    row = raised(session, asked, place, now)
    answered(session, asked, row, now, upheld=True)

    assert fact(session, asked, place, now).standing is FindingStanding.WITHDRAWN
    after = registers.assess(session, asked.ward.auditor, vendor_id(asked), now=now).score
    assert not [line for line in after.lines if line.key.endswith(f"{place[2]}:{place[1]}")]
    assert before.outside.value is None or after.outside.value >= before.outside.value
    late = now + timedelta(days=92)
    assert fact(session, asked, place, late).standing is FindingStanding.OPEN


def test_something_else_that_is_seen_is_another_question(session: Session, asked: Errand, place, now: datetime):
    row = raised(session, asked, place, now)
    answered(session, asked, row, now, upheld=True)
    record = session.scalars(
        select(FindingRecord).where(FindingRecord.check_id == place[2], FindingRecord.subject_name == place[1])
    ).one()
    record.fact_values = {"versions": "TLS 1.0"}
    session.flush()

    changed = fact(session, asked, place, now)
    assert (changed.standing, changed.statement) == (FindingStanding.OPEN, "")


def test_numbers_may_drift_without_being_another_fact(session: Session, asked: Errand, place, now: datetime):
    finding = disputes.disputable(session, asked.lead, asked.assessment_id, place, now=now)
    message = replace(finding.fact, values={"host": "a", "days": 9})

    one, other = (replace(finding, fact=replace(message, values={"host": "a", "days": days})) for days in (9, 8))
    third = replace(finding, fact=replace(message, values={"host": "b", "days": 9}))

    assert disputes.seen_key(one) == disputes.seen_key(other) != disputes.seen_key(third)


def test_what_is_taken_back_leaves_the_finding_as_it_was(session: Session, asked: Errand, place, now: datetime):
    row = raised(session, asked, place, now)
    disputes.take_back(session, asked.lead, asked.assessment_id, row.id, now=now)

    assert fact(session, asked, place, now).standing is FindingStanding.OPEN
    assert raised(session, asked, place, now).state is DisputeState.OPEN
    with pytest.raises(NotNow):
        disputes.take_back(session, asked.lead, asked.assessment_id, row.id, now=now)


def test_a_dispute_needs_words_and_something_to_dispute(session: Session, asked: Errand, place, now: datetime):
    with pytest.raises(BadInput) as refused:
        raised(session, asked, place, now, text="  ")
    assert set(refused.value.fields) == {"text"}
    with pytest.raises(BadInput):
        raised(session, asked, place, now, evidence_id="0123456789abcdef0123")
    with pytest.raises(NotFound):
        raised(session, asked, ("host", "www.example.org", place[2]), now)
    raised(session, asked, place, now)
    with pytest.raises(NotNow):
        raised(session, asked, place, now)


def test_an_answer_needs_words_and_a_day_and_is_given_once(session: Session, asked: Errand, place, now: datetime):
    row = raised(session, asked, place, now)
    for day in (None, now.date(), now.date() + timedelta(days=800)):
        with pytest.raises(BadInput) as refused:
            answered(session, asked, row, now, upheld=True, text="", valid_until=day)
        assert set(refused.value.fields) == {"text", "valid_until"}
    answered(session, asked, row, now, upheld=False, valid_until=None)
    with pytest.raises(Clash):
        answered(session, asked, row, now, upheld=True)
    with pytest.raises(NotAllowed):
        disputes.answer(
            session,
            asked.ward.auditor,
            vendor_id(asked),
            row.id,
            is_upheld=False,
            text="x",
            valid_until=None,
            now=now,
            base_url=URL,
        )


def test_nobody_else_finds_it(session: Session, asked: Errand, place, now: datetime):
    row = raised(session, asked, place, now)
    other = errand.stranger(session)
    elsewhere = wards.empty(session, name="Klinikum Süd")

    for call in (
        lambda: disputes.of_round(session, other, asked.assessment_id),
        lambda: disputes.take_back(session, other, asked.assessment_id, row.id, now=now),
        lambda: disputes.disputable(session, other, asked.assessment_id, place, now=now),
        lambda: disputes.of_vendor(session, elsewhere.assessor, vendor_id(asked), now=now),
        lambda: disputes.answer(
            session,
            elsewhere.assessor,
            vendor_id(asked),
            row.id,
            is_upheld=True,
            text="x",
            valid_until=now.date() + timedelta(days=9),
            now=now,
            base_url=URL,
        ),
    ):
        with pytest.raises(NotFound):
            call()
    assert building.hospital_actor(session) is not None


def test_words_about_what_the_hospital_may_not_see_yet_wait_with_it(session: Session, now: datetime):
    made = errand.accepted(session, now)
    wards.scan(session, made.ward, errand.VENDOR, quality=0.6, now=now)
    records = session.scalars(select(FindingRecord).order_by(FindingRecord.check_id))
    found = [scan_results.finding_of(one) for one in records]
    quiet = next(one for one in found if one.outcome is Outcome.FAIL and one.severity.value == "low")
    raised(session, made, disputes.place_of(quiet), now)

    assert disputes.of_vendor(session, made.ward.assessor, vendor_id(made), now=now) == []
    assert disputes.count_open(session, made.ward.assessor, vendor_id(made), now=now) == 0
    own_results.release(session, made.lead, made.assessment_id, now=now)
    session.flush()
    assert disputes.count_open(session, made.ward.assessor, vendor_id(made), now=now) == 1


def test_what_nobody_may_see_yet_leaves_no_trace_with_the_hospital(session: Session, now: datetime):
    made = errand.accepted(session, now)
    wards.scan(session, made.ward, errand.VENDOR, quality=0.6, now=now)
    found = [scan_results.finding_of(one) for one in session.scalars(select(FindingRecord))]
    quiet = next(one for one in found if one.outcome is Outcome.FAIL and one.severity.value == "low")
    row = raised(session, made, disputes.place_of(quiet), now)

    trail = select(AuditEvent).where(AuditEvent.verb.startswith("dispute."))
    assert {event.scope for event in session.scalars(trail)} == {audit.company_scope(made.lead.company_id)}
    with pytest.raises(NotFound):
        answered(session, made, row, now, upheld=False)
    disputes.take_back(session, made.lead, made.assessment_id, row.id, now=now)
    assert {event.scope for event in session.scalars(trail)} == {audit.company_scope(made.lead.company_id)}


def test_an_open_finding_does_not_open_words_about_another_fact_there(session: Session, asked: Errand, place, now):
    row = raised(session, asked, place, now)
    row.seen_key = "0" * 64  # as of a newer look that the company has not released
    session.flush()

    assert disputes.of_vendor(session, asked.ward.assessor, vendor_id(asked), now=now) == []
    with pytest.raises(NotFound):
        answered(session, asked, row, now, upheld=False)


def test_what_the_hospital_has_read_does_not_vanish_with_the_next_result(session: Session, asked: Errand, place, now):
    row = raised(session, asked, place, now)
    later = now + timedelta(days=1)
    wards.scan(session, asked.ward, errand.VENDOR, quality=1, now=later)
    own_results.release(session, asked.lead, asked.assessment_id, now=later)
    session.flush()

    assert disputes.of_vendor(session, asked.ward.assessor, vendor_id(asked), now=later) == [row]


def test_the_document_of_a_dispute_opens_for_the_hospital_that_answers_and_closes_with_it(
    session: Session, asked: Errand, place, now: datetime, tmp_path
):
    document = Evidence(
        company_id=asked.lead.company_id,
        kind="pentest_report",
        file_name="report.pdf",
        sha256="a" * 64,
        size=3,
        media_type="application/pdf",
        blob_id="b" * 20,
        uploaded_at=now,
        uploaded_by="Lea",
    )
    session.add(document)
    session.flush()

    def opens(actor=asked.ward.assessor) -> bool:
        try:
            evidence.open_for_hospital(session, actor, asked.assessment_id, document.id, now=now)
        except NotFound:
            return False
        return True

    assert not opens()
    row = raised(session, asked, place, now, evidence_id=document.id)
    assert opens()
    other = wards.empty(session, name="Klinikum Süd")
    assert not opens(other.assessor)
    assert disputes.documents(session, [row]) == {document.id}
    disputes.take_back(session, asked.lead, asked.assessment_id, row.id, now=now)
    assert not opens()
    again = raised(session, asked, place, now, evidence_id=document.id)
    with pytest.raises(NotNow):
        evidence.remove(session, asked.lead, asked.assessment_id, document.id, now=now)
    retention.delete(session, asked.lead, document, DeletionRule.RETENTION, now=now)
    assert not opens()
    assert disputes.documents(session, [again]) == frozenset()
