"""The register writes itself; what people decide about a risk outlives its next derivation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, select

from assessments.model import RiskLevel, Treated, Treatment
from portal.db.models.accounts import HospitalRole
from portal.db.models.registers import RiskRecord, ScoreRecord
from portal.errors import BadInput, Clash, NotAllowed, NotFound
from portal.services.registers import dossiers, registers, scores
from portal.services.registers.registers import TreatmentFields
from portal.services.vendors import vendors
from tests.portal import building, sitting
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME, quality=0.4)


@pytest.fixture
def risk_id(session: Session, ward: Ward) -> str:
    return registers.risks(session, ward.auditor)[0].risk.id


def test_the_register_says_what_the_lists_say(session: Session, ward: Ward, now: datetime):
    register = registers.build(session, ward.auditor, now=now)
    [row] = register.vendors
    score = session.scalars(select(ScoreRecord).where(ScoreRecord.is_current)).one()

    assert register.hospital == "Klinikum Nord"
    assert (row.name, row.tier) == (NAME, score.tier)
    assert (float(row.score.value), row.score.grade) == (score.value, score.grade)
    assert float(row.score.coverage) == score.coverage
    assert row.open_contradictions == score.contradictions
    assert len(register.risks) == len(registers.risks(session, ward.auditor))
    assert {risk.key for risk in register.risks} == {one.risk.key for one in registers.risks(session, ward.auditor)}


def test_the_worst_risk_leads(session: Session, ward: Ward):
    levels = [one.risk.residual for one in registers.risks(session, ward.auditor)]
    order = [level.value for level in (RiskLevel.CRITICAL, RiskLevel.HIGH, RiskLevel.MODERATE, RiskLevel.LOW)]

    assert levels
    assert levels == sorted(levels, key=order.index)


def test_another_hospital_sees_no_risk(session: Session, ward: Ward, now: datetime, risk_id: str):
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    assert registers.risks(session, other) == []
    assert registers.build(session, other, now=now).vendors == ()
    for verb in (
        lambda: registers.find_risk(session, other, risk_id),
        lambda: registers.treat(
            session, other, risk_id, TreatmentFields(treatment=Treatment.AVOID), version=0, now=now
        ),
        lambda: registers.assess(session, other, ward.vendors[NAME], now=now),
    ):
        with pytest.raises(NotFound):
            verb()


def test_a_risk_of_a_vendor_off_the_lists_does_not_stand(session: Session, ward: Ward, now: datetime):
    vendors.end(session, ward.assessor, ward.vendors[NAME], now=now)
    session.flush()

    assert registers.risks(session, ward.auditor) == []
    assert registers.build(session, ward.auditor, now=now).vendors == ()


def test_accepting_a_risk_needs_an_end_and_a_reason(session: Session, ward: Ward, now: datetime, risk_id: str):
    for until in (None, now.date(), now.date() - timedelta(days=1)):
        fields = TreatmentFields(treatment=Treatment.ACCEPT, accepted_until=until)
        with pytest.raises(BadInput) as refused:
            registers.treat(session, ward.decider, risk_id, fields, version=0, now=now)
        assert set(refused.value.fields) == {"accepted_until", "note"}


def test_nobody_accepts_beyond_the_limits_of_the_hospital(session: Session, ward: Ward, now: datetime, risk_id: str):
    risk = registers.find_risk(session, ward.auditor, risk_id).risk
    for residual, role, days, said in (
        ("low", HospitalRole.ASSESSOR, 731, "for 730 days at most"),
        ("low", HospitalRole.ASSESSOR, 730, ""),
        ("moderate", HospitalRole.ASSESSOR, 365, "the role Decision"),
        ("moderate", HospitalRole.DECIDER, 366, "for 365 days at most"),
        ("moderate", HospitalRole.DECIDER, 365, ""),
        ("high", HospitalRole.DECIDER, 30, "the risk committee accepts"),
        ("unrated", HospitalRole.ADMIN, 30, "the risk committee accepts"),
        ("critical", HospitalRole.DECIDER, 30, "the management accepts"),
        ("critical", HospitalRole.DECIDER, 91, "for 90 days at most"),
    ):
        risk.residual = residual
        fields = TreatmentFields(
            treatment=Treatment.ACCEPT, accepted_until=now.date() + timedelta(days=days), note="Bis zum Austausch"
        )
        step = session.begin_nested()
        if not said:
            registers.treat(session, ward.by_role[role], risk_id, fields, version=0, now=now)
        else:
            with pytest.raises(BadInput) as refused:
                registers.treat(session, ward.by_role[role], risk_id, fields, version=0, now=now)
            assert set(refused.value.fields) == {"accepted_until"}
            assert said in refused.value.fields["accepted_until"].render()
        step.rollback()


def test_what_a_sitting_approved_may_be_accepted_as_long_as_it_approved(
    session: Session, ward: Ward, now: datetime, risk_id: str
):
    risk = registers.find_risk(session, ward.auditor, risk_id).risk
    risk.residual, half_a_year = "high", now.date() + timedelta(days=180)
    sitting.approved(session, ward, risk.vendor_id, now)
    fields = TreatmentFields(treatment=Treatment.ACCEPT, accepted_until=half_a_year, note="Wie beschlossen")
    registers.treat(session, ward.decider, risk_id, fields, version=0, now=now)
    session.flush()

    later = now + timedelta(days=30)
    again = replace(fields, note="Wie beschlossen, Ersatz ist bestellt")
    assert registers.treat(session, ward.assessor, risk_id, again, version=1, now=later).version == 2
    longer = replace(fields, accepted_until=half_a_year + timedelta(days=1))
    with pytest.raises(BadInput):  # within 180 days from then on, but beyond what was approved
        registers.treat(session, ward.decider, risk_id, longer, version=2, now=later)


def test_the_decider_decides_and_the_auditor_reads(session: Session, ward: Ward, now: datetime, risk_id: str):
    sitting.approved(session, ward, ward.vendors[NAME], now)
    fields = TreatmentFields(
        treatment=Treatment.ACCEPT,
        owner="IT-Leitung",
        accepted_until=now.date() + timedelta(days=90),
        note="Austausch im Frühjahr",
    )
    registers.treat(session, ward.decider, risk_id, fields, version=0, now=now)
    session.flush()

    found = registers.find_risk(session, ward.auditor, risk_id).treatment
    assert (found.treatment, found.owner, found.version) == (Treatment.ACCEPT, "IT-Leitung", 1)
    with pytest.raises(NotAllowed):
        registers.treat(session, ward.by_role[HospitalRole.AUDITOR], risk_id, fields, version=1, now=now)
    with pytest.raises(Clash):
        registers.treat(session, ward.decider, risk_id, fields, version=0, now=now)


def test_the_end_of_an_acceptance_lies_ahead_in_germany(session: Session, ward: Ward, now: datetime, risk_id: str):
    night = now.replace(hour=23, minute=30)  # there it is the next day already
    until = night.date() + timedelta(days=1)
    fields = TreatmentFields(treatment=Treatment.ACCEPT, accepted_until=until, note="Bis zum Austausch")

    with pytest.raises(BadInput) as refused:
        registers.treat(session, ward.assessor, risk_id, fields, version=0, now=night)

    assert set(refused.value.fields) == {"accepted_until"}


def test_an_end_of_acceptance_stays_only_with_an_acceptance(session: Session, ward: Ward, now: datetime, risk_id: str):
    fields = TreatmentFields(treatment=Treatment.MITIGATE, accepted_until=now.date() + timedelta(days=90))
    treatment = registers.treat(session, ward.assessor, risk_id, fields, version=0, now=now)

    assert treatment.accepted_until is None


def test_a_decision_outlives_the_next_derivation(session: Session, ward: Ward, now: datetime, risk_id: str):
    registers.treat(session, ward.decider, risk_id, TreatmentFields(treatment=Treatment.AVOID), version=0, now=now)
    scores.refresh(session, ward.hospital_id, ward.assessments[NAME], now=now + timedelta(days=1))
    session.flush()

    assert registers.find_risk(session, ward.auditor, risk_id).treatment.treatment is Treatment.AVOID


def test_a_risk_whose_cause_is_gone_leaves_the_register_and_comes_back_as_itself(
    session: Session, ward: Ward, now: datetime
):
    gone = session.scalars(select(RiskRecord)).first()
    gone.gone_at, first = now, gone.first_derived_at
    session.flush()
    assert gone.id not in {one.risk.id for one in registers.risks(session, ward.auditor)}

    scores.refresh(session, ward.hospital_id, ward.assessments[NAME], now=now + timedelta(days=1))
    session.flush()

    back = registers.find_risk(session, ward.auditor, gone.id).risk
    assert (back.gone_at, back.first_derived_at) == (None, first)


def test_a_vendor_nobody_has_asked_is_in_the_register_without_a_grade(session: Session, ward: Ward, now: datetime):
    wards.add(session, ward, "Neu GmbH", "Neues", intake=None, now=now)
    row = next(one for one in registers.build(session, ward.auditor, now=now).vendors if one.name == "Neu GmbH")

    assert (row.score.grade, row.score.value, row.tier) == (None, None, None)


def test_the_facts_of_many_vendors_that_nobody_asked_are_read_at_once(
    session: Session, engine: Engine, ward: Ward, now: datetime
):
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def statements(more: int) -> int:
        for number in range(more):
            wards.add(session, ward, f"Firma {more} {number}", "Terminplaner", now=now)
        session.commit()
        session.expire_all()
        wanted = registers.around(session, ward.auditor, now=now).wanted
        asked.clear()
        assert len(list(dossiers.several(session, ward.hospital_id, wanted, now=now))) == len(wanted)
        return len(asked)

    assert statements(2) == statements(5)


def test_what_was_decided_about_a_risk_stands_in_the_register(session: Session, ward: Ward, now: datetime):
    sitting.approved(session, ward, ward.vendors[NAME], now)
    row, other = registers.risks(session, ward.auditor)[:2]
    fields = TreatmentFields(
        treatment=Treatment.ACCEPT,
        owner="IT-Leitung",
        due_on=now.date() + timedelta(days=30),
        accepted_until=now.date() + timedelta(days=90),
        note="Austausch im Frühjahr",
    )
    registers.treat(session, ward.decider, row.risk.id, fields, version=0, now=now)
    session.flush()
    register = registers.build(session, ward.auditor, now=now)
    by_key = {risk.key: risk for risk in register.risks}

    assert register.treated(by_key[other.risk.key]) is None
    assert register.treated(by_key[row.risk.key]) == Treated(
        treatment=Treatment.ACCEPT,
        owner=fields.owner,
        due_on=fields.due_on,
        accepted_until=fields.accepted_until,
        note=fields.note,
        by=ward.decider.name,
        at=now,
    )
