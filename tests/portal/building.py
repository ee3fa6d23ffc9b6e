"""Small builders of rows: defaults that hold together, so that a test shows only what matters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from portal.db.models.accounts import (
    Company,
    CompanyMember,
    CompanyRole,
    Hospital,
    HospitalMember,
    HospitalRole,
    Person,
)
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.campaigns import Campaign, CampaignSeat
from portal.db.models.catalogues import OwnCatalogue
from portal.db.models.delegations import Delegation
from portal.db.models.responses import Response
from portal.db.models.supplies import ContactRole
from portal.db.models.vendors import Host, HostRole, Supply, Vendor
from portal.db.models.waivers import Waiver, WaiverKind
from portal.services.actors import Actor
from portal.services.registers import own_risks, snapshots
from portal.services.registers.own_risks import OwnRiskFields
from portal.services.rounds import catalogues
from portal.services.rounds.scopes import PROFILE
from portal.services.vendors import offboardings, vendor_entries, views
from portal.services.vendors.vendor_entries import ContactFields
from portal.services.vendors.views import ViewFields
from questionnaires import owning, shelf
from questionnaires.model import QuestionSet, Text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.db.models.portfolio import SavedView
    from portal.files.blobs import Blobs

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PASSWORD = "vier alte Boote am Kai"
# Argon2 takes 0.1 s and 64 MiB; tests that never check a password use this text in its place.
NO_PASSWORD = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaA"


def person(session: Session, email: str = "erika@klinik.example", **values) -> Person:
    row = Person(email=email, name=email.partition("@")[0].title(), created_at=NOW, **values)
    session.add(row)
    session.flush()
    return row


def hospital(session: Session, name: str = "Klinikum Nord", state: str = "NW", **values) -> Hospital:
    row = Hospital(name=name, state=state, created_at=NOW, **values)
    session.add(row)
    session.flush()
    return row


def company(session: Session, name: str = "PACS GmbH") -> Company:
    row = Company(name=name, created_at=NOW)
    session.add(row)
    session.flush()
    return row


def hospital_actor(
    session: Session, of: Hospital | None = None, role: HospitalRole = HospitalRole.ADMIN, email: str = ""
) -> Actor:
    of = of or hospital(session)
    who = person(session, email or f"{role.value}@{of.id}.example", totp_confirmed_at=NOW)
    session.add(HospitalMember(hospital_id=of.id, person_id=who.id, role=role, created_at=NOW))
    session.flush()
    return Actor(person_id=who.id, name=who.name, email=who.email, hospital_id=of.id, hospital_role=role)


def company_actor(
    session: Session, of: Company | None = None, role: CompanyRole = CompanyRole.LEAD, email: str = ""
) -> Actor:
    of = of or company(session)
    who = person(session, email or f"{role.value}@{of.id}.example")
    session.add(CompanyMember(company_id=of.id, person_id=who.id, role=role, created_at=NOW))
    session.flush()
    return Actor(person_id=who.id, name=who.name, email=who.email, company_id=of.id, company_role=role)


def hand_on(session: Session, of: Assessment, actor: Actor, *sections: str) -> None:
    """Put sections of a round into somebody's hands; none named: every one."""
    catalogue = shelf.get(of.catalogue_id, of.catalogue_version)
    for section in sections or (PROFILE, *(one.id for one in catalogue.sections)):
        row = Delegation(
            company_id=of.company_id,
            assessment_id=of.id,
            section=section,
            email=actor.email,
            name=actor.name,
            by_name="Erika",
            at=NOW,
        )
        session.merge(row)
    session.flush()


def vendor(session: Session, of: Hospital, *, name: str = "PACS GmbH", hosts: tuple[str, ...] = (), **values) -> Vendor:
    row = Vendor(hospital_id=of.id, name=name, created_at=NOW, **values)
    session.add(row)
    session.flush()
    for host_name in hosts:
        session.add(
            Host(
                hospital_id=of.id,
                vendor_id=row.id,
                name=host_name,
                role=HostRole.PRODUCT,
                ground_note="Vertrag 7",
                created_at=NOW,
            )
        )
    session.flush()
    return row


def supply(session: Session, of: Vendor, name: str = "PACS") -> Supply:
    row = Supply(hospital_id=of.hospital_id, vendor_id=of.id, name=name, created_at=NOW)
    session.add(row)
    session.flush()
    return row


def assessment(
    session: Session, of: Vendor, *, company_id: str | None = None, supplies: tuple[Supply, ...] = (), **values
) -> Assessment:
    given = {
        "question_set": "full",
        "catalogue_id": "kettenblick",
        "catalogue_version": "2026.1",
        "due_on": date(2026, 12, 21),
        "stage": Stage.ACCEPTED if company_id else Stage.INVITED,
        "created_at": NOW,
        **values,
    }
    row = Assessment(hospital_id=of.hospital_id, vendor_id=of.id, company_id=company_id, **given)
    session.add(row)
    session.flush()
    for one in supplies:
        session.add(AssessmentSupply(hospital_id=of.hospital_id, assessment_id=row.id, supply_id=one.id))
    session.flush()
    return row


def response(session: Session, of: Assessment, **values) -> Response:
    row = Response(company_id=of.company_id, assessment_id=of.id, created_at=NOW, **values)
    session.add(row)
    session.flush()
    return row


OWN_QUESTION = {
    "id": "",
    "scope": "company",
    "label": {"de": "Ansprechpartner Nacht", "en": "Night contact"},
    "text": {"de": "Wen rufen wir nachts an?", "en": "Whom do we call at night?"},
    "why": {"de": "Die Zentrale ruft an.", "en": "The switchboard calls."},
    "answer": {"kind": "text"},
    "weight": 0,
    "refs": {},
    "est_seconds": 20,
}


def own_catalogue(session: Session, actor: Actor, *, now: datetime = NOW, **question) -> OwnCatalogue:
    """A draft with one question of the hospital's own, asked in every set."""
    title = Text(de="Fragen des Klinikums", en="Questions of the hospital")
    row = catalogues.begin(session, actor, shelf.WITHOUT_IT_ACCESS, title, now=now)
    asked = {**OWN_QUESTION, **question}
    section = asked.pop("section", owning.SECTION)
    catalogues.put_question(
        session, actor, row.id, asked, section=section, sets=set(QuestionSet), edits=row.edits, now=now
    )
    session.flush()
    return row


def campaign(session: Session, actor: Actor, *vendor_ids: str, now: datetime = NOW, **values) -> Campaign:
    """A draft with these vendors, whether they could be invited or not."""
    given = {"name": "Kampagne Herbst", "due_on": (now + timedelta(days=28)).date(), "created_at": now, **values}
    row = Campaign(hospital_id=actor.hospital_id, person_id=actor.person_id, message="", **given)
    session.add(row)
    session.flush()
    for vendor_id in vendor_ids:
        session.add(CampaignSeat(hospital_id=actor.hospital_id, campaign_id=row.id, vendor_id=vendor_id))
    session.flush()
    return row


def frozen_register(
    session: Session, shelf: Blobs | None, actor: Actor, vendor_id: str, *, now: datetime = NOW
) -> dict[str, str]:
    """A risk that was written down, a waiver and a snapshot of the hospital, by the names of addresses; without a
    shelf the snapshot waits."""
    fields = OwnRiskFields(
        title="Ausfall",
        scenario="Es fällt aus.",
        inherent_likelihood=4,
        inherent_impact=4,
        likelihood=3,
        impact=4,
        vendor_id=vendor_id,
    )
    risk = own_risks.add(session, actor, fields, now=now)
    waiver = Waiver(
        hospital_id=str(actor.hospital_id),
        vendor_id=vendor_id,
        kind=WaiverKind.KNOCK_OUT,
        question_id="MF-01",
        reason="Umbau bis Ende des Jahres",
        until=now.date() + timedelta(days=90),
        by_name=actor.name,
        at=now,
    )
    session.add(waiver)
    snapshot = snapshots.ask(session, actor, "Sitzung 12/2026", now=now)
    if shelf is not None:
        document = snapshots.freeze(session, snapshot.hospital_id, snapshot.id, now=now)
        kept = snapshots.put(shelf, snapshot.hospital_id, document or b"")
        snapshots.keep(session, snapshot.hospital_id, snapshot.id, kept, now=now)
    session.flush()
    return {"own_risk_id": risk.id, "waiver_id": waiver.id, "snapshot_id": snapshot.id}


def shared_view(session: Session, actor: Actor, *, name: str = "Kritische") -> SavedView:
    """A view of the vendor list that everybody in the hospital has."""
    fields = ViewFields(name=name, address="tier=1", is_shared=True)
    row = views.add(session, actor, fields, now=NOW)
    session.flush()
    return row


def beside(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> dict[str, str]:
    """A contact of a vendor, and the end of it that is still to come."""
    fields = ContactFields(role=ContactRole.SECURITY, email="psirt@strahlwerk.example")
    contact = vendor_entries.add(session, actor, vendor_id, fields, now=now)
    later = (now + timedelta(days=300)).date()
    ending = offboardings.begin(session, actor, vendor_id, reason="Vertrag endet", ends_on=later, now=now)
    return {"entry_kind": "contact", "owner_id": vendor_id, "entry_id": contact.id, "offboarding_id": ending.id}
