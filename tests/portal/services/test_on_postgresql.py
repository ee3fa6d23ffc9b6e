"""What is written differently for PostgreSQL, done once there: every statement that SQLite's tests cannot vouch for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal import worker
from portal.app import create_app
from portal.db import session as database
from portal.db.models.accounts import Hospital, HospitalRole, Person, TicketPurpose
from portal.db.models.assessments import Review, ReviewState
from portal.db.models.catalogues import OwnCatalogue
from portal.db.models.components import Component, ComponentList, SharedComponent
from portal.db.models.jobs import Job, JobState, OutboxMail
from portal.db.models.plans import Action, PlanLine
from portal.db.models.rechecks import Recheck
from portal.db.models.registers import RiskRecord, RiskTreatment, ScoreRecord, StoredAssessment, Treatment
from portal.db.models.responses import Evidence
from portal.db.models.scans import ScanCount, ScanRun
from portal.db.models.vendors import Vendor
from portal.db.models.watching import VendorChange
from portal.errors import BadInput, Clash, NotFound, NotNow, TooMany
from portal.jobs import leases
from portal.services import audit, jobs
from portal.services.actions import actions, plans
from portal.services.actions.plans import LineFields
from portal.services.actors import SYSTEM
from portal.services.answers import reviews
from portal.services.decisions import decisions
from portal.services.evidence import components, evidence, shared_components
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.jobs import JobKind
from portal.services.monitoring import changes, digests
from portal.services.people import accounts, limits, sign_ins, tickets
from portal.services.registers import registers, risk_lists, scores, stored
from portal.services.registers.registers import TreatmentFields
from portal.services.rounds import catalogues, tracking
from portal.services.scans import rechecks, rescans, scan_budgets, scans
from portal.services.vendors import concentration, listing, vendors, views
from portal.services.vendors.vendors import SupplyFields, VendorFields
from tests.portal import building
from tests.portal.services.evidence import test_components as parts
from tests.portal.services.evidence import test_shared_components as shared
from tests.portal.services.monitoring import test_changes as watched
from tests.portal.services.scans import test_rechecks as rechecked
from tests.portal.services.scans import test_rejudging as rejudged
from tests.portal.services.scans import test_rescans as nights
from tests.portal.web import conftest as web
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

pytestmark = pytest.mark.postgres


@pytest.fixture
def sessions(migrated_postgres_url: str) -> Iterator[database.Sessions]:
    engine = database.engine(migrated_postgres_url)
    yield database.sessions(engine)
    engine.dispose()


def _together(count: int, act) -> None:
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_wishes_for_the_same_score_become_one_job(sessions, now):
    def ask() -> None:
        with sessions.begin() as session:
            jobs.ask_for_score(session, "h", "a", now=now)

    _together(8, ask)

    with sessions.begin() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 1
        assert leases.take(session, frozenset(JobKind), now=now) is not None
        jobs.ask_for_score(session, "h", "a", now=now)
        assert session.scalar(select(func.count()).select_from(Job)) == 2


def test_a_wish_that_was_not_committed_yet_is_seen_by_the_worker_that_waits_for_it(sessions, now):
    """The worker must not take the job, work with old input and finish, while a change rides on it."""
    with sessions.begin() as session:
        jobs.ask_for_score(session, "h", "a", now=now)
    change = sessions()
    jobs.ask_for_score(change, "h", "a", now=now)

    with sessions.begin() as session:
        taken_before = leases.take(session, frozenset(JobKind), now=now)
    change.commit()
    change.close()
    with sessions.begin() as session:
        taken_after = leases.take(session, frozenset(JobKind), now=now)

    assert taken_before is None
    assert taken_after is not None


def test_every_job_is_taken_by_one_of_many(sessions, now):
    with sessions.begin() as session:
        for number in range(20):
            jobs.add(session, JobKind.SCORE, {"n": number}, now=now, tenant=str(number % 3))
    taken = []

    def take() -> None:
        while True:
            with sessions.begin() as session:
                lease = leases.take(session, frozenset(JobKind), now=now)
                waits = leases.is_waiting(session, frozenset(JobKind), now=now)
            if lease is not None:
                taken.append(lease.args["n"])
            elif not waits:
                return

    _together(6, take)

    assert sorted(taken) == list(range(20))


def test_one_of_many_starts_the_night(sessions, now):
    won = []

    def start() -> None:
        with sessions.begin() as session:
            if jobs.take_slot(session, "nightly", "2026-11-23", now=now):
                won.append(1)

    _together(6, start)

    assert won == [1]


def test_the_budget_of_a_name_holds_against_many_at_once(sessions, now):
    with sessions.begin() as session:
        wards = []
        for _ in range(8):
            actor = building.hospital_actor(session)
            hospital = session.get_one(Hospital, actor.hospital_id)
            wards.append((actor, building.vendor(session, hospital, hosts=("a.example", "b.example")).id))
    refused = []

    def scan() -> None:
        actor, vendor_id = wards.pop()
        try:
            with sessions.begin() as session:
                scans.queue_by_hospital(session, actor, vendor_id, now=now)
        except NotNow:
            refused.append(1)

    _together(8, scan)

    assert len(refused) == 8 - scan_budgets.A_DAY_BY_HOSPITALS
    with sessions() as session:
        assert set(session.scalars(select(ScanCount.count))) == {scan_budgets.A_DAY_BY_HOSPITALS}


def test_a_ticket_is_redeemed_once_and_the_last_two_administrators_cannot_both_go(sessions, now):
    with sessions.begin() as session:
        token = tickets.issue(session, TicketPurpose.NEW_PASSWORD, email="a@b.example", now=now)
        hospital = building.hospital(session)
        admins = [
            building.hospital_actor(session, hospital, HospitalRole.ADMIN, email=f"{name}@k.example")
            for name in ("one", "two")
        ]
    won, gone = [], []

    def act() -> None:
        try:
            with sessions.begin() as session:
                tickets.redeem(session, token, TicketPurpose.NEW_PASSWORD, now=now)
            won.append(1)
        except NotFound:
            pass
        actor = admins.pop() if admins else None
        if actor is None:
            return
        try:
            with sessions.begin() as session:
                accounts.end_hospital_membership(session, actor, person_id=actor.person_id, now=now)
            gone.append(1)
        except NotNow:
            pass

    _together(4, act)

    assert won == [1]
    assert len(gone) == 1


def test_a_session_lives_and_ends(sessions, now):
    with sessions.begin() as session:
        person = building.person(session)
        token = sign_ins.start(session, person, now=now).token
    with sessions.begin() as session:
        found = sign_ins.find(session, token, now=now + timedelta(minutes=5))
        assert found is not None
        assert sign_ins.touch(session, found, now=now + timedelta(minutes=5))
        sign_ins.revoke_all(session, session.scalars(select(Person.id)).one())
    with sessions() as session:
        assert sign_ins.find(session, token, now=now) is None
        assert jobs.counts(session)[JobState.QUEUED] == 0


@pytest.mark.parametrize("what", ["vendor", "answer", "risk"])
def test_the_second_of_two_that_read_the_same_is_told_and_overwrites_nothing(sessions, now, what):
    with sessions.begin() as session:
        of = ward.one(session, now)
        vendor_id, assessment_id = next(iter(of.vendors.values())), next(iter(of.assessments.values()))
        risk_id = session.scalars(select(RiskRecord.id).limit(1)).one()

    def act(session: Session, words: str) -> None:
        match what:
            case "vendor":
                vendors.change(session, of.assessor, vendor_id, VendorFields(name=words), version=1, now=now)
            case "answer":
                accepted = ReviewState.ACCEPTED
                reviews.say(session, of.assessor, assessment_id, ("GV-01", ""), accepted, note=words, now=now)
            case _:
                fields = TreatmentFields(treatment=Treatment.MITIGATE, note=words)
                registers.treat(session, of.assessor, risk_id, fields, version=0, now=now)

    told = []

    def come_second() -> None:
        try:
            with sessions.begin() as session:
                act(session, "second")
        except Clash:
            told.append(1)

    with sessions.begin() as session:
        act(session, "first")
        session.flush()
        second = threading.Thread(target=come_second)
        second.start()
        second.join(timeout=0.5)
        assert second.is_alive()
    second.join()

    assert told == [1]
    with sessions() as session:
        words = {"vendor": Vendor.name, "answer": Review.note, "risk": RiskTreatment.note}[what]
        assert session.scalars(select(words)).all() == ["first"]


def test_a_zero_byte_in_an_address_finds_nothing(sessions, migrated_postgres_url, tmp_path, now):
    with sessions.begin() as session:
        actor = building.hospital_actor(session)
    client = create_app(web.make_settings(migrated_postgres_url, tmp_path)).test_client()
    client.set_cookie("kettenblick-session", web.sign_in(sessions, actor), domain="127.0.0.1")

    for path in ("/hospital/vendors/%00", "/hospital/vendors?q=%00", "/hospital/review/%00?answer=x"):
        assert client.get(path, base_url=web.ADDRESS).status_code == 404


def test_a_whole_round_with_its_score_fits_into_the_columns(sessions, now):
    """SQLite takes a text of any length; this database does not."""
    with sessions.begin() as session:
        of = ward.one(session, now)

    with sessions() as session:
        (assessment_id,) = of.assessments.values()
        assert scores.current(session, of.hospital_id, assessment_id).catalogue_version == "hospital-vendor 2026.1"


def test_every_list_is_filtered_and_sorted_by_this_database_too(sessions, now):
    """Nulls, booleans, cases, unions and groups of lists, each once."""
    with sessions.begin() as session:
        of = ward.one(session, now)
        ward.add(session, of, "Zweite GmbH", "Terminplaner", intake=None, now=now)
        building.shared_view(session, of.assessor)
    today = now.date()
    every = listing.Wanted(
        words="gmbh 100%",
        tiers=("1", "none"),
        grades=("C", "none"),
        levels=("high", "none"),
        stages=("draft", "none"),
        groups=("kis", "none"),
        departments=("Labor", "none"),
        flags=frozenset(listing.Flag),
        only=("x",),
    )

    with sessions() as session:
        actor = of.auditor
        for sort in listing.VENDOR_ORDER:
            for descending in (False, True):
                found = listing.vendors(session, actor, listing.Wanted(), today=today, sort=sort, descending=descending)
                assert found.count == len(found.rows) == 2, sort
        for sort in listing.SUPPLY_ORDER:
            assert listing.supplies(session, actor, listing.Wanted(), today=today, sort=sort).count == 2, sort
        assert listing.vendors(session, actor, every, today=today).count == 0
        assert listing.supplies(session, actor, every, today=today).count == 0
        for flag in listing.Flag:
            wanted = listing.Wanted(flags=frozenset({flag}))
            assert listing.vendors(session, actor, wanted, today=today).total == 2
        assert sum(listing.heat(session, actor, listing.Wanted(), today=today).values()) == 2
        assert sum(listing.supply_heat(session, actor, listing.Wanted(), today=today).values()) == 2
        assert listing.departments(session, actor) == ["Radiologie"]
        assert len(listing.moves(session, actor, since=today, length=3)) <= 1
        for sort in tracking.ORDER:
            assert tracking.board(session, actor, now=now, sort=sort).count == 1, sort
        for trouble in tracking.Trouble:
            wanted = tracking.Wanted(words="x", stage=tracking.DECIDED, trouble=trouble.value, campaign_id="x")
            assert tracking.board(session, actor, wanted, now=now).total == 1
        for state in (risk_lists.STANDING, risk_lists.GONE, risk_lists.CLOSED):
            risk_lists.page(session, actor, risk_lists.Narrowed(state=state, words="x"), today=today)
        assert concentration.shares(session, actor, now=now)
        assert [row.name for row in views.rows(session, actor)] == ["Kritische"]
        assert decisions.asked(session, actor, today) is not None
        assert actions.due(session, actor, today=today).offered == []


def test_tries_at_the_same_moment_share_one_budget(sessions, now):
    refused = []

    def spend() -> None:
        with sessions.begin() as session:
            try:
                limits.spend(session, limits.NEW_PASSWORD, "erika@klinik.example", now=now)
            except TooMany:
                refused.append(1)

    _together(8, spend)

    assert len(refused) == 8 - limits.NEW_PASSWORD.most


def test_two_chains_are_written_in_one_order_by_all(sessions, now):
    both = (audit.hospital_scope("h"), audit.company_scope("c"))

    def write(scopes) -> None:
        with sessions.begin() as session:
            audit.take_turns(session, *scopes)
            for scope in scopes:
                audit.record(session, SYSTEM, "x", "y", now=now, scope=scope)

    orders = iter([both, both[::-1]] * 4)
    lock = threading.Lock()

    def one() -> None:
        with lock:
            scopes = next(orders)
        write(scopes)

    _together(8, one)

    with sessions() as session:
        assert [chain.events for chain in audit.verify_all(session)] == [8, 8]


def test_findings_over_time_and_a_stored_scan_judged_anew(sessions, now):
    with sessions.begin() as session:
        vendor = building.vendor(session, building.hospital(session), hosts=(rejudged.HOST,))
        rejudged.scanned(session, vendor, rejudged.server(now))
        assert rejudged.rejudge(session, vendor, now + rejudged.DAY) == 1
        assert rejudged.rejudge(session, vendor, now + 2 * rejudged.DAY) == 0
        vendor_id = vendor.id

    with sessions() as session:
        vendor = session.get_one(Vendor, vendor_id)
        assert rejudged.life(session, vendor).is_open


@pytest.mark.parametrize("what", ["recheck", "scan", "take", "release", "plan"])
def test_what_two_ask_for_at_the_same_moment_happens_once(sessions, now, what):
    with sessions.begin() as session:
        of = errand.accepted(session, now)
        vendor_id, assessment_id = of.ward.vendors[errand.VENDOR], of.assessment_id
        if what in {"recheck", "take", "plan"}:
            rechecked.scanned(session, of, now)
        draft = building.own_catalogue(session, of.ward.admin)
        draft_id, edits = draft.id, draft.edits
        keys = [line.key for line in plans.build(session, of.lead, assessment_id, now=now).open][:1]
        if what == "take":
            plans.offer(session, of.lead, assessment_id, keys, note="", now=now)
    later = now + timedelta(hours=2)
    told, at_once = [], threading.Barrier(2)

    def act() -> None:
        try:
            with sessions.begin() as session:
                session.execute(select(1))
                at_once.wait()
                match what:
                    case "recheck":
                        rechecks.ask(session, of.lead, assessment_id, rechecked.PLACE, now=later)
                    case "scan":
                        scans.queue_by_company(session, of.lead, assessment_id, now=later)
                    case "take":
                        actions.take(session, of.ward.assessor, vendor_id, keys, now=later, base_url=ward.BASE_URL)
                    case "release":
                        catalogues.release(session, of.ward.admin, draft_id, edits=edits, now=later)
                    case _:
                        fields = LineFields(owner=str(threading.get_ident()))
                        plans.save(session, of.lead, assessment_id, keys[0], fields, version=0, now=later)
        except (Clash, NotNow) as refused:
            told.append(type(refused))

    _together(2, act)

    assert len(told) == (0 if what == "recheck" else 1)  # who asks again for a look is shown the one that waits
    with sessions() as session:
        row = {"recheck": Recheck.id, "scan": ScanRun.id, "take": Action.id, "plan": PlanLine.id}.get(what)
        if row is not None:
            assert len(session.scalars(select(row)).all()) == 1
        if what == "release":
            assert [one.version for one in session.scalars(select(OwnCatalogue))] == [later.date().isoformat()]


@pytest.mark.parametrize("deleted_first", [True, False])
def test_of_a_document_that_is_deleted_while_it_is_read_nothing_stays(sessions, now, deleted_first):
    with sessions.begin() as session:
        of = errand.accepted(session, now)
        fields = DocumentFields(kind=components.KIND)
        stored = Stored(blob_id="1" * 32, sha256="1" * 64, size=9, file_name="sbom.json", media_type="application/json")
        key = ("GV-01", "")
        row = evidence.add(session, of.lead, of.assessment_id, fields, stored, keys=(key,), now=now)
        company_id, evidence_id = row.company_id, row.id

    def delete(session: Session) -> None:
        evidence.remove(session, of.lead, of.assessment_id, evidence_id, now=now)

    def keep(session: Session) -> None:
        components.keep(session, company_id, evidence_id, parts.LIST, data=parts.SHIPPED, now=now)

    first, second = (delete, keep) if deleted_first else (keep, delete)

    def follow() -> None:
        with sessions.begin() as session:
            second(session)

    follower = threading.Thread(target=follow)
    with sessions.begin() as session:
        first(session)
        session.flush()
        follower.start()
        follower.join(0.3)  # it waits for the other's commit
        assert follower.is_alive()
    follower.join()

    with sessions() as session:
        assert session.get_one(Evidence, evidence_id).deleted_at is not None
        for table in (ComponentList, Component):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def _one_after_the_other(sessions, act) -> None:
    """The second does the same while the first has not committed: it waits, and neither fails."""
    failed = []

    def follow() -> None:
        try:
            with sessions.begin() as session:
                act(session)
        except SQLAlchemyError as error:
            failed.append(type(error))

    follower = threading.Thread(target=follow)
    with sessions.begin() as session:
        act(session)
        session.flush()
        follower.start()
        follower.join(2)
        assert follower.is_alive()
    follower.join()
    assert failed == []


def test_what_is_kept_of_a_vendor_by_two_at_once_is_kept_once(sessions, now):
    with sessions.begin() as session:
        of = ward.one(session, now)
        [vendor_id] = of.vendors.values()
        session.execute(delete(StoredAssessment))

    _one_after_the_other(sessions, lambda session: stored.renew(session, of.hospital_id, vendor_id, now=now))

    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(StoredAssessment)) == 1


def test_two_lists_of_a_company_that_are_read_at_once_are_both_shared(sessions, now):
    with sessions.begin() as session:
        lists = shared.lists_of_two(session, now)
        lists.read(session, shared.FIRST, (shared.OLD, shared.OWN), now)
        lists.hand_in(session, shared.FIRST, now)
        company_id = lists.leads[shared.FIRST].company_id

    _one_after_the_other(sessions, lambda session: shared_components.share(session, company_id))

    with sessions() as session:
        keys = session.scalars(select(SharedComponent.key).order_by(SharedComponent.key)).all()
    assert keys == ["pacs-core", "pkg:npm/jquery"]


def test_a_change_is_noted_once_and_told_once_however_many_workers_try(sessions, now):
    with sessions.begin() as session:
        hospital = building.hospital(session)
        actor = building.hospital_actor(session, hospital, role=HospitalRole.ASSESSOR)
        made = building.vendor(session, hospital, hosts=(watched.HOST,), security_email="it@pacs.example")
        watched._scan(session, made, now, critical=watched.Outcome.PASS)
        changes.compare(session, hospital.id, made.id, now=now)
        watched._scan(session, made, now + timedelta(days=1), critical=watched.Outcome.FAIL)
        hospital_id, vendor_id, email = hospital.id, made.id, actor.email
    later = now + timedelta(days=1)

    def note() -> None:
        with sessions.begin() as session:
            changes.compare(session, hospital_id, vendor_id, now=later)

    def tell() -> None:
        with sessions.begin() as session:
            digests.tell_at_once(session, hospital_id, base_url="https://k.example", now=later)

    _together(6, note)
    _together(6, tell)

    with sessions.begin() as session:
        assert session.scalar(select(func.count()).select_from(VendorChange)) == 1
        told = session.scalars(select(OutboxMail.to_address).where(OutboxMail.kind == "changes")).all()
        assert told == [email]


def test_of_a_round_that_several_jobs_score_at_once_one_score_counts(sessions, now):
    with sessions.begin() as session:
        of = errand.accepted(session, now)
        hospital_id, assessment_id = of.ward.hospital_id, of.assessment_id

    def score() -> None:
        with sessions.begin() as session:
            scores.refresh(session, hospital_id, assessment_id, now=now)

    _together(4, score)

    with sessions() as session:
        rows = session.scalars(select(ScoreRecord).where(ScoreRecord.assessment_id == assessment_id)).all()
        assert [row.is_current for row in rows] == [True]


def test_a_job_that_somebody_holds_keeps_nobody_from_ringing_the_others(sessions, migrated_postgres_url, tmp_path, now):
    made = worker.make(web.make_settings(migrated_postgres_url, tmp_path), sessions.kw["bind"])
    made.tools = replace(made.tools, clock=lambda: now)
    with sessions.begin() as session:
        for name in ("held", "free"):
            jobs.ask_for_score(session, "h", name, now=now)
    held, free = (select(Job).where(Job.dedupe_key == f"score:{name}") for name in ("held", "free"))

    with sessions() as holder:
        holder.scalars(held.with_for_update()).one()
        made.reconcile()
    with sessions() as session:
        rung = [session.scalars(one).one().rung_at is not None for one in (held, free)]
    made.bell.close()
    assert rung == [False, True]


def test_an_evening_asks_for_each_scan_once_however_many_workers_try(sessions, now):
    with sessions.begin() as session:
        hospital = building.hospital(session)
        made = nights._rated(session, hospital, tier=1)
        nights._ran(session, made, at=nights.NIGHT - nights.MONTH)
        hospital_id, vendor_id = hospital.id, made.id
    begun = []

    def ask() -> None:
        with sessions.begin() as session:
            rescans.ask_all(session, now=nights.NIGHT)

    def start() -> None:
        try:
            with sessions.begin() as session:
                run = rescans.start(session, hospital_id, vendor_id, now=nights.NIGHT)
                begun.extend([run.id] if run is not None else [])
        except NotNow:
            pass

    _together(4, ask)
    _together(4, start)

    with sessions.begin() as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "rescan")) == 1
        assert session.scalar(select(func.count()).select_from(ScanRun).where(ScanRun.is_rescan)) == len(begun) == 1


def test_the_largest_volume_that_a_form_takes_is_kept(sessions, now):
    with sessions.begin() as session:
        actor = building.hospital_actor(session)
        vendor = vendors.add(session, actor, VendorFields(name="PACS GmbH"), now=now)
        fields = SupplyFields(name="PACS", volume_per_year=vendors.LARGEST_VOLUME)
        vendors.add_supply(session, actor, vendor.id, fields, now=now)
        session.flush()
        with pytest.raises(BadInput):
            vendors.add_supply(session, actor, vendor.id, replace(fields, name="RIS", volume_per_year=2**31), now=now)
