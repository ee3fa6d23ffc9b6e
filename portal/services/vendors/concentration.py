"""What several vendors rest on together: mail hosts, clouds and networks, products, as their open scans have seen them,
the components that their handed-in lists of parts name, and the subcontractors that the hospital has written down.

Facts are drawn from the observations when a scan ends and kept as narrow rows. Who reads them is decided at reading: of
each vendor only the newest scan that is open to the hospital counts, and nothing of one that gave documents only.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from assessments.model import ShareFact
from portal.db import lines
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment
from portal.db.models.components import SharedComponent
from portal.db.models.portfolio import SharedGround, SupplyLine, VendorLine
from portal.db.models.responses import Response
from portal.db.models.scans import ScanRun
from portal.db.models.supplies import Subcontractor
from portal.home import BERLIN
from portal.services.actors import Actor, hospital_of
from portal.services.evidence import shared_components
from portal.services.scans import releases, scan_results
from portal.services.scans.grounds import Ground
from scanners.components import Standing
from scanners.model import N_

CRITICAL_TIERS = (1, 2)
FEWEST = 2  # vendors from which on something is shared
LONGEST_NAME = 100  # of a subcontractor, as an address names it


TITLES: Mapping[Ground, str] = {
    Ground.MAIL: N_("Mail hosts"),
    Ground.HOST: N_("Clouds and content networks"),
    Ground.NETWORK: N_("Networks"),
    Ground.PRODUCT: N_("Products in use"),
    Ground.SUBCONTRACTOR: N_("Subcontractors"),
    Ground.COMPONENT: N_("Components"),
}
MOST_COMPONENTS = 200  # of those that most critical vendors share
MOST_TOLD = 200  # of each kind, in the register


@dataclass(frozen=True, kw_only=True)
class Share:
    """One thing that several vendors rest on."""

    kind: Ground
    key: str
    label: str
    vendors: int
    critical: int  # of these in tier 1 or 2
    names: Sequence[str]  # of the vendors, the most critical first
    vendor_ids: Sequence[str]  # in the same order
    supplies: int
    versions: Sequence[str] = ()  # of a component, in all these vendors' lists
    known: Sequence[str] = ()  # holes that are known of these versions, those that most vendors have first
    standing: Standing | None = None  # the worst of them


def shares(session: Session, actor: Actor, *, now: datetime) -> Mapping[Ground, Sequence[Share]]:
    """What at least two vendors rest on, by kind, what most critical vendors share first."""
    hospital_id = hospital_of(actor)
    lines.settle(session)
    rows = session.execute(
        select(
            *(SharedGround.kind, SharedGround.key, SharedGround.label, SharedGround.scan_id),
            *(VendorLine.vendor_id, VendorLine.name, VendorLine.tier, VendorLine.sorted_by, VendorLine.supplies),
        )
        .join(
            VendorLine,
            (VendorLine.hospital_id == SharedGround.hospital_id) & (VendorLine.vendor_id == SharedGround.vendor_id),
        )
        .where(SharedGround.hospital_id == hospital_id, VendorLine.is_ended.is_(False))
        .distinct()
    ).all()
    is_open = open_scans(session, hospital_id, now=now)
    found: dict[tuple[str, str], dict[str, tuple[int, str, str, int, str]]] = defaultdict(dict)
    labels: dict[tuple[str, str], str] = {}
    for row in rows:
        if row.scan_id in is_open:
            labels.setdefault((row.kind, row.key), row.label)
            found[row.kind, row.key][row.vendor_id] = _in_order(row)
    for row in _subcontractors(session, hospital_id):
        key = folded_name(row.label)
        labels.setdefault((Ground.SUBCONTRACTOR, key), row.label)
        found[Ground.SUBCONTRACTOR, key][row.vendor_id] = _in_order(row)
    shared: dict[Ground, list[Share]] = {kind: [] for kind in Ground}
    for (kind, key), by_vendor in found.items():
        if len(by_vendor) < FEWEST:
            continue
        ordered = sorted(by_vendor.values())
        shared[Ground(kind)].append(
            Share(
                kind=Ground(kind),
                key=key,
                label=labels[kind, key],
                vendors=len(ordered),
                critical=sum(one[0] in CRITICAL_TIERS for one in ordered),
                names=[one[2] for one in ordered],
                vendor_ids=[one[4] for one in ordered],
                supplies=sum(one[3] for one in ordered),
            )
        )
    shared[Ground.COMPONENT].extend(_components(session, hospital_id, now=now))
    return {
        kind: sorted(group, key=lambda one: (-one.critical, -one.vendors, one.label.casefold()))
        for kind, group in shared.items()
    }


def _in_order(row: Any) -> tuple[int, str, str, int, str]:
    return row.tier or 9, row.sorted_by, row.name, row.supplies, row.vendor_id


def facts(session: Session, actor: Actor, *, keys: Mapping[str, str], now: datetime) -> Sequence[ShareFact]:
    """The same as the register tells it; `keys` are those of its vendors, by id."""
    found = [
        ShareFact(
            key=f"{one.kind}:{one.key}",
            kind=TITLES[kind],
            name=one.label,
            critical=one.critical,
            vendor_keys=tuple(keys[vendor_id] for vendor_id in one.vendor_ids if vendor_id in keys),
            versions=tuple(one.versions),
            known=tuple(one.known),
        )
        for kind, group in shares(session, actor, now=now).items()
        for one in group[:MOST_TOLD]
    ]
    return sorted(found, key=lambda one: (-one.critical, -len(one.vendor_keys), one.kind, one.name.casefold()))


def vendors_of(session: Session, actor: Actor, kind: str, key: str, *, now: datetime) -> tuple[str, ...]:
    """The vendors that rest on one thing."""
    hospital_id = hospital_of(actor)
    if kind == Ground.SUBCONTRACTOR:
        rows_ = _subcontractors(session, hospital_id)
        return tuple(sorted({row.vendor_id for row in rows_ if folded_name(row.label) == key}))
    if kind == Ground.COMPONENT:
        holds = _holds(hospital_id, now)
        return tuple(
            sorted(
                session.scalars(select(SharedComponent.vendor_id).where(*holds, SharedComponent.key == key).distinct())
            )
        )
    rows = session.execute(
        select(SharedGround.vendor_id, SharedGround.scan_id)
        .where(SharedGround.hospital_id == hospital_id, SharedGround.kind == kind, SharedGround.key == key)
        .distinct()
    ).all()
    is_open = open_scans(session, hospital_id, now=now)
    return tuple(sorted({vendor_id for vendor_id, scan_id in rows if scan_id in is_open}))


def label_of(session: Session, actor: Actor, kind: str, key: str) -> str:
    """How a thing is written."""
    if kind == Ground.SUBCONTRACTOR:
        every = _subcontractors(session, hospital_of(actor))
        return next((row.label for row in every if folded_name(row.label) == key), key)
    if kind == Ground.COMPONENT:
        named = select(SharedComponent.label).where(
            SharedComponent.hospital_id == hospital_of(actor), SharedComponent.key == key
        )
        return session.scalar(named.order_by(SharedComponent.label).limit(1)) or key
    found = session.scalar(
        select(SharedGround.label)
        .where(SharedGround.hospital_id == hospital_of(actor), SharedGround.kind == kind, SharedGround.key == key)
        .limit(1)
    )
    return found or key


def _components(session: Session, hospital_id: str, *, now: datetime) -> Sequence[Share]:
    """Those that most critical vendors share, counted by the database; their versions and what is known of them."""
    lists = (
        select(SharedComponent.key, VendorLine.vendor_id, VendorLine.supplies, VendorLine.tier)
        .join(
            VendorLine,
            (VendorLine.hospital_id == SharedComponent.hospital_id)
            & (VendorLine.vendor_id == SharedComponent.vendor_id),
        )
        .where(*_holds(hospital_id, now), VendorLine.is_ended.is_(False))
        .distinct()  # a vendor may name it in the lists of several products
        .subquery()
    )
    vendors, critical = func.count(), func.sum(case((lists.c.tier.in_(CRITICAL_TIERS), 1), else_=0))
    counted = session.execute(
        select(
            lists.c.key,
            vendors.label("vendors"),
            critical.label("critical"),
            func.sum(lists.c.supplies).label("supplies"),
        )
        .group_by(lists.c.key)
        .having(vendors >= FEWEST)
        .order_by(critical.desc(), vendors.desc(), lists.c.key)
        .limit(MOST_COMPONENTS)
    ).all()
    named: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(
        select(
            *(SharedComponent.key, SharedComponent.label, SharedComponent.versions, SharedComponent.known),
            *(SharedComponent.standing, VendorLine.vendor_id, VendorLine.name, VendorLine.tier, VendorLine.sorted_by),
        )
        .join(
            VendorLine,
            (VendorLine.hospital_id == SharedComponent.hospital_id)
            & (VendorLine.vendor_id == SharedComponent.vendor_id),
        )
        .where(*_holds(hospital_id, now), VendorLine.is_ended.is_(False))
        .where(SharedComponent.key.in_([row.key for row in counted]))
        .order_by(SharedComponent.label)
    ):
        named[row.key].append(row)
    return [
        Share(
            kind=Ground.COMPONENT,
            key=row.key,
            label=named[row.key][0].label,
            vendors=row.vendors,
            critical=int(row.critical),
            names=[name for _tier, _sorted, name, _id in _ordered(named[row.key])],
            vendor_ids=[vendor_id for *_order, vendor_id in _ordered(named[row.key])],
            supplies=int(row.supplies),
            versions=shared_components.versions(one for at in named[row.key] for one in at.versions),
            known=_by_number(one for at in named[row.key] for one in at.known),
            standing=Standing(shared_components.worst(at.standing for at in named[row.key])),
        )
        for row in counted
    ]


def _ordered(rows: Iterable[Any]) -> Sequence[tuple[int, str, str, str]]:
    """Each vendor once, the most critical first."""
    return sorted({(row.tier or 9, row.sorted_by, row.name, row.vendor_id) for row in rows})


def _holds(hospital_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The rows of this hospital whose document has not run out."""
    today = now.astimezone(BERLIN).date()
    return (
        SharedComponent.hospital_id == hospital_id,
        or_(SharedComponent.until.is_(None), SharedComponent.until >= today),
    )


def _by_number(names: Iterable[str]) -> Sequence[str]:
    counts = Counter(names)
    return sorted(counts, key=lambda name: (-counts[name], name))


def folded_name(name: str) -> str:
    """By what two vendors name the same company: without case and spaces that are too many."""
    return " ".join(name.casefold().split())[:LONGEST_NAME]


def _subcontractors(session: Session, hospital_id: str) -> Sequence[Any]:
    """What the hospital has written down, of vendors on the lists, in the order in which it was."""
    return session.execute(
        select(
            Subcontractor.name.label("label"),
            *(VendorLine.vendor_id, VendorLine.name, VendorLine.tier, VendorLine.sorted_by, VendorLine.supplies),
        )
        .join(
            VendorLine,
            (VendorLine.hospital_id == Subcontractor.hospital_id) & (VendorLine.vendor_id == Subcontractor.vendor_id),
        )
        .where(Subcontractor.hospital_id == hospital_id, VendorLine.is_ended.is_(False))
        .order_by(Subcontractor.created_at, Subcontractor.id)
    ).all()


def open_scans(session: Session, hospital_id: str, *, now: datetime) -> frozenset[str]:
    """Of each vendor the newest scan that is open to the hospital; none of a vendor that gave documents only."""
    hospital = session.get_one(Hospital, hospital_id)
    lines.settle(session)
    released = (
        select(Response.id)
        .join(Assessment, Assessment.id == Response.assessment_id)
        .where(
            Assessment.hospital_id == ScanRun.hospital_id,
            Assessment.vendor_id == ScanRun.vendor_id,
            Response.released_at.is_not(None),
            or_(Response.assessment_id == ScanRun.assessment_id, Response.released_at >= ScanRun.finished_at),
        )
    )
    refused = (
        select(Assessment.id)
        .join(VendorLine, VendorLine.assessment_id == Assessment.id)
        .where(VendorLine.hospital_id == hospital_id, Assessment.hospital_id == hospital_id)
        .where(Assessment.documents_only, VendorLine.vendor_id == ScanRun.vendor_id)
    )
    kept = select(SharedGround.scan_id).where(SharedGround.hospital_id == hospital_id).distinct()
    newest = (
        select(
            ScanRun.id,
            func.row_number()
            .over(partition_by=ScanRun.vendor_id, order_by=(ScanRun.finished_at.desc(), ScanRun.id))
            .label("place"),
        )
        .where(
            ScanRun.hospital_id == hospital_id,
            ScanRun.state.in_(scan_results.GOOD),
            ScanRun.kept_back.is_(False),
            ScanRun.id.in_(kept),
            or_(released.exists(), ScanRun.visible_at <= _opened_by(hospital, now)),
            ~refused.exists(),
        )
        .subquery()
    )
    return frozenset(session.scalars(select(newest.c.id).where(newest.c.place == 1)))


def _opened_by(hospital: Hospital, now: datetime) -> datetime:
    """The latest moment at which a company may have seen a scan that is open to the hospital by its age alone."""
    moment = now
    for _day in range(60):
        run = ScanRun(visible_at=moment)
        opens = releases.opens_at(run, hospital)
        if opens is not None and opens <= now:
            return moment
        moment -= timedelta(days=1)
    return moment


def by_supply(session: Session, actor: Actor, vendor_ids: Iterable[str]) -> Mapping[str, Sequence[SupplyLine]]:
    """The supplies of these vendors, the most critical first."""
    found: dict[str, list[SupplyLine]] = defaultdict(list)
    for row in session.scalars(
        select(SupplyLine)
        .where(
            SupplyLine.hospital_id == hospital_of(actor),
            SupplyLine.vendor_id.in_(list(vendor_ids)),
            SupplyLine.is_ended.is_(False),
        )
        .order_by(SupplyLine.tier.is_(None), SupplyLine.tier, SupplyLine.sorted_by)
    ):
        found[row.vendor_id].append(row)
    return found
