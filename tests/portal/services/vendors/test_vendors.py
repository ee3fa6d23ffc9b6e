"""A hospital's record of its suppliers: who may write, what is refused, what another hospital never sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.model import HostRole
from portal.db.models.accounts import HospitalRole
from portal.db.models.vendors import HostState, Vendor
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.actors import Actor
from portal.services.vendors import vendors
from portal.services.vendors.vendors import HostFields, SupplyFields, VendorFields
from tests.portal import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


@pytest.fixture
def clerk(session: Session) -> Actor:
    return building.hospital_actor(session, role=HospitalRole.ASSESSOR)


def add(session: Session, actor: Actor, now: datetime, name: str = "Strahlwerk GmbH", **fields) -> Vendor:
    return vendors.add(session, actor, VendorFields(name=name, **fields), now=now)


@pytest.mark.parametrize("role", [HospitalRole.DECIDER, HospitalRole.AUDITOR])
def test_only_admins_and_assessors_write(session: Session, now: datetime, clerk: Actor, role: HospitalRole):
    vendor = add(session, clerk, now)
    supply = vendors.add_supply(session, clerk, vendor.id, SupplyFields(name="PACS"), now=now)
    reader = Actor(name="x", hospital_id=clerk.hospital_id, hospital_role=role)

    for verb in (
        lambda: vendors.add(session, reader, VendorFields(name="Zweite GmbH"), now=now),
        lambda: vendors.change(session, reader, vendor.id, VendorFields(name="x"), version=1, now=now),
        lambda: vendors.end(session, reader, vendor.id, now=now),
        lambda: vendors.add_supply(session, reader, vendor.id, SupplyFields(name="x"), now=now),
        lambda: vendors.change_supply(session, reader, supply.id, SupplyFields(name="x"), version=1, now=now),
        lambda: vendors.name_host(session, reader, vendor.id, HostFields(name="a.de"), now=now),
        lambda: vendors.remove_host(session, reader, vendor.id, "x", now=now),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert vendors.find(session, reader, vendor.id) is vendor


def test_another_hospital_finds_nothing(session: Session, now: datetime, clerk: Actor):
    vendor = add(session, clerk, now)
    supply = vendors.add_supply(session, clerk, vendor.id, SupplyFields(name="PACS"), now=now)
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    assert vendors.search(session, other) == []
    for verb in (
        lambda: vendors.find(session, other, vendor.id),
        lambda: vendors.find_supply(session, other, supply.id),
        lambda: vendors.change(session, other, vendor.id, VendorFields(name="x"), version=1, now=now),
        lambda: vendors.end(session, other, vendor.id, now=now),
        lambda: vendors.add_supply(session, other, vendor.id, SupplyFields(name="x"), now=now),
        lambda: vendors.name_host(session, other, vendor.id, HostFields(name="a.de"), now=now),
    ):
        with pytest.raises(NotFound):
            verb()


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("vat_id", "DE 123 456 789", "de123456789"),
        ("domain", "https://Strahlwerk.example/", "strahlwerk.example"),
        ("creditor_number", "70011", " 70011 "),
    ],
)
def test_a_second_record_of_the_same_vendor_is_refused_with_its_name(
    session: Session, now: datetime, clerk: Actor, field: str, first: str, second: str
):
    add(session, clerk, now, **{field: first})

    with pytest.raises(BadInput) as refused:
        add(session, clerk, now, "Strahlwerk Vertrieb", **{field: second})

    assert refused.value.fields[field].values == {"vendor": "Strahlwerk GmbH"}


def test_what_is_off_the_lists_is_no_duplicate_and_neither_is_another_hospitals(
    session: Session, now: datetime, clerk: Actor
):
    vendors.end(session, clerk, add(session, clerk, now, domain="strahlwerk.example").id, now=now)
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))
    add(session, other, now, domain="strahlwerk.example")

    assert add(session, clerk, now, domain="strahlwerk.example").domain == "strahlwerk.example"


def test_changing_over_somebody_elses_change_is_a_clash(session: Session, now: datetime, clerk: Actor):
    vendor = add(session, clerk, now)
    supply = vendors.add_supply(session, clerk, vendor.id, SupplyFields(name="PACS"), now=now)
    vendors.change(session, clerk, vendor.id, VendorFields(name="Neu GmbH"), version=1, now=now)
    vendors.change_supply(session, clerk, supply.id, SupplyFields(name="PACS 2"), version=1, now=now)

    with pytest.raises(Clash):
        vendors.change(session, clerk, vendor.id, VendorFields(name="Alt GmbH"), version=1, now=now)
    with pytest.raises(Clash):
        vendors.change_supply(session, clerk, supply.id, SupplyFields(name="PACS 3"), version=1, now=now)
    assert (vendor.name, vendor.version, supply.name, supply.version) == ("Neu GmbH", 2, "PACS 2", 2)


def test_every_wrong_field_is_named_at_once(session: Session, now: datetime, clerk: Actor):
    with pytest.raises(BadInput) as refused:
        add(session, clerk, now, "  ", contact_email="niemand", security_email="a@b.de, c@d.de")

    assert set(refused.value.fields) == {"name", "contact_email", "security_email"}


def test_a_change_says_in_the_trail_which_fields_it_touched(session: Session, now: datetime, clerk: Actor):
    vendor = add(session, clerk, now)
    vendors.change(session, clerk, vendor.id, VendorFields(name="Strahlwerk GmbH", note="neu"), version=1, now=now)

    event = audit.newest(session, audit.hospital_scope(clerk.hospital_id))[0]
    assert (event.verb, event.detail) == ("vendor.changed", {"fields": ["note"]})


# ---- hosts


def test_a_host_has_one_spelling_and_stands_once(session: Session, now: datetime, clerk: Actor):
    vendor = add(session, clerk, now)
    host = vendors.name_host(session, clerk, vendor.id, HostFields(name=" Portal.Strahlwerk.DE "), now=now)
    session.expire(vendor)

    assert host.name == "portal.strahlwerk.de"
    with pytest.raises(BadInput, match="on the list already"):
        vendors.name_host(session, clerk, vendor.id, HostFields(name="portal.strahlwerk.de."), now=now)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "de", "intern.local", "a b.de", "x" * 300 + ".de", "☃"])
def test_what_is_no_public_host_name_is_refused_with_a_sentence(
    session: Session, now: datetime, clerk: Actor, name: str
):
    vendor = add(session, clerk, now)

    with pytest.raises(BadInput) as refused:
        vendors.name_host(session, clerk, vendor.id, HostFields(name=name), now=now)

    assert refused.value.fields["host"].text


def test_a_vendor_has_twenty_hosts_at_most(session: Session, now: datetime, clerk: Actor):
    vendor = building.vendor(
        session, building.hospital(session, "x"), hosts=tuple(f"h{number}.de" for number in range(20))
    )
    actor = Actor(name="x", hospital_id=vendor.hospital_id, hospital_role=HospitalRole.ADMIN)

    with pytest.raises(BadInput, match="at most"):
        vendors.name_host(session, actor, vendor.id, HostFields(name="noch-einer.de"), now=now)


def test_a_host_of_somebody_elses_product_is_not_found(session: Session, now: datetime, clerk: Actor):
    mine, other = add(session, clerk, now), add(session, clerk, now, "Andere GmbH")
    supply = vendors.add_supply(session, clerk, other.id, SupplyFields(name="KIS"), now=now)

    with pytest.raises(NotFound):
        vendors.name_host(session, clerk, mine.id, HostFields(name="a.de", supply_id=supply.id), now=now)


@pytest.mark.parametrize("state", [HostState.CONFIRMED, HostState.ADDED, HostState.STRUCK])
def test_a_host_the_vendor_has_spoken_about_stays(session: Session, now: datetime, clerk: Actor, state: HostState):
    vendor = add(session, clerk, now)
    host = vendors.name_host(session, clerk, vendor.id, HostFields(name="a.de", role=HostRole.MAIL), now=now)
    host.state = state
    session.expire(vendor)

    with pytest.raises(NotNow):
        vendors.remove_host(session, clerk, vendor.id, host.id, now=now)


# ---- searching


def test_words_find_name_domain_creditor_and_product(session: Session, now: datetime, clerk: Actor):
    vendor = add(session, clerk, now, domain="strahlwerk.example", creditor_number="70011")
    vendors.add_supply(session, clerk, vendor.id, SupplyFields(name="PACS Archiv"), now=now)
    add(session, clerk, now, "Ganz anders AG")

    for words in ("strahl", "STRAHLWERK.ex", "7001", "archiv"):
        assert [one.name for one in vendors.search(session, clerk, words=words)] == ["Strahlwerk GmbH"], words


@pytest.mark.parametrize("words", ["%", "_", "\\", "100%", "a_b"])
def test_marks_of_the_query_language_are_letters(session: Session, now: datetime, clerk: Actor, words: str):
    add(session, clerk, now, "Strahlwerk GmbH")
    wanted = add(session, clerk, now, f"Firma {words} GmbH")

    assert list(vendors.search(session, clerk, words=words)) == [wanted]


@given(words=st.text(max_size=40))
def test_no_words_break_the_search(words: str):
    # The pattern is the only thing a reader's words go into.
    escaped = vendors._escaped(words)
    assert len(escaped) == len(words) + sum(words.count(mark) for mark in "\\%_")
