"""The night: what is left over from days that went wrong is taken away, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from portal.db.models.jobs import Job, JobState
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services import jobs
from portal.services.evidence import evidence
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.jobs import JobKind
from tests.portal.jobs import running
from tests.portal.web.vendor import errand


def _age(path: Path, days: float) -> None:
    at = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))


def test_a_file_whose_upload_failed_goes_after_a_day(engine: Engine, sessions, tmp_path: Path):
    chosen = running.settings(tmp_path)
    shelf = Blobs(folder=chosen.files_dir, keyring=Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir))
    now = datetime.now(UTC)
    with sessions.begin() as session:
        asked = errand.accepted(session, now)
        owner = evidence.owner_of(asked.lead.company_id)
        named, orphan, young = (shelf.put(owner, content) for content in (b"named", b"orphan", b"young"))
        stored = Stored(
            blob_id=named.blob_id, sha256=named.sha256, size=named.size, file_name="a.pdf", media_type="application/pdf"
        )
        fields = DocumentFields(kind="iso27001_cert")
        evidence.add(session, asked.lead, asked.assessment_id, fields, stored, keys=[("GV-01", "")], now=now)
        night = jobs.add(session, JobKind.NIGHTLY, {}, now=now)
    stranger = shelf.put(f"company:{'f' * 20}", b"of another database")
    paths = {path.name: path for path in shelf.all()}
    draft = paths[orphan.blob_id].with_name(f".{'0' * 32}.123.0badcafe")
    draft.write_bytes(b"half")
    for path in (paths[named.blob_id], paths[orphan.blob_id], paths[stranger.blob_id], draft):
        _age(path, days=2)

    def is_done() -> bool:
        with sessions() as session:
            return session.scalars(select(Job.state).where(Job.id == night)).one() is JobState.DONE

    with running.running(engine, chosen):
        running.wait_until(is_done)

    assert {path.name for path in shelf.all()} == {named.blob_id, young.blob_id, stranger.blob_id}
    assert not draft.exists()
    assert shelf.get(owner, named.blob_id, named.sha256) == b"named"
