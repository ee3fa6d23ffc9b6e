"""The class of § 28 BSIG that a hospital keeps about a vendor, and its row in the register."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal.db.models.accounts import HospitalRole
from portal.services.registers import registers
from portal.services.vendors import scope_records
from questionnaires.scoping import EntityClass
from reports import tables
from tests.portal import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

LARGE = {"types": ["md_manufacturing"], "headcount": 900, "turnover": 2e8, "balance": 2e8, "country": "DE"}


def test_the_newest_word_stands_in_the_register_with_reasons_and_day(session: Session, now: datetime):
    of = building.hospital(session)
    actor = building.hospital_actor(session, of, HospitalRole.ASSESSOR)
    vendor = building.vendor(session, of)
    other = building.vendor(session, of, name="Ungefragt AG")
    scope_records.keep(session, actor, vendor.id, LARGE, EntityClass.NONE, now=now - timedelta(days=9))
    scope_records.keep(session, actor, vendor.id, LARGE, EntityClass.IMPORTANT, now=now)
    session.flush()

    rows = {row.name: row for row in registers.build(session, actor, now=now).vendors}

    found = rows[vendor.name].scope
    assert (found.title.de, found.at, found.by) == ("wichtige Einrichtung", now, actor.name)
    assert found.reasons
    assert rows[other.name].scope is None
    titles = [column.title for column in tables.VENDORS]
    at = titles.index("NIS2 class")
    assert titles[at : at + 3] == ["NIS2 class", "NIS2 class told on", "NIS2 class, why"]
