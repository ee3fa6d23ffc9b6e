"""One finding looked at again, at its company's wish: with the probes that its check needs, and so often a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.base import new_id
from portal.db.models.assessments import Assessment
from portal.db.models.findings import Cause
from portal.db.models.rechecks import Recheck, RecheckState
from portal.db.models.scans import FindingRecord, ScanRun
from portal.errors import NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import COMPANY_LEADERS, SYSTEM, Actor, company_of
from portal.services.jobs import JobKind
from portal.services.scans import findings, permissions, scan_budgets, scan_results, scans
from portal.services.scans.causes import Shelf
from portal.services.scans.findings import LACKING, UNSEEN
from portal.services.scans.permissions import Permission
from portal.services.scans.scans import Order, Postponed
from scanners import checking, storing, targets
from scanners.catalogue import CHECKS
from scanners.model import N_, Check, CheckClass, Message, Observations, Outcome, Subject, SubjectKind

Place = tuple[str, str, str]  # subject kind, subject name, check id

SPENT = N_(
    "%(name)s was looked at again as often as it may be today (%(most)s times). A whole scan looks at everything."
)
ACTIVE_SPENT = N_("The active class may look at %(name)s once a day, and it has. Ask again tomorrow.")
NO_ACTIVE = N_("This check belongs to the active class, which may not look there now.")
NOT_LACKING = N_("Only what needs mending can be looked at again by itself.")
SOON = N_("This finding is looked at a second time by itself, within minutes.")
NEWER = N_("A newer scan has looked at it.")
GAVE_UP = N_("The look failed several times; this is our error. The finding stays as it was.")
NOTHING_NEW = N_("Only a kept answer could be had of it; it is asked anew later. The finding stays as it was.")


@dataclass(frozen=True, kw_only=True)
class Task:
    """A look that may begin now."""

    order: Order
    check: Check
    subject: Subject


# ---- asking


def ask(session: Session, actor: Actor, assessment_id: str, place: Place, *, now: datetime) -> Recheck:
    """Look at one finding again; one that waits already does for this one too."""
    scan_budgets.in_turn(session)  # of two at once the second finds that one waits
    assessment = _assessment(session, actor, assessment_id)
    run = scan_results.latest_good_of_company(
        session, assessment.hospital_id, assessment.vendor_id, assessment.company_id
    )
    if run is None:
        raise NotFound
    record = _open_finding(session, run, place, now=now)
    check, subject = CHECKS[record.check_id], _subject(record)
    waiting = _waiting(session, run, place)
    if waiting is not None:
        return waiting
    last = scans.newest_of_company(session, assessment)
    if last is not None and last.state in scans.LIVE:
        raise NotNow(Message(text=N_("A scan of this vendor is already running.")))
    allowed = permissions.permitted(session, run.hospital_id, run.vendor_id, _hosts(run, subject), now=now)
    _require(allowed, check, subject)
    row = Recheck(
        id=new_id(),
        hospital_id=run.hospital_id,
        scan_id=run.id,
        assessment_id=assessment.id,
        subject_kind=subject.kind.value,
        subject_name=subject.name,
        check_id=check.id,
        seen_at=record.at,
        asked_by=actor.label[:200],
        created_at=now,
    )
    _spend(session, row, check, now=now)
    session.add(row)
    session.flush()  # the job and the audit trail name it
    jobs.add(
        session,
        JobKind.RECHECK,
        {"hospital_id": run.hospital_id, "scan_id": run.id, "recheck_id": row.id, "hosts": list(allowed.hosts)},
        now=now,
        tenant=run.hospital_id,
    )
    _record(session, actor, run, row, "finding.recheck-asked", now=now)
    return row


def find(session: Session, actor: Actor, assessment_id: str, recheck_id: str) -> Recheck:
    """One look that this company asked for."""
    assessment = _assessment(session, actor, assessment_id)
    row = session.get(Recheck, recheck_id)
    if row is None or row.assessment_id != assessment.id:
        raise NotFound
    return row


def _open_finding(session: Session, run: ScanRun, place: Place, *, now: datetime) -> FindingRecord:
    """A finding that stands and needs mending; of anything else nothing is said."""
    records = scan_results.standing_findings(session, run.hospital_id, run.vendor_id, now=now, run=run)
    record = next((one for one in records if (one.subject_kind, one.subject_name, one.check_id) == place), None)
    if record is None or record.check_id not in CHECKS:
        raise NotFound
    if Outcome(record.outcome) not in LACKING:
        raise NotNow(Message(text=NOT_LACKING))
    if record.provisional:
        raise NotNow(Message(text=SOON))
    return record


def _subject(row: FindingRecord | Recheck) -> Subject:
    return Subject(kind=SubjectKind(row.subject_kind), name=row.subject_name)


def _waiting(session: Session, run: ScanRun, place: Place) -> Recheck | None:
    return session.scalars(
        select(Recheck).where(
            Recheck.hospital_id == run.hospital_id,
            Recheck.scan_id == run.id,
            Recheck.subject_kind == place[0],
            Recheck.subject_name == place[1],
            Recheck.check_id == place[2],
            Recheck.state == RecheckState.WAITING,
        )
    ).first()


def _hosts(run: ScanRun, subject: Subject) -> Sequence[str]:
    """The hosts that a look at the subject rests on: itself, or those below the domain."""
    if subject.kind is SubjectKind.HOST:
        return [subject.name]
    return [name for name in run.hosts if targets.registrable(name) == subject.name]


def _require(allowed: Permission, check: Check, subject: Subject) -> None:
    if not allowed.hosts:
        raise NotNow(Message(text=allowed.reason))
    if check.check_class is CheckClass.ACTIVE and subject.name not in {*allowed.active_hosts, *allowed.active_domains}:
        raise NotNow(Message(text=NO_ACTIVE))


def _spend(session: Session, row: Recheck, check: Check, *, now: datetime) -> None:
    if not scan_budgets.take_recheck(session, row.id, row.subject_name, now=now):
        raise NotNow(Message(text=SPENT, values={"name": row.subject_name, "most": scan_budgets.A_DAY_BY_RECHECK}))
    is_active = check.check_class is CheckClass.ACTIVE
    if is_active and not scan_budgets.take_active_recheck(session, row.id, row.subject_name, now=now):
        raise NotNow(Message(text=ACTIVE_SPENT, values={"name": row.subject_name}))


# ---- for the worker


def start(session: Session, hospital_id: str, recheck_id: str, *, now: datetime) -> Task | Postponed | None:
    """What the child is sent to do. None: it is over already, or nobody may look any more."""
    scan_budgets.in_turn(session)
    row = session.get(Recheck, recheck_id, populate_existing=True)
    if row is None or row.hospital_id != hospital_id or row.state is not RecheckState.WAITING:
        return None
    run, check = session.get_one(ScanRun, row.scan_id), CHECKS.get(row.check_id)
    subject = _subject(row)
    newest = scan_results.latest_good_of_company(
        session, run.hospital_id, run.vendor_id, session.get_one(Assessment, row.assessment_id).company_id
    )
    if check is None or newest is None or newest.id != run.id:
        _fail(row, NEWER, now=now)
        return None
    allowed = permissions.permitted(session, hospital_id, run.vendor_id, _hosts(run, subject), now=now)
    try:
        _require(allowed, check, subject)
    except NotNow as refused:
        _fail(row, refused.message.text, now=now)
        return None
    if scans.is_busy(session, set(allowed.hosts), but=run.id, now=now):
        return Postponed(until=now + scans.WAIT_FOR_THE_OTHER)
    return Task(order=_order(session, run, check, subject, allowed), check=check, subject=subject)


def _order(session: Session, run: ScanRun, check: Check, subject: Subject, allowed: Permission) -> Order:
    stored = _stored(session, run, subject)
    kinds = checking.asked_of(check, stored) if stored is not None else frozenset(check.needs)
    is_active = check.check_class is CheckClass.ACTIVE
    return Order(
        hosts=allowed.hosts,
        classes=allowed.classes if is_active else allowed.classes - {CheckClass.ACTIVE},
        active_hosts=tuple(name for name in allowed.active_hosts if is_active and name == subject.name),
        active_domains=tuple(name for name in allowed.active_domains if is_active and name == subject.name),
        agreed=frozenset({subject}) if is_active else frozenset(),
        kinds=tuple(sorted(kind.__name__ for kind in kinds)),
    )


def may_go_on(session: Session, hospital_id: str, recheck_id: str, order: Order, *, now: datetime) -> bool:
    """Whether what is under way may still be looked at; a withdrawal ends it at once."""
    task = start(session, hospital_id, recheck_id, now=now)
    if isinstance(task, Task):
        return set(order.hosts) <= set(task.order.hosts) and set(order.active_hosts) <= set(task.order.active_hosts)
    return isinstance(task, Postponed)


def finish(
    session: Session, recheck_id: str, task: Task, seen: Iterable[Observations], *, shelf: Shelf, now: datetime
) -> None:
    """Judge what was seen now over what the scan had seen of the subject, and keep it beside the scan."""
    row = session.get_one(Recheck, recheck_id, populate_existing=True)
    run = session.get_one(ScanRun, row.scan_id)
    fresh = next((one for one in seen if one.subject == task.subject), None)
    if row.state is not RecheckState.WAITING:  # ended while it was under way
        return
    if fresh is None:
        _fail(row, GAVE_UP, now=now)
        return
    stored = _stored(session, run, task.subject)
    asked = {kind: fact for kind, fact in fresh.facts().items() if kind.__name__ in task.order.kinds}
    facts = {**(stored.facts() if stored is not None else {}), **asked}
    merged = Observations(subject=task.subject, at=fresh.at, facts=facts).with_data(shelf.newest)
    finding = replace(checking.run(task.check, merged), provisional=False)
    if finding.outcome not in UNSEEN and finding.at <= row.seen_at:
        _fail(row, NOTHING_NEW, now=now)
        return
    row.state, row.finished_at, row.finding = RecheckState.DONE, now, storing.dump_finding(finding)
    if finding.outcome not in UNSEEN:
        sides = scan_results.readers(run)
        findings.note(session, run, [finding], sides=sides, why=lambda _finding: Cause.VENDOR, is_recheck=True)
        session.flush()  # scores read it
        scan_results.tell_scores(session, run, now=now)
    _record(session, SYSTEM, run, row, "finding.rechecked", now=now, outcome=finding.outcome.value)


def give_up(session: Session, hospital_id: str, recheck_id: str, *, now: datetime) -> None:
    """Every try failed."""
    row = session.get(Recheck, recheck_id, populate_existing=True)
    if row is not None and row.hospital_id == hospital_id and row.state is RecheckState.WAITING:
        _fail(row, GAVE_UP, now=now)


def _fail(row: Recheck, reason: str, *, now: datetime) -> None:
    row.state, row.reason, row.finished_at = RecheckState.FAILED, reason, now


def _stored(session: Session, run: ScanRun, subject: Subject) -> Observations | None:
    return next((one for one in scan_results.seen_in(session, run.hospital_id, run.id) if one.subject == subject), None)


def _record(
    session: Session, actor: Actor, run: ScanRun, row: Recheck, verb: str, *, now: datetime, outcome: str = ""
) -> None:
    detail = {"host": row.subject_name, "check": row.check_id} | ({"outcome": outcome} if outcome else {})
    audit.record(session, actor, verb, run.id, now=now, scope=scan_results.scope_of(session, run), detail=detail)


def _assessment(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    company_id = company_of(actor, COMPANY_LEADERS)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    return assessment
