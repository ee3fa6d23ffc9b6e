"""Campaigns: who can be asked and why not, each vendor sent once, and a report of who got it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.db.models.accounts import HospitalMember
from portal.db.models.assessments import Assessment
from portal.db.models.campaigns import Campaign, CampaignSeat, SeatState
from portal.db.models.jobs import Job, OutboxMail
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services.jobs import JobKind
from portal.services.rounds import campaigns
from portal.services.vendors import portfolio, vendors
from portal.services.vendors.vendors import VendorFields
from questionnaires.model import QuestionSet
from tests.portal.web.hospital import ward


@pytest.fixture
def of(session, now):
    """Two that can be asked, one of them of no account, and one for each reason that speaks against it."""
    made = ward.empty(session)
    ward.add(session, made, "Alpha GmbH", "PACS", domain="alpha.example", now=now)
    ward.add(session, made, "Beta GmbH", "Menüs", intake=ward.MINOR, domain="beta.example", now=now)
    ward.add(session, made, "Läuft GmbH", "LIS", domain="laeuft.example", now=now)
    ward.invite(session, made, "Läuft GmbH", now=now, due=(now + timedelta(days=20)).date())
    ward.add(session, made, "Ohne Einstufung GmbH", "KIS", intake=None, now=now)
    ward.add(session, made, "Ohne Kontakt GmbH", "RIS", now=now)
    session.get_one(Vendor, made.vendors["Ohne Kontakt GmbH"]).contact_email = ""
    vendors.add(session, made.assessor, VendorFields(name="Ohne Produkt GmbH"), now=now)
    session.flush()
    session.expire_all()
    return made


def draft(session, of, now) -> Campaign:
    campaign = campaigns.draft(session, of.assessor, portfolio.rows(session, of.assessor), name="Herbst", now=now)
    session.flush()
    return campaign


def send_all(session, campaign, now) -> dict[str, SeatState]:
    found = {}
    for vendor_id in campaigns.waiting(session, campaign.hospital_id, campaign.id):
        state = campaigns.send_one(
            session, campaign.hospital_id, campaign.id, vendor_id, base_url=ward.BASE_URL, now=now
        )
        found[session.get_one(Vendor, vendor_id).name] = state
    campaigns.finish(session, campaign.hospital_id, campaign.id, now=now)
    session.flush()
    return found


def mails(session) -> set[str]:
    return set(session.scalars(select(OutboxMail.to_address).where(OutboxMail.kind == "invitation")))


def test_each_that_cannot_be_asked_has_its_reason(session, of):
    rows = portfolio.rows(session, of.assessor)

    reasons = {row.vendor.name: campaigns.why_not(row) for row in rows}
    assert {name: reason.text for name, reason in reasons.items() if reason} == {
        "Läuft GmbH": "a round is running",
        "Ohne Einstufung GmbH": "no intake",
        "Ohne Kontakt GmbH": "no contact",
        "Ohne Produkt GmbH": "no product or service",
    }


def test_a_draft_takes_those_that_can_be_asked_and_sends_nothing(session, of, now):
    before = mails(session)
    campaign = draft(session, of, now)

    assert [seat.vendor.name for seat in campaigns.seats(session, campaign)] == ["Alpha GmbH", "Beta GmbH"]
    assert mails(session) == before
    with pytest.raises(BadInput):
        none = [row for row in portfolio.rows(session, of.assessor) if row.vendor.name.startswith("Ohne")]
        campaigns.draft(session, of.assessor, none, name="Leer", now=now)


def test_set_and_catalogue_follow_tier_and_intake_and_the_mail_is_what_is_sent(session, of, now):
    campaign = draft(session, of, now)
    seats = {seat.vendor.name: seat for seat in campaigns.seats(session, campaign)}
    one = campaigns.prepared(session, of.assessor, campaign, seats["Alpha GmbH"].vendor, now=now)
    letter = campaigns.preview(session, campaign, one, now=now)
    rows = session.scalar(select(func.count()).select_from(Assessment))

    assert one.question_set is QuestionSet.FULL
    assert session.scalar(select(func.count()).select_from(Assessment)) == rows  # a preview keeps nothing
    campaigns.start(session, of.assessor, campaign.id, now=now)
    send_all(session, campaign, now)
    mail = session.scalars(select(OutboxMail).where(OutboxMail.to_address == "erika@alpha.example")).one()
    assert mail.subject == letter.subject
    assert mail.text.split(ward.BASE_URL)[0] == letter.text.split(campaigns.LINK_IN_PREVIEW)[0]


def test_sending_reports_who_got_it_and_who_not_and_asks_nobody_twice(session, of, now):
    campaign = draft(session, of, now)
    campaigns.start(session, of.assessor, campaign.id, now=now)
    session.get_one(Vendor, of.vendors["Beta GmbH"]).contact_email = ""  # since it was drafted
    session.flush()

    assert send_all(session, campaign, now) == {"Alpha GmbH": SeatState.INVITED, "Beta GmbH": SeatState.REFUSED}
    count = campaigns.counts(session, of.hospital_id)[campaign.id]
    assert (count.invited, count.refused, count.waiting) == (1, 1, 0)
    beta = session.get_one(CampaignSeat, (campaign.id, of.vendors["Beta GmbH"]))
    assert (beta.reason, beta.assessment_id) == ("no contact", None)
    before = len(session.scalars(select(OutboxMail)).all())
    alpha = of.vendors["Alpha GmbH"]
    again = campaigns.send_one(session, of.hospital_id, campaign.id, alpha, base_url=ward.BASE_URL, now=now)
    assert again is SeatState.INVITED
    assert len(session.scalars(select(OutboxMail)).all()) == before


def test_a_bad_address_stops_its_vendor_alone(session, of, now):
    campaign = draft(session, of, now)
    campaigns.start(session, of.assessor, campaign.id, now=now)
    session.get_one(Vendor, of.vendors["Alpha GmbH"]).contact_email = "nobody"
    session.flush()

    assert send_all(session, campaign, now) == {"Alpha GmbH": SeatState.REFUSED, "Beta GmbH": SeatState.INVITED}
    assert session.scalars(select(Assessment).where(Assessment.vendor_id == of.vendors["Alpha GmbH"])).all() == []


def test_it_goes_out_once_as_a_job_and_is_no_draft_afterwards(session, of, now):
    campaign = draft(session, of, now)
    campaigns.plan(
        session, of.admin, campaign.id, name="Winter", due_on=(now + timedelta(days=9)).date(), message="Eilt.",
        version=1, now=now,
    )  # fmt: skip
    with pytest.raises(Clash):
        campaigns.plan(session, of.admin, campaign.id, name="X", due_on=campaign.due_on, message="", version=1, now=now)
    campaigns.start(session, of.assessor, campaign.id, now=now)

    assert len(session.scalars(select(Job).where(Job.kind == JobKind.CAMPAIGN.value)).all()) == 1
    for late in (
        lambda: campaigns.start(session, of.assessor, campaign.id, now=now),
        lambda: campaigns.leave_out(session, of.assessor, campaign.id, of.vendors["Alpha GmbH"]),
        lambda: campaigns.discard(session, of.assessor, campaign.id, now=now),
    ):
        with pytest.raises(NotNow):
            late()
    send_all(session, campaign, now)
    assert any("Eilt." in mail.text for mail in session.scalars(select(OutboxMail)))


def test_whoever_has_left_the_hospital_sends_nothing_more(session, of, now):
    campaign = draft(session, of, now)
    campaigns.start(session, of.assessor, campaign.id, now=now)
    session.get_one(HospitalMember, (of.hospital_id, of.assessor.person_id)).ended_at = now
    session.flush()

    assert set(send_all(session, campaign, now).values()) == {SeatState.REFUSED}


def test_leaving_out_throwing_away_and_giving_up(session, of, now):
    campaign = draft(session, of, now)
    campaigns.leave_out(session, of.assessor, campaign.id, of.vendors["Alpha GmbH"])
    session.flush()
    assert [seat.vendor.name for seat in campaigns.seats(session, campaign)] == ["Beta GmbH"]
    with pytest.raises(NotFound):
        campaigns.leave_out(session, of.assessor, campaign.id, "f" * 20)
    other = draft(session, of, now)
    campaigns.discard(session, of.assessor, other.id, now=now)
    session.flush()
    with pytest.raises(NotFound):
        campaigns.find(session, of.assessor, other.id)

    campaigns.start(session, of.assessor, campaign.id, now=now)
    campaigns.break_off(session, of.hospital_id, campaign.id, now=now)
    (seat,) = campaigns.seats(session, campaign)
    assert seat.state is SeatState.REFUSED
    assert campaign.finished_at == now


def test_another_hospital_finds_nothing_and_readers_change_nothing(session, of, now):
    campaign = draft(session, of, now)
    stranger = ward.empty(session, "Fremde Klinik")

    with pytest.raises(NotFound):
        campaigns.find(session, stranger.admin, campaign.id)
    with pytest.raises(NotAllowed):
        campaigns.start(session, of.decider, campaign.id, now=now)
