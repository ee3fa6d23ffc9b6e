"""The comparison's page: what stands in the address, the vendor pages' own numbers, proof one click away, files."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from openpyxl import load_workbook
from sqlalchemy import select

from portal.db.models.accounts import Person
from portal.db.models.exports import Export, ExportKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

GOOD, POOR, ELSE = "Brückner Integrationssysteme GmbH", "Laborwolke Diagnostik GmbH & Co. KG", "Speisewerk Catering"


def address(ward: Ward, *names: str, more: str = "") -> str:
    return "/hospital/compare?" + "&".join(f"vendor={ward.vendors[name]}" for name in names) + more


def heads(page: str) -> list[str]:
    return re.findall(r'<th scope="col"><a href="[^"]*">([^<]+)</a>', page)


def test_vendors_stand_beside_each_other_in_the_order_of_the_address(visit: Callable[..., Visitor], ward: Ward):
    visitor = visit(ward.auditor)
    page = visitor.get(address(ward, GOOD, POOR)).get_data(as_text=True)
    assert heads(page) == [GOOD, POOR.replace("&", "&amp;")]
    assert heads(visitor.get(address(ward, POOR, GOOD)).get_data(as_text=True)) == heads(page)[::-1]
    value = r'class="grade-value">([\d,.]+)<'
    of_each = [
        re.search(value, visitor.get(f"/hospital/vendors/{ward.vendors[name]}").get_data(as_text=True))[1]
        for name in (GOOD, POOR)
    ]
    assert re.findall(value, page) == of_each
    opened = visitor.get(address(ward, GOOD, POOR, more="&open=8")).get_data(as_text=True)
    assert f'href="/hospital/vendors/{ward.vendors[GOOD]}/answers#' in opened
    assert f'href="/hospital/vendors/{ward.vendors[GOOD]}/scan"' in opened
    assert len(opened) > len(page)


def test_only_differences_says_what_it_leaves_out(visit: Callable[..., Visitor], ward: Ward):
    visitor = visit(ward.assessor)
    whole = visitor.get(address(ward, GOOD, POOR)).get_data(as_text=True)
    less = visitor.get(address(ward, GOOD, POOR, more="&only=differences")).get_data(as_text=True)
    assert set(re.findall(r'id="(M-\w+)"', less)) <= set(re.findall(r'id="(M-\w+)"', whole))
    nobody = visitor.get(address(ward, GOOD, ELSE)).get_data(as_text=True)
    assert "nicht gefragt" in nobody


def test_what_is_left_out_is_numbered_in_the_readers_language(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    with sessions() as session, session.begin():
        session.get_one(Person, ward.assessor.person_id).language = "en"
    page = visit(ward.assessor).get(address(ward, GOOD, POOR, more="&only=differences")).get_data(as_text=True)
    left = re.search(r"are the same everywhere: ([^<]+)", page)[1]
    assert "No. " in left
    assert "Nr." not in left


def test_an_empty_address_offers_vendors_and_six_are_the_most(visit: Callable[..., Visitor], ward: Ward):
    visitor = visit(ward.decider)
    page = visitor.get("/hospital/compare").get_data(as_text=True)
    assert f"?vendor={ward.vendors[GOOD]}" in page
    many = visitor.get(address(ward, *list(ward.vendors)[:8])).get_data(as_text=True)
    assert len(heads(many)) == 6
    twice = visitor.get(address(ward, GOOD, GOOD)).get_data(as_text=True)
    assert not heads(twice)


def test_a_foreign_vendor_is_an_unknown_one(visit: Callable[..., Visitor], ward: Ward, neighbour: Ward):
    visitor = visit(ward.assessor)
    foreign = next(iter(neighbour.vendors.values()))
    mine = ward.vendors[GOOD]
    theirs = visitor.get(f"/hospital/compare?vendor={mine}&vendor={foreign}")
    unknown = visitor.get(f"/hospital/compare?vendor={mine}&vendor=0123456789abcdef0123")
    assert theirs.status_code == unknown.status_code == 404
    refused = visitor.post("/hospital/compare/workbook", {"vendor": [mine, foreign]})
    assert refused.status_code == 404


def test_the_workbook_is_what_the_page_shows_and_the_paper_is_asked_for(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    visitor = visit(ward.decider)
    chosen = {"vendor": [ward.vendors[POOR], ward.vendors[GOOD]]}
    file = visitor.post("/hospital/compare/workbook", chosen)
    assert file.status_code == 200
    sheet = load_workbook(io.BytesIO(file.data)).worksheets[0]
    rows = {row[0]: row[2:4] for row in sheet.iter_rows(min_row=2, values_only=True) if row[0]}
    assert [POOR in str(sheet["C1"].value), GOOD in str(sheet["D1"].value)] == [True, True]
    page = visitor.get(address(ward, POOR, GOOD)).get_data(as_text=True)
    for key in re.findall(r'id="((?:M|K)-[\w-]+)"', page):
        assert key in rows, key
    asked = visitor.post("/hospital/compare/paper", chosen)
    assert asked.status_code == 303
    with sessions() as session:
        made = {row.kind: row for row in session.scalars(select(Export))}
        assert made[ExportKind.COMPARISON].vendors == 2
        assert made[ExportKind.COMPARISON].title == f"{POOR}, {GOOD}"
        assert made[ExportKind.COMPARISON_PDF].about == {"vendors": chosen["vendor"], "only_differences": False}
    assert visitor.post("/hospital/compare/paper", {"vendor": [ward.vendors[GOOD]]}).location.endswith("/compare")
