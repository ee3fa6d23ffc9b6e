"""Where a vendor stands among the hospital's own vendors of its tier; never among those of another hospital."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.comparison import Position
from portal.db.models.portfolio import VendorLine
from portal.services.actors import Actor, hospital_of

LEAST = 5  # others; among fewer a place says more about them than about the vendor


def positions(session: Session, actor: Actor) -> Mapping[str, Position]:
    """By vendor id, read from rows; a vendor without tier or value, or with too few others, has none."""
    lines = session.execute(
        select(VendorLine.vendor_id, VendorLine.tier, VendorLine.value).where(
            VendorLine.hospital_id == hospital_of(actor),
            ~VendorLine.is_ended,
            VendorLine.tier.is_not(None),
            VendorLine.value.is_not(None),
        )
    ).all()
    values: dict[int, list[float]] = defaultdict(list)
    for line in lines:
        values[line.tier].append(line.value)
    for one in values.values():
        one.sort()
    return {
        line.vendor_id: Position(
            tier=line.tier, others=len(values[line.tier]) - 1, below=bisect_left(values[line.tier], line.value)
        )
        for line in lines
        if len(values[line.tier]) > LEAST
    }
