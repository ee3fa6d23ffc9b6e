"""The worker: threads that take jobs from the table, one that listens for the bell, one that keeps the leases."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal import logs
from portal import settings as reading_settings
from portal.db import session as database
from portal.db.models.jobs import Job, JobState
from portal.db.session import Sessions
from portal.files.sealing import Keyring
from portal.home import BERLIN
from portal.jobs import leases, queue, rejudging, scanning, tasks
from portal.jobs.leases import Lease, LeaseLost
from portal.jobs.queue import Doorbell
from portal.jobs.scanner import Starter
from portal.jobs.tasks import TASKS, Lane
from portal.jobs.work import NotYet, Tools, Work
from portal.services import jobs
from portal.services.jobs import JobKind
from portal.settings import Settings

log = logging.getLogger(__name__)

SCANNER = (sys.executable, "-I", "-m", "scanners.child")
STARTER = (sys.executable, "-I", "-m", "scanners.starting")
THREADS = {Lane.REST: 2, Lane.PAPER: 1}  # a register of a thousand vendors needs a gigabyte
LOOK_EVERY = 1.0  # seconds, when nobody rings
RECONCILE_EVERY = 5.0
RING_AGAIN_AFTER = timedelta(seconds=10)
NIGHT_HOUR = 1  # UTC
MORNING_HOUR = 8  # where the hospitals are: reminders lie on top when a working day begins
EVENING_HOUR = 21  # scans by cadence are given their moments of the night
MAIL_HOUR = 7  # what changed lies in the box when a working day begins
POSTBOX_EVERY = 5  # minutes
GRACE = 10.0  # seconds a short task gets to finish when the worker is asked to end


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


@dataclass
class Worker:
    """Everything between `run` and the last thread's end."""

    tools: Tools
    reading: Sessions
    bell: Doorbell
    scan_threads: int = 4
    lanes: frozenset[Lane] = frozenset(Lane)  # one alone where another machine takes the other
    work: dict[str, Work] = field(default_factory=dict)
    rung: threading.Condition = field(default_factory=threading.Condition)

    def run(self) -> None:
        """Work until `tools.stopping` is set."""
        threads = [
            *(self._thread(self._lane, lane) for lane in sorted(self.lanes) for _ in range(self._threads(lane))),
            self._thread(self._listen),
            self._thread(self._keep_leases),
            self._thread(self._reconcile),
        ]
        self.tools.stopping.wait()
        with self.rung:
            self.rung.notify_all()
        for thread in threads:
            thread.join(GRACE)
        if self.tools.starter is not None:
            self.tools.starter.close()

    def _threads(self, lane: Lane) -> int:
        return self.scan_threads if lane is Lane.SCANS else THREADS[lane]

    def _thread(self, target: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        return thread

    # ---- taking and doing

    def _lane(self, lane: Lane) -> None:
        while not self.tools.stopping.is_set():
            try:
                lease = self._take(lane)
            except SQLAlchemyError as error:
                log.warning("the database does not answer: %s", type(error).__name__)
                self.tools.stopping.wait(LOOK_EVERY)
                continue
            if lease is None:
                with self.rung:
                    self.rung.wait(LOOK_EVERY)
                continue
            self._do(lease)

    def _take(self, lane: Lane) -> Lease | None:
        kinds = tasks.kinds(lane)
        now = self.tools.clock()
        with self.reading() as session:
            if not leases.is_waiting(session, kinds, now=now):
                return None
        with self.tools.sessions.begin() as session:
            return leases.take(session, kinds, now=self.tools.clock())

    def _do(self, lease: Lease) -> None:
        work = Work(lease=lease, tools=self.tools)
        self.work[lease.token] = work
        try:
            TASKS[lease.kind].run(work)
        except NotYet as later:
            self._put_back(lease, later)
        except LeaseLost:
            log.warning("another worker has taken over", extra={"job": lease.job_id})
        except Exception as error:  # noqa: BLE001 - whatever a task trips over, the job must come to its end
            log.warning("a job failed: %s", type(error).__name__, extra={"job": lease.job_id, "kind": lease.kind})
            self._fail(lease, logs.redacted(f"{type(error).__name__}: {error}"))
        finally:
            self.work.pop(lease.token, None)

    def _put_back(self, lease: Lease, later: NotYet) -> None:
        with suppress(LeaseLost, SQLAlchemyError), self.tools.sessions.begin() as session:
            leases.put_back(session, lease, run_at=later.until, why=later.why, counts=later.counts)

    def _fail(self, lease: Lease, why: str) -> None:
        now = self.tools.clock()
        with suppress(LeaseLost, SQLAlchemyError), self.tools.sessions.begin() as session:
            if leases.fail(session, lease, why=why, now=now) is JobState.DEAD:
                _give_up(session, lease, now)

    # ---- keeping watch

    def _listen(self) -> None:
        """A ring wakes everybody; who finds nothing sleeps again."""
        while not self.tools.stopping.is_set():
            try:
                rung = self.bell.answer(seconds=LOOK_EVERY)
            except Exception:  # noqa: BLE001 - a broken bell costs a second per job, never a job
                self.tools.stopping.wait(LOOK_EVERY)
                continue
            if rung is not None:
                with self.rung:
                    self.rung.notify_all()

    def _keep_leases(self) -> None:
        while not self.tools.stopping.wait(leases.RENEW_EVERY.total_seconds()):
            for work in list(self.work.values()):
                try:
                    with work.step():
                        pass
                except LeaseLost:
                    work.lost.set()
                except SQLAlchemyError as error:
                    log.warning("a lease could not be renewed: %s", type(error).__name__)

    def _reconcile(self) -> None:
        while True:
            try:
                self.reconcile()
            except SQLAlchemyError as error:
                log.warning("the jobs could not be looked through: %s", type(error).__name__)
            if self.tools.stopping.wait(RECONCILE_EVERY):
                return

    def reconcile(self) -> None:
        """Ring for what waits too long, bury what was held by a worker that is gone, start what is due by the clock."""
        now = self.tools.clock()
        with self.reading() as session:
            waiting = session.scalars(
                select(Job.id)
                .where(Job.state == JobState.QUEUED, Job.run_at <= now)
                .where((Job.rung_at.is_(None)) | (Job.rung_at < now - RING_AGAIN_AFTER))
                .limit(100)
            ).all()
            gone = session.scalars(
                select(Job.id)
                .where(Job.state == JobState.RUNNING, Job.lease_until < now, Job.attempts >= Job.max_attempts)
                .limit(1)
            ).first()
        if gone is not None:
            self._bury_abandoned()
        if waiting:
            with self.tools.sessions.begin() as session:
                # What somebody holds at this moment is about to be taken, or to be rung by whoever asks for it.
                free = select(Job.id).where(Job.id.in_(waiting)).with_for_update(skip_locked=True)
                waiting = session.scalars(free).all()
                session.execute(update(Job).where(Job.id.in_(waiting)).values(rung_at=now))
            for job_id in waiting:
                self.bell.ring(job_id)
        if Lane.REST in self.lanes:  # a worker that only scans may hold other data than the instance does
            self._start_daily(JobKind.NIGHTLY, now.hour >= NIGHT_HOUR, now.date(), now)
            local = now.astimezone(BERLIN)
            self._start_daily(JobKind.REMINDERS, local.hour >= MORNING_HOUR, local.date(), now)
            self._start_daily(JobKind.RESCANS, local.hour >= EVENING_HOUR, local.date(), now)
            self._start_daily(JobKind.DIGESTS, local.hour >= MAIL_HOUR, local.date(), now)
            if self.tools.settings.postbox.host:
                self._look_into_postbox(now)
            self._start_rejudging(now)

    def _bury_abandoned(self) -> None:
        with self.tools.sessions.begin() as session:
            now = self.tools.clock()
            for lease in leases.take_abandoned(session, now=now):
                leases.bury(session, lease, why=leases.GAVE_NO_SIGN, now=now)
                _give_up(session, lease, now)

    def _start_daily(self, kind: JobKind, is_time: bool, day: date, now: datetime) -> None:  # noqa: FBT001 - a condition
        if not is_time:
            return
        slot = day.isoformat()
        with self.reading() as session:
            if jobs.slot_is_taken(session, kind, slot):
                return
        with self.tools.sessions.begin() as session:
            if jobs.take_slot(session, kind, slot, now=now):
                jobs.add(session, kind, {}, now=now)

    def _look_into_postbox(self, now: datetime) -> None:
        slot = now.replace(minute=now.minute - now.minute % POSTBOX_EVERY, second=0, microsecond=0).isoformat()
        with self.reading() as session:
            if jobs.slot_is_taken(session, JobKind.BOUNCES, slot):
                return
        with self.tools.sessions.begin() as session:
            if jobs.take_slot(session, JobKind.BOUNCES, slot, now=now):
                jobs.add(session, JobKind.BOUNCES, {}, now=now, max_attempts=1)

    def _start_rejudging(self, now: datetime) -> None:
        """New rules came with this version, or a refresh brought new data: what was seen is judged anew, once."""
        shelf = scanning.shelf(self.tools.settings)
        with self.reading() as session:
            if jobs.slot_is_taken(session, rejudging.SLOT, rejudging.slot(shelf)):
                return
        with self.tools.sessions.begin() as session:
            rejudging.start(session, shelf, now=now)


def _give_up(session: Session, lease: Lease, now: datetime) -> None:
    follow = TASKS[lease.kind].give_up
    if follow is not None:
        follow(session, lease, now)


LANES: Mapping[str, frozenset[Lane]] = {
    "all": frozenset(Lane),
    "scan": frozenset({Lane.SCANS}),
    "rest": frozenset({Lane.REST, Lane.PAPER}),
}


def make(settings: Settings, engine: Engine, *, scanner: tuple[str, ...] = SCANNER) -> Worker:
    """A worker that stands on these settings."""
    tools = Tools(
        settings=settings,
        sessions=database.sessions(engine),
        keyring=Keyring(instance_key=settings.instance_key, folder=settings.keys_dir),
        clock=utc_now,
        scanner=scanner,
        starter=Starter(STARTER) if scanner == SCANNER else None,
    )
    return Worker(
        tools=tools,
        reading=database.reading(engine),
        bell=queue.connect(settings.queue_url),
        scan_threads=settings.scan.parallel,
        lanes=LANES[settings.worker_kinds],
    )


def main(*, only: str = "") -> int:
    """Run until SIGTERM or SIGINT; running scans go back to the queue, short tasks are finished."""
    logs.install()
    settings = reading_settings.read()
    if only:
        settings = replace(settings, worker_kinds=only)
    engine = database.engine(settings.database_url)
    worker = make(settings, engine)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.tools.stopping.set())
    log.info("ready")
    worker.run()
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
