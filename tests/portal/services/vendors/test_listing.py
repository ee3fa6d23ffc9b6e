"""The vendor list in the database: what fits, in which order, how many, and always in step with what it rests on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, event, select

from portal.db import lines
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.portfolio import SupplyLine, VendorLine
from portal.db.models.registers import ScoreRecord
from portal.db.models.supplies import ContactRole
from portal.services.vendors import listing, supply_records, vendor_entries, vendors
from portal.services.vendors.listing import NONE, Flag, Wanted
from portal.services.vendors.supply_records import Matter
from portal.services.vendors.vendor_entries import ContactFields
from portal.services.vendors.vendors import SupplyFields, VendorFields
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"
EVERYTHING = Wanted()
CASES = [
    (Wanted(flags=frozenset({Flag.OVERDUE})), ["Überfällig GmbH"]),
    (Wanted(flags=frozenset({Flag.DUE_SOON})), ["Bald GmbH"]),
    (Wanted(flags=frozenset({Flag.CONTRADICTIONS})), [NAME]),
    (Wanted(flags=frozenset({Flag.CRITICAL})), [NAME]),
    (Wanted(flags=frozenset({Flag.EVIDENCE})), [NAME]),
    (Wanted(flags=frozenset({Flag.NO_INTAKE})), ["Ohne Einstufung GmbH"]),
    (Wanted(flags=frozenset({Flag.NOT_ASKED})), ["Nicht gefragt GmbH"]),
    (Wanted(flags=frozenset({Flag.ENDED})), []),
    (Wanted(stages=(Stage.SUBMITTED.value,)), [NAME]),
    (Wanted(stages=(NONE,)), ["Nicht gefragt GmbH", "Ohne Einstufung GmbH"]),
    (Wanted(tiers=(NONE,)), ["Ohne Einstufung GmbH"]),
    (Wanted(words="TERMIN"), ["Nicht gefragt GmbH"]),
    (Wanted(words="strahl pacs"), [NAME]),
    (Wanted(words="100%"), []),
    (Wanted(only=()), []),
]


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    made = wards.one(session, now, name=NAME, quality=0.4)
    wards.add(session, made, "Ohne Einstufung GmbH", "x", intake=None, now=now)
    wards.add(session, made, "Nicht gefragt GmbH", "Terminplaner", now=now)
    wards.add(session, made, "Überfällig GmbH", "x", domain="ueber.example", now=now)
    wards.invite(session, made, "Überfällig GmbH", now=now, due=now.date() - timedelta(days=1))
    wards.add(session, made, "Bald GmbH", "x", domain="bald.example", now=now)
    wards.invite(session, made, "Bald GmbH", now=now, due=now.date() + timedelta(days=7))
    return made


def names(session: Session, ward: Ward, wanted: Wanted, now: datetime, **how: object) -> list[str]:
    found = listing.vendors(session, ward.auditor, wanted, today=now.date(), **how)
    assert found.count == len(found.rows)
    return [row.name for row in found.rows]


def test_what_fits_is_listed(session: Session, ward: Ward, now: datetime):
    for wanted, expected in CASES:
        assert names(session, ward, wanted, now) == expected, wanted


def test_lists_stand_in_every_order_with_what_is_unknown_last(session: Session, ward: Ward, now: datetime):
    for key in listing.VENDOR_ORDER:
        up = names(session, ward, EVERYTHING, now, sort=key)
        down = names(session, ward, EVERYTHING, now, sort=key, descending=True)
        assert sorted(up) == sorted(down), key
        assert len(up) == 5
        if key in {"grade", "due"}:
            assert up[-1] == down[-1]  # it has neither
    for key in listing.SUPPLY_ORDER:
        found = listing.supplies(session, ward.auditor, EVERYTHING, today=now.date(), sort=key)
        assert found.count == found.total == len(found.rows) == 5, key


def test_accents_and_case_do_not_part_neighbours(session: Session, ward: Ward, now: datetime):
    assert names(session, ward, EVERYTHING, now)[-1] == "Überfällig GmbH"


def test_pages_are_cut_and_counted(session: Session, ward: Ward, now: datetime):
    found = listing.vendors(session, ward.auditor, EVERYTHING, today=now.date(), start=2, length=2)

    assert (len(found.rows), found.count, found.total) == (2, 5, 5)


def test_supplies_have_their_own_tier_department_and_end(session: Session, ward: Ward, now: datetime):
    fields = SupplyFields(name="Wartung", department="Technik", product_group="network")
    vendors.add_supply(session, ward.assessor, ward.vendors[NAME], fields, now=now)
    found = listing.supplies(session, ward.auditor, Wanted(departments=("Technik",)), today=now.date())

    assert [(row.supply.name, row.vendor.name, row.supply.tier) for row in found.rows] == [("Wartung", NAME, None)]
    assert names(session, ward, Wanted(departments=("Technik",), groups=("network",)), now) == [NAME]
    assert names(session, ward, Wanted(flags=frozenset({Flag.NO_INTAKE})), now) == ["Ohne Einstufung GmbH", NAME]
    assert listing.departments(session, ward.auditor)[-1] == "Technik"


def test_the_pages_of_supplies_together_are_the_list(session: Session, ward: Ward, now: datetime):
    for number in range(3):
        fields = SupplyFields(name=f"Wartung {number}", department="Technik")
        vendors.add_supply(session, ward.assessor, ward.vendors[NAME], fields, now=now)

    def page(start: int, length: int) -> listing.Page:
        return listing.supplies(
            session, ward.auditor, EVERYTHING, today=now.date(), sort="department", start=start, length=length
        )

    whole = page(0, listing.PAGE)

    assert whole.count == whole.total == len(whole.rows) == 8
    assert [row for start in (0, 3, 6) for row in page(start, 3).rows] == whole.rows
    assert page(8, 3).rows == []


def test_the_heat_map_counts_what_the_list_shows(session: Session, ward: Ward, now: datetime):
    heat = listing.heat(session, ward.auditor, EVERYTHING, today=now.date())

    assert sum(heat.values()) == 5
    for (tier, grade), count in heat.items():
        assert len(names(session, ward, Wanted(tiers=(tier,), grades=(grade,)), now)) == count
    assert listing.heat(session, ward.auditor, Wanted(tiers=("4",)), today=now.date()) == heat
    by_supply = listing.supply_heat(session, ward.auditor, EVERYTHING, today=now.date())
    assert sum(by_supply.values()) == 5


def test_a_list_takes_as_many_queries_for_many_vendors_as_for_few(
    session: Session, engine: Engine, ward: Ward, now: datetime
):
    asked: list[str] = []
    names(session, ward, EVERYTHING, now)
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    names(session, ward, EVERYTHING, now)
    few = len(asked)
    for number in range(40):
        vendors.add(session, ward.assessor, VendorFields(name=f"Firma {number}"), now=now)
    lines.settle(session)
    asked.clear()

    assert len(names(session, ward, EVERYTHING, now)) == 45
    assert len(asked) == few == 3


def test_another_hospital_has_a_list_of_its_own(session: Session, ward: Ward, now: datetime):
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    assert listing.vendors(session, other, EVERYTHING, today=now.date()).total == 0
    assert listing.supplies(session, other, EVERYTHING, today=now.date()).total == 0
    assert listing.ids(session, other, EVERYTHING, today=now.date()) == []
    assert listing.of_ids(session, other, list(ward.vendors.values())) == []
    assert not listing.heat(session, other, EVERYTHING, today=now.date())
    assert not listing.departments(session, other)
    assert ward.vendors


# ---- in step with what it rests on


def kept(session: Session, table: type) -> list[dict[str, object]]:
    rows = session.scalars(select(table).order_by(*table.__table__.primary_key)).all()
    return [{column.name: getattr(row, column.name) for column in table.__table__.columns} for row in rows]


def test_lines_are_what_they_would_be_if_written_anew(sessions: Sessions, session: Session, ward: Ward):
    session.commit()
    with sessions() as fresh:
        before = kept(fresh, VendorLine), kept(fresh, SupplyLine)
        fresh.execute(delete(VendorLine))
        fresh.execute(delete(SupplyLine))
        fresh.commit()
    with sessions() as again:
        assert lines.write_missing(again) == len(ward.vendors)
        again.commit()
    with sessions() as reader:
        assert (kept(reader, VendorLine), kept(reader, SupplyLine)) == before
        assert lines.write_missing(reader) == 0


def test_every_change_reaches_the_list_in_its_own_transaction(
    sessions: Sessions, session: Session, ward: Ward, now: datetime
):
    session.commit()
    with sessions() as writer:
        round_ = writer.get_one(Assessment, ward.assessments["Überfällig GmbH"])
        round_.stage = Stage.ANSWERING
        score = writer.scalars(
            select(ScoreRecord).where(ScoreRecord.assessment_id == ward.assessments[NAME], ScoreRecord.is_current)
        ).one()
        score.grade = "A"
        vendors.end(writer, ward.assessor, ward.vendors["Bald GmbH"], now=now)
        writer.commit()
    with sessions() as reader:
        found = {row.name: row for row in reader.scalars(select(VendorLine))}
        assert found["Überfällig GmbH"].stage is Stage.ANSWERING
        assert found[NAME].grade == "A"
        assert found["Bald GmbH"].is_ended
        wanted = Wanted(flags=frozenset({Flag.ENDED}))
        assert [row.name for row in listing.vendors(reader, ward.auditor, wanted, today=now.date()).rows] == [
            "Bald GmbH"
        ]


def test_what_is_rolled_back_leaves_no_trace(session: Session, ward: Ward, now: datetime):
    session.commit()
    vendors.add(session, ward.assessor, VendorFields(name="Nie"), now=now)
    assert "Nie" in names(session, ward, EVERYTHING, now)
    session.rollback()

    assert "Nie" not in names(session, ward, EVERYTHING, now)
    with session.begin_nested() as step:
        vendors.add(session, ward.assessor, VendorFields(name="Halb"), now=now)
        session.flush()
        step.rollback()
    assert "Halb" not in names(session, ward, EVERYTHING, now)


def test_saving_an_answer_is_no_news_for_lists(session: Session, ward: Ward):
    session.commit()
    session.get_one(Assessment, ward.assessments[NAME]).version += 1
    session.flush()

    assert lines.STALE not in session.info


def test_a_tier_that_only_the_product_group_tells_is_marked_as_provisional(session: Session, ward: Ward, now: datetime):
    vendor_id = ward.vendors["Ohne Einstufung GmbH"]
    fields = SupplyFields(name="Netz", product_group="network")
    supply = vendors.add_supply(session, ward.assessor, vendor_id, fields, now=now)
    rows = listing.vendors(session, ward.auditor, EVERYTHING, today=now.date()).rows
    expected = vendors.PROVISIONAL_TIERS["network"]
    assert listing.provisional(session, ward.auditor, rows) == {vendor_id: expected}
    found = listing.supplies(session, ward.auditor, EVERYTHING, today=now.date()).rows
    assert listing.provisional(session, ward.auditor, found) == {supply.id: expected}


def test_somebody_for_each_product_is_somebody_to_call(session: Session, ward: Ward, now: datetime):
    vendor_id = ward.vendors[NAME]

    def lacks() -> bool:
        session.flush()
        return NAME in names(session, ward, Wanted(flags=frozenset({Flag.NO_SECURITY_CONTACT})), now)

    vendors.find(session, ward.auditor, vendor_id).security_email = ""
    assert lacks()
    more = vendors.add_supply(session, ward.assessor, vendor_id, SupplyFields(name="Wartung"), now=now)
    for number, supply_id in enumerate((ward.supplies[NAME], more.id)):
        contact = ContactFields(role=ContactRole.SECURITY, phone="+49 30 1", supply_id=supply_id)
        vendor_entries.add(session, ward.assessor, vendor_id, contact, now=now)
        assert lacks() is (number == 0)


def test_the_list_of_supplies_without_somebody_to_call_is_what_the_start_page_counts(
    session: Session, ward: Ward, now: datetime
):
    vendor_id, wanted = ward.vendors[NAME], Wanted(flags=frozenset({Flag.NO_SECURITY_CONTACT}))
    vendors.find(session, ward.auditor, vendor_id).security_email = ""
    more = vendors.add_supply(session, ward.assessor, vendor_id, SupplyFields(name="Wartung"), now=now)
    contact = ContactFields(role=ContactRole.SECURITY, phone="+49 30 1", supply_id=more.id)
    vendor_entries.add(session, ward.assessor, vendor_id, contact, now=now)

    listed = {row.supply.supply_id for row in listing.supplies(session, ward.auditor, wanted, today=now.date()).rows}
    counted = supply_records.due(session, ward.auditor, today=now.date(), page=slice(100))[Matter.SECURITY]
    assert listed == {line.supply.id for line in counted.lines}
    assert len(listed) == counted.count
    assert ward.supplies[NAME] in listed
    assert more.id not in listed
