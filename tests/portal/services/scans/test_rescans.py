"""Scans by cadence: due by tier, at night, where the ground stands, each once, and the vendor can be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.jobs import Job
from portal.db.models.responses import Consent, ConsentKind
from portal.db.models.scans import ScanRun, ScanState
from portal.db.models.vendors import Ground, Host, IntakeRecord, Supply, Vendor
from portal.errors import BadInput, Clash, NotAllowed
from portal.services.monitoring import watching
from portal.services.monitoring.watching import USUAL, Rule
from portal.services.scans import permissions, rescans, scans
from scanners.model import CheckClass
from tests.portal import building
from tests.portal.services.scans.test_scans import _ran

HOST = "a.pacs.example"
NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)  # 23:00 in Germany
MONTH = timedelta(days=32)


@pytest.fixture
def hospital(session) -> Hospital:
    return building.hospital(session)


@pytest.fixture
def vendor(session, hospital) -> Vendor:
    return _rated(session, hospital, tier=1)


def _rated(session, hospital, *, tier: int, host: str = HOST, name: str = "PACS GmbH") -> Vendor:
    made = building.vendor(session, hospital, name=name, hosts=(host,), security_email="it@pacs.example")
    supply = building.supply(session, made)
    session.add(
        IntakeRecord(
            hospital_id=hospital.id,
            supply_id=supply.id,
            answers={},
            impact=5,
            patient_safety=1,
            proposed_tier=tier,
            tier=tier,
            policy_version="1",
            by_name="x",
            at=NIGHT,
        )
    )
    session.flush()
    session.refresh(made)
    return made


def _plan(session, vendor, now=NIGHT):
    return rescans.of_vendor(session, vendor.hospital_id, vendor.id, now=now)


def _jobs(session) -> list[Job]:
    return list(session.scalars(select(Job).where(Job.kind == "rescan").order_by(Job.run_at)))


def test_it_is_due_when_its_month_is_over(session, vendor):
    _ran(session, vendor, at=NIGHT - timedelta(days=20))
    assert not _plan(session, vendor).is_due(NIGHT.date())
    assert _plan(session, vendor).next_on == datetime(2026, 12, 3, tzinfo=UTC).date()

    assert _plan(session, vendor, NIGHT + timedelta(days=10)).is_due((NIGHT + timedelta(days=10)).date())


def test_one_evening_asks_each_once_and_spreads_them_over_the_night(session, hospital):
    made = [_rated(session, hospital, tier=1, host=f"h{n}.example", name=f"V{n}") for n in range(4)]
    for one in made:
        _ran(session, one, at=NIGHT - MONTH)

    assert rescans.ask_all(session, now=NIGHT - timedelta(hours=2)) == 4
    assert rescans.ask_all(session, now=NIGHT - timedelta(hours=1)) == 4  # another worker, or asked by hand

    moments = [job.run_at for job in _jobs(session)]
    begin, end = rescans.night(NIGHT)
    assert len(moments) == len(set(moments)) == 4
    assert all(begin <= moment < end for moment in moments)


def test_its_moment_queues_passive_and_standard_and_only_once(session, vendor):
    _ran(session, vendor, at=NIGHT - MONTH)

    run = rescans.start(session, vendor.hospital_id, vendor.id, now=NIGHT)

    assert (run.classes, run.started_by, run.is_rescan) == (["passive", "standard"], "Kettenblick", True)
    assert run.ground == "contract: Vertrag 7"
    run.state, run.finished_at = ScanState.DONE, NIGHT
    assert rescans.start(session, vendor.hospital_id, vendor.id, now=NIGHT + timedelta(hours=1)) is None


def test_what_the_company_agreed_to_actively_is_left_out(session, vendor):
    _ran(session, vendor, at=NIGHT - MONTH)
    run = rescans.start(session, vendor.hospital_id, vendor.id, now=NIGHT)
    wide = permissions.Permission(
        hosts=(HOST,), classes=frozenset(CheckClass), active_hosts=(HOST,), active_domains=("pacs.example",)
    )

    assert scans._within(run, wide).classes == permissions.ORDINARY
    assert scans._within(run, wide).active_hosts == ()


def test_by_day_nothing_begins(session, vendor):
    _ran(session, vendor, at=NIGHT - MONTH)

    assert rescans.start(session, vendor.hospital_id, vendor.id, now=NIGHT.replace(hour=10)) is None
    assert rescans.start(session, vendor.hospital_id, vendor.id, now=NIGHT + timedelta(hours=6)) is None
    assert rescans.start(session, vendor.hospital_id, vendor.id, now=NIGHT + timedelta(hours=4)) is not None


def test_a_missed_night_is_made_up_for_once(session, vendor):
    _ran(session, vendor, at=NIGHT - 3 * MONTH)

    assert rescans.ask_all(session, now=NIGHT) == 1
    assert len(_jobs(session)) == 1


def test_a_scan_that_saw_nothing_rests_for_a_week(session, vendor):
    _ran(session, vendor, at=NIGHT - MONTH)
    _ran(session, vendor, at=NIGHT - timedelta(days=2), state=ScanState.FAILED)

    assert rescans.ask_all(session, now=NIGHT) == 0
    assert rescans.ask_all(session, now=NIGHT + timedelta(days=5)) == 1


def _refuse(session, vendor):
    company = building.company_actor(session)
    round_ = building.assessment(session, vendor, company_id=company.company_id)
    session.add(
        Consent(
            company_id=company.company_id,
            assessment_id=round_.id,
            check_class=CheckClass.PASSIVE.value,
            host_name="",
            kind=ConsentKind.WITHDRAWN,
            text_version="1",
            person_id=company.person_id,
            person_name=company.name,
            at=NIGHT,
        )
    )


def _documents_only(session, vendor):
    building.assessment(session, vendor, documents_only=True)


def _end(session, vendor):
    vendor.ended_at = NIGHT


def _end_contracts(session, vendor):
    for supply in session.scalars(select(Supply).where(Supply.vendor_id == vendor.id)):
        supply.contract_ends_on = NIGHT.date() - timedelta(days=1)


def _only_a_tender(session, vendor):
    for host in session.scalars(select(Host).where(Host.vendor_id == vendor.id)):
        host.ground = Ground.TENDER


def _nobody(session, vendor):
    vendor.security_email = ""


def _bidder(session, vendor):
    session.get_one(Hospital, vendor.hospital_id).is_for_bidder = True


def _off(session, vendor):
    admin = building.hospital_actor(session, session.get_one(Hospital, vendor.hospital_id), role=HospitalRole.ADMIN)
    never = Rule(rescans={1: 0, 2: 3, 3: 6, 4: 12}, reassessments=USUAL.reassessments, points=5)
    watching.change(session, admin, never, now=NIGHT)


@pytest.mark.parametrize(
    "against", [_documents_only, _end, _end_contracts, _only_a_tender, _nobody, _bidder, _off, _refuse]
)
def test_never_where_something_stands_against_it(session, vendor, against):
    _ran(session, vendor, at=NIGHT - MONTH)
    against(session, vendor)
    session.flush()

    assert rescans.ask_all(session, now=NIGHT) == 0
    assert rescans.start(session, vendor.hospital_id, vendor.id, now=NIGHT) is None
    plan = _plan(session, vendor)
    assert plan.next_on is None
    assert plan.why_not.text
    assert session.scalar(select(func.count()).select_from(ScanRun)) == 1


def test_the_first_scan_is_begun_by_a_person(session, vendor):
    assert _plan(session, vendor).why_not.text == rescans.NEVER_SEEN
    assert rescans.ask_all(session, now=NIGHT) == 0


def test_what_the_company_looked_at_for_itself_moves_nothing(session, vendor):
    _ran(session, vendor, at=NIGHT - MONTH)
    own = _ran(session, vendor, at=NIGHT - timedelta(days=1))
    own.kept_back = True
    session.flush()

    assert rescans.ask_all(session, now=NIGHT) == 1


def test_the_rule_is_the_admins_and_a_clash_is_seen(session, hospital):
    admin = building.hospital_actor(session, hospital, role=HospitalRole.ADMIN)
    assessor = building.hospital_actor(session, hospital, role=HospitalRole.ASSESSOR, email="b@klinik.example")
    wanted = Rule(rescans={1: 2, 2: 2, 3: 2, 4: 0}, reassessments=USUAL.reassessments, points=10)

    assert watching.change(session, admin, wanted, now=NIGHT).version == 1
    with pytest.raises(Clash):
        watching.change(session, admin, wanted, now=NIGHT)
    with pytest.raises(NotAllowed):
        watching.change(session, assessor, wanted, now=NIGHT)
    wrong = Rule(rescans={1: 61, 2: 2, 3: 2, 4: 0}, reassessments=USUAL.reassessments, points=0, version=1)
    with pytest.raises(BadInput) as refused:
        watching.change(session, admin, wrong, now=NIGHT)
    assert set(refused.value.fields) == {"rescan_1", "points"}
