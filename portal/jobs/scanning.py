"""The scan task: a child process looks, this process checks what it tells, and the page sees it grow."""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from portal import network
from portal.db.models.scans import ScanRun
from portal.jobs import scanner
from portal.jobs.scanner import Child, ScannerFailed
from portal.jobs.work import NotYet, Work
from portal.services.jobs import JobKind
from portal.services.scans import mail_sessions, public_looks, rechecks, scan_budgets, scan_results, scans
from portal.services.scans.causes import Shelf
from portal.services.scans.scan_budgets import Answer
from portal.services.scans.scans import Order, Postponed, Ruling
from portal.settings import ScanSettings, Settings
from scanners import categories, targets
from scanners.data import sets
from scanners.datasets import SHIPPED, DataSets
from scanners.jobs import Finished, Knock, Progress, ScanEvent, ScanJob, SubjectSeen
from scanners.model import Finding, Observations, Outcome, Subject
from scanners.observations import Reason

TICK = 0.3  # seconds between two looks at what has come
SECONDS = 60.0  # what is not seen by then is unknown
SECONDS_ACTIVE = 280.0
HARD_SECONDS = 120.0
HARD_SECONDS_ACTIVE = 300.0
LONGEST_WAIT = 15.0  # seconds at the door of an address that is none of the scan's own hosts
SMTP = 25
RESUME_AFTER = timedelta(seconds=1)


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
            _look(work, order, _Sight(order=order, data=shelf(work.tools.settings).newest))


@dataclass
class _Sight:
    """What has been seen so far, and what of it the database does not have yet."""

    order: Order
    data: DataSets = SHIPPED
    seen: dict[Subject, Observations] = field(default_factory=dict)
    changed: set[Subject] = field(default_factory=set)
    told: dict[tuple[Subject, str], Finding] = field(default_factory=dict)
    progress: Progress | None = None
    progress_changed: bool = False
    finished: Finished | None = None
    is_used_up: bool = False  # an address of our own hosts had enough scans for today
    knocks: dict[Knock, float] = field(default_factory=dict)  # without an answer yet -> since when
    waited: set[Knock] = field(default_factory=set)  # of these, who was told to wait

    def take(self, event: ScanEvent) -> bool:
        """Keep it; whether somebody waits for an answer."""
        match event:
            case Progress():
                self.progress, self.progress_changed = event, True
            case SubjectSeen():
                self.seen[event.observations.subject] = event.observations
                self.changed.add(event.observations.subject)
            case Knock():
                self.knocks[event] = time.monotonic()
            case Finished():
                self.finished = event
        return isinstance(event, Knock)

    def news(self) -> tuple[list[Observations], list[Finding]]:
        """What to write now: changed subjects, and their findings that say something new."""
        observations = [self.seen[subject] for subject in sorted(self.changed)]
        self.changed.clear()
        findings = []
        for finding in self._judged(observations):
            place = finding.subject, finding.check_id
            if not _is_early(finding) and self.told.get(place) != finding:
                self.told[place] = finding
                findings.append(finding)
        return observations, findings

    def all(self) -> tuple[list[Observations], tuple[Finding, ...]]:
        observations = [self.seen[subject] for subject in sorted(self.seen)]
        return observations, self._judged(observations)

    def _judged(self, observations: Sequence[Observations]) -> tuple[Finding, ...]:
        return scan_results.judged(observations, agreed=self.order.agreed, data=self.data)


def _is_early(finding: Finding) -> bool:
    """Not looked at yet is not worth a line on the page; at the end it is."""
    return finding.outcome is Outcome.UNKNOWN and finding.reason is Reason.NOT_CONFIGURED


def _look(work: Work, order: Order, sight: _Sight) -> None:
    hospital_id, scan_id = work.argument("hospital_id"), work.argument("scan_id")
    over = False
    with _child(work, order) as child:
        deadline = time.monotonic() + _hard_seconds(order)
        while not over and time.monotonic() < deadline:
            over = _hear(work, child, sight)
            if work.lost.is_set():
                return
            if not _tick(work, sight):
                with work.last_step() as session:
                    scans.end_stopped(session, hospital_id, scan_id, now=work.now())
                return
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
            shelf=replace(shelf(work.tools.settings), newest=sight.data),
            now=work.now(),
        )
        mail_sessions.keep(session, seen)


def _hard_seconds(order: Order) -> float:
    return HARD_SECONDS_ACTIVE if order.active_hosts else HARD_SECONDS


def _why_short(sight: _Sight) -> str:
    if sight.is_used_up:
        return scan_results.USED_UP
    if sight.finished is None:
        return scan_results.HARD_DEADLINE
    return scan_results.SOFT_DEADLINE if sight.finished.reason is not None else ""


def _hear(work: Work, child: Child, sight: _Sight) -> bool:
    """Listen for one tick, answering whoever knocks; True when the child has said its last."""
    until = time.monotonic() + TICK
    over = False
    while not over and (time.monotonic() < until or sight.knocks.keys() - sight.waited):
        over = child.hear(sight.take, until=max(until, time.monotonic() + 0.001))
        if sight.knocks:
            _answer(work, child, sight)
    if work.tools.stopping.is_set():
        raise NotYet(work.now() + RESUME_AFTER, why="the worker was asked to end")
    return over


def _tick(work: Work, sight: _Sight) -> bool:
    """Write what is new; False when somebody wants the scan to end. Every look renews the lease and checks it."""
    hospital_id, scan_id = work.argument("hospital_id"), work.argument("scan_id")
    observations, findings = sight.news()
    with work.step() as session:
        match scans.rule(session, hospital_id, scan_id, sight.order, now=work.now()):
            case Ruling.STOP:
                return False
            case Ruling.ANEW:
                raise NotYet(work.now(), why="a part of the permission was taken back")
            case Ruling.GO_ON:
                pass
        scan_budgets.renew(session, work.lease.job_id, now=work.now())
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
                groups=categories.grouped(sight.progress.counts),
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
        findings = _quietly(work, order).all()[1]
    with work.last_step() as session:
        if findings:
            kept = shelf(work.tools.settings)
            scan_results.settle(session, hospital_id, scan_id, findings, shelf=kept, now=work.now())


def recheck(work: Work) -> None:
    """Look at one finding again, with the probes that its check needs."""
    hospital_id, recheck_id = work.argument("hospital_id"), work.argument("recheck_id")
    with work.step() as session:
        task = rechecks.start(session, hospital_id, recheck_id, now=work.now())
    if isinstance(task, Postponed):
        raise NotYet(task.until)
    sight = _quietly(work, task.order) if task is not None else None
    with work.last_step() as session:
        if task is not None and sight is not None:
            kept = replace(shelf(work.tools.settings), newest=sight.data)
            rechecks.finish(session, recheck_id, task, sight.seen.values(), shelf=kept, now=work.now())


def look_in_public(work: Work) -> None:
    """Look at the hosts that somebody named who has shown to belong to their domain."""
    job_id = work.lease.job_id
    with work.step() as session:
        order = _public_order(session, work)
    if isinstance(order, Postponed):
        raise NotYet(order.until)
    sight = _quietly(work, order) if order is not None else None
    with work.last_step() as session:
        if sight is not None and sight.seen:
            public_looks.keep(session, job_id, sight.all()[1], reason=_why_short(sight), now=work.now())


def _public_order(session: Session, work: Work) -> Order | Postponed | None:
    is_offered = work.tools.settings.public_looks_a_day > 0
    return public_looks.begin(session, work.lease.job_id, is_offered=is_offered, now=work.now())


def _quietly(work: Work, order: Order) -> _Sight:
    """A scan that shows nothing on the way; what it saw is nothing once it may not go on."""
    sight = _Sight(order=order, data=shelf(work.tools.settings).newest)
    with _child(work, order) as child:
        deadline = time.monotonic() + _hard_seconds(order)
        while not _hear(work, child, sight):
            if work.lost.is_set() or time.monotonic() > deadline:
                break
            if not _may_go_on(work, order):
                return _Sight(order=order, data=sight.data)
    if sight.finished is None:
        raise ScannerFailed("the scanning process ended without a result")
    return sight


def _may_go_on(work: Work, order: Order) -> bool:
    with work.step() as session:
        scan_budgets.renew(session, work.lease.job_id, now=work.now())
        if work.lease.kind is JobKind.PUBLIC_LOOK:
            return _public_order(session, work) is not None
        hospital_id, scan_id = work.argument("hospital_id"), work.argument("scan_id")
        if _is_recheck(work):
            return rechecks.may_go_on(session, hospital_id, work.argument("recheck_id"), order, now=work.now())
        again = scans.start_second_look(session, hospital_id, scan_id, work.argument("hosts"), now=work.now())
    if isinstance(again, Order):
        return set(order.hosts) <= set(again.hosts) and set(order.active_hosts) <= set(again.active_hosts)
    return again is not None


# ---- at the door of an address


def _answer(work: Work, child: Child, sight: _Sight) -> None:
    """Say who may pass: one scan at an address, whichever hospital asked for it."""
    answers: dict[Knock, Answer] = {}
    with work.step() as session:
        scan_budgets.in_turn(session)
        for knock in sorted(sight.knocks, key=lambda one: (one.address, one.active)):
            answers[knock] = (
                _admit(session, work, knock)
                if _is_counted(knock, sight.order, work.tools.settings.scan)
                else Answer.PASS
            )
    for knock, answer in answers.items():
        if answer is Answer.WAIT and knock.host in sight.order.hosts:
            # A host of ours is being looked at: come back later rather than hold other addresses meanwhile.
            raise NotYet(work.now() + scans.WAIT_FOR_THE_OTHER + random_pause(), why="another scan is at the address")
        if answer is Answer.WAIT and time.monotonic() - sight.knocks[knock] < LONGEST_WAIT:
            sight.waited.add(knock)
            continue
        if answer is Answer.REFUSE and knock.host in sight.order.hosts and not knock.active:
            sight.is_used_up = True
        child.tell(f"{'pass' if answer is Answer.PASS else 'refuse'} {knock.budget} {knock.address}")
        del sight.knocks[knock]
        sight.waited.discard(knock)


def _admit(session: Session, work: Work, knock: Knock) -> Answer:
    holder, now = work.lease.job_id, work.now()
    if work.lease.kind is JobKind.PUBLIC_LOOK:
        return scan_budgets.admit_public(session, holder, knock.address, holder=holder, now=now)
    if _is_recheck(work):
        return scan_budgets.admit_recheck(
            session, work.argument("recheck_id"), knock.address, holder=holder, active=knock.active, now=now
        )
    run_ = session.get_one(ScanRun, work.argument("scan_id"))
    return scan_budgets.admit(session, run_, knock.address, holder=holder, active=knock.active, now=now)


def _is_recheck(work: Work) -> bool:
    return "recheck_id" in work.lease.args


def _is_counted(knock: Knock, order: Order, settings: ScanSettings) -> bool:
    """Reference hosts and registries are the operator's choice and have budgets of their own."""
    if knock.host in {settings.reference_tls_host, settings.reference_smtp_host}:
        return False
    domains = {targets.registrable(host) for host in order.hosts}
    return knock.port == SMTP or targets.registrable(knock.host) in domains


def random_pause() -> timedelta:
    """So that two scans that met do not meet again and again."""
    return timedelta(milliseconds=secrets.randbelow(3000))


# ---- what it is begun with


@contextmanager
def _child(work: Work, order: Order) -> Iterator[Child]:
    """The scanning process, and the end of its claims on addresses."""
    with work.step() as session:
        # Who asks whether something is mended wants to know how it is now.
        known = () if _is_recheck(work) else mail_sessions.known(session, now=work.now())
    job = ScanJob(
        hosts=order.hosts,
        classes=order.classes,
        at=work.now(),
        network=network.of(work.tools.settings.scan),
        seconds=SECONDS_ACTIVE if order.active_hosts else SECONDS,
        active_hosts=order.active_hosts,
        active_domains=order.active_domains,
        asks=True,
        kinds=order.kinds,
        known_mail=known,
    )
    try:
        with scanner.started(work, job) as child:
            yield child
    finally:
        with work.tools.sessions.begin() as session:
            scan_budgets.release(session, work.lease.job_id)


def shelf(settings: Settings) -> Shelf:
    """The data to judge by, and those of earlier days as far as they are kept."""
    folder = settings.datasets_dir

    def of_version(version: str) -> DataSets | None:
        try:
            return SHIPPED if version == SHIPPED.version else sets.load(folder / version)
        except sets.BadDataSets:
            return None

    return Shelf(newest=sets.current(folder), of_version=of_version)
