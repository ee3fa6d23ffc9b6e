"""Scans: asked for, run by the worker, remembered; releases.py says who may see one when."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.jobs import Job, JobState
from portal.db.models.scans import FindingRecord, ScanCount, ScanRun, ScanSide, ScanState, SeenRecord
from portal.db.models.vendors import Host, Vendor
from portal.errors import NotFound, NotNow
from portal.services import audit, jobs, outbox, permissions
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, company_of, hospital_of
from portal.services.jobs import JobKind
from portal.services.letters import Letter
from scanners import catalogue, storing, targets
from scanners.model import N_, CheckClass, Finding, Message, Observations, Outcome, Severity, Subject, SubjectKind
from scanners.observations import Reason

A_DAY_BY_HOSPITALS = 4  # scans of a name, over all hospitals
A_DAY_BY_COMPANY = 20
WAIT_FOR_THE_OTHER = timedelta(seconds=3)
BERLIN = ZoneInfo("Europe/Berlin")
START_LOCK = 7_301_126

LIVE = (ScanState.QUEUED, ScanState.RUNNING)
GOOD = (ScanState.DONE, ScanState.PROVISIONAL)
UNSEEN = frozenset({Outcome.UNKNOWN, Outcome.ERROR})
LACKING = frozenset({Outcome.FAIL, Outcome.WARN})
SUBJECTS_BACK = 5  # how many earlier scans are asked for what this one could not see
SECOND_LOOK_AFTER = timedelta(seconds=60)
STILL_TOLD = timedelta(days=180)  # how old such a result may be

STOPPED = N_("The scan was stopped.")
SAW_NOTHING = N_("Nothing of these hosts could be seen from here. Earlier results stay.")
GAVE_UP = N_("The scan failed several times; this is our error. Earlier results stay.")
HARD_DEADLINE = N_("The scan took too long and was ended; what was not seen is unknown.")
SOFT_DEADLINE = N_("The scan's time was up before everything was seen; the rest is unknown.")

Place = tuple[SubjectKind, str, str]  # subject kind, subject name, check id


@dataclass(frozen=True, kw_only=True)
class Order:
    """A scan that may start now."""

    hosts: tuple[str, ...]
    classes: frozenset[CheckClass]


@dataclass(frozen=True, kw_only=True)
class Postponed:
    """Not yet: another scan looks at one of these names, or the company's time window has not begun."""

    until: datetime


# ---- starting


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
            _end(run, ScanState.STOPPED, STOPPED, now=now)
        audit.record(session, actor, "scan.stopped", run.id, now=now, scope=audit.hospital_scope(hospital_id))
    return len(runs)


# ---- for the worker


def start(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> Order | Postponed | None:
    """Begin, from nothing, also when an earlier try left half a result. None: it is over already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(START_LOCK)))  # one looks who runs, then the next
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    if run.hospital_id != hospital_id or run.state not in LIVE:
        return None
    if run.stop_requested_at is not None:
        _end(run, ScanState.STOPPED, STOPPED, now=now)
        return None
    allowed = permissions.permitted(session, hospital_id, run.vendor_id, run.hosts, now=now)
    if not allowed.hosts or (allowed.is_window_over and run.side is ScanSide.HOSPITAL):
        _end(run, ScanState.STOPPED, allowed.reason or permissions.WINDOW_OVER, now=now)
        return None
    if allowed.not_before is not None and run.side is ScanSide.HOSPITAL:
        return Postponed(until=allowed.not_before)
    if _is_busy(session, set(allowed.hosts), but=run.id, now=now):
        return Postponed(until=now + WAIT_FOR_THE_OTHER)
    for table in (FindingRecord, SeenRecord):
        session.execute(delete(table).where(table.hospital_id == hospital_id, table.scan_id == scan_id))
    run.state, run.started_at, run.progress = ScanState.RUNNING, now, None
    run.hosts = list(allowed.hosts)
    run.catalogue_version = catalogue.CATALOGUE_VERSION
    classes = allowed.classes & frozenset(CheckClass(one) for one in run.classes)
    return Order(hosts=allowed.hosts, classes=classes)


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


def store(
    session: Session, hospital_id: str, scan_id: str, *, seen: Iterable[Observations], findings: Iterable[Finding]
) -> None:
    """Put observations and findings into their places, over what an earlier look at the same subject left."""
    for one in seen:
        session.merge(
            SeenRecord(
                hospital_id=hospital_id,
                scan_id=scan_id,
                subject_kind=one.subject.kind.value,
                subject_name=one.subject.name,
                document=storing.dump(one),
            )
        )
    for finding in findings:
        session.merge(_record(hospital_id, scan_id, finding, first_seen_at=finding.at))


def complete(
    session: Session,
    hospital_id: str,
    scan_id: str,
    *,
    seen: Iterable[Observations],
    findings: Sequence[Finding],
    short: str = "",
    now: datetime,
) -> None:
    """The end: results with the memory of earlier ones, the score asked for, the company told. `short` says why it
    ended before everything was looked at."""
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    if all(finding.outcome in UNSEEN for finding in findings):
        _end(run, ScanState.FAILED, SAW_NOTHING, now=now)
        _tell_scores(session, run, now=now)
        return
    since = _lacking_since(session, run)
    session.execute(
        delete(FindingRecord).where(FindingRecord.hospital_id == hospital_id, FindingRecord.scan_id == scan_id)
    )
    store(session, hospital_id, scan_id, seen=seen, findings=())
    # Some failures pass by themselves: they count once a second look, or the scan before, saw them too.
    findings = [replace(one, provisional=one.provisional and _place(one) not in since) for one in findings]
    session.add_all(
        _record(hospital_id, scan_id, finding, first_seen_at=_first_seen(finding, since)) for finding in findings
    )
    run = session.get_one(ScanRun, scan_id)
    _end(run, ScanState.PROVISIONAL if short else ScanState.DONE, short, now=now)
    _tell_company(session, run, now=now)
    _tell_scores(session, run, now=now)
    _ask_for_second_look(session, run, findings, now=now)
    audit.record(
        session,
        SYSTEM,
        "scan.done",
        scan_id,
        now=now,
        scope=audit.hospital_scope(hospital_id),
        detail={"state": run.state.value, "catalogue": run.catalogue_version},
    )


# ---- the second look


def _ask_for_second_look(session: Session, run: ScanRun, findings: Iterable[Finding], *, now: datetime) -> None:
    doubtful = {finding.subject.name for finding in findings if finding.provisional}
    hosts = [host for host in run.hosts if host in doubtful or targets.registrable(host) in doubtful]
    if hosts:
        jobs.add(
            session,
            JobKind.SECOND_LOOK,
            {"hospital_id": run.hospital_id, "scan_id": run.id, "hosts": hosts},
            now=now,
            tenant=run.hospital_id,
            run_at=now + SECOND_LOOK_AFTER,
        )


def start_second_look(
    session: Session, hospital_id: str, scan_id: str, hosts: Sequence[str], *, now: datetime
) -> Order | Postponed | None:
    """Look again at what failed provisionally. None: a newer scan has answered, or nobody may look any more."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(START_LOCK)))
    run = session.get(ScanRun, scan_id)
    if run is None or run.hospital_id != hospital_id:
        return None
    good = latest_good(session, hospital_id, run.vendor_id)
    allowed = permissions.permitted(session, hospital_id, run.vendor_id, hosts, now=now)
    if good is None or good.id != run.id or not allowed.hosts:
        return None
    if allowed.is_window_over and run.side is ScanSide.HOSPITAL:
        return None
    if _is_busy(session, set(allowed.hosts), but=run.id, now=now):
        return Postponed(until=now + WAIT_FOR_THE_OTHER)
    return Order(hosts=allowed.hosts, classes=allowed.classes & frozenset(CheckClass(one) for one in run.classes))


def settle(session: Session, hospital_id: str, scan_id: str, findings: Iterable[Finding], *, now: datetime) -> None:
    """What failed again counts from now on; what did not is put right; what could not be seen stays provisional."""
    again = {_place(finding): finding for finding in findings if finding.outcome not in UNSEEN}
    for record in findings_of(session, hospital_id, scan_id):
        seen = again.get((SubjectKind(record.subject_kind), record.subject_name, record.check_id))
        if not record.provisional or seen is None:
            continue
        record.provisional = False
        if seen.outcome not in LACKING:
            session.delete(record)
            session.flush()  # the other one takes its place
            session.add(_record(hospital_id, scan_id, replace(seen, provisional=False), first_seen_at=seen.at))
    run = session.get_one(ScanRun, scan_id)
    _tell_scores(session, run, now=now)
    audit.record(session, SYSTEM, "scan.looked-again", scan_id, now=now, scope=audit.hospital_scope(hospital_id))


def end_stopped(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> None:
    """Somebody stopped it: what had been seen goes."""
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    for table in (FindingRecord, SeenRecord):
        session.execute(delete(table).where(table.hospital_id == hospital_id, table.scan_id == scan_id))
    _end(run, ScanState.STOPPED, STOPPED, now=now)


def give_up(session: Session, hospital_id: str, scan_id: str, *, now: datetime) -> None:
    """Every try failed; what earlier scans saw stays what we know."""
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    if run.hospital_id != hospital_id or run.state not in LIVE:
        return
    for table in (FindingRecord, SeenRecord):
        session.execute(delete(table).where(table.hospital_id == hospital_id, table.scan_id == scan_id))
    _end(run, ScanState.FAILED, GAVE_UP, now=now)
    _tell_scores(session, run, now=now)
    audit.record(session, SYSTEM, "scan.failed", scan_id, now=now, scope=audit.hospital_scope(hospital_id))


def _end(run: ScanRun, state: ScanState, reason: str, *, now: datetime) -> None:
    run.state, run.reason, run.finished_at, run.progress = state, reason, now, None


def _lacking_since(session: Session, run: ScanRun) -> Mapping[Place, datetime]:
    """Since when each failing check fails without a pass in between; a blind look between two keeps the memory."""
    previous = session.scalars(
        select(ScanRun)
        .where(
            ScanRun.hospital_id == run.hospital_id,
            ScanRun.vendor_id == run.vendor_id,
            ScanRun.state.in_(GOOD),
            ScanRun.id != run.id,
        )
        .order_by(ScanRun.finished_at.desc())
        .limit(1)
    ).first()
    if previous is None:
        return {}
    since: dict[Place, datetime] = {}
    for record in findings_of(session, run.hospital_id, previous.id):
        lacks = Outcome(record.outcome) in LACKING
        remembers = Outcome(record.outcome) in UNSEEN and record.first_seen_at < record.at
        if lacks or remembers:
            since[SubjectKind(record.subject_kind), record.subject_name, record.check_id] = record.first_seen_at
    return since


def _first_seen(finding: Finding, since: Mapping[Place, datetime]) -> datetime:
    """An earlier failing counts on for what fails now, and is kept for what could not be seen."""
    if finding.outcome not in LACKING | UNSEEN:
        return finding.at
    return since.get(_place(finding), finding.at)


def _place(finding: Finding) -> Place:
    return finding.subject.kind, finding.subject.name, finding.check_id


def _record(hospital_id: str, scan_id: str, finding: Finding, *, first_seen_at: datetime) -> FindingRecord:
    return FindingRecord(
        hospital_id=hospital_id,
        scan_id=scan_id,
        subject_kind=finding.subject.kind.value,
        subject_name=finding.subject.name,
        check_id=finding.check_id,
        outcome=finding.outcome.value,
        severity=finding.severity.value,
        fact=finding.fact.text,
        fact_values=dict(finding.fact.values) or None,
        reason=finding.reason.value if finding.reason else "",
        address=finding.address,
        provisional=finding.provisional,
        at=finding.at,
        first_seen_at=first_seen_at,
    )


def _tell_scores(session: Session, run: ScanRun, *, now: datetime) -> None:
    for assessment_id in session.scalars(
        select(Assessment.id).where(Assessment.hospital_id == run.hospital_id, Assessment.vendor_id == run.vendor_id)
    ):
        ask_for_score(session, run.hospital_id, assessment_id, now=now)


def ask_for_score(session: Session, hospital_id: str, assessment_id: str, *, now: datetime) -> None:
    """An input of this round's score has changed: work it out anew, once for all changes of the moment."""
    jobs.add(
        session,
        JobKind.SCORE,
        {"hospital_id": hospital_id, "assessment_id": assessment_id},
        now=now,
        tenant=hospital_id,
        dedupe_key=f"score:{assessment_id}",
    )


def _tell_company(session: Session, run: ScanRun, *, now: datetime) -> None:
    """Its own people see it at once; while no company has taken the invitation, the vendor gets a mail."""
    assessment = permissions.newest_assessment(session, run.hospital_id, run.vendor_id)
    if (assessment is not None and assessment.company_id) or run.side is ScanSide.COMPANY:
        run.visible_at = now
        return
    vendor = session.get_one(Vendor, run.vendor_id)
    hospital = session.get_one(Hospital, run.hospital_id)
    address = vendor.security_email or vendor.contact_email
    if not address:
        return
    letter = _letter(hospital, vendor, run, now=now)
    outbox.add(
        session,
        kind="scan-told",
        to=address,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=_language(vendor),
        hospital_id=run.hospital_id,
        now=now,
    )
    run.visible_at = now


def _language(vendor: Vendor) -> str:
    return "de" if vendor.country in {"DE", "AT", "CH", "LI", "LU"} else "en"


def _letter(hospital: Hospital, vendor: Vendor, run: ScanRun, *, now: datetime) -> Letter:
    say = i18n.translator(_language(vendor))
    began = (run.started_at or now).astimezone(BERLIN)
    return Letter(
        subject=say(N_("%(hospital)s has looked at publicly visible services of %(vendor)s"))
        % {"hospital": hospital.name, "vendor": vendor.name},
        paragraphs=(
            say(N_("Good day,")),
            say(
                N_(
                    "%(hospital)s assesses the security of its suppliers. On %(day)s at %(time)s it had the publicly "
                    "visible settings of the following hosts looked at, as any visitor or mail server could do:"
                )
            )
            % {"hospital": hospital.name, "day": began.strftime("%d.%m.%Y"), "time": began.strftime("%H:%M")},
            "\n".join(run.hosts),
            say(
                N_(
                    "No passwords were tried, nothing was changed, no weakness was exploited. You can see the results "
                    "first and comment on them, or refuse further scans, once you have accepted the hospital's "
                    "invitation. Without it the hospital may read the results after ten working days."
                )
            ),
            say(N_("Questions: %(contact)s")) % {"contact": hospital.contact_email or hospital.name},
        ),
    )


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


def latest_good(session: Session, hospital_id: str, vendor_id: str) -> ScanRun | None:
    """The run that counts: the newest that ended with a result. One cut short counts only until a whole one is there,
    or when it is newer; what it could not see is taken from before (see `standing_findings`)."""
    return session.scalars(
        select(ScanRun)
        .where(ScanRun.hospital_id == hospital_id, ScanRun.vendor_id == vendor_id, ScanRun.state.in_(GOOD))
        .order_by(ScanRun.finished_at.desc(), ScanRun.id)
        .limit(1)
    ).first()


def findings_of(session: Session, hospital_id: str, scan_id: str) -> Sequence[FindingRecord]:
    """The findings of a run as they stand now, also while it runs."""
    return session.scalars(
        select(FindingRecord)
        .where(FindingRecord.hospital_id == hospital_id, FindingRecord.scan_id == scan_id)
        .order_by(FindingRecord.subject_kind.desc(), FindingRecord.subject_name, FindingRecord.check_id)
    ).all()


def standing_findings(
    session: Session, hospital_id: str, vendor_id: str, *, now: datetime, run: ScanRun | None = None
) -> tuple[FindingRecord, ...]:
    """What is known: the run's findings, where it saw nothing those of earlier runs. A blind look never overwrites."""
    run = run or latest_good(session, hospital_id, vendor_id)
    if run is None:
        return ()
    standing = {_key(record): record for record in findings_of(session, hospital_id, run.id)}
    missing = {key for key, record in standing.items() if Outcome(record.outcome) in UNSEEN}
    earlier = session.scalars(
        select(ScanRun)
        .where(
            ScanRun.hospital_id == hospital_id,
            ScanRun.vendor_id == vendor_id,
            ScanRun.state.in_(GOOD),
            ScanRun.finished_at < (run.finished_at or now),
            ScanRun.finished_at > now - STILL_TOLD,
        )
        .order_by(ScanRun.finished_at.desc())
        .limit(SUBJECTS_BACK)
    ).all()
    for before in earlier:
        if not missing:
            break
        for record in findings_of(session, hospital_id, before.id):
            key = _key(record)
            if key in missing and Outcome(record.outcome) not in UNSEEN:
                standing[key] = record
                missing.discard(key)
    return tuple(standing.values())


def seen_in(session: Session, hospital_id: str, scan_id: str) -> tuple[Observations, ...]:
    """The raw observations of a run."""
    records = session.scalars(
        select(SeenRecord)
        .where(SeenRecord.hospital_id == hospital_id, SeenRecord.scan_id == scan_id)
        .order_by(SeenRecord.subject_kind.desc(), SeenRecord.subject_name)
    )
    return tuple(storing.load(record.document) for record in records)


def finding_of(record: FindingRecord) -> Finding:
    """The thought behind a record."""
    return Finding(
        check_id=record.check_id,
        subject=Subject(kind=SubjectKind(record.subject_kind), name=record.subject_name),
        outcome=Outcome(record.outcome),
        severity=Severity(record.severity),
        fact=Message(text=record.fact, values=record.fact_values or {}),
        at=record.at,
        address=record.address,
        reason=Reason(record.reason) if record.reason else None,
        provisional=record.provisional,
    )


def _key(record: FindingRecord) -> tuple[str, str, str]:
    return record.subject_kind, record.subject_name, record.check_id
