"""The register page and the workbook of a hospital with 1,000 vendors; beside them the bare reading and writing."""

import datetime as dt
import hashlib
import sqlite3
import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from openpyxl.workbook import Workbook
from sqlalchemy import Engine

from assessments import policy, register
from assessments.model import Assessed, Register
from benchmarks.measuring import Figure, beside, peak_memory, take
from portal import i18n
from portal.app import create_app
from portal.db import migrating
from portal.db import session as database
from portal.db.models.accounts import Hospital, HospitalMember, HospitalRole, Person, SessionStage, SignIn
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.registers import ScoreRecord
from portal.db.models.vendors import IntakeRecord, Supply, Vendor
from portal.settings import MailSettings, ScanSettings, Settings
from questionnaires.model import QuestionSet
from reports.reader import Reader
from reports.workbooks import register as workbook
from tests.reports import building

VENDORS = 1000
PATTERNS = 20  # different dossiers; the rest repeat them under keys of their own
TOKEN = "benchmark"


def figures(runs: int) -> list[Figure]:
    """The vendor list through the whole web floor, and the workbook from a register in memory (target: 1.3 x)."""
    with tempfile.TemporaryDirectory() as folder:
        page, reading = _pages(Path(folder), runs)
    found = _register()
    reader = Reader(language="de", translate=i18n.translator("de"))
    content = workbook.write(found, reader=reader, now=building.NOW)
    cells = sum(sheet.count(b"<c ") for sheet in _parts(content))
    book = take(
        f"register.xlsx, {VENDORS} vendors",
        lambda: workbook.write(found, reader=reader, now=building.NOW),
        runs=max(1, runs // 3),
    )
    plain = take(f"{cells} plain cells, no styles", lambda: _plain_cells(cells), runs=max(1, runs // 3))
    book = replace(book, note=f"{len(content) / 1_000_000:.1f} MB, {cells} cells, peak {peak_memory():.0f} MiB")
    return [beside(page, reading), reading, beside(book, plain), plain]


def _pages(folder: Path, runs: int) -> tuple[Figure, Figure]:
    path = folder / "benchmark.sqlite"
    engine = database.engine(f"sqlite:///{path}")
    migrating.upgrade(engine)
    _fill(engine)
    app = create_app(_settings(path, folder))
    client = app.test_client()
    client.set_cookie("kettenblick-session", TOKEN, domain="127.0.0.1")

    def open_page() -> None:
        response = client.get("/hospital/vendors?sort=-grade", base_url="http://127.0.0.1:8080")
        assert response.status_code == 200, response.status
        assert b"Lieferant " in response.data

    page = take(f"vendor list, {VENDORS} vendors, sorted by grade", open_page, runs=runs)
    bare = take("the same rows read by sqlite3 alone", lambda: _read(path), runs=runs)
    engine.dispose()
    return page, bare


def _fill(engine: Engine) -> None:
    now = dt.datetime.now(dt.UTC)
    with database.sessions(engine)() as session, session.begin():
        hospital = Hospital(name="Klinikum Musterstadt", created_at=now)
        person = Person(email="a@klinikum.test", name="Anna Muster", created_at=now, totp_confirmed_at=now)
        session.add_all([hospital, person])
        session.flush()
        session.add(
            HospitalMember(hospital_id=hospital.id, person_id=person.id, role=HospitalRole.ASSESSOR, created_at=now)
        )
        session.add(
            SignIn(
                token_hash=hashlib.sha256(TOKEN.encode()).hexdigest(),
                person_id=person.id,
                stage=SessionStage.FULL,
                csrf_secret="c" * 64,
                created_at=now,
                last_seen_at=now,
                confirmed_at=now,
                place=f"hospital:{hospital.id}",
            )
        )
        for number in range(VENDORS):
            vendor = Vendor(hospital_id=hospital.id, name=f"Lieferant {number}", created_at=now)
            session.add(vendor)
            session.flush()
            supply = Supply(hospital_id=hospital.id, vendor_id=vendor.id, name=f"Produkt {number}", created_at=now)
            assessment = Assessment(
                hospital_id=hospital.id,
                vendor_id=vendor.id,
                question_set="full",
                catalogue_id="hospital-vendor",
                catalogue_version="2026.1",
                due_on=now.date(),
                stage=Stage.REVIEWED,
                created_at=now,
            )
            session.add_all([supply, assessment])
            session.flush()
            session.add(_intake(hospital.id, supply.id, 1 + number % 4, now))
            session.add(_score(hospital.id, assessment.id, number, now))


def _intake(hospital_id: str, supply_id: str, tier: int, now: dt.datetime) -> IntakeRecord:
    return IntakeRecord(
        hospital_id=hospital_id,
        supply_id=supply_id,
        answers={"form_version": "1", "answers": {}},
        impact=6 - tier,
        patient_safety=3,
        proposed_tier=tier,
        tier=tier,
        policy_version="1",
        by_name="Anna Muster",
        at=now,
    )


def _score(hospital_id: str, assessment_id: str, number: int, now: dt.datetime) -> ScoreRecord:
    parts = {
        part: {"value": 70.0, "level": (number + turn) % 5, "coverage": 90.0, "basis": "declared", "applicable": True}
        for turn, part in enumerate([*map(str, range(1, 11)), "MD", "CL", "DP"])
    }
    return ScoreRecord(
        hospital_id=hospital_id,
        assessment_id=assessment_id,
        at=now,
        value=40.0 + number % 60,
        grade="ABCDEF"[number % 6],
        coverage=90.0,
        outside_value=80.0,
        outside_grade="B",
        outside_coverage=85.0,
        tier=1 + number % 4,
        impact=3,
        likelihood=2,
        residual="moderate",
        parts=parts,
        open_findings={"critical": 0, "high": 1, "medium": 2, "low": 3},
        policy_version="1",
        catalogue_version="2026.1",
        checks_version="2026.1",
        is_current=True,
    )


def _read(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        for name in ("vendor", "supply", "intake", "assessment", "score"):
            connection.execute(f"SELECT * FROM {name}").fetchall()


def _register() -> Register:
    sets = (QuestionSet.FULL, *[QuestionSet.BASIC] * 4, *[QuestionSet.SHORT] * 5)  # few vendors are critical
    patterns = [
        register.assess(
            replace(building.dossier(number, vendor=f"Lieferant {number} GmbH"), question_set=sets[number % len(sets)]),
            policy.current(),
        )
        for number in range(PATTERNS)
    ]
    everybody = [_renamed(patterns[number % PATTERNS], f"V-{number + 1:04}") for number in range(VENDORS)]
    return register.build(everybody, policy.current(), hospital="Klinikum Musterstadt", at=building.NOW)


def _renamed(pattern: Assessed, key: str) -> Assessed:
    return replace(
        pattern,
        dossier=replace(pattern.dossier, vendor_key=key),
        risks=tuple(replace(risk, vendor_key=key) for risk in pattern.risks),
        answers=tuple(replace(row, vendor_key=key) for row in pattern.answers),
        findings=tuple(replace(row, vendor_key=key) for row in pattern.findings),
        not_examined=tuple(replace(row, vendor_key=key) for row in pattern.not_examined),
    )


def _parts(content: bytes) -> list[bytes]:
    with ZipFile(BytesIO(content)) as archive:
        return [archive.read(name) for name in archive.namelist() if "worksheets/" in name]


def _plain_cells(count: int) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("plain")
    width = 20
    for row in range(count // width):
        sheet.append([f"Text {row} {column}" for column in range(width)])
    book.save(BytesIO())


def _settings(path: Path, folder: Path) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=f"sqlite:///{path}",
        queue_url=f"sqlite:///{folder / 'queue.sqlite'}",
        secret_key="s" * 43,
        instance_key="i" * 43,
        public_base_url="http://127.0.0.1:8080",
        bind_host="127.0.0.1",
        bind_port=0,
        threads=4,
        mail=MailSettings(),
        scan=ScanSettings(),
    )
