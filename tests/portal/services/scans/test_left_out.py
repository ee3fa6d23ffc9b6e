"""A host whose ground has ended stays in the result: unknown with its reason, neither mended nor confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from assessments import gathering, policy
from portal.db.models.findings import FindingHistory
from portal.db.models.scans import FindingRecord, ScanRun, ScanSide
from portal.db.models.vendors import Ground, Host, HostState, Supply, Vendor
from portal.db.models.watching import ChangeKind
from portal.services.monitoring import changes
from portal.services.registers import dossiers
from portal.services.scans import left_out, scan_results
from scanners.model import Outcome
from scanners.observations import Reason
from tests.portal import building, scanned

STAYS, GOES = "a.pacs.example", "b.archiv.example"
CHECK = "tls.protocol-legacy"
FIRST = datetime(2026, 6, 1, 22, 0, tzinfo=UTC)
SECOND = FIRST + timedelta(days=300)  # longer than what a blind look is told of


@pytest.fixture
def vendor(session) -> Vendor:
    """Two hosts, one of them serves a product of its own."""
    made = building.vendor(session, building.hospital(session), hosts=(STAYS, GOES), security_email="it@pacs.example")
    building.supply(session, made)
    _host(session).supply_id = building.supply(session, made, name="Archiv").id
    session.flush()
    return made


def _host(session) -> Host:
    return session.scalars(select(Host).where(Host.name == GOES)).one()


def _archive(session) -> Supply:
    return session.scalars(select(Supply).where(Supply.name == "Archiv")).one()


def _scan(session, vendor, *hosts: str, at: datetime) -> ScanRun:
    """The same check fails everywhere."""
    findings = [scanned.finding(CHECK, name, Outcome.FAIL, at=at) for name in hosts]
    return scanned.ended(session, vendor, findings, hosts=hosts, at=at)


def _standing(session, vendor, now=SECOND) -> dict[str, FindingRecord]:
    found = scan_results.standing_findings(session, vendor.hospital_id, vendor.id, now=now)
    return {one.subject_name: one for one in found if one.check_id == CHECK}


def _contract_ends(session) -> None:
    _archive(session).contract_ends_on = (SECOND - timedelta(days=30)).date()


def _supply_ends(session) -> None:
    _archive(session).ended_at = SECOND - timedelta(days=30)


def _tender_is_over(session) -> None:
    _host(session).ground = Ground.TENDER


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        (_contract_ends, left_out.CONTRACT_ENDED),
        (_supply_ends, left_out.SERVED_ENDED),
        (_tender_is_over, left_out.TENDER_OVER),
    ],
)
def test_it_stays_unknown_with_its_reason_and_the_day_it_was_last_seen(session, vendor, ends, why):
    _scan(session, vendor, STAYS, GOES, at=FIRST)
    ends(session)
    _scan(session, vendor, STAYS, at=SECOND)

    found = _standing(session, vendor)
    assert set(found) == {STAYS, GOES}
    assert found[STAYS].outcome == Outcome.FAIL.value
    gone = found[GOES]
    assert (gone.outcome, gone.reason, gone.fact) == (Outcome.UNKNOWN.value, Reason.NOT_CONSENTED.value, why)
    assert gone.fact_values == {"day": "2026-06-02"}  # after midnight where the hospital is
    assert gone not in session


def test_what_was_found_there_is_neither_mended_nor_confirmed_nor_counted(session, vendor):
    _scan(session, vendor, STAYS, GOES, at=FIRST)
    changes.compare(session, vendor.hospital_id, vendor.id, now=FIRST)
    _contract_ends(session)
    _scan(session, vendor, STAYS, at=SECOND)

    told = changes.compare(session, vendor.hospital_id, vendor.id, now=SECOND)
    assert not [one for one in told if one.kind in {ChangeKind.MENDED, ChangeKind.OPENED}]
    history = session.scalars(
        select(FindingHistory).where(FindingHistory.subject_name == GOES, FindingHistory.side == ScanSide.HOSPITAL)
    ).one()
    assert (history.is_open, history.gone_at, history.last_seen_at) == (True, None, FIRST)
    dossier = dossiers.build_before_round(session, vendor.hospital_id, vendor.id, now=SECOND)
    lines = {one.finding.subject.name: one.finding for one in dossier.findings if one.finding.check_id == CHECK}
    assert lines[GOES].outcome is Outcome.UNKNOWN
    gathered = [one for one in gathering.counted(dossier, policy.current()) if one.fact.finding.subject.name == GOES]
    assert not any(one.scored or one.applicable for one in gathered)


def test_looked_at_again_it_stands_as_it_is_seen(session, vendor):
    _scan(session, vendor, STAYS, GOES, at=FIRST)
    _contract_ends(session)
    _scan(session, vendor, STAYS, at=SECOND)
    _scan(session, vendor, STAYS, GOES, at=SECOND + timedelta(days=1))

    assert _standing(session, vendor, SECOND + timedelta(days=2))[GOES].outcome == Outcome.FAIL.value


def test_what_was_struck_or_only_not_chosen_is_not_told_of(session, vendor):
    _scan(session, vendor, STAYS, GOES, at=FIRST)
    _scan(session, vendor, STAYS, at=SECOND)
    assert set(_standing(session, vendor)) == {STAYS}  # its ground stands: it has its turn another time

    _contract_ends(session)
    _host(session).state = HostState.STRUCK
    session.flush()
    assert set(_standing(session, vendor)) == {STAYS}
