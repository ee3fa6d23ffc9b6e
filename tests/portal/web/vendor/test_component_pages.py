"""Lists of parts on pages: the company sees at once what was read, the hospital once it was handed in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.services.evidence import components
from scanners.datasets import SHIPPED
from scanners.model import Message
from tests.portal.services.evidence import test_components as lists
from tests.portal.web.vendor import errand


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


def _read(sessions, asked, now, *, found=lists.LIST, hand_in: bool = False) -> str:
    with sessions() as session, session.begin():
        evidence_id = lists._read(session, asked, now, found=found)
        if hand_in:
            lists._hand_in(session, asked, now)
    return evidence_id


def test_the_company_sees_what_was_read_and_every_component(visit, sessions, asked, now):
    many = replace(lists.LIST, components=(*lists.LIST.components, *[lists.OWN] * 120))
    evidence_id = _read(sessions, asked, now, found=many)
    lead = visit(asked.lead)

    page = errand.text_of(lead.get(f"{asked.path}/documents/{evidence_id}"))
    for words in (
        "CycloneDX 1.6",
        "123 Komponenten",
        "PACS Archiv 7.4",
        "wie in der Runde",
        "1 bekannte Lücke ·",
        "jquery",
    ):
        assert words in page
    path = f"{asked.path}/documents/{evidence_id}/components"
    assert "1 bis 50 von 123" in errand.text_of(lead.get(path))
    filtered = errand.text_of(lead.get(f"{path}?q=jquery&standing=affected&page=x"))
    assert "pkg:npm/jquery@1.12.4" in filtered
    assert "pacs-core" not in filtered
    assert "Keine Komponente passt" in errand.text_of(lead.get(f"{path}?standing=clear"))


def test_the_vault_shows_the_same_list_whatever_round_runs(visit, sessions, asked, now):
    many = replace(lists.LIST, components=(*lists.LIST.components, *[lists.OWN] * 120))
    evidence_id = _read(sessions, asked, now, found=many)
    lead = visit(asked.lead)
    path = f"/vendor/documents/{evidence_id}"

    page = errand.text_of(lead.get(path))
    for words in ("123 Komponenten", "Alle Komponenten", "1 bis 50 von 123", "jquery", "1 bekannte Lücke ·"):
        assert words in page
    assert "51 bis 100 von 123" in errand.text_of(lead.get(f"{path}?page=2"))
    filtered = errand.text_of(lead.get(f"{path}?q=jquery&standing=affected"))
    assert "pkg:npm/jquery@1.12.4" in filtered
    assert "pacs-core" not in filtered.partition("Alle Komponenten")[2]
    of_round = errand.text_of(lead.get(f"{asked.path}/documents/{evidence_id}/components?q=jquery"))
    table = of_round.partition("Komponente In unseren Daten")[2].partition("Nichts bekannt")[0]
    assert table.split("„")[0].strip() in errand.text_of(lead.get(f"{path}?q=jquery"))
    with sessions() as session, session.begin():
        other = lists._add(session, asked, now)
    waiting = errand.text_of(lead.get(f"/vendor/documents/{other}"))
    assert "Die Liste wird gelesen" in waiting
    assert "Alle Komponenten" not in waiting


def test_a_document_that_waits_or_was_refused_says_so(visit, sessions, asked, now):
    with sessions() as session, session.begin():
        evidence_id = lists._add(session, asked, now)
    lead = visit(asked.lead)
    path = f"{asked.path}/documents/{evidence_id}"
    assert "Die Liste wird gelesen" in errand.text_of(lead.get(path))
    assert lead.get(f"{path}/components").status_code == 404
    with sessions() as session, session.begin():
        refusal = Message(text="The file is not written in UTF-8.")
        components.keep(session, asked.lead.company_id, evidence_id, refusal, data=SHIPPED, now=now)

    page = errand.text_of(lead.get(path))
    assert "nicht in UTF-8 geschrieben" in page
    assert "Herunterladen" in page


def test_the_hospital_finds_the_components_beside_the_evidence(visit, sessions, asked, now):
    evidence_id = _read(sessions, asked, now)
    clinic = visit(asked.ward.assessor)
    with sessions() as session:
        vendor_id = errand.assessment(session, asked).vendor_id
    path = f"/hospital/vendors/{vendor_id}/evidence"
    assert clinic.get(f"{path}/{evidence_id}/components").status_code == 404
    assert "sbom.json" not in errand.text_of(clinic.get(path))

    with sessions() as session, session.begin():
        lists._hand_in(session, asked, now)

    page = errand.text_of(clinic.get(path))
    for words in ("Komponenten der Produkte (SBOM)", "sbom.json", "1 bekannte Lücke", "2 nicht zu beurteilen"):
        assert words in page
    whole = errand.text_of(clinic.get(f"{path}/{evidence_id}/components"))
    for words in ("log4j-core", "von unseren Daten nicht erfasst", "Wie vollständig die Liste ist"):
        assert words in whole
    with sessions() as session, session.begin():
        components.rejudge(session, asked.lead.company_id, data=lists.KEV, now=now)
    whole = errand.text_of(clinic.get(f"{path}/{evidence_id}/components"))
    for words in ("neue Daten", "CVE-2021-44228", "möglicherweise betroffen"):
        assert words in whole


@pytest.mark.parametrize(("language", "words"), [("de", "2 bekannte Lücken ·"), ("en", "2 known holes ·")])
def test_several_holes_are_counted_as_several(visit, sessions, asked, now, language, words):
    evidence_id = _read(
        sessions, asked, now, found=replace(lists.LIST, components=(*lists.LIST.components, lists.JQUERY))
    )
    with sessions.begin() as session:
        errand.person(session, asked.lead).language = language

    page = errand.text_of(visit(asked.lead).get(f"{asked.path}/documents/{evidence_id}"))

    assert words in page
