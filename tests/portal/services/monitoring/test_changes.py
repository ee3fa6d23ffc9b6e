"""Changes with before and after: only what is open to the hospital, each once, and one mail to each person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.db.models.accounts import Hospital, HospitalMember, HospitalRole
from portal.db.models.assessments import Assessment
from portal.db.models.jobs import Job, OutboxMail
from portal.db.models.registers import ScoreRecord
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Vendor
from portal.db.models.watching import ChangeCause, ChangeKind, Rhythm, VendorChange
from portal.services.monitoring import changes, digests, watching
from portal.services.monitoring.changes import Wanted
from portal.services.monitoring.watching import Choice
from scanners.model import Outcome, Severity
from scanners.observations import CertificateChain, HostDns, Trust
from tests.portal import building, scanned
from tests.scanners import building as seeing

HOST, OTHER = "a.pacs.example", "b.pacs.example"
DAY = timedelta(days=1)
BASE = "https://kettenblick.example"
CRITICAL, HIGH = "web.git-exposed", "tls.protocol-legacy"


@pytest.fixture
def hospital(session) -> Hospital:
    return building.hospital(session)


@pytest.fixture
def assessor(session, hospital):
    return building.hospital_actor(session, hospital, role=HospitalRole.ASSESSOR)


@pytest.fixture
def vendor(session, hospital, assessor) -> Vendor:
    return building.vendor(session, hospital, hosts=(HOST,), security_email="it@pacs.example")


def _scan(session, vendor, at, *, hosts=(HOST,), serial="01", open_at=None, **outcomes: Outcome) -> ScanRun:
    """A scan that ended then; open to the hospital long ago unless `open_at` says when the company saw it."""
    findings = [
        scanned.finding({"critical": CRITICAL, "high": HIGH}[name], HOST, outcome, at=at, severity=Severity(name))
        for name, outcome in outcomes.items()
    ]
    chain = CertificateChain(
        at=at,
        address="192.0.2.1",
        port=443,
        chain=(replace(seeing.certificate(), serial=serial, sha256=serial * 32),),
        trust=Trust.TRUSTED,
    )
    seen = seeing.seen(HostDns(at=at, addresses_v4=("192.0.2.1",)), chain, host=HOST, at=at)
    return scanned.ended(session, vendor, findings, hosts=hosts, at=at, seen=[seen], open_at=open_at)


def _compare(session, vendor, now) -> list[VendorChange]:
    return list(changes.compare(session, vendor.hospital_id, vendor.id, now=now))


def test_the_first_time_there_is_only_a_mark(session, vendor, now):
    _scan(session, vendor, now, critical=Outcome.FAIL, high=Outcome.FAIL)

    assert _compare(session, vendor, now) == []
    assert _compare(session, vendor, now + DAY) == []


def test_what_came_and_went_stands_once_with_before_and_after(session, vendor, now):
    _scan(session, vendor, now, critical=Outcome.PASS, high=Outcome.FAIL)
    _compare(session, vendor, now)
    _scan(session, vendor, now + DAY, critical=Outcome.FAIL, high=Outcome.PASS)

    found = {one.kind: one for one in _compare(session, vendor, now + DAY)}

    assert set(found) == {ChangeKind.OPENED, ChangeKind.MENDED}
    opened, mended = found[ChangeKind.OPENED], found[ChangeKind.MENDED]
    assert (opened.check_id, opened.before["outcome"], opened.after["outcome"]) == (CRITICAL, "pass", "fail")
    assert (mended.check_id, mended.before["outcome"], mended.after["outcome"]) == (HIGH, "fail", "pass")
    assert opened.is_urgent
    assert not mended.is_urgent
    assert mended.cause is ChangeCause.VENDOR
    assert _compare(session, vendor, now + DAY) == []
    assert _compare(session, vendor, now + 2 * DAY) == []


def test_a_blind_look_neither_mends_nor_opens(session, vendor, now):
    _scan(session, vendor, now, critical=Outcome.PASS, high=Outcome.FAIL)
    _compare(session, vendor, now)
    _scan(session, vendor, now + DAY, critical=Outcome.PASS, high=Outcome.UNKNOWN)

    assert _compare(session, vendor, now + DAY) == []


def test_what_is_not_open_yet_is_no_change_but_what_is_critical_is(session, vendor, now):
    _scan(session, vendor, now, critical=Outcome.PASS, high=Outcome.PASS)
    _compare(session, vendor, now)
    _scan(session, vendor, now + DAY, open_at=now + DAY, critical=Outcome.FAIL, high=Outcome.FAIL)

    early = _compare(session, vendor, now + DAY)
    assert [one.check_id for one in early] == [CRITICAL]
    assert _compare(session, vendor, now + 2 * DAY) == []  # the older open scan does not mend it
    later = _compare(session, vendor, now + 30 * DAY)
    assert [one.check_id for one in later] == [HIGH]


def test_a_private_look_of_the_company_changes_nothing(session, vendor, now):
    _scan(session, vendor, now, critical=Outcome.PASS)
    _compare(session, vendor, now)
    own = _scan(session, vendor, now + DAY, critical=Outcome.FAIL)
    own.kept_back = True
    session.flush()

    assert _compare(session, vendor, now + DAY) == []


def test_certificates_and_hosts(session, vendor, now):
    _scan(session, vendor, now, high=Outcome.PASS)
    _compare(session, vendor, now)
    _scan(session, vendor, now + DAY, hosts=(HOST, OTHER), serial="02", high=Outcome.PASS)

    found = {one.kind: one for one in _compare(session, vendor, now + DAY)}

    assert set(found) == {ChangeKind.CERTIFICATE, ChangeKind.HOSTS}
    assert found[ChangeKind.HOSTS].after == {"names": [OTHER]}
    assert found[ChangeKind.CERTIFICATE].before["sha256"] != found[ChangeKind.CERTIFICATE].after["sha256"]


def _scored(session, vendor, now, value, grade, **more):
    round_ = session.scalars(select(Assessment).where(Assessment.vendor_id == vendor.id)).first()
    round_ = round_ or building.assessment(session, vendor)
    for old in session.scalars(select(ScoreRecord).where(ScoreRecord.assessment_id == round_.id)):
        old.is_current = False
    session.add(
        ScoreRecord(
            hospital_id=vendor.hospital_id,
            assessment_id=round_.id,
            at=now,
            value=value,
            grade=grade,
            coverage=80,
            parts={},
            open_findings={},
            policy_version="1",
            catalogue_version="x",
            checks_version="x",
            **more,
        )
    )
    session.flush()


def test_a_grade_is_told_by_letter_or_by_points_also_when_it_creeps(session, vendor, now):
    told = []
    for day, (value, grade) in enumerate([(84, "B"), (83, "B"), (81, "B"), (80, "B"), (79, "C"), (None, None)]):
        _scored(session, vendor, now, value, grade)
        told.append([(one.before["value"], one.after["value"]) for one in _compare(session, vendor, now + day * DAY)])

    assert told == [[], [], [], [], [(84, 79)], []]


def test_one_mail_to_each_person_and_never_twice(session, vendor, assessor, hospital, now):
    decider = building.hospital_actor(session, hospital, role=HospitalRole.DECIDER, email="d@klinik.example")
    reader = building.hospital_actor(session, hospital, role=HospitalRole.AUDITOR, email="r@klinik.example")
    watching.choose(session, reader, Choice(rhythm=Rhythm.DAILY, at_once=False))
    _scan(session, vendor, now, critical=Outcome.PASS, high=Outcome.PASS)
    _compare(session, vendor, now)
    _scan(session, vendor, now + DAY, critical=Outcome.FAIL, high=Outcome.FAIL)
    _compare(session, vendor, now + DAY)
    assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "digests")) == 1

    def mails() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        query = select(OutboxMail).where(OutboxMail.kind == "changes").order_by(OutboxMail.created_at)
        for one in session.scalars(query):
            found.setdefault(one.to_address, []).append(one.text)
        return found

    for _ in range(2):
        digests.tell_at_once(session, hospital.id, base_url=BASE, now=now + DAY)
    assert set(mails()) == {assessor.email}
    text = mails()[assessor.email][0]
    assert "PACS GmbH" in text
    assert "erfüllt" in text
    assert HIGH not in text
    assert f"{BASE}/hospital/changes" in text

    for hour in range(3):
        digests.tell_all(session, base_url=BASE, now=now + DAY + timedelta(hours=hour))
    counts = {address: len(texts) for address, texts in mails().items()}
    assert counts == {assessor.email: 2, reader.email: 1}  # the week's mail holds what was not told at once
    assert decider.email not in counts
    digests.tell_all(session, base_url=BASE, now=now + 8 * DAY)
    assert sum(map(len, mails().values())) == 3


def test_who_has_left_reads_nothing(session, vendor, assessor, hospital, now):
    _scan(session, vendor, now, critical=Outcome.PASS)
    _compare(session, vendor, now)
    _scan(session, vendor, now + DAY, critical=Outcome.FAIL)
    _compare(session, vendor, now + DAY)
    session.get_one(HospitalMember, (hospital.id, assessor.person_id)).ended_at = now

    assert digests.tell_at_once(session, hospital.id, base_url=BASE, now=now + DAY) == 0


def test_the_page_shows_only_the_own_hospitals_and_what_was_asked_for(session, vendor, assessor, now):
    _scan(session, vendor, now, critical=Outcome.PASS, high=Outcome.FAIL)
    _compare(session, vendor, now)
    _scan(session, vendor, now + DAY, critical=Outcome.FAIL, high=Outcome.PASS)
    _compare(session, vendor, now + DAY)
    session.commit()
    stranger = building.hospital_actor(session, building.hospital(session, "Fremd"), email="f@fremd.example")

    def kinds(actor, **wanted):
        return [one.change.kind for one in changes.newest(session, actor, Wanted(**wanted), now=now + DAY)]

    assert kinds(assessor) == [ChangeKind.OPENED, ChangeKind.MENDED]
    assert kinds(assessor, kind=ChangeKind.MENDED) == [ChangeKind.MENDED]
    assert kinds(assessor, tier=1) == []
    assert kinds(assessor, vendor_id="unknown") == []
    assert kinds(stranger) == []


def test_a_document_is_told_at_90_30_and_7_days(session, vendor, now):
    end = now.date() + timedelta(days=100)
    _scored(session, vendor, now, 84, "B", evidence_ends=[end.isoformat()])

    told = {
        day: [one.after["step"] for one in found]
        for day in range(0, 105, 1)
        if (found := _compare(session, vendor, now + day * DAY))
    }

    assert told == {10: [90], 70: [30], 93: [7]}
