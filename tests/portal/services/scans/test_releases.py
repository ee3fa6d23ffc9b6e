"""Who sees a scan when: released, ten working days on, or at once where it is critical and the company knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.db.models.assessments import Stage
from portal.db.models.scans import ScanRun, ScanSide, ScanState
from portal.errors import NotFound
from portal.services.scans import releases, scan_results
from scanners.model import Finding, Message, Outcome, Severity, Subject, SubjectKind
from tests.portal import building


def _run(session, vendor, *, visible_at, assessment_id=None, severity=Severity.HIGH) -> ScanRun:
    at = building.NOW
    run = ScanRun(
        hospital_id=vendor.hospital_id,
        vendor_id=vendor.id,
        assessment_id=assessment_id,
        side=ScanSide.HOSPITAL,
        started_by="x",
        hosts=["a.example"],
        classes=["passive"],
        state=ScanState.DONE,
        created_at=at,
        started_at=at,
        finished_at=at,
        visible_at=visible_at,
    )
    session.add(run)
    session.flush()
    for check_id, how_bad in (("one", severity), ("two", Severity.LOW)):
        finding = Finding(
            check_id=check_id,
            subject=Subject(kind=SubjectKind.HOST, name="a.example"),
            outcome=Outcome.FAIL,
            severity=how_bad,
            fact=Message(text="x"),
            at=at,
        )
        session.add(scan_results._record(vendor.hospital_id, run.id, finding, first_seen_at=at))
    session.flush()
    return run


@pytest.fixture
def vendor(session):
    return building.vendor(session, building.hospital(session, state="NW"), hosts=("a.example",))


@pytest.mark.parametrize(
    ("state", "country", "visible", "opens"),
    [
        # Monday to Monday a fortnight later: no holiday in between.
        ("NW", "DE", datetime(2026, 11, 2, 9, tzinfo=UTC), datetime(2026, 11, 16, 9, tzinfo=UTC)),
        # Repentance Day, 18 November 2026, is a holiday in Saxony alone.
        ("SN", "DE", datetime(2026, 11, 9, 9, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("NW", "DE", datetime(2026, 11, 9, 9, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)),
        # Over Christmas and New Year: 25 December and 1 January are Fridays.
        ("NW", "DE", datetime(2026, 12, 18, 9, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC)),
        # Told on a Saturday: Monday is the first day.
        ("NW", "DE", datetime(2026, 11, 7, 9, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC)),
        # Over the change from summer time, the hour on the clock stays.
        ("NW", "DE", datetime(2026, 10, 19, 7, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)),
        ("", "AT", datetime(2026, 11, 2, 9, tzinfo=UTC), datetime(2026, 11, 16, 9, tzinfo=UTC)),
    ],
)
def test_ten_working_days_are_counted_in_the_hospitals_state(session, vendor, state, country, visible, opens):
    run = _run(session, vendor, visible_at=visible)
    hospital = building.hospital(session, state=state, country=country)

    assert releases.opens_at(run, hospital) == opens
    assert not releases.hospital_may_see(run, response=None, hospital=hospital, now=opens - timedelta(seconds=1))
    assert releases.hospital_may_see(run, response=None, hospital=hospital, now=opens)


def test_a_released_result_is_open_at_once(session, vendor, now):
    company = building.company_actor(session)
    round_ = building.assessment(session, vendor, company_id=company.company_id)
    run = _run(session, vendor, visible_at=now, assessment_id=round_.id)
    assert not releases.hospital_view(session, vendor.hospital_id, run, now=now).findings

    building.response(session, round_, released_at=now)

    view = releases.hospital_view(session, vendor.hospital_id, run, now=now)
    assert view.is_open
    assert len(view.findings) == 2


def test_a_critical_failure_is_told_at_once_and_alone(session, vendor, now):
    run = _run(session, vendor, visible_at=now, severity=Severity.CRITICAL)

    view = releases.hospital_view(session, vendor.hospital_id, run, now=now)

    assert not view.is_open
    assert [record.check_id for record in view.findings] == ["one"]


def test_before_the_company_is_told_the_hospital_sees_nothing_ever(session, vendor, now):
    run = _run(session, vendor, visible_at=None, severity=Severity.CRITICAL)

    view = releases.hospital_view(session, vendor.hospital_id, run, now=now + timedelta(days=400))

    assert (view.is_open, view.opens_at, view.findings) == (False, None, ())


def test_the_newest_open_run_counts_until_the_next_one_opens(session, vendor, now):
    old = _run(session, vendor, visible_at=now - timedelta(days=60))
    old.created_at = old.finished_at = now - timedelta(days=60)
    _run(session, vendor, visible_at=now)

    assert releases.open_run(session, vendor.hospital_id, vendor.id, now=now).run.id == old.id
    later = releases.open_run(session, vendor.hospital_id, vendor.id, now=now + timedelta(days=30))
    assert later.run.id != old.id


def test_a_foreign_run_does_not_exist(session, vendor, now):
    run = _run(session, vendor, visible_at=now)

    with pytest.raises(NotFound):
        releases.hospital_view(session, building.hospital(session).id, run, now=now)


def test_a_release_holds_for_its_round_and_what_was_seen_before_it(session, vendor, now):
    company = building.company_actor(session)
    first = building.assessment(session, vendor, company_id=company.company_id, stage=Stage.REVIEWED)
    building.response(session, first, released_at=now)
    second = building.assessment(session, vendor, company_id=company.company_id, round=2)
    building.response(session, second)
    seen_before = _run(session, vendor, visible_at=now)
    in_the_round = _run(session, vendor, visible_at=now, assessment_id=first.id)
    in_the_next = _run(session, vendor, visible_at=now, assessment_id=second.id)
    seen_before.finished_at = now - timedelta(days=1)
    in_the_round.finished_at = in_the_next.finished_at = now + timedelta(hours=1)
    session.flush()

    later = now + timedelta(days=1)
    assert releases.hospital_view(session, vendor.hospital_id, seen_before, now=later).is_open
    assert releases.hospital_view(session, vendor.hospital_id, in_the_round, now=later).is_open
    assert not releases.hospital_view(session, vendor.hospital_id, in_the_next, now=later).is_open
