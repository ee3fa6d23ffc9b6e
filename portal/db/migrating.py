"""Brings the database to the shape of this version, and back; each step is one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from portal.db import lines, models  # noqa: F401 - the models make every table known
from portal.db.base import Row
from portal.db.session import is_sqlite, sessions

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_301_125  # one of several starting processes migrates on PostgreSQL; the others wait


class BrokenReference(Exception):
    """A migration left a row that points nowhere; nothing was changed."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a revision; at the newest, vendors that no list knows yet get their lines."""
    _run(engine, lambda config: command.upgrade(config, revision))
    if revision == "head":
        with sessions(engine).begin() as session:
            lines.write_missing(session)


def downgrade(engine: Engine, revision: str) -> None:
    """Bring the database down to a revision; "base" leaves nothing."""
    _run(engine, lambda config: command.downgrade(config, revision))


def current(engine: Engine) -> str | None:
    """The revision the database is at; None: it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision of this version of the program."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_current(engine: Engine) -> bool:
    """Whether the database has the shape this version expects."""
    return current(engine) == newest()


def differences(engine: Engine) -> list[Any]:
    """What the models have and the migrated database has not, and the other way round."""
    with engine.connect() as connection:
        ours = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _parents: kind != "table" or name in Row.metadata.tables,
            },
        )
        return list(compare_metadata(ours, Row.metadata))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", FOLDER.as_posix().replace("%", "%%"))
    return config


def _run(engine: Engine, step: Callable[[Config], None]) -> None:
    config = _config()
    with engine.connect() as connection, _references_checked_at_the_end(connection):
        config.attributes["connection"] = connection
        step(config)


@contextmanager
def _references_checked_at_the_end(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew; while it does, references must not cascade."""
    if not is_sqlite(connection):
        with connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            yield
        return
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF").close()  # outside a transaction, or it has no effect
    try:
        with connection.begin():
            yield
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                raise BrokenReference(f"{broken[0][0]} points to a missing row of {broken[0][2]}")
    finally:
        raw.execute("PRAGMA foreign_keys=ON").close()
