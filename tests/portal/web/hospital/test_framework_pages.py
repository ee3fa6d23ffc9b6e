"""A vendor through a framework on its page: the model's counts, filters in the address, sheet and draft to fetch."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

import docx
import openpyxl
from sqlalchemy import select

from assessments import framework_views
from assessments.framework_views import Filter, Framework
from portal.db.models.exports import Export, ExportKind
from portal.db.models.responses import SignOff
from portal.services.registers import registers

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

NAME = "Brückner Integrationssysteme GmbH"


def address(ward: Ward, rest: str = "") -> str:
    return f"/hospital/vendors/{ward.vendors[NAME]}/{rest}"


def test_page_and_sheet_have_the_models_counts(visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    visitor = visit(ward.auditor)
    with sessions() as session:
        assessed = registers.assess(session, ward.auditor, ward.vendors[NAME], now=datetime.now(UTC))
    for framework in Framework:
        found = framework_views.view(assessed, framework)
        page = visitor.get(address(ward, f"frameworks?framework={framework}")).get_data(as_text=True)
        answered = re.findall(r'data-label="Antworten">(\d+) / (\d+)<', page)
        counts = [(row.answered, len(row.answers)) for row in found.rows if not row.is_empty]
        assert [(int(one), int(all_)) for one, all_ in answered] == counts
        made = visitor.get(address(ward, f"frameworks.xlsx?framework={framework}"))
        sheet = openpyxl.load_workbook(BytesIO(made.get_data())).worksheets[1]
        heads = {cell.value: cell.column for cell in sheet[1]}
        for line, row in enumerate(found.rows, start=2):
            assert sheet.cell(line, heads["Beantwortet"]).value == row.answered


def test_a_document_is_called_by_its_files_own_name_too(visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    with sessions() as session, session.begin():
        for edition in session.scalars(select(SignOff)):
            documents = [{**one, "sent_as": "Zertifikat_final_v2.pdf"} for one in edition.manifest["evidence"]]
            edition.manifest = {**edition.manifest, "evidence": documents}
    page = visit(ward.auditor).get(address(ward, "frameworks?framework=iso27001")).get_data(as_text=True)
    assert "(Zertifikat_final_v2.pdf)" in page


def test_a_filter_stands_in_the_address_and_goes_along(visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    visitor = visit(ward.assessor)
    with sessions() as session:
        assessed = registers.assess(session, ward.auditor, ward.vendors[NAME], now=datetime.now(UTC))
    chosen = Filter(gdpr=True)
    page = visitor.get(address(ward, "frameworks?framework=iso27001&gdpr=32")).get_data(as_text=True)
    rows = framework_views.view(assessed, Framework.ISO27001, chosen).rows
    assert page.count('<section class="panel" id="e-') == len(rows)
    assert "frameworks.pdf?framework=iso27001&amp;gdpr=32" in page
    nothing = visitor.get(address(ward, "frameworks?framework=none&owasp=%3Cscript%3E")).get_data(as_text=True)
    assert "Unter diesem Filter bleibt nichts übrig." in nothing
    assert "<script>" not in nothing.replace("<script src", "").replace('<script type="module"', "")


def test_the_draft_opens_and_names_both(visit: Callable[..., Visitor], ward: Ward):
    made = visit(ward.decider).get(address(ward, "contract.docx"))
    text = "\n".join(one.text for one in docx.Document(BytesIO(made.get_data())).paragraphs)
    assert NAME in text
    assert "keine Rechtsberatung" in text


def test_the_committees_paper_is_asked_for(visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    visitor = visit(ward.decider)
    visitor.post("/hospital/reports/committee", {"snapshot": "", "language": "de"})
    assert visitor.post("/hospital/reports/committee", {"snapshot": "x" * 20, "language": "de"}).status_code == 422
    with sessions() as session:
        rows = session.scalars(select(Export).where(Export.kind == ExportKind.COMMITTEE)).all()
        assert [(row.language, row.about) for row in rows] == [("de", None)]
