"""Looking through, signing, the receipt; and that no page of the company says a word that is the hospital's own."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from assessments import contradictions, policy
from portal import i18n
from portal.db.models.accounts import Person, SignIn
from portal.db.models.assessments import Assessment, Review, ReviewState, Settlement, Stage
from portal.db.models.registers import ScoreRecord
from portal.db.models.responses import Answer, SignOff
from portal.db.models.vendors import Host, IntakeRecord, Supply, Vendor
from portal.services.answers import responses, submissions
from portal.services.people import passwords
from portal.services.registers import dossiers, registers
from questionnaires.model import AnswerValue
from reports import pages, tables
from reports.reader import Reader
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

GERMAN = Reader(language="de", translate=i18n.translator("de"))
SIGNED = {"name": "Erika Muster", "function": "CISO", "confirms": "y"}


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        made = errand.accepted(session, now, products=("PACS Archiv",))
        ward.scan(session, made.ward, errand.VENDOR, quality=0.2, now=now)
        ward.answer_all(session, made.ward, errand.VENDOR, quality=0.9, now=now, share=0.9)
        return made


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def test_the_page_says_what_is_open_what_does_not_fit_and_what_has_expired(lead, asked):
    page = errand.text_of(lead.get(f"{asked.path}/hand-in"))

    for words in ("Noch offen", "Was noch nicht zusammenpasst", "abgelaufen", "Selbstauskunft nach bestem Wissen"):
        assert words in page


def test_what_was_seen_is_disputed_from_there_and_nothing_is_held_up(lead, asked):
    page = lead.get(f"{asked.path}/hand-in").get_data(as_text=True)
    address = re.search(r'href="([^"]*/disputes/add\?[^"]*)"', page)[1].replace("&amp;", "&")
    place = dict(parse_qsl(urlsplit(address).query))

    assert lead.get(address).status_code == 200
    said = place | {"reason": "fixed", "text": "Seit gestern behoben.", "evidence_id": ""}
    assert lead.post(f"{asked.path}/disputes/add", said).status_code == 303

    page = lead.get(f"{asked.path}/hand-in").get_data(as_text=True)
    assert address.replace("&", "&amp;") not in page
    assert re.search(r'/disputes">\s*bestritten', page)
    assert lead.post(f"{asked.path}/hand-in", SIGNED).status_code == 303


def test_nobody_signs_what_a_colleague_has_changed_meanwhile(lead, asked, sessions, now):
    def seen(page):
        return {"seen": re.search(r'name="seen"[^>]*value="([0-9a-f]{64})"', page.get_data(as_text=True))[1]}

    looked = seen(lead.get(f"{asked.path}/hand-in"))
    with sessions() as session, session.begin():
        row = session.scalars(select(Answer).where(Answer.question_id == "GV-02")).one()
        value = AnswerValue(choices=("no",), comment="seit heute nicht mehr")
        responses.save(
            session, asked.lead, asked.assessment_id, ("GV-02", row.supply_id), value, version=row.version, now=now
        )

    refused = lead.post(f"{asked.path}/hand-in", SIGNED | looked)

    assert refused.status_code == 422
    assert "Seit Sie diese Seite geöffnet haben" in errand.text_of(refused)
    assert lead.post(f"{asked.path}/hand-in", SIGNED | seen(refused)).status_code == 303


def test_what_the_hospital_has_settled_is_said_without_its_reason(lead, asked, sessions, now):
    page = errand.text_of(lead.get(f"{asked.path}/hand-in"))
    with sessions() as session, session.begin():
        company_id = session.get_one(Assessment, asked.assessment_id).company_id
        dossier = dossiers.build_for_company(session, company_id, asked.assessment_id, now=now)
        one = contradictions.find(dossier, policy.current())[0]
        hospital_id = session.get_one(Assessment, asked.assessment_id).hospital_id
        session.add(
            Settlement(
                hospital_id=hospital_id, assessment_id=asked.assessment_id, key=one.key, reason="CANARY-reason",
                by_name="CANARY-name", at=now,
            )
        )  # fmt: skip
    after = errand.text_of(lead.get(f"{asked.path}/hand-in"))

    assert "Was gelten soll: " in page
    assert ("geklärt" in page, "geklärt" in after) == (False, True)
    assert "CANARY" not in after


def test_signing_freezes_and_shows_the_receipt(lead, asked, session):
    answer = lead.post(f"{asked.path}/hand-in", SIGNED)

    assert answer.headers["Location"].endswith("/receipt")
    signed = session.scalars(select(SignOff)).one()
    page = errand.text_of(lead.get(f"{asked.path}/receipt"))
    for words in (signed.sha256, "Erika Muster, CISO", "hospital-vendor 2026.1", "PACS Archiv"):
        assert words in page
    assert errand.assessment(session, asked).stage is Stage.SUBMITTED
    assert "können gelesen" in errand.text_of(lead.get(f"{asked.path}/questions/GV"))
    assert lead.post(f"{asked.path}/hand-in", SIGNED).status_code == 409
    assert lead.get(asked.path).status_code == 200


def test_who_signed_in_long_ago_proves_themselves_before_signing(lead, asked, sessions, session, now):
    with sessions() as writing, writing.begin():
        writing.get_one(Person, asked.lead.person_id).password_hash = passwords.make_hash(building.PASSWORD)
        row = writing.scalars(select(SignIn).where(SignIn.person_id == asked.lead.person_id)).one()
        row.confirmed_at = now - timedelta(hours=1)
    assert "Ihr Passwort" in errand.text_of(lead.get(f"{asked.path}/hand-in"))

    for sent in (SIGNED, SIGNED | {"own_password": "falsch"}):
        assert lead.post(f"{asked.path}/hand-in", sent).status_code == 422
    assert session.scalars(select(SignOff)).all() == []

    assert lead.post(f"{asked.path}/hand-in", SIGNED | {"own_password": building.PASSWORD}).status_code == 303
    assert len(session.scalars(select(SignOff)).all()) == 1


def test_the_preview_is_what_the_hospital_reads_after_the_signature(lead, asked, sessions, now):
    def declared(assessed):
        rows = [
            (
                row.question.id,
                row.supply,
                tables.answer_text(row, GERMAN),
                row.value and row.value.comment,
                row.assurance,
            )
            for group in pages.answers_by_section(assessed)
            for row in group.rows
        ]
        return rows, [(one.name, one.sha256, one.standing) for one in assessed.evidence]

    page = " ".join(errand.text_of(lead.get(f"{asked.path}/preview")).split())
    with sessions() as reading:
        before = declared(submissions.preview(reading, asked.lead, asked.assessment_id, now=now))
    lead.post(f"{asked.path}/hand-in", SIGNED)
    with sessions() as reading:
        vendor_id = reading.get_one(Assessment, asked.assessment_id).vendor_id
        after = declared(registers.assess(reading, asked.ward.assessor, vendor_id, now=now))

    assert before == after
    for _question, _supply, words, _value, _assurance in before[0]:
        assert " ".join(words.split()) in page.replace("&#39;", "'"), words


def test_without_the_statement_nothing_is_handed_in(lead, asked, session):
    answer = lead.post(f"{asked.path}/hand-in", {"name": "Erika Muster", "function": "CISO"})

    assert answer.status_code == 422
    assert 'value="CISO"' in answer.get_data(as_text=True)
    assert session.scalars(select(SignOff)).all() == []


@pytest.mark.parametrize("page", ["receipt", "receipt.pdf"])
def test_a_statement_that_is_not_known_here_is_no_fault_of_the_reader(lead, asked, session, page):
    lead.post(f"{asked.path}/hand-in", SIGNED)
    session.scalars(select(SignOff)).one().statement_version = "2031-1"
    session.commit()

    answer = lead.get(f"{asked.path}/{page}")
    assert answer.status_code == 409
    assert "2031-1" in errand.text_of(answer)


def test_there_is_no_receipt_before(lead, asked):
    assert lead.get(f"{asked.path}/receipt").status_code == 404


def test_what_comes_back_stands_in_one_place_with_the_remark(lead, asked, sessions, session, now):
    lead.post(f"{asked.path}/hand-in", SIGNED)
    with sessions() as writing, writing.begin():
        row = writing.get_one(Assessment, asked.assessment_id)
        row.stage = Stage.RETURNED
        row.submitted_at = now - timedelta(hours=1)
        writing.add(
            Review(
                hospital_id=row.hospital_id, assessment_id=row.id, question_id="GV-02", state=ReviewState.RETURNED,
                remark="Gilt das auch für Lindenau?", by_name="A", at=now,
            )
        )  # fmt: skip

    home = lead.get("/vendor/").get_data(as_text=True)
    assert f'href="{asked.path}/questions/returned#GV-02"' in home
    assert "Gilt das auch für Lindenau?" in home
    assert lead.get(f"{asked.path}/questions").headers["Location"].endswith("/questions/returned")
    page = lead.get(f"{asked.path}/questions/returned").get_data(as_text=True)
    assert "Gilt das auch für Lindenau?" in page
    assert page.count("data-autosave=") == 1
    assert lead.get(f"{asked.path}/questions/IH").get_data(as_text=True).count("data-autosave=") == 0


def test_no_page_says_what_is_the_hospitals_own(lead, asked, sessions, now):
    """A word in every column that only the hospital may read, and every page of the company searched for it."""
    with sessions() as writing, writing.begin():
        row = writing.get_one(Assessment, asked.assessment_id)
        row.question_set_reason = "CANARY-set-reason"
        vendor = writing.get_one(Vendor, row.vendor_id)
        for name in ("note", "vat_id", "creditor_number", "contact_name", "name"):
            setattr(vendor, name, f"CANARY-{name}"[:20])
        for supply in writing.scalars(select(Supply)):
            for name in ("description", "department", "owner_name", "product_group"):
                setattr(supply, name, f"CANARY-{name}")
        for host in writing.scalars(select(Host)):
            host.ground_note = "CANARY-ground"
        for intake in writing.scalars(select(IntakeRecord)):
            intake.override_reason, intake.by_name = "CANARY-override", "CANARY-by"
        writing.add(
            Review(
                hospital_id=row.hospital_id, assessment_id=row.id, question_id="GV-02", state=ReviewState.ACCEPTED,
                remark="CANARY-remark", note="CANARY-note", by_name="CANARY-reviewer", at=now,
            )
        )  # fmt: skip
        writing.add(
            ScoreRecord(
                hospital_id=row.hospital_id, assessment_id=row.id, at=now, value=12.3, grade="F", coverage=98.7,
                outside_coverage=97.6, tier=1, impact=5, likelihood=5, residual="CANARY-risk", parts={},
                contradictions=0, open_findings={}, policy_version="CANARY-policy", catalogue_version="c",
                checks_version="c", is_current=True,
            )
        )  # fmt: skip
    lead.post(f"{asked.path}/hand-in", SIGNED)

    paths = ["/vendor/", "/vendor/team", asked.path] + [
        f"{asked.path}/{page}"
        for page in (
            *("approval", "approval/documents-only", "result", "result/live", "questions/profile", "questions/GV"),
            *("questions/BK", "documents", "documents/add", "hand-in", "receipt", "preview", "pack"),
        )
    ]
    for path in paths:
        page = lead.get(path)
        assert page.status_code == 200, path
        assert "CANARY" not in page.get_data(as_text=True), path
        assert "CANARY" not in str(page.headers), path
