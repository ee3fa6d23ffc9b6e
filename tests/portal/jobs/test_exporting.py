"""Exports through the real worker: a register and reports are made, sealed, and of a killed worker nothing is lost."""

from __future__ import annotations

import io
import threading
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import select

from portal.db.models.exports import Export, ExportKind, ExportState
from portal.db.models.jobs import Job, JobState
from portal.errors import NotNow
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.jobs import exporting, leases, printing
from portal.jobs.leases import LeaseLost
from portal.jobs.work import NotYet, Tools, Work
from portal.services.exports import exports
from portal.services.exports.exports import Wish
from portal.services.jobs import JobKind
from portal.settings import Settings
from tests.portal.jobs import running
from tests.portal.jobs.running import wait_until
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from portal.db.session import Sessions
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk GmbH"


@pytest.fixture
def ward(sessions: Sessions) -> Ward:
    with sessions.begin() as session:
        return wards.one(session, datetime.now(UTC), name=NAME)


@pytest.fixture
def chosen(engine: Engine, tmp_path: Path) -> Settings:
    return running.settings(tmp_path, DATABASE_URL=engine.url.render_as_string(hide_password=False))


def work_of(sessions: Sessions, chosen: Settings, kind: ExportKind, ward: Ward) -> Work:
    """The job in the hands of a worker, without its threads."""
    now = datetime.now(UTC)
    with sessions.begin() as session:
        vendor_id = ward.vendors[NAME] if kind is ExportKind.VENDOR_REPORT else None
        exports.ask(session, ward.assessor, Wish(kind=kind, language="de", vendor_id=vendor_id), now=now)
        lease = leases.take(session, {JobKind.EXPORT}, now=now)
    tools = Tools(
        settings=chosen,
        sessions=sessions,
        keyring=Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir),
        clock=lambda: datetime.now(UTC),
        scanner=(),
    )
    return Work(lease=lease, tools=tools)


def file_of(sessions: Sessions, work: Work) -> tuple[Export, bytes]:
    shelf = Blobs(folder=work.tools.settings.files_dir, keyring=work.tools.keyring)
    with sessions() as session:
        row = session.scalars(select(Export)).one()
        return row, shelf.get(exports.owner_of(row.hospital_id), row.blob_id, row.sha256)


def test_the_worker_makes_a_register_that_carries_its_checksum(
    engine: Engine, sessions: Sessions, chosen: Settings, ward: Ward
):
    with sessions.begin() as session:
        wish = Wish(kind=ExportKind.REGISTER, language="de")
        asked = exports.ask(session, ward.assessor, wish, now=datetime.now(UTC)).id

    def state() -> ExportState:
        with sessions() as session:
            return session.get_one(Export, asked).state

    with running.running(engine, chosen) as worker:
        wait_until(lambda: state() is ExportState.READY, seconds=60)
        tools = worker.tools

    shelf = Blobs(folder=chosen.files_dir, keyring=tools.keyring)
    with sessions() as session:
        row = session.get_one(Export, asked)
        content = shelf.get(exports.owner_of(ward.hospital_id), row.blob_id, row.sha256)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    cover = [value for line in book.worksheets[0].iter_rows(values_only=True) for value in line]
    assert row.fingerprint in cover
    assert (row.done, row.total, row.vendors) == (1, 1, 1)
    assert b"Strahlwerk" not in (chosen.files_dir / f"hospital-{ward.hospital_id}" / row.blob_id).read_bytes()


def test_reports_of_all_vendors_are_one_archive(sessions: Sessions, chosen: Settings, ward: Ward):
    work = work_of(sessions, chosen, ExportKind.VENDOR_REPORTS, ward)
    exporting.make(work)

    row, content = file_of(sessions, work)
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert row.media_type == "application/zip"
    assert [name[:4] for name in archive.namelist()] == ["0001"]
    assert archive.read(archive.namelist()[0]).startswith(b"%PDF-")


def test_the_committees_paper_is_made_while_its_progress_is_told(sessions: Sessions, chosen: Settings, ward: Ward):
    """Reading held up the writing of its own progress, and the job failed."""
    work = work_of(sessions, chosen, ExportKind.COMMITTEE, ward)
    exporting.make(work)

    row, content = file_of(sessions, work)
    assert (row.state, row.vendors, content[:5]) == (ExportState.READY, 1, b"%PDF-")


def test_a_worker_that_lost_the_job_writes_nothing_and_leaves_no_file(
    sessions: Sessions, chosen: Settings, ward: Ward, monkeypatch: pytest.MonkeyPatch
):
    work = work_of(sessions, chosen, ExportKind.VENDOR_REPORT, ward)

    def taken_over(*_args: object, **_more: object) -> bytes:
        with sessions.begin() as session:
            session.scalars(select(Job).where(Job.kind == "export")).one().token = "another"
        return b"%PDF-"

    monkeypatch.setattr(printing, "pdf", taken_over)
    with pytest.raises(LeaseLost):
        exporting.make(work)

    with sessions() as session:
        assert session.scalars(select(Export.state)).one() is ExportState.RUNNING
    assert [path for path in chosen.files_dir.glob("hospital-*/*") if path.is_file()] == []


def test_a_job_that_was_begun_and_left_is_made_by_the_next_worker(sessions: Sessions, chosen: Settings, ward: Ward):
    left = work_of(sessions, chosen, ExportKind.VENDOR_REPORT, ward)
    with left.step() as session:
        assert exports.begin(session, ward.hospital_id, left.argument("export_id"), now=left.now()) is not None
    with sessions.begin() as session:
        later = left.now() + 2 * leases.LEASE
        lease = leases.take(session, {JobKind.EXPORT}, now=later)

    work = Work(lease=lease, tools=left.tools)
    exporting.make(work)

    row, content = file_of(sessions, work)
    assert (row.state, content[:5]) == (ExportState.READY, b"%PDF-")
    with sessions() as session:
        assert session.scalars(select(Job.state).where(Job.kind == "export")).one() is JobState.DONE


def test_a_worker_that_is_to_end_puts_it_back(sessions: Sessions, chosen: Settings, ward: Ward):
    work = work_of(sessions, chosen, ExportKind.REGISTER, ward)
    work.tools.stopping.set()

    with pytest.raises(NotYet) as later:
        exporting.make(work)
    assert not later.value.counts


def test_a_register_that_takes_too_long_is_ended_with_a_sentence(engine: Engine, ward: Ward):
    before = threading.active_count()
    with pytest.raises(NotNow, match="took too long"):
        printing.register(
            engine.url.render_as_string(hide_password=False),
            ward.assessor,
            language="de",
            now=datetime.now(UTC),
            longest=0.01,
        )
    assert threading.active_count() == before
