"""Documents in the browser: through the guard, sealed on disk, given out as a download, gone when deleted."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Hospital
from portal.db.models.responses import Evidence
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
from portal.web import journey
from questionnaires.model import AnswerValue
from reports import rendering
from tests.portal.files import clamd
from tests.portal.web.vendor import errand

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
FIELDS = {
    "kind": "iso27001_cert", "to": "GV-01", "issuer": "TÜV", "scope": "Standort Lindenau", "issued_on": "2026-01-05",
    "valid_from": "", "valid_to": "2099-01-04", "confidentiality": "confidential",
}  # fmt: skip


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def _put(visitor, asked, *, name="zertifikat.pdf", content=PDF, **fields):
    data = {**FIELDS, **fields, "file": (BytesIO(content), name)}
    return visitor.post(f"{asked.path}/documents/add", data, content_type="multipart/form-data")


def test_a_document_goes_in_sealed_and_comes_out_whole(lead, asked, session, settings):
    answer = _put(lead, asked)

    assert "/questions/" in answer.headers["Location"]
    assert answer.headers["Location"].endswith("#GV-01")
    row = session.scalars(select(Evidence)).one()
    on_disk = [path.read_bytes() for path in settings.files_dir.rglob("*") if path.is_file()]
    assert len(on_disk) == 1
    assert PDF not in on_disk[0]
    copy = lead.get(f"{asked.path}/documents/{row.id}/file")
    assert copy.data == PDF
    assert copy.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in copy.headers["Content-Security-Policy"]
    page = errand.text_of(lead.get(f"{asked.path}/documents/{row.id}"))
    for words in ("TÜV", "Standort Lindenau", row.sha256, "GV-01", "Bisher niemand"):
        assert words in page
    assert "zertifikat.pdf" in errand.text_of(lead.get(f"{asked.path}/documents"))


@pytest.mark.parametrize(
    ("name", "content"),
    [("zertifikat.pdf", b"<html>"), ("seite.html", b"<html></html>"), ("leer.pdf", b""), ("makro.xlsm", b"PK\x03\x04")],
)
def test_what_is_not_what_it_says_is_refused_and_leaves_nothing(lead, asked, session, settings, name, content):
    answer = _put(lead, asked, name=name, content=content)

    assert answer.status_code == 422
    assert 'value="TÜV"' in answer.get_data(as_text=True)
    assert session.scalars(select(Evidence)).all() == []
    assert [path for path in settings.files_dir.rglob("*") if path.is_file()] == []


def test_what_the_service_refuses_leaves_nothing_on_the_disk(lead, asked, settings):
    answer = _put(lead, asked, valid_from="2026-05-01", valid_to="2026-01-01")

    assert answer.status_code == 422
    assert [path for path in settings.files_dir.rglob("*") if path.is_file()] == []


def test_no_file_is_said(lead, asked):
    data = {**FIELDS}
    answer = lead.post(f"{asked.path}/documents/add", data, content_type="multipart/form-data")

    assert answer.status_code == 422
    assert "Wählen Sie eine Datei" in errand.text_of(answer)


def test_a_document_is_used_again_taken_away_and_deleted(lead, asked, session, settings):
    _put(lead, asked)
    row = session.scalars(select(Evidence)).one()
    lead.post(f"{asked.path}/documents/use", {"existing": row.id, "to": "GV-02"})
    assert "GV-02" in errand.text_of(lead.get(f"{asked.path}/documents"))
    lead.post(f"{asked.path}/documents/{row.id}/places/GV-02/remove")
    assert "GV-02" not in errand.text_of(lead.get(f"{asked.path}/documents"))

    lead.post(f"{asked.path}/documents/{row.id}/remove")

    assert lead.get(f"{asked.path}/documents/{row.id}").status_code == 404
    assert [path for path in settings.files_dir.rglob("*") if path.is_file()] == []


def test_a_stranger_gets_the_same_answer_as_for_nothing(lead, visit, asked, sessions, session):
    _put(lead, asked)
    row = session.scalars(select(Evidence)).one()
    with sessions() as writing, writing.begin():
        stranger = errand.stranger(writing)
    stranger = visit(stranger)

    pages = [
        stranger.get(f"{asked.path}/documents/{row.id}/file"),
        stranger.get(f"{asked.path}/documents/{'0' * 20}/file"),
        stranger.get(f"/vendor/rounds/{'0' * 20}/documents/{row.id}"),
    ]
    assert {page.status_code for page in pages} == {404}
    assert len({page.data for page in pages}) == 1


# ---- how long it is kept, who may save it, and what is left of it


def test_how_it_is_kept_is_said_and_can_be_changed(lead, asked, session, now):
    _put(lead, asked, product="MedView", release="4.2", retain_until="2098-12-31", is_view_only="y")
    row = session.scalars(select(Evidence)).one()
    address = f"{asked.path}/documents/{row.id}"

    page = errand.text_of(lead.get(address))
    for words in ("MedView, 4.2", "bis 31.12.2098, dann gelöscht", "nur lesen, nicht speichern", "Zählt bis"):
        assert words in page
    listed = errand.text_of(lead.get(f"{asked.path}/documents"))
    assert "nur lesen, nicht speichern" in listed
    assert "vertraulich" in listed
    lead.post(f"{address}/keeping", {"retain_until": ""})
    assert "bis Sie es löschen" in errand.text_of(lead.get(address))
    refused = lead.post(f"{address}/keeping", {"retain_until": "2020-01-01"})
    assert (refused.status_code, "Wählen Sie einen Tag in der Zukunft." in errand.text_of(refused)) == (422, True)


def test_only_a_pdf_can_be_kept_from_being_saved(lead, asked, settings):
    answer = _put(lead, asked, name="liste.csv", content=b"a;b\n", is_view_only="y")

    assert answer.status_code == 422
    assert "Nur ein PDF lässt sich zeigen" in errand.text_of(answer)
    assert [path for path in settings.files_dir.rglob("*") if path.is_file()] == []


def test_what_is_left_of_a_deleted_document_is_its_proof(lead, asked, session):
    _put(lead, asked)
    row = session.scalars(select(Evidence)).one()
    lead.post(f"{asked.path}/documents/{row.id}/remove")

    page = lead.get("/vendor/deleted-documents")
    text = errand.text_of(page)
    for words in ("zertifikat.pdf", "vom Unternehmen gelöscht", row.sha256[:16], "noch nicht bestätigt"):
        assert words in text
    link = page.get_data(as_text=True).partition('href="/vendor/deleted-documents/')[2].partition('"')[0]
    paper = lead.get(f"/vendor/deleted-documents/{link}")
    assert paper.data.startswith(b"%PDF-")
    assert paper.headers["Content-Disposition"].startswith("attachment")
    assert "Gelöschte Dokumente" in errand.text_of(lead.get(f"{asked.path}/documents"))


@pytest.mark.office
def test_a_hospital_reads_pages_of_what_is_only_to_be_read(lead, visit, asked, sessions, session, now):
    document = rendering.pdf("<p></p><p></p>", style="p { break-after: page } p:last-child { break-after: auto }")
    _put(lead, asked, content=document, is_view_only="y")
    row = session.scalars(select(Evidence)).one()
    with sessions() as writing, writing.begin():
        yes = AnswerValue(choices=("yes",))
        responses.save(writing, asked.lead, asked.assessment_id, ("GV-02", ""), yes, version=0, now=now)
        signer = Signer(name="Erika", function="CISO", confirms=True)
        submissions.hand_in(writing, asked.lead, asked.assessment_id, signer, base_url="http://x", now=now)
    address = f"/hospital/assessments/{asked.assessment_id}/evidence/{row.id}"
    reader = visit(asked.ward.assessor)

    answer = reader.post(address, {"page": "2"})

    assert answer.mimetype == "text/html"
    assert "Content-Disposition" not in answer.headers
    assert document not in answer.data
    assert 'src="data:image/png;base64,' in answer.get_data(as_text=True)
    assert "Seite 2 von 2" in errand.text_of(answer)
    assert "vertraulich" in errand.text_of(answer)
    assert "Seite 2 gelesen" in errand.text_of(lead.get(f"{asked.path}/documents/{row.id}"))
    beyond = reader.post(address, {"page": "3"})
    assert beyond.status_code >= 400
    assert "Diese Seite ließ sich nicht zeichnen." in errand.text_of(beyond)
    assert "Seite 3 gelesen" not in errand.text_of(lead.get(f"{asked.path}/documents/{row.id}"))


@pytest.mark.loopback
def test_a_virus_and_a_scanner_that_is_not_there_are_refused(app, lead, asked, settings, session, tmp_path):
    def sent(setting: str, content: bytes) -> str:
        app.extensions[journey.EXTENSION] = replace(
            app.extensions[journey.EXTENSION], settings=replace(settings, virus_scanner=setting)
        )
        answer = _put(lead, asked, content=content)
        assert answer.status_code == 422
        return errand.text_of(answer)

    infected = b"%PDF-1.7\n" + clamd.EICAR.encode() + b"\n%%EOF\n"
    with clamd.running(tmp_path / "clamd.ctl") as (setting, _seen):
        assert "Der Virenscanner weist diese Datei zurück: Eicar-Test-Signature." in sent(setting, infected)
    assert "Der Virenscanner antwortet gerade nicht" in sent(f"unix:{tmp_path / 'clamd.ctl'}", PDF)
    assert session.scalars(select(Evidence)).all() == []
    assert [path for path in settings.files_dir.rglob("*") if path.is_file()] == []


@pytest.mark.loopback
@pytest.mark.parametrize("path", ["{round}/documents/add", "/vendor/documents/add"])
def test_others_save_while_the_virus_scanner_looks(app, lead, asked, settings, session, tmp_path, path):
    def save() -> None:
        place = settings.database_url.removeprefix("sqlite:///")
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(place, timeout=1)) as other:
            other.execute("UPDATE hospital SET contact_phone = '112'")
            other.commit()

    fields = {**FIELDS, "file": (BytesIO(PDF), "zertifikat.pdf")}
    if path.startswith("/"):
        del fields["to"]
    with clamd.running(tmp_path / "clamd.ctl", meanwhile=save) as (setting, _seen):
        app.extensions[journey.EXTENSION] = replace(
            app.extensions[journey.EXTENSION], settings=replace(settings, virus_scanner=setting)
        )
        answer = lead.post(path.format(round=asked.path), fields, content_type="multipart/form-data")

    assert answer.status_code == 303, errand.text_of(answer)
    assert set(session.scalars(select(Hospital.contact_phone))) == {"112"}
