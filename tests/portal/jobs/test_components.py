"""Lists of parts through the real reader: a process with limits, and the job that keeps what it says."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, select

from portal.db.models.components import ComponentList, ListState
from portal.db.models.responses import Evidence
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.jobs import components
from portal.services.evidence import components as lists
from portal.services.evidence import evidence, listed_components
from portal.services.evidence.listed_components import Wanted
from scanners import components as judging
from scanners import parts_child
from scanners.datasets import SHIPPED
from scanners.parsing import sbom
from scanners.parsing.parts_lists import Component, PartsList
from tests.portal.jobs import running
from tests.portal.jobs.running import wait_until
from tests.portal.web.vendor import errand
from tests.scanners.parsing import lists as written

PART = Component(name="jquery", version="1.12.4", purl="pkg:npm/jquery@1.12.4", supplier="OpenJS", hashes=1)


def test_what_the_child_tells_is_what_the_reader_read():
    content = written.cyclonedx([PART, Component(name="ü€😀")])

    assert components.parts(content) == sbom.read(content)


def test_a_list_of_fifty_thousand_parts_fits():
    found = components.parts(written.spdx_tags([PART] * 50_000))

    assert isinstance(found, PartsList)
    assert len(found.components) == 50_000


def _bomb(piece: bytes) -> bytes:
    whole = sbom.LARGEST - 100
    return b'{"bomFormat":"CycloneDX","specVersion":"1.5","a":[' + piece * (whole // len(piece)) + b"0]}"


def test_what_swells_ends_the_child_and_not_us():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    found = components.parts(_bomb(b"[],"))

    assert not isinstance(found, PartsList)
    assert found.text == parts_child.TOO_MUCH
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB, with the file itself


def test_the_child_has_no_environment_and_little_memory():
    code = f"import os, resource; from scanners import parts_child; print(dict(os.environ), {parts_child.MEMORY})"
    told = subprocess.run([components.READER[0], "-I", "-c", code], env={}, capture_output=True, check=True, text=True)

    assert "KETTENBLICK" not in told.stdout
    assert parts_child.MEMORY < 2**30


@pytest.mark.parametrize(
    ("content", "state"),
    [(written.cyclonedx_xml([PART]), ListState.READ), (b"PK\x03\x04 something", ListState.REFUSED)],
)
def test_the_worker_reads_what_came_in(engine: Engine, sessions, tmp_path, content: bytes, state: ListState):
    chosen = running.settings(tmp_path)
    shelf = Blobs(folder=chosen.files_dir, keyring=Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir))
    now = datetime.now(UTC)
    with sessions.begin() as session:
        asked = errand.accepted(session, now)
        company_id = asked.lead.company_id
        kept = shelf.put(evidence.owner_of(company_id), content)
        row = Evidence(
            company_id=company_id, kind="sbom", file_name="bom.xml", media_type="application/xml", size=kept.size,
            sha256=kept.sha256, blob_id=kept.blob_id, uploaded_by="Erika", uploaded_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        lists.ask_unread(session, now=now)
        evidence_id = row.id

    def read() -> ListState | None:
        with sessions() as session:
            return session.scalar(select(ComponentList.state))

    with running.running(engine, chosen):
        wait_until(lambda: read() is state)

    with sessions() as session:
        if state is ListState.READ:
            page = listed_components.page_of_document(session, asked.lead, evidence_id, Wanted())
            assert [(part.name, part.standing) for part in page.parts] == [("jquery", "affected")]


def test_others_save_while_a_list_is_judged_anew(engine: Engine, sessions, tmp_path, monkeypatch):
    chosen, now, saved = running.settings(tmp_path), datetime.now(UTC), []
    with sessions.begin() as session:
        asked = errand.accepted(session, now)
        row = Evidence(
            company_id=asked.lead.company_id, kind="sbom", file_name="bom.xml", media_type="application/xml", size=9,
            sha256="0" * 64, blob_id="0" * 32, uploaded_by="Erika", uploaded_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        found = PartsList(format="CycloneDX", version="1.6", components=(PART,))
        lists.keep(session, row.company_id, row.id, found, data=replace(SHIPPED, version="earlier"), now=now)
        lists.ask_all(session, now=now)

    def judge(*given, **more):
        # Whoever judged within a transaction would hold the pen while this waits, however long.
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(engine.url.database, timeout=10)) as other:
            other.execute("UPDATE hospital SET contact_phone = '112'")
            other.commit()
            saved.append(True)
        return judging.judge(*given, **more)

    monkeypatch.setattr(lists, "judging", SimpleNamespace(judge=judge, RULES_VERSION=judging.RULES_VERSION))

    def version() -> str | None:
        with sessions() as session:
            return session.scalar(select(ComponentList.data_version))

    with running.running(engine, chosen):
        wait_until(lambda: version() != "earlier")
    assert saved
