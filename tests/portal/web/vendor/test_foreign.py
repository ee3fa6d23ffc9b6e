"""A form for others on its page: read, counted, and offered beside the questions."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import select

from portal.db.models.responses import Suggestion
from portal.db.models.vendors import Supply
from tests.portal.services.answers.test_foreign_answers import workbook
from tests.portal.web.vendor import errand


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def _bring(lead, asked, content: bytes, name: str = "MDS2.xlsx", product: str = ""):
    data = {"file": (BytesIO(content), name), "product": product}
    return lead.post(f"{asked.path}/other-forms", data, content_type="multipart/form-data")


def test_a_form_is_brought_from_the_round_and_leads_to_its_questions(lead, asked, session):
    assert f"{asked.path}/other-forms" in lead.get(asked.path).get_data(as_text=True)
    supply = session.scalars(select(Supply.id)).one()

    answer = _bring(lead, asked, workbook(), product=supply)

    page = errand.text_of(answer)
    for words in ("PACS Archiv 7", "3 Vorschläge warten auf Sie", "MPII-1", "SW-0815"):
        assert words in page
    assert len(session.scalars(select(Suggestion)).all()) == 3


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("MDS2.pdf", b"%PDF-1.7", "Excel-Arbeitsmappe"),
        ("MDS2.xlsx", b"<html>", "nicht der einer XLSX-Datei"),
        ("MDS2.xlsx", workbook({}), "kein Formular erkannt"),
    ],
)
def test_what_cannot_be_read_gets_its_sentence(lead, asked, session, name: str, content: bytes, sentence: str):
    answer = _bring(lead, asked, content, name, session.scalars(select(Supply.id)).one())

    assert sentence in errand.text_of(answer)
    assert session.scalars(select(Suggestion)).all() == []
