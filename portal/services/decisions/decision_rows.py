"""Decisions as they are read, each with its conditions and with what opened it again; the register rests on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.deciding import ConditionFact, Decided, Reopening, Tally
from assessments.model import Grade, RiskLevel
from portal.db.models.decisions import AgendaItem, Condition, Decision, DecisionReopening, Sitting
from portal.db.models.vendors import Supply, Vendor
from portal.services.actors import Actor, hospital_of
from portal.services.registers import dossiers


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is decided on: a vendor, one of its products, or a topic."""

    vendor: Vendor | None = None
    supply: Supply | None = None
    topic: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Two decisions of the same key are about the same thing."""
        return (
            self.vendor.id if self.vendor else "",
            self.supply.id if self.supply else "",
            " ".join(self.topic.casefold().split()),
        )


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """A decision with everything that belongs to it."""

    decision: Decision
    vendor: Vendor | None
    supply: Supply | None
    conditions: Sequence[Condition]
    reopenings: Sequence[DecisionReopening]
    sitting: Sitting | None
    is_newest: bool  # nothing has superseded it
    fact: Decided

    @property
    def is_in_force(self) -> bool:
        """Nothing has superseded it and nothing has opened it again."""
        return self.is_newest and not self.reopenings


def rows(session: Session, actor: Actor, *, vendor_id: str = "") -> Sequence[DecisionRow]:
    """Every decision of the hospital, or of one vendor, the newest first."""
    hospital_id = hospital_of(actor)
    query = (
        select(Decision, Vendor, Supply, Sitting)
        .outerjoin(Vendor, (Vendor.hospital_id == Decision.hospital_id) & (Vendor.id == Decision.vendor_id))
        .outerjoin(Supply, (Supply.hospital_id == Decision.hospital_id) & (Supply.id == Decision.supply_id))
        .outerjoin(AgendaItem, (AgendaItem.hospital_id == Decision.hospital_id) & (AgendaItem.id == Decision.item_id))
        .outerjoin(Sitting, (Sitting.hospital_id == AgendaItem.hospital_id) & (Sitting.id == AgendaItem.sitting_id))
        .where(Decision.hospital_id == hospital_id)
        .order_by(Decision.number.desc())
    )
    if vendor_id:
        query = query.where(Decision.vendor_id == vendor_id)
    conditions: dict[str, list[Condition]] = {}
    for one in session.scalars(
        select(Condition).where(Condition.hospital_id == hospital_id).order_by(Condition.position)
    ):
        conditions.setdefault(one.decision_id, []).append(one)
    opened: dict[str, list[DecisionReopening]] = {}
    for cause in session.scalars(
        select(DecisionReopening)
        .where(DecisionReopening.hospital_id == hospital_id)
        .order_by(DecisionReopening.at, DecisionReopening.id)
    ):
        opened.setdefault(cause.decision_id, []).append(cause)
    decided = session.execute(query).all()
    keys = dossiers.vendor_keys(session, hospital_id) if decided else {}
    seen: set[tuple[str, str, str]] = set()
    found = []
    for decision, vendor, supply, sitting in decided:
        key = Subject(vendor=vendor, supply=supply, topic=decision.topic).key
        found.append(
            DecisionRow(
                decision=decision,
                vendor=vendor,
                supply=supply,
                conditions=conditions.get(decision.id, ()),
                reopenings=opened.get(decision.id, ()),
                sitting=sitting,
                is_newest=key not in seen,
                fact=_fact(
                    decision,
                    vendor_key=keys.get(decision.vendor_id or "", ""),
                    vendor=vendor.name if vendor else "",
                    about=supply.name if supply else decision.topic,
                    conditions=conditions.get(decision.id, ()),
                    opened=opened.get(decision.id, ()),
                    sitting=sitting.name if sitting else "",
                ),
            )
        )
        seen.add(key)
    return found


def standing_rows(session: Session, actor: Actor) -> Sequence[DecisionRow]:
    """Of each subject the newest decision, in force or open again; those of vendors off the lists left out."""
    return [
        row for row in rows(session, actor) if row.is_newest and (row.vendor is None or row.vendor.ended_at is None)
    ]


def key_of(number: int) -> str:
    """As lists and papers name a decision."""
    return f"B-{number:04}"


def condition_fact(one: Condition) -> ConditionFact:
    """As papers tell of it."""
    return ConditionFact(
        key=one.id, text=one.text, due_on=one.due_on, owner=one.owner, proof=one.proof, state=one.state
    )


def _fact(
    decision: Decision,
    *,
    vendor_key: str,
    vendor: str,
    about: str,
    conditions: Iterable[Condition],
    opened: Iterable[DecisionReopening],
    sitting: str,
) -> Decided:
    return Decided(
        key=key_of(decision.number),
        vendor_key=vendor_key,
        vendor=vendor,
        about=about,
        ruling=decision.ruling,
        authority=decision.authority,
        reasons=decision.reasons,
        by=decision.by_name,
        at=decision.at,
        review_on=decision.review_on,
        tier=decision.tier,
        grade=Grade(decision.grade) if decision.grade else None,
        level=RiskLevel(decision.residual) if decision.residual else None,
        policy_version=decision.policy_version,
        conditions=tuple(condition_fact(one) for one in conditions),
        reopenings=tuple(
            Reopening(cause=one.cause, key=one.key, about=one.about, before=one.before, after=one.after, at=one.at)
            for one in opened
        ),
        tally=Tally(**decision.tally) if decision.tally else None,
        sitting=sitting,
    )
