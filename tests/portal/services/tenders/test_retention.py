"""Bidders without an award: closed, kept as long as the tender file has to be, then forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.components import SharedComponent
from portal.db.models.registers import RiskRecord, ScoreRecord, StoredAssessment
from portal.db.models.responses import Consent, ConsentKind, SignOff
from portal.db.models.scans import ScanRun
from portal.db.models.snapshots import ScoreBasis
from portal.db.models.tenders import Tender
from portal.db.models.vendors import Host, HostWord, Supply
from portal.db.models.watching import WatchMark
from portal.services.evidence import components, evidence, shared_components
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.monitoring import changes
from portal.services.registers import scores, stored
from portal.services.scans import consents, rechecks, scans
from portal.services.scans.consents import NewHost
from portal.services.tenders import acts, awards, openings, queries, retention, tenders
from scanners.datasets import SHIPPED
from scanners.parsing.parts_lists import Component as Part
from scanners.parsing.parts_lists import PartsList
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

YEAR = timedelta(days=366)


def kept_of(session: Session, house_id: str) -> dict[str, int]:
    """How many rows there are of what was made of a bidder's answers and scans."""
    return {
        table.__name__: session.scalar(select(func.count()).select_from(table).where(table.hospital_id == house_id))
        or 0
        for table in (ScoreRecord, ScoreBasis, RiskRecord, StoredAssessment)
    }


def test_a_bidder_without_an_award_is_forgotten_when_the_file_need_not_be_kept_any_longer(
    session: Session, now: datetime
):
    made = bids.started(session, now)
    bids.looked_at(session, made, TWO, now=now + DAY)
    queries.ask(session, made.actors[TWO], made.ward.assessments[TWO], "Kanarienfrage?", now=now + DAY)
    for name in (ONE, TWO):
        bids.hand_in(session, made, name, now=now + 2 * DAY, quality=1.0)
    mine = session.get_one(Assessment, made.ward.assessments[TWO])
    scores.refresh(session, mine.hospital_id, mine.id, now=now + 2 * DAY)  # as the job does
    session.flush()
    assert all(kept_of(session, mine.hospital_id).values())
    row, at = bids.opened(session, made), made.closes_at + DAY
    vendor = awards.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="Bestes.", now=at)
    session.flush()
    loser = tenders.bidder_of(row, made.bidders[TWO])
    assert session.get_one(Hospital, loser.house_id).ended_at == at  # closed at once
    supply = session.scalars(select(Supply).where(Supply.vendor_id == vendor.id)).one()

    for until, day, count in (
        (None, at + 5 * YEAR, 0),  # the contract runs, nobody knows how long
        ((at + 4 * YEAR).date(), at + 3 * YEAR + 9 * DAY, 0),
        ((at + YEAR).date(), at + 2 * YEAR, 0),  # three years at least
        ((at + YEAR).date(), at + 3 * YEAR + 9 * DAY, 1),
        ((at + YEAR).date(), at + 3 * YEAR + 10 * DAY, 0),  # once
    ):
        supply.contract_ends_on = until
        session.flush()
        assert retention.remove_due(session, now=day) == count, (until, day)

    session.expire_all()
    assert loser.removed_at is not None
    assert (loser.name, loser.contact_email, loser.contact_name) == (TWO, "", "")
    assert not session.scalars(select(ScanRun).where(ScanRun.hospital_id == loser.house_id)).all()
    assert scores.refresh(session, mine.hospital_id, mine.id, now=at + 4 * YEAR) is None  # and it stays so
    stored.renew(session, mine.hospital_id, mine.vendor_id, now=at + 4 * YEAR)
    session.flush()
    assert not any(kept_of(session, mine.hospital_id).values())
    assert not any(session.scalars(select(Invitation.email).where(Invitation.hospital_id == loser.house_id)))
    assert not [query.text for query in row.queries if query.text]
    sides = openings.side_by_side(session, made.ward.auditor, row.id, row.lots[0].id, now=at + 4 * YEAR).sides
    assert [side.name for side in sides] == [ONE]
    assert len(session.scalars(select(SignOff)).all()) == 3  # the company keeps what it signed
    assert "tender.bidder-forgotten" in [event.verb for event in acts.log(session, made.ward.auditor, row.id)]
    assert acts.is_sound(session, made.ward.auditor, row.id)


def test_of_a_cancelled_tender_every_bidder_is_forgotten_after_three_years(session: Session, now: datetime):
    made = bids.started(session, now)
    awards.cancel(session, made.ward.assessor, made.tender_id, reason="Kein Geld.", base_url=bids.URL, now=now + DAY)
    assert retention.remove_due(session, now=now + 2 * YEAR) == 0
    assert retention.remove_due(session, now=now + 3 * YEAR + 9 * DAY) == 2
    row = session.get_one(Tender, made.tender_id)
    assert {one.contact_email for one in row.bidders} == {""}
    assert session.get_one(Assessment, made.ward.assessments[ONE]).company_id  # its round is the company's own


def test_nothing_of_a_forgotten_bidder_comes_back_by_a_late_job(session: Session, now: datetime):
    made = bids.started(session, now)
    actor, mine = made.actors[TWO], session.get_one(Assessment, made.ward.assessments[TWO])
    house_id, vendor_id = mine.hospital_id, mine.vendor_id
    run_id = bids.looked_at(session, made, TWO, now=now + DAY).id
    for name in ("nie.kanariengelb.de", "bejaht.kanariengelb.de"):
        consents.add_host(session, actor, mine.id, NewHost(name=name), now=now + DAY)
    session.add(
        Consent(
            company_id=actor.company_id,
            assessment_id=mine.id,
            host_name="bejaht.kanariengelb.de",
            check_class="active",
            kind=ConsentKind.GRANTED,
            text_version="1",
            person_id=actor.person_id,
            person_name="Erika",
            at=now + DAY,
        )
    )
    wards.answer_all(session, made.ward, TWO, quality=1.0, now=now + DAY)
    session.expire_all()
    fields, parts = DocumentFields(kind="sbom"), (Part(name="jquery", version="1.12.4"),)
    stored_as = Stored(blob_id="0" * 32, sha256="0" * 64, size=9, file_name="s.json", media_type="application/json")
    document = evidence.add(session, actor, mine.id, fields, stored_as, keys=(("GV-01", ""),), now=now + DAY)
    session.flush()
    found = PartsList(format="CycloneDX", version="1.6", product="", components=parts)
    components.keep(session, actor.company_id, document.id, found, data=SHIPPED, now=now + DAY)
    bids.sign(session, made, TWO, now=now + 2 * DAY)
    shared_components.share(session, actor.company_id)
    assert session.scalars(select(SharedComponent.hospital_id)).all() == [house_id]

    awards.cancel(
        session, made.ward.assessor, made.tender_id, reason="Kein Geld.", base_url=bids.URL, now=now + 3 * DAY
    )
    later = now + 3 * YEAR + 20 * DAY
    assert retention.remove_due(session, now=later) == 2
    session.flush()
    session.expire_all()
    shared_components.share(session, actor.company_id)
    assert not changes.compare(session, house_id, vendor_id, now=later)
    assert scores.find(session, house_id, mine.id) is None
    assert scans.start(session, house_id, run_id, now=later) is None
    assert rechecks.start(session, house_id, "gone", now=later) is None
    scans.give_up(session, house_id, run_id, now=later)
    rechecks.give_up(session, house_id, "gone", now=later)
    session.flush()

    for table in (SharedComponent, WatchMark, ScanRun, HostWord):
        assert not session.scalars(select(table).where(table.hospital_id == house_id)).all(), table
    hosts = session.scalars(select(Host.name).where(Host.hospital_id == house_id)).all()
    assert hosts == ["bejaht.kanariengelb.de"]  # the company's ledger of consents names it
