"""The draft of a contract's annex: eight letters, a note that it is a draft, hostile words that stay words."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import docx
import pytest

from assessments import contract_terms
from portal import i18n
from reports import contract_annex
from reports.contract_annex import Draft
from reports.reader import Reader
from tests.reports import building

HOSTILE = "<w:p/>\x00\x0b &lt;script&gt;<b>{{ 7*7 }} \ud800"
WRITER = Path("/usr/lib/libreoffice/program/libswlo.so")


def reader(language: str = "de") -> Reader:
    return Reader(language=language, translate=i18n.translator(language))


def a_draft(vendor: str = "Beispiel Medizintechnik GmbH") -> Draft:
    assessed = building.assessed(3, vendor=vendor)
    actions = [building.action(1, title=f"Port schließen {vendor}"), building.action(2)]
    return Draft(assessed=assessed, agreed=contract_terms.agree(assessed, actions), now=building.NOW)


@pytest.fixture(scope="module")
def draft() -> Draft:
    return a_draft()


@pytest.mark.parametrize("language", ["de", "en"])
def test_both_files_say_the_same(draft: Draft, language: str):
    say = reader(language)
    content = contract_annex.word(draft, reader=say)
    assert content == contract_annex.word(draft, reader=say)
    opened = docx.Document(BytesIO(content))
    text = "\n".join(one.text for one in opened.paragraphs)
    cells = [tuple(cell.text for cell in row.cells) for table in opened.tables for row in table.rows]
    page = contract_annex.html(draft, reader=say)
    for agreed in draft.agreed:
        for clause in agreed.term.clauses:
            assert contract_annex.said(clause, draft, say) in text
        for item in agreed.items:
            assert contract_annex.cells(item, say) in cells
            assert say.day(item.due_on) in page
    draft_note = {"de": "keine Rechtsberatung", "en": "no legal advice"}[language]
    no_duty = {"de": "Orientierung, keine Pflicht", "en": "a reference, not an obligation"}[language]
    for whole in (text, page):
        assert draft_note in whole
        assert no_duty in whole


def test_whoever_is_called_in_an_incident_stands_in_the_clause(draft: Draft):
    text = contract_annex.html(draft, reader=reader())
    assert "im Vorfall: [Stelle, Telefon, E-Mail, rund um die Uhr]." in text
    known = contract_annex.html(replace(draft, contact="CERT; +49 30 1; cert@firma.example"), reader=reader())
    assert "im Vorfall: CERT; +49 30 1; cert@firma.example." in known
    assert contract_annex.CONTACT not in text + known


def test_hostile_words_stay_words():
    hostile = a_draft(HOSTILE)
    opened = docx.Document(BytesIO(contract_annex.word(hostile, reader=reader())))
    assert any("<w:p/>\ufffd" in one.text for one in opened.paragraphs)
    assert "<b>{{" not in contract_annex.html(hostile, reader=reader())


@pytest.mark.office
@pytest.mark.skipif(not WRITER.exists(), reason="not installed: apt-get install libreoffice-writer")
def test_libreoffice_opens_the_draft(draft: Draft, tmp_path: Path):
    (tmp_path / "draft.docx").write_bytes(contract_annex.word(draft, reader=reader()))
    program = str(shutil.which("soffice"))
    subprocess.run(
        [
            *(program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--norestore"),
            *("--convert-to", "txt:Text (encoded):UTF8", "--outdir", str(tmp_path), str(tmp_path / "draft.docx")),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    text = (tmp_path / "draft.txt").read_text(encoding="utf-8-sig")
    for agreed in draft.agreed:
        assert agreed.term.title.de in text
