"""The receipt on paper: the edition, its fingerprint and documents, the ledger of consents; the same in the report."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import i18n
from portal.db.models.assessments import Assessment
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import SignOff
from portal.db.models.vendors import Host
from portal.services.answers import submissions
from portal.services.answers.submissions import Signer
from portal.services.scans import consents
from portal.services.scans.consents import Signature
from reports import receipt as document
from reports.reader import Reader
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

GERMAN = Reader(language="de", translate=i18n.translator("de"))
SIGNER = Signer(name="Erika Muster", function="CISO", confirms=True)
TERMS = {"user_agent": "Kettenblick/1.0", "source_addresses": ["192.0.2.7"], "stopped_by": "https://stop.example"}


@pytest.fixture
def asked(sessions, now):
    """A round in which the company struck a host, agreed, withdrew, and handed in."""
    with sessions() as session, session.begin():
        made = errand.accepted(session, now - timedelta(days=3))
        ward.answer_all(session, made.ward, errand.VENDOR, quality=0.9, now=now - timedelta(days=2))
        host = session.scalars(select(Host).order_by(Host.name)).first()
        begin = now - timedelta(days=1)
        consents.strike_host(session, made.lead, made.assessment_id, host.id, now=begin)
        signed = Signature(
            name="Erika Muster",
            function="CISO",
            emergency_contact="Rufbereitschaft 0123",
            window_to=now + timedelta(days=30),
            terms=TERMS,
        )
        consents.grant(session, made.lead, made.assessment_id, signed, now=begin + timedelta(hours=1))
        taken_back = Signature(name="Jens Leiter", function="Geschäftsführung")
        consents.withdraw(session, made.lead, made.assessment_id, taken_back, now=begin + timedelta(hours=2))
        submissions.hand_in(session, made.lead, made.assessment_id, SIGNER, base_url=ward.BASE_URL, now=now)
        made.struck = host.name
        return made


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


LEDGER = (
    *(
        "stimmte zu:",
        "passiv, Standard",
        "Rufbereitschaft 0123",
        "Kettenblick/1.0",
        "192.0.2.7",
        "https://stop.example",
    ),
    *("widerrief:", "Jens Leiter", "Geschäftsführung", "strich einen Host"),
)


def test_the_receipt_says_what_was_frozen_and_what_comes_next(asked, sessions):
    with sessions() as session:
        made = submissions.receipt(session, asked.lead, asked.assessment_id)
        signed = session.scalars(select(SignOff)).one()

    html = document.html(made, reader=GERMAN)

    for words in (
        signed.sha256,
        "Erika Muster, CISO",
        "Klinikum Nord",
        "PACS Archiv",
        "genau diese Ausgabe",
        asked.struck,
    ):
        assert words in html, words
    for one in signed.manifest["evidence"]:
        assert one["sha256"] in html
    for words in LEDGER:
        assert words in html, words


def test_what_is_signed_after_an_edition_is_not_on_its_receipt(asked, sessions, now):
    with sessions() as session, session.begin():
        later = Signature(name="Nach Her", function="CISO")
        consents.refuse(session, asked.lead, asked.assessment_id, later, now=now + timedelta(days=1))
        made = submissions.receipt(session, asked.lead, asked.assessment_id)

    assert "Nach Her" not in {one.name for one in made.consents}


def test_the_receipt_comes_as_a_pdf_and_the_mail_names_it(lead, asked, session):
    answer = lead.get(f"{asked.path}/receipt.pdf?edition=1")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.get_data().startswith(b"%PDF-")
    assert lead.get(f"{asked.path}/receipt.pdf?edition=9").status_code == 404
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "receipt")).one()
    assert f"{asked.path}/receipt.pdf" in mail.text


def test_the_vendor_report_prints_the_ledger(asked, sessions):
    with sessions() as session:
        entries = consents.on_paper(session, session.get_one(Assessment, asked.assessment_id))

    deeds = [one.deed.value for one in entries]
    assert deeds == ["host.struck", "granted", "withdrawn"]
    assert entries[1].text_version
    assert entries[1].hosts == ()
    assert entries[1].scope
    assert asked.struck not in entries[1].scope
