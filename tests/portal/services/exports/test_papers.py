"""Facts for papers: a snapshot's paper stays as it was, today's has the register's numbers, a draft its gaps."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from portal import i18n
from portal.db.models.supplies import ContactRole, VendorContact
from portal.errors import NotFound
from portal.files.blobs import Blobs
from portal.services.exports import papers
from portal.services.registers import registers, snapshots
from reports import committee
from reports.reader import Reader
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from portal.files.sealing import Keyring
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"
READER = Reader(language="de", translate=i18n.translator("de"))


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME, quality=0.4)


@pytest.fixture
def shelf(keyring: Keyring, tmp_path: Path) -> Blobs:
    folder = tmp_path / "files"
    folder.mkdir()
    return Blobs(folder=folder, keyring=keyring)


def frozen(session: Session, ward: Ward, shelf: Blobs, name: str, now: datetime) -> str:
    row = snapshots.ask(session, ward.decider, name, now=now)
    document = snapshots.freeze(session, ward.hospital_id, row.id, now=now)
    snapshots.keep(session, ward.hospital_id, row.id, snapshots.put(shelf, ward.hospital_id, document), now=now)
    session.flush()
    return row.id


def test_a_snapshots_paper_stays_as_it_was(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    first = frozen(session, ward, shelf, "Sitzung 11", now)
    second = frozen(session, ward, shelf, "Sitzung 12", now + timedelta(days=30))
    before = papers.brief(session, ward.decider, shelf, second, now=now + timedelta(days=31))
    later = papers.brief(session, ward.decider, shelf, second, now=now + timedelta(days=300))
    assert committee.html(before, reader=READER) == committee.html(later, reader=READER)
    assert before.name == "Sitzung 12"
    assert before.changes.before == now
    assert papers.brief(session, ward.decider, shelf, first, now=now).changes is None


def test_todays_paper_has_the_registers_numbers(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    found = papers.brief(session, ward.decider, shelf, "", now=now)
    register = registers.build(session, ward.decider, now=now)
    assert [one.key for one in found.vendors] == [row.key for row in register.vendors]
    assert [one.value for one in found.vendors] == [row.score.value for row in register.vendors]
    assert len(found.risks) == len(register.risks)
    assert found.sha256 == ""
    assert found.name == ""
    assert found.changes is None


def test_another_hospital_has_no_paper_of_it(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    other = wards.empty(session)
    mine = frozen(session, ward, shelf, "Sitzung", now)
    with pytest.raises(NotFound):
        papers.brief(session, other.decider, shelf, mine, now=now)
    with pytest.raises(NotFound):
        papers.contract(session, other.decider, ward.vendors[NAME], now=now)


def test_a_draft_names_what_is_open(session: Session, ward: Ward, now: datetime):
    draft = papers.contract(session, ward.decider, ward.vendors[NAME], now=now)
    assert draft.assessed.dossier.vendor_name == NAME
    assert [one.term.letter for one in draft.agreed] == list("abcdefgh")
    assert any(one.items for one in draft.agreed)
    assert draft.contact == ""
    row = VendorContact(
        hospital_id=ward.hospital_id,
        vendor_id=ward.vendors[NAME],
        role=ContactRole.SECURITY,
        name="CERT",
        phone="+49 30 1",
        email="cert@strahlwerk.example",
        created_at=now,
    )
    session.add(row)
    session.flush()
    known = papers.contract(session, ward.decider, ward.vendors[NAME], now=now)
    assert known.contact == "CERT; +49 30 1; cert@strahlwerk.example"
