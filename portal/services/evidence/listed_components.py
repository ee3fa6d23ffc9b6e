"""Components as they are shown: to the company of a list (SBOM), and to a hospital once it was handed in to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment
from portal.db.models.components import Component, ComponentFinding, ComponentList, ListState
from portal.db.models.findings import Cause
from portal.db.models.responses import Evidence
from portal.db.models.vendors import Supply, Vendor
from portal.errors import NotFound
from portal.services.actors import EVERY_COMPANY_ROLE, Actor, company_of, hospital_of
from portal.services.evidence import shared_components
from scanners.components import Standing
from scanners.model import Message, Severity

PER_PAGE = 50
MOST_WORST = 8
MOST_FOUND = 200
WORST = (Standing.AFFECTED, Standing.POSSIBLE, Standing.ENDED)


@dataclass(frozen=True, kw_only=True)
class Known:
    """Something that is known of a part."""

    name: str
    standing: Standing
    severity: Severity
    is_used: bool
    fact: Message
    cause: Cause
    first_at: datetime


@dataclass(frozen=True, kw_only=True)
class Part:
    """One component as it is shown."""

    name: str
    version: str
    identity: str  # purl or CPE; "" for none
    supplier: str
    licence: str
    standing: Standing
    why: str  # judging.Why for the unknown
    known: tuple[Known, ...]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What was read of one document."""

    evidence_id: str
    file_name: str
    is_read: bool
    refusal: Message | None
    format: str
    product: str
    made_at: datetime | None
    author: str
    tools: str
    relations: int
    counts: Mapping[str, int]
    standings: Mapping[Standing, int]
    data_version: str
    judged_at: datetime
    worst: tuple[Part, ...] = ()
    fits: bool | None = None  # whether the product is one of the supplies; None: the list names none

    @property
    def total(self) -> int:
        """How many components."""
        return self.counts.get("components", 0)

    @property
    def has_news(self) -> bool:
        """Whether new data brought something to light."""
        return any(known.cause is Cause.DATA for part in self.worst for known in part.known)


@dataclass(frozen=True, kw_only=True)
class Page:
    """A piece of a list."""

    parts: Sequence[Part]
    total: int
    number: int

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of a list somebody wants to see."""

    words: str = ""
    standing: Standing | None = None
    number: int = 1


@dataclass(frozen=True, kw_only=True)
class Use:
    """A supply whose released list names a component."""

    vendor_id: str
    vendor: str
    supplies: tuple[str, ...]  # ids; empty: the document lies beside an answer of the company as a whole
    evidence_id: str
    made_at: datetime | None
    name: str
    version: str
    standing: Standing


# ---- for the company


def of_document(session: Session, actor: Actor, evidence_id: str, supplies: Iterable[str]) -> Summary | None:
    """What was read of a document of ours; None while nobody has. Whoever asks has found the document already."""
    row = session.get(ComponentList, (company_of(actor, EVERY_COMPANY_ROLE), evidence_id))
    return None if row is None else _summary(session, row, supplies)


def page_of_document(session: Session, actor: Actor, evidence_id: str, wanted: Wanted) -> Page:
    """A piece of a list of ours."""
    row = session.get(ComponentList, (company_of(actor, EVERY_COMPANY_ROLE), evidence_id))
    if row is None:
        raise NotFound
    return _page(session, row, wanted)


# ---- for the hospital


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Mapping[str, Summary]:
    """The lists of a vendor that were handed in to this hospital, by document."""
    hospital_id = hospital_of(actor)
    supplies = session.scalars(
        select(Supply.name).where(Supply.hospital_id == hospital_id, Supply.vendor_id == vendor_id)
    ).all()
    found = {}
    for company_id in _companies(session, hospital_id, vendor_id):
        for evidence_id, places in shared_components.released(session, company_id).items():
            row = session.get(ComponentList, (company_id, evidence_id))
            if row is not None and any(place[:2] == (hospital_id, vendor_id) for place in places):
                found[evidence_id] = _summary(session, row, supplies)
    return found


def page_of_vendor(session: Session, actor: Actor, vendor_id: str, evidence_id: str, wanted: Wanted) -> Page:
    """A piece of a list that was handed in to this hospital."""
    hospital_id = hospital_of(actor)
    for company_id in _companies(session, hospital_id, vendor_id):
        places = shared_components.released(session, company_id).get(evidence_id, ())
        row = session.get(ComponentList, (company_id, evidence_id))
        if row is not None and any(place[:2] == (hospital_id, vendor_id) for place in places):
            return _page(session, row, wanted)
    raise NotFound


def search(session: Session, actor: Actor, text: str) -> Sequence[Use]:
    """Every vendor of this hospital whose released lists name a component, by its name, package URL or CPE."""
    hospital_id = hospital_of(actor)
    words = " ".join(text.casefold().split())
    if not words:
        return ()
    companies = session.execute(
        select(Assessment.company_id).where(Assessment.hospital_id == hospital_id, Assessment.company_id.is_not(None))
    ).scalars()
    found = []
    for company_id in sorted({one for one in companies if one}):
        released = {
            evidence_id: [place for place in places if place[0] == hospital_id]
            for evidence_id, places in shared_components.released(session, company_id).items()
        }
        rows = session.execute(
            select(Component, ComponentList.made_at)
            .join(
                ComponentList,
                (ComponentList.company_id == Component.company_id)
                & (ComponentList.evidence_id == Component.evidence_id),
            )
            .where(
                Component.company_id == company_id,
                Component.evidence_id.in_([key for key, places in released.items() if places]),
                _names(words),
            )
            .order_by(Component.evidence_id, Component.position)
            .limit(MOST_FOUND)
        )
        for part, made_at in rows:
            for _hospital, vendor_id, links in released[part.evidence_id]:
                found.append(
                    Use(
                        vendor_id=vendor_id,
                        vendor=session.get_one(Vendor, vendor_id).name,
                        supplies=links,
                        evidence_id=part.evidence_id,
                        made_at=made_at,
                        name=part.name,
                        version=part.version,
                        standing=Standing(part.standing),
                    )
                )
    order = list(Standing)
    return sorted(found, key=lambda one: (order.index(one.standing), one.vendor.casefold(), one.name, one.version))


def with_lists(session: Session, actor: Actor) -> frozenset[str]:
    """The vendors of this hospital of which a list that could be read was handed in; of the others nobody knows."""
    hospital_id = hospital_of(actor)
    read = session.execute(
        select(ComponentList.company_id, ComponentList.evidence_id).where(
            ComponentList.state == ListState.READ,
            ComponentList.company_id.in_(
                select(Assessment.company_id).where(
                    Assessment.hospital_id == hospital_id, Assessment.company_id.is_not(None)
                )
            ),
        )
    ).all()
    found = set()
    for company_id in sorted({row.company_id for row in read}):
        released = shared_components.released(session, company_id)
        for row in read:
            if row.company_id == company_id:
                places = released.get(row.evidence_id, ())
                found |= {vendor_id for hospital, vendor_id, _links in places if hospital == hospital_id}
    return frozenset(found)


def _companies(session: Session, hospital_id: str, vendor_id: str) -> Sequence[str]:
    found = session.scalars(
        select(Assessment.company_id).where(
            Assessment.hospital_id == hospital_id,
            Assessment.vendor_id == vendor_id,
            Assessment.company_id.is_not(None),
        )
    )
    return sorted({one for one in found if one})


# ---- showing


def _summary(session: Session, row: ComponentList, supplies: Iterable[str]) -> Summary:
    names = list(supplies)
    return Summary(
        evidence_id=row.evidence_id,
        file_name=session.scalars(select(Evidence.file_name).where(Evidence.id == row.evidence_id)).one(),
        is_read=row.state is ListState.READ,
        refusal=Message(text=row.refusal["text"], values=row.refusal["values"]) if row.refusal else None,
        format=f"{row.format} {row.format_version}".strip(),
        product=f"{row.product} {row.product_version}".strip(),
        made_at=row.made_at,
        author=row.author,
        tools=row.tools,
        relations=row.relations,
        counts=row.counts,
        standings={standing: row.standings.get(standing.value, 0) for standing in Standing},
        data_version=row.data_version,
        judged_at=row.judged_at,
        worst=tuple(_parts(session, row, [Component.standing.in_([one.value for one in WORST])], limit=MOST_WORST)),
        fits=any(fits(row.product, name) for name in names) if row.product and names else None,
    )


def fits(product: str, supply: str) -> bool:
    """Whether a list's product is what the hospital calls its supply: one's words are all among the other's."""
    one, other = _words(product), _words(supply)
    return bool(one and other) and (one <= other or other <= one)


def _words(name: str) -> frozenset[str]:
    return frozenset("".join(sign if sign.isalnum() else " " for sign in name.casefold()).split())


def _page(session: Session, row: ComponentList, wanted: Wanted) -> Page:
    conditions: list[ColumnElement[bool]] = []
    words = " ".join(wanted.words.casefold().split())
    if words:
        conditions.append(_names(words))
    if wanted.standing is not None:
        conditions.append(Component.standing == wanted.standing.value)
    here = (Component.company_id == row.company_id, Component.evidence_id == row.evidence_id)
    total = session.scalar(select(func.count()).select_from(Component).where(*here, *conditions)) or 0
    number = min(max(wanted.number, 1), max(1, -(-total // PER_PAGE)))
    parts = _parts(session, row, conditions, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    return Page(parts=parts, total=total, number=number)


def _names(words: str) -> ColumnElement[bool]:
    return or_(
        Component.folded.contains(words, autoescape=True),
        func.lower(Component.purl).contains(words, autoescape=True),
        func.lower(Component.cpe).contains(words, autoescape=True),
    )


def _parts(
    session: Session, row: ComponentList, conditions: Sequence[ColumnElement[bool]], *, limit: int, offset: int = 0
) -> Sequence[Part]:
    """The worst first, then by name."""
    here = (Component.company_id == row.company_id, Component.evidence_id == row.evidence_id)
    used = exists().where(
        ComponentFinding.company_id == Component.company_id,
        ComponentFinding.evidence_id == Component.evidence_id,
        ComponentFinding.position == Component.position,
        ComponentFinding.gone_at.is_(None),
        ComponentFinding.is_used,
    )
    rank = [(Component.standing == standing.value, place) for place, standing in enumerate(Standing)]
    found = session.scalars(
        select(Component)
        .where(*here, *conditions)
        .order_by(case(*rank, else_=len(rank)), used.desc(), Component.folded, Component.version, Component.position)
        .limit(limit)
        .offset(offset)
    ).all()
    known = session.scalars(
        select(ComponentFinding).where(
            ComponentFinding.company_id == row.company_id,
            ComponentFinding.evidence_id == row.evidence_id,
            ComponentFinding.position.in_([one.position for one in found]),
            ComponentFinding.gone_at.is_(None),
        )
    ).all()
    order, ranks = list(Severity), list(Standing)
    return [
        Part(
            name=one.name,
            version=one.version,
            identity=one.purl or one.cpe,
            supplier=one.supplier,
            licence=one.licence,
            standing=Standing(one.standing),
            why=one.why,
            known=tuple(
                sorted(
                    (_known(each) for each in known if each.position == one.position),
                    key=lambda each: (
                        not each.is_used,
                        order.index(each.severity),
                        ranks.index(each.standing),
                        each.name,
                    ),
                )
            ),
        )
        for one in found
    ]


def _known(row: ComponentFinding) -> Known:
    return Known(
        name=row.name,
        standing=Standing(row.standing),
        severity=Severity(row.severity),
        is_used=row.is_used,
        fact=Message(text=row.fact["text"], values=row.fact["values"]),
        cause=row.cause,
        first_at=row.first_at,
    )
