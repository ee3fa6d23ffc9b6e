"""A list of vendors in the browser: uploaded, matched, looked through, taken in or thrown away."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import select

from portal.db.models.vendors import Vendor, VendorImport
from tests.portal.web.conftest import sign_in
from tests.portal.web.hospital import ward as wards
from tests.portal.web.vendor import errand

LIST = (
    "Stand 21.11.2026\n\n"
    "Firma;Homepage;Kreditor;Produkt;Mail\n"
    "Strahlwerk <b>GmbH</b>;www.strahlwerk.de;70011;PACS;info@strahlwerk.de\n"
    ";;70012;RIS;\n"
    "Laborwolke AG;;;LIS;keine Adresse\n"
)
SENT = LIST.encode("cp1252")


@pytest.fixture
def ward(sessions):
    with sessions() as session, session.begin():
        return wards.empty(session)


@pytest.fixture
def clerk(visit, ward):
    return visit(ward.assessor)


def _upload(clerk, content=SENT, name="liste.csv"):
    return clerk.post(
        "/hospital/vendors/import", {"file": (BytesIO(content), name)}, content_type="multipart/form-data"
    )


def _hidden(html):
    form = html.partition('class="action" method="post"')[2]
    return dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', form.partition("</form>")[0]))


def test_a_list_is_looked_through_before_it_is_taken_in(clerk, ward, sessions):
    mine = select(Vendor).where(Vendor.hospital_id == ward.hospital_id)
    answer = _upload(clerk)
    assert answer.status_code == 303
    path = answer.headers["Location"]
    page = clerk.get(path)
    html, text = page.get_data(as_text=True), errand.text_of(page)

    assert "Strahlwerk &lt;b&gt;GmbH&lt;/b&gt;" in html
    assert "neuer Lieferant 1" in text
    assert "ausgelassen 2" in text
    assert "Enter the name" not in text
    with sessions() as session:
        assert session.scalars(mine).all() == []
    fields = {name: value for name, value in _hidden(html).items() if name != "csrf_token"}
    taken = clerk.post(path, fields)
    assert taken.status_code == 303
    listed = errand.text_of(clerk.get("/hospital/vendors"))
    assert "Aufgenommen: 1 Lieferant und 1 Produkt. 2 Zeilen wurden ausgelassen." in listed
    with sessions() as session:
        assert [one.domain for one in session.scalars(mine)] == ["strahlwerk.de"]
        assert session.scalars(select(VendorImport)).all() == []


def test_columns_are_matched_otherwise_by_the_address(clerk):
    path = _upload(clerk).headers["Location"]

    text = errand.text_of(clerk.get(f"{path}?name=3&domain=99&supply=x"))

    assert "PACS" in text
    assert "neuer Lieferant 3" in text
    assert "Sagen Sie, in welcher Spalte der Name" in errand.text_of(clerk.get(f"{path}?name=-&domain=1"))


def test_a_list_can_be_thrown_away(clerk, sessions):
    path = _upload(clerk).headers["Location"]

    clerk.post(f"{path}/discard")

    assert clerk.get(path).status_code == 404
    with sessions() as session:
        assert session.scalars(select(VendorImport)).all() == []


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"%PDF-1.7", "liste.pdf", "xlsx) oder CSV"),
        (b"PK\x03\x04", "liste.xlsx", "nicht der einer XLSX-Datei"),
        (b"nur\nein\nWort\n", "liste.csv", "keine Zeile mit"),
        (b"a;b\n", "liste.csv", "keine Zeile"),
        (b"", "liste.csv", "leer"),
    ],
)
def test_what_is_no_list_is_refused_with_its_sentence(clerk, content, name, said):
    answer = _upload(clerk, content, name)

    assert answer.status_code == 422
    assert said in errand.text_of(answer)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_have_nothing_for_axe_to_find(page, served, sessions, ward, clerk, axe, width):
    path = _upload(clerk).headers["Location"]
    address = served()
    page.context.add_cookies(
        [{"name": "kettenblick-session", "value": sign_in(sessions, ward.assessor), "url": address}]
    )
    page.set_viewport_size({"width": width, "height": 900})
    for where in ("/hospital/vendors/import", path):
        page.goto(address + where)
        page.evaluate(f"{axe};0")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == [], where
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where


def test_unicode_text_of_a_spreadsheet_program_is_read(clerk, ward):
    answer = _upload(clerk, "Firma\tProdukt\r\nÖhler GmbH\tPACS\r\n".encode("utf-16"), name="liste.txt")

    assert answer.status_code == 303
    assert "Öhler GmbH" in errand.text_of(clerk.get(answer.headers["Location"]))


def test_columns_with_one_heading_are_told_apart(clerk, ward):
    answer = _upload(clerk, b"Firma;E-Mail;E-Mail\nA;a@a.example;b@b.example\n")

    text = errand.text_of(clerk.get(answer.headers["Location"]))
    assert "E-Mail (Spalte 2)" in text
    assert "E-Mail (Spalte 3)" in text
