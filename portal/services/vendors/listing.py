"""The vendor list and the supply list: filtered, sorted, counted and paged by the database, over narrow rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from portal.db import lines
from portal.db.models.assessments import Stage
from portal.db.models.portfolio import SupplyLine, VendorLine
from portal.db.models.registers import ScoreRecord
from portal.home import BERLIN
from portal.services.actors import Actor, hospital_of
from portal.services.rounds import invitations
from portal.services.vendors.portfolio import EVIDENCE_SOON
from portal.services.vendors.vendors import PROVISIONAL_TIERS

SOON = timedelta(days=7)
NONE = "none"  # no tier, no grade, no round
TIERS = ("1", "2", "3", "4", NONE)
GRADES = ("A", "B", "C", "D", "E", "F", NONE)
LEVELS = ("critical", "high", "moderate", "low", NONE)
STAGES = (*(stage.value for stage in Stage), NONE)
PAGE = 50
MOST_NAMED = 500  # ids that an address may name


class Flag(StrEnum):
    """What a list can be narrowed to beside tier, grade, level, stage."""

    OVERDUE = "overdue"
    DUE_SOON = "due-soon"
    CONTRADICTIONS = "contradictions"
    CRITICAL = "critical"
    EVIDENCE = "evidence"
    NO_INTAKE = "no-intake"
    NOT_ASKED = "not-asked"
    NO_SECURITY_CONTACT = "no-security-contact"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a list is narrowed to; several words of one kind widen it, several kinds narrow it."""

    words: str = ""
    tiers: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    flags: frozenset[Flag] = field(default_factory=frozenset)
    only: tuple[str, ...] | None = None  # no others than these vendors


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list."""

    rows: Sequence[Any]
    start: int
    count: int  # of those that fit
    total: int  # of all on the list


@dataclass(frozen=True, kw_only=True)
class SupplyRow:
    """A supply with its vendor."""

    supply: SupplyLine
    vendor: VendorLine


V, S = VendorLine, SupplyLine
_STAGE_ORDER = case({stage: number for number, stage in enumerate(Stage)}, value=V.stage)
VENDOR_ORDER: Mapping[str, Any] = {
    "name": V.sorted_by,
    "supplies": V.supplies,
    "tier": V.tier,
    "impact": V.impact,
    "grade": V.value,
    "coverage": V.coverage,
    "outside": V.outside_value,
    "residual": V.residual_rank,
    "stage": _STAGE_ORDER,
    "due": V.due_on,
    "contradictions": V.contradictions,
    "critical": V.critical,
    "evidence": V.evidence_end,
    "moved": V.moved,
}
SUPPLY_ORDER: Mapping[str, Any] = {
    **VENDOR_ORDER,
    "vendor": V.sorted_by,
    "name": S.sorted_by,
    "tier": S.tier,
    "impact": S.impact,
    "group": S.product_group,
    "department": S.department,
    "owner": S.owner_name,
    "contract": S.contract_ends_on,
}


def vendors(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    today: date,
    sort: str = "name",
    descending: bool = False,
    start: int = 0,
    length: int = PAGE,
) -> Page:
    """One page of the vendors that fit; three queries however many there are."""
    hospital_id = _ready(session, actor)
    fits = _fits(hospital_id, wanted, today)
    found = session.scalars(
        select(V)
        .where(*fits)
        .order_by(*_ordered(VENDOR_ORDER[sort], descending=descending), V.sorted_by, V.vendor_id)
        .offset(start)
        .limit(length)
    ).all()
    return Page(
        rows=found,
        start=start,
        count=session.scalar(select(func.count()).select_from(V).where(*fits)) or 0,
        total=_all(session, hospital_id, V),
    )


def supplies(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    today: date,
    sort: str = "vendor",
    descending: bool = False,
    start: int = 0,
    length: int = PAGE,
) -> Page:
    """One page of the supplies that fit, each with its vendor; tier, group and department are the supply's own."""
    hospital_id = _ready(session, actor)
    fits = _supply_fits(hospital_id, wanted, today)
    joined = and_(V.hospital_id == S.hospital_id, V.vendor_id == S.vendor_id)
    # Which ones stand on the page is read from indexes alone; only their rows are read whole.
    shown = session.scalars(
        select(S.supply_id)
        .join(V, joined)
        .where(*fits)
        .order_by(*_ordered(SUPPLY_ORDER[sort], descending=descending), V.sorted_by, S.sorted_by, S.supply_id)
        .offset(start)
        .limit(length)
    ).all()
    found = {
        supply.supply_id: SupplyRow(supply=supply, vendor=vendor)
        for supply, vendor in session.execute(
            select(S, V).join(V, joined).where(S.hospital_id == hospital_id, S.supply_id.in_(shown))
        )
    }
    total = _all(session, hospital_id, S)
    every = select(func.count()).select_from(S).join(V, joined).where(*fits)
    return Page(
        rows=[found[supply_id] for supply_id in shown],
        start=start,
        count=total if wanted == Wanted() else session.scalar(every) or 0,
        total=total,
    )


def ids(session: Session, actor: Actor, wanted: Wanted, *, today: date) -> Sequence[str]:
    """Of every vendor that fits, by name: for an export of exactly what is shown, or a campaign."""
    hospital_id = _ready(session, actor)
    return session.scalars(
        select(V.vendor_id).where(*_fits(hospital_id, wanted, today)).order_by(V.sorted_by, V.vendor_id)
    ).all()


def of_ids(session: Session, actor: Actor, vendor_ids: Sequence[str]) -> Sequence[VendorLine]:
    """These vendors of the hospital, by name."""
    hospital_id = _ready(session, actor)
    return session.scalars(
        select(V)
        .where(V.hospital_id == hospital_id, V.vendor_id.in_(vendor_ids[:MOST_NAMED]))
        .order_by(V.sorted_by, V.vendor_id)
    ).all()


def parts_of(session: Session, actor: Actor, rows: Sequence[VendorLine]) -> Mapping[str, Mapping[str, Any]]:
    """The ten measures of the vendors of one page, by the id of the score."""
    wanted = [row.score_id for row in rows if row.score_id]
    found = session.execute(
        select(ScoreRecord.id, ScoreRecord.parts).where(
            ScoreRecord.hospital_id == hospital_of(actor), ScoreRecord.id.in_(wanted)
        )
    ).all()
    return dict(found)


def provisional(session: Session, actor: Actor, rows: Sequence[VendorLine | SupplyRow]) -> Mapping[str, int]:
    """The tier that the product group lets expect where no intake says one, by vendor or supply, for one page."""
    if rows and isinstance(rows[0], SupplyRow):
        lines_ = [row.supply for row in rows if isinstance(row, SupplyRow) and row.supply.tier is None]
        return {
            one.supply_id: PROVISIONAL_TIERS[one.product_group]
            for one in lines_
            if one.product_group in PROVISIONAL_TIERS
        }
    wanted = [row.vendor_id for row in rows if isinstance(row, VendorLine) and row.tier is None]
    found: dict[str, int] = {}
    for vendor_id, group in session.execute(
        select(S.vendor_id, S.product_group).where(
            S.hospital_id == hospital_of(actor), S.vendor_id.in_(wanted), S.is_ended.is_(False)
        )
    ):
        tier = PROVISIONAL_TIERS.get(group)
        if tier is not None:
            found[vendor_id] = min(tier, found.get(vendor_id, tier))
    return found


def heat(session: Session, actor: Actor, wanted: Wanted, *, today: date) -> Mapping[tuple[str, str], int]:
    """How many vendors of each tier have which grade, by (tier, grade); the filters on these two do not narrow it."""
    hospital_id = _ready(session, actor)
    loose = Wanted(**{**vars(wanted), "tiers": (), "grades": ()})
    return _heat(session, V, V.tier, (V,), _fits(hospital_id, loose, today))


def supply_heat(session: Session, actor: Actor, wanted: Wanted, *, today: date) -> Mapping[tuple[str, str], int]:
    """The same of supplies: each by its own tier, with the grade of its vendor."""
    hospital_id = _ready(session, actor)
    loose = Wanted(**{**vars(wanted), "tiers": (), "grades": ()})
    joined = and_(V.hospital_id == S.hospital_id, V.vendor_id == S.vendor_id)
    return _heat(session, S, S.tier, (V, joined), _supply_fits(hospital_id, loose, today))


def _heat(
    session: Session, table: Any, tier: Any, join: tuple[Any, ...], fits: list[ColumnElement[bool]]
) -> Mapping[tuple[str, str], int]:
    query = select(tier, V.grade, func.count()).select_from(table)
    if len(join) > 1:
        query = query.join(*join)
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row_tier, grade, count in session.execute(query.where(*fits).group_by(tier, V.grade)):
        found[str(row_tier or NONE), grade or NONE] += count
    return found


def departments(session: Session, actor: Actor) -> Sequence[str]:
    """Every department that a supply names."""
    hospital_id = _ready(session, actor)
    return session.scalars(
        select(S.department)
        .where(S.hospital_id == hospital_id, S.department != "")
        .distinct()
        .order_by(S.department)
        .limit(MOST_NAMED)
    ).all()


@dataclass(frozen=True, kw_only=True)
class Due:
    """How many vendors fit, and the first few of them."""

    count: int = 0
    rows: Sequence[VendorLine] = ()


def due(
    session: Session, actor: Actor, sorts: Mapping[Wanted, Any], *, today: date, length: int
) -> Mapping[Wanted, Due]:
    """Of several ways to narrow the list how many vendors fit each, and the first few by its order: for the groups of
    the start page. Counted in one go; which come first is read from an index alone, and their lines at the end."""
    hospital_id = _ready(session, actor)
    wheres = {one: and_(true(), *_of_vendor(one, today)) for one in sorts}
    on_list = V.hospital_id == hospital_id, V.is_ended.is_(False)
    sums = [func.sum(case((where, 1), else_=0)) for where in wheres.values()]
    counted = session.execute(select(*sums).where(*on_list)).one()
    counts = {one: int(count or 0) for one, count in zip(wheres, counted, strict=True)}
    first = {
        one: session.scalars(
            select(V.vendor_id).where(*on_list, where).order_by(sorts[one], V.sorted_by, V.vendor_id).limit(length)
        ).all()
        for one, where in wheres.items()
        if counts[one]
    }
    wanted = {vendor_id for ids in first.values() for vendor_id in ids}
    rows = {
        row.vendor_id: row
        for row in session.scalars(select(V).where(V.hospital_id == hospital_id, V.vendor_id.in_(wanted)))
    }
    return {one: Due(count=counts[one], rows=[rows[key] for key in first.get(one, ())]) for one in sorts}


def moves(session: Session, actor: Actor, *, since: date, length: int) -> Sequence[VendorLine]:
    """The vendors whose score has moved most since a day, with a cause that is known."""
    hospital_id = _ready(session, actor)
    begin = datetime.combine(since, time.min, tzinfo=BERLIN)
    return session.scalars(
        select(V)
        .where(
            V.hospital_id == hospital_id,
            V.is_ended.is_(False),
            V.moved.is_not(None),
            V.moved != 0,
            V.scored_at >= begin,
        )
        .order_by(func.abs(V.moved).desc(), V.sorted_by)
        .limit(length)
    ).all()


# ---- what fits


def _ready(session: Session, actor: Actor) -> str:
    lines.settle(session)  # what this session has changed is on the list
    return hospital_of(actor)


def _all(session: Session, hospital_id: str, table: Any) -> int:
    query = select(func.count()).select_from(table).where(table.hospital_id == hospital_id, table.is_ended.is_(False))
    return session.scalar(query) or 0


def _ordered(column: Any, *, descending: bool) -> tuple[Any, ...]:
    """What has no value stands last, whichever way round."""
    return column.is_(None), column.desc() if descending else column.asc()


def _fits(hospital_id: str, wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    own = _own(wanted)
    if own:
        supplied = select(S.supply_id).where(
            S.hospital_id == hospital_id, S.vendor_id == V.vendor_id, S.is_ended.is_(False), *own
        )
        own = [supplied.exists()]
    return [
        V.hospital_id == hospital_id,
        V.is_ended.is_(Flag.ENDED in wanted.flags),
        *_words(V, wanted),
        *_one_of(V.tier, wanted.tiers, int),
        *_of_vendor(wanted, today),
        *own,
    ]


def _supply_fits(hospital_id: str, wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    return [
        S.hospital_id == hospital_id,
        S.is_ended.is_(Flag.ENDED in wanted.flags),
        *_words(S, wanted),
        *_one_of(S.tier, wanted.tiers, int),
        *_own(wanted),
        *_of_vendor(wanted, today),
        *([S.has_security_contact.is_(False)] if Flag.NO_SECURITY_CONTACT in wanted.flags else []),  # it may have one
    ]


def _own(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.groups:
        found.append(S.product_group.in_(["" if one == NONE else one for one in wanted.groups]))
    if wanted.departments:
        found.append(S.department.in_(["" if one == NONE else one for one in wanted.departments]))
    return found


def _words(table: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    return [table.words.contains(word, autoescape=True) for word in wanted.words.casefold().split()[:5]]


def _one_of(column: Any, words: tuple[str, ...], kind: Any = str) -> list[ColumnElement[bool]]:
    if not words:
        return []
    values = [kind(word) for word in words if word != NONE]
    named = [column.in_(values)] if values else []
    return [or_(*named, column.is_(None)) if NONE in words else named[0]]


def _of_vendor(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    """What holds for the vendor, also where its supplies are listed."""
    is_open = V.stage.in_(list(invitations.OPEN))
    flags: Mapping[Flag, ColumnElement[bool]] = {
        Flag.OVERDUE: and_(is_open, V.due_on < today),
        Flag.DUE_SOON: and_(is_open, V.due_on >= today, V.due_on <= today + SOON),
        Flag.CONTRADICTIONS: V.contradictions > 0,
        Flag.CRITICAL: V.critical > 0,
        Flag.EVIDENCE: V.evidence_end <= today + EVIDENCE_SOON,
        Flag.NO_INTAKE: or_(V.tier.is_(None), V.unrated_supply_id.is_not(None)),
        Flag.NOT_ASKED: and_(V.tier.is_not(None), V.assessment_id.is_(None)),
        Flag.NO_SECURITY_CONTACT: V.has_security_contact.is_(False),
    }
    found = [flags[flag] for flag in sorted(wanted.flags) if flag in flags]
    found += _one_of(V.grade, wanted.grades)
    found += _one_of(V.residual, wanted.levels)
    found += _one_of(V.stage, wanted.stages, Stage)
    if wanted.only is not None:
        found.append(V.vendor_id.in_(wanted.only))
    return found
