"""A follow-up round: what was signed goes on to hold until it is named as changed, and is judged with its own date."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from assessments import policy, scoring
from portal.db.models.assessments import Assessment, ReviewState, Stage
from portal.db.models.responses import Answer, Response
from portal.errors import BadInput
from portal.services.answers import reviews, suggestions
from portal.services.registers import dossiers
from portal.services.rounds import catalogues, invitations, rounds
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from portal.services.vendors import vendors
from questionnaires import answering, shelf
from questionnaires.model import AnswerValue, QuestionSet
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand


@pytest.fixture
def done(session, now):
    """A vendor whose round was answered, signed and looked at."""
    made = errand.accepted(session, now)
    ward.answer_all(session, made.ward, errand.VENDOR, quality=0.8, now=now)
    ward.hand_in(session, made.ward, errand.VENDOR, now=now, released=True)
    session.get_one(Assessment, made.assessment_id).stage = Stage.CLOSED
    session.flush()
    return made


def begin(session, done, now, name=shelf.DELTA, actor=None, **more) -> Assessment:
    vendor_id = done.ward.vendors[errand.VENDOR]
    fields = RoundFields(
        supply_ids=[done.ward.supplies[errand.VENDOR]],
        due_on=(now + timedelta(days=400)).date(),
        question_set=QuestionSet.FULL,
        catalogue=name,
        **more,
    )
    later = now + timedelta(days=300)
    made = invitations.begin(
        session, done.ward.assessor, vendor_id, fields, Invitee(email=errand.ADDRESS), base_url=ward.BASE_URL, now=later
    )
    done.ward.assessments[errand.VENDOR] = made.id
    ward.accept(session, done.ward, errand.VENDOR, now=later, actor=actor or done.lead)
    return made


def say(session, assessment, question, value, now, supply=""):
    response = session.scalars(select(Response).where(Response.assessment_id == assessment.id)).one()
    session.add(
        Answer(
            company_id=response.company_id,
            response_id=response.id,
            question_id=question,
            supply_id=supply,
            value=answering.dump(value),
            updated_at=now,
            updated_by="Erika Muster",
        )
    )
    session.flush()
    session.expire_all()


def test_it_is_proposed_for_whatever_was_signed_and_looked_at(session, done):
    vendor = vendors.find(session, done.ward.assessor, done.ward.vendors[errand.VENDOR])

    assert invitations.propose(session, done.ward.assessor, vendor, vendor.supplies).name == shelf.DELTA
    session.get_one(Assessment, done.assessment_id).stage = Stage.SUBMITTED
    session.flush()
    assert invitations.propose(session, done.ward.assessor, vendor, vendor.supplies).name == shelf.CURRENT


def test_another_catalogue_than_the_proposed_needs_a_reason(session, done, now):
    with pytest.raises(BadInput) as refused:
        begin(session, done, now, name=shelf.CURRENT)
    assert set(refused.value.fields) == {"catalogue_reason"}

    made = begin(session, done, now, name=shelf.CURRENT, catalogue_reason="Neues Produkt")
    assert made.catalogue_reason == "Neues Produkt"


def test_it_asks_the_twelve_and_is_judged_over_all_that_holds(session, done, now):
    before = dossiers.build(session, done.ward.hospital_id, done.assessment_id, now=now)
    made = begin(session, done, now)
    later = now + timedelta(days=301)
    asked = rounds.load(session, made, now=later)
    judged = dossiers.build(session, done.ward.hospital_id, made.id, now=later)

    assert {slot.question.id for slot in asked.slots} == set(shelf.get(*shelf.DELTA).questions)
    assert [one.id for one in asked.profile_questions] == ["D-00"]
    assert {answer.question_id for answer in judged.answers} == {answer.question_id for answer in before.answers}
    assert {answer.answered_at for answer in judged.answers} == {now}
    assert {one.key for one in judged.evidence} == {one.key for one in before.evidence}


def test_what_is_named_as_changed_is_asked_again_with_the_earlier_answer_beside_it(session, done, now):
    made = begin(session, done, now)
    later = now + timedelta(days=301)
    say(session, made, "D-00", AnswerValue(choices=("GV",)), later)
    asked = rounds.load(session, made, now=later)
    lying = suggestions.earlier(session, done.lead, asked, now=later)

    again = {slot.question.id for slot in asked.slots} - set(shelf.get(*shelf.DELTA).questions)
    assert again
    assert all(name.startswith("GV") for name in again)
    assert {key[0] for key in lying} == again
    company = dossiers.build_for_company(session, done.lead.company_id, made.id, now=later)
    assert not any(answer.question_id.startswith("GV") for answer in company.answers)


def test_the_hospitals_word_goes_with_the_answer_it_was_said_of(session, done, now):
    earlier = session.get_one(Assessment, done.assessment_id)
    earlier.stage = Stage.SUBMITTED
    key = next(slot.key for slot in rounds.load(session, earlier, now=now).slots if slot.value is not None)
    reviews.say(session, done.ward.assessor, earlier.id, key, ReviewState.FINDING, remark="Bitte prüfen", now=now)
    earlier.stage = Stage.CLOSED
    made = begin(session, done, now)
    judged = dossiers.build(session, done.ward.hospital_id, made.id, now=now + timedelta(days=301))

    assert [answer.remark for answer in judged.answers if answer.remark] == ["Bitte prüfen"]
    company = dossiers.build_for_company(session, done.lead.company_id, made.id, now=now + timedelta(days=301))
    assert not any(answer.remark for answer in company.answers)


def test_another_company_continues_nothing(session, done, now):
    stranger = errand.stranger(session)
    made = begin(session, done, now, actor=stranger)
    company = dossiers.build_for_company(session, stranger.company_id, made.id, now=now + timedelta(days=301))

    assert company.answers == ()
    assert not set(company.profile)


def test_a_new_company_is_asked_everything_and_its_next_round_may_follow_up(session, done, now):
    stranger = errand.stranger(session)
    made = begin(session, done, now, actor=stranger)
    asked = rounds.load(session, made, now=now + timedelta(days=301))
    vendor = vendors.find(session, done.ward.assessor, done.ward.vendors[errand.VENDOR])

    assert (made.catalogue_id, made.catalogue_version) == shelf.CURRENT
    assert len(asked.slots) > len(shelf.get(*shelf.DELTA).questions)
    made.stage = Stage.CLOSED  # and nothing was handed in: what is known is still another company's
    session.flush()
    fits = invitations.propose(session, done.ward.assessor, vendor, vendor.supplies)
    assert fits.name == shelf.CURRENT


def test_what_was_only_asked_as_a_follow_up_is_no_ground_for_the_next(session, done, now):
    earlier = session.get_one(Assessment, done.assessment_id)
    earlier.catalogue_id, earlier.catalogue_version = shelf.DELTA
    session.flush()
    vendor = vendors.find(session, done.ward.assessor, done.ward.vendors[errand.VENDOR])

    fits = invitations.propose(session, done.ward.assessor, vendor, vendor.supplies)
    assert fits.name == shelf.CURRENT


def test_without_a_round_before_it_asks_its_twelve(session, now):
    made = errand.accepted(session, now)
    assessment = session.get_one(Assessment, made.assessment_id)
    assessment.catalogue_id, assessment.catalogue_version = shelf.DELTA
    session.flush()

    assert catalogues.of(session, assessment) == shelf.get(*shelf.DELTA)


def test_what_one_follow_up_named_as_changed_the_next_one_does_not_ask_again(session, done, now):
    first = begin(session, done, now)
    ward.answer_all(session, done.ward, errand.VENDOR, quality=1, now=now)
    response_id = session.scalars(select(Response.id).where(Response.assessment_id == first.id)).one()
    session.get_one(Answer, (response_id, "D-00", "")).value = answering.dump(AnswerValue(choices=("GV",)))
    session.flush()
    session.expire_all()
    for slot in rounds.load(session, first, now=now).missing:
        say(session, first, slot.key[0], AnswerValue(choices=("yes",)), now, supply=slot.key[1])
    ward.hand_in(session, done.ward, errand.VENDOR, now=now + timedelta(days=302), released=True)
    first.stage = Stage.CLOSED
    session.flush()
    second = begin(session, done, now + timedelta(days=5), catalogue_reason="Erneut")
    asked = rounds.load(session, second, now=now + timedelta(days=310))

    assert [one.id for one in asked.missing_profile] == ["D-00"]
    assert {slot.question.id for slot in asked.slots} == set(shelf.get(*shelf.DELTA).questions)
    judged = dossiers.build(session, done.ward.hospital_id, second.id, now=now + timedelta(days=310))
    assert "D-00" not in judged.profile
    assert any(answer.question_id.startswith("GV") for answer in judged.answers)


def test_left_unanswered_it_costs_what_it_asked_and_keeps_what_was_signed(session, done, now):
    made = begin(session, done, now)
    hospital_id, own = done.ward.hospital_id, set(shelf.get(*shelf.DELTA).questions)
    before = dossiers.build(session, hospital_id, made.id, now=now + timedelta(days=399))
    after = dossiers.build(session, hospital_id, made.id, now=now + timedelta(days=402))
    scored = {name: scoring.score(dossier, policy.current()) for name, dossier in (("b", before), ("a", after))}

    def silent(name):
        return {line.question_id for line in scored[name].lines if line.unanswered}

    assert silent("b") == set()
    assert silent("a") == own
    answered = {line.question_id for line in scored["a"].lines if line.question_id and not line.unanswered}
    assert answered == {line.question_id for line in scored["b"].lines if line.question_id}
    assert {answer.answered_at for answer in after.answers} == {now}
    assert scored["a"].value < scored["b"].value
    assert scored["a"].coverage > scored["b"].coverage
    assert not scored["a"].silent
