"""Why a vendor should be asked again before its time: somebody says so, or something happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment
from portal.db.models.vendors import Vendor
from portal.db.models.watching import CallKind, ReassessmentCall
from portal.errors import BadInput, NotFound
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from scanners.model import N_, Message

BY_ITSELF = "Kettenblick"
LONGEST = 1000
WORDS: Mapping[CallKind, str] = {
    CallKind.CONTRACT: N_("the contract has changed"),
    CallKind.INCIDENT: N_("the vendor has reported an incident"),
    CallKind.COMPONENT: N_("a component is known to be used in attacks"),
    CallKind.OTHER: N_("another reason"),
}


def happened(session: Session, hospital_id: str, vendor_id: str, kind: CallKind, *, now: datetime) -> None:
    """Something happened at a vendor that was assessed before; of one kind only one call is open."""
    was_assessed = select(Assessment.id).where(
        Assessment.hospital_id == hospital_id,
        Assessment.vendor_id == vendor_id,
        Assessment.submitted_at.is_not(None),
    )
    if session.scalars(was_assessed.limit(1)).first() is None:
        return
    waits = select(ReassessmentCall.id).where(
        ReassessmentCall.hospital_id == hospital_id,
        ReassessmentCall.vendor_id == vendor_id,
        ReassessmentCall.kind == kind,
        ReassessmentCall.ended_at.is_(None),
    )
    if session.scalars(waits.limit(1)).first() is None:
        session.add(
            ReassessmentCall(
                hospital_id=hospital_id, vendor_id=vendor_id, kind=kind, reason="", by_name=BY_ITSELF, at=now
            )
        )


def call(
    session: Session, actor: Actor, vendor_id: str, kind: CallKind, reason: str, *, now: datetime
) -> ReassessmentCall:
    """A person wants it, and says why; no vendor reads it."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.hospital_id != hospital_id or vendor.ended_at is not None:
        raise NotFound
    text = reason.strip()
    if not text:
        raise BadInput({"reason": Message(text=N_("Say why."))})
    row = ReassessmentCall(
        hospital_id=hospital_id, vendor_id=vendor.id, kind=kind, reason=text[:LONGEST], by_name=actor.name, at=now
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "reassessment.called", vendor.id, now=now, detail={"kind": kind.value})
    return row


def take_back(session: Session, actor: Actor, call_id: str, *, now: datetime) -> ReassessmentCall:
    """It is no reason any more; taken back twice is taken back once."""
    row = session.get(ReassessmentCall, call_id)
    if row is None or row.hospital_id != hospital_of(actor, HOSPITAL_WRITERS):
        raise NotFound
    if row.ended_at is None:
        row.ended_at = now
        audit.record(session, actor, "reassessment.taken-back", row.vendor_id, now=now, detail={"kind": row.kind.value})
    return row


def answer(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> None:
    """A round begins: what called for one is answered by it."""
    for one in standing(session, hospital_id, vendor_id):
        one.ended_at = now


def standing(session: Session, hospital_id: str, vendor_id: str) -> Sequence[ReassessmentCall]:
    """Those that wait, the oldest first."""
    return session.scalars(
        select(ReassessmentCall)
        .where(
            ReassessmentCall.hospital_id == hospital_id,
            ReassessmentCall.vendor_id == vendor_id,
            ReassessmentCall.ended_at.is_(None),
        )
        .order_by(ReassessmentCall.at, ReassessmentCall.id)
    ).all()
