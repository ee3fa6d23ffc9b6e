"""Recording in the browser, and an intake that its owner answers by a link."""

from __future__ import annotations

import functools
import re
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import select

from assessments import intake as intake_form
from portal.db.models.accounts import Hospital
from portal.db.models.intake_requests import IntakeRequest
from portal.db.models.jobs import OutboxMail
from portal.db.models.recordings import RecordedAnswer, RecordedSource
from portal.demonstration import documents
from portal.jobs import reading
from portal.services.answers import recordings
from portal.services.vendors import vendors
from portal.services.vendors.vendors import SupplyFields
from tests.portal.web.hospital import ward as wards
from tests.portal.web.vendor import errand

NAME = "Stumm Medizintechnik GmbH"
PDF = documents.pdf("Bericht", ["Ein Satz."]) if hasattr(documents, "pdf") else b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def ward(sessions):
    now = datetime.now(UTC)
    with sessions() as session, session.begin():
        made = wards.empty(session)
        wards.add(session, made, NAME, "PACS", domain="stumm.example", now=now)
        wards.invite(session, made, NAME, now=now, due=(now + timedelta(days=20)).date())
        return made


@pytest.fixture
def clerk(visit, ward):
    return visit(ward.assessor)


@pytest.fixture
def path(ward):
    return f"/hospital/assessments/{ward.assessments[NAME]}/recording"


def put(clerk, path, content=PDF, name="SOC2.pdf", **fields):
    sent = {"file": (BytesIO(content), name), "kind": "document", "supplied_by": "Frau Still", **fields}
    return clerk.post(f"{path}/sources", sent, content_type="multipart/form-data")


def easy(sessions, ward):
    with sessions() as session:
        asked = recordings.questionnaire(session, ward.assessor, ward.assessments[NAME], now=datetime.now(UTC))
        slot = next(one for one in asked.slots if one.question.shape.kind.value == "yes_partial_no_na")
        return ".".join(part for part in slot.key if part), slot.question.shape.options[0].id


def test_an_answer_is_recorded_from_a_document_and_closed(clerk, ward, sessions, path):
    assert put(clerk, path).status_code == 303
    with sessions() as session:
        source = session.scalars(select(RecordedSource)).one()
    name, option = easy(sessions, ward)
    fields = {"value": option, "source": source.id, "place": "S. 12", "note": "Nur wir.", "version": "0"}

    assert clerk.post(f"{path}/{name}", {**fields, "place": ""}).status_code == 422
    assert clerk.post(f"{path}/{name}", fields).status_code == 303
    assert "SOC2.pdf, S. 12" in errand.text_of(clerk.get(path))
    assert clerk.post(f"{path}/close").status_code == 303
    review = errand.text_of(clerk.get(f"/hospital/review/{ward.assessments[NAME]}"))
    assert "vom Krankenhaus erfasst" in review or "recorded by the hospital" in review
    assert clerk.post(f"{path}/sources/{source.id}").data == PDF


def test_a_round_begins_without_an_invitation_and_every_page_says_so(visit, sessions):
    now = datetime.now(UTC)
    with sessions() as session, session.begin():
        made = wards.empty(session)
        wards.add(session, made, NAME, "PACS", domain="stumm.example", now=now)
        before = set(session.scalars(select(OutboxMail.id)))  # colleagues of the hospital were let in by mail
    clerk, at = visit(made.assessor), f"/hospital/vendors/{made.vendors[NAME]}"
    assert f"{at}/record" in clerk.get(at).get_data(as_text=True)
    fields = {"supplies": made.supplies[NAME], "question_set": "full", "catalogue": "hospital-vendor@2026.1"}

    refused = clerk.post(f"{at}/record", {**fields, "reason": ""})
    assert refused.status_code == 422
    begun = clerk.post(f"{at}/record", {**fields, "reason": "Antwortet nur per Post."})
    assert begun.status_code == 303
    assert begun.location.endswith("/recording")
    with sessions() as session:
        assert set(session.scalars(select(OutboxMail.id))) == before
    page = begun.location.removesuffix("/recording")
    for where in (page, begun.location, "/hospital/assessments"):
        assert "ohne Einladung" in errand.text_of(clerk.get(where)) or "without invitation" in errand.text_of(
            clerk.get(where)
        )
    assert clerk.post(f"{page}/invite", {"email": "neu@stumm.example", "language": "de"}).status_code == 303
    with sessions() as session:
        found = session.scalars(select(OutboxMail.to_address).where(OutboxMail.id.not_in(before)))
        assert list(found) == ["neu@stumm.example"]


def test_a_clash_shows_both_and_keeps_what_was_typed(clerk, ward, sessions, path):
    put(clerk, path)
    with sessions() as session:
        source = session.scalars(select(RecordedSource)).one()
    name, option = easy(sessions, ward)
    fields = {"value": option, "source": source.id, "place": "S. 12", "version": "0"}
    clerk.post(f"{path}/{name}", fields)

    answer = clerk.post(f"{path}/{name}", {**fields, "place": "S. 99", "comment": "Anders gelesen."})

    assert answer.status_code == 409
    html = answer.get_data(as_text=True)
    assert "S. 99" in html
    assert "Anders gelesen." in html
    assert "S. 12" in html
    version = re.search(r'name="version"[^>]*value="(\d+)"', html)[1]
    assert clerk.post(f"{path}/{name}", {**fields, "place": "S. 99", "version": version}).status_code == 303


def test_a_mailed_workbook_is_compared_and_recorded(clerk, ward, sessions, path):
    taken = clerk.post(f"{path}/workbook")
    book = openpyxl.load_workbook(BytesIO(taken.data))
    with sessions() as session:
        asked = recordings.questionnaire(session, ward.assessor, ward.assessments[NAME], now=datetime.now(UTC))
        question = next(one.question for one in asked.slots if one.question.shape.kind.value == "yes_partial_no_na")
    filled = fill(book, question)
    content = BytesIO()
    book.save(content)

    found = put(clerk, path, content.getvalue(), "antworten.xlsx", kind="workbook")
    page = clerk.get(found.headers["Location"])
    html = page.get_data(as_text=True)
    chosen = re.findall(r'name="chosen" value="([^"]+)" checked', html)
    assert len(chosen) == 1, errand.text_of(page)
    assert clerk.post(found.headers["Location"], {"chosen": chosen}).status_code == 303
    with sessions() as session:
        row = session.scalars(select(RecordedAnswer)).one()
        assert (row.question_id, row.value["choices"]) == (question.id, [question.shape.options[0].id])
        assert re.search(r"[A-Z]+\d+", row.place)
        assert filled


def test_others_save_while_a_mailed_workbook_is_read(clerk, path, session, settings, monkeypatch):
    found = put(clerk, path, clerk.post(f"{path}/workbook").data, "antworten.xlsx", kind="workbook")
    place = settings.database_url.removeprefix("sqlite:///")
    saving = f"import sqlite3; s = sqlite3.connect({place!r}, timeout=1, isolation_level=None); s.execute(%r)"
    for number, send in enumerate((clerk.get, clerk.post)):
        said = saving % f"UPDATE hospital SET contact_phone = '{number}'"
        monkeypatch.setattr(reading, "_read", functools.partial(reading._read, reader=(sys.executable, "-c", said)))
        send(found.headers["Location"])
        monkeypatch.undo()
        assert set(session.scalars(select(Hospital.contact_phone))) == {str(number)}
        session.rollback()


def fill(book, question) -> bool:
    """Type the first choice where the workbook asks this question."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            if any(cell.value == question.id for cell in row):
                for cell in row:
                    if not cell.protection.locked:
                        cell.value = question.shape.options[0].text.de
                        return True
    return False


def test_what_is_no_document_is_refused_beside_the_field(clerk, path):
    answer = put(clerk, path, b"MZ\x90\x00", "virus.pdf")

    assert answer.status_code == 422
    assert "Frau Still" in answer.get_data(as_text=True)


def test_the_owner_answers_once_and_the_assessor_takes_it_over(clerk, ward, sessions, visitor):
    supply = ward.supplies[NAME]
    until = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
    sent = {"name": "Dr. Beck", "email": "beck@klinik.example", "language": "de", "until": until, "message": "Bitte."}
    assert clerk.post(f"/hospital/vendors/supplies/{supply}/intake/ask", sent).status_code == 303
    with sessions() as session:
        mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "intake")).one()
        link = re.search(r"/intake/avi_\S+", mail.text)[0]
        before = session.scalars(select(IntakeRequest)).one().version

    for _ in range(2):
        moved = visitor.get(link)
        assert moved.status_code == 303
        form = moved.location
        assert "avi_" not in form  # the token stands in no address that a page could hand on
        page = visitor.get(form)
    text = errand.text_of(page)
    assert "PACS" in text
    assert NAME not in text
    with sessions() as session:
        assert session.scalars(select(IntakeRequest)).one().version == before

    answers = {one.id: one.options[0].id for one in intake_form.current().questions}
    wrong = visitor.post(form, {**answers, "name": "", "function": "Radiologie", "remark": "Ersatz ab März."})
    assert wrong.status_code == 422
    assert "Ersatz ab März." in wrong.get_data(as_text=True)
    sent = visitor.post(form, {**answers, "name": "Dr. Ada Beck", "function": "Leitung Radiologie"})
    assert sent.status_code == 200
    assert visitor.post(form, {**answers, "name": "x", "function": "y"}).status_code == 200  # it has ended
    assert "Dr. Ada Beck" in errand.text_of(clerk.get("/hospital/"))

    page = clerk.get(f"/hospital/vendors/supplies/{supply}/intake")
    html = page.get_data(as_text=True)
    assert "Leitung Radiologie" in html
    with sessions() as session:
        row = session.scalars(select(IntakeRequest)).one()
        fields = {"request": row.id, "version": str(row.version)}
    over = f"/hospital/vendors/supplies/{supply}/intake/take-over"
    assert clerk.post(over, {**fields, "version": "0"}).status_code == 409
    assert clerk.post(over, fields).status_code == 303
    assert "Dr. Ada Beck" in errand.text_of(clerk.get(f"/hospital/vendors/supplies/{supply}/intake"))


def test_two_links_in_two_tabs_stay_two(clerk, ward, sessions, visitor):
    """One person is asked about two supplies: what is typed in the first tab is no answer in the second."""
    with sessions() as session:
        fields, vendor_id = SupplyFields(name="Zweites"), ward.vendors[NAME]
        second = vendors.add_supply(session, ward.assessor, vendor_id, fields, now=datetime.now(UTC)).id
        session.commit()
    first = ward.supplies[NAME]
    until = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
    forms = {}
    for supply, email in ((first, "a@klinik.example"), (second, "b@klinik.example")):
        sent = {"name": "Beck", "email": email, "language": "de", "until": until}
        asked = clerk.post(f"/hospital/vendors/supplies/{supply}/intake/ask", sent)
        assert asked.status_code == 303
        with sessions() as session:
            mail = session.scalars(select(OutboxMail).where(OutboxMail.to_address == email)).one()
        forms[supply] = visitor.get(re.search(r"/intake/avi_\S+", mail.text)[0]).location
    answers = {one.id: one.options[0].id for one in intake_form.current().questions}

    assert visitor.post(forms[first], {**answers, "name": "Ada", "function": "Labor"}).status_code == 200

    with sessions() as session:
        rows = session.scalars(select(IntakeRequest).where(IntakeRequest.supply_id == second)).all()
        assert [row.submitted_at for row in rows] == [None]
    assert "Ada" not in visitor.get(forms[second]).get_data(as_text=True)
    assert visitor.get("/intake?which=0123456789ab").status_code == 200  # has ended
