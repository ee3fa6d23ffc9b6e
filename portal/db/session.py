"""Opens the database: SQLite with every write waiting its turn, or PostgreSQL, by one URL."""

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, sessionmaker

from portal.db import lines

# Earlier libraries can corrupt a database in WAL mode when two checkpoints meet (fixed in SQLite 3.51.3).
SAFE_WAL = (3, 51, 3)
BUSY_MILLISECONDS = 15_000
POSTGRES_SECONDS_TO_CONNECT = 5
ROWS_TO_ANALYZE = 1000  # of an index

Sessions = sessionmaker[Session]


def engine(url: str) -> Engine:
    """The engine of a database URL; nothing is connected yet."""
    parsed = make_url(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)


def sessions(of: Engine) -> Sessions:
    """Sessions that may write: on SQLite each takes the write lock at its start, so that it never loses it half-way.
    What lists read is written in the same transaction (portal.db.lines)."""
    made = sessionmaker(of, expire_on_commit=False)
    lines.watch(made)
    return made


def reading(of: Engine) -> Sessions:
    """Sessions that only read, each what stands at one moment: a page of several statements never tells of a row that
    another of them found changed or gone. On SQLite they run beside each other; a write in one may fail with "locked".
    """
    if of.dialect.name == "sqlite":
        return sessionmaker(of.execution_options(sqlite_begin="BEGIN"), expire_on_commit=False)
    return sessionmaker(of.execution_options(isolation_level="REPEATABLE READ"), expire_on_commit=False)


@contextlib.contextmanager
def moment(url: str) -> Iterator[Session]:
    """A session that reads what stands at one moment, for as long as it likes; nobody waits for it.

    On SQLite without WAL a reader holds up every commit, so it reads a copy of the file, which has no name and is gone
    with the session. On PostgreSQL it is one transaction (REPEATABLE READ) that may not write.
    """
    parsed = make_url(url)
    made = _copied(parsed) if parsed.get_backend_name() == "sqlite" else _standing_still(parsed)
    try:
        with Session(made, expire_on_commit=False) as session:
            yield session
    finally:
        made.dispose()


def take_statistics(session: Session) -> None:
    """So that SQLite chooses among indexes by how the rows lie: it counts them only when it is told to, here a thousand
    of each index at most. PostgreSQL does so by itself."""
    if is_sqlite(session.get_bind()):
        connection = session.connection()
        connection.exec_driver_sql(f"PRAGMA analysis_limit={ROWS_TO_ANALYZE}").close()
        connection.exec_driver_sql("ANALYZE")


def is_sqlite(bind: Engine | Connection) -> bool:
    """Whether we are on the embedded database."""
    return bind.dialect.name == "sqlite"


def _sqlite(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(
        url, hide_parameters=True, connect_args={"timeout": BUSY_MILLISECONDS / 1000, "isolation_level": None}
    )
    event.listen(made, "connect", _prepare_sqlite)
    event.listen(made, "begin", _begin_sqlite)
    return made


def _copied(url: URL) -> Engine:
    live = Path(str(url.database))
    with tempfile.NamedTemporaryFile(dir=live.parent, prefix=".moment-") as file:  # readable by us alone
        copy = sqlite3.connect(file.name, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=MEMORY", "schema_version"):  # the second opens the file, so that its name can go
            copy.execute(f"PRAGMA {pragma}").close()
    with contextlib.closing(sqlite3.connect(live, timeout=BUSY_MILLISECONDS / 1000)) as source:
        source.backup(copy)
    for pragma in ("foreign_keys=ON", "trusted_schema=OFF", "query_only=ON"):
        copy.execute(f"PRAGMA {pragma}").close()
    return create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool, hide_parameters=True)


def _standing_still(url: URL) -> Engine:
    return _postgresql(url).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    journal = "WAL" if sqlite3.sqlite_version_info >= SAFE_WAL else "DELETE"
    for pragma in (
        f"busy_timeout={BUSY_MILLISECONDS}",
        f"journal_mode={journal}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "secure_delete=ON",  # what was deleted is gone from the file as well
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # sqlite3 itself would begin only before the first write, and then a read before it can be stale.
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE"))


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,  # an error that is logged or kept with a job shows no values
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        connect_args={
            "connect_timeout": POSTGRES_SECONDS_TO_CONNECT,
            "application_name": "kettenblick",
            "options": "-c timezone=UTC -c lock_timeout=15s",
        },
    )
