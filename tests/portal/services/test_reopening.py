"""A decision stands open again by itself, once for each cause, and people are told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from assessments.deciding import Cause, ConditionState, Why
from portal.db.models.decisions import DecisionEvent
from portal.db.models.jobs import Job, OutboxMail
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.files.blobs import Blobs
from portal.services import decisions, reopening
from tests.portal import building, sitting
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from portal.db.models.decisions import DecisionReopening
    from portal.files.sealing import Keyring
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"
DAY = timedelta(days=1)


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME, quality=0.8)


@pytest.fixture
def shelf(keyring: Keyring, tmp_path: Path) -> Blobs:
    (tmp_path / "files").mkdir()
    return Blobs(folder=tmp_path / "files", keyring=keyring)


def look(session: Session, ward: Ward, now: datetime) -> Sequence[DecisionReopening]:
    found = reopening.look(session, ward.hospital_id, ward.vendors[NAME], base_url="https://k.example", now=now)
    session.flush()
    return found


def mails(session: Session) -> int:
    return session.scalar(select(func.count()).where(OutboxMail.kind == "decision-reopened"))


def test_a_decision_that_holds_stays(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    sitting.decided(session, ward, shelf, now)
    assert look(session, ward, now) == []
    assert len(decisions.in_force(session, ward.auditor)) == 1


def test_a_lapsed_condition_opens_it_once_and_tells(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    decision_id = sitting.decided(session, ward, shelf, now)
    later = now + 61 * DAY
    causes = {one.cause for one in look(session, ward, later)}
    told = mails(session)

    assert Cause.CONDITION_LAPSED in causes
    assert told >= 1
    assert look(session, ward, later) == look(session, ward, later + DAY) == []
    assert mails(session) == told
    row = decisions.find(session, ward.auditor, decision_id)
    assert [one.state for one in row.conditions] == [ConditionState.LAPSED]
    assert decisions.in_force(session, ward.auditor) == []
    [asked] = decisions.asked(session, ward.auditor, later.date())
    assert (asked.why, asked.last.key) == ((Why.REOPENED,), "B-0001")
    verbs = session.scalars(select(DecisionEvent.verb).order_by(DecisionEvent.at)).all()
    assert verbs.count("reopened") == len(causes)


def test_the_next_decision_settles_it(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    first = sitting.decided(session, ward, shelf, now)
    later = now + 61 * DAY
    look(session, ward, later)
    second = sitting.decided(session, ward, shelf, later)

    assert decisions.find(session, ward.auditor, second).decision.supersedes_id == first
    assert not decisions.find(session, ward.auditor, first).is_newest
    assert look(session, ward, later) == []
    [fact] = decisions.in_force(session, ward.auditor)
    assert fact.key == "B-0002"


def test_a_met_condition_does_not_lapse(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    decision_id = sitting.decided(session, ward, shelf, now)
    [one] = decisions.find(session, ward.assessor, decision_id).conditions
    with pytest.raises(BadInput):
        decisions.meet(session, ward.assessor, one.id, remark=" ", version=one.version, now=now)
    with pytest.raises(Clash):
        decisions.meet(session, ward.assessor, one.id, remark="gesehen", version=0, now=now)
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))
    with pytest.raises(NotFound):
        decisions.meet(session, other, one.id, remark="gesehen", version=one.version, now=now)
    decisions.meet(session, ward.assessor, one.id, remark="Bild vom 3.1.", version=one.version, now=now)
    session.flush()
    with pytest.raises(NotNow):
        decisions.meet(session, ward.assessor, one.id, remark="nochmal", version=one.version, now=now)

    assert Cause.CONDITION_LAPSED not in {one.cause for one in look(session, ward, now + 61 * DAY)}
    assert decisions.open_conditions(session, ward.auditor) == []


def test_every_night_and_every_score_asks_for_a_look_once(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    sitting.decided(session, ward, shelf, now)
    reopening.ask_all(session, now=now)
    reopening.ask(session, ward.hospital_id, ward.vendors[NAME], now=now)
    session.flush()

    assert session.scalar(select(func.count()).where(Job.kind == "decisions")) == 1
    assert reopening.is_decided(session, ward.hospital_id, ward.vendors[NAME])
