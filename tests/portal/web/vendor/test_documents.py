"""Documents in the browser: through the guard, sealed on disk, given out as a download, gone when deleted."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import select

from portal.db.models.responses import Evidence
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
