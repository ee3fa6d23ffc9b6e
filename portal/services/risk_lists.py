"""Derived and own risks in one list, and what of them waits for somebody today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from assessments.model import RiskSource, Treatment
from portal.db.models.registers import RiskTreatment
from portal.db.models.snapshots import OwnRisk
from portal.services import own_risks, registers
from portal.services.actors import Actor
from portal.services.own_risks import OwnRiskRow
from portal.services.registers import RiskRow
from portal.services.scores import UNRATED

ORDER: Mapping[str, int] = {"critical": 0, "high": 1, "moderate": 2, "low": 3}
STANDING, GONE, CLOSED = "standing", "gone", "closed"
STATES = (STANDING, GONE, CLOSED)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A risk as a list shows it, whoever found it."""

    id: str
    key: str
    is_own: bool
    title: Mapping[str, str]  # by language
    vendor_name: str  # "": the hospital as a whole
    level: str | None
    likelihood: int
    impact: int
    source: str
    treatment: Treatment
    owner: str
    due_on: date | None
    accepted_until: date | None
    waived_until: date | None
    is_lapsed: bool

    @property
    def stands_open(self) -> bool:
        """Nobody has decided, or what was decided is over."""
        return self.treatment is Treatment.OPEN or self.is_lapsed


@dataclass(frozen=True, kw_only=True)
class RisksDue:
    """What waits for somebody."""

    lapsed: Sequence[Listed]  # an acceptance is over
    overdue: Sequence[Listed]  # the day of the treatment has passed


def listed(session: Session, actor: Actor, *, today: date, state: str = STANDING) -> Sequence[Listed]:
    """The risks that stand, the worst first; those whose cause is gone but not what was written; those closed."""
    found: list[Listed] = []
    if state != CLOSED:
        found.extend(_derived(row, today) for row in registers.risks(session, actor, gone=state == GONE))
    if state != GONE:
        rows = own_risks.rows(session, actor, closed=state == CLOSED)
        found.extend(_own(row, today) for row in rows if row.vendor is None or row.vendor.ended_at is None)
    found.sort(
        key=lambda one: (
            ORDER.get(one.level or "", len(ORDER)),
            -one.likelihood,
            -one.impact,
            one.vendor_name.casefold(),
            one.key,
        )
    )
    return found


def due(session: Session, actor: Actor, *, today: date) -> RisksDue:
    """Of those that stand and that somebody wrote about, what waits."""
    derived = [_derived(row, today) for row in registers.risks(session, actor, written=True)]
    own = [_own(row, today) for row in own_risks.rows(session, actor)]
    found = [*derived, *own]
    return RisksDue(
        lapsed=[one for one in found if one.is_lapsed],
        overdue=[
            one
            for one in found
            if one.due_on is not None and one.due_on < today and one.treatment is not Treatment.ACCEPT
        ],
    )


def _derived(row: RiskRow, today: date) -> Listed:
    written: RiskTreatment | None = row.treatment
    waived = row.risk.document.get("waived_until")
    waived_until = date.fromisoformat(waived) if waived else None
    return Listed(
        id=row.risk.id,
        key=row.risk.key,
        is_own=False,
        title=row.risk.document["title"],
        vendor_name=row.vendor.name,
        level=None if row.risk.residual == UNRATED else row.risk.residual,
        likelihood=row.risk.likelihood,
        impact=row.risk.impact,
        source=row.risk.document["source"],
        treatment=written.treatment if written else Treatment.OPEN,
        owner=written.owner if written else "",
        due_on=written.due_on if written else None,
        accepted_until=written.accepted_until if written else None,
        waived_until=waived_until if waived_until and waived_until >= today else None,
        is_lapsed=registers.lapsed(written, today),
    )


def _own(row: OwnRiskRow, today: date) -> Listed:
    risk: OwnRisk = row.risk
    return Listed(
        id=risk.id,
        key=row.key,
        is_own=True,
        title=dict.fromkeys(("de", "en"), risk.title),
        vendor_name=row.vendor.name if row.vendor else "",
        level=row.level.value if row.level else None,
        likelihood=risk.likelihood,
        impact=risk.impact,
        source=RiskSource.OWN.value,
        treatment=risk.treatment,
        owner=risk.owner,
        due_on=risk.due_on,
        accepted_until=risk.accepted_until,
        waived_until=None,
        is_lapsed=risk.closed_at is None and own_risks.is_lapsed(risk.treatment, risk.accepted_until, today),
    )
