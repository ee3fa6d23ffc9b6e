"""How far rounds have come: numbers and times, never a word of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal.services.rounds import progress
from portal.services.vendors import portfolio
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.services.vendors.portfolio import PortfolioRow
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME)


@pytest.fixture
def row(session: Session, ward: Ward) -> PortfolioRow:
    session.expire_all()
    return portfolio.rows(session, ward.auditor)[0]


def test_progress_tells_numbers_only(session: Session, ward: Ward, row: PortfolioRow, now: datetime):
    told = progress.of_assessment(session, ward.auditor, row.assessment, now=now)

    assert told.answered == told.asked > 50
    assert progress.of_rounds(session, ward.auditor, [row.assessment.id]) == {row.assessment.id: told.answered}
    assert progress.last_step(row.assessment) == row.assessment.submitted_at


def test_another_hospital_is_told_nothing(session: Session, row: PortfolioRow, now: datetime):
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    assert progress.of_rounds(session, other, [row.assessment.id]) == {}
    assert progress.of_assessment(session, other, row.assessment, now=now) is None


def test_before_a_company_has_taken_the_round_there_is_no_progress(session: Session, ward: Ward, now: datetime):
    wards.add(session, ward, "Neu GmbH", "x", domain="neu.example", now=now)
    wards.invite(session, ward, "Neu GmbH", now=now, due=now.date())
    session.flush()
    session.expire_all()
    row = next(row for row in portfolio.rows(session, ward.auditor) if row.vendor.name == "Neu GmbH")

    assert progress.of_assessment(session, ward.auditor, row.assessment, now=now) is None
    assert progress.last_step(row.assessment) == now
