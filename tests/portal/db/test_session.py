"""Sessions: writers wait for each other, readers do not, references hold."""

from __future__ import annotations

import sqlite3
import threading
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError

from portal.db import migrating
from portal.db import session as database
from portal.db.models.accounts import Attempt, HospitalMember, HospitalRole


def _pragma(engine: Engine, name: str):
    with engine.connect() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


def test_what_is_acknowledged_is_on_the_disk(engine: Engine):
    assert _pragma(engine, "synchronous") == 2
    safe = sqlite3.sqlite_version_info >= database.SAFE_WAL
    assert _pragma(engine, "journal_mode") == ("wal" if safe else "delete")


def test_a_row_that_points_nowhere_is_refused(sessions: database.Sessions, now: datetime):
    with pytest.raises(IntegrityError), sessions.begin() as session:
        session.add(HospitalMember(hospital_id="x", person_id="y", role=HospitalRole.ADMIN, created_at=now))


def test_writers_wait_for_each_other_and_lose_nothing(sessions: database.Sessions, now: datetime):
    def write(name: str) -> None:
        for _ in range(10):
            with sessions.begin() as session:
                session.execute(select(func.count()).select_from(Attempt)).scalar()
                session.add(Attempt(kind=name, key="k", at=now))

    writers = [threading.Thread(target=write, args=(str(number),)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 40


def test_a_reader_does_not_wait_for_a_writer_that_has_not_committed(engine: Engine, sessions: database.Sessions, now):
    with sessions() as writer, database.reading(engine)() as reader:
        writer.add(Attempt(kind="a", key="k", at=now))
        writer.flush()

        assert reader.scalar(select(func.count()).select_from(Attempt)) == 0
        writer.rollback()


@pytest.mark.postgres
def test_a_page_of_several_statements_tells_of_one_moment(postgres_url: str, now: datetime):
    engine = database.engine(postgres_url)
    migrating.upgrade(engine)
    counted = select(func.count()).select_from(Attempt)

    with database.reading(engine)() as page:
        assert page.scalar(counted) == 0
        with database.sessions(engine).begin() as session:
            session.add(Attempt(kind="a", key="k", at=now))
        assert page.scalar(counted) == 0
        page.commit()
        assert page.scalar(counted) == 1
    with database.sessions(engine)() as writing:  # who writes sees what others have written
        assert writing.scalar(text("SHOW transaction_isolation")) == "read committed"

    engine.dispose()


def test_a_time_without_a_zone_is_refused(sessions: database.Sessions):
    with pytest.raises(Exception, match="time zone"), sessions.begin() as session:
        session.add(Attempt(kind="a", key="k", at=datetime(2026, 1, 1)))


@pytest.mark.parametrize("base", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_long_look_sees_one_moment_and_keeps_no_writer_waiting(
    request: pytest.FixtureRequest, base: str, now: datetime
):
    url = str(request.getfixturevalue("engine").url) if base == "sqlite" else request.getfixturevalue("postgres_url")
    engine = database.engine(url)
    if base == "postgresql":
        migrating.upgrade(engine)
    folder = Path(engine.url.database).parent if base == "sqlite" else None
    before = sorted(folder.iterdir()) if folder else []
    counted = select(func.count()).select_from(Attempt)

    with database.moment(url) as look:
        assert look.scalar(counted) == 0
        with database.sessions(engine).begin() as session:
            if base == "sqlite":
                session.execute(text("PRAGMA busy_timeout = 0"))
            session.add(Attempt(kind="sign-in", key="k", at=now))
        assert look.scalar(counted) == 0
        with pytest.raises((OperationalError, InternalError)):
            look.execute(insert(Attempt).values(kind="sign-in", key="l", at=now))
    with database.moment(url) as look:
        assert look.scalar(counted) == 1

    engine.dispose()
    assert folder is None or sorted(folder.iterdir()) == before
