"""Whether a hospital holds a vendor for regulated itself (§ 28 BSIG): kept with its day and what it was told from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.plans import ScopeRecord
from portal.services import audit, vendors
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from questionnaires.scoping import EntityClass


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


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Sequence[ScopeRecord]:
    """All that was found about a vendor, the newest first."""
    vendor = vendors.find(session, actor, vendor_id)
    return session.scalars(
        select(ScopeRecord)
        .where(ScopeRecord.hospital_id == vendor.hospital_id, ScopeRecord.vendor_id == vendor.id)
        .order_by(ScopeRecord.at.desc(), ScopeRecord.id)
        .limit(20)
    ).all()
