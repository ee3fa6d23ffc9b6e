"""Handing in: what is said before, what is frozen, and that a second time makes a second edition."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole
from portal.db.models.assessments import ReviewState, Stage
from portal.db.models.jobs import Job, OutboxMail
from portal.db.models.responses import Answer, SignOff
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.services.answers import manifests, responses, reviews, submissions
from portal.services.answers.submissions import Signer
from portal.services.jobs import JobKind
from portal.services.registers import dossiers
from questionnaires.model import AnswerValue
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

SIGNER = Signer(name="Erika Muster", function="CISO", confirms=True)
KEY = ("GV-02", "")


@pytest.fixture
def asked(session, now):
    made = errand.accepted(session, now)
    _save(session, made, "yes", now)
    return made


def _save(session, asked, choice, now, *, version=0):
    value = AnswerValue(choices=(choice,))
    responses.save(session, asked.lead, asked.assessment_id, KEY, value, version=version, now=now)


def _hand_in(session, asked, now, *, actor=None, signer=SIGNER):
    made = submissions.hand_in(
        session, actor or asked.lead, asked.assessment_id, signer, base_url="https://k.example", now=now
    )
    session.flush()
    return made


def test_a_hand_in_freezes_every_answer_under_a_name(session, asked, now):
    signed = _hand_in(session, asked, now)

    assert (signed.edition, signed.signer_name, signed.signer_function) == (1, "Erika Muster", "CISO")
    assert signed.sha256 == manifests.digest(signed.manifest)
    assert [entry["question"] for entry in signed.manifest["answers"]] == ["GV-02"]
    assert signed.manifest["catalogue"] == ["hospital-vendor", "2026.1"]
    assessment = errand.assessment(session, asked)
    assert (assessment.stage, assessment.submitted_at) == (Stage.SUBMITTED, now)


def test_it_asks_for_the_score_and_sends_the_receipt(session, asked, now):
    signed = _hand_in(session, asked, now)

    kinds = session.scalars(select(Job.kind)).all()
    assert JobKind.SCORE.value in kinds
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "receipt")).one()
    assert mail.to_address == asked.lead.email
    assert signed.sha256 in mail.text
    assert f"https://k.example/vendor/rounds/{asked.assessment_id}/receipt" in mail.text


def test_a_second_hand_in_is_refused_until_something_came_back(session, asked, now):
    _hand_in(session, asked, now)

    with pytest.raises(NotNow):
        _hand_in(session, asked, now)
    assert len(session.scalars(select(SignOff)).all()) == 1


def test_after_a_return_the_second_edition_leaves_the_first_as_it_was(session, asked, now):
    first = _hand_in(session, asked, now)
    frozen = dict(first.manifest)
    later = now + timedelta(days=2)
    assessor = asked.ward.assessor
    reviews.say(session, assessor, asked.assessment_id, KEY, ReviewState.RETURNED, remark="Seit wann?", now=later)
    reviews.finish(session, assessor, asked.assessment_id, base_url="https://k.example", now=later)
    session.flush()
    before = submissions.look_over(session, asked.lead, asked.assessment_id, now=later)
    _save(session, asked, "partial", later, version=1)
    after = submissions.look_over(session, asked.lead, asked.assessment_id, now=later)

    second = _hand_in(session, asked, later + timedelta(hours=1))

    assert (before.still_returned, after.still_returned) == ([KEY], [])
    assert (second.edition, second.sha256 != first.sha256) == (2, True)
    assert session.get_one(SignOff, first.id).manifest == frozen
    assert errand.assessment(session, asked).stage is Stage.SUBMITTED
    editions = submissions.editions(session, asked.lead, asked.assessment_id)
    assert [one.edition for one in editions] == [2, 1]


@pytest.mark.parametrize(
    ("signer", "fields"),
    [
        (Signer(name="", function="", confirms=True), {"name", "function"}),
        (Signer(name="Erika", function="CISO", confirms=False), {"confirms"}),
    ],
)
def test_a_signature_is_typed_and_confirmed(session, asked, now, signer, fields):
    with pytest.raises(BadInput) as refused:
        _hand_in(session, asked, now, signer=signer)

    assert set(refused.value.fields) == fields


def test_what_the_company_says_on_the_whole_is_signed_with_it_and_read_by_the_hospital(session, asked, now):
    signer = Signer(
        name="Erika Muster", function="CISO", confirms=True, words=" Wir stellen bis März um.\nDanach neu. "
    )
    long = Signer(name="Erika", function="CISO", confirms=True, words="x" * (manifests.LONGEST_WORDS + 1))
    with pytest.raises(BadInput):
        _hand_in(session, asked, now, signer=long)
    signed = _hand_in(session, asked, now, signer=signer)

    assert signed.manifest["words"] == "Wir stellen bis März um.\nDanach neu."
    assert signed.sha256 == manifests.digest(signed.manifest)
    hospital_id = errand.assessment(session, asked).hospital_id
    assert (
        dossiers.build(session, hospital_id, asked.assessment_id, now=now).vendor_statement == signed.manifest["words"]
    )
    assert submissions.receipt(session, asked.lead, asked.assessment_id).words == signed.manifest["words"]


def test_nothing_cannot_be_handed_in(session, now):
    empty = errand.accepted(session, now)

    with pytest.raises(BadInput):
        _hand_in(session, empty, now)


def test_a_contributor_and_a_stranger_hand_nothing_in(session, asked, now):
    stranger = building.company_actor(session, building.company(session, "Andere GmbH"))

    with pytest.raises(NotAllowed):
        _hand_in(session, asked, now, actor=errand.colleague(session, asked))
    with pytest.raises(NotFound):
        _hand_in(session, asked, now, actor=stranger)
    assert _hand_in(session, asked, now, actor=errand.colleague(session, asked, CompanyRole.SIGNATORY)).edition == 1


def test_what_is_missing_stands_by_section(session, asked, now):
    lookover = submissions.look_over(session, asked.lead, asked.assessment_id, now=now)

    found = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
    assert lookover.missing_count == len(found.missing) + len(found.missing_profile)
    assert KEY not in {slot.key for _section, slots in lookover.missing for slot in slots}
    assert [section.id for section, _slots in lookover.missing] == [section.id for section in found.sections]


def test_a_claim_that_the_scan_contradicts_is_shown_with_the_way_to_its_answer(session, now):
    made = errand.accepted(session, now, products=("PACS Archiv", "Befundserver"))
    ward.scan(session, made.ward, errand.VENDOR, quality=0.0, now=now)
    ward.answer_all(session, made.ward, errand.VENDOR, quality=1.0, now=now)
    session.expire_all()

    lookover = submissions.look_over(session, made.lead, made.assessment_id, now=now)

    keys = {slot.key for slot in responses.questionnaire(session, made.lead, made.assessment_id, now=now).slots}
    assert lookover.contradictions
    assert {fit.key for fit in lookover.contradictions} <= keys
    together = lookover.unfitting  # what speaks against one answer is told once, with all that speaks against it
    assert [len({fit.key for fit in fits}) for fits in together] == [1] * len(
        {fit.key for fit in lookover.contradictions}
    )
    assert sum(map(len, together)) == len(lookover.contradictions)
    assert len(lookover.to_clear_up) == len(together) < len(lookover.contradictions)  # the heading counts answers
    for fit in lookover.contradictions:
        assert bool(fit.product) == bool(fit.key[1])


def test_a_changed_answer_does_not_change_what_was_handed_in(session, asked, now):
    signed = _hand_in(session, asked, now)
    session.scalars(select(Answer).where(Answer.question_id == "GV-02")).one().value = {"choices": ["no"]}
    session.flush()
    session.expire_all()

    kept = session.get_one(SignOff, signed.id)
    assert kept.manifest["answers"][0]["value"] == {"choices": ["yes"]}
    assert kept.sha256 == manifests.digest(kept.manifest)
