"""Exports: one wish is one job, rights are asked twice, a file is kept for a week and its hash for good."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import HospitalMember, HospitalRole
from portal.db.models.exports import Export, ExportKind, ExportState
from portal.db.models.jobs import Job, OutboxMail
from portal.errors import NotAllowed, NotFound, NotNow
from portal.files.blobs import Blobs
from portal.services.actors import SYSTEM
from portal.services.exports import exports
from portal.services.exports.exports import Made, Wish
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from portal.files.sealing import Keyring
    from tests.portal.web.hospital.ward import Ward

REGISTER = Wish(kind=ExportKind.REGISTER, language="de")
MADE = Made(content=b"PK...", file_name="register.xlsx", media_type="application/x", vendors=3, fingerprint="a" * 64)
BASE = "https://portal.example"


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    made = wards.one(session, now, name="Strahlwerk GmbH")
    session.flush()
    return made


@pytest.fixture
def shelf(tmp_path: Path, keyring: Keyring) -> Blobs:
    return Blobs(folder=tmp_path / "files", keyring=keyring)


def ready(session: Session, ward: Ward, shelf: Blobs, *, asked: datetime, finished: datetime) -> Export:
    row = exports.ask(session, ward.assessor, REGISTER, now=asked)
    assert exports.begin(session, ward.hospital_id, row.id, now=asked) is not None
    kept = shelf.put(exports.owner_of(ward.hospital_id), MADE.content)
    exports.keep(session, ward.hospital_id, row.id, MADE, kept, base_url=BASE, now=finished)
    return row


def test_asked_twice_while_it_is_open_is_one_row_and_one_job(session: Session, ward: Ward, now: datetime):
    first = exports.ask(session, ward.assessor, REGISTER, now=now)
    again = exports.ask(session, ward.assessor, REGISTER, now=now)
    colleague = exports.ask(session, ward.auditor, REGISTER, now=now)
    english = exports.ask(session, ward.assessor, dataclasses.replace(REGISTER, language="en"), now=now)

    assert first.id == again.id == colleague.id != english.id
    assert first.others == [ward.auditor.person_id]
    assert [job.args["export_id"] for job in session.scalars(select(Job).where(Job.kind == "export"))] == [
        first.id,
        english.id,
    ]


def test_a_mail_without_content_goes_to_whoever_waited_over_a_minute(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    exports.ask(session, ward.assessor, REGISTER, now=now)
    exports.ask(session, ward.auditor, REGISTER, now=now)
    ready(session, ward, shelf, asked=now, finished=now + timedelta(seconds=61))
    mails = session.scalars(select(OutboxMail).where(OutboxMail.kind == "export-ready")).all()

    assert {mail.to_address for mail in mails} == {ward.assessor.email, ward.auditor.email}
    assert all(f"{BASE}/hospital/reports" in mail.text and "Strahlwerk" not in mail.text for mail in mails)


def test_what_is_made_in_a_minute_sends_no_mail(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    ready(session, ward, shelf, asked=now, finished=now + timedelta(seconds=59))

    assert session.scalars(select(OutboxMail).where(OutboxMail.kind == "export-ready")).all() == []


def test_the_file_is_fetched_by_members_only_and_for_a_week(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    row = ready(session, ward, shelf, asked=now, finished=now)
    other = wards.empty(session, "Fremde Klinik")
    found = exports.fetch(session, ward.auditor, row.id, now=now)

    assert shelf.get(found.owner, found.blob_id, found.sha256) == MADE.content
    with pytest.raises(NotFound):
        exports.fetch(session, other.assessor, row.id, now=now)
    with pytest.raises(NotAllowed):
        exports.fetch(session, SYSTEM, row.id, now=now)
    with pytest.raises(NotNow):
        exports.fetch(session, ward.auditor, row.id, now=now + exports.KEPT)

    assert exports.expire(session, now=now + exports.KEPT) == [(found.owner, found.blob_id)]
    assert row.state is ExportState.EXPIRED
    assert exports.confirm(session, ward.auditor, "A" * 64 + "\n").export.id == row.id


def test_whoever_left_before_it_was_made_gets_nothing(session: Session, ward: Ward, now: datetime):
    row = exports.ask(session, ward.assessor, REGISTER, now=now)
    session.get_one(HospitalMember, (ward.hospital_id, ward.assessor.person_id)).ended_at = now

    assert exports.begin(session, ward.hospital_id, row.id, now=now) is None
    assert (row.state, row.open_key) == (ExportState.FAILED, None)


def test_the_worker_has_the_role_of_today(session: Session, ward: Ward, now: datetime):
    row = exports.ask(session, ward.assessor, REGISTER, now=now)
    session.get_one(HospitalMember, (ward.hospital_id, ward.assessor.person_id)).role = HospitalRole.DECIDER

    begun = exports.begin(session, ward.hospital_id, row.id, now=now)
    assert begun.actor.hospital_role is HospitalRole.DECIDER


def test_nobody_could_make_it_is_said_and_it_can_be_asked_for_again(session: Session, ward: Ward, now: datetime):
    row = exports.ask(session, ward.assessor, REGISTER, now=now)
    exports.give_up(session, ward.hospital_id, row.id, now=now)

    assert (row.state, row.failure) == (ExportState.FAILED, exports.GAVE_UP)
    assert exports.ask(session, ward.assessor, REGISTER, now=now).id != row.id


def test_a_checksum_of_another_hospital_is_none_of_ours(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    row = ready(session, ward, shelf, asked=now, finished=now)
    other = wards.empty(session, "Fremde Klinik")

    assert exports.confirm_file(session, ward.auditor, MADE.content).is_whole_file
    assert not exports.confirm(session, ward.auditor, row.fingerprint).is_whole_file
    assert exports.confirm_file(session, ward.auditor, MADE.content + b" ") is None
    assert exports.confirm(session, ward.auditor, "") is None
    assert exports.confirm(session, other.auditor, row.fingerprint) is None


def test_a_file_that_nobody_names_is_swept_and_the_others_stay(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    row = ready(session, ward, shelf, asked=now, finished=now)
    lost = shelf.put(exports.owner_of(ward.hospital_id), b"lost")
    strange = shelf.put("hospital:abc", b"of another instance")
    found = shelf.put_before(datetime.now(UTC) + timedelta(days=1))

    assert (exports.owner_of(ward.hospital_id), row.blob_id) in found
    assert ("hospital:abc", strange.blob_id) in found
    assert exports.unnamed(session, found) == [(exports.owner_of(ward.hospital_id), lost.blob_id)]
