"""A bundle through the real worker, checked by the real command; the demonstration world's vendor has everything."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal import cli
from portal.db.models.exports import Export, ExportKind, ExportState
from portal.files import signing
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.jobs import exporting, leases
from portal.jobs.work import Tools, Work
from portal.services.exports import exports
from portal.services.exports.exports import Wish
from portal.services.jobs import JobKind
from portal.settings import Settings
from reports import oscal
from reports.bundles import zips
from tests.portal.jobs import running
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
def tools(engine: Engine, sessions: Sessions, tmp_path: Path) -> Tools:
    chosen: Settings = running.settings(tmp_path, DATABASE_URL=engine.url.render_as_string(hide_password=False))
    keyring = Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir)
    return Tools(settings=chosen, sessions=sessions, keyring=keyring, clock=lambda: datetime.now(UTC), scanner=())


def made(tools: Tools, ward: Ward, kind: ExportKind) -> tuple[Export, bytes]:
    now = datetime.now(UTC)
    with tools.sessions.begin() as session:
        vendor_id = None if kind is ExportKind.REGISTER_JSON else ward.vendors[NAME]
        asked = exports.ask(session, ward.assessor, Wish(kind=kind, language="de", vendor_id=vendor_id), now=now)
        lease, export_id = leases.take(session, {JobKind.EXPORT}, now=now), asked.id
    exporting.make(Work(lease=lease, tools=tools))
    shelf = Blobs(folder=tools.settings.files_dir, keyring=tools.keyring)
    with tools.sessions() as session:
        row = session.scalars(select(Export).where(Export.id == export_id)).one()
        assert row.state is ExportState.READY, row.failure
        return row, shelf.get(exports.owner_of(row.hospital_id), row.blob_id, row.sha256)


def test_the_worker_makes_a_bundle_that_verifies(tools: Tools, ward: Ward, tmp_path: Path, capsys):
    row, content = made(tools, ward, ExportKind.BUNDLE)
    file = tmp_path / "bundle.zip"
    file.write_bytes(content)

    key = signing.fingerprint(signing.public_key(tools.keyring))
    status = cli.main(["verify", str(file), "--key", key])

    told = capsys.readouterr().out
    assert status == 3, told  # its findings were put into the database without a scan
    assert "✓ signed by the key you named" in told
    assert "✓ the score worked out again" in told
    assert "✕" not in told
    assert row.file_name.startswith("Prüfpaket Strahlwerk GmbH")
    opened = zips.Opened(content)
    assert bytes(opened.member("report.pdf")).startswith(b"%PDF-")
    assert bytes(opened.member("register.xlsx")).startswith(b"PK")


def test_facts_are_handed_out_as_json(tools: Tools, ward: Ward):
    vendor = json.loads(made(tools, ward, ExportKind.VENDOR_JSON)[1])
    register = json.loads(made(tools, ward, ExportKind.REGISTER_JSON)[1])
    results = json.loads(made(tools, ward, ExportKind.VENDOR_OSCAL)[1])

    assert (vendor["format"], vendor["vendor"]["name"]) == ("kettenblick-vendor", NAME)
    assert [one["name"] for one in register["vendors"]] == [NAME]
    assert results["assessment-results"]["metadata"]["oscal-version"] == oscal.OSCAL_VERSION
