"""Vendors beside each other: the chosen ones in the order of the reader, each as its own pages show it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from assessments import comparison
from assessments.comparison import MOST, Comparison
from portal.db.models.vendors import Vendor
from portal.services.actors import Actor
from portal.services.registers import registers
from portal.services.vendors import peers, vendors

OFFERED = 12


def chosen(session: Session, actor: Actor, vendor_ids: Sequence[str]) -> Sequence[Vendor]:
    """The vendors of the actor's hospital with these ids, each once, as many as fit beside each other."""
    return [vendors.find(session, actor, vendor_id) for vendor_id in dict.fromkeys(vendor_ids)][:MOST]


def offered(session: Session, actor: Actor, words: str, *, without: Sequence[str]) -> Sequence[Vendor]:
    """Those that the words find and that are not chosen yet."""
    found = vendors.search(session, actor, words=words, limit=OFFERED + len(without))
    return [vendor for vendor in found if vendor.id not in set(without)][:OFFERED]


def side_by_side(session: Session, actor: Actor, vendor_ids: Sequence[str], *, now: datetime) -> Comparison:
    """Worked out anew, as each vendor's own page is; the place among the vendors of its tier comes from their rows."""
    rows = chosen(session, actor, vendor_ids)
    made = comparison.compare([registers.assess(session, actor, one.id, now=now) for one in rows], at=now)
    places = peers.positions(session, actor)
    sides = [replace(side, place=places.get(row.id)) for row, side in zip(rows, made.sides, strict=True)]
    return replace(made, sides=tuple(sides))
