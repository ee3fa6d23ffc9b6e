"""The story in a fresh database: every stage, real documents, one chain of events, and only once."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from portal import settings
from portal.db import migrating
from portal.db import session as database
from portal.db.models.accounts import CompanyMember, HospitalMember, Person
from portal.db.models.assessments import Assessment, Review, ReviewState, Stage
from portal.db.models.incidents import Incident
from portal.db.models.jobs import OutboxMail
from portal.db.models.plans import Action, ActionReport, PlanOffer
from portal.db.models.responses import Answer, Evidence, SignOff
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import IntakeRecord, Vendor
from portal.demonstration import acting, loading, logins, starting, story
from portal.demonstration.starting import NoDemonstration
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services import audit
from portal.services.evidence import components, evidence
from portal.services.people import passwords, tickets
from portal.services.rounds import invitations
from portal.settings import Settings

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("demonstration")
    return settings.read({"KETTENBLICK_DATA": str(folder), "SCAN_PERMITTED_SUFFIXES": ".test"})


@pytest.fixture(scope="module")
def engine(chosen: Settings) -> Iterator[Engine]:
    engine = database.engine(chosen.database_url)
    migrating.upgrade(engine)
    assert starting.fill(chosen, engine, now=NOW)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with database.reading(engine)() as session:
        yield session


def stages(session: Session) -> dict[str, Stage]:
    rows = session.execute(
        select(Vendor.domain, Assessment.stage).join(Assessment, Assessment.vendor_id == Vendor.id)
    ).all()
    return {domain.partition(".")[0]: stage for domain, stage in rows}


def test_vendors_stand_in_every_stage(session: Session):
    assert stages(session) == {
        "bruecke-integration": Stage.REVIEWED,
        "rz-elster": Stage.REVIEWED,
        "tropfwerk": Stage.REVIEWED,
        "fernhalt": Stage.REVIEWED,
        "laborhafen": Stage.RETURNED,
        "voxelwerk": Stage.SUBMITTED,
        "visitaro": Stage.SUBMITTED,
        "az-mulde": Stage.ANSWERING,
        "triagio": Stage.OPENED,
        "sterilog": Stage.INVITED,
        "ohm-soehne": Stage.INVITED,
    }
    assert session.scalar(select(func.count(Vendor.id))) == 12


def test_one_is_silent_and_overdue_and_one_has_refused_the_scan(session: Session):
    found = session.execute(select(Vendor, Assessment).join(Assessment, Assessment.vendor_id == Vendor.id)).all()
    rounds = {vendor.domain: assessment for vendor, assessment in found}

    assert rounds["sterilog.test"].due_on < NOW.date()
    assert rounds["sterilog.test"].opened_at is None
    assert [domain for domain, one in rounds.items() if one.documents_only] == ["fernhalt.test"]


def test_tiers_spread_and_one_was_overridden_with_a_reason(session: Session):
    records = session.scalars(select(IntakeRecord)).all()

    assert {record.tier for record in records} == {1, 2, 3}
    assert [bool(record.override_reason) for record in records if record.tier != record.proposed_tier] == [True]


def test_whoever_has_handed_in_has_answered_everything(session: Session):
    for edition in session.scalars(select(SignOff)):
        assert len(edition.manifest["answers"]) > 60


def test_documents_are_real_and_can_be_opened(session: Session, chosen: Settings):
    blobs = Blobs(folder=chosen.files_dir, keyring=Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir))
    rows = session.scalars(select(Evidence)).all()

    assert len(rows) > 20
    for row in rows:
        begins = b'{\n "bomFormat": "CycloneDX"' if row.kind == components.KIND else b"%PDF-1.4"
        assert blobs.get(evidence.owner_of(row.company_id), row.blob_id, row.sha256).startswith(begins)
    assert any(row.valid_to is not None and row.valid_to < NOW.date() for row in rows)


def test_a_plan_was_offered_and_taken_up_in_part_and_an_incident_was_reported(session: Session):
    rows = session.scalars(select(Action)).all()
    done = session.scalars(select(ActionReport)).all()
    incident = session.scalars(select(Incident)).one()

    assert len(rows) == 3
    assert any(row.due_on < NOW.date() for row in rows)
    assert [one.action_id in {row.id for row in rows} for one in done] == [True]
    assert len(session.scalars(select(PlanOffer)).one().lines) == 4
    assert timedelta(hours=20) <= NOW - incident.created_at < timedelta(hours=24)


def test_answers_were_accepted_returned_and_marked_as_findings(session: Session):
    states = Counter(session.scalars(select(Review.state)))

    assert states[ReviewState.RETURNED] == 2
    assert states[ReviewState.FINDING] == 1
    assert states[ReviewState.ACCEPTED] > 20


def test_everybody_can_sign_in_as_printed(session: Session, chosen: Settings):
    kept = logins.keep(chosen.data_dir, story.read())
    keyring = Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir)
    people = {person.email: person for person in session.scalars(select(Person))}

    for email, secret in kept.totp_secrets.items():
        sealed = people[email].totp_sealed
        assert sealed is not None
        assert keyring.open_text(sealed, purpose=f"totp:{people[email].id}") == secret
    assert passwords.fits(people["franziska.thiele@az-mulde.test"].password_hash, kept.password)
    assert [person.email for person in people.values() if person.is_operator] == [story.read().people[0].email]
    assert {member.role for member in session.scalars(select(HospitalMember))} == {
        "admin",
        "assessor",
        "decider",
        "auditor",
    }
    assert {member.role for member in session.scalars(select(CompanyMember))} == {"lead", "contributor", "signatory"}


def test_the_open_invitation_leads_somewhere(session: Session):
    token = loading.invitation_token(session, story.read().vendor("ohm"))

    assert invitations.look(session, token, now=NOW).vendor.domain == "ohm-soehne.test"
    assert len(tickets.hashed(token)) == 64


def test_the_trail_of_events_is_sound_and_runs_forward(session: Session):
    assert all(one.is_sound for one in audit.verify_all(session))
    hospital_id = session.scalars(select(Vendor.hospital_id)).first()
    events = audit.newest(session, audit.hospital_scope(str(hospital_id)), limit=10_000)
    times = [event.at for event in reversed(events)]
    assert times == sorted(times)
    assert times[-1] <= NOW


def test_nothing_happens_in_the_future(session: Session):
    for column in (Answer.updated_at, OutboxMail.created_at, Evidence.uploaded_at, Assessment.created_at):
        newest = session.scalar(select(func.max(column)))
        assert newest is not None
        assert newest <= NOW


def test_a_second_start_loads_nothing(engine: Engine, chosen: Settings):
    with database.reading(engine)() as session:
        before = session.scalar(select(func.count(Answer.question_id)))

    assert not starting.fill(chosen, engine, now=NOW + timedelta(days=1))

    with database.reading(engine)() as session:
        assert session.scalar(select(func.count(Answer.question_id))) == before


def test_a_hospital_that_is_no_demonstration_is_left_alone(engine: Engine, chosen: Settings, tmp_path: Path):
    other = settings.read({"KETTENBLICK_DATA": str(tmp_path), "DATABASE_URL": chosen.database_url})

    with pytest.raises(NoDemonstration, match="no demonstration"):
        starting.fill(other, engine, now=NOW)


def test_the_introduction_speaks_the_terminals_language(engine: Engine, chosen: Settings):
    german = "\n".join(starting.introduction(chosen, engine, inherited={"LANG": "de_DE.UTF-8"}, now=NOW))
    english = "\n".join(starting.introduction(chosen, engine, inherited={"LC_ALL": "C", "LANG": "de_DE"}, now=NOW))

    assert "Passwort für alle" in german
    assert "Password of everybody" in english
    assert "/invitation/" in english


def test_whoever_may_be_scanned_is_scanned_once(engine: Engine):
    """Last in this file in spirit: it works on a copy of what is due, not on the hosts."""
    reading, writing = database.reading(engine), database.sessions(engine)

    assert acting.go_on(reading, writing, story.read(), now=NOW)
    assert acting.go_on(reading, writing, story.read(), now=NOW)

    with reading() as session:
        runs = session.execute(
            select(Vendor.domain, ScanRun.side).join(ScanRun, ScanRun.vendor_id == Vendor.id).order_by(Vendor.domain)
        ).all()
    sides = {domain: side.value for domain, side in runs}
    assert len(runs) == len(sides) == 10
    assert "fernhalt.test" not in sides
    assert "textil-saale.test" not in sides
    assert {domain for domain, side in sides.items() if side == "hospital"} == {
        "ohm-soehne.test",
        "sterilog.test",
        "triagio.test",
    }
