"""A decision stands open again by itself, once for each cause, and people are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from assessments import policy
from assessments.deciding import Cause, ConditionState, Ruling, Standing, Why
from assessments.model import Authority, RiskLevel
from portal.db.models.decisions import DecisionEvent
from portal.db.models.jobs import Job, OutboxMail
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.files.blobs import Blobs
from portal.services.decisions import decisions, reopening
from portal.services.registers import policies, registers
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


def causes(found: Sequence[DecisionReopening]) -> set[Cause]:
    return {one.cause for one in found}


def agreed(session: Session, ward: Ward, now: datetime, **changes) -> Standing:
    """Somebody has decided on how the vendor stands today."""
    today = decisions.standing_of(registers.assess(session, ward.auditor, ward.vendors[NAME], now=now))
    then = replace(today, **changes)
    subject = decisions.subject_of(session, ward.decider, vendor_id=ward.vendors[NAME])
    plain = sitting.fields(now, ruling=Ruling.APPROVE, conditions=())
    basis = decisions.Basis(standing=then)
    decisions.add(session, ward.decider, subject, plain, authority=Authority.COMMITTEE, basis=basis, now=now)
    return then


def test_a_worse_scan_opens_it_once_and_the_register_tells_why(session: Session, now: datetime):
    ward = wards.one(session, now, name=NAME, quality=1.0)
    then = agreed(session, ward, now)
    assert look(session, ward, now + DAY) == []
    wards.scan(session, ward, NAME, quality=0.0, now=now + DAY)
    open_to_us = now + 20 * DAY  # the company sees it first
    wards.score(session, ward, NAME, now=open_to_us)
    found = {one.cause: one for one in look(session, ward, open_to_us)}

    fell, rose = found[Cause.GRADE_FELL], found[Cause.RISK_ROSE]
    assert fell.before == then.grade.value < fell.after
    assert rose.before == then.level.value != rose.after
    assert look(session, ward, open_to_us) == look(session, ward, open_to_us + DAY) == []
    register = registers.build(session, ward.auditor, now=open_to_us)
    [told] = [one for one in register.decisions if one.key == "B-0001"]
    assert len(told.reopened) == len(found)


def test_a_residual_risk_that_rises_alone_opens_it_as_well(session: Session, ward: Ward, now: datetime):
    agreed(session, ward, now, level=RiskLevel.LOW)

    [rose] = look(session, ward, now + DAY)
    assert (rose.cause, rose.before) == (Cause.RISK_ROSE, "low")
    assert look(session, ward, now + 2 * DAY) == []


def test_a_knock_out_that_the_hospital_makes_one_opens_it_once_for_each_question(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    sitting.decided(session, ward, shelf, now)
    assessed = registers.assess(session, ward.auditor, ward.vendors[NAME], now=now)
    failed = [row.question.id for row in assessed.answers if row.share == 0 and not row.knock_out_failed][:2]
    assert failed
    stricter = replace(policy.current(), must_haves=frozenset(failed))
    policies.save(session, ward.admin, stricter, edits=0, now=now)
    row = policies.draft(session, ward.admin)
    policies.release(session, ward.admin, reason="Beschluss", edits=row.edits, now=now)
    session.flush()

    found = [one for one in look(session, ward, now + DAY) if one.cause is Cause.KNOCK_OUT]
    assert {one.key for one in found} == set(failed)
    assert look(session, ward, now + 2 * DAY) == []


def test_evidence_that_ran_out_and_a_review_date_that_passed_open_it(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    decision_id = sitting.decided(session, ward, shelf, now)
    standing = decisions.load_standing(decisions.find(session, ward.auditor, decision_id).decision)
    assert standing.proofs
    first = min(one.valid_until for one in standing.proofs)
    on_the_day = now.replace(year=first.year, month=first.month, day=first.day, hour=12)
    assert Cause.EVIDENCE_EXPIRED not in causes(look(session, ward, on_the_day))
    after = look(session, ward, on_the_day + DAY)
    expired = [one for one in after if one.cause is Cause.EVIDENCE_EXPIRED]
    assert {one.before for one in expired} == {first.isoformat()}
    assert len({one.key for one in expired}) == len(expired)

    later = max(on_the_day + DAY, now + 181 * DAY)
    everything = causes(after) | causes(look(session, ward, later))
    assert Cause.REVIEW_DUE in everything or Cause.REVIEW_DUE in causes(
        decisions.find(session, ward.auditor, decision_id).reopenings
    )
    assert look(session, ward, later) == []


def test_every_night_and_every_score_asks_for_a_look_once(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    sitting.decided(session, ward, shelf, now)
    reopening.ask_all(session, now=now)
    reopening.ask(session, ward.hospital_id, ward.vendors[NAME], now=now)
    session.flush()

    assert session.scalar(select(func.count()).where(Job.kind == "decisions")) == 1
    assert reopening.is_decided(session, ward.hospital_id, ward.vendors[NAME])
