"""The mails before a document runs out: 90, 30 and 7 days, each once, and none for what a newer one replaces."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.jobs import OutboxMail
from portal.services.evidence import evidence, evidence_ends
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.registers import scores
from portal.services.registers.dossiers import BERLIN
from portal.services.vendors import listing
from portal.services.vendors.listing import Flag, Wanted
from tests.portal.services.evidence.test_retention import _hand_in
from tests.portal.web.vendor import errand


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


def _add(session, asked, now, *, number, days, kind="iso27001_cert", product="", at=None):
    end = now.astimezone(BERLIN).date() + timedelta(days=days)
    stored = Stored(
        blob_id=f"{number:032x}", sha256=f"{number:064x}", size=1, file_name=f"{number}.pdf", media_type="x/y"
    )
    fields = DocumentFields(kind=kind, valid_to=end, product=product)
    return evidence.add(session, asked.lead, asked.assessment_id, fields, stored, keys=[("GV-01", "")], now=at or now)


def _mails(session):
    return session.scalars(
        select(OutboxMail).where(OutboxMail.kind == "evidence-ends").order_by(OutboxMail.created_at)
    ).all()


def _night(session, now, days):
    return evidence_ends.tell(session, base_url="https://portal.example", now=now + timedelta(days=days))


def test_each_step_is_told_once(session, asked, now):
    _add(session, asked, now, number=1, days=100)

    told = [day for day in range(103) if _night(session, now, day)]

    assert told == [10, 70, 93]
    text = _mails(session)[0].text
    assert "1.pdf" in text
    assert "noch 90 Tage" in text
    assert "https://portal.example/vendor/documents" in text  # where the newer one is uploaded
    assert "noch 7 Tage" in _mails(session)[-1].text


def test_the_last_day_is_counted_as_one(session, asked, now):
    _add(session, asked, now, number=1, days=1)

    _night(session, now, 0)

    assert "noch 1 Tag\n" in f"{_mails(session)[0].text}\n"


def test_what_comes_late_is_told_from_the_step_it_is_at(session, asked, now):
    _add(session, asked, now, number=1, days=5)
    _add(session, asked, now, number=2, days=40, kind="dpa")

    assert [day for day in range(45) if _night(session, now, day)] == [0, 10, 33]
    assert _mails(session)[0].subject == "2 Dokumente von Ihnen laufen bald ab"


def test_a_newer_one_of_the_same_kind_ends_it(session, asked, now):
    _add(session, asked, now, number=1, days=85)
    assert _night(session, now, 0) == 1
    _add(session, asked, now, number=2, days=700)

    assert [day for day in range(1, 90) if _night(session, now, day)] == []


def test_one_of_another_product_does_not(session, asked, now):
    _add(session, asked, now, number=1, days=30, product="PACS")
    _add(session, asked, now, number=2, days=700, product="RIS")

    assert _night(session, now, 0) == 1


def test_a_deleted_one_is_not_told_of(session, asked, now):
    row = _add(session, asked, now, number=1, days=30)
    session.flush()
    evidence.remove(session, asked.lead, asked.assessment_id, row.id, now=now)

    assert _night(session, now, 0) == 0


def test_the_hospital_reads_it_on_its_first_page(session, asked, now):
    _add(session, asked, now, number=1, days=91)
    _hand_in(session, asked, now)
    assessment = errand.assessment(session, asked)
    record = scores.refresh(session, assessment.hospital_id, assessment.id, now=now)
    today = now.astimezone(BERLIN).date()
    session.flush()

    assert record.evidence_ends == [(today + timedelta(days=91)).isoformat()]
    actor = asked.ward.assessor
    wanted = Wanted(flags=frozenset({Flag.EVIDENCE}))
    assert listing.vendors(session, actor, wanted, today=today).count == 0
    assert listing.vendors(session, actor, wanted, today=today + timedelta(days=1)).count == 1
