"""Lists beside a vendor and a supply: who may write, what is refused, what two people at once see, other hospitals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.db.models.accounts import HospitalRole
from portal.db.models.supplies import Article, ContactRole
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.actors import Actor
from portal.services.vendors import article_lists, supply_records, vendor_entries, vendors
from portal.services.vendors.vendor_entries import (
    AlternativeFields,
    ArticleFields,
    ContactFields,
    DomainFields,
    SubcontractorFields,
)
from portal.services.vendors.vendors import SupplyFields, VendorFields
from reports.workbooks.table_in import Table
from tests.portal import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

SAMPLES = {
    "contact": ContactFields(role=ContactRole.SECURITY, name="Ina Vogt", email="psirt@strahlwerk.example"),
    "domain": DomainFields(name="strahlwerk-cloud.example"),
    "subcontractor": SubcontractorFields(name="Rechenwerk AG", rank=1, service="Betrieb", country="DE"),
    "alternative": AlternativeFields(name="Bildarchiv Zwei", months=9),
    "article": ArticleFields(model="CT 500", release="4.2", count=3),
}


@pytest.fixture
def clerk(session: Session) -> Actor:
    return building.hospital_actor(session, role=HospitalRole.ASSESSOR)


@pytest.fixture
def owners(session: Session, clerk: Actor, now: datetime) -> dict[str, str]:
    """The id that each kind is written down beside."""
    vendor = vendors.add(session, clerk, VendorFields(name="Strahlwerk GmbH", domain="strahlwerk.example"), now=now)
    supply = vendors.add_supply(session, clerk, vendor.id, SupplyFields(name="PACS"), now=now)
    return {name: supply.id if one.of_supply else vendor.id for name, one in vendor_entries.KINDS.items()}


@pytest.mark.parametrize("kind", SAMPLES)
def test_an_entry_is_written_down_changed_and_removed(session: Session, now: datetime, clerk: Actor, owners, kind: str):
    fields = SAMPLES[kind]
    row = vendor_entries.add(session, clerk, owners[kind], fields, now=now)
    vendor_id = owners["contact"]

    assert vendor_entries.fields_of(kind, row) == fields
    assert vendor_entries.of_vendor(session, clerk, vendor_id, kind) == [row]
    assert vendor_entries.of_hospital(session, clerk, kind) == {owners[kind]: [row]}
    assert vendor_entries.vendor_of(session, clerk, row).id == vendor_id

    other = replace(fields, note="Neu")
    vendor_entries.change(session, clerk, row.id, other, version=1, now=now)
    assert vendor_entries.fields_of(kind, vendor_entries.find(session, clerk, kind, row.id)) == other
    with pytest.raises(Clash) as clash:
        vendor_entries.change(session, clerk, row.id, fields, version=1, now=now)
    assert (clash.value.theirs, clash.value.version) == (other, 2)
    with pytest.raises(Clash):
        vendor_entries.remove(session, clerk, kind, row.id, version=1, now=now)

    vendor_entries.remove(session, clerk, kind, row.id, version=2, now=now)
    assert vendor_entries.of_vendor(session, clerk, vendor_id, kind) == []
    verbs = [event.verb for event in audit.about(session, audit.scope_of(clerk), {owners[kind]})]
    assert verbs[:3] == [f"{kind}.removed", f"{kind}.changed", f"{kind}.added"]


@pytest.mark.parametrize("kind", SAMPLES)
def test_readers_and_other_hospitals_write_nothing(session: Session, now: datetime, clerk: Actor, owners, kind: str):
    row = vendor_entries.add(session, clerk, owners[kind], SAMPLES[kind], now=now)
    reader = Actor(name="x", hospital_id=clerk.hospital_id, hospital_role=HospitalRole.AUDITOR)
    stranger = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    for actor, error in ((reader, NotAllowed), (stranger, NotFound)):
        for verb in (
            lambda actor=actor: vendor_entries.add(session, actor, owners[kind], SAMPLES[kind], now=now),
            lambda actor=actor: vendor_entries.change(session, actor, row.id, SAMPLES[kind], version=1, now=now),
            lambda actor=actor: vendor_entries.remove(session, actor, kind, row.id, version=1, now=now),
        ):
            with pytest.raises(error):
                verb()
    with pytest.raises(NotFound):
        vendor_entries.find(session, stranger, kind, row.id)
    assert vendor_entries.of_vendor(session, stranger, owners["contact"], kind) == []
    assert vendor_entries.of_hospital(session, stranger, kind) == {}
    assert vendor_entries.of_vendor(session, reader, owners["contact"], kind) == [row]


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("contact", ContactFields(role=ContactRole.SALES), "email"),
        ("contact", ContactFields(role=ContactRole.SALES, email="kein Postfach"), "email"),
        ("domain", DomainFields(name="localhost"), "name"),
        ("domain", DomainFields(name="https://www.strahlwerk.example/kontakt"), "name"),  # its main domain
        ("subcontractor", SubcontractorFields(name=" "), "name"),
        ("subcontractor", SubcontractorFields(name="A", country="Deutschland"), "country"),
        ("subcontractor", SubcontractorFields(name="A", rank=0), "rank"),
        ("alternative", AlternativeFields(name=""), "name"),
        ("alternative", AlternativeFields(name="A", months=-1), "months"),
        ("article", ArticleFields(model=""), "model"),
        ("article", ArticleFields(model="A", count=0), "count"),
    ],
)
def test_what_cannot_stand_is_said_beside_its_field(
    session: Session, now: datetime, clerk: Actor, owners, kind: str, fields, field: str
):
    with pytest.raises(BadInput) as refused:
        vendor_entries.add(session, clerk, owners[kind], fields, now=now)

    assert set(refused.value.fields) == {field}


def test_a_domain_stands_once_and_may_keep_its_name(session: Session, now: datetime, clerk: Actor, owners):
    row = vendor_entries.add(session, clerk, owners["domain"], DomainFields(name="a.example"), now=now)
    with pytest.raises(BadInput):
        vendor_entries.add(session, clerk, owners["domain"], DomainFields(name="A.Example"), now=now)

    vendor_entries.change(session, clerk, row.id, DomainFields(name="a.example", note="Portal"), version=1, now=now)

    assert row.note == "Portal"


def test_an_entry_may_be_of_one_product_of_this_vendor_only(session: Session, now: datetime, clerk: Actor, owners):
    other = vendors.add(session, clerk, VendorFields(name="Andere GmbH"), now=now)
    theirs = vendors.add_supply(session, clerk, other.id, SupplyFields(name="LIS"), now=now)
    for kind in ("contact", "subcontractor"):
        mine = replace(SAMPLES[kind], supply_id=owners["article"])
        assert vendor_entries.add(session, clerk, owners[kind], mine, now=now).supply_id == owners["article"]
        with pytest.raises(NotFound):
            vendor_entries.add(session, clerk, owners[kind], replace(mine, supply_id=theirs.id), now=now)


def test_a_list_has_an_end(session: Session, now: datetime, clerk: Actor, owners, monkeypatch):
    monkeypatch.setattr(vendor_entries, "MOST", 1)
    vendor_entries.add(session, clerk, owners["article"], SAMPLES["article"], now=now)

    with pytest.raises(NotNow):
        vendor_entries.add(session, clerk, owners["article"], SAMPLES["article"], now=now)


def test_a_new_list_of_articles_takes_the_place_of_the_old_one(session: Session, now: datetime, clerk: Actor, owners):
    vendor_entries.add(session, clerk, owners["article"], SAMPLES["article"], now=now)
    found = [ArticleFields(model="A"), ArticleFields(model="B", count=2)]

    assert vendor_entries.replace_articles(session, clerk, owners["article"], found, now=now) == 2

    rows = vendor_entries.of_vendor(session, clerk, owners["contact"], "article")
    assert sorted(vendor_entries.fields_of("article", row).model for row in rows) == ["A", "B"]
    with pytest.raises(BadInput):
        vendor_entries.replace_articles(session, clerk, owners["article"], [ArticleFields(model="")], now=now)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_far_from_any_record_is_refused(session: Session, now: datetime, clerk: Actor, owners, day: date):
    """A mistyped year would stand in every sum of dates after it."""
    for name in ("support_ends_on", "checked_on"):
        with pytest.raises(BadInput) as refused:
            vendor_entries.add(session, clerk, owners["article"], ArticleFields(model="CT", **{name: day}), now=now)
        assert set(refused.value.fields) == {name}
    with pytest.raises(BadInput):
        vendor_entries.add(session, clerk, owners["subcontractor"], SubcontractorFields(name="A", since=day), now=now)
    supply = vendors.find_supply(session, clerk, owners["article"])
    for name in ("contract_starts_on", "contract_ends_on", "dpa_signed_on", "audited_on", "exit_due_on"):
        with pytest.raises(BadInput) as refused:
            vendors.change_supply(
                session, clerk, supply.id, SupplyFields(name="PACS", **{name: day}), version=supply.version, now=now
            )
        assert set(refused.value.fields) == {name}


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_day_that_an_earlier_version_took_breaks_no_page(session: Session, clerk: Actor, owners, day: date):
    supply = vendors.find_supply(session, clerk, owners["article"])
    supply.contract_ends_on, supply.notice_months = day, 12
    article = Article(model="CT", checked_on=day)
    assert supply_records.notice_by(supply) in {date.min, date(9998, 12, 31)}
    assert supply_records.check_by(article) is not None


def test_a_count_of_thousands_of_digits_is_no_count():
    table = Table(heading=("Modell", "Anzahl"), rows=(("CT", "9" * 5000), ("MR", "-3"), ("US", "2")), first=2)
    found, wrong = article_lists.read(table)
    assert [one.model for one in found] == ["US"]
    assert [(one.number, one.column) for one in wrong] == [(2, "count"), (3, "count")]
