"""All vendors with their objects: rows from rows, however many there are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from portal.db.models.assessments import Stage
from portal.services.vendors import portfolio, vendors
from portal.services.vendors.vendors import VendorFields
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from portal.services.vendors.portfolio import PortfolioRow
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME, quality=0.4)


def row_of(session: Session, ward: Ward, name: str = NAME) -> PortfolioRow:
    session.flush()
    session.expire_all()
    return next(row for row in portfolio.rows(session, ward.auditor) if row.vendor.name == name)


def test_a_row_has_what_a_list_shows(session: Session, ward: Ward):
    row = row_of(session, ward)

    assert ([supply.name for supply in row.supplies], row.tier, row.stage) == (["PACS Archiv"], 1, Stage.SUBMITTED)
    assert row.score.grade
    assert row.scan.finished_at


def test_the_number_of_queries_does_not_grow_with_the_vendors(
    session: Session, engine: Engine, ward: Ward, now: datetime
):
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    row_of(session, ward)
    few = len(asked)
    for number in range(30):
        vendors.add(session, ward.assessor, VendorFields(name=f"Firma {number}"), now=now)
    session.flush()
    session.expire_all()
    asked.clear()

    assert len(portfolio.rows(session, ward.auditor)) == 31
    assert len(asked) <= few


def test_another_hospital_has_rows_of_its_own(session: Session, ward: Ward):
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    assert portfolio.rows(session, other) == []
    assert portfolio.history(session, other, ward.assessments[NAME]) == []


def test_what_was_handed_in_is_never_overdue(session: Session, ward: Ward, now: datetime):
    row = row_of(session, ward)
    row.assessment.due_on = now.date() - timedelta(days=30)

    assert not row.is_overdue(now.date())
