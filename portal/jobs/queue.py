"""The doorbell between those who ask for work and those who do it: a ring may be lost, the row is not."""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huey.storage import BaseStorage, MemoryStorage, PostgresStorage, RedisStorage, SqliteStorage
from sqlalchemy import make_url

from portal.db.session import SAFE_WAL

NAME = "bell"
LOOK_EVERY = 0.1  # seconds, where the storage cannot wake us


class BadBell(Exception):
    """QUEUE_URL names nothing that can ring."""


@dataclass(frozen=True)
class Doorbell:
    """Rings job ids through one of huey's storages. Nothing but ids passes, so nothing needs to be unpacked."""

    storage: Any

    def ring(self, job_id: str) -> None:
        """Say that there is work. Whoever calls survives a bell that is broken: the worker looks by itself."""
        self.storage.enqueue(job_id.encode("ascii"))

    def answer(self, *, seconds: float) -> str | None:
        """Wait for a ring; None when nobody rang in that time."""
        until = time.monotonic() + seconds
        while True:
            rung = self.storage.dequeue()
            if rung is not None:
                return bytes(rung).decode("ascii", "replace")
            if time.monotonic() >= until:
                return None
            if not self.storage.blocking:
                time.sleep(LOOK_EVERY)

    def close(self) -> None:
        """Let go of the connection."""
        self.storage.close()


def connect(url: str) -> Doorbell:
    """The bell of a QUEUE_URL: sqlite:///…, postgresql://… or redis://…"""
    return Doorbell(_storage(url))


def _storage(url: str) -> BaseStorage:
    if url == "memory:":
        return MemoryStorage(NAME)
    if url.startswith(("redis://", "rediss://")):
        return RedisStorage(NAME, url=url, blocking=True, read_timeout=1)
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
            journal = "wal" if sqlite3.sqlite_version_info >= SAFE_WAL else "delete"
            # Losing a ring costs a second, so nothing here waits for the disk.
            return SqliteStorage(NAME, filename=parsed.database, journal_mode=journal, fsync=False)
        case "postgresql":
            dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
            return PostgresStorage(NAME, dsn=dsn)
        case other:
            raise BadBell(f"QUEUE_URL: {other} cannot ring; use sqlite, postgresql or redis.")
