"""The vault of a company: reached when no round runs, held by what hospitals were shown, replaced and deleted."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assessments import policy
from assessments.model import EvidenceStanding
from portal.db.models.accounts import CompanyRole
from portal.db.models.responses import Evidence
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.home import BERLIN
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.evidence import evidence, evidence_ends, retention, vault
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.evidence.retention import HELD_MONTHS, HeldBy
from portal.services.registers import registers
from questionnaires import answering
from questionnaires.model import AnswerValue
from tests.portal.web.vendor import errand

KEY = ("GV-01", "")
CERTIFICATE = DocumentFields(kind="iso27001_cert", valid_to=date(2099, 1, 1))


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


def _stored(number: int) -> Stored:
    return Stored(
        blob_id=f"{number:032x}",
        sha256=f"{number:064x}",
        size=10,
        file_name=f"{number}.pdf",
        media_type="application/pdf",
    )


def _hand_in(session, asked, now):
    value = AnswerValue(choices=("yes",))
    responses.save(session, asked.lead, asked.assessment_id, ("GV-02", ""), value, version=0, now=now)
    signer = Signer(name="Erika", function="CISO", confirms=True)
    submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url="http://x", now=now)
    session.flush()


def _ids(session, asked, now) -> set[str]:
    return {one.document.id for one in vault.of_company(session, asked.lead, now=now)}


def test_when_the_last_round_was_handed_in_documents_still_come_and_go(session, asked, now):
    _hand_in(session, asked, now)

    row = vault.add(session, asked.lead, CERTIFICATE, _stored(1), now=now)
    (kept,) = vault.of_company(session, asked.lead, now=now)
    assert (kept.document.id, kept.document.standing, kept.document.good_until) == (
        row.id,
        EvidenceStanding.VALID,
        date(2099, 1, 1),
    )
    assert (kept.handed_in, kept.held_until, kept.may_be_deleted) == ([], None, True)
    assert vault.remove(session, asked.lead, row.id, now=now) == row.blob_id
    assert vault.of_company(session, asked.lead, now=now) == []
    assert [one.sha256 for one in retention.proofs(session, asked.lead)] == [row.sha256]


def test_what_was_handed_in_stays_and_says_to_whom_and_until_when(session, asked, now):
    row = evidence.add(session, asked.lead, asked.assessment_id, CERTIFICATE, _stored(1), keys=[KEY], now=now)
    _hand_in(session, asked, now)
    evidence.open_for_hospital(session, asked.ward.assessor, asked.assessment_id, row.id, now=now)
    session.flush()

    kept = vault.find(session, asked.lead, row.id, now=now)
    (hold,) = kept.holds
    assert (hold.by, hold.hospital) == (
        HeldBy.EDITION,
        responses.head(session, asked.lead, asked.assessment_id).hospital,
    )
    assert kept.held_until == hold.until == answering.add_months(now.astimezone(BERLIN).date(), HELD_MONTHS)
    assert (kept.openings, kept.last_opened_at) == (1, now)
    assert [one.who for one in vault.openings(session, asked.lead, row.id)]
    with pytest.raises(NotNow):
        vault.remove(session, asked.lead, row.id, now=now)


def test_what_lies_beside_an_open_answer_is_taken_away_first(session, asked, now):
    row = evidence.add(session, asked.lead, asked.assessment_id, CERTIFICATE, _stored(1), keys=[KEY], now=now)
    (beside,) = vault.find(session, asked.lead, row.id, now=now).beside
    assert (beside.assessment_id, beside.keys, beside.is_open) == (asked.assessment_id, (KEY,), True)
    with pytest.raises(NotNow):
        vault.remove(session, asked.lead, row.id, now=now)

    evidence.detach(session, asked.lead, asked.assessment_id, row.id, KEY, now=now)
    session.flush()
    assert vault.remove(session, asked.lead, row.id, now=now) == row.blob_id


def test_a_newer_one_takes_the_place_beside_open_answers_and_the_older_goes(session, asked, now):
    old = evidence.add(session, asked.lead, asked.assessment_id, CERTIFICATE, _stored(1), keys=[KEY], now=now)

    done = vault.put_in_place(session, asked.lead, old.id, CERTIFICATE, _stored(2), now=now)

    assert done.gone == old.blob_id
    assert _ids(session, asked, now) == {done.newer.id}
    assert [one.keys for one in vault.find(session, asked.lead, done.newer.id, now=now).beside] == [(KEY,)]
    assert [one.id for one in evidence.of_round(session, asked.lead, asked.assessment_id, now=now)] == [done.newer.id]


def test_what_is_held_stays_beside_its_newer_one(session, asked, now):
    old = evidence.add(session, asked.lead, asked.assessment_id, CERTIFICATE, _stored(1), keys=[KEY], now=now)
    _hand_in(session, asked, now)

    done = vault.put_in_place(session, asked.lead, old.id, CERTIFICATE, _stored(2), now=now)

    assert done.gone == ""
    assert _ids(session, asked, now) == {old.id, done.newer.id}
    assert vault.find(session, asked.lead, old.id, now=now).handed_in  # nothing that was handed in has moved
    assert vault.find(session, asked.lead, done.newer.id, now=now).beside == ()


def test_a_document_says_what_it_is(session, asked, now):
    with pytest.raises(BadInput) as refused:
        vault.add(session, asked.lead, DocumentFields(kind="no-such"), _stored(1), now=now)
    assert set(refused.value.fields) == {"kind"}


def test_it_says_at_any_moment_what_the_score_counts(session, asked, now):
    last = date(2027, 3, 28)  # in its night the clock is moved
    fields = DocumentFields(kind="iso27001_cert", valid_to=last)
    row = evidence.add(session, asked.lead, asked.assessment_id, fields, _stored(1), keys=[KEY], now=now)
    _hand_in(session, asked, now)
    night = datetime.combine(last + timedelta(days=1), time(), tzinfo=BERLIN).astimezone(UTC)
    warned = datetime.combine(last - timedelta(days=policy.current().evidence_warning_days), time(), tzinfo=BERLIN)

    @settings(max_examples=40, deadline=None)
    @given(of=st.sampled_from([night, warned.astimezone(UTC)]), seconds=st.integers(-3 * 3600, 3 * 3600))
    @example(of=night, seconds=0)
    @example(of=night, seconds=-1)
    def agree(of, seconds):
        at = of + timedelta(seconds=seconds)
        shown = vault.find(session, asked.lead, row.id, now=at).document.standing
        assessed = registers.assess_round(session, asked.ward.assessor, asked.assessment_id, now=at)
        (counted,) = (one.standing for one in assessed.evidence if one.key == row.id)
        assert shown is counted
        assert (shown is EvidenceStanding.EXPIRED) is (at >= night)
        assert (shown is EvidenceStanding.VALID) is (at < warned)

    agree()


def test_another_document_needs_its_short_name_is_called_so_and_is_never_called_valid(session, asked, now):
    with pytest.raises(BadInput) as refused:
        vault.add(session, asked.lead, DocumentFields(kind="other"), _stored(1), now=now)
    assert set(refused.value.fields) == {"title"}

    said = DocumentFields(kind="other", title="Plan A/B", valid_to=date(2099, 1, 1))
    row = evidence.add(session, asked.lead, asked.assessment_id, said, _stored(1), keys=[KEY], now=now)

    assert row.file_name == "Plan A-B.pdf"
    (here,) = evidence.of_round(session, asked.lead, asked.assessment_id, now=now)
    kept = vault.find(session, asked.lead, row.id, now=now)
    assert {here.standing, kept.document.standing} == {EvidenceStanding.PROVIDED}
    assert kept.document.kind.de == "Sonstiges Dokument"
    assert evidence_ends.last_day(row) is None


def test_others_find_nothing_and_colleagues_reach_theirs_within_the_round(session, asked, now):
    row = vault.add(session, asked.lead, CERTIFICATE, _stored(1), now=now)
    stranger = errand.stranger(session)
    helper = errand.colleague(session, asked, CompanyRole.CONTRIBUTOR, sections=("GV",))

    assert vault.of_company(session, stranger, now=now) == []
    for verb in (
        lambda who: vault.find(session, who, row.id, now=now),
        lambda who: vault.open_own(session, who, row.id),
        lambda who: vault.openings(session, who, row.id),
        lambda who: vault.remove(session, who, row.id, now=now),
        lambda who: vault.set_keeping(session, who, row.id, is_view_only=False, retain_until=None, now=now),
        lambda who: vault.put_in_place(session, who, row.id, CERTIFICATE, _stored(2), now=now),
    ):
        with pytest.raises(NotFound):
            verb(stranger)
        with pytest.raises(NotAllowed):
            verb(helper)
    assert session.get_one(Evidence, row.id).deleted_at is None
