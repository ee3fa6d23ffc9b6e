"""Backups: what comes back is what went in, on either database; a damaged file fills nothing; old doors stay shut."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from portal import settings as reading_settings
from portal.commands import backups
from portal.commands.shell import Refusal
from portal.db import migrating
from portal.db import session as database
from portal.db.models.accounts import Person, SignIn, TicketPurpose
from portal.db.models.assessments import Invitation
from portal.db.models.jobs import Job, JobState, MailState, OutboxMail
from portal.db.models.responses import Evidence
from portal.db.models.vendors import Vendor
from portal.errors import NotFound
from portal.files.archives import BadArchive
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services import audit, backup
from portal.services.mails import outbox
from portal.services.people import sign_ins, tickets
from portal.services.scans import scans
from portal.settings import Settings
from tests.portal import building

KEY = b"k" * 43
CHANGED_BY_RESTORING = {"sign_in", "ticket", "invitation", "outbox_mail", "job", "audit_event"}


def _instance(folder: Path, url: str | None = None) -> Settings:
    return reading_settings.read({"KETTENBLICK_DATA": str(folder), **({"DATABASE_URL": url} if url else {})})


def _blobs(chosen: Settings) -> Blobs:
    return Blobs(folder=chosen.files_dir, keyring=Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir))


def _fill(chosen: Settings) -> dict[str, str]:
    """One of everything that matters, and what must not open any more."""
    engine = database.engine(chosen.database_url)
    migrating.upgrade(engine)
    now = datetime.now(UTC)
    with database.sessions(engine).begin() as session:
        hospital = building.hospital(session, name="Klinikum Süd „Mitte“")
        actor = building.hospital_actor(session, hospital)
        vendor = building.vendor(session, hospital, hosts=("a.pacs.example",), note="Umlaut ä\n\0".replace("\0", "|"))
        company = building.company_actor(session)
        round_ = building.assessment(session, vendor, company_id=company.company_id)
        building.response(session, round_)
        kept = _blobs(chosen).put(f"company:{company.company_id}", b"Zertifikat")
        session.add(
            Evidence(
                company_id=company.company_id,
                kind="iso27001",
                file_name="z.pdf",
                media_type="application/pdf",
                size=kept.size,
                sha256=kept.sha256,
                blob_id=kept.blob_id,
                uploaded_by="x",
                uploaded_at=now,
            )
        )
        invitation = tickets.new_token()
        session.add(
            Invitation(
                hospital_id=hospital.id,
                assessment_id=round_.id,
                email="v@pacs.example",
                token_hash=tickets.hashed(invitation),
                created_at=now,
                expires_at=now + timedelta(days=365),
            )
        )
        ticket = tickets.issue(session, TicketPurpose.NEW_PASSWORD, email=actor.email, now=now)
        cookie = sign_ins.start(session, session.get_one(Person, company.person_id), now=now).token
        scans.queue_by_hospital(session, actor, vendor.id, now=now)
        outbox.add(session, kind="t", to="a@b.example", subject="S", text="T", now=now)
    engine.dispose()
    return {
        "ticket": ticket,
        "cookie": cookie,
        "owner": f"company:{company.company_id}",
        "blob": kept.blob_id,
        "sha256": kept.sha256,
        "hospital": hospital.id,
    }


def _rows(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {table.name: list(backup.rows(connection, table)) for table in backup.tables(connection)}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def urls(request: pytest.FixtureRequest) -> tuple[str | None, str | None]:
    """From which database to which: PostgreSQL goes into SQLite, which also shows that the file fits both."""
    return (None, None) if request.param == "sqlite" else (request.getfixturevalue("postgres_url"), None)


def test_what_comes_back_is_what_went_in(tmp_path: Path, urls):
    old = _instance(tmp_path / "old", urls[0])
    made = _fill(old)
    before_engine = database.engine(old.database_url)
    before = _rows(before_engine)
    before_engine.dispose()
    file = tmp_path / "backup.kbk"
    written = backups.make(old, file, KEY, now=datetime.now(UTC))
    assert written.rows == sum(len(rows) for rows in before.values())
    assert file.stat().st_mode & 0o077 == 0
    assert b"Zertifikat" not in file.read_bytes()

    new = _instance(tmp_path / "new", urls[1])
    backups.restore(new, file, KEY, now=datetime.now(UTC))

    new = _instance(tmp_path / "new", urls[1])
    engine = database.engine(new.database_url)
    after = _rows(engine)
    assert {name: rows for name, rows in after.items() if name not in CHANGED_BY_RESTORING} == {
        name: rows for name, rows in before.items() if name not in CHANGED_BY_RESTORING
    }
    assert new.instance_key == old.instance_key
    assert _blobs(new).get(made["owner"], made["blob"], made["sha256"]) == b"Zertifikat"
    with database.sessions(engine)() as session:
        now = datetime.now(UTC)
        assert all(chain.is_sound for chain in audit.verify_all(session))
        assert session.scalars(select(SignIn)).all() == []
        assert sign_ins.find(session, made["cookie"], now=now) is None
        with pytest.raises(NotFound):
            tickets.redeem(session, made["ticket"], TicketPurpose.NEW_PASSWORD, now=now)
        assert all(row.revoked_at for row in session.scalars(select(Invitation)))
        assert {mail.state for mail in session.scalars(select(OutboxMail))} == {MailState.FAILED}
        states = {job.kind: job.state for job in session.scalars(select(Job))}
        assert states == {"scan": JobState.QUEUED, "mail": JobState.DONE}
    engine.dispose()


@pytest.mark.postgres
def test_a_sqlite_instance_moves_to_postgresql(tmp_path: Path, postgres_url: str):
    old = _instance(tmp_path / "old")
    made = _fill(old)
    file = tmp_path / "backup.kbk"
    backups.make(old, file, KEY, now=datetime.now(UTC))

    new = _instance(tmp_path / "new", postgres_url)
    backups.restore(new, file, KEY, now=datetime.now(UTC))

    engine = database.engine(postgres_url)
    with database.sessions(engine).begin() as session:
        assert audit.verify(session, f"hospital:{made['hospital']}").is_sound
        # The counters go on: new numbered rows do not clash with the restored ones.
        audit.record(session, building.Actor(name="x"), "x.y", "z", now=datetime.now(UTC))
        tickets.issue(session, TicketPurpose.NEW_PASSWORD, email="n@b.example", now=datetime.now(UTC))
    engine.dispose()


def test_a_backup_under_load_is_one_moment(tmp_path: Path):
    """Each writer adds a vendor and its audit event in one transaction: in the backup there is one for one."""
    chosen = _instance(tmp_path / "old")
    made = _fill(chosen)
    engine = database.engine(chosen.database_url)
    sessions = database.sessions(engine)
    stop = threading.Event()
    failures: list[Exception] = []

    def write(name: str) -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                with sessions.begin() as session:
                    now = datetime.now(UTC)
                    vendor = Vendor(hospital_id=made["hospital"], name=f"{name}-{number}", created_at=now)
                    session.add(vendor)
                    session.flush()
                    audit.record(
                        session,
                        building.Actor(name="x"),
                        "vendor.added",
                        vendor.id,
                        now=now,
                        scope=audit.hospital_scope(made["hospital"]),
                    )
        except Exception as failure:  # noqa: BLE001 - the assert below shows it
            failures.append(failure)

    writers = [threading.Thread(target=write, args=(str(number),)) for number in range(3)]
    for writer in writers:
        writer.start()
    for number in range(3):
        backups.make(chosen, tmp_path / f"{number}.kbk", KEY, now=datetime.now(UTC))
    stop.set()
    for writer in writers:
        writer.join()
    engine.dispose()
    assert not failures

    new = _instance(tmp_path / "new")
    backups.restore(new, tmp_path / "2.kbk", KEY, now=datetime.now(UTC))
    restored = database.engine(new.database_url)
    with database.sessions(restored)() as session:
        vendors = set(session.scalars(select(Vendor.id).where(Vendor.name.like("%-%"))))
        told = set(session.scalars(select(audit.AuditEvent.subject).where(audit.AuditEvent.verb == "vendor.added")))
        assert vendors == told
        assert len(vendors) > 3
        assert audit.verify(session, f"hospital:{made['hospital']}").is_sound
    restored.dispose()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    chosen = _instance(folder / "data")
    _fill(chosen)
    backups.make(chosen, folder / "b.kbk", KEY, now=datetime.now(UTC))
    return folder / "b.kbk"


@pytest.mark.parametrize("damage", ["cut", "flip", "append", "key", "head", "empty"])
def test_a_damaged_backup_is_refused_and_nothing_is_filled(tmp_path: Path, whole: Path, damage: str):
    content, key = bytearray(whole.read_bytes()), KEY
    match damage:
        case "cut":
            content = content[:-20]
        case "flip":
            content[len(content) // 2] ^= 1
        case "append":
            content += b"x"
        case "key":
            key = b"another key that is long enough to be one"
        case "head":
            content[0] ^= 1
        case "empty":
            content = bytearray()
    file = tmp_path / "b.kbk"
    file.write_bytes(content)
    new = _instance(tmp_path / "new")

    with pytest.raises(BadArchive):
        backups.restore(new, file, key, now=datetime.now(UTC))
    assert not Path(new.data_dir / "kettenblick.sqlite").exists()


def test_nothing_is_restored_over_what_is_there(tmp_path: Path, whole: Path):
    chosen = _instance(tmp_path / "used")
    _fill(chosen)

    with pytest.raises(Refusal):
        backups.restore(chosen, whole, KEY, now=datetime.now(UTC))
    with pytest.raises(Refusal):
        backups.make(chosen, whole, KEY, now=datetime.now(UTC))


def test_a_key_file_is_made_once_and_a_short_one_is_refused(tmp_path: Path):
    file = tmp_path / "key"
    key = backups.key_of(file, make_it=True)
    assert backups.key_of(file, make_it=False) == key
    (tmp_path / "short").write_text("kurz")

    with pytest.raises(Refusal):
        backups.key_of(tmp_path / "short", make_it=False)
    with pytest.raises(Refusal):
        backups.key_of(tmp_path / "missing", make_it=False)
