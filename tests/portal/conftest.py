"""A migrated database for every test that asks: SQLite by default, the same on PostgreSQL by its marker."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

from portal.db import session as database
from portal.files.sealing import Keyring
from portal.services.people import passwords
from tests.portal import unhurried

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect
    from sqlalchemy.orm import Session

# A thief pays for 64 MiB and three rounds with every guess (test_passwords); hundreds of tests need not.
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
unhurried.stretch_clocks()
_dialects: dict[type[Dialect], Dialect] = {}
_compiled: LRUCache[object, object] = LRUCache(5_000)


@event.listens_for(Engine, "engine_connect")
def _compile_once(connection: Connection) -> None:
    """Every SQLite file of this process knows the statements compiled for the others, as one long-lived portal does."""
    if database.is_sqlite(connection):
        dialect = _dialects.setdefault(type(connection.dialect), connection.dialect)
        connection.dialect = connection.engine.dialect = dialect
        connection.execution_options(compiled_cache=_compiled)


@pytest.fixture
def engine(migrated: Path, tmp_path: Path) -> Iterator[Engine]:
    """Open a fresh migrated database."""
    path = tmp_path / "kettenblick.sqlite"
    shutil.copy(migrated, path)
    engine = database.engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> database.Sessions:
    """Make sessions as the web and the worker do."""
    return database.sessions(engine)


@pytest.fixture
def session(sessions: database.Sessions) -> Iterator[Session]:
    """Open one session; what the test does not commit is gone."""
    with sessions() as session:
        yield session


@pytest.fixture
def now() -> datetime:
    """Stop the clock on a Monday morning."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Hold keys in a folder of the test."""
    return Keyring(instance_key="i" * 43, folder=tmp_path / "keys")
