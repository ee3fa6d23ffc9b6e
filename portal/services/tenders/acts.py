"""The log of a tender: every act in its chain of hashes, for the page and the tender file."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.audit import AuditEvent
from portal.services import audit
from portal.services.actors import Actor
from portal.services.tenders import tenders


def log(session: Session, actor: Actor, tender_id: str) -> Sequence[AuditEvent]:
    """Every act, the oldest first: the tender's own chain; and, once it is opened, what happened in bidders' rounds."""
    row = tenders.find(session, actor, tender_id)
    scopes = [tenders.scope_of(row.id)]
    if row.opened_at is not None:
        scopes += [audit.hospital_scope(bidder.house_id) for bidder in row.bidders if bidder.house_id is not None]
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.scope.in_(scopes))
        .order_by(AuditEvent.at, AuditEvent.scope, AuditEvent.sequence)
    )
    return events.all()


def is_sound(session: Session, actor: Actor, tender_id: str) -> bool:
    """Whether the chain of acts is whole, and what was frozen is what its hash says."""
    row = tenders.find(session, actor, tender_id)
    whole = row.frozen is None or tenders.digest(row.frozen) == row.frozen_sha256
    return whole and audit.verify(session, tenders.scope_of(row.id)).is_sound
