"""Incidents and questions of the moment over the wire: told, confirmed, answered with and without an account."""

from __future__ import annotations

import io
import re
import subprocess
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import select

from portal.db.models.incidents import Flash, FlashAsked, FlashReply, Incident, IncidentReceipt
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import AnswerEvidence, Evidence
from portal.services.incidents import flashes
from tests.portal import alarms
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand
from tests.portal.web.vendor.errand import text_of

HOSTILE = "=cmd|' /C calc'!A0 <script>alert(1)</script> {{ 7*7 }} %(x)s \u202e"


@pytest.fixture
def asked(sessions):
    with sessions() as session, session.begin():
        return errand.accepted(session, datetime.now(UTC) - timedelta(days=2))


def sent(**more):
    now = datetime.now()
    return {
        "title": "Ransomware im Rechenzentrum",
        "known_at": (now - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M"),
        "stage": "early",
        "what": "Server sind verschlüsselt.",
        "malicious": "yes",
        "abroad": "unknown",
        "contact_name": "Erika Muster",
        "contact_phone": "+49 30 1",
        "next_at": (now + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M"),
        "reach": "chosen",
        **more,
    }


def test_an_incident_goes_from_the_company_to_the_hospital_and_its_receipt_back(visit, asked, session):
    company, hospital = visit(asked.lead), visit(asked.ward.assessor)
    assert "Vorfall melden" in text_of(company.get("/vendor/incidents"))
    assert "ersetzt keine Meldung" in text_of(company.get("/vendor/incidents/report"))

    answer = company.post("/vendor/incidents/report", sent(hospitals=asked.assessment_id, what=HOSTILE))
    assert answer.status_code == 303
    made = session.query(Incident).one()
    page = hospital.get(f"/hospital/incidents/{made.id}").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "alert(1)" in page
    assert "Ransomware im Rechenzentrum" in text_of(hospital.get("/hospital/"))
    assert "to_address" not in page

    hospital.post(f"/hospital/incidents/{made.id}/confirm", {"text": "Wir trennen die Leitung."})
    assert session.query(IncidentReceipt).one().by_name
    assert "Wir trennen die Leitung." in text_of(company.get(f"/vendor/incidents/{made.id}"))
    assert "Ransomware" not in text_of(hospital.get("/hospital/"))

    form = {key: value for key, value in sent(stage="final", sequence="1", cause="Phishing", measures="Neu").items()
            if key not in {"title", "known_at", "reach", "next_at"}}  # fmt: skip
    assert company.post(f"/vendor/incidents/{made.id}/words", form).status_code == 303
    assert "beendet" in text_of(company.get(f"/vendor/incidents/{made.id}"))
    assert "Ransomware" in text_of(hospital.get(f"/hospital/vendors/{asked.ward.vendors[errand.VENDOR]}/incidents"))


def test_a_form_that_cannot_be_taken_keeps_what_was_typed(visit, asked, session):
    company = visit(asked.lead)

    answer = company.post("/vendor/incidents/report", sent(contact_phone="", contact_email=""))

    assert answer.status_code == 422
    assert "Server sind verschlüsselt." in answer.get_data(as_text=True)
    assert session.query(Incident).count() == 0


def test_the_completed_sheet_is_printed_and_lies_beside_the_answer_with_one_click(
    visit, asked, session, sessions, tmp_path
):
    with sessions() as writing, writing.begin():
        ward.answer_all(writing, asked.ward, errand.VENDOR, quality=0.9, now=datetime.now(UTC))
        made = alarms.incident(writing, asked.lead, now=datetime.now(UTC), final=True)
        incident_id = made.id
    company = visit(asked.lead)
    page = company.get(f"/vendor/incidents/{incident_id}").get_data(as_text=True)
    places = re.findall(r'name="place" value="([^"]+)"', page)
    assert {one.rpartition("/")[2] for one in places} == {"incident_report", "notification_template"}

    file = tmp_path / "sheet.pdf"
    file.write_bytes(company.get(f"/vendor/incidents/{incident_id}/sheet.pdf").data)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert "Abschlussmeldung" in text
    assert "Phishing" in text
    assert "Klinikum" not in text

    assert company.post(f"/vendor/incidents/{incident_id}/attach", {"place": places[0]}).status_code == 303
    document = session.scalars(select(Evidence).where(Evidence.kind == places[0].rpartition("/")[2])
                               .order_by(Evidence.uploaded_at.desc())).first()  # fmt: skip
    link = session.scalars(select(AnswerEvidence).where(AnswerEvidence.evidence_id == document.id)).one()
    assert link.question_id == places[0].split("/")[1]
    assert company.post(f"/vendor/incidents/{incident_id}/attach", {"place": "x/y/z"}).status_code == 409


def test_the_empty_sheet_is_for_everybody_on_screen_and_on_paper(visitor, tmp_path):
    page = visitor.get("/incident-sheet").get_data(as_text=True)
    assert "<textarea" in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    file = tmp_path / "empty.pdf"
    file.write_bytes(visitor.get("/incident-sheet.pdf").data)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert "____" in text


def test_a_flash_from_the_search_to_the_workbook(visit, visitor, asked, session, sessions):
    hospital, company = visit(asked.ward.assessor), visit(asked.lead)
    with sessions() as writing, writing.begin():
        ward.add(writing, asked.ward, "Labor Ltd", "LIS Archiv", domain="labor.example", now=datetime.now(UTC))
    page = text_of(hospital.get("/hospital/incidents/flashes/new?words=archiv"))
    assert "unter seinen Produkten genannt" in page
    every = [asked.ward.vendors[errand.VENDOR], asked.ward.vendors["Labor Ltd"]]
    form = {"about": "Archiv", "vendors": every, "text_de": HOSTILE, "text_en": "Affected?", "go": "preview"}

    preview = hospital.post("/hospital/incidents/flashes/new", form)
    assert preview.status_code == 200
    assert "&lt;script&gt;" in preview.get_data(as_text=True)
    assert session.query(Flash).count() == 0
    assert hospital.post("/hospital/incidents/flashes/new", {**form, "go": "send"}).status_code == 303
    flash = session.query(Flash).one()

    ours = session.scalars(select(FlashAsked).where(FlashAsked.vendor_id == every[0])).one()
    assert "Archiv" in text_of(company.get("/vendor/"))
    answer = {"standing": "affected", "text": HOSTILE, "evidence_id": ""}
    assert company.post(f"/vendor/flashes/{ours.id}", answer).status_code == 303

    mail = session.scalars(select(OutboxMail).where(OutboxMail.to_address == "erika@labor.example")).one()
    token = re.search(r"/flash/(\S+)", mail.text)[1]
    for _time in range(2):
        assert visitor.get(f"/flash/{token}").status_code == 303
        assert "Das Lesen beantwortet noch nichts" in text_of(visitor.get("/flash"))
    assert session.query(FlashReply).count() == 1
    assert visitor.post("/flash/answer", {"standing": "not-affected", "name": "Ann"}).status_code == 200
    assert visitor.post("/flash/answer", {"standing": "affected", "name": "Ann"}).status_code == 404

    board = text_of(hospital.get(f"/hospital/incidents/flashes/{flash.id}"))
    assert "1 betroffen" in board
    assert "1 nicht betroffen" in board
    book = openpyxl.load_workbook(io.BytesIO(hospital.get(f"/hospital/incidents/flashes/{flash.id}/answers.xlsx").data))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert any(str(cell.value).startswith("=cmd") for cell in cells)

    with sessions() as writing, writing.begin():
        flashes.close(writing, asked.ward.assessor, flash.id, conclusion="Getrennt.", now=datetime.now(UTC))
    assert "Getrennt." in text_of(hospital.get(f"/hospital/incidents/flashes/{flash.id}"))
    assert hospital.get(f"/hospital/incidents/flashes/{flash.id}/calls").status_code == 200


def test_every_page_reads_in_english_too(visit, asked, sessions):
    with sessions() as writing, writing.begin():
        incident = alarms.incident(writing, asked.lead, now=datetime.now(UTC)).id
        flash = alarms.flash(writing, asked.ward.assessor, asked.ward.vendors[errand.VENDOR], now=datetime.now(UTC)).id
        asked_id = writing.scalars(select(FlashAsked.id).where(FlashAsked.flash_id == flash)).one()
    for actor, paths in (
        (asked.lead, ("incidents", "incidents/report", f"incidents/{incident}", f"incidents/{incident}/sheet",
                      f"flashes/{asked_id}")),
        (asked.ward.auditor, ("incidents", f"incidents/{incident}", f"incidents/flashes/{flash}",
                           f"incidents/flashes/{flash}/calls")),
    ):  # fmt: skip
        visitor = visit(actor)
        visitor.post("/language", {"language": "en", "path": "/"})
        for path in paths:
            answer = visitor.get(f"/{'vendor' if actor.company_id else 'hospital'}/{path}")
            assert answer.status_code == 200, path
