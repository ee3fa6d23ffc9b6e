"""Findings over time: a random run of scans against a plain model; who sees what; what made the difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import FlushError

from portal.db.models.accounts import Hospital
from portal.db.models.findings import Cause, FindingHistory, What
from portal.db.models.scans import ScanRun, ScanSide, ScanState
from portal.db.models.vendors import Vendor
from portal.services.scans import findings, scan_results
from portal.services.scans.causes import Shelf
from scanners import judging
from scanners.catalogue import CATALOGUE_VERSION
from scanners.datasets import DataSets
from scanners.model import CheckClass, Finding, Message, Observations, Outcome, Severity, Subject, SubjectKind
from scanners.observations import CleartextPage, HostDns, Page
from tests.portal import building
from tests.scanners import building as seeing

HOST = "a.pacs.example"
PLACE = (SubjectKind.HOST, HOST, "a")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def hospital(session) -> Hospital:
    return building.hospital(session)


@pytest.fixture
def vendor(session, hospital) -> Vendor:
    return building.vendor(session, hospital, hosts=(HOST,))


def running(session, vendor, at: datetime, *, kept_back: bool = False) -> ScanRun:
    run = ScanRun(
        hospital_id=vendor.hospital_id,
        vendor_id=vendor.id,
        side=ScanSide.COMPANY if kept_back else ScanSide.HOSPITAL,
        started_by="x",
        hosts=[HOST],
        classes=["passive"],
        state=ScanState.RUNNING,
        created_at=at,
        started_at=at,
        kept_back=kept_back,
    )
    session.add(run)
    session.flush()
    return run


def finding(outcome: Outcome, at: datetime, check: str = "a", *, provisional: bool = False) -> Finding:
    return Finding(
        check_id=check,
        subject=Subject(kind=SubjectKind.HOST, name=HOST),
        outcome=outcome,
        severity=Severity.HIGH,
        fact=Message(text="seen"),
        at=at,
        provisional=provisional and outcome in findings.LACKING,
    )


def scan(session, vendor, at: datetime, outcome: Outcome, *, doubtful: bool = False, kept_back: bool = False):
    run = running(session, vendor, at, kept_back=kept_back)
    found = (finding(outcome, at, provisional=doubtful), finding(Outcome.PASS, at, "z"))
    scan_results.complete(session, vendor.hospital_id, run.id, seen=(), findings=found, now=at)
    session.flush()
    return run


def life(session, vendor, side: ScanSide = ScanSide.COMPANY, **options) -> findings.Life | None:
    return findings.lives(session, vendor.hospital_id, vendor.id, side, **options).get(PLACE)


# ---- against a model


@dataclass
class Model:
    """What the words mean, written down a second time: no rows, no events."""

    first: datetime | None = None
    confirmed: datetime | None = None
    gone: datetime | None = None
    returned: datetime | None = None
    last: datetime | None = None
    is_open: bool = False
    doubt: datetime | None = None

    def look(self, outcome: Outcome, at: datetime, *, doubtful: bool) -> bool:
        """One look; whether the failure waits for a second one."""
        if outcome in {Outcome.UNKNOWN, Outcome.ERROR}:
            return False
        if outcome not in {Outcome.FAIL, Outcome.WARN}:
            if self.is_open:
                self.is_open, self.gone = False, at
            self.doubt = None
            return False
        if self.is_open:
            self.confirmed = self.confirmed or at
        elif self.doubt is None and doubtful:
            self.doubt = at
            return True
        else:
            self._open(self.doubt or at)
            self.confirmed = at if self.doubt else None
            self.doubt = None
        self.last = at
        return False

    def _open(self, at: datetime) -> None:
        self.is_open = True
        if self.first is None:
            self.first = at
        else:
            self.returned = at

    def second_look(self, outcome: Outcome, at: datetime) -> None:
        if outcome in {Outcome.UNKNOWN, Outcome.ERROR} or self.doubt is None:
            return
        if outcome in {Outcome.FAIL, Outcome.WARN}:
            self._open(self.doubt)
            self.confirmed = self.last = at
        self.doubt = None


OUTCOMES = st.sampled_from(list(Outcome))
LOOKS = st.lists(st.tuples(OUTCOMES, OUTCOMES), min_size=1, max_size=8)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(doubtful=st.booleans(), looks=LOOKS)
def test_a_life_is_what_the_model_says(session, hospital, now, doubtful, looks):
    vendor = building.vendor(session, hospital, hosts=())
    model = Model()

    for number, (outcome, second) in enumerate(looks):
        at = now + number * HOUR
        run = scan(session, vendor, at, outcome, doubtful=doubtful)
        if model.look(outcome, at, doubtful=doubtful):
            later = at + MINUTE
            scan_results.settle(session, vendor.hospital_id, run.id, [finding(second, later)], now=later)
            session.flush()
            model.second_look(second, later)

        for side in ScanSide:
            found = life(session, vendor, side)
            if model.first is None:
                assert found is None
                continue
            assert found is not None
            times = (found.first_seen_at, found.confirmed_at, found.gone_at, found.returned_at)
            assert times == (
                model.first,
                model.confirmed if model.is_open else found.confirmed_at,
                model.gone,
                model.returned,
            )
            assert found.is_open is model.is_open
            row = session.scalars(
                select(FindingHistory).where(FindingHistory.vendor_id == vendor.id, FindingHistory.side == side)
            ).one()
            assert row.last_seen_at == model.last
            assert findings.life_of(row) == found  # the columns are what the events tell


@pytest.mark.parametrize("blind", [Outcome.UNKNOWN, Outcome.ERROR])
def test_what_could_not_be_seen_neither_closes_nor_confirms(session, vendor, now, blind):
    scan(session, vendor, now, Outcome.FAIL)
    scan(session, vendor, now + HOUR, blind)

    found = life(session, vendor)
    assert found.is_open and found.confirmed_at is None and found.gone_at is None


def test_a_finding_that_passed_by_itself_was_none(session, vendor, now):
    run = scan(session, vendor, now, Outcome.FAIL, doubtful=True)
    scan_results.settle(session, vendor.hospital_id, run.id, [finding(Outcome.PASS, now + MINUTE)], now=now + MINUTE)

    assert life(session, vendor) is None


def test_history_and_result_stand_or_fall_together(session, vendor, now):
    run = running(session, vendor, now)
    session.commit()
    twice = finding(Outcome.FAIL, now), finding(Outcome.FAIL, now)  # one place cannot hold two

    with pytest.raises((IntegrityError, FlushError)):
        scan_results.complete(session, vendor.hospital_id, run.id, seen=(), findings=twice, now=now)
        session.commit()
    session.rollback()

    assert session.scalars(select(FindingHistory)).all() == []
    assert session.get_one(ScanRun, run.id).state is ScanState.RUNNING


def test_what_is_said_of_our_own_look_is_nothing_the_vendor_mends(session, vendor, now):
    run = running(session, vendor, now)
    found = (finding(Outcome.WARN, now, "scan.data-freshness"), finding(Outcome.PASS, now, "z"))
    scan_results.complete(session, vendor.hospital_id, run.id, seen=(), findings=found, now=now)

    assert findings.lives(session, vendor.hospital_id, vendor.id, ScanSide.COMPANY) == {}


# ---- who sees what


def test_a_private_look_is_none_of_the_hospitals(session, vendor, now):
    scan(session, vendor, now, Outcome.FAIL)
    scan(session, vendor, now + HOUR, Outcome.PASS, kept_back=True)

    assert not life(session, vendor, ScanSide.COMPANY).is_open
    theirs = life(session, vendor, ScanSide.HOSPITAL)
    assert theirs.is_open and theirs.gone_at is None


def test_what_only_private_looks_saw_gives_no_older_date_to_the_hospital(session, vendor, now):
    scan(session, vendor, now, Outcome.FAIL, kept_back=True)
    run = scan(session, vendor, now + HOUR, Outcome.FAIL)

    assert life(session, vendor, ScanSide.HOSPITAL).first_seen_at == now + HOUR
    (record, _other) = scan_results.findings_of(session, vendor.hospital_id, run.id)
    assert record.first_seen_at == now + HOUR


def test_who_may_see_only_the_first_scan_knows_only_what_it_tells(session, vendor, now):
    first = scan(session, vendor, now, Outcome.FAIL)
    scan(session, vendor, now + HOUR, Outcome.PASS)

    assert life(session, vendor, ScanSide.HOSPITAL, scans={first.id}).is_open
    assert not life(session, vendor, ScanSide.HOSPITAL).is_open
    assert life(session, vendor, ScanSide.HOSPITAL, scans=set()) is None


def test_a_private_look_that_is_released_enters_the_hospitals_memory(session, vendor, now):
    scan(session, vendor, now, Outcome.FAIL)
    run = scan(session, vendor, now + HOUR, Outcome.PASS, kept_back=True)

    scan_results.release_to_hospital(session, run)

    theirs = life(session, vendor, ScanSide.HOSPITAL)
    assert not run.kept_back and not theirs.is_open and theirs.gone_at == now + HOUR


def test_an_older_look_that_is_released_late_changes_nothing_the_hospital_knows(session, vendor, now):
    older = scan(session, vendor, now, Outcome.FAIL, kept_back=True)
    scan(session, vendor, now + HOUR, Outcome.PASS)

    scan_results.release_to_hospital(session, older)

    assert life(session, vendor, ScanSide.HOSPITAL) is None


# ---- what made the difference (F16)


def plain(at: datetime, *, hsts: bool) -> Observations:
    """A host whose page does, or does not, send HSTS."""
    headers = {"strict-transport-security": "max-age=31536000"} if hsts else {}
    return seeing.seen(
        HostDns(at=at, addresses_v4=("192.0.2.1",)),
        Page(at=at, hops=(seeing.response(url=f"https://{HOST}/", headers=headers),)),
        CleartextPage(at=at, closed=True),
        host=HOST,
        at=at,
    )


def real(session, vendor, seen: Observations, *, shelf: Shelf | None = None) -> ScanRun:
    shelf = shelf or Shelf()
    run = running(session, vendor, seen.at)
    judged = judging.judge([seen], classes=frozenset({CheckClass.PASSIVE}), data=shelf.newest)
    judged = tuple(replace(one, provisional=False) for one in judged)
    scan_results.complete(session, vendor.hospital_id, run.id, seen=[seen], findings=judged, shelf=shelf, now=seen.at)
    session.flush()
    return run


HSTS = (SubjectKind.HOST, HOST, "web.hsts-present")


def changed(session, vendor, run, previous, place=HSTS) -> set[tuple[What, Cause]]:
    found = findings.changes(session, run, previous, ScanSide.COMPANY)
    return {
        (what, cause)
        for cause, by_what in found.by_cause.items()
        for what, some in by_what.items()
        for one in some
        if one.place == place
    }


def test_the_vendor_took_a_header_away_and_put_it_back(session, vendor, now):
    first = real(session, vendor, plain(now, hsts=True))
    second = real(session, vendor, plain(now + HOUR, hsts=False))
    third = real(session, vendor, plain(now + 2 * HOUR, hsts=True))
    fourth = real(session, vendor, plain(now + 3 * HOUR, hsts=False))

    assert changed(session, vendor, second, first) == {(What.FIRST, Cause.VENDOR)}
    assert changed(session, vendor, third, second) == {(What.GONE, Cause.VENDOR)}
    assert changed(session, vendor, fourth, third) == {(What.RETURNED, Cause.VENDOR)}


def test_an_older_catalogue_let_it_pass_so_our_rules_made_the_difference(session, vendor, now):
    first = real(session, vendor, plain(now, hsts=False))
    _as_if_judged_before(session, first, catalogue="2025.9")
    second = real(session, vendor, plain(now + HOUR, hsts=False))

    assert changed(session, vendor, second, first) == {(What.FIRST, Cause.RULES)}


def test_a_rule_that_became_milder_has_mended_nothing(session, vendor, now):
    first = real(session, vendor, plain(now, hsts=True))
    _as_if_judged_before(session, first, catalogue="2025.9", outcome=Outcome.FAIL)
    _remember_as_open(session, vendor, first)
    second = real(session, vendor, plain(now + HOUR, hsts=True))

    assert changed(session, vendor, second, first) == {(What.GONE, Cause.RULES)}


BRANCH = (SubjectKind.HOST, HOST, "sw.eol")


def banner(at: datetime) -> Observations:
    return seeing.seen(
        HostDns(at=at, addresses_v4=("192.0.2.1",)),
        Page(at=at, hops=(seeing.response(url=f"https://{HOST}/", headers={"server": "nginx/1.5.0"}),)),
        host=HOST,
        at=at,
    )


def test_new_data_made_the_difference(session, vendor, now):
    newer = DataSets(version="2026-11-24.aa", lifecycles={"nginx": {"1.5": date(2014, 4, 24)}})
    older = DataSets(version="2026-11-20.bb", lifecycles={"nginx": {"1.5": date(2099, 1, 1)}})
    before = real(session, vendor, banner(now), shelf=Shelf(newest=older))
    after = real(session, vendor, banner(now + HOUR), shelf=Shelf(newest=newer))

    assert changed(session, vendor, after, before, BRANCH) == {(What.FIRST, Cause.DATA)}


def test_when_rules_and_data_are_new_the_kept_data_tell_which_it_was(session, vendor, now):
    older = DataSets(version="2026-11-20.bb", lifecycles={"nginx": {"1.5": date(2099, 1, 1)}})
    newer = DataSets(version="2026-11-24.aa", lifecycles={"nginx": {"1.5": date(2014, 4, 24)}})
    shelf = Shelf(newest=newer, of_version={older.version: older}.get)
    before = real(session, vendor, banner(now), shelf=Shelf(newest=older))
    before.catalogue_version = "2025.9"
    after = real(session, vendor, banner(now + HOUR), shelf=shelf)

    assert changed(session, vendor, after, before, BRANCH) == {(What.FIRST, Cause.DATA)}


def test_what_nobody_could_see_before_is_not_laid_to_anyone(session, vendor, now):
    first = real(session, vendor, seeing.seen(host=HOST, at=now))
    session.flush()
    if first.state is ScanState.FAILED:  # nothing at all was seen: no scan to compare with
        first.state, first.finished_at = ScanState.DONE, now
    second = real(session, vendor, plain(now + HOUR, hsts=False))

    assert changed(session, vendor, second, first) == {(What.FIRST, Cause.SIGHT)}


def _as_if_judged_before(session, run: ScanRun, *, catalogue: str, outcome: Outcome = Outcome.PASS) -> None:
    """An earlier version of ours came to another verdict on the same observation."""
    assert catalogue != CATALOGUE_VERSION
    run.catalogue_version = catalogue
    for record in scan_results.findings_of(session, run.hospital_id, run.id):
        if record.check_id == HSTS[2]:
            record.outcome = outcome.value
    for row in session.scalars(select(FindingHistory).where(FindingHistory.check_id == HSTS[2])):
        session.delete(row)
    session.flush()


def _remember_as_open(session, vendor, run: ScanRun) -> None:
    failed = finding(Outcome.FAIL, run.started_at, HSTS[2])
    findings.note(session, run, [failed], sides=ScanSide, why=lambda _finding: Cause.VENDOR)
    session.flush()
