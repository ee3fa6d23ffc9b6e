"""The night and the files of deleted documents: they leave the disk; one that resists is never called gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select, text

from portal.db.models.jobs import Job, JobState, OutboxMail
from portal.db.models.responses import DeletionRule, EvidenceDeletion
from portal.db.models.tenders import Tender, TenderState
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services import jobs
from portal.services.evidence import evidence
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.jobs import JobKind
from tests.portal.jobs import running
from tests.portal.services.tenders import bids
from tests.portal.web.vendor import errand


def test_what_passed_its_day_leaves_the_disk_and_what_resists_is_not_called_gone(
    engine: Engine, sessions, tmp_path: Path
):
    chosen = running.settings(tmp_path)
    shelf = Blobs(folder=chosen.files_dir, keyring=Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir))
    now = datetime.now(UTC)
    begin = now - timedelta(days=10)
    kept, added = {}, {}
    with sessions.begin() as session:
        asked = errand.accepted(session, begin)
        owner = evidence.owner_of(asked.lead.company_id)
        for name, days in (("due", -5), ("stubborn", -5), ("later", 5)):
            kept[name] = shelf.put(owner, name.encode())
            stored = Stored(
                blob_id=kept[name].blob_id,
                sha256=kept[name].sha256,
                size=kept[name].size,
                file_name=f"{name}.pdf",
                media_type="application/pdf",
            )
            fields = DocumentFields(
                kind="dpa", retain_until=(now + timedelta(days=days)).date(), valid_to=now.date() + timedelta(days=20)
            )
            added[name] = evidence.add(session, asked.lead, asked.assessment_id, fields, stored, now=begin).id
        left_lying = bids.drafted(session, begin).tender_id
        session.get_one(Tender, left_lying).closes_at = now - timedelta(days=31 * chosen.tender_lapse_months)
        jobs.add(session, JobKind.NIGHTLY, {}, now=now)
    path = next(one for one in shelf.all() if one.name == kept["stubborn"].blob_id)
    path.unlink()
    path.mkdir()  # cannot be unlinked

    def is_done() -> bool:
        with sessions() as session:
            states = session.execute(select(Job.kind, Job.state).where(Job.kind.in_(["shred", "nightly"]))).all()
            return {kind for kind, _state in states} == {"shred", "nightly"} and all(
                state is JobState.DONE for _kind, state in states
            )

    with running.running(engine, chosen):
        running.wait_until(is_done)

    with sessions() as session:
        assert session.get_one(Tender, left_lying).state is TenderState.CANCELLED  # nobody had ended it

    assert shelf.get(owner, kept["later"].blob_id, kept["later"].sha256) == b"later"
    assert not shelf.holds(owner, kept["due"].blob_id)
    with sessions() as session:
        rows = {row.evidence_id: row for row in session.scalars(select(EvidenceDeletion))}
        assert set(rows) == {added["due"], added["stubborn"]}
        assert {row.rule for row in rows.values()} == {DeletionRule.RETENTION}
        assert rows[added["due"]].gone_at is not None
        assert rows[added["stubborn"]].gone_at is None
        told = session.scalars(select(OutboxMail.text).where(OutboxMail.kind == "evidence-ends")).one()
    assert ("later.pdf" in told, "due.pdf" in told) == (True, False)
    with engine.connect() as connection:
        counted = connection.execute(text("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'evidence'")).scalar_one()
    assert counted > 0, "SQLite chooses among indexes without statistics"
