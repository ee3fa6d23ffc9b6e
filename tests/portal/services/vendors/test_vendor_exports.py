"""The list of vendors goes out and comes in again: nothing changes at home, and all of it arrives elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.db.models.supplies import ContactRole
from portal.services.vendors import vendor_entries, vendor_exports, vendor_imports, vendors
from portal.services.vendors.vendor_entries import (
    AlternativeFields,
    ArticleFields,
    ContactFields,
    DomainFields,
    SubcontractorFields,
)
from portal.services.vendors.vendor_imports import Column, Step
from portal.services.vendors.vendors import SupplyFields, VendorFields
from reports.workbooks import table_in, vendor_list
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

SIGNS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
WORDS = st.text(SIGNS, max_size=30) | st.sampled_from(
    ["=1+1", "+49 30 1", "-x", "@a", "'=1", "_x0041_", '"; ;', "a\nb"]
)
NAMES = WORDS.filter(lambda text: bool(vendor_imports._key(text)))


@pytest.fixture
def ward(session: Session) -> Ward:
    return wards.empty(session)


def full(session: Session, ward: Ward, now: datetime, today: date) -> str:
    """One vendor of which all is known."""
    actor = ward.assessor
    fields = VendorFields(
        name="Strahlwerk GmbH",
        domain="strahlwerk.de",
        vat_id="DE123456789",
        creditor_number="007",
        security_email="psirt@strahlwerk.de",
        lei="529900T8BM49AURSDO55",
        parent_name="Strahlwerk Holding",
    )
    vendor = vendors.add(session, actor, fields, now=now)
    supply = SupplyFields(
        name="PACS",
        product_group="pacs",
        owner_name="Ina Vogt",
        owner_email="vogt@klinik.example",
        deputy_name="Jens Petermann",
        contract_number="EV-1",
        contract_starts_on=today,
        contract_ends_on=today.replace(year=2029),
        notice_months=6,
        renews_months=12,
        volume_per_year=120_000,
        has_security_terms=False,
        dpa_signed_on=today,
        law_country="DE",
        data_countries="DE, IE",
        audited_on=today,
        exit_plan="Erstens\nzweitens",
        exit_return_format="DICOM",
        exit_tested_on=today,
        exit_due_on=today,
    )
    row = vendors.add_supply(session, actor, vendor.id, supply, now=now)
    for owner, entry in (
        (vendor.id, ContactFields(role=ContactRole.SECURITY, name="PSIRT", phone="+49 30 1")),
        (vendor.id, ContactFields(role=ContactRole.PRIVACY, email="dsb@strahlwerk.de")),
        (vendor.id, ContactFields(role=ContactRole.EMERGENCY, phone="+49 30 2")),
        (vendor.id, DomainFields(name="strahlwerk-cloud.de")),
        (vendor.id, SubcontractorFields(name="Rechenwerk AG", rank=2)),
        (row.id, AlternativeFields(name="Bildarchiv Zwei", months=9)),
        (row.id, ArticleFields(model="CT 500", count=3)),
    ):
        vendor_entries.add(session, actor, owner, entry, now=now)
    session.expire_all()
    return vendor.id


def exported(session: Session, ward: Ward, now: datetime, *, kind: str, language: str = "de") -> table_in.Table:
    ids = [one.id for one in vendors.search(session, ward.assessor)]
    sheet = vendor_exports.sheet(session, ward.assessor, ids, language=language)
    content = vendor_list.workbook(sheet, now=now) if kind == "xlsx" else vendor_list.csv_file(sheet)
    return table_in.read(content)


def planned(session: Session, ward: Ward, now: datetime, table: table_in.Table) -> Sequence[vendor_imports.Planned]:
    kept = vendor_imports.keep(session, ward.assessor, table, file_name="liste", now=now)
    return vendor_imports.plan(session, ward.assessor, kept, vendor_imports.guess(kept.heading))


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_what_goes_out_is_recognised_column_by_column(
    session: Session, ward: Ward, now: datetime, kind: str, language: str
):
    full(session, ward, now, now.date())

    table = exported(session, ward, now, kind=kind, language=language)

    assert vendor_imports.guess(table.heading) == {column: index for index, column in enumerate(vendor_imports.WORDS)}
    assert [(row.step, row.problems) for row in planned(session, ward, now, table)] == [(Step.NOTHING, ())]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_another_hospital_takes_all_of_it_in(session: Session, ward: Ward, now: datetime, kind: str):
    full(session, ward, now, now.date())
    other = wards.empty(session, "Klinikum Süd")
    table = exported(session, ward, now, kind=kind)

    kept = vendor_imports.keep(session, other.assessor, table, file_name="liste", now=now)
    done = vendor_imports.take(session, other.assessor, kept.id, vendor_imports.guess(kept.heading), now=now)
    session.flush()
    session.expire_all()

    assert (done.vendors, done.supplies, done.left_out) == (1, 1, 0)
    again = exported(session, other, now, kind=kind)
    blank = {list(vendor_imports.WORDS).index(Column.KEY), len(table.heading) - 1}  # its own id; articles stay home
    kept_cells = [[cell for at, cell in enumerate(row) if at not in blank] for row in table.rows]
    assert [[cell for at, cell in enumerate(row) if at not in blank] for row in again.rows] == kept_cells


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(
        st.tuples(NAMES, NAMES | st.just(""), WORDS, WORDS, st.sampled_from(["", "a.de", "b.de"])),
        min_size=1,
        max_size=4,
    ),
    kind=st.sampled_from(["xlsx", "csv"]),
)
def test_taking_in_what_went_out_changes_nothing(session: Session, now: datetime, rows, kind: str):
    ward = wards.empty(session)
    domains: set[str] = set()
    for name, product, note, number, domain in rows:
        fields = VendorFields(name=name, note=note, domain=domain if domain not in domains else "")
        domains.add(domain)
        vendor = vendors.add(session, ward.assessor, vendors.checked(fields), now=now)
        if product.strip():
            supply = SupplyFields(name=product, contract_number=number, exit_plan=note)
            vendors.add_supply(session, ward.assessor, vendor.id, supply, now=now)
    session.flush()
    session.expire_all()

    table = exported(session, ward, now, kind=kind)

    assert [row.step for row in planned(session, ward, now, table)] == [Step.NOTHING] * len(table.rows)


def test_a_list_fills_what_is_blank_and_changes_nothing_that_stands(session: Session, ward: Ward, now: datetime):
    actor = ward.assessor
    vendor = vendors.add(session, actor, VendorFields(name="Strahlwerk GmbH", note="bleibt"), now=now)
    supply = vendors.add_supply(session, actor, vendor.id, SupplyFields(name="PACS", owner_name="Ina Vogt"), now=now)
    session.expire_all()
    heading = ("Lieferant", "Produkt", "Bemerkung", "Verantwortlich", "Vertretung", "Notfalltelefon", "Jahresvolumen")
    cells = ("Strahlwerk GmbH", "pacs", "anders", "Anderer", "Jens Petermann", "+49 30 2", "120.000,00 €")
    table = table_in.Table(heading=heading, rows=(cells,), first=2)
    kept = vendor_imports.keep(session, actor, table, file_name="liste", now=now)
    matching = vendor_imports.guess(kept.heading)
    assert [row.step for row in vendor_imports.plan(session, actor, kept, matching)] == [Step.FILLED]

    done = vendor_imports.take(session, actor, kept.id, matching, now=now)

    session.expire_all()
    assert done.filled == 1
    assert vendors.find(session, actor, vendor.id).note == "bleibt"
    wanted = SupplyFields(name="PACS", owner_name="Ina Vogt", deputy_name="Jens Petermann", volume_per_year=120_000)
    assert vendors.supply_fields_of(vendors.find_supply(session, actor, supply.id)) == replace(wanted)
    assert [one.phone for one in vendor_entries.of_vendor(session, actor, vendor.id, "contact")] == ["+49 30 2"]
    assert [row.step for row in planned(session, ward, now, table)] == [Step.NOTHING]


@pytest.mark.parametrize(
    ("heading", "cell", "column"),
    [
        ("Jahresvolumen", "viel", Column.VOLUME_PER_YEAR),
        ("Kündigungsfrist", "bald", Column.NOTICE_MONTHS),
        ("AVV", "ja", Column.DPA_SIGNED_ON),
        ("Sicherheitsklausel", "vielleicht", Column.HAS_SECURITY_TERMS),
        ("Datenschutzkontakt", "kein Postfach", Column.PRIVACY_EMAIL),
        ("Datenstandort", "Irland", Column.DATA_COUNTRIES),
    ],
)
def test_a_cell_that_says_nothing_we_understand_is_named(
    session: Session, ward: Ward, now: datetime, heading: str, cell: str, column: Column
):
    table = table_in.Table(heading=("Lieferant", "Produkt", heading), rows=(("A GmbH", "PACS", cell),), first=2)

    (row,) = planned(session, ward, now, table)

    assert (row.step, [name for name, _message in row.problems]) == (Step.WRONG, [column])


def test_no_cell_is_a_formula(session: Session, ward: Ward, now: datetime):
    vendors.add(session, ward.assessor, VendorFields(name="=cmd|' /C calc'!A0", note="@x"), now=now)
    ids = [one.id for one in vendors.search(session, ward.assessor)]
    sheet = vendor_exports.sheet(session, ward.assessor, ids, language="de")

    text = vendor_list.csv_file(sheet).decode("utf-8-sig")

    assert "'=cmd|" in text
    assert ";=cmd" not in text
    assert ";'@x" in text
