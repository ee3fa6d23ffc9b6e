"""Scans: asked for, allowed, started and stopped; scan_results.py keeps what they saw."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.jobs import Job, JobState
from portal.db.models.scans import ScanCount, ScanRun, ScanSide, ScanState
from portal.db.models.vendors import Host, Vendor
from portal.errors import NotFound, NotNow
from portal.services import audit, jobs, permissions, scan_results
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, company_of, hospital_of
from portal.services.jobs import JobKind
from scanners import catalogue
from scanners.model import N_, CheckClass, Message

A_DAY_BY_HOSPITALS = 4  # scans of a name, over all hospitals
A_DAY_BY_COMPANY = 20
WAIT_FOR_THE_OTHER = timedelta(seconds=3)
START_LOCK = 7_301_126

LIVE = (ScanState.QUEUED, ScanState.RUNNING)

STOPPED = N_("The scan was stopped.")
GAVE_UP = N_("The scan failed several times; this is our error. Earlier results stay.")


@dataclass(frozen=True, kw_only=True)
class Order:
    """A scan that may start now."""

    hosts: tuple[str, ...]
    classes: frozenset[CheckClass]


@dataclass(frozen=True, kw_only=True)
class Postponed:
    """Not yet: another scan looks at one of these names, or the company's time window has not begun."""

    until: datetime


def queue_by_hospital(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> ScanRun:
    """Look at the hosts the hospital named, each on its recorded ground; passive and standard class."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.hospital_id != hospital_id or vendor.ended_at is not None:
        raise NotFound
    assessment = permissions.newest_assessment(session, hospital_id, vendor_id)
    hosts = permissions.hosts_in_scope(session, hospital_id, vendor_id)
    ground = "; ".join(sorted({f"{host.ground.value}: {host.ground_note}".rstrip(": ") for host in hosts}))
    run = ScanRun(
        hospital_id=hospital_id,
        vendor_id=vendor_id,
        assessment_id=assessment.id if assessment else None,
        side=ScanSide.HOSPITAL,
        started_by=actor.label[:200],
        ground=ground[:300],
    )
    return _queue(session, actor, run, hosts, most_a_day=A_DAY_BY_HOSPITALS, now=now)


def queue_by_company(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> ScanRun:
    """The company looks at itself, or again after it has mended something."""
    company_id = company_of(actor)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    return _queue_for_company(session, actor, assessment, now=now)


def queue_by_invitation(session: Session, invitation: Invitation, *, now: datetime) -> ScanRun:
    """The invited person looks at their own hosts before they have an account; found by token, nothing redeemed."""
    assessment = session.get_one(Assessment, invitation.assessment_id)
    actor = Actor(name=invitation.name or invitation.email, email=invitation.email)
    return _queue_for_company(session, actor, assessment, now=now)


def _queue_for_company(session: Session, actor: Actor, assessment: Assessment, *, now: datetime) -> ScanRun:
    run = ScanRun(
        hospital_id=assessment.hospital_id,
        vendor_id=assessment.vendor_id,
        assessment_id=assessment.id,
        side=ScanSide.COMPANY,
        started_by=actor.label[:200],
        ground="company",
    )
    hosts = permissions.hosts_in_scope(session, assessment.hospital_id, assessment.vendor_id)
    return _queue(session, actor, run, hosts, most_a_day=A_DAY_BY_COMPANY, now=now)


def _queue(
    session: Session, actor: Actor, run: ScanRun, hosts: Sequence[Host], *, most_a_day: int, now: datetime
) -> ScanRun:
    names = tuple(host.name for host in hosts)
    if not names:
        raise NotNow(Message(text=N_("Add a host first.")))
    live = select(ScanRun.id).where(
        ScanRun.hospital_id == run.hospital_id, ScanRun.vendor_id == run.vendor_id, ScanRun.state.in_(LIVE)
    )
    if session.scalars(live.limit(1)).first() is not None:
        raise NotNow(Message(text=N_("A scan of this vendor is already running.")))
    allowed = permissions.permitted(session, run.hospital_id, run.vendor_id, names, now=now)
    if not allowed.hosts:
        raise NotNow(Message(text=allowed.reason))
    if allowed.is_window_over and run.side is ScanSide.HOSPITAL:
        raise NotNow(Message(text=permissions.WINDOW_OVER))
    _count(session, allowed.hosts, most=most_a_day, now=now)
    run.hosts = list(allowed.hosts)
    run.classes = sorted(one.value for one in allowed.classes)
    run.state = ScanState.QUEUED
    run.created_at = now
    session.add(run)
    session.flush()  # the job and the audit trail name it
    jobs.add(
        session,
        JobKind.SCAN,
        {"hospital_id": run.hospital_id, "scan_id": run.id},
        now=now,
        tenant=run.hospital_id,
    )
    detail = {"vendor": run.vendor_id, "hosts": run.hosts, "classes": run.classes, "ground": run.ground}
    audit.record(
        session, actor, "scan.queued", run.id, now=now, scope=audit.hospital_scope(run.hospital_id), detail=detail
    )
    return run


def _count(session: Session, names: Collection[str], *, most: int, now: datetime) -> None:
    """One more scan of each name today, over all hospitals."""
    day = now.astimezone(UTC).date().isoformat()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for name in sorted(names):  # always in this order, so that two transactions never wait for each other
        statement = insert(ScanCount).values(name=name, day=day, count=1)
        counted = session.execute(
            statement.on_conflict_do_update(
                index_elements=["name", "day"], set_={"count": ScanCount.count + 1}
            ).returning(ScanCount.count)
        ).scalar_one()
        if counted > most:
            raise NotNow(Message(text=N_("%(name)s was scanned as often as it may be today."), values={"name": name}))


# ---- stopping


def stop(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> int:
    """Stop what runs or waits for this vendor; the hospital's own act."""
    return stop_for_vendor(session, actor, hospital_of(actor, HOSPITAL_WRITERS), vendor_id, now=now)


def stop_for_vendor(session: Session, actor: Actor, hospital_id: str, vendor_id: str, *, now: datetime) -> int:
    """Stop what runs or waits: a withdrawal reaches a running scan within a second. Returns how many."""
    runs = session.scalars(
        select(ScanRun).where(
            ScanRun.hospital_id == hospital_id, ScanRun.vendor_id == vendor_id, ScanRun.state.in_(LIVE)
        )
    ).all()
    for run in runs:
        run.stop_requested_at = run.stop_requested_at or now
        if run.state is ScanState.QUEUED:
            scan_results.end(run, ScanState.STOPPED, STOPPED, now=now)
        audit.record(session, actor, "scan.stopped", run.id, now=now, scope=audit.hospital_scope(hospital_id))
    return len(runs)


def end_stopped(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> None:
    """Somebody stopped it: what had been seen goes."""
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    if run.hospital_id != hospital_id:
        return
    scan_results.forget(session, run)
    scan_results.end(run, ScanState.STOPPED, STOPPED, now=now)


def give_up(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> None:
    """Every try failed; what earlier scans saw stays what we know."""
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    if run.hospital_id != hospital_id or run.state not in LIVE:
        return
    scan_results.forget(session, run)
    scan_results.end(run, ScanState.FAILED, GAVE_UP, now=now)
    scan_results.tell_scores(session, run, now=now)
    audit.record(session, SYSTEM, "scan.failed", scan_id, now=now, scope=audit.hospital_scope(hospital_id))


# ---- for the worker


def start(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> Order | Postponed | None:
    """Begin, from nothing, also when an earlier try left half a result. None: it is over already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(START_LOCK)))  # one looks who runs, then the next
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    if run.hospital_id != hospital_id or run.state not in LIVE:
        return None
    if run.stop_requested_at is not None:
        scan_results.end(run, ScanState.STOPPED, STOPPED, now=now)
        return None
    allowed = permissions.permitted(session, hospital_id, run.vendor_id, run.hosts, now=now)
    if not allowed.hosts or (allowed.is_window_over and run.side is ScanSide.HOSPITAL):
        scan_results.end(run, ScanState.STOPPED, allowed.reason or permissions.WINDOW_OVER, now=now)
        return None
    if allowed.not_before is not None and run.side is ScanSide.HOSPITAL:
        return Postponed(until=allowed.not_before)
    if _is_busy(session, set(allowed.hosts), but=run.id, now=now):
        return Postponed(until=now + WAIT_FOR_THE_OTHER)
    scan_results.forget(session, run)
    run.state, run.started_at, run.progress = ScanState.RUNNING, now, None
    run.hosts = list(allowed.hosts)
    run.catalogue_version = catalogue.CATALOGUE_VERSION
    classes = allowed.classes & frozenset(CheckClass(one) for one in run.classes)
    return Order(hosts=allowed.hosts, classes=classes)


def start_second_look(
    session: Session, hospital_id: str, scan_id: str, hosts: Sequence[str], *, now: datetime
) -> Order | Postponed | None:
    """Look again at what failed provisionally. None: a newer scan has answered, or nobody may look any more."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(START_LOCK)))
    run = session.get(ScanRun, scan_id)
    if run is None or run.hospital_id != hospital_id:
        return None
    good = scan_results.latest_good(session, hospital_id, run.vendor_id)
    allowed = permissions.permitted(session, hospital_id, run.vendor_id, hosts, now=now)
    if good is None or good.id != run.id or not allowed.hosts:
        return None
    if allowed.is_window_over and run.side is ScanSide.HOSPITAL:
        return None
    if _is_busy(session, set(allowed.hosts), but=run.id, now=now):
        return Postponed(until=now + WAIT_FOR_THE_OTHER)
    return Order(hosts=allowed.hosts, classes=allowed.classes & frozenset(CheckClass(one) for one in run.classes))


def _is_busy(session: Session, names: set[str], *, but: str, now: datetime) -> bool:
    """Whether somebody looks at one of these names at this moment, for whichever hospital."""
    running = session.execute(
        select(ScanRun.id, ScanRun.hosts).where(ScanRun.state == ScanState.RUNNING, ScanRun.id != but)
    ).all()
    second = session.scalars(
        select(Job.args).where(
            Job.kind == JobKind.SECOND_LOOK.value, Job.state == JobState.RUNNING, Job.lease_until > now
        )
    ).all()
    looked_at = [hosts for _id, hosts in running] + [args["hosts"] for args in second if args["scan_id"] != but]
    return any(names & set(hosts) for hosts in looked_at)


def must_stop(session: Session, hospital_id: str, scan_id: str) -> bool:
    """Whether somebody asked for the end of a running scan."""
    asked = session.execute(
        select(ScanRun.stop_requested_at, ScanRun.state).where(
            ScanRun.hospital_id == hospital_id, ScanRun.id == scan_id
        )
    ).one()
    return asked[0] is not None or asked[1] is not ScanState.RUNNING


def show_progress(session: Session, hospital_id: str, scan_id: str, *, stage: str, done: int, total: int) -> None:
    """How far a running scan has come, for the page."""
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    if run.hospital_id == hospital_id:
        run.progress = {"stage": stage[:200], "done": done, "total": total}


# ---- reading


def find(session: Session, hospital_id: str, scan_id: str) -> ScanRun:
    """One run of a hospital."""
    run = session.get(ScanRun, scan_id)
    if run is None or run.hospital_id != hospital_id:
        raise NotFound
    return run


def find_for_company(session: Session, actor: Actor, assessment_id: str, scan_id: str) -> ScanRun:
    """One run that a company may see, at once and wholly: it is about itself."""
    company_id = company_of(actor)
    assessment = session.get(Assessment, assessment_id)
    run = session.get(ScanRun, scan_id)
    if assessment is None or assessment.company_id != company_id or run is None:
        raise NotFound
    if (run.hospital_id, run.vendor_id) != (assessment.hospital_id, assessment.vendor_id):
        raise NotFound
    return run


def newest(session: Session, hospital_id: str, vendor_id: str, *, limit: int = 20) -> Sequence[ScanRun]:
    """The latest runs of a vendor, newest first."""
    return session.scalars(
        select(ScanRun)
        .where(ScanRun.hospital_id == hospital_id, ScanRun.vendor_id == vendor_id)
        .order_by(ScanRun.created_at.desc(), ScanRun.id)
        .limit(limit)
    ).all()
