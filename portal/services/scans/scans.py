"""Scans: asked for, allowed, started and stopped; scan_results.py keeps what they saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.jobs import Job, JobState
from portal.db.models.scans import ScanRun, ScanSide, ScanState
from portal.db.models.vendors import Host, Vendor
from portal.errors import NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, company_of, hospital_of
from portal.services.jobs import JobKind
from portal.services.scans import domain_control, permissions, scan_budgets, scan_results
from portal.services.scans.permissions import Permission
from scanners import catalogue, targets
from scanners.model import N_, CheckClass, Message, Subject, SubjectKind

WAIT_FOR_THE_OTHER = timedelta(seconds=3)
LONGEST_WAIT_FOR_PROOF = timedelta(minutes=2)

BY_ITSELF = "Kettenblick"  # who starts a scan that begins at its time

LIVE = (ScanState.QUEUED, ScanState.RUNNING)

STOPPED = N_("The scan was stopped.")
GAVE_UP = N_("The scan failed several times; this is our error. Earlier results stay.")


@dataclass(frozen=True, kw_only=True)
class Order:
    """A scan that may start now."""

    hosts: tuple[str, ...]
    classes: frozenset[CheckClass]
    active_hosts: tuple[str, ...] = ()  # of the hosts, those the active class may look at today
    active_domains: tuple[str, ...] = ()
    agreed: frozenset[Subject] = frozenset()  # what the company agreed to have looked at actively, today or not
    kinds: tuple[str, ...] = ()  # only these kinds of observation; empty: all that belong to a scan


class Ruling(Enum):
    """What becomes of a scan that runs, asked at every look at it."""

    GO_ON = "go on"
    ANEW = "anew"  # somebody took a part of its permission back: it ends, and what is left is looked at afresh
    STOP = "stop"


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
    run = ScanRun(
        hospital_id=hospital_id,
        vendor_id=vendor_id,
        assessment_id=assessment.id if assessment else None,
        side=ScanSide.HOSPITAL,
        started_by=actor.label[:200],
        ground=_ground_of(hosts),
    )
    return _queue(session, actor, run, hosts, now=now)


def _ground_of(hosts: Sequence[Host]) -> str:
    return "; ".join(sorted({f"{host.ground.value}: {host.ground_note}".rstrip(": ") for host in hosts}))[:300]


def queue_by_cadence(
    session: Session, hospital_id: str, vendor_id: str, names: Sequence[str], *, now: datetime
) -> ScanRun:
    """Look again by itself at these of the hosts; passive and standard class only. See rescans."""
    assessment = permissions.newest_assessment(session, hospital_id, vendor_id)
    wanted = set(names)
    hosts = [host for host in permissions.hosts_in_scope(session, hospital_id, vendor_id) if host.name in wanted]
    run = ScanRun(
        hospital_id=hospital_id,
        vendor_id=vendor_id,
        assessment_id=assessment.id if assessment else None,
        side=ScanSide.HOSPITAL,
        started_by=BY_ITSELF,
        ground=_ground_of(hosts),
        is_rescan=True,
    )
    return _queue(session, SYSTEM, run, hosts, now=now)


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
    if assessment.company_id is not None:
        raise NotFound
    actor = Actor(name=invitation.name or invitation.email, email=invitation.email)
    hosts = permissions.hosts_in_scope(session, assessment.hospital_id, assessment.vendor_id)
    return _queue(session, actor, _of_company(assessment, actor, kept_back=True), hosts, now=now)


def queue_for_oneself(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> ScanRun:
    """The company looks at the hosts it has shown to control, for itself: no hospital sees it until it is released."""
    company_id = company_of(actor)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    hosts = permissions.hosts_in_scope(session, assessment.hospital_id, assessment.vendor_id)
    known = domain_control.standings(session, company_id, [host.name for host in hosts], email=actor.email, now=now)
    shown = [host for host in hosts if known[host.name].reach is not None]
    if not shown:
        raise NotNow(Message(text=N_("Show first that your company controls one of the hosts.")))
    return _queue(session, actor, _of_company(assessment, actor, kept_back=True), shown, now=now)


def _queue_for_company(session: Session, actor: Actor, assessment: Assessment, *, now: datetime) -> ScanRun:
    hosts = permissions.hosts_in_scope(session, assessment.hospital_id, assessment.vendor_id)
    return _queue(session, actor, _of_company(assessment, actor, kept_back=False), hosts, now=now)


def _of_company(assessment: Assessment, actor: Actor, *, kept_back: bool) -> ScanRun:
    return ScanRun(
        hospital_id=assessment.hospital_id,
        vendor_id=assessment.vendor_id,
        assessment_id=assessment.id,
        side=ScanSide.COMPANY,
        started_by=actor.label[:200],
        ground="company",
        kept_back=kept_back,
    )


def _queue(session: Session, actor: Actor, run: ScanRun, hosts: Sequence[Host], *, now: datetime) -> ScanRun:
    names = tuple(host.name for host in hosts)
    if not names:
        raise NotNow(Message(text=N_("Add a host first.")))
    scan_budgets.in_turn(session)  # of two at once the second finds that one runs
    live = select(ScanRun.id).where(
        ScanRun.hospital_id == run.hospital_id, ScanRun.vendor_id == run.vendor_id, ScanRun.state.in_(LIVE)
    )
    if run.side is ScanSide.HOSPITAL:  # which does not hear of what the company looks at for itself
        live = live.where(ScanRun.kept_back.is_(False))
    if session.scalars(live.limit(1)).first() is not None:
        raise NotNow(Message(text=N_("A scan of this vendor is already running.")))
    allowed = permissions.permitted(session, run.hospital_id, run.vendor_id, names, now=now)
    if not allowed.hosts:
        raise NotNow(Message(text=allowed.reason))
    if allowed.is_window_over and run.side is ScanSide.HOSPITAL:
        raise NotNow(Message(text=permissions.WINDOW_OVER))
    scan_budgets.count_names(session, allowed.hosts, most=scan_budgets.most_a_day(run.side), now=now)
    allowed = _within(run, allowed)
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
        session, actor, "scan.queued", run.id, now=now, scope=scan_results.scope_of(session, run), detail=detail
    )
    return run


# ---- stopping


def stop(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> int:
    """Stop what runs or waits for this vendor, but what the company looks at for itself; the hospital's own act."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    live = _live(session, hospital_id, vendor_id)
    return _stop_all(session, actor, [run for run in live if not run.kept_back], now=now)


def stop_for_vendor(session: Session, actor: Actor, hospital_id: str, vendor_id: str, *, now: datetime) -> int:
    """Stop what runs or waits: a withdrawal reaches a running scan within a second. Returns how many."""
    return _stop_all(session, actor, _live(session, hospital_id, vendor_id), now=now)


def _live(session: Session, hospital_id: str, vendor_id: str) -> Sequence[ScanRun]:
    return session.scalars(
        select(ScanRun).where(
            ScanRun.hospital_id == hospital_id, ScanRun.vendor_id == vendor_id, ScanRun.state.in_(LIVE)
        )
    ).all()


def _stop_all(session: Session, actor: Actor, runs: Sequence[ScanRun], *, now: datetime) -> int:
    for run in runs:
        run.stop_requested_at = run.stop_requested_at or now
        if run.state is ScanState.QUEUED:
            scan_results.end(run, ScanState.STOPPED, STOPPED, now=now)
        audit.record(session, actor, "scan.stopped", run.id, now=now, scope=scan_results.scope_of(session, run))
    return len(runs)


def end_stopped(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> None:
    """Somebody stopped it: what had been seen goes."""
    run = session.get(ScanRun, scan_id, populate_existing=True)
    if run is None or run.hospital_id != hospital_id:
        return
    scan_results.forget(session, run)
    scan_results.end(run, ScanState.STOPPED, STOPPED, now=now)


def give_up(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> None:
    """Every try failed; what earlier scans saw stays what we know."""
    run = session.get(ScanRun, scan_id, populate_existing=True)
    if run is None or run.hospital_id != hospital_id or run.state not in LIVE:
        return
    scan_results.forget(session, run)
    scan_results.end(run, ScanState.FAILED, GAVE_UP, now=now)
    scan_results.tell_scores(session, run, now=now)
    audit.record(session, SYSTEM, "scan.failed", scan_id, now=now, scope=scan_results.scope_of(session, run))


# ---- for the worker


def start(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> Order | Postponed | None:
    """Begin, from nothing, also when an earlier try left half a result. None: it is over already, or forgotten."""
    scan_budgets.in_turn(session)
    run = session.get(ScanRun, scan_id, populate_existing=True)
    if run is None or run.hospital_id != hospital_id or run.state not in LIVE:
        return None
    if run.stop_requested_at is not None:
        scan_results.end(run, ScanState.STOPPED, STOPPED, now=now)
        return None
    allowed = _within(run, permissions.permitted(session, hospital_id, run.vendor_id, run.hosts, now=now))
    if not allowed.hosts or (allowed.is_window_over and run.side is ScanSide.HOSPITAL):
        scan_results.end(run, ScanState.STOPPED, allowed.reason or permissions.WINDOW_OVER, now=now)
        return None
    if allowed.not_before is not None and run.side is ScanSide.HOSPITAL:
        return Postponed(until=allowed.not_before)
    if is_busy(session, set(allowed.hosts), but=run.id, now=now) or _renews_proofs(session, run, now=now):
        return Postponed(until=now + WAIT_FOR_THE_OTHER)
    scan_results.forget(session, run)
    run.state, run.started_at, run.progress = ScanState.RUNNING, now, None
    run.hosts, run.active_hosts = list(allowed.hosts), list(allowed.active_hosts)
    run.classes = sorted(one.value for one in allowed.classes)
    run.catalogue_version = catalogue.CATALOGUE_VERSION
    return _order(session, run, allowed, now=now)


def _within(run: ScanRun, allowed: Permission) -> Permission:
    """What begins by itself never looks actively, whatever the company has agreed to."""
    if not run.is_rescan:
        return allowed
    return replace(allowed, classes=permissions.ORDINARY, active_hosts=(), active_domains=())


def _order(session: Session, run: ScanRun, allowed: Permission, *, now: datetime) -> Order:
    """What the child is sent to do; the active class once a day, whichever hospital asks."""
    active = scan_budgets.take_active(session, run, allowed.active_hosts, now=now)
    domains = {targets.registrable(name) for name in active}
    return Order(
        hosts=allowed.hosts,
        classes=allowed.classes if active else allowed.classes - {CheckClass.ACTIVE},
        active_hosts=active,
        active_domains=tuple(name for name in allowed.active_domains if name in domains),
        agreed=frozenset(
            {Subject(kind=SubjectKind.HOST, name=name) for name in allowed.active_hosts}
            | {Subject(kind=SubjectKind.DOMAIN, name=name) for name in allowed.active_domains}
        ),
    )


def _renews_proofs(session: Session, run: ScanRun, *, now: datetime) -> bool:
    """A proof of control that is too old is looked at anew before an active scan, which waits for it."""
    waiting = False
    if run.is_rescan:
        return waiting
    for row in permissions.stale_controls(session, run.hospital_id, run.vendor_id, run.hosts, now=now):
        if row.asked_at is None and (row.checked_at is None or row.checked_at < run.created_at):
            domain_control.want(session, row, now=now)
        waiting = waiting or (row.asked_at is not None and now < row.asked_at + LONGEST_WAIT_FOR_PROOF)
    return waiting


def rule(session: Session, hospital_id: str, scan_id: str, order: Order, *, now: datetime) -> Ruling:
    """Whether a running scan may go on as it was begun: consents and hosts are asked again at every look."""
    if must_stop(session, hospital_id, scan_id):
        return Ruling.STOP
    run = session.get_one(ScanRun, scan_id)
    allowed = permissions.permitted(session, hospital_id, run.vendor_id, order.hosts, now=now)
    if not allowed.hosts or (allowed.is_window_over and run.side is ScanSide.HOSPITAL):
        return Ruling.STOP
    is_whole = set(order.hosts) <= set(allowed.hosts) and set(order.active_hosts) <= set(allowed.active_hosts)
    return Ruling.GO_ON if is_whole else Ruling.ANEW


def start_second_look(
    session: Session, hospital_id: str, scan_id: str, hosts: Sequence[str], *, now: datetime
) -> Order | Postponed | None:
    """Look again at what failed provisionally. None: a newer scan has answered, or nobody may look any more."""
    scan_budgets.in_turn(session)
    run = session.get(ScanRun, scan_id)
    if run is None or run.hospital_id != hospital_id:
        return None
    good = (
        scan_results.latest_good_of_company(
            session, hospital_id, run.vendor_id, scan_results.company_of_run(session, run)
        )
        if run.kept_back
        else scan_results.latest_good(session, hospital_id, run.vendor_id)
    )
    allowed = permissions.permitted(session, hospital_id, run.vendor_id, hosts, now=now)
    if good is None or good.id != run.id or not allowed.hosts:
        return None
    if allowed.is_window_over and run.side is ScanSide.HOSPITAL:
        return None
    if is_busy(session, set(allowed.hosts), but=run.id, now=now):
        return Postponed(until=now + WAIT_FOR_THE_OTHER)
    then = frozenset(run.active_hosts or ())
    active = tuple(name for name in allowed.active_hosts if name in then)
    return _order(session, run, replace(allowed, active_hosts=active), now=now)


def is_busy(session: Session, names: set[str], *, but: str, now: datetime) -> bool:
    """Whether somebody looks at one of these names at this moment, for whichever hospital."""
    running = session.execute(
        select(ScanRun.id, ScanRun.hosts).where(ScanRun.state == ScanState.RUNNING, ScanRun.id != but)
    ).all()
    second = session.scalars(
        select(Job.args).where(
            Job.kind.in_([JobKind.SECOND_LOOK.value, JobKind.RECHECK.value, JobKind.PUBLIC_LOOK.value]),
            Job.state == JobState.RUNNING,
            Job.lease_until > now,
            Job.id != but,
        )
    ).all()
    looked_at = [hosts for _id, hosts in running] + [args["hosts"] for args in second if args.get("scan_id") != but]
    return any(names & set(hosts) for hosts in looked_at)


def must_stop(session: Session, hospital_id: str, scan_id: str) -> bool:
    """Whether somebody asked for the end of a running scan."""
    asked = session.execute(
        select(ScanRun.stop_requested_at, ScanRun.state).where(
            ScanRun.hospital_id == hospital_id, ScanRun.id == scan_id
        )
    ).one()
    return asked[0] is not None or asked[1] is not ScanState.RUNNING


def show_progress(
    session: Session,
    hospital_id: str,
    scan_id: str,
    *,
    stage: str,
    done: int,
    total: int,
    groups: Mapping[str, tuple[int, int]] | None = None,
) -> None:
    """How far a running scan has come, for the page."""
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    if run.hospital_id == hospital_id:
        run.progress = {"stage": stage[:200], "done": done, "total": total, "groups": dict(groups or {})}


# ---- reading


def find(session: Session, hospital_id: str, scan_id: str) -> ScanRun:
    """One run that a hospital may know of."""
    run = session.get(ScanRun, scan_id)
    if run is None or run.hospital_id != hospital_id or run.kept_back:
        raise NotFound
    return run


def newest(session: Session, hospital_id: str, vendor_id: str, *, limit: int = 20) -> Sequence[ScanRun]:
    """The latest runs of a vendor that the hospital may know of, newest first."""
    runs = _runs(hospital_id, vendor_id).where(ScanRun.kept_back.is_(False))
    return session.scalars(runs.limit(limit)).all()


def newest_of_company(session: Session, assessment: Assessment) -> ScanRun | None:
    """The latest run of all, also one that the company of this round looked at for itself."""
    runs = _runs(assessment.hospital_id, assessment.vendor_id).where(scan_results.known_to(assessment.company_id))
    return session.scalars(runs.limit(1)).first()


def _runs(hospital_id: str, vendor_id: str) -> Select[ScanRun]:
    return (
        select(ScanRun)
        .where(ScanRun.hospital_id == hospital_id, ScanRun.vendor_id == vendor_id)
        .order_by(ScanRun.created_at.desc(), ScanRun.id)
    )
