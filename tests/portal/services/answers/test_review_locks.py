"""One reviews at a time and may be relieved; where the hospital asks for two, the second is somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, ReviewState, Stage
from portal.errors import Clash, NotAllowed, NotFound
from portal.services.answers import review_locks, reviews
from portal.services.rounds import rounds
from tests.portal.web.hospital import ward

NAME = "Strahlwerk Medizintechnik GmbH"


@pytest.fixture
def of(session, now):
    made = ward.one(session, now, name=NAME)
    session.expire_all()
    return made


def assessment(session, of) -> Assessment:
    return session.get_one(Assessment, of.assessments[NAME])


def accept(session, of, actor, number: int, now) -> None:
    slots = [slot for slot in rounds.load(session, assessment(session, of), now=now).slots if slot.value is not None]
    reviews.say(session, actor, of.assessments[NAME], slots[number].key, ReviewState.ACCEPTED, now=now)
    session.flush()


def finish(session, of, actor, now) -> Stage:
    reviews.finish(session, actor, of.assessments[NAME], base_url=ward.BASE_URL, now=now)
    session.flush()
    return assessment(session, of).stage


def test_the_second_sees_who_reviews_since_when_and_may_take_over(session, of, now):
    round_id = of.assessments[NAME]
    accept(session, of, of.assessor, 0, now)
    later = now + timedelta(minutes=10)
    holder = review_locks.holder(session, of.admin, round_id, now=later)
    assert (holder.name, holder.since) == (of.assessor.name, now)
    assert review_locks.holder(session, of.assessor, round_id, now=later) is None
    with pytest.raises(Clash):
        accept(session, of, of.admin, 1, later)

    review_locks.take_over(session, of.admin, round_id, now=later)
    session.flush()
    accept(session, of, of.admin, 1, later)
    with pytest.raises(Clash):
        accept(session, of, of.assessor, 2, later)


def test_whoever_has_gone_holds_nobody_up(session, of, now):
    accept(session, of, of.assessor, 0, now)
    later = now + review_locks.IDLE
    assert review_locks.holder(session, of.admin, of.assessments[NAME], now=later) is None

    accept(session, of, of.admin, 1, later)
    assert review_locks.holder(session, of.assessor, of.assessments[NAME], now=later).since == later


def test_the_end_of_a_review_frees_it(session, of, now):
    accept(session, of, of.assessor, 0, now)
    assert finish(session, of, of.assessor, now) is Stage.REVIEWED
    assert review_locks.holder(session, of.admin, of.assessments[NAME], now=now) is None


def test_two_people_end_it_where_the_tier_asks_for_it(session, of, now):
    session.get_one(Hospital, of.hospital_id).second_eyes_tier = 1
    session.flush()

    assert finish(session, of, of.assessor, now) is Stage.SUBMITTED
    with pytest.raises(Clash), session.begin_nested():
        finish(session, of, of.assessor, now)
    assert review_locks.first_end(session, assessment(session, of)).name == of.assessor.name
    assert finish(session, of, of.admin, now) is Stage.REVIEWED


def test_answers_handed_in_anew_need_two_anew(session, of, now):
    session.get_one(Hospital, of.hospital_id).second_eyes_tier = 4
    session.flush()
    finish(session, of, of.assessor, now)
    assessment(session, of).submitted_at = now + timedelta(days=1)
    session.flush()

    assert finish(session, of, of.admin, now + timedelta(days=2)) is Stage.SUBMITTED
    assert finish(session, of, of.assessor, now + timedelta(days=2)) is Stage.REVIEWED


def test_readers_and_strangers_take_nothing_over(session, of, now):
    with pytest.raises(NotAllowed):
        review_locks.take_over(session, of.auditor, of.assessments[NAME], now=now)
    with pytest.raises(NotFound):
        review_locks.take_over(session, ward.empty(session, "Fremd").admin, of.assessments[NAME], now=now)
