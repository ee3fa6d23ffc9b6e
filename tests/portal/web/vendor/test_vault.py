"""The company's documents in the browser: reached from its own page, whatever round runs."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import select

from portal.db.models.responses import Evidence
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
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
