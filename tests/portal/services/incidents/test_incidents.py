"""Incidents from a company to its hospitals: who is told, what is kept, who confirmed; and nobody learns of another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole, HospitalRole
from portal.db.models.audit import AuditEvent
from portal.db.models.incidents import IncidentAddressee, IncidentStage, IncidentWord
from portal.db.models.jobs import OutboxMail
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.incidents import incident_sheets, incidents
from portal.services.incidents.incidents import WordFields
from tests.portal import building

URL = "https://kettenblick.klinik.example"


class Place:
    """A company that answers two hospitals, each with its product, and a stranger of each kind."""

    def __init__(self, session):
        self.company = building.company(session)
        self.lead = building.company_actor(session, self.company)
        self.hospitals, self.assessors, self.rounds, self.supplies = [], [], [], []
        for name, product in (("Klinikum Nord", "PACS Nord"), ("Klinikum Süd", "PACS Süd")):
            of = building.hospital(session, name, contact_email=f"notfall@{product[5:].lower()}.example")
            vendor = building.vendor(session, of)
            supply = building.supply(session, vendor, product)
            self.hospitals.append(of)
            self.assessors.append(building.hospital_actor(session, of, HospitalRole.ASSESSOR))
            self.rounds.append(building.assessment(session, vendor, company_id=self.company.id, supplies=(supply,)))
            self.supplies.append(supply)
        self.stranger = building.company_actor(session, building.company(session, "Andere GmbH"))
        self.outsider = building.hospital_actor(session, building.hospital(session, "Klinik Fern"))


@pytest.fixture
def place(session):
    return Place(session)


def word(now, **more):
    return WordFields(
        **{
            "what": "Verschlüsselte Server.",
            "contact_name": "Erika",
            "contact_phone": "+49 30 1",
            "next_at": now + timedelta(hours=12),
            **more,
        }
    )


def report(session, place, now, **more):
    given = {
        "title": "Ransomware",
        "known_at": now - timedelta(hours=2),
        "stage": IncidentStage.EARLY,
        "word": word(now),
        "supply_ids": [place.supplies[0].id],
        "base_url": URL,
        **more,
    }
    return incidents.report(session, place.lead, **given, now=now)


def mails(session):
    return session.scalars(select(OutboxMail).order_by(OutboxMail.to_address)).all()


class TestReporting:
    def test_by_itself_it_goes_to_every_hospital_one_of_whose_products_is_named(self, session, place, now):
        made = report(session, place, now)

        assert [one.addressee.hospital_id for one in incidents.told(session, place.lead, made.id)] == [
            place.hospitals[0].id
        ]
        assert {mail.to_address for mail in mails(session)} == {
            place.assessors[0].email,
            "notfall@nord.example",
        }
        assert {mail.hospital_id for mail in mails(session)} == {place.hospitals[0].id}
        received = incidents.find(session, place.assessors[0], made.id, now=now)
        assert received.supplies == ("PACS Nord",)
        with pytest.raises(NotFound):
            incidents.find(session, place.assessors[1], made.id, now=now)

    def test_hospitals_chosen_by_hand_are_told_and_read_only_their_own_products(self, session, place, now):
        made = report(session, place, now, assessment_ids=[one.id for one in place.rounds])

        received = [incidents.find(session, actor, made.id, now=now) for actor in place.assessors]
        assert [one.supplies for one in received] == [("PACS Nord",), ()]
        for mail in mails(session):
            if mail.hospital_id == place.hospitals[1].id:
                assert "Nord" not in mail.text + mail.html + mail.subject

    def test_an_exercise_tells_nobody_even_where_hospitals_are_named(self, session, place, now):
        made = report(session, place, now, is_exercise=True, assessment_ids=[place.rounds[0].id])

        assert incidents.told(session, place.lead, made.id) == []
        assert mails(session) == []
        assert incidents.of_hospital(session, place.assessors[0], now=now) == []

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"title": "  "}, "title"),
            ({"known_at": timedelta(minutes=1)}, "known_at"),
            ({"known_at": -timedelta(days=400)}, "known_at"),
            ({"stage": IncidentStage.FINAL}, "stage"),
            ({"supply_ids": []}, "hospitals"),
            ({"supply_ids": ["0" * 20]}, "hospitals"),
            ({"assessment_ids": ["0" * 20]}, "hospitals"),
            ({"word": {"what": ""}}, "what"),
            ({"word": {"contact_name": ""}}, "contact_name"),
            ({"word": {"contact_phone": ""}}, "contact_phone"),
            ({"word": {"next_at": None}}, "next_at"),
            ({"word": {"malicious": "perhaps"}}, "malicious"),
        ],
    )
    def test_what_cannot_be_taken_is_told_by_its_field_and_nobody_is_told(self, session, place, now, more, field):
        if isinstance(more.get("known_at"), timedelta):
            more = {"known_at": now + more["known_at"]}
        if "word" in more:
            more = {"word": replace(word(now), **more["word"])}

        with pytest.raises(BadInput) as refusal:
            report(session, place, now, **more)

        assert field in refusal.value.fields
        assert mails(session) == []

    def test_only_who_speaks_for_the_company_reports(self, session, place, now):
        helper = building.company_actor(session, place.company, CompanyRole.CONTRIBUTOR)

        with pytest.raises(NotAllowed):
            incidents.own(session, helper, now=now)
        with pytest.raises(NotAllowed):
            incidents.links(session, helper)

    def test_a_hospital_that_took_the_vendor_off_its_lists_is_not_offered(self, session, place, now):
        place.rounds[1].vendor.ended_at = now
        session.flush()

        assert [link.hospital for link in incidents.links(session, place.lead)] == ["Klinikum Nord"]


class TestWords:
    def test_they_are_added_in_order_and_the_final_one_closes(self, session, place, now):
        made = report(session, place, now)
        for number, stage in enumerate(
            (IncidentStage.NOTIFICATION, IncidentStage.INTERIM, IncidentStage.FINAL), start=1
        ):
            at = now + timedelta(hours=number)
            said = word(at, cause="Phishing", measures="Neu aufgesetzt")
            incidents.add_word(session, place.lead, made.id, stage, said, sequence=number, base_url=URL, now=at)

        found = incidents.of_company(session, place.lead, made.id, now=now)
        assert [one.stage for one in found.words] == list(IncidentStage)
        assert found.is_closed
        assert found.next_at is None
        with pytest.raises(NotNow):
            incidents.add_word(
                session, place.lead, made.id, IncidentStage.INTERIM, word(now), sequence=4, base_url=URL, now=now
            )

    def test_a_second_writer_reads_the_first_one_before(self, session, place, now):
        made = report(session, place, now)
        given = {"sequence": 1, "base_url": URL, "now": now}
        incidents.add_word(session, place.lead, made.id, IncidentStage.INTERIM, word(now), **given)

        with pytest.raises(Clash):
            incidents.add_word(session, place.lead, made.id, IncidentStage.INTERIM, word(now), **given)

    def test_a_notification_is_given_once(self, session, place, now):
        made = report(session, place, now, stage=IncidentStage.NOTIFICATION)

        with pytest.raises(NotNow):
            incidents.add_word(
                session, place.lead, made.id, IncidentStage.NOTIFICATION, word(now), sequence=1, base_url=URL, now=now
            )

    def test_a_final_report_needs_cause_and_measures(self, session, place, now):
        made = report(session, place, now)

        with pytest.raises(BadInput) as refusal:
            incidents.add_word(
                session, place.lead, made.id, IncidentStage.FINAL, word(now), sequence=1, base_url=URL, now=now
            )

        assert set(refusal.value.fields) == {"cause", "measures"}

    def test_a_hospital_told_later_reads_all_that_was_said(self, session, place, now):
        made = report(session, place, now)
        also = [place.rounds[1].id, place.rounds[0].id]
        incidents.add_word(
            session, place.lead, made.id, IncidentStage.INTERIM, word(now), sequence=1, also=also, base_url=URL, now=now
        )

        assert len(incidents.find(session, place.assessors[1], made.id, now=now).report.words) == 2
        assert session.query(IncidentAddressee).count() == 2

    def test_what_was_said_is_never_written_over(self, session, place, now):
        made = report(session, place, now)
        before = session.scalars(select(IncidentWord)).one()
        kept = (before.id, dict(before.document), before.at)
        incidents.add_word(
            session,
            place.lead,
            made.id,
            IncidentStage.INTERIM,
            word(now, what="Anders."),
            sequence=1,
            base_url=URL,
            now=now,
        )
        session.expire_all()

        first = session.scalars(select(IncidentWord).where(IncidentWord.sequence == 1)).one()
        assert (first.id, first.document, first.at) == kept

    def test_a_foreign_company_finds_nothing(self, session, place, now):
        made = report(session, place, now)

        for ask in (incidents.of_company, lambda *_args, **_more: incidents.told(session, place.stranger, made.id)):
            with pytest.raises(NotFound):
                ask(session, place.stranger, made.id, now=now)
        with pytest.raises(NotFound):
            incidents.add_word(
                session, place.stranger, made.id, IncidentStage.INTERIM, word(now), sequence=1, base_url=URL, now=now
            )


class TestConfirming:
    def test_name_and_time_are_kept_and_the_company_reads_them(self, session, place, now):
        made = report(session, place, now)
        later = now + timedelta(minutes=9)

        assert incidents.confirm(session, place.assessors[0], made.id, text="Wir trennen.", now=later) == 1

        (told,) = incidents.told(session, place.lead, made.id)
        assert [(one.by_name, one.at, one.text) for one in told.receipts] == [
            (place.assessors[0].name, later, "Wir trennen.")
        ]
        assert incidents.due(session, place.assessors[0], now=later) == []
        with pytest.raises(NotNow):
            incidents.confirm(session, place.assessors[0], made.id, now=later)

    def test_each_new_word_waits_anew_and_an_overdue_one_stands_on_the_first_page(self, session, place, now):
        made = report(session, place, now)
        incidents.confirm(session, place.assessors[0], made.id, now=now)

        assert incidents.due(session, place.assessors[0], now=now) == []
        assert len(incidents.due(session, place.assessors[0], now=now + timedelta(hours=71))) == 1
        incidents.add_word(
            session, place.lead, made.id, IncidentStage.INTERIM, word(now), sequence=1, base_url=URL, now=now
        )
        (waiting,) = incidents.due(session, place.assessors[0], now=now)
        assert [one.sequence for one in waiting.unread] == [2]

    def test_another_hospital_cannot_and_an_auditor_may_not(self, session, place, now):
        made = report(session, place, now)
        auditor = building.hospital_actor(session, place.hospitals[0], HospitalRole.AUDITOR)

        for actor in (place.assessors[1], place.outsider):
            with pytest.raises(NotFound):
                incidents.confirm(session, actor, made.id, now=now)
        with pytest.raises(NotAllowed):
            incidents.confirm(session, auditor, made.id, now=now)

    def test_every_step_stands_in_both_trails_and_no_trail_tells_of_another_hospital(self, session, place, now):
        made = report(session, place, now, assessment_ids=[one.id for one in place.rounds])
        incidents.confirm(session, place.assessors[0], made.id, now=now)

        def verbs(scope):
            return [one.verb for one in session.scalars(select(AuditEvent).where(AuditEvent.scope == scope))]

        assert "incident.confirmed" in verbs(audit.company_scope(place.company.id))
        for of in place.hospitals:
            assert {"incident.reported", "incident.word"} <= set(verbs(audit.hospital_scope(of.id)))
        theirs = session.scalars(
            select(AuditEvent).where(AuditEvent.scope == audit.hospital_scope(place.hospitals[1].id))
        )
        assert not any(place.hospitals[0].id in str(one.detail) + one.subject for one in theirs)
        assert audit.verify(session, audit.company_scope(place.company.id)).is_sound

    def test_the_emergency_contact_takes_the_place_of_the_hospital_s(self, session, place, now):
        incidents.name_desk(
            session, place.assessors[0], name="Leitstelle", email="LS@nord.example", phone="112", version=0, now=now
        )
        made = report(session, place, now)

        assert "ls@nord.example" in {mail.to_address for mail in mails(session)}
        assert incidents.told(session, place.lead, made.id)[0].desk_phone == "112"
        with pytest.raises(Clash):
            incidents.name_desk(session, place.assessors[0], name="x", email="", phone="", version=0, now=now)


class TestSheet:
    def test_it_fills_up_word_by_word_and_names_no_hospital(self, session, place, now):
        made = report(session, place, now)
        sheet = incident_sheets.of_report(incidents.of_company(session, place.lead, made.id, now=now))
        assert [bool(part.lines) for part in sheet.parts] == [True, False, False]
        assert (
            incident_sheets.places(
                session, place.lead, incidents.of_company(session, place.lead, made.id, now=now), now=now
            )
            == ()
        )

        said = word(now, what="", cause="Phishing", measures="Neu", severity="hoch")
        said = replace(said, what="Alles steht wieder.")
        incidents.add_word(session, place.lead, made.id, IncidentStage.FINAL, said, sequence=1, base_url=URL, now=now)
        sheet = incident_sheets.of_report(incidents.of_company(session, place.lead, made.id, now=now))
        assert sheet.part("early").lines["what"] == "Verschlüsselte Server."
        assert sheet.part("final").lines["cause"] == "Phishing"
        assert "Klinikum" not in repr(sheet)
