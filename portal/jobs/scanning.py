"""The scan task: a child process looks, this process checks what it tells, and the page sees it grow."""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import IO, Any

from portal.jobs.work import NotYet, Work
from portal.services import scan_results, scans
from portal.services.causes import Shelf
from portal.services.scans import Order, Postponed
from portal.settings import ScanSettings, Settings
from scanners import judging, storing
from scanners.data import sets
from scanners.datasets import SHIPPED, DataSets
from scanners.jobs import Finished, NetworkSettings, Progress, ScanEvent, ScanJob, SubjectSeen
from scanners.model import CheckClass, Finding, Observations, Outcome, Subject
from scanners.observations import Reason
from scanners.storing import BadDocument

TICK = 0.3  # seconds between two looks at what has come
HARD_SECONDS = 120.0
HARD_SECONDS_ACTIVE = 300.0
LONGEST_LINE = 16_000_000
MOST_LINES = 20_000
CLEAN_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
RESUME_AFTER = timedelta(seconds=1)


class ScannerFailed(Exception):
    """The scanning process ended without a result, or told something that is none."""


def run(work: Work) -> None:
    """Run one scan to its only end."""
    hospital_id, scan_id = work.argument("hospital_id"), work.argument("scan_id")
    with work.step() as session:
        order = scans.start(session, hospital_id, scan_id, now=work.now())
    match order:
        case None:
            with work.last_step():
                return
        case Postponed():
            raise NotYet(order.until)
        case Order():
            _look(work, order, _Sight(classes=order.classes, data=shelf(work.tools.settings).today))


@dataclass
class _Sight:
    """What has been seen so far, and what of it the database does not have yet."""

    classes: frozenset[CheckClass]
    data: DataSets = SHIPPED
    seen: dict[Subject, Observations] = field(default_factory=dict)
    changed: set[Subject] = field(default_factory=set)
    told: dict[tuple[Subject, str], Finding] = field(default_factory=dict)
    progress: Progress | None = None
    progress_changed: bool = False
    finished: Finished | None = None

    def take(self, event: ScanEvent) -> None:
        match event:
            case Progress():
                self.progress, self.progress_changed = event, True
            case SubjectSeen():
                self.seen[event.observations.subject] = event.observations
                self.changed.add(event.observations.subject)
            case Finished():
                self.finished = event

    def news(self) -> tuple[list[Observations], list[Finding]]:
        """What to write now: changed subjects, and their findings that say something new."""
        observations = [self.seen[subject] for subject in sorted(self.changed)]
        self.changed.clear()
        findings = []
        for finding in judging.judge(observations, classes=self.classes, data=self.data):
            place = finding.subject, finding.check_id
            if not _is_early(finding) and self.told.get(place) != finding:
                self.told[place] = finding
                findings.append(finding)
        return observations, findings

    def all(self) -> tuple[list[Observations], tuple[Finding, ...]]:
        observations = [self.seen[subject] for subject in sorted(self.seen)]
        return observations, judging.judge(observations, classes=self.classes, data=self.data)


def _is_early(finding: Finding) -> bool:
    """Not looked at yet is not worth a line on the page; at the end it is."""
    return finding.outcome is Outcome.UNKNOWN and finding.reason is Reason.NOT_CONFIGURED


def _look(work: Work, order: Order, sight: _Sight) -> None:
    hospital_id, scan_id = work.argument("hospital_id"), work.argument("scan_id")
    active = CheckClass.ACTIVE in order.classes
    deadline = time.monotonic() + (HARD_SECONDS_ACTIVE if active else HARD_SECONDS)
    with _scanner(work, order) as lines:
        over = False
        while not over:
            over = _collect(lines, sight, until=time.monotonic() + TICK)
            if work.lost.is_set():
                return
            if work.tools.stopping.is_set():
                raise NotYet(work.now() + RESUME_AFTER, why="the worker was asked to end")
            if not _tick(work, sight):
                with work.last_step() as session:
                    scans.end_stopped(session, hospital_id, scan_id, now=work.now())
                return
            if time.monotonic() > deadline:
                break
    if not sight.seen or (over and sight.finished is None):
        raise ScannerFailed("the scanning process ended without a result")
    seen, findings = sight.all()
    with work.last_step() as session:
        scan_results.complete(
            session,
            hospital_id,
            scan_id,
            seen=seen,
            findings=findings,
            short=_why_short(sight),
            shelf=replace(shelf(work.tools.settings), today=sight.data),
            now=work.now(),
        )


def _why_short(sight: _Sight) -> str:
    if sight.finished is None:
        return scan_results.HARD_DEADLINE
    return scan_results.SOFT_DEADLINE if sight.finished.reason is not None else ""


def _tick(work: Work, sight: _Sight) -> bool:
    """Write what is new; False when somebody wants the scan to end. Every look renews the lease and checks it."""
    hospital_id, scan_id = work.argument("hospital_id"), work.argument("scan_id")
    observations, findings = sight.news()
    with work.step() as session:
        if scans.must_stop(session, hospital_id, scan_id):
            return False
        scan_results.store(session, hospital_id, scan_id, seen=observations, findings=findings)
        if sight.progress is not None and sight.progress_changed:
            sight.progress_changed = False
            scans.show_progress(
                session,
                hospital_id,
                scan_id,
                stage=sight.progress.stage,
                done=sight.progress.done,
                total=sight.progress.total,
            )
    return True


def look_again(work: Work) -> None:
    """Look once more at the hosts whose failures may have passed by themselves."""
    hospital_id, scan_id = work.argument("hospital_id"), work.argument("scan_id")
    with work.step() as session:
        order = scans.start_second_look(session, hospital_id, scan_id, work.argument("hosts"), now=work.now())
    if isinstance(order, Postponed):
        raise NotYet(order.until)
    findings: tuple[Finding, ...] = ()
    if order is not None:
        findings = _quietly(work, order)
    with work.last_step() as session:
        if findings:
            kept = shelf(work.tools.settings)
            scan_results.settle(session, hospital_id, scan_id, findings, shelf=kept, now=work.now())


def _quietly(work: Work, order: Order) -> tuple[Finding, ...]:
    """A scan that shows nothing on the way."""
    sight = _Sight(classes=order.classes, data=shelf(work.tools.settings).today)
    deadline = time.monotonic() + HARD_SECONDS
    with _scanner(work, order) as lines:
        while not _collect(lines, sight, until=time.monotonic() + TICK):
            if work.lost.is_set() or time.monotonic() > deadline:
                break
            if work.tools.stopping.is_set():
                raise NotYet(work.now() + RESUME_AFTER, why="the worker was asked to end")
            if not _may_go_on(work):
                return ()
    if sight.finished is None:
        raise ScannerFailed("the scanning process ended without a result")
    return sight.all()[1]


def _may_go_on(work: Work) -> bool:
    hospital_id, scan_id = work.argument("hospital_id"), work.argument("scan_id")
    with work.step() as session:
        order = scans.start_second_look(session, hospital_id, scan_id, work.argument("hosts"), now=work.now())
    return order is not None


# ---- the child


Lines = queue.Queue[bytes | None]


def _collect(lines: Lines, sight: _Sight, *, until: float) -> bool:
    """Take events until the moment; True when the child has said its last."""
    while (left := until - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            return False
        if line is None:
            return True
        sight.take(_event(line))
    return False


def _event(line: bytes) -> ScanEvent:
    """What the child tells is checked like anything from outside."""
    try:
        return storing.load_event(json.loads(line))
    except (ValueError, RecursionError, BadDocument) as error:
        raise ScannerFailed("the scanning process told something that is no event") from error


@contextmanager
def _scanner(work: Work, order: Order) -> Iterator[Lines]:
    """The child with a clean environment, in a group of its own that is gone when we are done."""
    job = ScanJob(hosts=order.hosts, classes=order.classes, at=work.now(), network=network(work.tools.settings.scan))
    child = subprocess.Popen(  # noqa: S603 - our own program, no shell
        work.tools.scanner,
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    lines: Lines = queue.Queue(maxsize=1000)
    reader = threading.Thread(target=_read, args=(child.stdout, lines), daemon=True)
    try:
        # stdin stays open: when this process is gone, however it went, the child notices and ends.
        with suppress(BrokenPipeError):
            child.stdin.write(json.dumps(storing.dump_job(job)).encode() + b"\n")
            child.stdin.flush()
        reader.start()
        yield lines
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        _drain(reader, lines)
        with suppress(BrokenPipeError):
            child.stdin.close()
        child.stdout.close()


def _read(pipe: IO[bytes], lines: Lines) -> None:
    with suppress(ValueError):  # the pipe was closed under us
        for _ in range(MOST_LINES):
            line = pipe.readline(LONGEST_LINE)
            if not line.endswith(b"\n"):
                break
            lines.put(line)
    lines.put(None)


def _drain(reader: threading.Thread, lines: Lines) -> None:
    while reader.is_alive():
        with suppress(queue.Empty):
            lines.get(timeout=0.05)


def shelf(settings: Settings) -> Shelf:
    """The data to judge by, and those of earlier days as far as they are kept."""
    folder = settings.datasets_dir

    def of_version(version: str) -> DataSets | None:
        try:
            return SHIPPED if version == SHIPPED.version else sets.load(folder / version)
        except sets.BadDataSets:
            return None

    return Shelf(today=sets.current(folder), of_version=of_version)


def network(settings: ScanSettings) -> NetworkSettings:
    """The operator's settings as the scanner knows them."""
    values: dict[str, Any] = {
        "resolver": settings.resolver,
        "resolver_port": settings.resolver_port,
        "port_map": dict(settings.port_map),
        "allowed_networks": settings.allowed_networks,
        "denied_networks": settings.denied_networks,
        "trust_roots_pem": settings.trust_roots_pem,
        "permitted_suffixes": settings.permitted_suffixes,
        "contact_url": settings.contact_url,
        "reference_tls_host": settings.reference_tls_host,
        "reference_smtp_host": settings.reference_smtp_host,
        "origin_zone": settings.origin_zone,
        "route_validator": settings.route_validator,
    }
    return NetworkSettings(**values)
