"""A place among the hospital's own vendors of a tier, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from portal.db.models.portfolio import VendorLine
from portal.services.registers import comparisons
from portal.services.vendors import peers
from tests.portal import building

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def rated(session: Session, hospital, values: list[float | None], *, tier: int = 1) -> list[str]:
    ids = []
    for number, value in enumerate(values):
        vendor = building.vendor(session, hospital, name=f"Lieferant {tier}-{number}")
        session.commit()
        session.execute(update(VendorLine).where(VendorLine.vendor_id == vendor.id).values(tier=tier, value=value))
        ids.append(vendor.id)
    return ids


def test_a_place_is_the_share_of_others_with_a_lower_value(session):
    hospital = building.hospital(session)
    actor = building.hospital_actor(session, hospital)
    best, *_middle, twin, worst = rated(session, hospital, [90, 70, 70, 60, 50, 50, 10])

    found = peers.positions(session, actor)

    assert (found[best].others, found[best].below, found[best].percent) == (6, 6, 100)
    assert (found[twin].below, found[worst].below) == (1, 0)


def test_among_too_few_there_is_no_place(session):
    hospital = building.hospital(session)
    actor = building.hospital_actor(session, hospital)
    rated(session, hospital, [90, 70, 60, 50, 40])
    rated(session, hospital, [90, 70, 60, 50, 40, 30, None], tier=2)

    found = peers.positions(session, actor)

    assert {one.tier for one in found.values()} == {2}
    assert {one.others for one in found.values()} == {5}


def test_vendors_of_another_hospital_count_for_nothing(session):
    ours, theirs = building.hospital(session), building.hospital(session, "Klinikum Süd")
    actor = building.hospital_actor(session, ours)
    mine = rated(session, ours, [50, 40, 30, 20, 10, 5])
    rated(session, theirs, [99, 98, 97, 96, 95, 94])

    assert peers.positions(session, actor).keys() == set(mine)
    assert peers.positions(session, actor)[mine[0]].percent == 100


def test_vendors_beside_each_other_have_their_places(session, now):
    hospital = building.hospital(session)
    actor = building.hospital_actor(session, hospital)
    best, *_middle, worst = rated(session, hospital, [90, 70, 70, 60, 50, 10])

    made = comparisons.side_by_side(session, actor, [worst, best], now=now)

    assert [side.place.percent for side in made.sides] == [0, 100]
