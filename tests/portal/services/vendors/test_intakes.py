"""The intake: every question answered, the tier that follows, and another tier only with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assessments import intake as intake_form
from portal.db.models.accounts import HospitalRole
from portal.errors import BadInput, NotAllowed, NotFound
from portal.services import audit
from portal.services.actors import Actor
from portal.services.vendors import intakes
from portal.services.vendors.intakes import Override
from questionnaires.model import QuestionSet
from tests.portal import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.db.models.vendors import Supply

WORST = {question.id: (question.options[0].id,) for question in intake_form.current().questions}
MILDEST = {question.id: (question.options[-1].id,) for question in intake_form.current().questions} | {
    "fallback": ("rehearsed",),
    "mdr_class": ("no",),
    "substitute": ("weeks",),
}


@pytest.fixture
def supply(session: Session) -> Supply:
    return building.supply(session, building.vendor(session, building.hospital(session)))


@pytest.fixture
def clerk(supply: Supply) -> Actor:
    return Actor(name="Jens", hospital_id=supply.hospital_id, hospital_role=HospitalRole.ASSESSOR)


def test_the_worst_answers_make_the_most_critical_tier(session: Session, now: datetime, clerk: Actor, supply: Supply):
    record = intakes.fill_in(session, clerk, supply.id, WORST, now=now)

    assert (record.tier, record.proposed_tier, record.impact) == (1, 1, 5)
    assert intakes.question_set(session, record) is QuestionSet.FULL
    assert intakes.current(supply) is record


def test_the_mildest_answers_ask_least(session: Session, now: datetime, clerk: Actor, supply: Supply):
    record = intakes.fill_in(session, clerk, supply.id, MILDEST, now=now)

    assert record.tier > 1
    assert intakes.question_set(session, record) in {QuestionSet.SHORT, QuestionSet.BASIC}


def test_every_missing_answer_is_named(session: Session, now: datetime, clerk: Actor, supply: Supply):
    left_out = sorted(WORST)[:2]
    given = {question: chosen for question, chosen in WORST.items() if question not in left_out}

    with pytest.raises(BadInput) as refused:
        intakes.fill_in(session, clerk, supply.id, given, now=now)

    assert sorted(refused.value.fields) == left_out


def test_an_option_nobody_offered_is_refused(session: Session, now: datetime, clerk: Actor, supply: Supply):
    with pytest.raises(BadInput) as refused:
        intakes.fill_in(session, clerk, supply.id, {**WORST, "outage": ("h999",)}, now=now)

    assert list(refused.value.fields) == ["outage"]


@pytest.mark.parametrize("reason", ["", "   "])
def test_another_tier_needs_a_reason(session: Session, now: datetime, clerk: Actor, supply: Supply, reason: str):
    with pytest.raises(BadInput) as refused:
        intakes.fill_in(session, clerk, supply.id, WORST, now=now, override=Override(tier=3, reason=reason))

    assert list(refused.value.fields) == ["reason"]


def test_another_tier_with_its_reason_stands_beside_the_proposal(
    session: Session, now: datetime, clerk: Actor, supply: Supply
):
    override = Override(tier=3, reason=" Nur im Archiv in Gebrauch ")
    record = intakes.fill_in(session, clerk, supply.id, WORST, now=now, override=override)

    assert (record.tier, record.proposed_tier, record.override_reason) == (3, 1, "Nur im Archiv in Gebrauch")
    event = audit.newest(session, audit.hospital_scope(clerk.hospital_id))[0]
    assert event.detail == {"tier": 3, "proposed": 1, "overridden": True}


def test_choosing_the_proposed_tier_by_hand_is_no_override(
    session: Session, now: datetime, clerk: Actor, supply: Supply
):
    record = intakes.fill_in(session, clerk, supply.id, WORST, now=now, override=Override(tier=1, reason=""))

    assert (record.tier, record.override_reason) == (1, "")


@pytest.mark.parametrize("tier", [0, 5, -1])
def test_there_are_four_tiers(session: Session, now: datetime, clerk: Actor, supply: Supply, tier: int):
    with pytest.raises(BadInput) as refused:
        intakes.fill_in(session, clerk, supply.id, WORST, now=now, override=Override(tier=tier, reason="so"))

    assert list(refused.value.fields) == ["tier"]


def test_the_newest_intake_counts_and_the_older_ones_stay(
    session: Session, now: datetime, clerk: Actor, supply: Supply
):
    intakes.fill_in(session, clerk, supply.id, WORST, now=now)
    newest = intakes.fill_in(session, clerk, supply.id, MILDEST, now=now)

    assert intakes.current(supply) is newest
    assert [record.tier for record in supply.intakes] == [1, newest.tier]
    assert intakes.load(newest).answers == MILDEST
    assert intakes.proposed(newest).tier == newest.proposed_tier


def test_only_writers_of_the_own_hospital(session: Session, now: datetime, clerk: Actor, supply: Supply):
    reader = Actor(name="x", hospital_id=clerk.hospital_id, hospital_role=HospitalRole.DECIDER)
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    with pytest.raises(NotAllowed):
        intakes.fill_in(session, reader, supply.id, WORST, now=now)
    with pytest.raises(NotFound):
        intakes.fill_in(session, other, supply.id, WORST, now=now)
