"""The assessor's word on each answer, and how a review ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select

from portal.db.models.accounts import HospitalRole
from portal.db.models.assessments import Assessment, ReviewState, Stage
from portal.db.models.jobs import Job, OutboxMail
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.actors import Actor
from portal.services.answers import reviews
from portal.services.jobs import JobKind
from portal.services.registers import registers, scores
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"
KEY = ("GV-02", "")


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME)


@pytest.fixture
def round_id(ward: Ward) -> str:
    return ward.assessments[NAME]


def say(session: Session, ward: Ward, now: datetime, state: ReviewState = ReviewState.ACCEPTED, **more):
    return reviews.say(session, ward.assessor, ward.assessments[NAME], more.pop("key", KEY), state, now=now, **more)


def test_accepting_needs_no_words(session: Session, ward: Ward, now: datetime, round_id: str):
    say(session, ward, now)

    said = reviews.of_assessment(session, ward.auditor, round_id)
    assert [(key, review.state, review.version) for key, review in said.items()] == [(KEY, ReviewState.ACCEPTED, 1)]


@pytest.mark.parametrize("state", [ReviewState.RETURNED, ReviewState.FINDING])
def test_everything_else_needs_a_sentence(session: Session, ward: Ward, now: datetime, state: ReviewState):
    with pytest.raises(BadInput) as refused:
        say(session, ward, now, state, remark="  ")

    assert list(refused.value.fields) == ["remark"]


def test_two_assessors_at_once_do_not_overwrite_each_other(session: Session, ward: Ward, now: datetime):
    say(session, ward, now)

    with pytest.raises(Clash):
        say(session, ward, now, ReviewState.RETURNED, remark="Bitte belegen.", version=0)
    assert say(session, ward, now, ReviewState.RETURNED, remark="Bitte belegen.", version=1).version == 2


def test_a_question_nobody_asked_is_refused(session: Session, ward: Ward, now: datetime):
    with pytest.raises(BadInput):
        say(session, ward, now, key=("XX-99", ""))


@pytest.mark.parametrize("role", [HospitalRole.DECIDER, HospitalRole.AUDITOR])
def test_who_only_reads_says_nothing(session: Session, ward: Ward, now: datetime, round_id: str, role: HospitalRole):
    with pytest.raises(NotAllowed):
        reviews.say(session, ward.by_role[role], round_id, KEY, ReviewState.ACCEPTED, now=now)
    with pytest.raises(NotAllowed):
        reviews.finish(session, ward.by_role[role], round_id, base_url=wards.BASE_URL, now=now)


def test_another_hospital_finds_no_round(session: Session, ward: Ward, now: datetime, round_id: str):
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    with pytest.raises(NotFound):
        reviews.say(session, other, round_id, KEY, ReviewState.ACCEPTED, now=now)
    assert reviews.of_assessment(session, other, round_id) == {}


def test_before_the_hand_in_there_is_nothing_to_review(session: Session, ward: Ward, now: datetime, round_id: str):
    session.get_one(Assessment, round_id).stage = Stage.ANSWERING

    with pytest.raises(NotNow):
        say(session, ward, now)
    with pytest.raises(NotNow):
        reviews.finish(session, ward.assessor, round_id, base_url=wards.BASE_URL, now=now)


def test_a_review_without_returns_completes_the_round(session: Session, ward: Ward, now: datetime, round_id: str):
    say(session, ward, now)
    done = reviews.finish(session, ward.assessor, round_id, base_url=wards.BASE_URL, now=now)

    assert (done.stage, done.reviewed_at) == (Stage.REVIEWED, now)
    assert audit.newest(session, audit.hospital_scope(ward.hospital_id))[0].verb == "assessment.reviewed"
    assert session.scalars(select(OutboxMail).where(OutboxMail.kind == "returned")).all() == []


def test_returned_answers_go_back_and_the_signer_learns_how_many_not_which_words(
    session: Session, ward: Ward, now: datetime, round_id: str
):
    say(session, ward, now, ReviewState.RETURNED, remark="Das Zertifikat ist abgelaufen.", note="Einkauf fragen")
    say(session, ward, now, key=("GV-03", ""))
    back = reviews.finish(session, ward.assessor, round_id, base_url=wards.BASE_URL, now=now)
    session.flush()

    assert (back.stage, back.reviewed_at) == (Stage.RETURNED, None)
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "returned")).one()
    assert mail.to_address.startswith("signer-")
    assert "1 Antwort mit einer Bemerkung" in mail.text
    for secret in ("Zertifikat", "Einkauf fragen", "GV-02"):
        assert secret not in mail.text + mail.html
    assert wards.BASE_URL in mail.text


def test_what_was_returned_in_an_earlier_turn_does_not_return_again(
    session: Session, ward: Ward, now: datetime, round_id: str
):
    say(session, ward, now, ReviewState.RETURNED, remark="Bitte belegen.")
    reviews.finish(session, ward.assessor, round_id, base_url=wards.BASE_URL, now=now)
    again = session.get_one(Assessment, round_id)
    again.stage, again.submitted_at = Stage.SUBMITTED, now + timedelta(days=1)

    done = reviews.finish(session, ward.assessor, round_id, base_url=wards.BASE_URL, now=now + timedelta(days=2))
    assert done.stage is Stage.REVIEWED


def test_the_internal_note_is_kept_apart_from_the_remark(session: Session, ward: Ward, now: datetime):
    review = say(session, ward, now, note="intern", remark="  öffentlich  ")

    assert (review.note, review.remark, review.by_name) == ("intern", "öffentlich", ward.assessor.name)
    actor = Actor(name="x")
    with pytest.raises(NotAllowed):
        reviews.of_assessment(session, actor, ward.assessments[NAME])


def test_a_finding_of_ones_own_becomes_a_risk_until_it_is_taken_back(
    session: Session, ward: Ward, now: datetime, round_id: str
):
    def found() -> list[str]:
        session.flush()
        session.execute(delete(Job))
        scores.refresh(session, ward.hospital_id, round_id, now=now)
        session.flush()
        rows = registers.risks(session, ward.auditor)
        return [row.risk.document["scenario"]["de"] for row in rows if row.risk.document["source"] == "review"]

    def waiting() -> list[JobKind]:
        session.flush()
        return list(session.scalars(select(Job.kind)))

    assert found() == []
    say(session, ward, now)
    assert waiting() == []
    say(session, ward, now, ReviewState.FINDING, remark="Der Nachweis deckt nur den Standort Nord.", version=1)
    assert waiting() == [JobKind.SCORE]
    [scenario] = found()
    assert scenario.endswith("Bei der Prüfung festgestellt: Der Nachweis deckt nur den Standort Nord.")
    say(session, ward, now, version=2)
    assert waiting() == [JobKind.SCORE]
    assert found() == []
