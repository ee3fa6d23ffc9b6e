"""Asking a vendor: one open round, one live link, one company that takes it."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from portal.db.models.accounts import Company, Person
from portal.db.models.assessments import Assessment, Invitation, Stage
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import Response
from portal.errors import BadInput, NotFound, NotNow, TooMany
from portal.services.rounds import invitations
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from questionnaires.model import QuestionSet
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

COLLEAGUE = Invitee(email="Max@Strahlwerk.example", name="Max")


@pytest.fixture
def asked(session, now):
    return errand.invited(session, now)


def _accept(session, asked, now, token=None):
    company = building.company(session)
    person = session.get_one(Person, building.company_actor(session, company).person_id)
    return invitations.accept(session, token or asked.token, person=person, company=company, now=now)


def test_a_round_needs_products_with_intake_a_day_to_come_and_one_address(session, now):
    of = ward.empty(session)
    ward.add(session, of, errand.VENDOR, "PACS", intake=None, now=now)
    fields = RoundFields(supply_ids=[of.supplies[errand.VENDOR]], due_on=now.date(), question_set=QuestionSet.FULL)

    with pytest.raises(BadInput) as refused:
        invitations.begin(
            session, of.assessor, of.vendors[errand.VENDOR], fields, Invitee(email="a@b.example, c@d.example"),
            base_url="http://x", now=now,
        )  # fmt: skip

    assert set(refused.value.fields) == {"supplies", "due_on", "email"}


def test_one_round_at_a_time(session, asked, now):
    with pytest.raises(NotNow):
        ward.invite(session, asked.ward, errand.VENDOR, now=now, due=now.date() + timedelta(days=9))


def test_looking_redeems_nothing(session, asked, now):
    for _ in range(3):
        invitations.note_opened(session, asked.token, now=now)

    assert invitations.look(session, asked.token, now=now).invitation.redeemed_at is None
    opened = session.scalars(select(AuditEvent).where(AuditEvent.verb == "invitation.opened")).all()
    assert len(opened) == 1


def test_taking_it_links_the_company_once(session, asked, now):
    assessment = _accept(session, asked, now)

    assert (assessment.stage, assessment.accepted_at) == (Stage.ACCEPTED, now)
    assert session.scalars(select(Response)).one().company_id == assessment.company_id
    with pytest.raises(NotFound):
        _accept(session, asked, now)


def test_handing_over_tells_the_hospital_and_kills_the_link(session, asked, now):
    invitations.hand_over(session, asked.token, colleague=COLLEAGUE, base_url="http://x", now=now)

    rows = session.scalars(select(Invitation).order_by(Invitation.handed_over_at.is_(None))).all()
    assert [(row.email, row.handed_over_at is not None) for row in rows] == [
        (errand.ADDRESS, True),
        ("max@strahlwerk.example", False),
    ]
    with pytest.raises(NotFound):
        invitations.look(session, asked.token, now=now)
    verbs = session.scalars(select(AuditEvent.verb)).all()
    assert "invitation.handed-over" in verbs


def test_handing_over_has_a_limit(session, asked, now):
    token = asked.token
    for number in range(5):
        to = Invitee(email=f"kollege{number}@strahlwerk.example")
        invitations.hand_over(session, token, colleague=to, base_url=ward.BASE_URL, now=now)
        session.flush()
        mail = session.scalars(select(OutboxMail).where(OutboxMail.to_address == to.email)).one()
        token = mail.text.partition("/invitation/")[2].split()[0]

    with pytest.raises(TooMany):
        invitations.hand_over(session, token, colleague=COLLEAGUE, base_url=ward.BASE_URL, now=now)


def test_a_renewal_goes_to_the_same_address_and_only_for_the_newest_link(session, asked, now):
    late = now + timedelta(days=90)
    invitations.renew_by_addressee(session, asked.token, base_url="http://x", now=late)
    invitations.renew_by_addressee(session, asked.token, base_url="http://x", now=late)  # older than the new one
    invitations.renew_by_addressee(session, "avi_unknown", base_url="http://x", now=late)

    mails = session.scalars(select(OutboxMail.to_address).where(OutboxMail.kind == "invitation")).all()
    assert mails == [errand.ADDRESS] * 2


def test_a_round_that_is_taken_while_somebody_withdraws_it_stays_taken(session, asked, now):
    found = invitations.find(session, asked.ward.assessor, asked.assessment_id)
    assert found.stage is Stage.INVITED
    _meanwhile(session, found, Stage.ACCEPTED)

    with pytest.raises(NotNow):
        invitations.withdraw(session, asked.ward.assessor, asked.assessment_id, now=now)
    assert session.scalar(select(Assessment.stage).where(Assessment.id == found.id)) is Stage.ACCEPTED


def _meanwhile(session, found, stage):
    """As if another transaction had committed it after this one read the round."""
    session.flush()
    session.execute(
        update(Assessment).where(Assessment.id == found.id).values(stage=stage),
        execution_options={"synchronize_session": False},
    )
    assert found.stage is not stage


def test_a_withdrawn_round_opens_nothing(session, asked, now):
    invitations.withdraw(session, asked.ward.assessor, asked.assessment_id, now=now)

    with pytest.raises(NotFound):
        invitations.look(session, asked.token, now=now)
    invitations.renew_by_addressee(session, asked.token, base_url="http://x", now=now)
    assert len(session.scalars(select(OutboxMail).where(OutboxMail.kind == "invitation")).all()) == 1


def test_of_many_that_try_a_link_at_once_one_wins(sessions, now):
    with sessions() as session, session.begin():
        asked = errand.invited(session, now)
        people = [building.person(session, f"person{number}@x.example").id for number in range(8)]
        companies = [building.company(session, f"Firma {number}").id for number in range(8)]
    won = []

    def take(number: int) -> None:
        with sessions() as session:
            try:
                invitations.accept(
                    session,
                    asked.token,
                    person=session.get_one(Person, people[number]),
                    company=session.get_one(Company, companies[number]),
                    now=now,
                )
                session.commit()
                won.append(companies[number])
            except (NotFound, NotNow):
                session.rollback()

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    with sessions() as session:
        assert session.get_one(Assessment, asked.assessment_id).company_id == won[0]


def test_the_day_a_vendor_answers_by_lies_ahead_in_germany(session, now):
    night = now.replace(hour=23, minute=30)  # there it is the next day already
    of = ward.empty(session)
    supply = ward.add(session, of, "PACS GmbH", "PACS", domain="pacs.example", now=now)
    fields = RoundFields(supply_ids=[supply.id], due_on=night.date() + timedelta(days=1), question_set=QuestionSet.FULL)

    with pytest.raises(BadInput) as refused:
        invitations.begin(
            session, of.assessor, of.vendors["PACS GmbH"], fields, COLLEAGUE, base_url=ward.BASE_URL, now=night
        )

    assert set(refused.value.fields) == {"due_on"}


@pytest.mark.parametrize("due", [date.max, date(9999, 12, 20), date(2031, 1, 1)])
def test_nobody_is_asked_until_the_end_of_time(session, now, due):
    of = ward.empty(session)
    supply = ward.add(session, of, "PACS GmbH", "PACS", domain="pacs.example", now=now)
    fields = RoundFields(supply_ids=[supply.id], due_on=due, question_set=QuestionSet.FULL)

    with pytest.raises(BadInput) as refused:
        invitations.begin(
            session, of.assessor, of.vendors["PACS GmbH"], fields, COLLEAGUE, base_url=ward.BASE_URL, now=now
        )

    assert set(refused.value.fields) == {"due_on"}
