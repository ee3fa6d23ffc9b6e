"""Derived and own risks in one list, filtered, counted and paged by the database, and what of them waits today."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from assessments.model import RiskSource, Treatment
from portal.db import lines
from portal.db import session as database
from portal.db.models.portfolio import VendorLine
from portal.db.models.registers import RiskRecord, RiskTreatment
from portal.db.models.snapshots import OwnRisk
from portal.db.models.vendors import Vendor
from portal.services.actors import Actor, hospital_of
from portal.services.registers import own_risks, policies, registers
from portal.services.registers.own_risks import OwnRiskRow
from portal.services.registers.registers import RiskRow
from portal.services.registers.scores import UNRATED

ORDER: Mapping[str, int] = {"critical": 0, "high": 1, "moderate": 2, "low": 3}
STANDING, GONE, CLOSED = "standing", "gone", "closed"
STATES = (STANDING, GONE, CLOSED)
LAPSED, OVERDUE = "lapsed", "overdue"
PAGE = 100
FILTERS = ("impact", "likelihood", "level", "treatment", "source")


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

    lapsed: Sequence[Listed]  # an acceptance is over; the first of them
    overdue: Sequence[Listed]  # the day of the treatment has passed; the first of them
    lapsed_count: int
    overdue_count: int


@dataclass(frozen=True, kw_only=True)
class RiskPage:
    """One page of the list, and how all of it is spread."""

    rows: Sequence[Listed]
    count: int  # of those that fit
    total: int
    heat: Mapping[tuple[int, int], int]  # by impact and likelihood
    levels: Mapping[str, int]
    open_count: int


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """What the list is narrowed to."""

    state: str = STANDING
    chosen: Mapping[str, str] = field(default_factory=dict)  # name of FILTERS -> value
    words: str = ""  # of the vendor, its products, or the risk's key
    due: str = ""  # LAPSED, OVERDUE


def page(
    session: Session, actor: Actor, wanted: Narrowed, *, today: date, start: int = 0, length: int = PAGE
) -> RiskPage:
    """The risks that fit, the worst first; a handful of queries however many there are."""
    lines.settle(session)
    hospital_id = hospital_of(actor)
    every = _every(session, hospital_id, wanted, today).subquery()
    heat: dict[tuple[int, int], int] = defaultdict(int)
    levels: dict[str, int] = defaultdict(int)
    cells: dict[_Cell, int] = defaultdict(int)
    open_count = fitting = 0
    for (impact, likelihood, level, treatment, source), count in _spread(session, hospital_id, wanted, today).items():
        heat[impact, likelihood] += count
        levels[level] += count
        open_count += count if treatment == Treatment.OPEN.value else 0
        facts = {"impact": str(impact), "likelihood": str(likelihood), "level": level, "treatment": treatment}
        facts["source"] = source
        if all(facts[name] == value for name, value in wanted.chosen.items()):
            fitting += count
            cells[ORDER.get(level, len(ORDER)), -likelihood, -impact] += count
    skipped, within = _cells_of(cells, start, length)
    picked = session.execute(
        select(every.c.is_own, every.c.id)
        .where(*_narrow(every, wanted), _in_cells(every, within) if len(within) < len(cells) else true())
        .order_by(*_worst_first(session, every))
        .offset(start - skipped)
        .limit(length)
    ).all()
    return RiskPage(
        rows=_load(session, actor, [(bool(is_own), key) for is_own, key in picked], today),
        count=fitting,
        total=sum(heat.values()),
        heat=heat,
        levels={level: count for level, count in levels.items() if level in ORDER},
        open_count=open_count,
    )


# What a list is put in order by first: rank of the level, likelihood and impact with the highest first.
_Cell = tuple[int, int, int]
_Spread = tuple[int, int, str, str, str]  # impact, likelihood, level, treatment, source


def _worst_first(session: Session, every: Subquery) -> tuple[Any, ...]:
    """As `assessments.ordering` puts them, whatever alphabet the database was made with."""
    columns = every.c
    by_text: list[Any] = [columns.vendor, columns.key, columns.id]
    if not database.is_sqlite(session.get_bind()):  # which compares letter by letter
        by_text = [collate(column, "C") for column in by_text]
    return columns.rank, columns.likelihood.desc(), columns.impact.desc(), *by_text


def _cells_of(cells: Mapping[_Cell, int], start: int, length: int) -> tuple[int, Sequence[_Cell]]:
    """How many risks stand in the cells before a page, and the cells that it shows something of: only these are put in
    order by the database."""
    passed = skipped = 0
    within: list[_Cell] = []
    for cell in sorted(cells):
        if passed + cells[cell] <= start:
            skipped += cells[cell]
        elif passed < start + length:
            within.append(cell)
        passed += cells[cell]
    return skipped, within


def _in_cells(every: Subquery, cells: Sequence[_Cell]) -> ColumnElement[bool]:
    return or_(
        false(),
        *(
            and_(every.c.rank == rank, every.c.likelihood == -likelihood, every.c.impact == -impact)
            for rank, likelihood, impact in cells
        ),
    )


def _spread(session: Session, hospital_id: str, wanted: Narrowed, today: date) -> Mapping[_Spread, int]:
    """How many risks there are of each kind. Of all that stand they are counted without their vendors and treatments;
    what has ended is taken off again, and what somebody wrote about is moved to where it belongs."""
    if wanted.words or wanted.due or wanted.state != STANDING:
        return _counted(session, _every(session, hospital_id, wanted, today))
    found: Counter[_Spread] = Counter()
    level = case((RiskRecord.residual == UNRATED, literal("")), else_=RiskRecord.residual)
    kinds = (RiskRecord.residual, RiskRecord.likelihood, RiskRecord.impact, RiskRecord.source)
    standing = (
        select(RiskRecord.impact, RiskRecord.likelihood, level, RiskRecord.source, func.count())
        .where(RiskRecord.hospital_id == hospital_id, RiskRecord.gone_at.is_(None))
        .group_by(*kinds)
    )
    ended = select(VendorLine.vendor_id).where(VendorLine.hospital_id == hospital_id, VendorLine.is_ended.is_(True))
    of_ended = standing.where(RiskRecord.vendor_id.in_(ended))
    for query, sign in ((standing, 1), (of_ended, -1)):
        for impact, likelihood, word, source, count in session.execute(query):
            found[impact, likelihood, word, Treatment.OPEN.value, source] += sign * count
    written = _derived_rows(hospital_id, wanted, today, only_written=True)
    for (impact, likelihood, word, treatment, source), count in _counted(session, written).items():
        found[impact, likelihood, word, Treatment.OPEN.value, source] -= count
        found[impact, likelihood, word, treatment, source] += count
    found.update(_counted(session, _own_rows(session, hospital_id, wanted, today)))
    return +found


def _counted(session: Session, query: Any) -> Mapping[_Spread, int]:
    every = query.subquery()
    kinds = (every.c.impact, every.c.likelihood, every.c.level, every.c.treatment, every.c.source)
    rows = session.execute(select(*kinds, func.count()).group_by(*kinds))
    return {(impact, likelihood, *words): count for impact, likelihood, *words, count in rows}


def listed(session: Session, actor: Actor, *, today: date, state: str = STANDING) -> Sequence[Listed]:
    """The same without pages: for whoever needs all of them."""
    return page(session, actor, Narrowed(state=state), today=today, length=1_000_000).rows


_STEPS = frozenset("12345")  # of impact and likelihood; nothing stands at another


def _narrow(every: Subquery, wanted: Narrowed) -> list[ColumnElement[bool]]:
    numbers = {"impact", "likelihood"}
    return [
        every.c[name] == ((int(value) if value in _STEPS else 0) if name in numbers else value)
        for name, value in wanted.chosen.items()
        if name in FILTERS
    ]


def _every(session: Session, hospital_id: str, wanted: Narrowed, today: date) -> Any:
    """Derived and own risks as rows of one form: an acceptance that is over stands open."""
    parts: list[Select[Any]] = []
    if wanted.state != CLOSED:
        parts.append(_derived_rows(hospital_id, wanted, today))
    if wanted.state != GONE:
        parts.append(_own_rows(session, hospital_id, wanted, today))
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _derived_rows(hospital_id: str, wanted: Narrowed, today: date, *, only_written: bool = False) -> Select[Any]:
    written = RiskTreatment.risk_id.is_not(None)
    is_over = _is_over(RiskTreatment, today)
    level = case((RiskRecord.residual == UNRATED, literal("")), else_=RiskRecord.residual)
    gone = [RiskRecord.gone_at.is_not(None), written] if wanted.state == GONE else [RiskRecord.gone_at.is_(None)]
    return (
        select(
            literal(0).label("is_own"),
            RiskRecord.id.label("id"),
            RiskRecord.key.label("key"),
            level.label("level"),
            case(dict(ORDER), value=RiskRecord.residual, else_=len(ORDER)).label("rank"),
            RiskRecord.likelihood.label("likelihood"),
            RiskRecord.impact.label("impact"),
            RiskRecord.source.label("source"),
            _treatment(written, is_over, RiskTreatment.treatment).label("treatment"),
            VendorLine.sorted_by.label("vendor"),
        )
        .join(
            VendorLine,
            (VendorLine.hospital_id == RiskRecord.hospital_id) & (VendorLine.vendor_id == RiskRecord.vendor_id),
        )
        .join(
            RiskTreatment,
            (RiskTreatment.hospital_id == RiskRecord.hospital_id) & (RiskTreatment.risk_id == RiskRecord.id),
            isouter=not (only_written or wanted.due),
        )
        .where(
            RiskRecord.hospital_id == hospital_id,
            VendorLine.is_ended.is_(False),
            *gone,
            *_due(wanted.due, is_over, RiskTreatment, today),
            *_spoken(wanted.words, RiskRecord.key),
        )
    )


def _own_rows(session: Session, hospital_id: str, wanted: Narrowed, today: date) -> Select[Any]:
    matrix = policies.of(session, hospital_id).matrix
    cells = {
        10 * impact + likelihood: level.value
        for impact, row in enumerate(matrix, start=1)
        for likelihood, level in enumerate(row, start=1)
    }
    level: ColumnElement[str] = case(cells, value=10 * OwnRisk.impact + OwnRisk.likelihood, else_=literal(""))
    is_over = and_(OwnRisk.closed_at.is_(None), _is_over(OwnRisk, today))
    closed = OwnRisk.closed_at.is_not(None) if wanted.state == CLOSED else OwnRisk.closed_at.is_(None)
    return (
        select(
            literal(1).label("is_own"),
            OwnRisk.id.label("id"),
            _number().label("key"),
            level.label("level"),
            case(dict(ORDER), value=level, else_=len(ORDER)).label("rank"),
            OwnRisk.likelihood.label("likelihood"),
            OwnRisk.impact.label("impact"),
            literal(RiskSource.OWN.value).label("source"),
            _treatment(OwnRisk.id.is_not(None), is_over, OwnRisk.treatment).label("treatment"),
            func.coalesce(VendorLine.sorted_by, "").label("vendor"),
        )
        .outerjoin(
            VendorLine,
            (VendorLine.hospital_id == OwnRisk.hospital_id) & (VendorLine.vendor_id == OwnRisk.vendor_id),
        )
        .where(
            OwnRisk.hospital_id == hospital_id,
            or_(OwnRisk.vendor_id.is_(None), VendorLine.is_ended.is_(False)),
            closed,
            *_due(wanted.due, is_over, OwnRisk, today),
            *_spoken(wanted.words, func.lower(OwnRisk.title)),
        )
    )


def _number() -> ColumnElement[str]:
    """In the order of E-0007; every number has as many digits."""
    return literal("E-") + cast(OwnRisk.number + own_risks.MOST, String)


def _treatment(written: Any, is_over: Any, column: Any) -> ColumnElement[str]:
    words = {one: one.value for one in Treatment if one is not Treatment.OPEN}
    return case(
        (is_over, literal(Treatment.OPEN.value)),
        *((and_(written, column == one), word) for one, word in words.items()),
        else_=literal(Treatment.OPEN.value),
    )


def _due(which: str, is_over: Any, table: Any, today: date) -> list[ColumnElement[bool]]:
    match which:
        case "lapsed":
            return [is_over]
        case "overdue":
            return [table.due_on < today, table.treatment != Treatment.ACCEPT]
        case _:
            return []


def _spoken(words: str, column: Any) -> list[ColumnElement[bool]]:
    return [
        or_(VendorLine.words.contains(word, autoescape=True), column.contains(word, autoescape=True))
        for word in words.casefold().split()[:5]
    ]


def _load(session: Session, actor: Actor, picked: Sequence[tuple[bool, str]], today: date) -> Sequence[Listed]:
    """The rows of one page with what they show, in the order in which they were picked."""
    hospital_id = hospital_of(actor)
    found: dict[tuple[bool, str], Listed] = {}
    derived = [key for is_own, key in picked if not is_own]
    for at in range(0, len(derived), PAGE):
        rows = session.execute(
            select(RiskRecord, Vendor, RiskTreatment)
            .join(Vendor, (Vendor.hospital_id == RiskRecord.hospital_id) & (Vendor.id == RiskRecord.vendor_id))
            .outerjoin(
                RiskTreatment,
                (RiskTreatment.hospital_id == RiskRecord.hospital_id) & (RiskTreatment.risk_id == RiskRecord.id),
            )
            .where(RiskRecord.hospital_id == hospital_id, RiskRecord.id.in_(derived[at : at + PAGE]))
        )
        for risk, vendor, treatment in rows:
            found[False, risk.id] = _derived(RiskRow(risk=risk, vendor=vendor, treatment=treatment), today)
    own = {key for is_own, key in picked if is_own}
    if own:
        for closed in (False, True):
            for row in own_risks.rows(session, actor, closed=closed):
                if row.risk.id in own:
                    found[True, row.risk.id] = _own(row, today)
    return [found[one] for one in picked if one in found]


def due(session: Session, actor: Actor, *, today: date, most: int) -> RisksDue:
    """Of those that stand and that somebody wrote about, what waits: how many, and the first of them, derived before
    own."""
    lines.settle(session)
    counts = _waiting_counts(session, hospital_of(actor), today)
    lapsed, overdue = (
        _waiting(session, actor, which, today, min(most, counts[which])) if counts[which] else ()
        for which in (LAPSED, OVERDUE)
    )
    return RisksDue(lapsed=lapsed, overdue=overdue, lapsed_count=counts[LAPSED], overdue_count=counts[OVERDUE])


def _waiting_counts(session: Session, hospital_id: str, today: date) -> Mapping[str, int]:
    """In one statement, and from what people wrote: most risks have no word of anybody."""

    def counted(table: Any, *fits: ColumnElement[bool]) -> Select[Any]:
        either = {which: and_(*_due(which, _is_over(table, today), table, today)) for which in (LAPSED, OVERDUE)}
        sums = [func.sum(case((where, 1), else_=0)) for where in either.values()]
        return select(*sums).select_from(table).where(table.hospital_id == hospital_id, or_(*either.values()), *fits)

    derived = (
        counted(RiskTreatment, RiskRecord.gone_at.is_(None), VendorLine.is_ended.is_(False))
        .join(
            RiskRecord,
            (RiskRecord.hospital_id == RiskTreatment.hospital_id) & (RiskRecord.id == RiskTreatment.risk_id),
        )
        .join(
            VendorLine,
            (VendorLine.hospital_id == RiskRecord.hospital_id) & (VendorLine.vendor_id == RiskRecord.vendor_id),
        )
    )
    own = counted(
        OwnRisk, OwnRisk.closed_at.is_(None), or_(OwnRisk.vendor_id.is_(None), VendorLine.is_ended.is_(False))
    ).outerjoin(
        VendorLine, (VendorLine.hospital_id == OwnRisk.hospital_id) & (VendorLine.vendor_id == OwnRisk.vendor_id)
    )
    rows = session.execute(union_all(derived, own)).all()
    return {which: sum(int(row[at] or 0) for row in rows) for at, which in enumerate((LAPSED, OVERDUE))}


def _is_over(table: Any, today: date) -> ColumnElement[bool]:
    return and_(table.treatment == Treatment.ACCEPT, table.accepted_until < today)


def _waiting(session: Session, actor: Actor, which: str, today: date, most: int) -> Sequence[Listed]:
    every = _every(session, hospital_of(actor), Narrowed(due=which), today).subquery()
    first = session.execute(
        select(every.c.is_own, every.c.id).order_by(every.c.is_own, *_worst_first(session, every)).limit(most)
    ).all()
    return _load(session, actor, [(bool(is_own), key) for is_own, key in first], today)


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
