"""Accounts: who is let in, as what; roles come from one place and end at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.db.models.accounts import CompanyRole, HospitalRole, Person, TicketPurpose
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.actors import operator_at_the_shell
from portal.services.people import accounts, sign_ins, tickets
from portal.services.people.accounts import NewHospital, NewPerson
from tests.portal import building
from tests.portal.building import PASSWORD

NEW = NewPerson(name="Erika Muster", password=PASSWORD)


def test_the_first_link_makes_a_hospital_and_its_administrator(session, now):
    token = tickets.issue(session, TicketPurpose.FIRST_HOSPITAL, now=now)

    hospital, person = accounts.create_first_hospital(
        session,
        token,
        hospital=NewHospital(name="Klinikum", state="NW"),
        email="Erika@Klinik.example",
        person=NEW,
        now=now,
    )

    assert (person.email, person.is_operator) == ("erika@klinik.example", True)
    assert [(member.role, member.person_id) for member in hospital.members] == [(HospitalRole.ADMIN, person.id)]
    assert sign_ins.next_step(session, person) is sign_ins.Next.ENROL
    assert audit.verify(session, f"hospital:{hospital.id}").events == 2
    with pytest.raises(NotFound):
        accounts.create_first_hospital(
            session, token, hospital=NewHospital(name="Zweites"), email="b@b.example", person=NEW, now=now
        )


def test_a_colleague_joins_with_the_role_of_the_link(session, now):
    admin = building.hospital_actor(session)
    token = accounts.invite_to_hospital(session, admin, email="neu@klinik.example", role=HospitalRole.AUDITOR, now=now)
    session.flush()
    assert [ticket.email for ticket in accounts.waiting_for_hospital(session, admin, now=now)] == ["neu@klinik.example"]

    person = accounts.join(session, token, TicketPurpose.JOIN_HOSPITAL, new=NEW, now=now)

    members = {member.person.email: member.role for member in accounts.hospital_members(session, admin)}
    assert members[person.email] is HospitalRole.AUDITOR
    assert accounts.waiting_for_hospital(session, admin, now=now) == []


def test_a_link_for_one_address_cannot_be_used_by_the_account_of_another(session, now):
    admin = building.hospital_actor(session)
    token = accounts.invite_to_hospital(session, admin, email="neu@klinik.example", role=HospitalRole.ADMIN, now=now)
    stranger = building.person(session, "stranger@else.example")

    with pytest.raises(NotAllowed):
        accounts.join_with_account(session, token, TicketPurpose.JOIN_HOSPITAL, person=stranger, now=now)
    tickets.peek(session, token, TicketPurpose.JOIN_HOSPITAL, now=now)


@pytest.mark.parametrize("role", [HospitalRole.ASSESSOR, HospitalRole.DECIDER, HospitalRole.AUDITOR])
def test_only_an_administrator_invites(session, now, role):
    actor = building.hospital_actor(session, role=role)

    with pytest.raises(NotAllowed):
        accounts.invite_to_hospital(session, actor, email="neu@klinik.example", role=HospitalRole.AUDITOR, now=now)


def test_a_member_of_another_hospital_does_not_exist_here(session, now):
    admin, foreign = building.hospital_actor(session), building.hospital_actor(session)

    with pytest.raises(NotFound):
        accounts.end_hospital_membership(session, admin, person_id=foreign.person_id, now=now)
    with pytest.raises(NotFound):
        accounts.end_hospital_membership(session, admin, person_id="unknown", now=now)


def test_the_last_administrator_stays(session, now):
    admin = building.hospital_actor(session)

    with pytest.raises(NotNow):
        accounts.end_hospital_membership(session, admin, person_id=admin.person_id, now=now)
    with pytest.raises(NotNow):
        accounts.change_hospital_role(session, admin, person_id=admin.person_id, role=HospitalRole.AUDITOR, now=now)


def test_an_ended_membership_gives_nothing_from_that_moment(session, now):
    admin = building.hospital_actor(session)
    hospital = session.get_one(building.Hospital, admin.hospital_id)
    colleague = building.hospital_actor(session, hospital, role=HospitalRole.ASSESSOR)
    person = session.get_one(Person, colleague.person_id)
    person.totp_confirmed_at = None
    token = sign_ins.start(session, person, now=now).token

    accounts.end_hospital_membership(session, admin, person_id=person.id, now=now)

    session.expire_all()
    assert sign_ins.find(session, token, now=now) is None
    assert sign_ins.places(session, person.id) == ()


def test_only_a_lead_makes_a_signatory(session, now):
    signatory = building.company_actor(session, role=CompanyRole.SIGNATORY)

    accounts.invite_to_company(session, signatory, email="a@b.example", role=CompanyRole.CONTRIBUTOR, now=now)
    with pytest.raises(NotAllowed):
        accounts.invite_to_company(session, signatory, email="a@b.example", role=CompanyRole.LEAD, now=now)


def test_asking_for_a_new_password_of_nobody_gives_nothing(session, now):
    assert accounts.ask_for_new_password(session, email="x@y.example", address="192.0.2.1", now=now) is None


def test_the_operator_closes_an_account(session, now):
    person = building.person(session)
    token = sign_ins.start(session, person, now=now).token

    accounts.disable(session, operator_at_the_shell("root"), email=person.email, now=now)

    session.expire_all()
    assert sign_ins.find(session, token, now=now) is None
    with pytest.raises(NotAllowed):
        accounts.disable(session, building.hospital_actor(session), email=person.email, now=now)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "a@b.de, c@d.de",
        "a@b.de\nBcc: c@d.de",
        "<a@b.de>",
        "A B <a@b.de>",
        "a@b..de",
        "ä@b.de",
        "a@-",
        "a;b@c.de;",
    ],
)
def test_what_is_not_one_address_is_refused(text):
    with pytest.raises(BadInput):
        accounts.email_address(text)


@given(st.text(max_size=60))
def test_an_address_never_has_room_for_a_second_one(text):
    try:
        address = accounts.email_address(text)
    except BadInput:
        return
    assert address.count("@") == 1
    assert not set(address) & set(' ,;:<>()[]"\\\r\n\t')


def test_a_link_runs_out(session, now):
    admin = building.hospital_actor(session)
    token = accounts.invite_to_hospital(session, admin, email="a@b.example", role=HospitalRole.AUDITOR, now=now)

    with pytest.raises(NotFound):
        accounts.join(session, token, TicketPurpose.JOIN_HOSPITAL, new=NEW, now=now + timedelta(days=7))


def test_who_is_shown_out_of_a_hospital_has_no_link_left_to_come_back_by(session, now):
    admin = building.hospital_actor(session)
    hospital = session.get_one(building.Hospital, admin.hospital_id)
    colleague = building.hospital_actor(session, hospital, role=HospitalRole.ASSESSOR)
    person = session.get_one(Person, colleague.person_id)
    elsewhere = building.hospital_actor(session, building.hospital(session, "Klinikum Süd"))
    invite = {"email": person.email, "role": HospitalRole.ADMIN, "now": now}
    token = accounts.invite_to_hospital(session, admin, **invite)
    of_others = accounts.invite_to_hospital(session, elsewhere, **invite)

    accounts.end_hospital_membership(session, admin, person_id=person.id, now=now)

    with pytest.raises(NotFound):
        accounts.join_with_account(session, token, TicketPurpose.JOIN_HOSPITAL, person=person, now=now)
    accounts.join_with_account(session, of_others, TicketPurpose.JOIN_HOSPITAL, person=person, now=now)


def test_who_is_shown_out_of_a_company_or_given_less_has_no_link_left(session, now):
    lead = building.company_actor(session)
    company = session.get_one(building.Company, lead.company_id)
    colleague = building.company_actor(session, company, role=CompanyRole.SIGNATORY)
    person = session.get_one(Person, colleague.person_id)
    tokens = []
    for act in (
        lambda: accounts.change_company_role(session, lead, person_id=person.id, role=CompanyRole.CONTRIBUTOR, now=now),
        lambda: accounts.end_company_membership(session, lead, person_id=person.id, now=now),
    ):
        tokens.append(accounts.invite_to_company(session, lead, email=person.email, role=CompanyRole.LEAD, now=now))
        act()

    for token in tokens:
        with pytest.raises(NotFound):
            accounts.join_with_account(session, token, TicketPurpose.JOIN_COMPANY, person=person, now=now)


def test_only_who_still_works_there_and_may_sign_in_is_written_to(session, now):
    """Of a company and of a hospital: mails about actions and disputes went to disabled accounts, too."""
    lead = building.company_actor(session)
    company = session.get_one(building.Company, lead.company_id)
    gone, disabled = (
        building.company_actor(session, company, email=f"{name}@pacs.example") for name in ("gone", "disabled")
    )
    accounts.end_company_membership(session, lead, person_id=gone.person_id, now=now)
    session.get_one(Person, disabled.person_id).disabled_at = now
    building.company_actor(session, company, role=CompanyRole.CONTRIBUTOR)
    admin = building.hospital_actor(session)
    hospital = session.get_one(building.Hospital, admin.hospital_id)
    off = building.hospital_actor(session, hospital, email="off@klinik.example")
    session.get_one(Person, off.person_id).disabled_at = now
    building.hospital_actor(session, hospital, HospitalRole.AUDITOR)
    session.flush()

    assert [one.email for one in accounts.people_of_company(session, company.id)] == [lead.email]
    written = accounts.people_of_hospital(session, hospital.id, {HospitalRole.ADMIN})
    assert [one.email for one in written] == [admin.email]
