"""What the register tells of vendors beside the assessment, and what the start page makes of the same records."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest

from portal import i18n
from portal.db.models.supplies import ContactRole
from portal.services.registers import registers
from portal.services.vendors import supply_records, vendor_entries, vendors
from portal.services.vendors.supply_records import Matter
from portal.services.vendors.vendor_entries import AlternativeFields, ArticleFields, ContactFields, SubcontractorFields
from portal.services.vendors.vendors import SupplyFields, VendorFields
from reports.reader import Reader
from reports.workbooks import register
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward


@pytest.fixture
def ward(session: Session) -> Ward:
    return wards.empty(session)


def kept(session: Session, ward: Ward, now: datetime, **values) -> tuple[str, str]:
    today = now.date()
    vendor = vendors.add(session, ward.assessor, VendorFields(name="Strahlwerk GmbH"), now=now)
    fields = {
        "product_group": "pacs",
        "owner_name": "Ina Vogt",
        "deputy_name": "Jens Petermann",
        "contract_ends_on": today + timedelta(days=150),
        "notice_months": 3,
        "exit_plan": "Umziehen",
        "exit_due_on": today + timedelta(days=10),
        **values,
    }
    supply = vendors.add_supply(session, ward.assessor, vendor.id, SupplyFields(name="PACS", **fields), now=now)
    article = ArticleFields(
        model="CT 500", count=3, support_ends_on=today + timedelta(days=20), checked_on=today - timedelta(days=720)
    )
    for owner, entry in (
        (vendor.id, SubcontractorFields(name="Rechenwerk AG", rank=2, patient_data=True)),
        (vendor.id, SubcontractorFields(name="Erster s.r.o.", country="CZ")),
        (supply.id, AlternativeFields(name="Bildarchiv Zwei")),
        (supply.id, article),
    ):
        vendor_entries.add(session, ward.assessor, owner, entry, now=now)
    session.expire_all()
    return vendor.id, supply.id


def test_the_register_lists_single_subcontractors_and_what_is_recorded(session: Session, ward: Ward, now: datetime):
    kept(session, ward, now)

    found = registers.build(session, ward.auditor, now=now)

    record = found.vendors[0].record
    assert (record.owners, record.deputies, record.alternatives) == (
        ("Ina Vogt",),
        ("Jens Petermann",),
        ("Bildarchiv Zwei",),
    )
    assert (record.devices, record.exit_plans, record.has_security_contact) == (3, 1, False)
    reader = Reader(language="de", translate=i18n.translator("de"))
    book = openpyxl.load_workbook(io.BytesIO(register.write(found, reader=reader, now=now)))
    heads, *rows = book["Unterauftragnehmer"].iter_rows(values_only=True)
    lines = [dict(zip(heads, row, strict=True)) for row in rows[:2]]
    assert [(line["ID"], line["Unterauftragnehmer"], line["Rang"]) for line in lines] == [
        ("V-0001:SUB-1", "Erster s.r.o.", 1),
        ("V-0001:SUB-2", "Rechenwerk AG", 2),
    ]
    assert lines[1]["Patientendaten"] == "ja"


def test_records_ask_for_what_is_due(session: Session, ward: Ward, now: datetime):
    vendor_id, supply_id = kept(session, ward, now)

    found = supply_records.due(session, ward.auditor, today=now.date(), page=slice(8))

    assert set(found) == {Matter.NOTICE, Matter.SUPPORT, Matter.CHECK, Matter.EXIT_DUE, Matter.SECURITY}
    supply, vendor = (
        vendors.find_supply(session, ward.assessor, supply_id),
        vendors.find(session, ward.assessor, vendor_id),
    )
    articles = vendor_entries.of_vendor(session, ward.assessor, vendor_id, "article")
    told = list(supply_records.of_supply(vendor, supply, articles, (), today=now.date()))
    assert {one.matter: one.day for one in told} == {matter: one.lines[0].day for matter, one in found.items()}
    assert found[Matter.SECURITY].lines[0].tier == 1  # provisional, from the product group

    vendor_entries.add(
        session, ward.assessor, vendor_id, ContactFields(role=ContactRole.SECURITY, phone="+49 30 1"), now=now
    )
    assert Matter.SECURITY not in supply_records.due(session, ward.auditor, today=now.date(), page=slice(8))


def test_a_likely_tier_asks_for_an_exit_plan_and_an_end_takes_it_off(session: Session, ward: Ward, now: datetime):
    _vendor_id, supply_id = kept(session, ward, now, exit_plan="", notice_months=None)
    today = now.date()
    assert {Matter.EXIT_PLAN, Matter.CONTRACT} <= set(
        supply_records.due(session, ward.auditor, today=today, page=slice(8))
    )

    vendors.find_supply(session, ward.assessor, supply_id).ended_at = now

    assert supply_records.due(session, ward.auditor, today=today, page=slice(8)) == {}
