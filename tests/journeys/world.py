"""Two hospitals, each with its vendor and the vendor's company, and everybody who could knock at a door."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from assessments import intake
from portal.app import create_app
from portal.db import migrating
from portal.db import session as database
from portal.db.models.accounts import (
    Company,
    CompanyMember,
    CompanyRole,
    Hospital,
    HospitalMember,
    SessionStage,
    SignIn,
)
from portal.db.models.answer_packs import AnswerPack, PackStanding
from portal.db.models.assessments import Assessment, ReviewState, Stage
from portal.db.models.disputes import DisputeReason
from portal.db.models.exports import ExportKind
from portal.db.models.incidents import FlashAsked
from portal.db.models.jobs import Job, OutboxMail
from portal.db.models.recordings import RecordedSource, SourceKind
from portal.db.models.registers import RiskRecord
from portal.db.models.responses import DeletionRule, Evidence, EvidenceDeletion, Response
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Host
from portal.db.models.watching import CallKind
from portal.demonstration import documents
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services import jobs
from portal.services.actors import Actor
from portal.services.answers import answer_packs, recordings, reviews, submissions
from portal.services.answers.submissions import Signer
from portal.services.evidence import components, evidence, retention
from portal.services.exports import exports
from portal.services.exports.exports import Wish
from portal.services.jobs import JobKind
from portal.services.rounds import reassessment_calls, rounds
from portal.services.scans import disputes, rechecks, scan_results
from portal.services.vendors import intake_requests, vendor_imports
from portal.services.vendors.intake_requests import Owner
from questionnaires import packs
from reports.workbooks.table_in import Table
from scanners.catalogue import CHECKS
from scanners.datasets import SHIPPED
from scanners.model import CheckClass
from scanners.parsing.parts_lists import Component, PartsList
from tests.portal import alarms, building, sitting, tendering, yardsticks
from tests.portal.web.conftest import Visitor, make_settings, sign_in
from tests.portal.web.hospital import ward
from tests.portal.web.hospital.ward import Ward

LIVE, KEPT = "kettenblick.sqlite", "kept.sqlite"
FILE = documents.pdf("ISO/IEC 27001", ["Geltungsbereich: PACS Archiv"])


@dataclass(frozen=True, kw_only=True)
class Place:
    """One hospital with one vendor whose round was handed in, and the ids of what stands there."""

    ward: Ward
    lead: Actor
    assessment_id: str
    ids: Mapping[str, str]  # by the name of the parameter in an address


@dataclass(kw_only=True)
class World:
    """Places "a" and "b", the application over them, and who may knock."""

    folder: Path
    engine: Engine
    app: Flask
    a: Place
    b: Place
    actors: Mapping[str, Actor | None]
    stages: Mapping[str, SessionStage] = field(default_factory=dict)
    _cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _eye: sqlite3.Connection | None = None
    _seen: int = 0
    _kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def sessions(self) -> database.Sessions:
        return database.sessions(self.engine)

    def visitor(self, who: str) -> Visitor:
        """A browser as that person left it after signing in; what happened in another one is not in it."""
        client = self.app.test_client()
        for name, value in self._cookies[who].items():
            client.set_cookie(name, value, domain="127.0.0.1")
        return Visitor(client=client)

    def come_in(self) -> None:
        """Sign everybody in; what they find is what is kept."""
        for who, actor in self.actors.items():
            self._cookies[who] = {}
            if actor is not None:
                token = sign_in(self.sessions, actor, self.stages.get(who, SessionStage.FULL))
                self._cookies[who]["kettenblick-session"] = token
            first = self.visitor(who)
            self._tokens[who] = first.token()
            if actor is None:
                kept = first.client.get_cookie("kettenblick-visitor", domain="127.0.0.1")
                self._cookies[who]["kettenblick-visitor"] = kept.value if kept else ""

    def token(self, who: str) -> str:
        """The token of that person's forms."""
        return self._tokens[who]

    def keep(self) -> None:
        """From now on `restore` leads back here."""
        _copy(self.folder / LIVE, self.folder / KEPT)
        self._kept = fingerprint(self.folder / LIVE)
        self._eye = sqlite3.connect(self.folder / LIVE, isolation_level=None)
        self._seen = self._version()

    def restore(self) -> None:
        """Everything as it was kept; connections that are open see it at their next transaction."""
        if self._version() == self._seen:
            return
        _copy(self.folder / KEPT, self.folder / LIVE)
        self._seen = self._version()

    def wake(self) -> None:
        """Everybody has signed in just now: however slow the machine, no walk ends because its sessions grew old."""
        self.restore()
        now = datetime.now(UTC)
        with self.sessions.begin() as session:
            session.execute(update(SignIn).values(created_at=now, last_seen_at=now))
            session.execute(update(SignIn).where(SignIn.confirmed_at.is_not(None)).values(confirmed_at=now))
        _copy(self.folder / LIVE, self.folder / KEPT)
        self._kept = fingerprint(self.folder / LIVE)
        self._seen = self._version()

    def changed(self) -> set[str]:
        """The tables that are not as they were kept, but for what merely counts presence and tries."""
        if self._version() == self._seen:  # nobody has committed anything since
            return set()
        now = fingerprint(self.folder / LIVE)
        return {table for table, digest in now.items() if digest != self._kept[table]}

    def close(self) -> None:
        assert self._eye is not None
        self._eye.close()
        self.engine.dispose()

    def _version(self) -> int:
        assert self._eye is not None
        return int(self._eye.execute("PRAGMA data_version").fetchone()[0])


def _copy(source: Path, target: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        new.execute("PRAGMA synchronous=OFF")
        old.backup(new)


PRESENCE = {"sign_in": frozenset({"last_seen_at", "notice"})}
TRIES = frozenset({"attempt"})


def fingerprint(file: Path) -> dict[str, str]:
    """A digest of the rows of every table."""
    found = {}
    with contextlib.closing(sqlite3.connect(file)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if table in TRIES:
                continue
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            wanted = ", ".join(f'"{name}"' for name in columns if name not in PRESENCE.get(table, ()))
            rows = sorted(map(repr, connection.execute(f"SELECT {wanted} FROM {table}")))
            found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def build(folder: Path) -> World:
    """Make both places, their people, and the application; in a the answers were handed in, in b they are open."""
    settings = make_settings(f"sqlite:///{folder / LIVE}", folder)
    engine = database.engine(settings.database_url)
    migrating.upgrade(engine)
    keyring = Keyring(instance_key=settings.instance_key, folder=settings.keys_dir)
    shelf = Blobs(folder=settings.files_dir, keyring=keyring)
    now = datetime.now(UTC)
    with database.sessions(engine).begin() as session:
        a = _place(session, shelf, "Strahlwerk Medizintechnik GmbH", now=now - timedelta(hours=3))
        b = _place(session, shelf, "Laborwolke Diagnostik GmbH", now=now)
        session.get_one(Assessment, b.assessment_id).stage = Stage.ANSWERING
        actors = _people(session, a, b, now)
    world = World(
        folder=folder,
        engine=engine,
        app=create_app(settings),
        a=a,
        b=b,
        actors=actors,
        stages={"password only": SessionStage.PASSWORD},
    )
    world.come_in()
    world.keep()
    return world


def _recorded_source(session: Session, shelf: Blobs, assessment: Assessment, *, now: datetime) -> str:
    """A file that the hospital put in for this vendor before a company took the round."""
    kept = shelf.put(recordings.owner_of(assessment.hospital_id), FILE)
    row = RecordedSource(
        hospital_id=assessment.hospital_id,
        assessment_id=assessment.id,
        kind=SourceKind.WORKBOOK,
        file_name="antworten.xlsx",
        media_type="application/pdf",
        size=kept.size,
        sha256=kept.sha256,
        blob_id=kept.blob_id,
        supplied_by="Frau Still",
        added_by="Jens",
        added_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def _asked_intake(session: Session, made: ward.Ward, supply_id: str, *, now: datetime) -> str:
    """An intake that its owner answered by a link and that nobody has taken over yet."""
    owner = Owner(email="beck@klinik.example", name="Dr. Beck", until=now.date() + timedelta(days=10))
    row = intake_requests.ask(session, made.assessor, supply_id, owner, base_url=ward.BASE_URL, now=now)
    row.answers = {one.id: [one.options[0].id] for one in intake.current().questions}
    row.by_name, row.by_function, row.remark, row.submitted_at = "Dr. Beck", "Radiologie", "Ersatz ab März.", now
    session.flush()
    return row.id


def _place(session: Session, shelf: Blobs, name: str, *, now: datetime) -> Place:
    begin = now - timedelta(days=30)
    made = ward.empty(session)
    ward.add(session, made, name, "PACS Archiv", domain="strahlwerk.example", hosts=2, now=begin)
    ward.invite(session, made, name, now=begin, due=now.date() + timedelta(days=5))
    lead = ward.accept(session, made, name, now=begin + timedelta(days=1))
    ward.scan(session, made, name, quality=0.6, now=begin + timedelta(days=2))
    ward.answer_all(session, made, name, quality=0.6, now=begin + timedelta(days=20))
    assessment = session.get_one(Assessment, made.assessments[name])
    response = session.scalars(select(Response).where(Response.assessment_id == assessment.id)).one()
    response.released_at = now
    for row in session.scalars(select(Evidence).where(Evidence.company_id == response.company_id)):
        kept = shelf.put(evidence.owner_of(response.company_id), FILE)
        row.blob_id, row.sha256, row.size = kept.blob_id, kept.sha256, kept.size
    session.flush()
    session.expire_all()
    signer = Signer(name="Erika Muster", function="Geschäftsführerin", confirms=True)
    submissions.hand_in(session, lead, assessment.id, signer, base_url=ward.BASE_URL, now=now - timedelta(hours=1))
    ward.score(session, made, name, now=now)
    slot = next(slot for slot in rounds.load(session, assessment, now=now).slots if slot.value is not None)
    reviews.say(session, made.assessor, assessment.id, slot.key, ReviewState.ACCEPTED, now=now)
    jobs.add(session, JobKind.MAIL, {}, now=now)
    session.flush()
    company = session.get_one(Company, lead.company_id)
    colleague = building.company_actor(session, company, CompanyRole.CONTRIBUTOR, f"helper@{lead.company_id}.example")
    building.hand_on(session, assessment, colleague)
    waiting, other = _disputable(session, lead, assessment, now=now)
    dispute = disputes.raise_dispute(
        session, lead, assessment.id, waiting, reason=DisputeReason.FIXED, text="Seit gestern behoben.", now=now
    )
    pack = answer_packs.make(session, lead, assessment.id, now=now).pack
    session.add(
        AnswerPack(
            company_id=response.company_id,
            assessment_id=assessment.id,
            document=packs.dump(pack),
            standing=PackStanding.UNKNOWN,
            fingerprint="0" * 64,
            file_name="pack.zip",
            loaded_by="Erika",
            loaded_at=now,
        )
    )
    document_id = session.scalars(
        select(Evidence.id).where(Evidence.company_id == response.company_id).order_by(Evidence.file_name)
    ).first()
    parts = PartsList(format="SPDX", version="2.3", components=(Component(name="jquery", version="1.12.4"),))
    components.keep(session, response.company_id, str(document_id), parts, data=SHIPPED, now=now)
    uploaded = Table(heading=("Lieferant", "Produkt"), rows=(("Neue Firma GmbH", "LIS"),), first=2)
    kept_list = vendor_imports.keep(session, made.assessor, uploaded, file_name="liste.xlsx", now=now)
    own = building.own_catalogue(session, made.assessor, now=now)
    recheck = rechecks.ask(session, lead, assessment.id, _open_to_all(session, assessment, now=now), now=now)
    export = exports.ask(session, made.assessor, Wish(kind=ExportKind.REGISTER, language="de"), now=now)
    campaign = building.campaign(session, made.assessor, assessment.vendor_id, now=now)
    former = Evidence(
        company_id=response.company_id,
        kind="dpa",
        file_name="former.pdf",
        media_type="application/pdf",
        size=1,
        sha256="0" * 64,
        blob_id="0" * 32,
        uploaded_by="Erika",
        uploaded_at=now,
    )
    session.add(former)
    session.flush()
    retention.delete(session, lead, former, DeletionRule.BY_HAND, now=now)
    deletion = select(EvidenceDeletion.id).where(EvidenceDeletion.evidence_id == former.id)
    incident = alarms.incident(session, lead, now=now)
    flash = alarms.flash(session, made.assessor, assessment.vendor_id, now=now)
    risks = building.frozen_register(session, shelf, made.decider, assessment.vendor_id, now=now)
    sat = sitting.for_addresses(session, made, assessment.vendor_id, now)
    asked_intake = _asked_intake(session, made, made.supplies[name], now=now)
    ids = {
        "view_id": building.shared_view(session, made.assessor).id,
        **risks,
        **sat,
        **tendering.opened(session, made.assessor, now=now),
        "request_id": asked_intake,
        "source_id": _recorded_source(session, shelf, assessment, now=now),
        "call_id": _called(session, made, assessment.vendor_id, now=now),
        "incident_id": incident.id,
        "flash_id": flash.id,
        "asked_id": session.scalars(select(FlashAsked.id).where(FlashAsked.flash_id == flash.id)).one(),
        "deletion_id": session.scalars(deletion).one(),
        "campaign_id": campaign.id,
        "letter_name": "invitation.de",
        "due_name": "waivers",
        "export_id": export.id,
        "recheck_id": recheck.id,
        "own_id": own.id,
        "policy_release_id": yardsticks.own(session, made.admin, now=now),
        "own_question": "H-01",
        "shipped": "hospital-vendor@2026.1",
        "dispute": dispute.id,
        "kind": other[0],
        "subject": other[1],
        "check": other[2],
        "import_id": kept_list.id,
        **building.beside(session, made.assessor, assessment.vendor_id, now=now),
        "vendor_id": assessment.vendor_id,
        "supply_id": made.supplies[name],
        "assessment_id": assessment.id,
        "evidence_id": document_id,
        "host_id": session.scalars(select(Host.id).where(Host.vendor_id == assessment.vendor_id)).first(),
        "scan_id": session.scalars(select(ScanRun.id).where(ScanRun.vendor_id == assessment.vendor_id)).first(),
        "risk_id": session.scalars(select(RiskRecord.id).where(RiskRecord.vendor_id == assessment.vendor_id)).first(),
        "person_id": made.decider.person_id,
        "colleague_id": colleague.person_id,
        "mail_id": session.scalars(select(OutboxMail.id)).first(),
        "job_id": session.scalars(select(Job.id)).first(),
        "question_id": slot.question.id,
        "section_id": slot.question.section,
        "name": slot.question.id,
        "token": "avi_nothing",
    }
    missing = [parameter for parameter, value in ids.items() if not value]
    assert not missing, f"the world holds none of {missing}"
    return Place(ward=made, lead=lead, assessment_id=assessment.id, ids={key: str(value) for key, value in ids.items()})


def _called(session: Session, made: Ward, vendor_id: str, *, now: datetime) -> str:
    """A reason to ask the vendor again before its time."""
    call = reassessment_calls.call(session, made.assessor, vendor_id, CallKind.OTHER, "Neuer Eigentümer.", now=now)
    return call.id


def _open_to_all(session: Session, assessment: Assessment, *, now: datetime) -> disputes.Place:
    """A finding of the passive class."""
    run = scan_results.latest_good_of_company(
        session, assessment.hospital_id, assessment.vendor_id, assessment.company_id
    )
    records = scan_results.standing_findings(session, assessment.hospital_id, assessment.vendor_id, now=now, run=run)
    lacking = [one for one in map(scan_results.finding_of, records) if one.outcome in disputes.LACKING]
    passive = [one for one in lacking if CHECKS[one.check_id].check_class is CheckClass.PASSIVE]
    return disputes.place_of(next(one for one in passive if not one.provisional))


def _disputable(session: Session, lead: Actor, assessment: Assessment, *, now: datetime) -> list[disputes.Place]:
    """Two findings that the company may dispute."""
    run = scan_results.latest_good_of_company(
        session, assessment.hospital_id, assessment.vendor_id, assessment.company_id
    )
    records = scan_results.standing_findings(session, assessment.hospital_id, assessment.vendor_id, now=now, run=run)
    lacking = [one for one in map(scan_results.finding_of, records) if one.outcome in disputes.LACKING]
    return [disputes.place_of(one) for one in lacking[:2]]


def _people(session: Session, a: Place, b: Place, now: datetime) -> dict[str, Actor | None]:
    company = session.get_one(Company, a.lead.company_id)
    hospital = session.get_one(Hospital, a.ward.hospital_id)
    halfway = building.hospital_actor(session, hospital, email="halfway@klinik.example")
    gone_from_hospital = building.hospital_actor(session, hospital, email="gone@klinik.example")
    gone_from_company = building.company_actor(session, company, email="gone@strahlwerk.example")
    for table, actor in ((HospitalMember, gone_from_hospital), (CompanyMember, gone_from_company)):
        session.scalars(select(table).where(table.person_id == actor.person_id)).one().ended_at = now
    contributor = building.company_actor(session, company, CompanyRole.CONTRIBUTOR, "c@strahlwerk.example")
    building.hand_on(session, session.get_one(Assessment, a.assessment_id), contributor)
    operator = building.person(session, "root@klinik.example", is_operator=True, totp_confirmed_at=now)
    session.flush()
    return {
        "nobody": None,
        "password only": halfway,
        **{f"{role.value} a": actor for role, actor in a.ward.by_role.items()},
        **{f"{role.value} b": actor for role, actor in b.ward.by_role.items()},
        "lead a": a.lead,
        "contributor a": contributor,
        "signatory a": building.company_actor(session, company, CompanyRole.SIGNATORY, "s@strahlwerk.example"),
        "lead b": b.lead,
        "ended in hospital a": gone_from_hospital,
        "ended in company a": gone_from_company,
        "operator": Actor(person_id=operator.id, name=operator.name, email=operator.email, is_operator=True),
    }
