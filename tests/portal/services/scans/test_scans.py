"""Asking for scans: on a ground, once at a time, within the day's budget; a blind look never overwrites."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.assessments import Assessment, Invitation, Stage
from portal.db.models.jobs import Job, JobState
from portal.db.models.responses import Consent, ConsentKind
from portal.db.models.scans import FindingRecord, ScanRun, ScanSide, ScanState
from portal.db.models.vendors import Host, HostState, Vendor
from portal.errors import NotAllowed, NotFound, NotNow
from portal.services.registers import dossiers
from portal.services.scans import own_results, permissions, scan_results, scans
from scanners.model import Finding, Message, Outcome, Severity, Subject, SubjectKind
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

HOST = "a.pacs.example"


@pytest.fixture
def actor(session):
    return building.hospital_actor(session)


@pytest.fixture
def vendor(session, actor) -> Vendor:
    return building.vendor(session, session.get_one(Hospital, actor.hospital_id), hosts=(HOST, "b.pacs.example"))


def _ran(session, vendor, *, at, state=ScanState.DONE, **outcomes: Outcome) -> ScanRun:
    """A run that ended then, with these outcomes by check id (a dash for every underscore)."""
    run = ScanRun(
        hospital_id=vendor.hospital_id,
        vendor_id=vendor.id,
        side=ScanSide.HOSPITAL,
        started_by="x",
        hosts=[HOST],
        classes=["passive"],
        state=state,
        created_at=at,
        started_at=at,
        finished_at=at,
        visible_at=at,
    )
    session.add(run)
    session.flush()
    session.add_all(
        scan_results._record(vendor.hospital_id, run.id, _finding(check, outcome, at), first_seen_at=at)
        for check, outcome in outcomes.items()
    )
    session.flush()
    return run


def _finding(check: str, outcome: Outcome, at) -> Finding:
    return Finding(
        check_id=check.replace("_", "-"),
        subject=Subject(kind=SubjectKind.HOST, name=HOST),
        outcome=outcome,
        severity=Severity.HIGH,
        fact=Message(text="%(n)d seen", values={"n": 1}),
        at=at,
    )


def test_a_scan_names_its_hosts_classes_and_ground(session, actor, vendor, now):
    run = scans.queue_by_hospital(session, actor, vendor.id, now=now)

    assert (run.state, run.hosts, run.classes) == (ScanState.QUEUED, [HOST, "b.pacs.example"], ["passive", "standard"])
    assert run.ground == "contract: Vertrag 7"
    job = session.scalars(select(Job)).one()
    assert (job.args["scan_id"], job.tenant) == (run.id, vendor.hospital_id)


def test_one_scan_of_a_vendor_at_a_time(session, actor, vendor, now):
    scans.queue_by_hospital(session, actor, vendor.id, now=now)

    with pytest.raises(NotNow):
        scans.queue_by_hospital(session, actor, vendor.id, now=now)


def test_a_foreign_vendor_does_not_exist(session, actor, vendor, now):
    stranger = building.hospital_actor(session)

    for vendor_id in (vendor.id, "unknown"):
        with pytest.raises(NotFound):
            scans.queue_by_hospital(session, stranger, vendor_id, now=now)


@pytest.mark.parametrize("role", [HospitalRole.AUDITOR, HospitalRole.DECIDER])
def test_who_only_reads_starts_nothing(session, vendor, now, role):
    reader = building.hospital_actor(session, session.get_one(Hospital, vendor.hospital_id), role=role)

    with pytest.raises(NotAllowed):
        scans.queue_by_hospital(session, reader, vendor.id, now=now)


def test_a_name_is_scanned_four_times_a_day_over_all_hospitals(session, now):
    def scan(at):
        actor = building.hospital_actor(session)
        vendor = building.vendor(session, session.get_one(Hospital, actor.hospital_id), hosts=(HOST,))
        return scans.queue_by_hospital(session, actor, vendor.id, now=at)

    for _ in range(4):
        scan(now)
    with pytest.raises(NotNow, match="as often as it may be"):
        scan(now)
    scan(now + timedelta(days=1))


def test_the_company_may_look_again_more_often(session, vendor, now):
    company = building.company_actor(session)
    round_ = building.assessment(session, vendor, company_id=company.company_id)
    for _ in range(6):
        run = scans.queue_by_company(session, company, round_.id, now=now)
        run.state = ScanState.DONE

    with pytest.raises(NotFound):
        scans.queue_by_company(session, building.company_actor(session), round_.id, now=now)


def test_the_invited_person_may_look_before_any_account(session, vendor, now):
    round_ = building.assessment(session, vendor)
    invitation = Invitation(
        hospital_id=vendor.hospital_id,
        assessment_id=round_.id,
        email="v@pacs.example",
        token_hash="x",
        created_at=now,
        expires_at=now,
    )
    session.add(invitation)
    session.flush()

    run = scans.queue_by_invitation(session, invitation, now=now)

    assert (run.side, run.assessment_id) == (ScanSide.COMPANY, round_.id)


def test_a_struck_host_is_left_out(session, actor, vendor, now):
    session.scalars(select(Host).where(Host.name == HOST)).one().state = HostState.STRUCK

    assert scans.queue_by_hospital(session, actor, vendor.id, now=now).hosts == ["b.pacs.example"]


def test_a_vendor_without_hosts_cannot_be_scanned(session, actor, now):
    empty = building.vendor(session, session.get_one(Hospital, actor.hospital_id))

    with pytest.raises(NotNow):
        scans.queue_by_hospital(session, actor, empty.id, now=now)


def test_what_a_scan_could_not_see_is_known_from_the_one_before(session, vendor, now):
    _ran(session, vendor, at=now, a=Outcome.FAIL, b=Outcome.PASS, c=Outcome.UNKNOWN)
    run = _ran(session, vendor, at=now + timedelta(days=1), a=Outcome.UNKNOWN, b=Outcome.FAIL, c=Outcome.ERROR)

    standing = scan_results.standing_findings(session, vendor.hospital_id, vendor.id, now=now + timedelta(days=2))

    assert {row.check_id: (row.outcome, row.scan_id == run.id) for row in standing} == {
        "a": ("fail", False),
        "b": ("fail", True),
        "c": ("error", True),
    }


def test_an_old_result_does_not_stand_for_ever(session, vendor, now):
    _ran(session, vendor, at=now, a=Outcome.PASS)
    _ran(session, vendor, at=now + timedelta(days=200), a=Outcome.UNKNOWN)

    standing = scan_results.standing_findings(session, vendor.hospital_id, vendor.id, now=now + timedelta(days=201))

    assert [row.outcome for row in standing] == ["unknown"]


def test_a_failed_scan_is_never_the_one_that_counts(session, vendor, now):
    good = _ran(session, vendor, at=now, a=Outcome.PASS)
    _ran(session, vendor, at=now + timedelta(days=1), state=ScanState.FAILED)
    _ran(session, vendor, at=now + timedelta(days=2), state=ScanState.STOPPED)

    assert scan_results.latest_good(session, vendor.hospital_id, vendor.id).id == good.id


def test_failing_since_survives_a_blind_look_and_ends_with_a_pass(session, vendor, now):
    def run(day: int, outcome: Outcome):
        at = now + timedelta(days=day)
        row = _ran(session, vendor, at=at, state=ScanState.RUNNING)
        scan_results.complete(
            session,
            vendor.hospital_id,
            row.id,
            seen=(),
            now=at,
            findings=(_finding("a", outcome, at), _finding("z", Outcome.PASS, at)),
        )
        session.flush()
        return session.get_one(FindingRecord, (row.id, "host", HOST, "a")).first_seen_at

    day = timedelta(days=1)
    assert run(0, Outcome.FAIL) == now
    assert run(1, Outcome.UNKNOWN) == now
    assert run(2, Outcome.WARN) == now
    assert run(3, Outcome.PASS) == now + 3 * day
    assert run(4, Outcome.UNKNOWN) == now + 4 * day
    assert run(5, Outcome.FAIL) == now + 5 * day


def test_a_finding_comes_back_as_it_was_stored(session, vendor, now):
    run = _ran(session, vendor, at=now, a=Outcome.FAIL)
    (record,) = scan_results.findings_of(session, vendor.hospital_id, run.id)

    assert scan_results.finding_of(record) == _finding("a", Outcome.FAIL, now)


def test_a_queued_scan_that_is_stopped_never_starts(session, actor, vendor, now):
    run = scans.queue_by_hospital(session, actor, vendor.id, now=now)

    assert scans.stop(session, actor, vendor.id, now=now) == 1
    assert scans.start(session, vendor.hospital_id, run.id, now=now) is None
    assert run.state is ScanState.STOPPED


# ---- the second look


def _completed(session, vendor, at, outcome=Outcome.FAIL, *, provisional=True) -> ScanRun:
    run = _ran(session, vendor, at=at, state=ScanState.RUNNING)
    doubtful = replace(_finding("a", outcome, at), provisional=provisional)
    findings = (doubtful, _finding("z", Outcome.PASS, at))
    scan_results.complete(session, vendor.hospital_id, run.id, seen=(), findings=findings, now=at)
    session.flush()
    return run


def _of_a(session, run) -> FindingRecord:
    return session.get_one(FindingRecord, (run.id, "host", HOST, "a"), populate_existing=True)


def test_a_provisional_failure_is_looked_at_again(session, vendor, now):
    run = _completed(session, vendor, now)

    job = session.scalars(select(Job).where(Job.kind == "second-look")).one()
    assert (job.args["hosts"], job.run_at) == ([HOST], now + scan_results.SECOND_LOOK_AFTER)
    order = scans.start_second_look(session, vendor.hospital_id, run.id, [HOST], now=now)
    assert order.hosts == (HOST,)


@pytest.mark.parametrize(
    ("second", "outcome", "provisional"),
    [
        (Outcome.FAIL, "fail", False),
        (Outcome.WARN, "fail", False),
        (Outcome.PASS, "pass", False),
        (Outcome.UNKNOWN, "fail", True),
    ],
)
def test_the_second_look_decides(session, vendor, now, second, outcome, provisional):
    run = _completed(session, vendor, now)
    later = now + timedelta(minutes=1)

    scan_results.settle(session, vendor.hospital_id, run.id, [_finding("a", second, later)], now=later)
    session.flush()

    record = _of_a(session, run)
    assert (record.outcome, record.provisional) == (outcome, provisional)


def test_what_the_scan_before_saw_too_is_not_provisional(session, vendor, now):
    _completed(session, vendor, now)
    run = _completed(session, vendor, now + timedelta(hours=1))

    assert not _of_a(session, run).provisional


def test_a_newer_scan_makes_the_second_look_needless(session, vendor, now):
    run = _completed(session, vendor, now)
    _completed(session, vendor, now + timedelta(hours=1))

    assert scans.start_second_look(session, vendor.hospital_id, run.id, [HOST], now=now) is None


def test_nobody_scans_a_name_while_a_second_look_does(session, actor, vendor, now):
    run = _completed(session, vendor, now)
    job = session.scalars(select(Job).where(Job.kind == "second-look")).one()
    job.state, job.lease_until = JobState.RUNNING, now + timedelta(seconds=20)
    queued = scans.queue_by_hospital(session, actor, vendor.id, now=now)

    assert isinstance(scans.start(session, vendor.hospital_id, queued.id, now=now), scans.Postponed)
    assert run.id != queued.id


def test_after_the_companys_window_the_hospital_does_not_look_and_the_company_may(session, actor, vendor, now):
    company = building.company_actor(session, email="lead@pacs.example")
    taken = building.assessment(session, vendor, company_id=company.company_id)
    session.add_all(
        Consent(
            company_id=company.company_id,
            assessment_id=taken.id,
            check_class=check_class,
            kind=ConsentKind.GRANTED,
            text_version="1",
            person_id=company.person_id,
            person_name=company.name,
            window_to=now + timedelta(hours=1),
            at=now,
        )
        for check_class in ("passive", "standard")
    )
    session.flush()
    waiting = scans.queue_by_hospital(session, actor, vendor.id, now=now)
    late = now + timedelta(hours=2)

    assert scans.start(session, vendor.hospital_id, waiting.id, now=late) is None
    assert (waiting.state, waiting.reason) == (ScanState.STOPPED, permissions.WINDOW_OVER)
    with pytest.raises(NotNow, match="time window"):
        scans.queue_by_hospital(session, actor, vendor.id, now=late)
    own = scans.queue_by_company(session, company, taken.id, now=late)
    assert isinstance(scans.start(session, vendor.hospital_id, own.id, now=late), scans.Order)


def test_no_second_look_after_the_companys_window(session, vendor, now):
    run = _completed(session, vendor, now)
    company = building.company_actor(session, email="lead@pacs.example")
    taken = building.assessment(session, vendor, company_id=company.company_id)
    session.add(
        Consent(
            company_id=company.company_id,
            assessment_id=taken.id,
            check_class="passive",
            kind=ConsentKind.GRANTED,
            text_version="1",
            person_id=company.person_id,
            person_name=company.name,
            window_to=now + timedelta(hours=1),
            at=now,
        )
    )
    session.flush()

    def look(moment):
        return scans.start_second_look(session, vendor.hospital_id, run.id, [HOST], now=moment)

    assert isinstance(look(now), scans.Order)
    assert look(now + timedelta(hours=2)) is None


def test_what_one_company_looked_at_for_itself_is_nothing_to_the_next_that_is_asked_for_the_vendor(session, now):
    made = errand.accepted(session, now - timedelta(days=40))
    first = session.get_one(Assessment, made.assessment_id)
    private = _ran(session, first.vendor, at=now - timedelta(days=39), web_hsts=Outcome.FAIL)
    private.side, private.assessment_id, private.kept_back = ScanSide.COMPANY, first.id, True
    first.stage = Stage.CLOSED
    session.flush()
    stranger = errand.stranger(session)
    ward.invite(session, made.ward, errand.VENDOR, now=now, due=now.date() + timedelta(days=20))
    ward.accept(session, made.ward, errand.VENDOR, now=now, actor=stranger)
    theirs = made.ward.assessments[errand.VENDOR]

    assert own_results.view(session, made.lead, first.id, now=now).run is private
    assert own_results.view(session, stranger, theirs, now=now).run is None
    assert not dossiers.build_for_company(session, stranger.company_id, theirs, now=now).findings
    with pytest.raises(NotNow):
        own_results.release(session, stranger, theirs, now=now)

    ward.scan(session, made.ward, errand.VENDOR, quality=0.5, now=now)
    own_results.release(session, stranger, theirs, now=now)
    assert private.kept_back
    assert own_results.view(session, stranger, theirs, now=now).run is not private
