"""Migrations: up equals the models, and up, down, up again is clean, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from assessments.deciding import Ruling
from assessments.model import Authority
from portal.db import migrating
from portal.db import session as database
from portal.db.base import Row
from portal.db.models.accounts import Hospital
from portal.db.models.decisions import Decision
from portal.services import backup
from portal.services.scans import consents, scans
from portal.services.scans.consents import Signature
from tests.portal import building


def test_the_migrated_database_has_what_the_models_have(engine: Engine):
    assert migrating.differences(engine) == []
    assert migrating.is_current(engine)
    assert set(inspect(engine).get_table_names()) == {*Row.metadata.tables, "alembic_version"}


def test_down_leaves_nothing_and_up_again_is_clean(engine: Engine):
    migrating.downgrade(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    assert migrating.current(engine) is None

    migrating.upgrade(engine)
    assert migrating.differences(engine) == []


def test_upgrading_twice_changes_nothing(engine: Engine):
    migrating.upgrade(engine)

    assert migrating.is_current(engine)


def test_foreign_keys_are_held_again_after_a_migration(engine: Engine):
    migrating.upgrade(engine)

    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def _insert_event(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_event (scope, sequence, at, actor, verb, subject, previous_hash, hash) "
                "VALUES ('instance', 1, '2026-11-23 09:00:00', 'a', 'v', 's', '0', '1')"
            )
        )


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET actor = 'b'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_the_audit_trail(engine: Engine, statement: str):
    _insert_event(engine)

    with pytest.raises(DBAPIError, match="only added to"), engine.begin() as connection:
        connection.execute(text(statement))


LEDGER = "the ledger of consents is only added to"


def _sign(engine: Engine) -> None:
    with database.sessions(engine).begin() as session:
        actor = building.hospital_actor(session)
        vendor = building.vendor(session, session.get_one(Hospital, actor.hospital_id), hosts=("a.example",))
        company = building.company_actor(session)
        round_ = building.assessment(session, vendor, company_id=company.company_id)
        building.response(session, round_)
        signed = Signature(name="Ina Vogt", function="CISO")
        consents.grant(session, company, round_.id, signed, now=building.NOW)


@pytest.mark.parametrize("statement", ["UPDATE consent SET kind = 'refused'", "DELETE FROM consent"])
def test_the_database_refuses_to_change_the_ledger_of_consents(engine: Engine, statement: str):
    _sign(engine)

    with pytest.raises(DBAPIError, match=LEDGER), engine.begin() as connection:
        connection.execute(text(statement))


def _decide(engine: Engine) -> None:
    with database.sessions(engine).begin() as session:
        actor = building.hospital_actor(session, building.hospital(session, "Klinik am Rat"))
        session.add(
            Decision(
                hospital_id=actor.hospital_id,
                number=1,
                topic="Risikoappetit",
                ruling=Ruling.APPROVE,
                reasons="gesehen",
                authority=Authority.MANAGEMENT,
                policy_version="1",
                by_name="Ina Vogt",
                at=building.NOW,
            )
        )


@pytest.mark.parametrize("statement", ["UPDATE decision SET ruling = 'reject'", "DELETE FROM decision"])
def test_the_database_refuses_to_change_a_decision(engine: Engine, statement: str):
    _decide(engine)

    with pytest.raises(DBAPIError, match="only added to"), engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.postgres
def test_the_same_holds_on_postgresql(postgres_url: str):
    engine = database.engine(postgres_url)
    try:
        migrating.upgrade(engine)
        assert migrating.differences(engine) == []
        _insert_event(engine)
        with pytest.raises(DBAPIError, match="only added to"), engine.begin() as connection:
            connection.execute(text("DELETE FROM audit_event"))
        _sign(engine)
        with pytest.raises(DBAPIError, match=LEDGER), engine.begin() as connection:
            connection.execute(text("UPDATE consent SET kind = 'refused'"))
        _decide(engine)
        with pytest.raises(DBAPIError, match="only added to"), engine.begin() as connection:
            connection.execute(text("UPDATE decision SET ruling = 'reject'"))
        migrating.downgrade(engine, "base")
        migrating.upgrade(engine)
        assert migrating.is_current(engine)
    finally:
        engine.dispose()


def _rows(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {table.name: list(backup.rows(connection, table)) for table in backup.tables(connection)}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def filled(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = request.getfixturevalue("engine")
    else:
        engine = database.engine(request.getfixturevalue("postgres_url"))
        migrating.upgrade(engine)
    with database.sessions(engine).begin() as session:
        actor = building.hospital_actor(session)
        vendor = building.vendor(session, session.get_one(Hospital, actor.hospital_id), hosts=("a.example",))
        round_ = building.assessment(session, vendor, company_id=building.company_actor(session).company_id)
        building.response(session, round_)
        scans.queue_by_hospital(session, actor, vendor.id, now=building.NOW)
    yield engine
    engine.dispose()


def test_each_step_down_and_up_again_keeps_every_row(filled: Engine):
    before = _rows(filled)
    assert sum(map(len, before.values())) > 10

    migrating.downgrade(filled, "0001")
    migrating.upgrade(filled)

    assert _rows(filled) == before
    assert migrating.differences(filled) == []
