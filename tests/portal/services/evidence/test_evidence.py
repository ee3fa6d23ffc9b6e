"""Documents: beside which answers they lie, what is deleted, and who may open which and is seen doing it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from assessments.model import EvidenceStanding
from portal.db.models.disputes import Dispute, DisputeReason
from portal.db.models.responses import Answer, Evidence, EvidenceOpening
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.services.actions import actions
from portal.services.actions.actions import ActionFields
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.evidence import evidence
from portal.services.evidence.evidence import DocumentFields, Stored
from questionnaires.model import AnswerValue
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

FIELDS = DocumentFields(kind="iso27001_cert", issuer="TÜV", issued_on=date(2026, 1, 5), valid_to=date(2028, 1, 4))
KEY = ("GV-01", "")


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


def _stored(number=1, size=1000):
    return Stored(
        blob_id=f"{number:032x}", sha256=f"{number:064x}", size=size, file_name="iso.pdf", media_type="application/pdf"
    )


def _add(session, asked, now, *, keys=(KEY,), fields=FIELDS, number=1, **more):
    row = evidence.add(session, asked.lead, asked.assessment_id, fields, _stored(number, **more), keys=keys, now=now)
    session.flush()
    return row.id


def _hand_in(session, asked, now):
    responses.save(
        session, asked.lead, asked.assessment_id, ("GV-02", ""), AnswerValue(choices=("yes",)), version=0, now=now
    )
    signer = Signer(name="Erika", function="CISO", confirms=True)
    submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url="http://x", now=now)
    session.flush()


def test_a_document_lies_beside_several_answers_and_an_answer_has_several(session, asked, now):
    other = ("GV-02", "")
    first = _add(session, asked, now, keys=(KEY, other))
    second = _add(session, asked, now, number=2)

    links = evidence.by_answer(session, errand.assessment(session, asked))
    assert {key: set(ids) for key, ids in links.items()} == {KEY: {first, second}, other: {first}}
    evidence.detach(session, asked.lead, asked.assessment_id, first, other, now=now)
    session.flush()
    assert other not in evidence.by_answer(session, errand.assessment(session, asked))


def test_two_who_lay_one_document_beside_one_answer_lay_it_once(session, asked, now):
    row = _add(session, asked, now)
    for _who in range(2):
        evidence.attach(session, asked.lead, asked.assessment_id, row, KEY, now=now)

    assert evidence.by_answer(session, errand.assessment(session, asked))[KEY] == [row]


def test_a_document_before_the_answer_leaves_the_answer_unanswered(session, asked, now):
    _add(session, asked, now)

    row = session.scalars(select(Answer).where(Answer.question_id == "GV-01")).one()
    assert (row.value, row.version) == (None, 0)
    saved = responses.save(
        session, asked.lead, asked.assessment_id, KEY, _answer(session, asked, now), version=0, now=now
    )
    assert saved.version == 1


def _answer(session, asked, now):
    slot = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now).slot(KEY)
    return AnswerValue(choices=(slot.question.shape.options[0].id,))


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        (FIELDS, EvidenceStanding.VALID),
        (DocumentFields(kind="iso27001_cert", valid_to=date(2026, 11, 1)), EvidenceStanding.EXPIRED),
        (DocumentFields(kind="iso27001_cert", valid_to=date(2026, 12, 1)), EvidenceStanding.EXPIRING),
        (DocumentFields(kind="mds2_form"), EvidenceStanding.WRONG_TYPE),
    ],
)
def test_a_document_stands_by_its_own_dates(session, asked, now, fields, standing):
    types = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now).catalogue.evidence_types
    kind = fields.kind if fields.kind in types else next(one for one in types if "mds2" in one.lower())
    given = DocumentFields(**{**vars(fields), "kind": kind})
    key = _key_that_wants(session, asked, now, "iso27001_cert")
    responses.save(session, asked.lead, asked.assessment_id, key, _any(session, asked, now, key), version=0, now=now)
    _add(session, asked, now, fields=given, keys=(key,))

    found = evidence.of_round(session, asked.lead, asked.assessment_id, now=now)
    assert [one.standing for one in found] == [standing]


def _key_that_wants(session, asked, now, kind):
    slots = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now).slots
    return next(slot.key for slot in slots if any(one.type == kind for one in slot.question.evidence))


def _any(session, asked, now, key):
    slot = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now).slot(key)
    return AnswerValue(choices=(slot.question.shape.options[0].id,))


def test_what_is_said_of_a_document_is_checked(session, asked, now):
    broken = DocumentFields(kind="diploma", valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1))
    with pytest.raises(BadInput) as refused:
        _add(session, asked, now, fields=broken)
    assert set(refused.value.fields) == {"kind", "valid_to"}

    with pytest.raises(BadInput) as refused:
        _add(session, asked, now, size=evidence.MOST_BYTES + 1)
    assert set(refused.value.fields) == {"file"}


def test_a_deleted_document_is_gone_everywhere(session, asked, now):
    first = _add(session, asked, now)

    assert evidence.remove(session, asked.lead, asked.assessment_id, first, now=now) == f"{1:032x}"
    assert evidence.of_round(session, asked.lead, asked.assessment_id, now=now) == []
    with pytest.raises(NotFound):
        evidence.open_for_company(session, asked.lead, asked.assessment_id, first)


def test_what_was_handed_in_stays(session, asked, now):
    first = _add(session, asked, now)
    _hand_in(session, asked, now)

    with pytest.raises(NotNow):
        evidence.remove(session, asked.lead, asked.assessment_id, first, now=now)
    with pytest.raises(NotNow):
        evidence.attach(session, asked.lead, asked.assessment_id, first, ("GV-02", ""), now=now)


def _laid_beside(session, asked, now, words, document_id):
    """The lead lays a document beside words of the company that are no answer of this round."""
    round_ = errand.assessment(session, asked)
    one = {"company_id": asked.lead.company_id, "evidence_id": document_id}
    if words == "dispute":
        seen = {"subject_kind": "host", "subject_name": "a.example", "check_id": "tls", "seen_key": "1", "seen": {}}
        said = {"reason": DisputeReason.FIXED, "text": "Nein.", "by_name": "Erika", "at": now}
        place = {"hospital_id": round_.hospital_id, "vendor_id": round_.vendor_id, "assessment_id": round_.id}
        session.add(Dispute(**place, **seen, **said, **one))
    elif words == "report":
        hospital = asked.ward.assessor
        fields = ActionFields(title="Port schließen", due_on=now.date() + timedelta(days=20))
        action = actions.add(session, hospital, round_.vendor_id, fields, now=now, base_url="http://x")
        said = {"text": "Port ist zu.", "evidence_id": document_id, "now": now}
        actions.report(session, asked.lead, round_.id, action.id, **said)
    session.flush()


@pytest.mark.parametrize("words", ["dispute", "report"])
def test_what_other_words_rest_on_is_not_deleted(session, asked, now, words):
    document_id = _add(session, asked, now)
    _laid_beside(session, asked, now, words, document_id)
    contributor = errand.colleague(session, asked)
    session.flush()

    for who in (contributor, asked.lead):
        with pytest.raises(NotNow):
            evidence.remove(session, who, asked.assessment_id, document_id, now=now)
    assert session.get_one(Evidence, document_id).deleted_at is None


def test_the_lead_is_told_that_another_round_needs_a_document(session, asked, now):
    document_id = _add(session, asked, now)
    other = replace(asked.ward, assessments=dict(asked.ward.assessments), vendors=dict(asked.ward.vendors))
    ward.add(session, other, "Strahlwerk Service", "Wartung", now=now)
    ward.invite(session, other, "Strahlwerk Service", now=now, due=now.date() + timedelta(days=20))
    ward.accept(session, other, "Strahlwerk Service", now=now, actor=asked.lead)
    session.flush()
    there = other.assessments["Strahlwerk Service"]
    evidence.attach(session, asked.lead, there, document_id, KEY, now=now)
    session.flush()

    with pytest.raises(NotNow, match="another round"):
        evidence.remove(session, asked.lead, asked.assessment_id, document_id, now=now)
    evidence.detach(session, asked.lead, there, document_id, KEY, now=now)
    session.flush()
    evidence.remove(session, asked.lead, asked.assessment_id, document_id, now=now)


def test_the_hospital_opens_what_was_handed_in_and_its_owner_sees_it(session, asked, now):
    first, unused = _add(session, asked, now), _add(session, asked, now, number=2, keys=())
    assessor = asked.ward.assessor
    with pytest.raises(NotFound):
        evidence.open_for_hospital(session, assessor, asked.assessment_id, first, now=now)
    _hand_in(session, asked, now)

    opened = evidence.open_for_hospital(session, assessor, asked.assessment_id, first, now=now)

    assert (opened.owner, opened.sha256) == (f"company:{asked.lead.company_id}", f"{1:064x}")
    assert [one.who for one in evidence.openings(session, asked.lead, asked.assessment_id, first)] == [
        f"{assessor.name}, Klinikum Nord"
    ]
    with pytest.raises(NotFound):
        evidence.open_for_hospital(session, assessor, asked.assessment_id, unused, now=now)


def test_another_hospital_and_another_company_find_nothing(session, asked, now):
    first = _add(session, asked, now)
    _hand_in(session, asked, now)
    other = ward.empty(session, "Klinikum Süd")
    stranger = building.company_actor(session, building.company(session, "Andere GmbH"))

    with pytest.raises(NotFound):
        evidence.open_for_hospital(session, other.assessor, asked.assessment_id, first, now=now)
    with pytest.raises(NotFound):
        evidence.open_for_company(session, stranger, asked.assessment_id, first)
    with pytest.raises(NotAllowed):
        evidence.open_for_hospital(session, asked.lead, asked.assessment_id, first, now=now)
    assert session.scalars(select(EvidenceOpening)).all() == []


def test_a_document_of_another_company_cannot_be_used(session, asked, now):
    first = _add(session, asked, now)
    stranger = errand.accepted(session, now + timedelta(hours=1))

    with pytest.raises(NotFound):
        evidence.attach(session, stranger.lead, stranger.assessment_id, first, KEY, now=now)


def test_a_file_that_no_document_names_is_left_over_if_its_owner_is_known(session, asked, now):
    _add(session, asked, now, number=1)
    gone = _add(session, asked, now, number=2)
    evidence.remove(session, asked.lead, asked.assessment_id, gone, now=now)
    session.flush()
    owner = evidence.owner_of(asked.lead.company_id)
    found = [(owner, f"{number:032x}") for number in (1, 2, 3)] + [("company:elsewhere", f"{4:032x}")]

    assert evidence.unnamed(session, found) == [(owner, f"{2:032x}"), (owner, f"{3:032x}")]
