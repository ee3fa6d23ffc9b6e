"""What a task is given: the lease it works under, and everything else it may touch."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.db.session import Sessions
from portal.files.sealing import Keyring
from portal.jobs import leases
from portal.jobs.leases import Lease, LeaseLost
from portal.jobs.scanner import Starter
from portal.settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")

TELL_EVERY = 1.0  # seconds


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

    def each(self, ones: Iterable[T], do: Callable[[Session, T], None]) -> None:
        """A transaction for every one. Nobody waits behind another's fault: what failed is raised after the last."""
        failed: Exception | None = None
        for one in ones:
            if self.tools.stopping.is_set():
                raise NotYet(self.now(), why="the worker ends")
            try:
                with self.step() as session:
                    do(session, one)
            except (LeaseLost, OperationalError):  # not this one's fault: without a database it would be everybody's
                raise
            except Exception as error:  # noqa: BLE001 - raised below, so the job is tried again for whoever is left
                log.warning("one of many failed: %s", type(error).__name__, extra={"job": self.lease.job_id})
                failed = error
        if failed is not None:
            raise failed

    def teller(self, note: Callable[[Session, int, int], None]) -> Callable[[int, int], None]:
        """Notes how much is done of how much, once a second at most; raises when the job is not ours any more or we are
        to end."""
        last = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal last
            if self.lost.is_set():
                raise LeaseLost(self.lease.job_id)
            if self.tools.stopping.is_set():
                raise NotYet(self.now(), why="the worker ends")
            if total and (not last or time.monotonic() - last >= TELL_EVERY):
                with self.step() as session:
                    note(session, done, total)
                last = time.monotonic()

        return tell

    @contextmanager
    def last_step(self) -> Iterator[Session]:
        """The transaction that holds the result and ends the job: both or neither."""
        with self.tools.sessions.begin() as session:
            # First, so that on SQLite and PostgreSQL alike the job's row is ours until the commit.
            leases.finish(session, self.lease, now=self.now())
            yield session
