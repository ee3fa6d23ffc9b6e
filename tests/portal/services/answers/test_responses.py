"""Saving answers: nothing acknowledged is lost, nothing is overwritten unseen, nothing moves after it was handed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.db.models.assessments import Review, ReviewState, Stage
from portal.db.models.audit import AuditEvent
from portal.db.models.responses import Answer
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services.answers import responses, reviews, submissions
from portal.services.answers.submissions import Signer
from portal.services.rounds import rounds
from questionnaires.model import AnswerValue, Scope
from tests.portal import building
from tests.portal.web.vendor import errand

YES, PARTLY, NO = (AnswerValue(choices=(one,)) for one in ("yes", "partial", "no"))


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now, products=("PACS Archiv", "Befundserver"))


def _slots(session, asked, now, scope=Scope.COMPANY, kind="yes_partial_no_na"):
    found = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
    return [slot for slot in found.slots if slot.question.scope is scope and slot.question.shape.kind == kind]


def _save(session, asked, key, value, now, *, version=0, actor=None):
    return responses.save(session, actor or asked.lead, asked.assessment_id, key, value, version=version, now=now)


def test_the_first_answer_moves_the_round_on(session, asked, now):
    key = _slots(session, asked, now)[0].key

    saved = _save(session, asked, key, YES, now)

    assert (saved.version, saved.at) == (1, now)
    assert errand.assessment(session, asked).stage is Stage.ANSWERING
    stored = session.get(Answer, (session.scalars(select(Answer.response_id)).first(), *key))
    assert (stored.value, stored.updated_by) == ({"choices": ["yes"]}, asked.lead.name)


def test_an_answer_over_a_stale_version_shows_what_stands(session, asked, now):
    key = _slots(session, asked, now)[0].key
    _save(session, asked, key, YES, now)
    other = errand.colleague(session, asked)
    _save(session, asked, key, NO, now, version=1, actor=other)

    with pytest.raises(Clash) as clash:
        _save(session, asked, key, PARTLY, now, version=1)

    assert clash.value.version == 2
    assert clash.value.theirs == "Nein"
    assert rounds.value_of(session.scalars(select(Answer).where(Answer.question_id == key[0])).one()) == NO


def test_the_same_answer_sent_twice_is_acknowledged_twice(session, asked, now):
    key = _slots(session, asked, now)[0].key
    first = _save(session, asked, key, YES, now)

    again = _save(session, asked, key, YES, now + timedelta(seconds=5))

    assert again == first


def test_clearing_keeps_the_row_and_its_versions(session, asked, now):
    key = _slots(session, asked, now)[0].key
    _save(session, asked, key, YES, now)

    assert _save(session, asked, key, None, now, version=1).version == 2
    assert _save(session, asked, key, NO, now, version=2).version == 3


def test_clearing_what_was_never_answered_is_nothing(session, asked, now):
    assert _save(session, asked, _slots(session, asked, now)[0].key, None, now).version == 0
    assert session.scalars(select(Answer)).all() == []


def test_each_product_has_its_own_answer(session, asked, now):
    slots = _slots(session, asked, now, Scope.SUPPLY)
    first, second = (slot.key for slot in slots if slot.question.id == slots[0].question.id)
    _save(session, asked, first, YES, now)

    assert rounds.load(session, errand.assessment(session, asked), now=now).slot(second).value is None


@pytest.mark.parametrize(
    "key", [("XX-99", ""), ("P-99", ""), ("P-01", "0" * 20), ("GV-01", "0" * 20), ("", ""), ("GV-01.", "")]
)
def test_what_is_not_asked_cannot_be_answered(session, asked, now, key):
    with pytest.raises(NotFound):
        _save(session, asked, key, YES, now)


def test_a_product_question_needs_its_product(session, asked, now):
    key = _slots(session, asked, now, Scope.SUPPLY)[0].key

    with pytest.raises(NotFound):
        _save(session, asked, (key[0], ""), YES, now)


def test_what_no_form_allows_is_not_stored(session, asked, now):
    key = _slots(session, asked, now)[0].key
    for value in (AnswerValue(choices=("maybe",)), AnswerValue(number=3.0), AnswerValue(choices=("na",))):
        with pytest.raises(BadInput):
            _save(session, asked, key, value, now)


def test_nobody_else_answers(session, asked, now):
    key = _slots(session, asked, now)[0].key
    stranger = building.company_actor(session, building.company(session, "Andere GmbH"))

    with pytest.raises(NotFound):
        _save(session, asked, key, YES, now, actor=stranger)
    with pytest.raises(NotAllowed):
        _save(session, asked, key, YES, now, actor=asked.ward.assessor)


def test_hidden_answers_are_kept(session, asked, now):
    found = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
    before = {slot.key for slot in found.slots}
    _save(session, asked, ("P-03", ""), AnswerValue(choices=("IIb",)), now)
    shown = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
    extra = next(slot for slot in shown.slots if slot.key not in before and slot.question.shape.kind != "number")
    value = AnswerValue(choices=(extra.question.shape.options[0].id,))
    _save(session, asked, extra.key, value, now)

    _save(session, asked, ("P-03", ""), AnswerValue(choices=("no",)), now, version=1)
    hidden = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
    _save(session, asked, ("P-03", ""), AnswerValue(choices=("IIb",)), now, version=2)
    back = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)

    assert hidden.slot(extra.key) is None
    assert back.slot(extra.key).value == value


@pytest.fixture
def handed_in(session, asked, now):
    slots = _slots(session, asked, now)
    for slot in slots[:3]:
        _save(session, asked, slot.key, YES, now)
    signer = Signer(name="Erika Muster", function="CISO", confirms=True)
    submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url="http://x", now=now)
    session.flush()
    return [slot.key for slot in slots]


def test_nothing_moves_after_it_was_handed_in(session, asked, handed_in, now):
    for key in (handed_in[0], handed_in[5]):
        with pytest.raises(NotNow):
            _save(session, asked, key, NO, now, version=1)


def test_only_what_came_back_is_open_again(session, asked, handed_in, now):
    later = now + timedelta(days=1)
    reviews.say(
        session, asked.ward.assessor, asked.assessment_id, handed_in[0], ReviewState.RETURNED,
        remark="Für welche Standorte?", note="C-review-note", now=later,
    )  # fmt: skip
    reviews.finish(session, asked.ward.assessor, asked.assessment_id, base_url="http://x", now=later)
    session.flush()

    assert responses.returned(session, errand.assessment(session, asked)) == {handed_in[0]: "Für welche Standorte?"}
    assert _save(session, asked, handed_in[0], PARTLY, later, version=1).version == 2
    with pytest.raises(NotNow):
        _save(session, asked, handed_in[1], NO, later, version=1)


def test_what_came_back_before_the_last_hand_in_is_closed_again(session, asked, handed_in, now):
    later = now + timedelta(days=1)
    session.add(
        Review(
            hospital_id=asked.ward.hospital_id, assessment_id=asked.assessment_id, question_id=handed_in[0][0],
            state=ReviewState.RETURNED, remark="alt", by_name="A", at=now - timedelta(days=3),
        )
    )  # fmt: skip
    errand.assessment(session, asked).stage = Stage.RETURNED
    session.flush()

    with pytest.raises(NotNow):
        _save(session, asked, handed_in[0], NO, later, version=1)


def test_a_company_sees_its_rounds_and_no_other(session, asked, now):
    stranger = building.company_actor(session, building.company(session, "Andere GmbH"))

    assert [head.id for head in responses.of_company(session, asked.lead)] == [asked.assessment_id]
    assert responses.of_company(session, stranger) == []
    with pytest.raises(NotFound):
        responses.head(session, stranger, asked.assessment_id)


def test_every_answer_is_in_the_trail_without_its_text(session, asked, now):
    _save(session, asked, ("P-01", ""), AnswerValue(text="Geheime Anschrift 7"), now)

    events = session.scalars(select(AuditEvent).where(AuditEvent.verb == "answer.saved")).all()
    assert [event.detail["question"] for event in events] == ["P-01"]
    assert "Geheime" not in repr([vars(event) for event in events])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["read", "yes", "no", "partial", "clear"]))))
def test_two_editors_never_overwrite_each_other_unseen(sessions, asked, steps):
    """Each editor holds the version they read last; a save over another one must clash, and lose nothing."""
    with sessions() as session:
        now = building.NOW
        key = _slots(session, asked, now)[0].key
        editors = [asked.lead, errand.colleague(session, asked)]
        seen, stands, version = [0, 0], None, 0
        for who, step in steps:
            if step == "read":
                seen[who] = version
                continue
            value = None if step == "clear" else AnswerValue(choices=(step,))
            try:
                saved = _save(session, asked, key, value, now, version=seen[who], actor=editors[who])
            except Clash as clash:
                assert seen[who] != version
                assert clash.version == version
                continue
            assert saved.version == (version if value == stands else version + 1)
            assert value == stands or seen[who] == version
            stands, version, seen[who] = value, saved.version, saved.version
        session.rollback()
