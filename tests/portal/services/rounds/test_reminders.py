"""Reminders: on working days, to the vendor alone, each once, none after the answers were handed in."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole, Hospital
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.campaigns import Bounce, CampaignSeat, Reminder
from portal.db.models.jobs import OutboxMail
from portal.errors import NotAllowed, NotNow
from portal.services.rounds import campaigns, invitations, reminders
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

DUE = date(2027, 1, 15)  # a Friday; New Year and, in Bavaria, Epiphany lie before it
ASKED = datetime(2026, 12, 1, 9, tzinfo=UTC)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


@pytest.fixture
def of(session):
    made = errand.invited(session, ASKED)
    errand.assessment(session, made).due_on = DUE
    session.flush()
    return made


def send(session, of, day: date) -> bool:
    session.expire_all()
    sent = reminders.send_due(session, of.ward.hospital_id, of.assessment_id, base_url=ward.BASE_URL, now=at(day))
    session.flush()
    return sent


def mails(session) -> list[OutboxMail]:
    kinds = OutboxMail.kind.in_(["reminder", "overdue"])
    return list(session.scalars(select(OutboxMail).where(kinds).order_by(OutboxMail.created_at)))


def test_the_days_are_working_days_of_the_state():
    assert reminders.days(DUE, country="DE", state="NW") == {
        "-7": date(2027, 1, 6),
        "-3": date(2027, 1, 12),
        "-1": date(2027, 1, 14),
        "+3": date(2027, 1, 20),
    }
    assert reminders.days(DUE, country="DE", state="BY")["-7"] == date(2027, 1, 5)  # Epiphany is none


def test_each_goes_out_once_on_its_day_however_often_the_day_is_looked_at(session, of):
    sent = []
    day = date(2026, 12, 2)
    while day < DUE + timedelta(days=20):
        sent += [day for _ in range(2) if send(session, of, day)]
        day += timedelta(days=1)

    assert sent == list(reminders.days(DUE, country="DE", state="NW").values())
    assert [mail.kind for mail in mails(session)] == ["reminder", "reminder", "reminder", "overdue"]
    assert {mail.to_address for mail in mails(session)} == {errand.ADDRESS}


def test_a_reminder_brings_a_link_and_the_earlier_one_goes_on_to_work(session, of):
    send(session, of, date(2027, 1, 6))

    token = mails(session)[0].text.partition("/invitation/")[2].split()[0]
    for one in (of.token, token):
        assert invitations.look(session, one, now=at(date(2027, 1, 8))).assessment.id == of.assessment_id
    company = building.company(session)
    person = errand.person(session, building.company_actor(session, company))
    invitations.accept(session, of.token, person=person, company=company, now=at(date(2027, 1, 8)))
    live = [one for one in errand.assessment(session, of).invitations if not (one.redeemed_at or one.revoked_at)]
    assert live == []


def test_whoever_was_away_sends_it_a_little_later_and_never_much_later(session, of):
    assert send(session, of, date(2027, 1, 8))  # two working days after the 6th
    assert not send(session, of, date(2027, 1, 11))
    plan = reminders.of_round(session, errand.assessment(session, of), now=at(date(2027, 1, 30)))
    assert [step.has_lapsed for step in plan.steps] == [False, True, True, True]
    assert not send(session, of, date(2027, 1, 30))


def test_nobody_is_reminded_of_what_was_asked_that_day(session, now):
    made = errand.invited(session, at(date(2027, 1, 12)))
    errand.assessment(session, made).due_on = DUE
    session.flush()

    assert not send(session, made, date(2027, 1, 12))
    assert send(session, made, date(2027, 1, 14))


def test_another_due_date_plans_anew(session, of):
    assert send(session, of, date(2027, 1, 6))
    later = date(2027, 2, 12)
    invitations.move_due_date(session, of.ward.assessor, of.assessment_id, later, now=at(date(2027, 1, 7)))

    assert not send(session, of, date(2027, 1, 12))
    assert send(session, of, date(2027, 2, 3))
    assert [row.due_on for row in session.scalars(select(Reminder).order_by(Reminder.at))] == [DUE, later]
    invitation = errand.assessment(session, of).invitations[0]
    assert invitation.expires_at.date() == later + timedelta(days=15)


@pytest.mark.parametrize("stage", [Stage.SUBMITTED, Stage.RETURNED, Stage.REVIEWED, Stage.CLOSED, Stage.DRAFT])
def test_none_goes_out_when_nothing_is_waited_for(session, of, stage: Stage):
    errand.assessment(session, of).stage = stage
    session.flush()

    assert not send(session, of, date(2027, 1, 6))
    with pytest.raises(NotNow):
        reminders.send_now(session, of.ward.assessor, of.assessment_id, base_url=ward.BASE_URL, now=at(DUE))


def test_the_switch_of_a_vendor_and_that_of_a_campaign_stop_them(session, of):
    reminders.switch(session, of.ward.assessor, of.assessment_id, stopped=True, now=ASKED)
    assert not send(session, of, date(2027, 1, 6))
    reminders.switch(session, of.ward.assessor, of.assessment_id, stopped=False, now=ASKED)
    row = building.campaign(session, of.ward.assessor, started_at=ASKED)
    session.add(
        CampaignSeat(
            hospital_id=of.ward.hospital_id,
            campaign_id=row.id,
            vendor_id=errand.assessment(session, of).vendor_id,
            assessment_id=of.assessment_id,
        )
    )
    campaigns.switch_reminders(session, of.ward.assessor, row.id, stopped=True, now=ASKED)
    session.flush()
    assert not send(session, of, date(2027, 1, 6))
    plan = reminders.of_round(session, errand.assessment(session, of), now=at(date(2027, 1, 6)))
    assert (plan.stopped.text, plan.next) == ("stopped for the campaign", None)

    campaigns.switch_reminders(session, of.ward.assessor, row.id, stopped=False, now=ASKED)
    assert send(session, of, date(2027, 1, 6))


def test_after_the_company_has_come_its_leads_are_reminded_in_their_language(session):
    made = errand.accepted(session, ASKED)
    errand.assessment(session, made).due_on = DUE
    errand.person(session, made.lead).language = "en"
    errand.colleague(session, made, CompanyRole.SIGNATORY)
    session.flush()

    assert send(session, made, date(2027, 1, 6))
    (mail,) = mails(session)
    assert (mail.to_address, mail.language) == (made.lead.email, "en")
    assert "still open" in mail.text
    assert "/invitation/" not in mail.text


def test_the_hospitals_own_people_are_never_reminded(session, of):
    assessment = errand.assessment(session, of)
    hospital = session.get_one(Hospital, of.ward.hospital_id)
    for own in (of.ward.auditor.email, hospital.contact_email.upper()):
        assessment.invitations[-1].email = own
        session.flush()
        assert not send(session, of, date(2027, 1, 6))
        with pytest.raises(NotNow):
            reminders.send_now(session, of.ward.assessor, of.assessment_id, base_url=ward.BASE_URL, now=at(DUE))
    assert mails(session) == []


def test_whose_mail_came_back_is_not_written_to_again(session, of):
    invitation = errand.assessment(session, of).invitations[-1]
    session.add(
        Bounce(
            mail_id=invitation.mail_id,
            hospital_id=of.ward.hospital_id,
            to_address=invitation.email,
            status="5.1.1",
            diagnostic="",
            at=ASKED,
        )
    )
    session.flush()

    assert not send(session, of, date(2027, 1, 6))


def test_by_hand_at_most_once_a_day_and_the_plan_leaves_that_day_out(session, of):
    day = date(2027, 1, 6)
    remind = {"base_url": ward.BASE_URL, "now": at(day)}
    reminders.send_now(session, of.ward.assessor, of.assessment_id, **remind)
    with pytest.raises(NotNow):
        reminders.send_now(session, of.ward.assessor, of.assessment_id, **remind)

    assert not send(session, of, day)
    with pytest.raises(NotAllowed):
        reminders.send_now(session, of.ward.auditor, of.assessment_id, **remind)


def test_two_workers_at_once_send_one(sessions):
    with sessions.begin() as session:
        made = errand.invited(session, ASKED)
        errand.assessment(session, made).due_on = DUE
    barrier, sent = threading.Barrier(2), []

    def work() -> None:
        barrier.wait()
        with sessions.begin() as session:
            hospital_id = made.ward.hospital_id
            now = at(date(2027, 1, 6))
            sent.append(reminders.send_due(session, hospital_id, made.assessment_id, base_url=ward.BASE_URL, now=now))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sessions() as session:
        assert sorted(sent) == [False, True]
        assert len(mails(session)) == 1
        assert session.scalars(select(Assessment)).one().stage is Stage.INVITED
