"""Settling a contradiction: with a reason, by whom may, and what follows for score, risk and company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select

from assessments.model import RiskSource
from portal.db.models.accounts import HospitalRole
from portal.db.models.assessments import Assessment, Settlement
from portal.db.models.jobs import Job
from portal.errors import BadInput, Clash, NotAllowed, NotFound
from portal.services import audit
from portal.services.answers import settlements
from portal.services.jobs import JobKind
from portal.services.registers import dossiers, registers, scores
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"
REASON = "Der Dienst auf diesem Host gehört nicht zu unserem Produkt."


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME)


@pytest.fixture
def round_id(ward: Ward) -> str:
    return ward.assessments[NAME]


@pytest.fixture
def key(session: Session, ward: Ward, now: datetime) -> str:
    return registers.assess(session, ward.auditor, ward.vendors[NAME], now=now).contradictions[0].key


def found(session: Session, ward: Ward, now: datetime) -> dict[str, bool]:
    assessed = registers.assess(session, ward.auditor, ward.vendors[NAME], now=now)
    return {one.key: one.settled for one in assessed.contradictions}


def waiting(session: Session) -> list[JobKind]:
    session.flush()
    return list(session.scalars(select(Job.kind)))


def test_what_is_settled_counts_no_more_until_it_is_opened_again(
    session: Session, ward: Ward, now: datetime, round_id: str, key: str
):
    before = scores.current(session, ward.hospital_id, round_id).contradictions
    session.execute(delete(Job))
    settlements.settle(session, ward.assessor, round_id, key, reason=f" {REASON} ", now=now)
    assert waiting(session) == [JobKind.SCORE]

    row = settlements.of_assessment(session, ward.auditor, round_id)[key]
    assert (row.reason, row.by_name, row.at) == (REASON, ward.assessor.name, now)
    assert [name for name, settled in found(session, ward, now).items() if settled] == [key]
    after = scores.refresh(session, ward.hospital_id, round_id, now=now)
    assert after.contradictions == before - 1

    session.execute(delete(Job))
    settlements.reopen(session, ward.assessor, round_id, key, now=now)
    assert waiting(session) == [JobKind.SCORE]
    assert not any(found(session, ward, now).values())
    verbs = [event.verb for event in audit.newest(session, audit.hospital_scope(ward.hospital_id))[:2]]
    assert verbs == ["contradiction.reopened", "contradiction.settled"]


def test_with_the_last_of_a_question_its_risk_goes(
    session: Session, ward: Ward, now: datetime, round_id: str, key: str
):
    question = key.split(":", maxsplit=1)[0]
    for name in found(session, ward, now):
        if name.split(":")[0] == question:
            settlements.settle(session, ward.assessor, round_id, name, reason=REASON, now=now)
    session.flush()

    risks = registers.assess(session, ward.auditor, ward.vendors[NAME], now=now).risks
    names = [name for risk in risks if risk.source is RiskSource.CONTRADICTION for name in risk.source_keys]
    assert question not in {name.split(":")[0] for name in names}


def test_settling_needs_a_sentence_and_something_to_settle(
    session: Session, ward: Ward, now: datetime, round_id: str, key: str
):
    with pytest.raises(BadInput) as refused:
        settlements.settle(session, ward.assessor, round_id, key, reason=" \n", now=now)
    assert list(refused.value.fields) == ["reason"]
    with pytest.raises(NotFound):
        settlements.settle(session, ward.assessor, round_id, f"{key}.example", reason=REASON, now=now)
    with pytest.raises(NotFound):
        settlements.reopen(session, ward.assessor, round_id, key, now=now)
    settlements.settle(session, ward.assessor, round_id, key, reason=REASON, now=now)
    session.flush()
    with pytest.raises(Clash):
        settlements.settle(session, ward.assessor, round_id, key, reason="anders", now=now)


@pytest.mark.parametrize("role", [HospitalRole.DECIDER, HospitalRole.AUDITOR])
def test_who_only_reads_settles_nothing(
    session: Session, ward: Ward, now: datetime, round_id: str, key: str, role: HospitalRole
):
    with pytest.raises(NotAllowed):
        settlements.settle(session, ward.by_role[role], round_id, key, reason=REASON, now=now)
    with pytest.raises(NotAllowed):
        settlements.reopen(session, ward.by_role[role], round_id, key, now=now)


def test_another_hospital_finds_nothing(session: Session, ward: Ward, now: datetime, round_id: str, key: str):
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))
    settlements.settle(session, ward.assessor, round_id, key, reason=REASON, now=now)
    session.flush()

    assert settlements.of_assessment(session, other, round_id) == {}
    with pytest.raises(NotFound):
        settlements.settle(session, other, round_id, key, reason=REASON, now=now)
    with pytest.raises(NotFound):
        settlements.reopen(session, other, round_id, key, now=now)
    assert session.scalars(select(Settlement)).one().hospital_id == ward.hospital_id


def test_the_company_learns_that_and_not_why(session: Session, ward: Ward, now: datetime, round_id: str, key: str):
    settlements.settle(session, ward.assessor, round_id, key, reason=REASON, now=now)
    session.flush()
    company_id = session.get_one(Assessment, round_id).company_id
    dossier = dossiers.build_for_company(session, company_id, round_id, now=now)

    assert dossier.settled_contradictions == {key: now}
    assert REASON not in repr(vars(dossier))
