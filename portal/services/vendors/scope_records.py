"""Whether a hospital holds a vendor for regulated itself (§ 28 BSIG): kept with its day and what it was told from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.model import ScopeFact
from portal.db.models.plans import ScopeRecord
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.vendors import vendors
from questionnaires import regulated
from questionnaires.model import Text
from questionnaires.regulated import Situation
from questionnaires.scoping import EntityClass, Size

TITLES: Mapping[EntityClass, Text] = {
    EntityClass.ESSENTIAL: Text(de="besonders wichtige Einrichtung", en="essential entity"),
    EntityClass.IMPORTANT: Text(de="wichtige Einrichtung", en="important entity"),
    EntityClass.NONE: Text(de="nicht erfasst, nur über den Vertrag", en="not in scope, by contract only"),
}


def keep(
    session: Session,
    actor: Actor,
    vendor_id: str,
    situation: Mapping[str, Any],
    entity_class: EntityClass,
    *,
    now: datetime,
) -> ScopeRecord:
    """Write down what was found; what was found before stays."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = vendors.find(session, actor, vendor_id)
    row = ScopeRecord(
        hospital_id=hospital_id,
        vendor_id=vendor.id,
        situation=dict(situation),
        entity_class=entity_class.value,
        by_name=actor.name[:200],
        at=now,
    )
    session.add(row)
    audit.record(session, actor, "vendor.scoped", vendor.id, now=now, detail={"class": entity_class.value})
    return row


def facts(session: Session, actor: Actor, *, keys: Mapping[str, str]) -> Mapping[str, ScopeFact]:
    """What was found last about each of these vendors, by its key; `keys` are the keys by id."""
    rows = session.scalars(
        select(ScopeRecord)
        .where(ScopeRecord.hospital_id == hospital_of(actor))
        .order_by(ScopeRecord.at, ScopeRecord.id.desc())
    )
    return {keys[row.vendor_id]: _fact(row) for row in rows if row.vendor_id in keys}


def _fact(row: ScopeRecord) -> ScopeFact:
    kept = row.situation
    size = Size(headcount=kept.get("headcount"), turnover=kept.get("turnover"), balance=kept.get("balance"))
    situation = Situation(
        types=tuple(kept.get("types") or ()),
        size=size,
        critical_facility=bool(kept.get("critical_facility")),
        negligible=bool(kept.get("negligible")),
        group_it_independent=not kept.get("group_decides"),
        two_years=not kept.get("fresh_figures"),
        dora=bool(kept.get("dora")),
        ti_service=bool(kept.get("ti_service")),
        country=str(kept.get("country") or regulated.HOME),
    )
    return ScopeFact(
        title=TITLES[EntityClass(row.entity_class)],
        reasons=tuple(one.text for one in regulated.answer(situation).reasons),
        by=row.by_name,
        at=row.at,
    )


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Sequence[ScopeRecord]:
    """All that was found about a vendor, the newest first."""
    vendor = vendors.find(session, actor, vendor_id)
    return session.scalars(
        select(ScopeRecord)
        .where(ScopeRecord.hospital_id == vendor.hospital_id, ScopeRecord.vendor_id == vendor.id)
        .order_by(ScopeRecord.at.desc(), ScopeRecord.id)
        .limit(20)
    ).all()
