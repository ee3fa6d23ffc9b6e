"""The incident flash: whom to ask, what goes out, who answered, what happens when a clock lapses."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole, HospitalRole
from portal.db.models.audit import AuditEvent
from portal.db.models.incidents import FlashLink, FlashReply, FlashStanding
from portal.db.models.jobs import Job, JobState, OutboxMail
from portal.db.models.supplies import ContactRole
from portal.db.models.vendors import Supply
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.incidents import flashes
from portal.services.incidents.flashes import FlashFields, KnownBy
from portal.services.jobs import JobKind
from portal.services.vendors import vendor_entries
from portal.services.vendors.vendor_entries import ContactFields
from tests.portal import building

URL = "https://kettenblick.klinik.example"
AFFECTED, NOT_AFFECTED, INVESTIGATING = FlashStanding
DAY = timedelta(hours=24)


class Place:
    """A hospital with a vendor that has a company, one that has none, one without an address; and another hospital."""

    def __init__(self, session):
        self.hospital = building.hospital(session, contact_email="it@klinik.example", contact_name="Jens")
        self.assessor = building.hospital_actor(session, self.hospital, HospitalRole.ASSESSOR)
        self.with_company = building.vendor(
            session, self.hospital, name="PACS GmbH", contact_email="erika@pacs.example"
        )
        building.supply(session, self.with_company, "PACS Archiv")
        self.company = building.company(session)
        self.lead = building.company_actor(session, self.company)
        building.assessment(session, self.with_company, company_id=self.company.id)
        self.alone = building.vendor(
            session,
            self.hospital,
            name="Labor Ltd",
            country="GB",
            security_email="psirt@labor.example",
            contact_email="info@labor.example",
        )
        building.supply(session, self.alone, "LIS mit log4j")
        self.silent = building.vendor(session, self.hospital, name="Stille KG")
        self.other = building.hospital_actor(session, building.hospital(session, "Klinik Fern"))

    @property
    def every(self):
        return (self.with_company.id, self.alone.id, self.silent.id)


@pytest.fixture
def place(session):
    return Place(session)


def begin(session, place, now, *, vendors=None, **more):
    fields = FlashFields(
        **{"about": "log4j", "text_de": "Sind Sie betroffen?", "text_en": "Are you affected?", **more},
        vendor_ids=place.every if vendors is None else vendors,
    )
    made = flashes.begin(session, place.assessor, fields, base_url=URL, now=now)
    session.flush()
    return made


def mails(session, to=None):
    rows = session.scalars(select(OutboxMail).order_by(OutboxMail.created_at)).all()
    return [mail for mail in rows if to is None or mail.to_address == to]


def token(session, to):
    return re.search(rf"{URL}/flash/(\S+)", mails(session, to)[-1].text)[1]


def line(session, place, flash, vendor, now):
    return next(
        one for one in flashes.board(session, place.assessor, flash.id, now=now).lines if one.vendor.id == vendor.id
    )


class TestSearch:
    def test_products_and_names_are_found_and_the_rest_stands_apart_as_unknown(self, session, place):
        found = {one.vendor.name: one for one in flashes.search(session, place.assessor, "  LOG4J ")}

        assert found["Labor Ltd"].known_by is KnownBy.PRODUCT
        assert found["Labor Ltd"].matches == ("LIS mit log4j",)
        assert {found["PACS GmbH"].known_by, found["Stille KG"].known_by} == {KnownBy.UNKNOWN}
        assert [one.vendor.name for one in flashes.search(session, place.assessor, "stille") if one.is_found] == [
            "Stille KG"
        ]

    def test_without_words_nobody_and_of_another_hospital_nobody(self, session, place):
        assert flashes.search(session, place.assessor, "  ") == ()
        assert flashes.search(session, place.other, "log4j") == []

    def test_signs_of_a_pattern_are_plain_text(self, session, place):
        session.add(
            Supply(hospital_id=place.hospital.id, vendor_id=place.silent.id, name="100%_fit", created_at=building.NOW)
        )
        session.flush()
        session.expire_all()

        assert [one.vendor.name for one in flashes.search(session, place.assessor, "%_") if one.is_found] == [
            "Stille KG"
        ]


class TestSending:
    def test_each_vendor_gets_its_mail_in_its_language_and_who_has_none_is_to_be_called(self, session, place, now):
        made = begin(session, place, now)

        assert {mail.to_address for mail in mails(session)} == {
            "erika@pacs.example",
            place.lead.email,
            "psirt@labor.example",
        }
        assert "Sind Sie betroffen?" in mails(session, "erika@pacs.example")[0].text
        assert "Are you affected?" in mails(session, "psirt@labor.example")[0].text
        assert f"{URL}/vendor/flashes/" in mails(session, place.lead.email)[0].text
        board = flashes.board(session, place.assessor, made.id, now=now)
        assert [one.vendor.name for one in board.to_call] == ["Stille KG"]
        assert (made.first_due_at - now, made.last_due_at - now) == (DAY, 3 * DAY)

    def test_no_mail_tells_of_another_vendor_and_none_holds_a_token_twice(self, session, place, now):
        begin(session, place, now)

        for mail in mails(session):
            others = {"PACS GmbH", "Labor Ltd", "Stille KG"}
            assert not [name for name in others if name in mail.text + mail.html]
        assert token(session, "erika@pacs.example") != token(session, "psirt@labor.example")
        assert all(link.token_hash not in mail.text for link in session.query(FlashLink) for mail in mails(session))

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"about": " "}, "about"),
            ({"text_de": ""}, "text_de"),
            ({"text_en": " "}, "text_en"),
            ({"vendors": ()}, "vendors"),
        ],
    )
    def test_what_cannot_be_sent_goes_to_nobody(self, session, place, now, more, field):
        with pytest.raises(BadInput) as refusal:
            begin(session, place, now, **more)

        assert set(refusal.value.fields) == {field}
        assert mails(session) == []

    def test_a_vendor_of_another_hospital_is_not_found(self, session, place, now):
        with pytest.raises(BadInput):
            flashes.begin(
                session, place.other, FlashFields(about="x", text_de="x", text_en="x", vendor_ids=place.every),
                base_url=URL, now=now,
            )  # fmt: skip
        foreign = building.vendor(session, building.hospital(session, "Drittes Haus"))
        with pytest.raises(NotFound):
            begin(session, place, now, vendors=(*place.every, foreign.id))

    def test_who_may_only_read_sends_nothing(self, session, place, now):
        auditor = building.hospital_actor(session, place.hospital, HospitalRole.AUDITOR)

        with pytest.raises(NotAllowed):
            flashes.begin(
                session, auditor, FlashFields(about="x", text_de="x", text_en="x", vendor_ids=place.every),
                base_url=URL, now=now,
            )  # fmt: skip

    def test_the_preview_is_the_mail_in_both_languages_and_sends_nothing(self, session, place, now):
        fields = FlashFields(about="log4j", text_de="Betroffen?", text_en="Affected?", vendor_ids=place.every)

        letters = flashes.preview(session, place.assessor, fields, now=now)

        assert "Betroffen?" in letters["de"].text
        assert "Affected?" in letters["en"].text
        assert mails(session) == []
        assert session.query(FlashLink).count() == 0

    def test_two_looks_are_asked_for_one_at_each_clock(self, session, place, now):
        begin(session, place, now)

        looks = session.scalars(select(Job).where(Job.kind == JobKind.FLASH.value).order_by(Job.run_at)).all()
        assert [(one.run_at - now, one.state) for one in looks] == [(DAY, JobState.QUEUED), (3 * DAY, JobState.QUEUED)]


class TestAnswering:
    def test_the_company_answers_with_its_account_and_both_words_stay(self, session, place, now):
        made = begin(session, place, now)
        (question,) = flashes.of_company(session, place.lead)
        given = {"base_url": URL}
        flashes.answer(
            session, place.lead, question.asked.id, standing=INVESTIGATING, text="Wir prüfen.", now=now, **given
        )
        later = now + timedelta(hours=1)
        flashes.answer(session, place.lead, question.asked.id, standing=AFFECTED, text="Ja, 5.1.", now=later, **given)

        found = line(session, place, made, place.with_company, later)
        assert [one.standing for one in found.answers] == [AFFECTED, INVESTIGATING]
        assert {mail.to_address for mail in mails(session) if mail.kind == "flash-affected"} == {
            place.assessor.email,
            "it@klinik.example",
        }
        assert found.is_final

    def test_reading_a_link_redeems_nothing_and_answering_uses_it_up(self, session, place, now):
        made = begin(session, place, now)
        link = token(session, "psirt@labor.example")

        for _time in range(3):
            assert flashes.look(session, link, now=now, opens=True).vendor.name == "Labor Ltd"
        assert line(session, place, made, place.alone, now).opened_at == now
        flashes.answer_by_link(session, link, standing=NOT_AFFECTED, text="", name="Ann", base_url=URL, now=now)

        assert line(session, place, made, place.alone, now).standing is NOT_AFFECTED
        for again in (flashes.look, lambda *args, **more: flashes.answer_by_link(
            *args, standing=AFFECTED, text="x", name="Ann", base_url=URL, **more
        )):  # fmt: skip
            with pytest.raises(NotFound):
                again(session, link, now=now)

    def test_whoever_still_investigates_gets_a_new_link(self, session, place, now):
        begin(session, place, now)
        first = token(session, "psirt@labor.example")
        later = now + timedelta(minutes=5)
        flashes.answer_by_link(
            session, first, standing=INVESTIGATING, text="Looking", name="Ann", base_url=URL, now=later
        )

        second = token(session, "psirt@labor.example")
        assert second != first
        flashes.answer_by_link(session, second, standing=AFFECTED, text="Yes", name="Ann", base_url=URL, now=later)
        assert session.query(FlashReply).count() == 2

    def test_a_link_never_answers_for_a_company_with_an_account(self, session, place, now):
        begin(session, place, now)

        with pytest.raises(NotNow):
            flashes.answer_by_link(
                session,
                token(session, "erika@pacs.example"),
                standing=NOT_AFFECTED,
                text="",
                name="X",
                base_url=URL,
                now=now,
            )

    def test_a_link_runs_out_and_ends_with_the_question(self, session, place, now):
        made = begin(session, place, now)
        link = token(session, "psirt@labor.example")
        with pytest.raises(NotFound):
            flashes.look(session, link, now=now + flashes.LINK_LASTS)
        flashes.close(session, place.assessor, made.id, conclusion="Nur einer.", now=now)
        with pytest.raises(NotFound):
            flashes.look(session, link, now=now)
        (question,) = flashes.of_company(session, place.lead)
        with pytest.raises(NotNow):
            flashes.answer(session, place.lead, question.asked.id, standing=AFFECTED, text="x", base_url=URL, now=now)

    @pytest.mark.parametrize("standing", [AFFECTED, INVESTIGATING])
    def test_all_but_a_no_needs_words(self, session, place, now, standing):
        begin(session, place, now)
        (question,) = flashes.of_company(session, place.lead)

        with pytest.raises(BadInput):
            flashes.answer(session, place.lead, question.asked.id, standing=standing, text=" ", base_url=URL, now=now)

    def test_another_company_finds_nothing_and_a_contributor_may_not(self, session, place, now):
        begin(session, place, now)
        (question,) = flashes.of_company(session, place.lead)
        stranger = building.company_actor(session, building.company(session, "Andere"))
        helper = building.company_actor(session, place.company, CompanyRole.CONTRIBUTOR)

        assert flashes.of_company(session, stranger) == []
        with pytest.raises(NotFound):
            flashes.for_company(session, stranger, question.asked.id)
        with pytest.raises(NotAllowed):
            flashes.for_company(session, helper, question.asked.id)
        with pytest.raises(BadInput):
            flashes.answer(
                session,
                place.lead,
                question.asked.id,
                standing=AFFECTED,
                text="x",
                evidence_id="0" * 20,
                base_url=URL,
                now=now,
            )

    def test_what_was_said_by_telephone_is_the_hospital_s_word_and_the_company_never_reads_it(
        self, session, place, now
    ):
        made = begin(session, place, now)
        asked = line(session, place, made, place.with_company, now).asked
        flashes.write_down(
            session, place.assessor, made.id, asked.id, standing=NOT_AFFECTED, text="Herr Ott sagt nein.", now=now
        )

        found = line(session, place, made, place.with_company, now)
        assert (found.standing, found.answers[0].is_ours) == (NOT_AFFECTED, True)
        assert flashes.for_company(session, place.lead, asked.id).answers == []
        with pytest.raises(NotFound):
            flashes.write_down(session, place.other, made.id, asked.id, standing=NOT_AFFECTED, text="x", now=now)


class TestEscalation:
    def look(self, session, place, flash, now):
        return flashes.escalate(session, place.hospital.id, flash.id, base_url=URL, now=now)

    def test_before_a_clock_lapses_nothing_happens(self, session, place, now):
        made = begin(session, place, now)

        assert self.look(session, place, made, now + DAY - timedelta(seconds=1)) == 0

    def test_the_second_contact_first_then_the_telephone(self, session, place, now):
        made = begin(session, place, now)
        first = now + DAY + timedelta(seconds=1)

        self.look(session, place, made, first)
        assert [mail.to_address for mail in mails(session) if mail.created_at == first] == ["info@labor.example"]
        board = flashes.board(session, place.assessor, made.id, now=first)
        assert {one.vendor.name for one in board.to_call} == {"PACS GmbH", "Stille KG"}  # no second contact there
        last = now + 3 * DAY + timedelta(seconds=1)
        self.look(session, place, made, last)
        board = flashes.board(session, place.assessor, made.id, now=last)
        assert {one.vendor.name for one in board.to_call} == {"PACS GmbH", "Stille KG", "Labor Ltd"}
        assert self.look(session, place, made, last) == 0  # once

    def test_who_is_investigating_is_left_alone_until_the_last_clock(self, session, place, now):
        made = begin(session, place, now, vendors=(place.alone.id,))
        link = token(session, "psirt@labor.example")
        flashes.answer_by_link(session, link, standing=INVESTIGATING, text="x", name="Ann", base_url=URL, now=now)

        assert self.look(session, place, made, now + 2 * DAY) == 0
        assert self.look(session, place, made, now + 4 * DAY) == 1

    def test_who_answered_is_left_alone(self, session, place, now):
        made = begin(session, place, now, vendors=(place.alone.id,))
        link = token(session, "psirt@labor.example")
        flashes.answer_by_link(session, link, standing=NOT_AFFECTED, text="", name="Ann", base_url=URL, now=now)

        assert self.look(session, place, made, now + 4 * DAY) == 0

    def test_the_stop_switch_holds_and_can_be_taken_back(self, session, place, now):
        made = begin(session, place, now)
        flashes.stop(session, place.assessor, made.id, is_stopped=True, now=now)
        assert self.look(session, place, made, now + 2 * DAY) == 0

        with pytest.raises(NotNow):
            flashes.stop(session, place.assessor, made.id, is_stopped=True, now=now)
        flashes.stop(session, place.assessor, made.id, is_stopped=False, now=now + 2 * DAY)
        assert self.look(session, place, made, now + 2 * DAY) > 0

    def test_another_hospital_s_look_touches_nothing(self, session, place, now):
        made = begin(session, place, now)

        assert flashes.escalate(session, place.other.hospital_id, made.id, base_url=URL, now=now + 9 * DAY) == 0

    def test_a_look_that_was_lost_is_asked_for_by_night(self, session, place, now):
        made = begin(session, place, now)
        for job in session.scalars(select(Job).where(Job.kind == JobKind.FLASH.value)):
            session.delete(job)
        session.flush()
        flashes.look_after(session, now=now + 2 * DAY)

        assert [job.args["flash_id"] for job in session.query(Job).filter_by(kind=JobKind.FLASH.value)] == [made.id]


def test_the_trail_of_each_side_holds_its_steps(session, place, now):
    made = begin(session, place, now)
    (question,) = flashes.of_company(session, place.lead)
    flashes.answer(session, place.lead, question.asked.id, standing=AFFECTED, text="x", base_url=URL, now=now)
    flashes.close(session, place.assessor, made.id, conclusion="Getrennt.", now=now)

    def verbs(scope):
        return [one.verb for one in session.scalars(select(AuditEvent).where(AuditEvent.scope == scope))]

    assert verbs(audit.hospital_scope(place.hospital.id)) == ["flash.sent", "flash.answered", "flash.closed"]
    assert verbs(audit.company_scope(place.company.id)) == ["flash.asked", "flash.answered"]
    with pytest.raises(NotFound):
        flashes.board(session, place.other, made.id, now=now)


def test_whoever_is_written_down_for_security_is_written_to_once_each(session, place, now):
    supply = session.scalars(select(Supply).where(Supply.vendor_id == place.alone.id)).one()
    for email, supply_id in (
        ("one@labor.example", None),
        ("two@labor.example", supply.id),
        ("PSIRT@labor.example", None),
    ):
        contact = ContactFields(role=ContactRole.SECURITY, email=email, supply_id=supply_id)
        vendor_entries.add(session, place.assessor, place.alone.id, contact, now=now)
    sales = ContactFields(role=ContactRole.SALES, email="sales@labor.example")
    vendor_entries.add(session, place.assessor, place.alone.id, sales, now=now)
    only = ContactFields(role=ContactRole.SECURITY, email="still@stille.example")
    vendor_entries.add(session, place.assessor, place.silent.id, only, now=now)

    begin(session, place, now, vendors=(place.alone.id, place.silent.id))

    to = sorted(mail.to_address for mail in mails(session))
    assert to == ["one@labor.example", "psirt@labor.example", "still@stille.example", "two@labor.example"]
    assert len({token(session, one) for one in to}) == len(to)


def test_a_contact_for_security_who_speaks_for_the_company_here_is_written_to_once(session, place, now):
    place.with_company.security_email = "psirt@pacs.example"
    for email in (place.lead.email, "other@pacs.example"):
        contact = ContactFields(role=ContactRole.SECURITY, email=email)
        vendor_entries.add(session, place.assessor, place.with_company.id, contact, now=now)

    begin(session, place, now, vendors=(place.with_company.id,))

    expected = sorted([place.lead.email, "other@pacs.example", "psirt@pacs.example"])
    assert sorted(mail.to_address for mail in mails(session)) == expected
