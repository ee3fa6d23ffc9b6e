"""What a task is given: the lease it works under, and everything else it may touch."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.db.session import Sessions
from portal.files.sealing import Keyring
from portal.jobs import leases
from portal.jobs.leases import Lease
from portal.jobs.scanner import Starter
from portal.settings import Settings


class NotYet(Exception):
    """The task cannot be done now; it is put back until that moment. `counts` says whether this was a try."""

    def __init__(self, until: datetime, *, why: str = "", counts: bool = False) -> None:
        """Hold when to take it again."""
        self.until, self.why, self.counts = until, why, counts
        super().__init__(why)


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What all tasks of a worker share."""

    settings: Settings
    sessions: Sessions
    keyring: Keyring
    clock: Callable[[], datetime]
    scanner: tuple[str, ...]  # the command of the process that scans
    starter: Starter | None = None  # has it loaded already; None: each scan loads it anew
    stopping: threading.Event = field(default_factory=threading.Event)  # the worker is asked to end


@dataclass(frozen=True, kw_only=True)
class Work:
    """One job in the hands of this worker."""

    lease: Lease
    tools: Tools
    lost: threading.Event = field(default_factory=threading.Event)  # somebody else has the job now

    def argument(self, name: str) -> Any:
        """What was asked for."""
        return self.lease.args[name]

    def now(self) -> datetime:
        """The time; tasks are the edge."""
        return self.tools.clock()

    @contextmanager
    def step(self) -> Iterator[Session]:
        """A transaction on the way, which only whoever still has the job can commit."""
        with self.tools.sessions.begin() as session:
            leases.renew(session, self.lease, now=self.now())
            yield session

    @contextmanager
    def last_step(self) -> Iterator[Session]:
        """The transaction that holds the result and ends the job: both or neither."""
        with self.tools.sessions.begin() as session:
            # First, so that on SQLite and PostgreSQL alike the job's row is ours until the commit.
            leases.finish(session, self.lease, now=self.now())
            yield session
