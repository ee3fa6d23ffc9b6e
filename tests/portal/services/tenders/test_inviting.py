"""Bidders stand in tenants of their own: nobody reads early, no list shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from portal.db.models.accounts import HospitalRole, Person
from portal.db.models.assessments import Assessment
from portal.db.models.jobs import OutboxMail
from portal.db.models.tenders import Tender
from portal.errors import NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.actors import Actor
from portal.services.people import accounts
from portal.services.registers import registers
from portal.services.rounds import invitations, tracking
from portal.services.tenders import (
    acts,
    openings,
    tenders,
)
from portal.services.vendors import portfolio, vendors
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, SECOND, TWO

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_nobody_of_the_hospital_reads_before_two_have_opened(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    row = session.get_one(Tender, made.tender_id)
    lot_id, round_id = row.lots[0].id, made.ward.assessments[ONE]
    house_vendor = session.get_one(Assessment, round_id).vendor_id
    for actor in made.ward.by_role.values():
        for read in (
            lambda actor=actor: invitations.find(session, actor, round_id),
            lambda actor=actor: vendors.find(session, actor, house_vendor),
            lambda actor=actor: registers.assess(session, actor, house_vendor, now=now),
            lambda actor=actor: registers.assess_round(session, actor, round_id, now=now),
        ):
            with pytest.raises((NotFound, NotAllowed)):
                read()
    with pytest.raises(NotNow):
        openings.open_answers(session, made.ward.assessor, made.tender_id, now=made.closes_at - SECOND)
    later = made.closes_at + SECOND
    openings.open_answers(session, made.ward.assessor, made.tender_id, now=later)
    with pytest.raises(NotNow):
        openings.open_answers(session, made.ward.assessor, made.tender_id, now=later)
    with pytest.raises(NotNow):
        openings.side_by_side(session, made.ward.assessor, made.tender_id, lot_id, now=later)
    with pytest.raises(NotAllowed):
        openings.open_answers(session, made.ward.auditor, made.tender_id, now=later)
    openings.open_answers(session, made.ward.decider, made.tender_id, now=later)
    sides = openings.side_by_side(session, made.ward.auditor, made.tender_id, lot_id, now=later).sides
    assert {side.name for side in sides} == {ONE, TWO}
    verbs = [event.verb for event in acts.log(session, made.ward.auditor, made.tender_id)]
    assert verbs.index("tender.opening-asked") < verbs.index("tender.opened")


def test_a_bidder_is_on_no_list_of_the_hospital_before_the_award(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    actor, at = made.ward.admin, now + 3 * DAY
    assert not vendors.search(session, actor)
    assert not vendors.search(session, actor, words="blau")
    assert not portfolio.rows(session, actor)
    whole = registers.whole(session, actor, now=at)
    assert not whole.register.vendors
    assert not whole.register.risks
    assert not tracking.board(session, actor, now=at).rows
    trail = audit.newest(session, audit.hospital_scope(made.ward.hospital_id), limit=500)
    said = json.dumps([[event.verb, event.subject, event.detail] for event in trail])
    assert ONE not in said
    tables = session.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%hospital_id%'")
    ).all()
    for table in tables:
        if table.startswith(("tender", "audit")):
            continue
        rows = session.execute(
            text(f"SELECT * FROM {table} WHERE hospital_id = :id"),
            {"id": made.ward.hospital_id},
        ).all()
        assert "Kanarien" not in repr(rows), table


def test_nobody_of_the_hospital_gets_a_mail_while_it_is_sealed(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    to = set(session.scalars(select(OutboxMail.to_address)).all())
    assert not {address for address in to if made.ward.hospital_id in address or "klinik" in address}
    stopped = session.get_one(Assessment, made.ward.assessments[TWO]).reminders_stopped_at
    assert stopped is not None


def test_nobody_can_be_let_into_a_bidders_tenant(session: Session, now: datetime):
    made = bids.started(session, now)
    house_id = tenders.bidder_of(session.get_one(Tender, made.tender_id), made.bidders[ONE]).house_id
    operator = Actor(name="Betrieb", is_operator=True)
    inside = Actor(name="Betrieb", is_operator=True, hospital_id=house_id, hospital_role=HospitalRole.ADMIN)
    with pytest.raises(NotFound):
        accounts.invite_first_admin(session, operator, hospital_id=house_id or "", email="x@klinik.de", now=now)
    with pytest.raises(NotFound):
        accounts.invite_to_hospital(session, inside, email="x@klinik.de", role=HospitalRole.ADMIN, now=now)
    person = session.get_one(Person, made.ward.admin.person_id)
    with pytest.raises(NotFound):
        accounts.grant_hospital_role(
            session, operator, person=person, hospital_id=house_id or "", role=HospitalRole.ADMIN, now=now
        )
