"""The audit trail: one chain per scope; whatever is changed in it shows."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.db import session as database
from portal.services import audit
from portal.services.actors import SYSTEM, Actor

LISA = Actor(name="Lisa", email="lisa@klinik.example", person_id="p1", hospital_id="h1")


def _write(session, now, count: int = 3) -> None:
    for number in range(count):
        audit.record(session, LISA, "vendor.added", f"v{number}", now=now, detail={"nr": number, "name": "Bäcker"})


def test_an_untouched_chain_is_sound(session, now):
    _write(session, now)
    audit.record(session, SYSTEM, "instance.started", "", now=now)
    session.commit()

    found = audit.verify_all(session)

    assert [(one.scope, one.events, one.is_sound) for one in found] == [("hospital:h1", 3, True), ("instance", 1, True)]


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("UPDATE audit_event SET detail = '{\"nr\": 9}' WHERE sequence = 2", 2),
        ("UPDATE audit_event SET actor = 'somebody' WHERE sequence = 1", 1),
        ("UPDATE audit_event SET at = '2020-01-01 00:00:00.000000' WHERE sequence = 3", 3),
        ("DELETE FROM audit_event WHERE sequence = 2", 2),
        ("DELETE FROM audit_event WHERE sequence = 1", 1),
        ("UPDATE audit_event SET sequence = -sequence WHERE sequence = 3", 0),
    ],
)
def test_what_was_changed_by_the_owner_of_the_database_shows(session, now, tampering, broken_at):
    _write(session, now)
    for trigger in ("update", "delete"):
        session.execute(text(f"DROP TRIGGER audit_event_no_{trigger}"))
    session.execute(text(tampering))
    session.expire_all()

    assert audit.verify(session, "hospital:h1").broken_at == broken_at


def test_a_change_that_is_rolled_back_leaves_no_event(sessions, now):
    with sessions() as session:
        _write(session, now)
        session.rollback()

        assert audit.verify(session, "hospital:h1").events == 0


def test_the_newest_events_come_first_and_in_pages(session, now):
    _write(session, now, count=5)

    assert [event.sequence for event in audit.newest(session, "hospital:h1", before=4, limit=2)] == [3, 2]


@pytest.mark.postgres
def test_writers_at_the_same_time_make_one_chain_on_postgresql(migrated_postgres_url, now):
    import threading

    engine = database.engine(migrated_postgres_url)
    sessions = database.sessions(engine)

    def write() -> None:
        for _ in range(10):
            with sessions.begin() as session:
                _write(session, now, count=1)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    with sessions() as session:
        found = audit.verify(session, "hospital:h1")
    engine.dispose()
    assert (found.events, found.is_sound) == (40, True)
