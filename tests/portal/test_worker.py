"""The worker: scans stream, end once, never replace a good result by a bad one; mails and scores beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select

from portal import worker
from portal.db.models.accounts import Hospital
from portal.db.models.jobs import Job, JobState, MailState, OutboxMail
from portal.db.models.rechecks import Recheck, RecheckState
from portal.db.models.registers import ScoreRecord
from portal.db.models.responses import Consent, ConsentKind
from portal.db.models.scans import AddressLease, FindingRecord, ScanRun, ScanState, ScanUse
from portal.db.models.vendors import Vendor
from portal.jobs import leases, tasks
from portal.services import jobs
from portal.services.actors import Actor
from portal.services.jobs import JobKind
from portal.services.mails import outbox
from portal.services.scans import consents, rechecks, scan_results, scans
from portal.services.scans.consents import Signature
from questionnaires import shelf
from scanners.model import Outcome
from tests.portal import building
from tests.portal.jobs import running
from tests.portal.jobs.running import wait_until


@pytest.fixture
def chosen(tmp_path: Path):
    return running.settings(tmp_path)


def _vendor(sessions, *hosts: str, **values) -> tuple[Actor, str]:
    with sessions.begin() as session:
        actor = building.hospital_actor(session)
        vendor = building.vendor(
            session,
            session.get_one(Hospital, actor.hospital_id),
            hosts=hosts,
            contact_email="it@pacs.example",
            **values,
        )
    return actor, vendor.id


def _queue(sessions, actor, vendor_id) -> str:
    with sessions.begin() as session:
        return scans.queue_by_hospital(session, actor, vendor_id, now=datetime.now(UTC)).id


def _state(sessions, scan_id):
    with sessions() as session:
        return session.get_one(ScanRun, scan_id).state


def _wait(sessions, scan_id) -> ScanRun:
    wait_until(lambda: _state(sessions, scan_id) not in scans.LIVE)
    with sessions() as session:
        return session.get_one(ScanRun, scan_id)


def _outcomes(sessions, scan_id, check_id="dns.caa-present") -> list[str]:
    with sessions() as session:
        return list(
            session.scalars(
                select(FindingRecord.outcome).where(
                    FindingRecord.scan_id == scan_id, FindingRecord.check_id == check_id
                )
            )
        )


def test_a_scan_ends_with_findings_and_the_vendor_is_told(engine: Engine, sessions, chosen):
    actor, vendor_id = _vendor(sessions, "a.pacs.example", "nocaa.pacs.example")
    with running.running(engine, chosen):
        run = _wait(sessions, _queue(sessions, actor, vendor_id))

    assert run.state is ScanState.DONE
    assert run.visible_at == run.finished_at
    with sessions() as session:
        assert len(scan_results.seen_in(session, run.hospital_id, run.id)) == 2
        assert scan_results.findings_of(session, run.hospital_id, run.id)
        mail = session.scalars(select(OutboxMail)).one()
        assert (mail.kind, mail.to_address) == ("scan-told", "it@pacs.example")
        assert "nocaa.pacs.example" in mail.text


def test_findings_stream_onto_the_page_while_the_rest_runs(engine: Engine, sessions, chosen):
    actor, vendor_id = _vendor(sessions, "a.slow.example", "b.slow.example", "c.slow.example")
    scan_id = _queue(sessions, actor, vendor_id)

    def some_while_running() -> bool:
        with sessions() as session:
            run = session.get_one(ScanRun, scan_id)
            count = session.scalar(select(func.count()).select_from(FindingRecord)) or 0
        return run.state is ScanState.RUNNING and count > 0 and run.progress is not None

    with running.running(engine, chosen):
        wait_until(some_while_running)
        assert _wait(sessions, scan_id).state is ScanState.DONE


@pytest.mark.parametrize(("host", "is_mended"), [("at-192-0-2-7.latecaa.example", True), ("nocaa.example", False)])
def test_one_finding_is_looked_at_again_by_itself(engine: Engine, sessions, chosen, host, is_mended):
    actor, vendor_id = _vendor(sessions, host, "b.pacs.example")
    with sessions.begin() as session:
        company = building.company_actor(session, email="lead@example.com")
        round_ = building.assessment(session, session.get_one(Vendor, vendor_id), company_id=company.company_id)
        building.response(session, round_)
        round_id = round_.id
    with running.running(engine, chosen):
        run = _wait(sessions, _queue(sessions, actor, vendor_id))
        with sessions.begin() as session:
            place = ("host", host, "dns.caa-present")
            asked = rechecks.ask(session, company, round_id, place, now=datetime.now(UTC)).id
        wait_until(lambda: _is_done(sessions, JobKind.RECHECK))

    with sessions() as session:
        row = session.get_one(Recheck, asked)
        assert (row.state, row.finding["outcome"] == "pass") == (RecheckState.DONE, is_mended)
        own = session.get_one(FindingRecord, (run.id, *place))
        assert own.outcome != "pass" and own.at < row.created_at
        used = session.scalars(select(ScanUse).where(ScanUse.scan_id == asked)).all()
        assert {one.target for one in used} >= ({host, "192.0.2.7"} if is_mended else {host})
        assert {one.budget for one in used} == {"recheck"}
        assert not session.scalars(select(AddressLease)).all()


@pytest.mark.parametrize("host", ["crash.example.com", "garbage.example.com"])
def test_a_child_that_dies_or_lies_fails_the_scan_and_keeps_the_good_one(engine: Engine, sessions, chosen, host):
    actor, vendor_id = _vendor(sessions, "a.pacs.example")
    with running.running(engine, chosen):
        good = _wait(sessions, _queue(sessions, actor, vendor_id))
        with sessions.begin() as session:
            session.add(
                building.Host(hospital_id=actor.hospital_id, vendor_id=vendor_id, name=host, created_at=building.NOW)
            )
        scan_id = _queue(sessions, actor, vendor_id)

        def hurry() -> bool:
            with sessions.begin() as session:  # nobody waits for the pauses between tries
                for job in session.scalars(select(Job).where(Job.state == JobState.QUEUED)):
                    job.run_at = min(job.run_at, datetime.now(UTC))
            return _state(sessions, scan_id) not in scans.LIVE

        wait_until(hurry)

    with sessions() as session:
        failed = session.get_one(ScanRun, scan_id)
        assert (failed.state, failed.reason) == (ScanState.FAILED, scans.GAVE_UP)
        assert not scan_results.findings_of(session, failed.hospital_id, failed.id)
        assert scan_results.latest_good(session, failed.hospital_id, vendor_id).id == good.id
        job = session.scalars(select(Job).where(Job.state == JobState.DEAD)).one()
        assert job.attempts == 3


def test_a_scan_cut_short_is_provisional_and_one_that_saw_nothing_failed(engine: Engine, sessions, chosen):
    short, short_vendor = _vendor(sessions, "short.example.com")
    blind, blind_vendor = _vendor(sessions, "blind.example.com")
    with running.running(engine, chosen):
        first = _wait(sessions, _queue(sessions, short, short_vendor))
        second = _wait(sessions, _queue(sessions, blind, blind_vendor))

    assert (first.state, first.reason) == (ScanState.PROVISIONAL, scan_results.SOFT_DEADLINE)
    assert (second.state, second.reason) == (ScanState.FAILED, scan_results.SAW_NOTHING)


def test_a_withdrawal_stops_a_running_scan(engine: Engine, sessions, chosen):
    actor, vendor_id = _vendor(sessions, "hang.example.com")
    scan_id = _queue(sessions, actor, vendor_id)
    with running.running(engine, chosen):
        wait_until(lambda: _state(sessions, scan_id) is ScanState.RUNNING)
        with sessions.begin() as session:
            scans.stop(session, actor, vendor_id, now=datetime.now(UTC))
        run = _wait(sessions, scan_id)

    assert run.state is ScanState.STOPPED
    with sessions() as session:
        assert session.scalars(select(Job.state).where(Job.kind == JobKind.SCAN.value)).all() == [JobState.DONE]


def test_taking_the_active_class_back_narrows_a_running_scan_at_once(engine: Engine, sessions, chosen):
    actor, vendor_id = _vendor(sessions, *(f"slow{number}.example.com" for number in range(4)))
    now = datetime.now(UTC)
    with sessions.begin() as session:
        company = building.company_actor(session, email="lead@example.com")
        round_ = building.assessment(session, session.get_one(Vendor, vendor_id), company_id=company.company_id)
        building.response(session, round_)
        signed = Signature(name="Ina Vogt", function="CISO", emergency_contact="0171 5550")
        consents.grant(session, company, round_.id, signed, now=now)
        ids = [host.id for host in consents.active_hosts(session, company, round_.id, now=now)]
        consents.grant_active(session, company, round_.id, ids, signed, now=now)
    scan_id = _queue(sessions, actor, vendor_id)

    def run() -> ScanRun:
        with sessions() as session:
            return session.get_one(ScanRun, scan_id)

    with running.running(engine, chosen):
        wait_until(lambda: len(run().active_hosts or ()) == 4)
        began = run().started_at
        with sessions.begin() as session:
            consents.end_active(session, company, round_.id, signed, now=datetime.now(UTC))
            withdrawn = datetime.now(UTC)
        wait_until(lambda: run().started_at > began)
        again = run().started_at
        ended = _wait(sessions, scan_id)

    # A tick is 0.3 s, and a busy machine slow; who waited for the lease to run out would wait for 20 s.
    assert again - withdrawn < timedelta(seconds=15)
    assert (ended.state, ended.active_hosts, len(ended.hosts)) == (ScanState.DONE, [], 4)


def test_consent_is_asked_again_by_the_worker(engine: Engine, sessions, chosen):
    actor, vendor_id = _vendor(sessions, "a.pacs.example")
    scan_id = _queue(sessions, actor, vendor_id)
    with sessions.begin() as session:
        company = building.company_actor(session)
        round_ = building.assessment(session, session.get_one(Vendor, vendor_id), company_id=company.company_id)
        session.add(
            Consent(
                company_id=company.company_id,
                assessment_id=round_.id,
                check_class="passive",
                kind=ConsentKind.REFUSED,
                text_version="1",
                person_id=company.person_id,
                person_name=company.name,
                at=datetime.now(UTC),
            )
        )
    with running.running(engine, chosen):
        run = _wait(sessions, scan_id)

    assert run.state is ScanState.STOPPED
    assert "documents only" in run.reason


def test_one_name_is_scanned_once_at_a_time_over_all_hospitals(engine: Engine, sessions, chosen):
    runs = [_queue(sessions, *_vendor(sessions, "a.slow.example")) for _ in range(3)]
    most = 0
    with running.running(engine, chosen):
        while any(_state(sessions, run) in scans.LIVE for run in runs):
            with sessions() as session:
                now_running = session.scalar(
                    select(func.count()).select_from(ScanRun).where(ScanRun.state == ScanState.RUNNING)
                )
            most = max(most, now_running)

    assert most == 1
    assert [_state(sessions, run) for run in runs] == [ScanState.DONE] * 3


def test_a_worker_that_is_asked_to_end_gives_its_scan_back(engine: Engine, sessions, chosen):
    actor, vendor_id = _vendor(sessions, "hang.example.com")
    scan_id = _queue(sessions, actor, vendor_id)
    with running.running(engine, chosen):
        wait_until(lambda: _state(sessions, scan_id) is ScanState.RUNNING)

    with sessions() as session:
        job = session.scalars(select(Job).where(Job.kind == JobKind.SCAN.value)).one()
        assert (job.state, job.attempts, job.token) == (JobState.QUEUED, 0, None)


def test_what_somebody_else_has_taken_over_is_not_written(engine: Engine, sessions, chosen, now):
    actor, vendor_id = _vendor(sessions, "a.pacs.example")
    _queue(sessions, actor, vendor_id)
    with sessions.begin() as session:
        zombie = leases.take(session, frozenset(JobKind), now=datetime.now(UTC))
        session.flush()
        job = session.get_one(Job, zombie.job_id)
        job.lease_until = datetime.now(UTC) - timedelta(seconds=1)
    with sessions.begin() as session:
        assert leases.take(session, frozenset(JobKind), now=datetime.now(UTC)) is not None

    with pytest.raises(leases.LeaseLost), sessions.begin() as session:
        leases.finish(session, zombie, now=datetime.now(UTC))


def test_without_a_relay_a_mail_waits_readable(engine: Engine, sessions, chosen):
    with sessions.begin() as session:
        mail = outbox.add(session, kind="t", to="a@b.example", subject="Hallo", text="Text", now=datetime.now(UTC))
    with running.running(engine, chosen):
        wait_until(lambda: _is_done(sessions, JobKind.MAIL))

    with sessions() as session:
        assert session.get_one(OutboxMail, mail.id).state is MailState.WAITING


def test_a_score_is_worked_out_when_its_input_changed(engine: Engine, sessions, chosen):
    catalogue = shelf.current()
    with sessions.begin() as session:
        hospital = building.hospital(session)
        vendor = building.vendor(session, hospital, hosts=("a.pacs.example",))
        round_ = building.assessment(
            session,
            vendor,
            supplies=(building.supply(session, vendor),),
            catalogue_id=catalogue.id,
            catalogue_version=catalogue.version,
        )
        for _ in range(3):
            jobs.ask_for_score(session, hospital.id, round_.id, now=datetime.now(UTC))
    with running.running(engine, chosen):
        wait_until(lambda: _is_done(sessions, JobKind.SCORE))

    with sessions() as session:
        score = session.scalars(select(ScoreRecord).where(ScoreRecord.is_current)).one()
        assert (score.assessment_id, score.is_current, score.grade) == (round_.id, True, None)


def _is_done(sessions, kind: JobKind) -> bool:
    with sessions() as session:
        return set(session.scalars(select(Job.state).where(Job.kind == kind.value))) == {JobState.DONE}


def test_a_failing_check_remembers_since_when(engine: Engine, sessions, chosen):
    actor, vendor_id = _vendor(sessions, "nocaa.pacs.example")
    with running.running(engine, chosen):
        first = _wait(sessions, _queue(sessions, actor, vendor_id))
        second = _wait(sessions, _queue(sessions, actor, vendor_id))

    with sessions() as session:
        before, after = (
            {row.check_id: row for row in scan_results.findings_of(session, run.hospital_id, run.id)}
            for run in (first, second)
        )
    lacking = [row for row in after.values() if Outcome(row.outcome) in scan_results.LACKING]
    assert lacking
    assert all(row.first_seen_at == before[row.check_id].at < row.at for row in lacking)


def test_a_dangling_name_counts_after_the_second_look(engine: Engine, sessions, chosen):
    actor, vendor_id = _vendor(sessions, "dangling.pacs.example")
    provisional = []

    def state() -> bool:
        with sessions.begin() as session:
            for job in session.scalars(select(Job).where(Job.kind == JobKind.SECOND_LOOK.value)):
                job.run_at = min(job.run_at, datetime.now(UTC))  # nobody waits a minute here
            return session.get_one(
                FindingRecord, (run.id, "host", "dangling.pacs.example", "dns.takeover-cname")
            ).provisional

    with running.running(engine, chosen):
        run = _wait(sessions, _queue(sessions, actor, vendor_id))
        provisional.append(state())
        wait_until(lambda: not state())

    assert provisional == [True]


def test_a_night_starts_once_for_all_workers(session, now):
    assert jobs.take_slot(session, "nightly", "2026-11-23", now=now)
    assert not jobs.take_slot(session, "nightly", "2026-11-23", now=now)


TIMETABLE = {JobKind.DIGESTS: 7, JobKind.REMINDERS: 8, JobKind.RESCANS: 21}  # o'clock where the hospitals are
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_monitoring_has_its_hours_by_the_clock_on_the_wall_also_when_it_is_changed(engine, sessions, chosen, change):
    made = worker.make(chosen, engine, scanner=running.SCANNER)
    midnight = datetime.combine(change - timedelta(days=1), time(), tzinfo=BERLIN).astimezone(UTC)
    seen: dict[JobKind, list[datetime]] = {}
    known: set[str] = set()
    for hour in range(3 * 24):
        at = midnight + timedelta(hours=hour)
        made.tools = replace(made.tools, clock=lambda at=at: at)
        made.reconcile()
        with sessions() as session:
            for row in session.scalars(select(Job).where(Job.kind.in_([*TIMETABLE, JobKind.NIGHTLY]))):
                if row.id not in known:
                    known.add(row.id)
                    seen.setdefault(JobKind(row.kind), []).append(at.astimezone(BERLIN))
    made.bell.close()

    days = [change + timedelta(days=away) for away in (-1, 0, 1)]
    for kind, hour in TIMETABLE.items():
        assert [(at.date(), at.hour) for at in seen[kind]] == [(day, hour) for day in days], kind
    # The night's work, in which decisions open again and documents run out, is begun by the world's clock.
    assert {at.astimezone(UTC).hour for at in seen[JobKind.NIGHTLY][1:]} == {worker.NIGHT_HOUR}
    assert {JobKind.RESCANS, JobKind.DIGESTS, JobKind.REMINDERS, JobKind.NIGHTLY} <= tasks.kinds(tasks.Lane.REST)
