"""A dispute in the browser: raised beside the finding, answered on the vendor's page, read by both, printed."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import select

from portal.db.models.disputes import Dispute, DisputeState
from portal.db.models.responses import Confidentiality, Evidence
from portal.services.evidence import vault
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.scans import own_results
from tests.portal.web.conftest import sign_in
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand
from tests.portal.web.vendor.test_documents import PDF

WORDS = "Dieser Host gehört <seit Mai> einem anderen Betreiber."


@pytest.fixture
def now():
    from datetime import UTC, datetime

    return datetime.now(UTC)


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        made = errand.accepted(session, now)
        ward.scan(session, made.ward, errand.VENDOR, quality=0.6, now=now)
        own_results.release(session, made.lead, made.assessment_id, now=now)
        return made


def _raise(visitor, asked, **more):
    page = visitor.get(f"{asked.path}/result").get_data(as_text=True)
    address = re.search(r'href="([^"]*/disputes/add\?[^"]*)"', page)[1].replace("&amp;", "&")
    form = visitor.get(address).get_data(as_text=True)
    sent = {
        name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', form)[1] for name in ("kind", "subject", "check")
    } | {"reason": "not-ours", "text": WORDS, "evidence_id": ""}
    return visitor.post(f"{asked.path}/disputes/add", sent | more, content_type="multipart/form-data")


def test_a_dispute_goes_there_and_back(visit, asked, sessions):
    firm, clerk = visit(asked.lead), visit(asked.ward.assessor)
    path = f"/hospital/vendors/{asked.ward.vendors[errand.VENDOR]}/disputes"

    assert _raise(firm, asked).status_code == 303
    assert "Dieser Host gehört &lt;seit Mai&gt; einem anderen" in clerk.get(path).get_data(as_text=True)
    with sessions() as session:
        row = session.scalars(select(Dispute)).one()
    answer = {"dispute": row.id, "verdict": "upheld", "valid_until": "", "text": "Stimmt."}
    refused = clerk.post(f"{path}/answer", answer)
    assert refused.status_code == 422
    assert "innerhalb der nächsten zwölf Monate" in errand.text_of(refused)
    assert "Stimmt." in refused.get_data(as_text=True)
    assert clerk.post(f"{path}/answer", answer | {"verdict": "rejected"}).status_code == 303
    told = errand.text_of(firm.get(f"{asked.path}/disputes"))
    assert "nicht anerkannt: die Feststellung bleibt" in told
    assert "Stimmt." in told


def test_an_empty_dispute_keeps_what_was_chosen(visit, asked, sessions):
    answer = _raise(visit(asked.lead), asked, text="")

    assert answer.status_code == 422
    assert re.search(r'value="not-ours"[^>]*checked|checked[^>]*value="not-ours"', answer.get_data(as_text=True))


def test_a_dispute_can_be_taken_back(visit, asked, sessions):
    firm = visit(asked.lead)
    _raise(firm, asked)
    with sessions() as session:
        row = session.scalars(select(Dispute)).one()

    assert firm.post(f"{asked.path}/disputes/take-back", {"dispute": row.id}).status_code == 303
    with sessions() as session:
        assert session.scalars(select(Dispute)).one().state is DisputeState.TAKEN_BACK


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_have_nothing_for_axe_to_find(page, served, sessions, visit, asked, axe, width):
    firm = visit(asked.lead)
    _raise(firm, asked)
    links = re.findall(r'href="([^"]*/disputes/add\?[^"]*)"', firm.get(f"{asked.path}/result").get_data(as_text=True))
    address = served()
    page.set_viewport_size({"width": width, "height": 900})
    vendor = f"/hospital/vendors/{asked.ward.vendors[errand.VENDOR]}/disputes"
    for actor, path in (
        (asked.lead, f"{asked.path}/disputes"),
        (asked.lead, f"{asked.path}/result"),
        (asked.lead, links[-1].replace("&amp;", "&")),
        (asked.ward.assessor, vendor),
    ):
        page.context.clear_cookies()
        cookie = {"name": "kettenblick-session", "value": sign_in(sessions, actor), "url": address}
        page.context.add_cookies([cookie])
        page.goto(address + path)
        page.evaluate(f"{axe};0")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_confidential_document_beside_a_dispute_bears_its_mark_at_the_hospital(visit, asked, sessions, now):
    with sessions() as session, session.begin():
        stored = Stored(blob_id="1" * 32, sha256="1" * 64, size=10, file_name="plan.pdf", media_type="application/pdf")
        fields = DocumentFields(kind="other", title="Netzplan", confidentiality=Confidentiality.CONFIDENTIAL)
        document = vault.add(session, asked.lead, fields, stored, now=now).id
    path = f"/hospital/vendors/{asked.ward.vendors[errand.VENDOR]}/disputes"

    assert _raise(visit(asked.lead), asked, evidence_id=document).status_code == 303

    assert len(re.findall(r">\s*vertraulich\s*<", visit(asked.ward.assessor).get(path).get_data(as_text=True))) == 1


def test_a_new_file_comes_into_the_vault_with_the_dispute_or_not_at_all(visit, asked, sessions, settings):
    firm, clerk = visit(asked.lead), visit(asked.ward.assessor)
    path = f"/hospital/vendors/{asked.ward.vendors[errand.VENDOR]}/disputes"

    refused = _raise(firm, asked, file=(BytesIO(b"<html>"), "plan.html"))
    assert refused.status_code == 422
    assert WORDS.replace("<", "&lt;").replace(">", "&gt;") in refused.get_data(as_text=True)
    assert not [one for one in settings.files_dir.rglob("*") if one.is_file()]
    assert _raise(firm, asked, file=(BytesIO(PDF), "plan.pdf")).status_code == 303
    with sessions() as session:
        row, document = session.scalars(select(Dispute)).one(), session.scalars(select(Evidence)).one()
    assert (row.evidence_id, document.file_name, document.confidentiality) == (
        document.id,
        "plan.pdf",
        Confidentiality.CONFIDENTIAL,
    )
    assert document.file_name in errand.text_of(firm.get(f"{asked.path}/disputes"))
    assert "Dokument speichern" in errand.text_of(clerk.get(path))
    again = _raise(firm, asked, file=(BytesIO(PDF), "plan.pdf"))  # disputed already: the file does not stay behind
    assert again.status_code == 409
    assert len([one for one in settings.files_dir.rglob("*") if one.is_file()]) == 1
    both = _raise(firm, asked, file=(BytesIO(PDF), "plan.pdf"), evidence_id=document.id)
    assert "nicht beides" in errand.text_of(both)
