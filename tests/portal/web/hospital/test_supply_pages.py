"""A product's page: its parts are changed one by one, lists beside it, two who write at once, its end."""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.supplies import Article, Offboarding, Subcontractor, VendorContact
from portal.db.models.vendors import Supply, Vendor

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

STRAHLWERK = "Strahlwerk Medizintechnik GmbH"
SEE_OTHER, UNPROCESSABLE = 303, 422


@pytest.fixture
def clerk(visit: Callable[..., Visitor], ward: Ward) -> Visitor:
    return visit(ward.assessor)


@pytest.fixture
def path(ward: Ward) -> str:
    return f"/hospital/vendors/supplies/{ward.supplies[STRAHLWERK]}"


def text(answer) -> str:
    return html.unescape(answer.get_data(as_text=True))


def test_contract_and_exit_plan_are_written_and_shown(clerk: Visitor, path: str):
    contract = {
        "contract_number": "EV-2031",
        "contract_ends_on": "2027-12-31",
        "notice_months": "6",
        "volume_per_year": "120000",
        "has_security_terms": "yes",
        "data_countries": "de, ie",
        "version": "1",
    }
    assert clerk.post(f"{path}/contract", contract).status_code == SEE_OTHER
    plan = {"exit_plan": "Bildarchiv übernehmen", "exit_return_format": "DICOM", "version": "2"}
    assert clerk.post(f"{path}/exit", plan).status_code == SEE_OTHER

    page = text(clerk.get(path))

    for said in ("EV-2031", "30.06.2027", "120.000\u202f€", "DE, IE", "Bildarchiv übernehmen", "DICOM"):
        assert said in page


def test_bad_input_keeps_what_was_typed(clerk: Visitor, path: str):
    typed = {"contract_number": "EV-1", "contract_starts_on": "2027-01-01", "contract_ends_on": "2026-01-01"}

    answer = clerk.post(f"{path}/contract", {**typed, "version": "1"})

    assert answer.status_code == UNPROCESSABLE
    assert "Der Vertrag würde enden, bevor er beginnt." in text(answer)
    assert 'value="EV-1"' in text(answer)


@pytest.mark.parametrize("what", ["supply", "vendor"])
def test_the_second_of_two_sees_both_texts_and_may_save_again(clerk: Visitor, ward: Ward, path: str, what: str):
    address = f"{path}/edit" if what == "supply" else f"/hospital/vendors/{ward.vendors[STRAHLWERK]}/edit"
    assert clerk.post(address, {"name": "Zuerst", "version": "1"}).status_code == SEE_OTHER

    answer = clerk.post(address, {"name": "Danach", "version": "1"})

    page = text(answer)
    assert answer.status_code == UNPROCESSABLE
    assert 'value="Danach"' in page
    assert "<dd>Zuerst</dd>" in page
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)[1]
    assert clerk.post(address, {"name": "Danach", "version": version}).status_code == SEE_OTHER
    assert "Danach" in text(clerk.get(path))


ENTRIES = {
    "contact": ({"role": "emergency", "phone": "+49 30 1"}, VendorContact),
    "domain": ({"name": "strahlwerk-cloud.example"}, None),
    "subcontractor": ({"name": "Rechenwerk AG", "rank": "2", "patient_data": "no"}, Subcontractor),
    "alternative": ({"name": "Bildarchiv Zwei", "months": "9"}, None),
    "article": ({"kind": "device", "model": "CT 500", "count": "3", "cloud": "yes"}, Article),
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_an_entry_is_added_changed_by_two_and_removed(
    clerk: Visitor, ward: Ward, sessions: Sessions, path: str, kind: str
):
    owner = ward.supplies[STRAHLWERK] if kind in {"alternative", "article"} else ward.vendors[STRAHLWERK]
    fields, _model = ENTRIES[kind]
    add = f"/hospital/vendors/entries/{kind}/add/{owner}"
    assert clerk.get(add).status_code == 200
    assert clerk.post(add, {}).status_code == UNPROCESSABLE

    answer = clerk.post(add, fields)

    assert answer.status_code == SEE_OTHER
    shown = text(clerk.get(answer.headers["Location"]))
    assert next(value for name, value in fields.items() if name in {"name", "model", "phone"}) in shown
    entry = re.search(rf"/hospital/vendors/entries/{kind}/[0-9a-f]{{20}}", shown)[0]
    assert clerk.get(entry).status_code == 200
    assert clerk.post(entry, {**fields, "note": "Eins", "version": "1"}).status_code == SEE_OTHER
    clash = clerk.post(entry, {**fields, "note": "Zwei", "version": "1"})
    assert clash.status_code == UNPROCESSABLE
    assert "<dd>Eins</dd>" in text(clash)
    assert "Zwei" in text(clash)
    late = clerk.post(f"{entry}/remove", {"version": "1"})
    assert late.status_code == UNPROCESSABLE
    assert "Eins" in text(late)
    assert clerk.post(f"{entry}/remove", {"version": "2"}).status_code == SEE_OTHER
    assert clerk.get(entry).status_code == 404


def test_unknown_kinds_and_owners_are_not_there(clerk: Visitor, ward: Ward, neighbour: Ward):
    theirs = next(iter(neighbour.vendors.values()))
    for address in (f"contact/add/{theirs}", f"nothing/add/{ward.vendors[STRAHLWERK]}", "nothing/x"):
        assert clerk.get(f"/hospital/vendors/entries/{address}").status_code == 404


def test_subcontractors_have_a_tab(clerk: Visitor, ward: Ward):
    vendor = f"/hospital/vendors/{ward.vendors[STRAHLWERK]}"
    assert f"{vendor}/subcontractors" in text(clerk.get(vendor))
    assert "Noch ist kein Unterauftragnehmer eingetragen." in text(clerk.get(f"{vendor}/subcontractors"))


def test_a_list_of_devices_takes_the_place_of_what_stood(clerk: Visitor, sessions: Sessions, path: str):
    wrong = b"Modell;Anzahl;Supportende\nCT 500;drei;2027-01-01\n"
    answer = clerk.post(f"{path}/articles", {"file": (io.BytesIO(wrong), "geraete.csv")})
    assert answer.status_code == UNPROCESSABLE
    assert "Zeile 2, Anzahl" in text(answer)
    right = b"Modell;Anzahl;Supportende;Cloud\nCT 500;3;31.12.2027;ja\nWorkstation;12;;nein\n"

    assert clerk.post(f"{path}/articles", {"file": (io.BytesIO(right), "geraete.csv")}).status_code == SEE_OTHER

    with sessions() as session:
        rows = session.scalars(select(Article).order_by(Article.model)).all()
    assert [(row.model, row.count, str(row.support_ends_on), row.cloud) for row in rows] == [
        ("CT 500", 3, "2027-12-31", True),
        ("Workstation", 12, "None", False),
    ]
    assert "Die Liste tritt an die Stelle der 2 Zeilen" in text(clerk.get(f"{path}/articles"))


def test_a_product_ends_with_a_checklist_and_comes_back(clerk: Visitor, ward: Ward, sessions: Sessions, path: str):
    vendor = f"/hospital/vendors/{ward.vendors[STRAHLWERK]}"
    supply = ward.supplies[STRAHLWERK]
    assert clerk.post(f"{vendor}/end", {"supply": supply, "reason": ""}).status_code == UNPROCESSABLE
    ended = clerk.post(f"{vendor}/end", {"supply": supply, "reason": "Ersetzt", "ends_on": "2026-01-01"})
    checklist = ended.headers["Location"]
    states = {f"{step}_state": "open" for step in ("access", "remote", "data", "devices")}
    proofs = {f"{step}_proof": "" for step in ("access", "remote", "data", "devices")}
    lacking = clerk.post(checklist, {**states, **proofs, "data_state": "done", "version": "1"})
    assert "Sagen Sie, was es belegt" in text(lacking)
    said = {**states, **proofs, "data_state": "done", "data_proof": "Protokoll", "version": "1"}
    assert clerk.post(checklist, said).status_code == SEE_OTHER
    assert "Protokoll" in text(clerk.post(checklist, {**said, "data_proof": "Anders"}))
    with sessions() as session:
        assert session.get_one(Supply, supply).ended_at is not None
    assert "Ersetzt" in text(clerk.get(checklist))
    assert checklist in text(clerk.get(path))

    assert clerk.post(f"{checklist}/take-back", {}).status_code == SEE_OTHER

    with sessions() as session:
        assert session.get_one(Supply, supply).ended_at is None
        assert session.scalars(select(Offboarding)).one().taken_back_by
        assert session.get_one(Vendor, ward.vendors[STRAHLWERK]).ended_at is None


def test_readers_see_and_do_not_change(visit: Callable[..., Visitor], ward: Ward, path: str):
    reader = visit(ward.auditor)

    page = text(reader.get(path))

    assert "/contract" not in page
    assert "/entries/" not in page
    assert reader.get(f"{path}/contract").status_code == 403
