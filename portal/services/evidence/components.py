"""Components of products: what a company's lists of parts (SBOM) say, and what our data sets know of them.

They are asked for, kept and judged anew here. Reading happens elsewhere (portal.jobs.components), judging is
scanners.components, and what is shown of a list listed_components.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from portal.db.models.components import Component, ComponentFinding, ComponentList, ComponentNotice, ListState
from portal.db.models.findings import Cause
from portal.db.models.responses import Evidence
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import SYSTEM
from portal.services.evidence import component_news, shared_components
from portal.services.evidence.component_news import News
from portal.services.jobs import JobKind
from scanners import components as judging
from scanners.components import Judgement, Standing, Weakness
from scanners.datasets import DataSets
from scanners.model import N_, Message
from scanners.parsing import parts_lists
from scanners.parsing.parts_lists import PartsList

KIND = "sbom"  # the evidence type that is read
UNREADABLE = N_("The file could not be read. It may hold more than we read.")


# ---- asking for it


def ask(session: Session, row: Evidence, *, now: datetime) -> None:
    """A document of this type came in: read it."""
    if row.kind == KIND:
        jobs.add(
            session,
            JobKind.COMPONENTS,
            {"company_id": row.company_id, "evidence_id": row.id},
            now=now,
            tenant=row.company_id,
            dedupe_key=f"components:{row.id}",
        )


def ask_unread(session: Session, *, now: datetime) -> None:
    """Documents that nobody has read: they are older than this reader, or came in another way."""
    is_read = exists().where(ComponentList.company_id == Evidence.company_id, ComponentList.evidence_id == Evidence.id)
    for row in session.scalars(select(Evidence).where(Evidence.kind == KIND, Evidence.deleted_at.is_(None), ~is_read)):
        ask(session, row, now=now)


def ask_all(session: Session, *, now: datetime) -> None:
    """After a refresh of the data: every company that has a list."""
    for company_id in session.scalars(
        select(ComponentList.company_id).where(ComponentList.state == ListState.READ).distinct()
    ):
        ask_to_share(session, company_id, now=now)


def ask_to_share(session: Session, company_id: str, *, now: datetime) -> None:
    """A document of this type was handed in: a hospital may count its parts from now on."""
    jobs.add(
        session,
        JobKind.COMPONENTS_REJUDGE,
        {"company_id": company_id},
        now=now,
        tenant=company_id,
        dedupe_key=f"components-rejudge:{company_id}",
    )


def to_read(session: Session, company_id: str, evidence_id: str, *, hold: bool = False) -> Evidence | None:
    """The document of a job; None when it was deleted meanwhile. `hold`: nobody deletes it until the commit."""
    row = session.get(Evidence, evidence_id, with_for_update=hold, populate_existing=hold)
    return row if row is not None and row.company_id == company_id and row.deleted_at is None else None


# ---- keeping what was read


def judged(found: PartsList, data: DataSets, *, on: date) -> Sequence[Judgement]:
    """How each part stands. A long list takes seconds: whoever keeps it judges it before the transaction."""
    return [judging.judge(one, data, on=on) for one in found.components]


def keep(
    session: Session,
    company_id: str,
    evidence_id: str,
    found: PartsList | Message,
    *,
    data: DataSets,
    now: datetime,
    stands: Sequence[Judgement] | None = None,
) -> None:
    """Write down what a document says, or why it could not be read, and how its parts stand."""
    if to_read(session, company_id, evidence_id, hold=True) is None:
        return
    forget(session, company_id, evidence_id)
    refusal = found if isinstance(found, Message) else None
    row = ComponentList(
        company_id=company_id,
        evidence_id=evidence_id,
        state=ListState.REFUSED if refusal else ListState.READ,
        refusal={"text": refusal.text, "values": dict(refusal.values)} if refusal else None,
        counts={},
        standings={},
        data_version=data.version,
        rules_version=judging.RULES_VERSION,
        read_at=now,
        judged_at=now,
    )
    session.add(row)
    session.flush()
    if isinstance(found, PartsList):
        judgements = judged(found, data, on=now.astimezone(BERLIN).date()) if stands is None else stands
        _fill(session, row, found, judgements, now=now)
    shared_components.share(session, company_id)
    audit.record(
        session,
        SYSTEM,
        "components.refused" if refusal else "components.read",
        evidence_id,
        now=now,
        scope=audit.company_scope(company_id),
        detail={"components": row.counts.get("components", 0)},
    )


def _fill(
    session: Session, row: ComponentList, found: PartsList, stands: Sequence[Judgement], *, now: datetime
) -> None:
    row.format, row.format_version = found.format, found.version[:20]
    row.product, row.product_version = found.product, found.product_version
    row.product_supplier, row.author, row.tools = found.product_supplier[:200], found.author[:200], found.tools
    row.made_at, row.relations = found.created_at, found.relations
    row.counts = counted(found.components)
    document = session.get_one(Evidence, row.evidence_id)
    if document.issued_on is None and found.created_at is not None:  # nobody gave a date, and the list has its own
        document.issued_on = found.created_at.astimezone(BERLIN).date()
    place = {"company_id": row.company_id, "evidence_id": row.evidence_id}
    parts, known = [], []
    for position, (one, judgement) in enumerate(zip(found.components, stands, strict=True), start=1):
        told = {"name": one.name, "version": one.version, "purl": one.purl, "cpe": one.cpe, "supplier": one.supplier}
        parts.append(
            {
                **place,
                **told,
                "position": position,
                "folded": one.name.casefold()[:300],
                "licence": one.licence,
                "hashes": one.hashes,
                "standing": judgement.standing.value,
                "why": judgement.why.value if judgement.why else "",
            }
        )
        known += [
            {**place, "position": position, **_stored(weakness), "cause": Cause.VENDOR, "first_at": now}
            for weakness in _once(judgement.weaknesses)
        ]
    for table, rows in ((Component, parts), (ComponentFinding, known)):
        if rows:
            session.execute(insert(table), rows)
    row.standings = _standings(stands)


def forget(session: Session, company_id: str, evidence_id: str) -> None:
    """The document is deleted, or read anew: what it said goes with it."""
    shared_components.forget(session, company_id, evidence_id)
    for table in (ComponentNotice, ComponentFinding, Component, ComponentList):
        session.execute(delete(table).where(table.company_id == company_id, table.evidence_id == evidence_id))


def counted(found: Iterable[parts_lists.Component]) -> dict[str, int]:
    """How many parts there are, and of how many each fact is told: what NTIA and BSI TR-03183-2 want of a list."""
    parts = list(found)
    return {
        "components": len(parts),
        "version": sum(bool(one.version) for one in parts),
        "identity": sum(bool(one.purl or one.cpe) for one in parts),
        "supplier": sum(bool(one.supplier) for one in parts),
        "licence": sum(bool(one.licence) for one in parts),
        "hash": sum(bool(one.hashes) for one in parts),
    }


def _standings(judged: Iterable[Judgement]) -> dict[str, int]:
    found = [one.standing for one in judged]
    return {standing.value: found.count(standing) for standing in Standing}


def _stored(one: Weakness) -> dict[str, Any]:
    return {
        "name": one.name[:60],
        "standing": one.standing.value,
        "severity": one.severity.value,
        "is_used": one.is_used,
        "fact": {"text": one.fact.text, "values": dict(one.fact.values)},
        "gone_at": None,
    }


def _once(found: Iterable[Weakness]) -> Sequence[Weakness]:
    """Each name once: a hole may have several ranges."""
    return list({one.name[:60]: one for one in reversed(list(found))}.values())


# ---- judging anew


def stale(session: Session, company_id: str, *, data: DataSets) -> Sequence[str]:
    """The documents whose lists were judged by other data or other rules."""
    rows = session.scalars(
        select(ComponentList)
        .where(ComponentList.company_id == company_id, ComponentList.state == ListState.READ)
        .order_by(ComponentList.evidence_id)
    )
    return [row.evidence_id for row in rows if _is_stale(session, row, data)]


def _is_stale(session: Session, row: ComponentList, data: DataSets) -> bool:
    if (row.data_version, row.rules_version) == (data.version, judging.RULES_VERSION):
        return False
    return to_read(session, row.company_id, row.evidence_id) is not None


def judged_anew(
    session: Session, company_id: str, evidence_id: str, *, data: DataSets, on: date
) -> Callable[[], Sequence[Judgement]]:
    """Begin to judge a kept list: its parts are read at once, and judged when the result is called. A long list takes
    minutes, so whoever keeps it judges it between two transactions."""
    here = (Component.company_id == company_id, Component.evidence_id == evidence_id)
    query = select(Component.__table__).where(*here).order_by(Component.position)
    parts = [_component(part) for part in session.execute(query)]
    return lambda: [judging.judge(part, data, on=on) for part in parts]


def rejudge(session: Session, company_id: str, *, data: DataSets, now: datetime) -> int:
    """Judge the lists of a company by the data of today; how many findings are new. Nothing is read anew."""
    today = now.astimezone(BERLIN).date()
    count = 0
    for evidence_id in stale(session, company_id, data=data):
        stands = judged_anew(session, company_id, evidence_id, data=data, on=today)()
        count += rejudge_one(session, company_id, evidence_id, stands, data=data, now=now)
    shared_components.share(session, company_id)
    return count


def rejudge_one(
    session: Session,
    company_id: str,
    evidence_id: str,
    stands: Sequence[Judgement],
    *,
    data: DataSets,
    now: datetime,
) -> int:
    """Keep how one list stands by the data of today, unless somebody else has; what it shares is written afterwards."""
    row = session.get(ComponentList, (company_id, evidence_id), populate_existing=True)
    if row is None or row.state is not ListState.READ or not _is_stale(session, row, data):
        return 0
    cause = Cause.DATA if row.rules_version == judging.RULES_VERSION else Cause.RULES
    news = _rejudge(session, row, stands, data, cause, now=now)
    if news:
        component_news.note(session, row, news, hospitals=_readers(session, row), now=now)
    audit.record(
        session,
        SYSTEM,
        "components.rejudged",
        evidence_id,
        now=now,
        scope=audit.company_scope(company_id),
        detail={"data": data.version, "new": len(news)},
    )
    return len(news)


def _rejudge(
    session: Session,
    row: ComponentList,
    stands: Sequence[Judgement],
    data: DataSets,
    cause: Cause,
    *,
    now: datetime,
) -> Sequence[News]:
    here = (Component.company_id == row.company_id, Component.evidence_id == row.evidence_id)
    before: dict[tuple[int, str], ComponentFinding] = {
        (one.position, one.name): one
        for one in session.scalars(
            select(ComponentFinding).where(
                ComponentFinding.company_id == row.company_id, ComponentFinding.evidence_id == row.evidence_id
            )
        )
    }
    news, holds = list[News](), set[tuple[int, str]]()
    changed: list[dict[str, Any]] = []
    parts = session.execute(select(Component.__table__).where(*here).order_by(Component.position))
    for part, judgement in zip(parts, stands, strict=True):
        why = judgement.why.value if judgement.why else ""
        if (part.standing, part.why) != (judgement.standing.value, why):
            changed.append({"position": part.position, "standing": judgement.standing.value, "why": why})
        for weakness in _once(judgement.weaknesses):
            place = part.position, weakness.name[:60]
            holds.add(place)
            old = before.get(place)
            if _is_news(weakness, old):
                news.append(News(part=part.name, version=part.version, name=weakness.name, is_used=weakness.is_used))
            if old is None:
                session.add(_found(row, part.position, weakness, cause, now=now))
            else:
                _confirm(old, weakness, cause, now=now)
    for place, old in before.items():
        if place not in holds and old.gone_at is None:
            old.gone_at = now
    for one in changed:
        position = one.pop("position")
        session.execute(update(Component).where(*here, Component.position == position).values(**one))
    row.standings, row.data_version, row.judged_at = _standings(stands), data.version, now
    row.rules_version = judging.RULES_VERSION
    session.flush()
    return news


def _is_news(weakness: Weakness, old: ComponentFinding | None) -> bool:
    """A hole that was not known before, or is now known to be used in attacks; the end of a branch is no surprise."""
    if weakness.standing not in {Standing.AFFECTED, Standing.POSSIBLE}:
        return False
    if old is None or old.gone_at is not None:
        return True
    return weakness.is_used and not old.is_used


def _found(row: ComponentList, position: int, weakness: Weakness, cause: Cause, *, now: datetime) -> ComponentFinding:
    place = {"company_id": row.company_id, "evidence_id": row.evidence_id, "position": position}
    return ComponentFinding(**place, **_stored(weakness), cause=cause, first_at=now)


def _confirm(old: ComponentFinding, weakness: Weakness, cause: Cause, *, now: datetime) -> None:
    if _is_news(weakness, old):
        old.cause, old.first_at = cause, now
    for name, value in _stored(weakness).items():
        if getattr(old, name) != value:
            setattr(old, name, value)


def _component(part: Any) -> parts_lists.Component:
    return parts_lists.Component(
        name=part.name, version=part.version, purl=part.purl, cpe=part.cpe, supplier=part.supplier
    )


def _readers(session: Session, row: ComponentList) -> Sequence[str]:
    """The hospitals to which the document was handed in."""
    places = shared_components.released(session, row.company_id).get(row.evidence_id, ())
    return sorted({hospital for hospital, _vendor, _links in places})
