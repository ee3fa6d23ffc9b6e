"""What asks for a decision: the first few of thousands are the first of all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from assessments.deciding import Cause, Ruling, Why
from assessments.model import Authority, RiskLevel
from portal.db import lines
from portal.db.models.assessments import Stage
from portal.db.models.decisions import Decision, DecisionReopening
from portal.db.models.portfolio import VendorLine
from portal.services.decisions import decisions
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_the_first_few_that_ask_for_a_decision_are_the_first_of_all(session: Session, now: datetime):
    ward = wards.empty(session)
    for number in range(14):
        wards.add(session, ward, f"{'zyx'[number % 3]}-Lieferant {number}", "x", domain=f"l{number}.example", now=now)
    lines.settle(session)
    rows = session.scalars(select(VendorLine).order_by(VendorLine.sorted_by)).all()
    for number, row in enumerate(rows):
        row.tier = (None, 1, 2, 3)[number % 4]
        row.residual = (RiskLevel.CRITICAL, RiskLevel.HIGH, RiskLevel.LOW)[number % 3].value
    session.flush()
    today = now.date()

    every = [replace(row.fact, vendor_key="") for row in decisions.asked_rows(session, ward.auditor, today)]

    assert len(every) == 10
    for most in range(12):
        count, first = decisions.asked_first(session, ward.auditor, today, most=most)
        assert (count, [row.fact for row in first]) == (10, every[:most])


def test_whoever_was_decided_on_is_asked_for_only_with_a_tale_of_its_own(session: Session, now: datetime):
    ward = wards.empty(session)
    for number in range(6):
        wards.add(session, ward, f"Lieferant {number}", "x", domain=f"l{number}.example", now=now)
    lines.settle(session)
    rows = session.scalars(select(VendorLine).order_by(VendorLine.sorted_by)).all()
    for row in rows:
        row.tier, row.residual = 1, RiskLevel.CRITICAL.value
    rows[5].stage = Stage.DRAFT  # of a vendor whose earlier rounds have no score
    for number, row in enumerate(rows[:2], start=1):
        decision = Decision(
            hospital_id=ward.hospital_id,
            number=number,
            vendor_id=row.vendor_id,
            ruling=Ruling.APPROVE,
            reasons="Geprüft.",
            authority=Authority.MANAGEMENT,
            policy_version="1",
            by_name="D. Ecider",
            at=now,
        )
        session.add(decision)
        session.flush()
    session.add(
        DecisionReopening(
            hospital_id=ward.hospital_id, decision_id=decision.id, cause=Cause.REVIEW_DUE, key="x", at=now
        )
    )
    session.flush()

    count, found = decisions.asked_first(session, ward.auditor, now.date(), most=100)

    assert count == 4
    assert [(row.fact.vendor, row.fact.why) for row in found] == [
        ("Lieferant 1", (Why.REOPENED,)),
        *((f"Lieferant {number}", (Why.EXCEEDS,)) for number in (2, 3, 4)),
    ]
