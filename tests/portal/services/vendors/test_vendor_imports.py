"""A list of vendors: every row judged before anything is written, the same vendor recognised, nothing overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.db.models.vendors import Supply, Vendor, VendorImport
from portal.errors import BadInput, NotAllowed, NotFound
from portal.services.vendors import vendor_imports, vendors
from portal.services.vendors.vendor_imports import Column, Step
from portal.services.vendors.vendors import VendorFields
from reports.workbooks.table_in import Table
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

HEADING = ("Lieferant", "Internet", "Kreditoren-Nr.", "USt-IdNr.", "E-Mail", "Produkt", "Warengruppe", "Vertragsende")
C = Column


@pytest.fixture
def ward(session: Session) -> Ward:
    return wards.empty(session)


def row(name="Strahlwerk GmbH", domain="", creditor="", vat="", mail="", supply="", group="", ends=""):
    return (name, domain, creditor, vat, mail, supply, group, ends)


def kept(session: Session, ward: Ward, now: datetime, *rows: tuple[str, ...]) -> VendorImport:
    table = Table(heading=HEADING, rows=rows, first=2)
    return vendor_imports.keep(session, ward.assessor, table, file_name="liste.xlsx", now=now)


def plan(session: Session, ward: Ward, now: datetime, *rows: tuple[str, ...]):
    row = kept(session, ward, now, *rows)
    return vendor_imports.plan(session, ward.assessor, row, vendor_imports.guess(row.heading))


def take(session: Session, ward: Ward, now: datetime, *rows: tuple[str, ...]):
    row = kept(session, ward, now, *rows)
    done = vendor_imports.take(session, ward.assessor, row.id, vendor_imports.guess(row.heading), now=now)
    session.flush()
    return done


def test_columns_are_matched_by_the_words_above_them():
    assert vendor_imports.guess(HEADING) == {
        C.NAME: 0,
        C.DOMAIN: 1,
        C.CREDITOR_NUMBER: 2,
        C.VAT_ID: 3,
        C.CONTACT_EMAIL: 4,
        C.SUPPLY: 5,
        C.PRODUCT_GROUP: 6,
        C.CONTRACT_ENDS_ON: 7,
    }
    assert vendor_imports.guess(("Supplier name", "Website", "E-Mail Kontakt", "Security e-mail")) == {
        C.NAME: 0,
        C.DOMAIN: 1,
        C.CONTACT_EMAIL: 2,
        C.SECURITY_EMAIL: 3,
    }
    assert vendor_imports.guess(("", "?", "xyz")) == {}


def test_a_list_becomes_vendors_and_their_products(session: Session, ward: Ward, now: datetime):
    done = take(
        session,
        ward,
        now,
        row(domain="https://www.strahlwerk.de/produkte", creditor="70011", supply="PACS", group="PACS und Bildgebung"),
        row(creditor="70011", supply="RIS", ends="31.12.2027"),
        row(name="Laborwolke AG", mail="info@laborwolke.example", supply="LIS", group="Reinigung"),
        row(name="Ohne Produkt KG"),
    )

    assert (done.vendors, done.supplies, done.left_out) == (3, 3, 0)
    first = session.scalars(select(Vendor).where(Vendor.creditor_number == "70011")).one()
    assert first.domain == "strahlwerk.de"
    supplies = {one.name: one for one in session.scalars(select(Supply))}
    assert supplies["PACS"].vendor_id == supplies["RIS"].vendor_id == first.id
    assert supplies["PACS"].product_group == "pacs"
    assert supplies["LIS"].product_group == "other"
    assert supplies["RIS"].contract_ends_on.isoformat() == "2027-12-31"
    assert session.scalars(select(VendorImport)).all() == []


def test_the_same_list_again_changes_nothing(session: Session, ward: Ward, now: datetime):
    rows = (row(domain="strahlwerk.de", supply="PACS"), row(name="Laborwolke AG", supply="LIS"))
    take(session, ward, now, *rows)

    assert {one.step for one in plan(session, ward, now, *rows)} == {Step.NOTHING}
    done = take(session, ward, now, *rows)
    assert (done.vendors, done.supplies) == (0, 0)


@pytest.mark.parametrize(
    ("fields", "cells", "by"),
    [
        ({"creditor_number": "70011"}, {"creditor": "70011"}, C.CREDITOR_NUMBER),
        ({"creditor_number": "70011"}, {"creditor": "0000070011"}, C.CREDITOR_NUMBER),
        ({"creditor_number": "0000070011"}, {"creditor": "70011"}, C.CREDITOR_NUMBER),
        ({"vat_id": "DE123456789"}, {"vat": "de 123456789"}, C.VAT_ID),
        ({"domain": "strahlwerk.de"}, {"domain": "www.strahlwerk.de"}, C.DOMAIN),
        ({}, {"name": "  strahlwerk  gmbh "}, C.NAME),
    ],
)
def test_a_vendor_that_stands_is_recognised_and_not_changed(
    session: Session, ward: Ward, now: datetime, fields, cells, by
):
    vendors.add(session, ward.assessor, VendorFields(name="Strahlwerk GmbH", note="alt", **fields), now=now)
    (planned,) = plan(session, ward, now, row(**{"name": "Strahlwerk Medizintechnik", "supply": "PACS"} | cells))

    assert (planned.step, planned.known_as, planned.known_by) == (Step.SUPPLY, "Strahlwerk GmbH", by)
    take(session, ward, now, row(**{"name": "Strahlwerk Medizintechnik", "supply": "PACS"} | cells))
    (vendor,) = session.scalars(select(Vendor)).all()
    assert (vendor.name, vendor.note) == ("Strahlwerk GmbH", "alt")


def test_a_row_that_means_two_vendors_is_left_out_with_both_names(session: Session, ward: Ward, now: datetime):
    vendors.add(session, ward.assessor, VendorFields(name="Eins GmbH", creditor_number="1"), now=now)
    vendors.add(session, ward.assessor, VendorFields(name="Zwei GmbH", domain="zwei.de"), now=now)

    (planned,) = plan(session, ward, now, row(name="Drei GmbH", creditor="1", domain="zwei.de"))

    assert planned.step is Step.WRONG
    sentence = planned.problems[0][1].render()
    assert "Eins GmbH" in sentence
    assert "Zwei GmbH" in sentence


def test_rows_with_a_mistake_are_told_one_by_one_and_the_rest_goes_in(session: Session, ward: Ward, now: datetime):
    rows = (
        row(name="", supply="LIS"),
        row(name="Mail GmbH", mail="keine Adresse"),
        row(name="Datum GmbH", supply="X", ends="bald"),
        row(name="Gut GmbH"),
    )
    planned = plan(session, ward, now, *rows)

    assert [(one.number, one.step) for one in planned] == [
        (2, Step.WRONG),
        (3, Step.WRONG),
        (4, Step.WRONG),
        (5, Step.NEW),
    ]
    assert [one.problems[0][0] for one in planned[:3]] == [C.NAME, C.CONTACT_EMAIL, C.CONTRACT_ENDS_ON]
    done = take(session, ward, now, *rows)
    assert (done.vendors, done.left_out) == (1, 3)


def test_without_a_column_of_names_nothing_is_taken_in(session: Session, ward: Ward, now: datetime):
    one = kept(session, ward, now, row())

    with pytest.raises(BadInput):
        vendor_imports.take(session, ward.assessor, one.id, {C.DOMAIN: 1}, now=now)
    with pytest.raises(BadInput):
        kept(session, ward, now, ("",) * 8)


def test_who_only_reads_and_who_is_elsewhere_finds_nothing(session: Session, ward: Ward, now: datetime):
    one = kept(session, ward, now, row())

    with pytest.raises(NotAllowed):
        vendor_imports.find(session, ward.auditor, one.id)
    with pytest.raises(NotFound):
        vendor_imports.find(session, wards.empty(session, name="Klinikum Süd").assessor, one.id)


CELLS = st.text(max_size=12) | st.sampled_from(["a.de", "A GmbH", "1", "x@y.de", "31.12.2027", "PACS"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(*[CELLS] * 8), min_size=1, max_size=6))
def test_whatever_a_list_holds_it_is_judged_and_the_plan_is_kept(session: Session, ward: Ward, now: datetime, rows):
    step = session.begin_nested()
    try:
        planned = plan(session, ward, now, ("Anker GmbH", *[""] * 7), *rows)
        done = take(session, ward, now, ("Anker GmbH", *[""] * 7), *rows)

        assert done.vendors == sum(one.step is Step.NEW for one in planned)
        assert done.left_out == sum(one.step is Step.WRONG for one in planned)
        again = plan(session, ward, now, ("Anker GmbH", *[""] * 7), *rows)
        assert {one.step for one in again} <= {Step.NOTHING, Step.WRONG}
    finally:
        step.rollback()


def test_a_long_list_is_taken_in_piece_by_piece(session: Session, ward: Ward, now: datetime):
    rows = [row(name=f"Firma {number}", supply="PACS") for number in range(2 * vendor_imports.AT_ONCE + 1)]
    list_ = kept(session, ward, now, *rows, row(name="Firma 0", supply="RIS"))
    matching = vendor_imports.guess(list_.heading)

    pieces = []
    while not pieces or pieces[-1].rows_left:
        pieces.append(vendor_imports.take(session, ward.assessor, list_.id, matching, now=now))
        session.commit()

    assert [piece.rows_left for piece in pieces] == [vendor_imports.AT_ONCE + 2, 2, 0]
    total = pieces[0] + pieces[1] + pieces[2]
    assert (total.vendors, total.supplies, total.rows_left) == (len(rows), len(rows) + 1, 0)
    with pytest.raises(NotFound):
        vendor_imports.take(session, ward.assessor, list_.id, matching, now=now)


@pytest.mark.parametrize(("text", "code"), [("at", "AT"), ("Belgien", "BE"), ("D", "DE"), ("", "DE")])
def test_a_country_is_read_by_its_letters_or_its_name(session: Session, ward: Ward, now: datetime, text, code):
    table = Table(heading=("Lieferant", "Land"), rows=(("Strahlwerk", text),), first=2)
    list_ = vendor_imports.keep(session, ward.assessor, table, file_name="l.csv", now=now)

    (planned,) = vendor_imports.plan(session, ward.assessor, list_, vendor_imports.guess(list_.heading))

    assert (planned.step, planned.vendor.country) == (Step.NEW, code)


def test_a_country_nobody_knows_is_not_taken_for_germany(session: Session, ward: Ward, now: datetime):
    table = Table(heading=("Lieferant", "Land"), rows=(("Strahlwerk", "Atlantis"),), first=2)
    list_ = vendor_imports.keep(session, ward.assessor, table, file_name="l.csv", now=now)

    (planned,) = vendor_imports.plan(session, ward.assessor, list_, vendor_imports.guess(list_.heading))

    assert (planned.step, [column for column, _sentence in planned.problems]) == (Step.WRONG, [C.COUNTRY])
