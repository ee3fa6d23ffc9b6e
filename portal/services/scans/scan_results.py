"""What scans saw: stored, completed with the memory of earlier ones, looked at twice, read (releases.py: by whom)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.orm import Session

from portal import home, i18n
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment
from portal.db.models.findings import Cause
from portal.db.models.scans import FindingRecord, ScanRun, ScanSide, ScanState, SeenRecord
from portal.db.models.vendors import Vendor
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import SYSTEM
from portal.services.jobs import JobKind
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.scans import causes, grounds, left_out, permissions, rechecked
from portal.services.scans import findings as memory
from portal.services.scans.causes import Shelf
from scanners import catalogue, judging, storing, targets
from scanners.datasets import SHIPPED, DataSets
from scanners.model import N_, CheckClass, Finding, Message, Observations, Outcome, Severity, Subject, SubjectKind
from scanners.observations import Reason

GOOD = (ScanState.DONE, ScanState.PROVISIONAL)
UNSEEN = frozenset({Outcome.UNKNOWN, Outcome.ERROR})
LACKING = frozenset({Outcome.FAIL, Outcome.WARN})
SUBJECTS_BACK = 5  # how many earlier scans are asked for what this one could not see
SECOND_LOOK_AFTER = timedelta(seconds=60)
COMPARED_AFTER = timedelta(seconds=30)  # when the score has been worked out
STILL_TOLD = timedelta(days=180)  # how old such a result may be

SAW_NOTHING = N_("Nothing of these hosts could be seen from here. Earlier results stay.")
USED_UP = N_("An address behind these hosts was scanned as often as it may be today; the rest is unknown.")
HARD_DEADLINE = N_("The scan took too long and was ended; what was not seen is unknown.")
SOFT_DEADLINE = N_("The scan's time was up before everything was seen; the rest is unknown.")

Place = tuple[SubjectKind, str, str]  # subject kind, subject name, check id


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


def judged(
    seen: Sequence[Observations], *, agreed: Collection[Subject], data: DataSets = SHIPPED
) -> tuple[Finding, ...]:
    """The findings of what was seen. A check of the active class is no line where nobody agreed to it, and unknown
    where somebody did and it was not looked at this time."""
    return tuple(
        finding
        for finding in judging.judge(seen, data=data)
        if catalogue.CHECKS[finding.check_id].check_class is not CheckClass.ACTIVE
        or finding.reason is not Reason.NOT_CONFIGURED
        or finding.subject in agreed
    )


def agreed_of(run: ScanRun) -> frozenset[Subject]:
    """The hosts of a stored scan that the active class was agreed to for."""
    return frozenset(Subject(kind=SubjectKind.HOST, name=name) for name in run.active_hosts or ())


def complete(
    session: Session,
    hospital_id: str,
    scan_id: str,
    *,
    seen: Iterable[Observations],
    findings: Sequence[Finding],
    short: str = "",
    shelf: Shelf | None = None,
    now: datetime,
) -> None:
    """The end: results with the memory of earlier ones, the score asked for, the company told. `short` says why it
    ended before everything was looked at, `shelf` holds the data by which it was judged."""
    run = session.get_one(ScanRun, scan_id, populate_existing=True)
    # What is said of the scan itself says nothing of the hosts.
    if all(one.outcome in UNSEEN for one in findings if not memory.is_of_the_scan(one)):
        end(run, ScanState.FAILED, short if short == USED_UP else SAW_NOTHING, now=now)
        tell_scores(session, run, now=now)
        return
    shelf = shelf or Shelf()
    run.catalogue_version, run.data_version = catalogue.CATALOGUE_VERSION, shelf.newest.version
    earlier = _earlier(session, run)
    lacking = _lacking_since(session, earlier[0]) if earlier else {}
    since = {**lacking, **memory.open_since(session, run.hospital_id, run.vendor_id, reader(run))}
    session.execute(
        delete(FindingRecord).where(FindingRecord.hospital_id == hospital_id, FindingRecord.scan_id == scan_id)
    )
    store(session, hospital_id, scan_id, seen=seen, findings=())
    session.flush()
    grounds.keep(session, run, seen_in(session, hospital_id, scan_id))
    # Some failures pass by themselves: they count once a second look, or the scan before, saw them too.
    findings = [replace(one, provisional=one.provisional and _place(one) not in since) for one in findings]
    session.add_all(
        _record(hospital_id, scan_id, finding, first_seen_at=_first_seen(finding, since)) for finding in findings
    )
    memory.note(
        session,
        run,
        findings,
        sides=readers(run),
        why=causes.why(session, earlier, shelf),
        before={place: (at, earlier[0].id) for place, at in lacking.items()},
    )
    end(run, ScanState.PROVISIONAL if short else ScanState.DONE, short, now=now)
    _tell_company(session, run, now=now)
    tell_scores(session, run, now=now)
    _ask_for_second_look(session, run, findings, now=now)
    audit.record(
        session,
        SYSTEM,
        "scan.done",
        scan_id,
        now=now,
        scope=scope_of(session, run),
        detail={"state": run.state.value, "catalogue": run.catalogue_version},
    )


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


def settle(
    session: Session,
    hospital_id: str,
    scan_id: str,
    findings: Iterable[Finding],
    *,
    shelf: Shelf | None = None,
    now: datetime,
) -> None:
    """What failed again counts from now on; what did not is put right; what could not be seen stays provisional."""
    again = {_place(finding): finding for finding in findings if finding.outcome not in UNSEEN}
    looks: list[Finding] = []
    for record in findings_of(session, hospital_id, scan_id):
        seen = again.get((SubjectKind(record.subject_kind), record.subject_name, record.check_id))
        if not record.provisional or seen is None:
            continue
        record.provisional = False
        seen = replace(seen, provisional=False)
        looks += [finding_of(record), seen] if seen.outcome in LACKING else [seen]
        if seen.outcome not in LACKING:
            session.delete(record)
            session.flush()  # the other one takes its place
            session.add(_record(hospital_id, scan_id, seen, first_seen_at=seen.at))
    run = session.get_one(ScanRun, scan_id)
    why = causes.why(session, _earlier(session, run), shelf or Shelf())
    memory.note(session, run, looks, sides=readers(run), why=why)
    tell_scores(session, run, now=now)
    audit.record(session, SYSTEM, "scan.looked-again", scan_id, now=now, scope=scope_of(session, run))


def release_to_hospital(session: Session, run: ScanRun) -> None:
    """A private look becomes the hospital's too, and its memory takes it in unless it knows something newer."""
    run.kept_back = False
    session.flush()  # the newest below is asked for without it
    newest = latest_good(session, run.hospital_id, run.vendor_id)
    if newest is not None and newest.id != run.id:
        return
    own = memory.lives(session, run.hospital_id, run.vendor_id, ScanSide.COMPANY)

    def why(finding: Finding) -> Cause:
        events = own[_place(finding)].events if _place(finding) in own else ()
        return next((one.cause for one in events if one.scan_id == run.id), Cause.VENDOR)

    found = list(map(finding_of, findings_of(session, run.hospital_id, run.id)))
    memory.note(session, run, found, sides=(ScanSide.HOSPITAL,), why=why)


def forget(session: Session, run: ScanRun) -> None:
    """What a run has seen so far goes."""
    for table in (FindingRecord, SeenRecord):
        session.execute(delete(table).where(table.hospital_id == run.hospital_id, table.scan_id == run.id))


def end(run: ScanRun, state: ScanState, reason: str, *, now: datetime) -> None:
    """The only end of a run."""
    run.state, run.reason, run.finished_at, run.progress = state, reason, now, None


def readers(run: ScanRun) -> tuple[ScanSide, ...]:
    """Whose memory takes in a scan: what the company looked at for itself is none of the hospital's."""
    return (ScanSide.COMPANY,) if run.kept_back else (ScanSide.COMPANY, ScanSide.HOSPITAL)


def scope_of(session: Session, run: ScanRun) -> str:
    """Whose audit trail tells of a scan: not the hospital's where the company looks for itself."""
    if not run.kept_back:
        return audit.hospital_scope(run.hospital_id)
    company_id = company_of_run(session, run)
    return audit.company_scope(company_id) if company_id else audit.INSTANCE


def reader(run: ScanRun) -> ScanSide:
    """By whose memory a scan's own result says since when: nothing of a private look may show through."""
    return readers(run)[-1]


def _earlier(session: Session, run: ScanRun, *, most: int = SUBJECTS_BACK) -> Sequence[ScanRun]:
    """The good scans before this one, the newest first; with a private look only another is compared."""
    query = select(ScanRun).where(
        ScanRun.hospital_id == run.hospital_id,
        ScanRun.vendor_id == run.vendor_id,
        ScanRun.state.in_(GOOD),
        ScanRun.id != run.id,
    )
    own = known_to(company_of_run(session, run)) if run.kept_back else ScanRun.kept_back.is_(False)
    query = query.where(own)
    if run.finished_at is not None:
        query = query.where(ScanRun.finished_at < run.finished_at)
    return session.scalars(query.order_by(ScanRun.finished_at.desc()).limit(most)).all()


def _lacking_since(session: Session, previous: ScanRun) -> Mapping[Place, datetime]:
    """Since when each failing check fails without a pass in between; a blind look between two keeps the memory."""
    since: dict[Place, datetime] = {}
    mended = rechecked.mended(session, previous)
    for record in findings_of(session, previous.hospital_id, previous.id):
        if (SubjectKind(record.subject_kind), record.subject_name, record.check_id) in mended:
            continue
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


def tell_scores(session: Session, run: ScanRun, *, now: datetime) -> None:
    """Every round of this vendor is worked out anew, unless the company looked for itself."""
    if run.kept_back:
        return
    jobs.ask_for_changes(session, run.hospital_id, run.vendor_id, now=now, after=COMPARED_AFTER)
    for assessment_id in session.scalars(
        select(Assessment.id).where(Assessment.hospital_id == run.hospital_id, Assessment.vendor_id == run.vendor_id)
    ):
        jobs.ask_for_score(session, run.hospital_id, assessment_id, now=now)


# ---- telling


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
    outbox.post(
        session,
        letter,
        kind="scan-told",
        to=address,
        language=_language(vendor),
        hospital_id=run.hospital_id,
        now=now,
    )
    run.visible_at = now


def _language(vendor: Vendor) -> str:
    return home.language_of(vendor.country)


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


def latest_good(session: Session, hospital_id: str, vendor_id: str) -> ScanRun | None:
    """The run that counts: the newest that ended with a result. One cut short counts only until a whole one is there,
    or when it is newer; what it could not see is taken from before (see `standing_findings`)."""
    return session.scalars(_good(hospital_id, vendor_id).where(ScanRun.kept_back.is_(False)).limit(1)).first()


def latest_good_of_company(
    session: Session, hospital_id: str, vendor_id: str, company_id: str | None
) -> ScanRun | None:
    """The same for the company's own eyes: what it looked at for itself counts too."""
    return session.scalars(_good(hospital_id, vendor_id).where(known_to(company_id)).limit(1)).first()


def known_to(company_id: str | None) -> ColumnElement[bool]:
    """Which runs a company may know of: all but what another one, asked for the same vendor before or after it, looked
    at for itself. None: whoever is invited and has not come yet."""
    theirs = select(Assessment.id).where(Assessment.company_id == company_id)
    return or_(ScanRun.kept_back.is_(False), ScanRun.assessment_id.in_(theirs))


def company_of_run(session: Session, run: ScanRun) -> str | None:
    """The company of the round that a run belongs to."""
    assessment = session.get(Assessment, run.assessment_id) if run.assessment_id else None
    return assessment.company_id if assessment is not None else None


def _good(hospital_id: str, vendor_id: str) -> Select[ScanRun]:
    return (
        select(ScanRun)
        .where(ScanRun.hospital_id == hospital_id, ScanRun.vendor_id == vendor_id, ScanRun.state.in_(GOOD))
        .order_by(ScanRun.finished_at.desc(), ScanRun.id)
    )


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
    """What is known: the run's findings, where it saw nothing those of earlier runs. A blind look never overwrites.
    A host that it did not look at any more, because the ground has ended, stays: unknown, with the reason."""
    run = run or latest_good(session, hospital_id, vendor_id)
    if run is None:
        return ()
    standing = {_key(record): record for record in findings_of(session, hospital_id, run.id)}
    standing |= _by_todays_rules(session, run)
    standing |= _looked_at_again(session, run, standing)
    missing = {key for key, record in standing.items() if Outcome(record.outcome) in UNSEEN}
    earlier = session.scalars(
        select(ScanRun)
        .where(
            ScanRun.hospital_id == hospital_id,
            ScanRun.vendor_id == vendor_id,
            ScanRun.state.in_(GOOD),
            known_to(company_of_run(session, run)) if run.kept_back else ScanRun.kept_back.is_(False),
            ScanRun.finished_at < (run.finished_at or now),
            ScanRun.finished_at > now - STILL_TOLD,
        )
        .order_by(ScanRun.finished_at.desc())
        .limit(SUBJECTS_BACK)
    ).all()
    for before in earlier:
        if not missing:
            break
        found = {_key(record): record for record in findings_of(session, hospital_id, before.id)}
        for key, record in {**found, **_looked_at_again(session, before, found)}.items():
            if key in missing and Outcome(record.outcome) not in UNSEEN:
                standing[key] = record
                missing.discard(key)
    before_it = _earlier(session, run, most=left_out.RUNS_BACK)
    return (*standing.values(), *left_out.records(session, run, standing, before_it, now=now).values())


def rejudged(session: Session, run: ScanRun) -> Mapping[tuple[Subject, str], Finding]:
    """What the newest judgement of a stored scan says otherwise than the scan itself did; see rejudging."""
    again = causes.newest_rejudgement(session, run)
    stored = again.findings if again is not None else ()
    return causes.by_place(map(storing.load_finding, stored))


def _by_todays_rules(session: Session, run: ScanRun) -> Mapping[tuple[str, str, str], FindingRecord]:
    """The same as records that belong to no table: the scan's own stay as they were."""
    found = rejudged(session, run)
    since = memory.open_since(session, run.hospital_id, run.vendor_id, reader(run)) if found else {}
    again = causes.newest_rejudgement(session, run) if found else None
    records = [
        _record(
            run.hospital_id,
            run.id,
            finding,
            first_seen_at=since.get(_place(finding), again.at if again and finding.outcome in LACKING else finding.at),
        )
        for finding in found.values()
    ]
    return {_key(record): record for record in records}


def _looked_at_again(
    session: Session, run: ScanRun, standing: Mapping[tuple[str, str, str], FindingRecord]
) -> Mapping[tuple[str, str, str], FindingRecord]:
    """What looks at single findings say, as records of no table; what rules and data made of one since stands."""
    verdicts = rechecked.verdicts(session, run)
    judged_again = rejudged(session, run) if verdicts else {}
    records: dict[tuple[str, str, str], FindingRecord] = {}
    for finding in verdicts.values():
        key = finding.subject.kind.value, finding.subject.name, finding.check_id
        lacks, before = finding.outcome in LACKING, standing.get(key)
        if lacks and (finding.subject, finding.check_id) in judged_again:
            continue
        since = before.first_seen_at if lacks and before is not None else finding.at
        records[key] = _record(run.hospital_id, run.id, finding, first_seen_at=since)
    return records


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
