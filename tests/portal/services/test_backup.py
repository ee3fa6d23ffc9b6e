"""Rows out and in again: every kind of column that a table has goes into a file of text and comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from sqlalchemy import JSON, Engine, delete, select

from portal.db import migrating
from portal.db import session as database
from portal.db.models.registers import StoredAssessment
from portal.services import backup
from tests.portal import building

CARRIED = {str, int, bool, float, date, datetime, bytes}


def test_there_is_no_kind_of_column_that_a_backup_cannot_carry(engine: Engine):
    """A new table with a column of another kind would end every backup, and nobody notices before the day it counts."""
    with engine.connect() as connection:
        kinds = {
            f"{table.name}.{column.name}": column.type.python_type
            for table in backup.tables(connection)
            for column in table.columns
            if not isinstance(column.type, JSON)
        }

    assert {name: kind for name, kind in kinds.items() if kind not in CARRIED} == {}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def instance(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated database of either kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("engine")
        return
    engine = database.engine(request.getfixturevalue("postgres_url"))
    migrating.upgrade(engine)
    yield engine
    engine.dispose()


def test_bytes_come_back_as_they_were(instance: Engine):
    packed = bytes(range(256))
    with database.sessions(instance).begin() as session:
        vendor = building.vendor(session, building.hospital(session))
        session.add(
            StoredAssessment(hospital_id=vendor.hospital_id, vendor_id=vendor.id, fingerprint="f" * 64, packed=packed)
        )
    with instance.connect() as connection:
        table = next(one for one in backup.tables(connection) if one.name == StoredAssessment.__tablename__)
        lines = list(backup.rows(connection, table))
    with instance.begin() as connection:
        connection.execute(delete(table))

        assert backup.fill(connection, table, lines) == 1
        assert connection.execute(select(table.c.packed)).scalar_one() == packed
