"""New rules and new data reach what was seen, through the real worker and without a visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, func, select

from portal.db.models.accounts import Hospital
from portal.db.models.findings import Rejudgement
from portal.db.models.jobs import Job, ScheduleRun
from portal.db.models.scans import ScanRun, ScanSide, ScanState
from portal.jobs import rejudging, scanning
from portal.services.scans import scan_results
from portal.services.scans.causes import Shelf
from scanners import judging
from scanners.datasets import SHIPPED, DataSets
from scanners.model import CheckClass
from scanners.observations import HostDns
from tests.portal import building
from tests.portal.jobs import running
from tests.portal.jobs.running import wait_until
from tests.scanners import building as seeing


@pytest.fixture
def seen_long_ago(sessions) -> str:
    """A scan that rules of long ago judged."""
    at = datetime.now(UTC) - timedelta(days=30)
    with sessions.begin() as session:
        actor = building.hospital_actor(session)
        vendor = building.vendor(session, session.get_one(Hospital, actor.hospital_id), hosts=("a.pacs.example",))
        run = ScanRun(
            hospital_id=vendor.hospital_id, vendor_id=vendor.id, side=ScanSide.HOSPITAL, started_by="x",
            hosts=["a.pacs.example"], classes=["passive"], state=ScanState.RUNNING, created_at=at, started_at=at,
        )  # fmt: skip
        session.add(run)
        session.flush()
        seen = [seeing.seen(HostDns(at=at, addresses_v4=("192.0.2.1",)), host="a.pacs.example", at=at)]
        found = judging.judge(seen, classes=frozenset({CheckClass.PASSIVE}))
        scan_results.complete(session, vendor.hospital_id, run.id, seen=seen, findings=found, now=at)
        run.state, run.catalogue_version = ScanState.DONE, "2025.9"
        return run.id


def test_the_worker_notices_new_rules_by_itself_and_once(engine: Engine, sessions, tmp_path, seen_long_ago: str):
    def count(table) -> int:
        with sessions() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    chosen = running.settings(tmp_path)
    for _start in range(2):
        with running.running(engine, chosen):
            wait_until(lambda: count(Rejudgement) == 1)

    with sessions() as session:
        asked = session.scalars(select(Job).where(Job.kind == "rejudge")).all()
        assert len(asked) == 1
        assert session.scalars(select(Rejudgement.scan_id)).one() == seen_long_ago
        assert session.get_one(ScanRun, seen_long_ago).catalogue_version == "2025.9"
        assert session.scalars(select(Job.kind).where(Job.kind == "scan")).all() == []


def test_each_pair_of_rules_and_data_is_a_slot_of_its_own(sessions, now):
    newer = Shelf(newest=DataSets(version="2026-11-22." + "f" * 60))
    with sessions.begin() as session:
        rejudging.start(session, Shelf(newest=SHIPPED), now=now)
        rejudging.start(session, newer, now=now)
        rejudging.start(session, newer, now=now)

        slots = session.scalars(select(ScheduleRun.slot).where(ScheduleRun.task == rejudging.SLOT)).all()
        assert len(slots) == 2
        session.execute(delete(ScheduleRun))


def test_without_a_refresh_the_shelf_holds_what_the_code_brings(tmp_path):
    shelf = scanning.shelf(running.settings(tmp_path))

    assert shelf.newest.version == SHIPPED.version
    assert shelf.of_version(SHIPPED.version) is not None
    assert shelf.of_version("2020-01-01.none") is None
