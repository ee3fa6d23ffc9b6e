"""What a draft of a policy would do before it is released: vendors worked out twice, nothing written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import deciding, register
from assessments.model import Authority, Policy, ResidualRisk, Score
from portal.db.models.portfolio import VendorLine
from portal.services.actors import Actor, hospital_of
from portal.services.registers import policies, registers

LENGTH = 25  # vendors of one page; each is scored twice
MOST = 100  # vendors that are worked out at once on request


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One vendor under what holds and under the draft."""

    vendor_id: str
    name: str
    tier: int | None
    before: Score
    after: Score
    risk_before: ResidualRisk
    risk_after: ResidualRisk
    by_before: Authority  # who decides on it
    by_after: Authority

    @property
    def direction(self) -> int:
        """1: more points, -1: fewer, 0: as many, or none before or after."""
        if self.before.value is None or self.after.value is None:
            return 0
        return (self.after.value > self.before.value) - (self.after.value < self.before.value)

    @property
    def moves(self) -> bool:
        """Whether anything that lists show would change."""
        return (
            self.before.value != self.after.value
            or self.before.grade is not self.after.grade
            or self.risk_before.level is not self.risk_after.level
            or self.by_before is not self.by_after
        )


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How many of the vendors worked out move which way."""

    counted: int
    up: int
    down: int
    same: int
    grades: int  # whose grade is another
    levels: int  # whose residual risk is another
    authorities: int  # on whom somebody else decides


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A page of vendors, the most critical first."""

    rows: Sequence[Changed]
    total: int  # vendors of the hospital

    @property
    def moved(self) -> Sequence[Changed]:
        """Those whose grade, value, residual risk or decider would change."""
        return [row for row in self.rows if row.moves]

    @property
    def totals(self) -> Totals:
        """Of the vendors of this page."""
        directions = [row.direction for row in self.rows]
        return Totals(
            counted=len(self.rows),
            up=directions.count(1),
            down=directions.count(-1),
            same=directions.count(0),
            grades=sum(row.before.grade is not row.after.grade for row in self.rows),
            levels=sum(row.risk_before.level is not row.risk_after.level for row in self.rows),
            authorities=sum(row.by_before is not row.by_after for row in self.rows),
        )


def preview(
    session: Session, actor: Actor, draft: Policy, *, now: datetime, start: int = 0, length: int = LENGTH
) -> Preview:
    """So many vendors from that place on, the most critical first."""
    hospital_id = hospital_of(actor)
    lines = session.execute(
        select(VendorLine.vendor_id, VendorLine.name, VendorLine.tier)
        .where(VendorLine.hospital_id == hospital_id, ~VendorLine.is_ended)
        .order_by(VendorLine.tier.is_(None), VendorLine.tier, VendorLine.sorted_by)
    ).all()
    held = policies.of(session, hospital_id)
    rows = []
    for line in lines[start : start + length]:
        dossier = registers.dossier(session, actor, line.vendor_id, now=now)
        before, after = register.assess(dossier, held), register.assess(dossier, draft)
        rows.append(
            Changed(
                vendor_id=line.vendor_id,
                name=line.name,
                tier=line.tier,
                before=before.score,
                after=after.score,
                risk_before=before.residual,
                risk_after=after.residual,
                by_before=deciding.authority(held, line.tier, before.residual.level),
                by_after=deciding.authority(draft, line.tier, after.residual.level),
            )
        )
    return Preview(rows=rows, total=len(lines))
