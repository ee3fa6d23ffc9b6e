"""A hospital's own record, and the mail that lets a colleague in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Hospital, HospitalRole, Ticket
from portal.db.models.jobs import OutboxMail
from portal.errors import BadInput, NotAllowed
from portal.services.actors import Actor
from portal.services.people import hospitals
from portal.services.people.hospitals import HospitalFields
from tests.portal import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

ADDRESS = "https://kettenblick.klinik.example"


@pytest.fixture
def admin(session: Session) -> Actor:
    return building.hospital_actor(session)


def test_an_admin_changes_the_record(session: Session, now: datetime, admin: Actor):
    fields = HospitalFields(name=" Klinikum Neu ", city="Neustadt", contact_email="Einkauf@Klinik.example ")
    hospitals.change(session, admin, fields, now=now)

    row = session.get_one(Hospital, admin.hospital_id)
    assert (row.name, row.contact_email, row.version) == ("Klinikum Neu", "einkauf@klinik.example", 2)


@pytest.mark.parametrize("role", [role for role in HospitalRole if role is not HospitalRole.ADMIN])
def test_nobody_else_does(session: Session, now: datetime, admin: Actor, role: HospitalRole):
    other = Actor(name="x", hospital_id=admin.hospital_id, hospital_role=role)

    with pytest.raises(NotAllowed):
        hospitals.change(session, other, HospitalFields(name="x"), now=now)
    with pytest.raises(NotAllowed):
        hospitals.invite_colleague(session, other, email="a@b.de", role=role, base_url=ADDRESS, now=now)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        (HospitalFields(name="  "), "name"),
        (HospitalFields(name="x", contact_email="keine Adresse"), "contact_email"),
        (HospitalFields(name="x", contact_email="a@b.de, c@d.de"), "contact_email"),
    ],
)
def test_what_cannot_stand_is_refused_beside_its_field(
    session: Session, now: datetime, admin: Actor, fields: HospitalFields, wrong: str
):
    with pytest.raises(BadInput) as refused:
        hospitals.change(session, admin, fields, now=now)

    assert list(refused.value.fields) == [wrong]


def test_a_colleagues_mail_has_the_only_copy_of_the_link(session: Session, now: datetime, admin: Actor):
    role = HospitalRole.ASSESSOR
    hospitals.invite_colleague(session, admin, email="neu@klinik.example", role=role, base_url=ADDRESS, now=now)
    session.flush()

    mail = session.scalars(select(OutboxMail)).one()
    token = mail.text.partition(f"{ADDRESS}/join/")[2].split()[0]
    ticket = session.scalars(select(Ticket)).one()
    assert mail.to_address == "neu@klinik.example"
    assert len(token) > 30
    assert token not in {str(value) for value in vars(ticket).values()}
    assert admin.name in mail.text
