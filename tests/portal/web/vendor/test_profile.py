"""The Sicherheitsprofil: the company's own facts, whole, and no hospital's name or word in it."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from portal import i18n
from portal.services.exports import profiles
from reports import profile as document
from reports.reader import Reader
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from pathlib import Path

GERMAN = Reader(language="de", translate=i18n.translator("de"))


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        made = errand.accepted(session, now)
        ward.scan(session, made.ward, errand.VENDOR, quality=0.7, now=now - timedelta(days=9))
        ward.answer_all(session, made.ward, errand.VENDOR, quality=0.9, share=1, now=now)
        return made


def built(sessions, asked, now):
    with sessions() as session, session.begin():
        made = profiles.build(session, asked.lead, asked.assessment_id, now=now)
        return made, document.html(made, reader=GERMAN)


def test_everything_seen_is_in_it_and_no_hospital(sessions, asked, now):
    made, html = built(sessions, asked, now)

    assert "Klinikum" not in html
    assert "Petermann" not in html
    assert errand.VENDOR in html
    assert len(made.to_mend) > 5
    for row in made.to_mend:
        assert row.fact.finding.subject.name in html
    assert made.fingerprint() in html


def test_the_same_facts_have_the_same_fingerprint(sessions, asked, now):
    first, _html = built(sessions, asked, now)
    again, _html = built(sessions, asked, now)

    assert first.fingerprint() == again.fingerprint()
    assert first.fingerprint() != built(sessions, asked, now + timedelta(days=1))[0].fingerprint()


def test_what_was_mended_is_told(sessions, asked, now):
    with sessions() as session, session.begin():
        before = profiles.build(session, asked.lead, asked.assessment_id, now=now)
        ward.scan(session, asked.ward, errand.VENDOR, quality=1, now=now)
    made, html = built(sessions, asked, now)

    assert len(made.to_mend) < len(before.to_mend)
    assert made.mended
    assert "In den letzten zwölf Monaten behoben" in html


@pytest.mark.office
def test_the_pdf_is_read_by_another_program(visit, asked, tmp_path: Path):
    answer = visit(asked.lead).post(f"{asked.path}/profile")

    assert answer.mimetype == "application/pdf"
    file = tmp_path / "profile.pdf"
    file.write_bytes(answer.data)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout
    assert "Sicherheitsprofil" in text
    assert errand.VENDOR in text
    assert "Klinikum" not in text


def test_another_company_gets_nothing(visit, asked, sessions):
    with sessions() as session, session.begin():
        other = errand.stranger(session)

    assert visit(other).post(f"{asked.path}/profile").status_code == 404
