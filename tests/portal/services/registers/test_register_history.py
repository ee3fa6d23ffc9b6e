"""What the register tells beside today's facts: words of the hospital that hold, and scores that moved."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from assessments.model import Treatment
from portal.db.models.registers import RiskRecord, ScoreRecord
from portal.services.registers import register_history, registers
from portal.services.registers.registers import TreatmentFields
from tests.portal import sitting
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk GmbH"


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    made = wards.one(session, now, name=NAME)
    session.flush()
    return made


def test_what_was_decided_about_a_risk_stands_in_the_register(session: Session, ward: Ward, now: datetime):
    risk = session.scalars(select(RiskRecord).where(RiskRecord.gone_at.is_(None))).first()
    fields = TreatmentFields(
        treatment=Treatment.ACCEPT, accepted_until=now.date() + timedelta(days=30), note="=1+1 bis zum Tausch"
    )
    sitting.approved(session, ward, ward.vendors[NAME], now)
    registers.treat(session, ward.decider, risk.id, fields, version=0, now=now)
    told: list[tuple[int, int]] = []

    found = registers.build(session, ward.auditor, now=now, tell=lambda done, total: told.append((done, total)))

    [decision] = [one for one in found.decisions if one.key.endswith(risk.key)]
    assert (decision.reason, decision.by) == ("=1+1 bis zum Tausch", ward.decider.name)
    assert decision.until == now.date() + timedelta(days=30)
    assert told == [(0, 1)]


def test_a_score_that_moved_is_a_change_and_one_that_did_not_is_none(session: Session, ward: Ward, now: datetime):
    last = session.scalars(select(ScoreRecord).where(ScoreRecord.is_current)).one()
    before = len(register_history.changes(session, ward.auditor, keys={ward.vendors[NAME]: "V-0001"}, now=now))
    columns = {
        name: getattr(last, name)
        for name in sorted(ScoreRecord.__mapper__.column_attrs.keys())
        if name not in {"id", "at"}
    }
    same = ScoreRecord(**{**columns, "is_current": False}, at=last.at + timedelta(hours=1))
    moved = ScoreRecord(
        **{**columns, "is_current": False, "value": 12.5, "grade": "F"}, at=last.at + timedelta(hours=2)
    )
    session.add_all([same, moved])
    session.flush()

    found = register_history.changes(session, ward.auditor, keys={ward.vendors[NAME]: "V-0001"}, now=now)

    assert len(found) == before + 1
    assert (found[0].after, found[0].grade_after, found[0].vendor_key) == (Decimal("12.5"), "F", "V-0001")
    assert register_history.changes(session, ward.auditor, keys={}, now=now) == ()
