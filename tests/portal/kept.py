"""Worlds that are built once: the next test that asks for the same one gets a copy of its rows."""

from __future__ import annotations

import contextlib
import copy
import functools
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from portal.db import session as database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Tests of pages take the clock of today: what was built a moment ago is as good as new.
FRESH = timedelta(minutes=5)

More = ParamSpec("More")
Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class World:
    """The rows of one world, and what its builder gave: plain data, ids and actors."""

    rows: sqlite3.Connection
    made: object
    at: datetime


_worlds: dict[tuple[object, ...], World] = {}


def kept(
    build: Callable[Concatenate[Session, datetime, More], Made],
) -> Callable[Concatenate[Session, datetime, More], Made]:
    """Build aside once, and copy into every database that is still empty; anything else is built as ever.

    What is copied is committed, whatever becomes of the session that asked.
    """

    @functools.wraps(build)
    def give(session: Session, now: datetime, *args: More.args, **more: More.kwargs) -> Made:
        if not _is_untouched(session):
            return build(session, now, *args, **more)
        key = (build.__module__, build.__qualname__, repr(args), repr(sorted(more.items())))
        world = _worlds.get(key)
        if world is None or not world.at <= now <= world.at + FRESH or world.at.date() != now.date():
            world = _worlds[key] = _build_aside(session, now, lambda aside: build(aside, now, *args, **more))
        with _connected(session) as here:
            world.rows.backup(here)
        return copy.deepcopy(world.made)

    return give


def _build_aside(session: Session, now: datetime, build: Callable[[Session], Made]) -> World:
    """In a database of its own, empty like the one that asks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.sqlite"
        with _connected(session) as here, contextlib.closing(sqlite3.connect(path)) as there:
            here.backup(there)
        engine = database.engine(f"sqlite:///{path}")
        with database.sessions(engine)() as aside:
            made = build(aside)
            aside.commit()
        rows = sqlite3.connect(":memory:", check_same_thread=False)
        with engine.connect() as there:
            there.connection.driver_connection.backup(rows)
        engine.dispose()
    return World(rows=rows, made=made, at=now)


@contextlib.contextmanager
def _connected(session: Session) -> Iterator[sqlite3.Connection]:
    connection = session.get_bind().raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()


def _is_untouched(session: Session) -> bool:
    """Whether the database has no tenant and no person, and nobody holds its lock."""
    if session.new or not database.is_sqlite(session.get_bind()):
        return False
    with _connected(session) as here:
        (waits,) = here.execute("PRAGMA busy_timeout").fetchone()
        try:
            here.execute("PRAGMA busy_timeout = 0")
            here.execute("BEGIN IMMEDIATE")
            (found,) = here.execute(
                "SELECT EXISTS (SELECT 1 FROM hospital) OR EXISTS (SELECT 1 FROM person)"
            ).fetchone()
            here.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
        finally:
            here.execute(f"PRAGMA busy_timeout = {waits}")
    return not found
