"""The company's documents in the browser: reached from its own page, whatever round runs."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import quote

import pytest
from sqlalchemy import select

from portal.db.models.responses import Evidence
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.exports import bundles
from questionnaires.model import AnswerValue
from tests.portal.web.vendor import errand
from tests.portal.web.vendor.test_documents import PDF

FIELDS = {"kind": "iso27001_cert", "issuer": "TÜV", "valid_to": "2099-01-04", "confidentiality": "confidential"}


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        made = errand.accepted(session, now)
        value = AnswerValue(choices=("yes",))
        responses.save(session, made.lead, made.assessment_id, ("GV-02", ""), value, version=0, now=now)
        return made


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def _hand_in(sessions, asked, now):
    with sessions() as session, session.begin():
        signer = Signer(name="Erika", function="CISO", confirms=True)
        submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url="http://x", now=now)


def _put(visitor, address="/vendor/documents/add", *, name="zertifikat.pdf", content=PDF, **fields):
    data = {**FIELDS, **fields, "file": (BytesIO(content), name)}
    return visitor.post(address, data, content_type="multipart/form-data")


def _on_disk(settings):
    return [path for path in settings.files_dir.rglob("*") if path.is_file()]


def test_after_the_last_round_a_document_comes_in_is_replaced_and_goes(lead, asked, sessions, session, settings, now):
    _hand_in(sessions, asked, now)
    assert 'href="/vendor/documents"' in lead.get("/vendor/").get_data(as_text=True)
    assert "Noch gibt es kein Dokument" in errand.text_of(lead.get("/vendor/documents"))

    assert _put(lead).status_code == 303
    row = session.scalars(select(Evidence)).one()
    page = errand.text_of(lead.get(f"/vendor/documents/{row.id}"))
    for words in ("TÜV", row.sha256, "Bisher keinem Krankenhaus", "Bisher niemand", "Dokument löschen"):
        assert words in page
    assert "noch nirgends" in errand.text_of(lead.get("/vendor/documents"))
    copy = lead.get(f"/vendor/documents/{row.id}/file")
    assert (copy.data, copy.headers["Content-Disposition"].startswith("attachment")) == (PDF, True)

    form = lead.get(f"/vendor/documents/{row.id}/replace").get_data(as_text=True)
    assert 'value="TÜV"' in form
    assert "2099" not in form  # its dates are its own
    newer = _put(lead, f"/vendor/documents/{row.id}/replace", name="neu.pdf")
    assert newer.status_code == 303
    assert len(_on_disk(settings)) == 1
    listed = errand.text_of(lead.get("/vendor/documents"))
    assert ("neu.pdf" in listed, "zertifikat.pdf" in listed) == (True, False)

    assert lead.post(f"{newer.headers['Location']}/remove").status_code == 303
    assert _on_disk(settings) == []
    assert "neu.pdf" in errand.text_of(lead.get("/vendor/deleted-documents"))


def test_what_was_handed_in_says_to_whom_and_cannot_be_deleted(lead, asked, sessions, session, settings, now):
    lead.post(
        f"{asked.path}/documents/add",
        {**FIELDS, "to": "GV-01", "file": (BytesIO(PDF), "zertifikat.pdf")},
        content_type="multipart/form-data",
    )
    _hand_in(sessions, asked, now)
    row = session.scalars(select(Evidence)).one()

    page = errand.text_of(lead.get(f"/vendor/documents/{row.id}"))
    assert "lässt sich bis" in page
    assert "Dokument löschen" not in page
    assert lead.post(f"/vendor/documents/{row.id}/remove").status_code == 409
    assert len(_on_disk(settings)) == 1


OTHER = {"kind": "other", "title": "Prüfbericht 2026"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("scan_final.pdf", "scan_final.pdf"),
        ("ordner/Bericht Übersicht.pdf", "Bericht Übersicht.pdf"),
        ("a'b;c.v2.PDF", "a_b_c_v2.pdf"),
    ],
)
def test_another_document_keeps_the_name_of_its_file_beside_its_own(lead, session, sent, kept):
    assert _put(lead, name=sent, **OTHER).status_code == 303
    row = session.scalars(select(Evidence)).one()

    assert (row.file_name, row.sent_as) == ("Prüfbericht 2026.pdf", kept)
    page = errand.text_of(lead.get(f"/vendor/documents/{row.id}"))
    assert "Prüfbericht 2026.pdf" in page
    assert f"Gesendet als {kept}" in page
    assert kept in errand.text_of(lead.get("/vendor/documents"))
    said = lead.get(f"/vendor/documents/{row.id}/file").headers["Content-Disposition"]
    assert said.startswith('attachment; filename="')
    assert said.count('"') == 2
    assert said.endswith(f"filename*=UTF-8''{quote(kept)}")


def test_a_document_of_a_known_kind_and_one_sent_under_its_own_name_have_one_name(lead, session):
    assert _put(lead, name="zertifikat.pdf").status_code == 303
    assert _put(lead, name="Prüfbericht 2026.pdf", content=PDF + b"\n", **OTHER).status_code == 303

    assert [row.sent_as for row in session.scalars(select(Evidence))] == ["", ""]


def test_the_hospital_reads_both_names_and_saves_the_file_under_its_own(lead, visit, asked, sessions, session, now):
    lead.post(
        f"{asked.path}/documents/add",
        {**FIELDS, **OTHER, "to": "GV-01", "file": (BytesIO(PDF), "scan_final.pdf")},
        content_type="multipart/form-data",
    )
    _hand_in(sessions, asked, now)
    row = session.scalars(select(Evidence)).one()
    clinic, vendor_id = visit(asked.ward.assessor), asked.ward.vendors[errand.VENDOR]

    page = errand.text_of(clinic.get(f"/hospital/vendors/{vendor_id}/evidence"))
    assert "Prüfbericht 2026.pdf gesendet als scan_final.pdf" in page
    saved = clinic.post(f"/hospital/assessments/{asked.assessment_id}/evidence/{row.id}", {})
    assert "scan_final.pdf" in saved.headers["Content-Disposition"]
    with sessions() as reading:
        gathered = bundles.gather_facts(reading, asked.ward.assessor, vendor_id, now=now)
    names = {one.called for one in gathered.assessed.evidence}
    assert "Prüfbericht 2026.pdf (scan_final.pdf)" in names


def test_what_is_refused_comes_back_with_what_was_typed(lead, settings):
    answer = _put(lead, name="seite.html", content=b"<html></html>")
    assert answer.status_code == 422
    assert 'value="TÜV"' in answer.get_data(as_text=True)
    _put(lead)
    address = lead.get("/vendor/documents").get_data(as_text=True).partition('row-link" href="')[2].partition('"')[0]
    refused = lead.post(f"{address}/keeping", {"retain_until": "2020-01-01"})
    assert (refused.status_code, "Wählen Sie einen Tag in der Zukunft." in errand.text_of(refused)) == (422, True)
    assert _put(lead, f"{address}/replace", valid_from="2026-05-01", valid_to="2026-01-01").status_code == 422
    assert len(_on_disk(settings)) == 1


def test_the_vault_is_for_those_who_lead_the_company(visit, asked, sessions):
    with sessions() as session, session.begin():
        helper = errand.colleague(session, asked, sections=("GV",))
    visitor = visit(helper)

    assert visitor.get("/vendor/documents").status_code == 403
    assert 'href="/vendor/documents"' not in visitor.get("/vendor/").get_data(as_text=True)
