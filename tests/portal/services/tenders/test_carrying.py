"""What an awarded bidder brings along: what it signed, and what was seen as far as that covers it; nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, func, select

from portal.db.models.assessments import Assessment
from portal.db.models.findings import FindingHistory
from portal.db.models.jobs import Job
from portal.db.models.responses import Consent, ConsentKind
from portal.db.models.scans import FindingRecord, ScanRun
from portal.db.models.tenders import Tender
from portal.db.models.vendors import Ground, Host, HostState
from portal.services.evidence import components, evidence
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.jobs import JobKind
from portal.services.registers import registers
from portal.services.scans import consents, releases, rescans
from portal.services.scans.consents import Signature
from portal.services.tenders import awards, lots
from portal.services.tenders.lots import LotFields
from portal.services.vendors import intakes, vendors
from scanners.datasets import SHIPPED
from scanners.model import CheckClass
from scanners.parsing.parts_lists import Component as Part
from scanners.parsing.parts_lists import PartsList
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO
from tests.portal.services.tenders.test_lots import GIVEN
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.db.models.vendors import Vendor
    from tests.portal.services.tenders.bids import Bids

SIGNED = Signature(name="Erika Muster", function="Leitung")


def awarded(session: Session, made: Bids) -> Vendor:
    row = session.get_one(Tender, made.tender_id)
    bids.opened(session, made)
    at = made.closes_at + DAY
    vendor = awards.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="Bestes.", now=at)
    session.flush()
    session.expire_all()
    return vendor


def runs_of(session: Session, vendor: Vendor) -> list[ScanRun]:
    return list(session.scalars(select(ScanRun).where(ScanRun.vendor_id == vendor.id)))


def test_what_was_seen_goes_along_with_its_times_and_what_was_signed_word_for_word(session: Session, now: datetime):
    made = bids.started(session, now)
    mine = made.ward.assessments[ONE]
    consents.grant(session, made.actors[ONE], mine, SIGNED, now=now + DAY)
    seen = bids.looked_at(session, made, ONE, quality=0.6, now=now + DAY + timedelta(hours=1))
    bids.looked_at(session, made, TWO, now=now + DAY + timedelta(hours=1))
    for name in (ONE, TWO):
        bids.hand_in(session, made, name, now=now + 2 * DAY, quality=1.0)
    vendor = awarded(session, made)
    (run,) = runs_of(session, vendor)
    for name in ("started_at", "finished_at", "visible_at", "ground", "started_by", "hosts", "data_version"):
        assert getattr(run, name) == getattr(seen, name), name
    found = {
        scan_id: {
            (one.subject_name, one.check_id, one.outcome, one.at, one.first_seen_at)
            for one in session.scalars(select(FindingRecord).where(FindingRecord.scan_id == scan_id))
        }
        for scan_id in (run.id, seen.id)
    }
    assert found[run.id] == found[seen.id] != set()
    (host,) = session.scalars(select(Host).where(Host.vendor_id == vendor.id))
    assert (host.name, host.ground, host.state) == ("kanarienblau.de", Ground.TENDER, HostState.CONFIRMED)
    assert not rescans.plan(session, made.ward.auditor, vendor, now=made.closes_at + DAY).next_on
    fresh = session.scalars(select(Assessment).where(Assessment.vendor_id == vendor.id)).one()
    signed = {
        each: [
            (one.check_class, one.kind, one.text_version, one.at, one.person_name)
            for one in session.scalars(
                select(Consent).where(Consent.assessment_id == each).order_by(Consent.check_class)
            )
        ]
        for each in (mine, fresh.id)
    }
    assert signed[fresh.id] == signed[mine] != []
    view = releases.hospital_view(session, vendor.hospital_id, run, now=made.closes_at + DAY)
    assert view.is_open == (view.opens_at is None)
    later = registers.assess(session, made.ward.auditor, vendor.id, now=made.closes_at + 30 * DAY)
    assert later.findings
    lives = [
        select(func.count()).select_from(FindingHistory).where(FindingHistory.vendor_id == each.vendor_id)
        for each in (run, seen)
    ]
    assert session.scalar(lives[0]) == session.scalar(lives[1]) != 0
    assert "kanariengelb" not in repr(
        [row.hosts for row in session.scalars(select(ScanRun).where(ScanRun.hospital_id == vendor.hospital_id))]
    )


@pytest.mark.parametrize("ending", [consents.refuse, consents.withdraw])
def test_after_a_refusal_or_a_withdrawal_nothing_that_was_seen_goes_along(
    session: Session, now: datetime, ending: object
):
    made = bids.started(session, now)
    mine = made.ward.assessments[ONE]
    consents.grant(session, made.actors[ONE], mine, SIGNED, now=now + DAY)
    bids.looked_at(session, made, ONE, now=now + DAY + timedelta(hours=1))
    ending(session, made.actors[ONE], mine, SIGNED, now=now + DAY + timedelta(hours=2))
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=1.0)
    vendor = awarded(session, made)
    assert not runs_of(session, vendor)
    fresh = session.scalars(select(Assessment).where(Assessment.vendor_id == vendor.id)).one()
    assert fresh.documents_only
    kinds = set(session.scalars(select(Consent.kind).where(Consent.assessment_id == fresh.id)))
    assert kinds == {ConsentKind.GRANTED, ConsentKind.REFUSED if ending is consents.refuse else ConsentKind.WITHDRAWN}


def test_a_consent_to_the_active_class_goes_along_only_while_its_own_time_runs(session: Session, now: datetime):
    made = bids.started(session, now)
    mine, company_id = made.ward.assessments[ONE], made.actors[ONE].company_id
    ends = {"kanarienblau.de": None, "a.kanarienblau.de": made.closes_at, "b.kanarienblau.de": made.closes_at + 9 * DAY}
    for host, until in ends.items():
        session.add(
            Consent(
                company_id=company_id,
                assessment_id=mine,
                host_name=host,
                check_class=CheckClass.ACTIVE.value,
                kind=ConsentKind.GRANTED,
                text_version="2026-2",
                person_id=made.actors[ONE].person_id,
                person_name="Erika Muster",
                window_to=until,
                at=now + DAY,
            )
        )
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=1.0)
    vendor = awarded(session, made)
    fresh = session.scalars(select(Assessment).where(Assessment.vendor_id == vendor.id)).one()
    assert session.scalars(select(Consent.host_name).where(Consent.assessment_id == fresh.id)).all() == [
        "b.kanarienblau.de"
    ]


def test_what_the_company_looked_at_for_itself_stays_its_own(session: Session, now: datetime):
    made = bids.started(session, now)
    run = bids.looked_at(session, made, ONE, now=now + DAY)
    run.kept_back = True
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=1.0)
    assert not runs_of(session, awarded(session, made))


def test_the_vendor_has_the_intake_of_its_lot(session: Session, now: datetime):
    made = bids.drafted(session, now)
    row = session.get_one(Tender, made.tender_id)
    lots.fill_in(
        session, made.ward.assessor, row.id, row.lots[0].id, LotFields(given=GIVEN), version=row.version, now=now
    )
    bids.start(session, made, now=now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=1.0)
    vendor = awarded(session, made)
    (supply,) = vendors.find(session, made.ward.auditor, vendor.id).supplies
    record = intakes.current(supply)
    assert record is not None
    assert (record.tier, record.at, record.by_name) == (row.lots[0].tier, now, made.ward.assessor.name[:200])


def test_the_hospital_counts_the_parts_of_the_list_that_the_awarded_bidder_handed_in(session: Session, now: datetime):
    made = bids.started(session, now)
    lead = made.actors[ONE]
    wards.answer_all(session, made.ward, ONE, quality=1.0, now=now + DAY)
    session.expire_all()
    stored = Stored(blob_id="1" * 32, sha256="1" * 64, size=9, file_name="s.json", media_type="application/json")
    fields = DocumentFields(kind=components.KIND, issued_on=now.date())
    document = evidence.add(
        session, lead, made.ward.assessments[ONE], fields, stored, keys=(("GV-01", ""),), now=now + DAY
    )
    session.flush()
    parts = (Part(name="jquery", version="1.12.4", purl="pkg:npm/jquery@1.12.4"),)
    found = PartsList(format="CycloneDX", version="1.6", product="PACS", components=parts)
    components.keep(session, lead.company_id or "", document.id, found, data=SHIPPED, now=now + DAY)
    bids.sign(session, made, ONE, now=now + 2 * DAY)
    session.execute(delete(Job).where(Job.kind == JobKind.COMPONENTS_REJUDGE))  # done long ago
    awarded(session, made)
    (job,) = session.scalars(select(Job).where(Job.kind == JobKind.COMPONENTS_REJUDGE)).all()
    assert job.args == {"company_id": lead.company_id}
