"""The end of a vendor or a supply: off the lists and left alone, its history and checklist kept, and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from assessments import intake
from portal.db.models.accounts import HospitalRole
from portal.db.models.campaigns import SeatState
from portal.db.models.jobs import OutboxMail
from portal.db.models.supplies import Step, StepState
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.actors import Actor
from portal.services.incidents import flashes
from portal.services.incidents.flashes import FlashFields
from portal.services.rounds import campaigns, invitations, reminders
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from portal.services.scans import permissions, rescans, scans
from portal.services.vendors import intakes, offboardings, portfolio, vendors
from portal.services.vendors.intakes import Override
from portal.services.vendors.offboardings import StepFields
from portal.services.vendors.vendors import HostFields, SupplyFields, VendorFields
from questionnaires.model import QuestionSet
from tests.portal import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.db.models.vendors import Supply, Vendor

BASE = "https://kettenblick.klinik.example"


@pytest.fixture
def clerk(session: Session) -> Actor:
    return building.hospital_actor(session, role=HospitalRole.ASSESSOR)


@pytest.fixture
def vendor(session: Session, clerk: Actor, now: datetime) -> Vendor:
    fields = VendorFields(
        name="Strahlwerk GmbH",
        domain="strahlwerk.de",
        vat_id="DE1",
        security_email="psirt@strahlwerk.de",
        contact_email="info@strahlwerk.de",
    )
    return vendors.add(session, clerk, fields, now=now)


@pytest.fixture
def supply(session: Session, clerk: Actor, vendor: Vendor, now: datetime) -> Supply:
    supply = vendors.add_supply(session, clerk, vendor.id, SupplyFields(name="PACS"), now=now)
    answers = {one.id: (one.options[0].id,) for one in intake.current().questions}
    intakes.fill_in(session, clerk, supply.id, answers, now=now, override=Override(tier=1, reason="Bildarchiv"))
    fields = HostFields(name="pacs.strahlwerk.de", supply_id=supply.id)
    session.expire_all()
    vendors.name_host(session, clerk, vendor.id, fields, now=now)
    return supply


def end(session: Session, clerk: Actor, vendor: Vendor, now: datetime, supply: Supply | None = None, days: int = 0):
    return offboardings.begin(
        session,
        clerk,
        vendor.id,
        supply_id=supply.id if supply else None,
        reason="Vertrag gekündigt",
        ends_on=(now + timedelta(days=days)).date(),
        now=now,
    )


def test_an_ended_vendor_is_off_the_lists_and_left_alone(
    session: Session, now: datetime, clerk: Actor, vendor: Vendor, supply: Supply
):
    round_ = invitations.begin(
        session,
        clerk,
        vendor.id,
        RoundFields(supply_ids=[supply.id], question_set=QuestionSet.FULL, due_on=(now + timedelta(days=20)).date()),
        Invitee(email="it@strahlwerk.de", language="de"),
        base_url=BASE,
        now=now,
    )
    flash = flashes.begin(
        session,
        clerk,
        FlashFields(about="log4j", text_de="Betroffen?", text_en="Affected?", vendor_ids=(vendor.id,)),
        base_url=BASE,
        now=now,
    )
    waits = building.campaign(session, clerk, vendor.id, now=now)
    sent = session.scalar(select(func.count()).select_from(OutboxMail))
    end(session, clerk, vendor, now)

    assert vendors.search(session, clerk) == []
    assert vendors.search(session, clerk, ended=True) == [vendor]
    assert portfolio.rows(session, clerk) == []
    allowed = permissions.permitted(session, clerk.hospital_id, vendor.id, ["pacs.strahlwerk.de"], now=now)
    assert (allowed.hosts, allowed.reason) == ((), permissions.ENDED)
    with pytest.raises(NotFound):
        scans.queue_by_hospital(session, clerk, vendor.id, now=now)
    later = now + timedelta(days=19)
    assert not reminders.send_due(session, clerk.hospital_id, round_.id, base_url=BASE, now=later)
    for verb in (
        lambda: reminders.send_now(session, clerk, round_.id, base_url=BASE, now=later),
        lambda: invitations.resend(session, clerk, round_.id, base_url=BASE, now=later),
    ):
        with pytest.raises(NotNow):
            verb()
    assert rescans.start(session, clerk.hospital_id, vendor.id, now=now) is None
    with pytest.raises(BadInput):
        flashes.begin(
            session,
            clerk,
            FlashFields(about="xz", text_de="Betroffen?", text_en="Affected?", vendor_ids=(vendor.id,)),
            base_url=BASE,
            now=now,
        )
    for hours in (25, 73):
        flashes.escalate(session, clerk.hospital_id, flash.id, base_url=BASE, now=now + timedelta(hours=hours))
    campaigns.start(session, clerk, waits.id, now=now)
    state = campaigns.send_one(session, clerk.hospital_id, waits.id, vendor.id, base_url=BASE, now=now)
    assert state is SeatState.REFUSED
    session.flush()
    assert session.scalar(select(func.count()).select_from(OutboxMail)) == sent
    assert vendors.find(session, clerk, vendor.id) is vendor  # the history stays
    assert audit.about(session, audit.scope_of(clerk), {vendor.id})[0].verb == "vendor.ended"


def test_an_ended_supply_takes_its_hosts_out_of_scope(
    session: Session, now: datetime, clerk: Actor, vendor: Vendor, supply: Supply
):
    assert [host.name for host in permissions.hosts_in_scope(session, clerk.hospital_id, vendor.id)]

    end(session, clerk, vendor, now, supply)

    assert permissions.hosts_in_scope(session, clerk.hospital_id, vendor.id) == []
    assert [row.supplies for row in portfolio.rows(session, clerk)] == [[]]


def test_it_can_be_taken_back_and_ended_again(
    session: Session, now: datetime, clerk: Actor, vendor: Vendor, supply: Supply
):
    for about in (None, supply):
        row = end(session, clerk, vendor, now, about)
        with pytest.raises(NotNow):
            end(session, clerk, vendor, now, about)
        offboardings.take_back(session, clerk, row.id, now=now)
        assert (about or vendor).ended_at is None
        with pytest.raises(NotNow):
            offboardings.take_back(session, clerk, row.id, now=now)
        again = end(session, clerk, vendor, now, about)
        assert (about or vendor).ended_at == now
        offboardings.take_back(session, clerk, again.id, now=now)
    assert len(offboardings.of_vendor(session, clerk, vendor.id)) == 4


def test_it_does_not_come_back_beside_another_with_its_numbers(
    session: Session, now: datetime, clerk: Actor, vendor: Vendor
):
    row = end(session, clerk, vendor, now)
    vendors.add(session, clerk, VendorFields(name="Nachfolger GmbH", vat_id="DE1"), now=now)

    with pytest.raises(NotNow):
        offboardings.take_back(session, clerk, row.id, now=now)


def test_an_end_to_come_comes_on_its_day(session: Session, now: datetime, clerk: Actor, vendor: Vendor, supply: Supply):
    end(session, clerk, vendor, now, supply, days=10)
    assert supply.ended_at is None
    assert offboardings.end_due(session, now=now + timedelta(days=9)) == 0

    assert offboardings.end_due(session, now=now + timedelta(days=10)) == 1

    assert supply.ended_at is not None
    assert offboardings.end_due(session, now=now + timedelta(days=11)) == 0


def test_the_checklist_asks_for_proof_and_waits_until_it_is_done(
    session: Session, now: datetime, clerk: Actor, vendor: Vendor
):
    row = end(session, clerk, vendor, now)
    assert [(one.vendor, one.count) for one in offboardings.due(session, clerk, today=now.date())] == [(vendor, 4)]
    with pytest.raises(BadInput) as refused:
        offboardings.say(session, clerk, row.id, {Step.DATA: StepFields(state=StepState.DONE)}, version=1, now=now)
    assert set(refused.value.fields) == {"data_proof"}

    said = {step: StepFields(state=StepState.DONE, proof="Protokoll vom 21.11.") for step in Step}
    offboardings.say(session, clerk, row.id, said, version=1, now=now)

    assert {one.state for one in row.steps} == {StepState.DONE}
    assert offboardings.due(session, clerk, today=now.date()) == []
    with pytest.raises(Clash):
        offboardings.say(session, clerk, row.id, said, version=1, now=now)


def test_a_day_and_a_reason_are_needed(session: Session, now: datetime, clerk: Actor, vendor: Vendor):
    with pytest.raises(BadInput) as refused:
        offboardings.begin(session, clerk, vendor.id, reason=" ", ends_on=None, now=now)

    assert set(refused.value.fields) == {"reason", "ends_on"}


def test_nobody_else_ends_it(session: Session, now: datetime, clerk: Actor, vendor: Vendor):
    reader = Actor(name="x", hospital_id=clerk.hospital_id, hospital_role=HospitalRole.DECIDER)
    stranger = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))
    row = end(session, clerk, vendor, now)

    for actor, error in ((reader, NotAllowed), (stranger, NotFound)):
        with pytest.raises(error):
            end(session, actor, vendor, now)
        with pytest.raises(error):
            offboardings.take_back(session, actor, row.id, now=now)
        with pytest.raises(error):
            offboardings.say(session, actor, row.id, {}, version=1, now=now)
    assert offboardings.of_vendor(session, stranger, vendor.id) == []
    assert offboardings.due(session, stranger, today=now.date()) == []
