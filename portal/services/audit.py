"""The audit trail: each state change adds an event whose hash covers the one before it in the same scope."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.db.models.audit import AuditEvent
from portal.services.actors import Actor

LEAF = b"\x00"  # RFC 6962 section 2.1: a leaf never hashes like a node
START = "0" * 64
INSTANCE = "instance"
PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What a look over a chain found; `broken_at` is the first event that does not fit."""

    scope: str
    events: int
    head: str
    broken_at: int | None = None

    @property
    def is_sound(self) -> bool:
        """Whether every event fits the one before."""
        return self.broken_at is None


def scope_of(actor: Actor) -> str:
    """The chain that the actor's own acts belong to."""
    if actor.hospital_id:
        return hospital_scope(actor.hospital_id)
    return company_scope(actor.company_id) if actor.company_id else INSTANCE


def hospital_scope(hospital_id: str) -> str:
    """The chain of a hospital."""
    return f"hospital:{hospital_id}"


def company_scope(company_id: str) -> str:
    """The chain of a company."""
    return f"company:{company_id}"


def record(
    session: Session,
    actor: Actor,
    verb: str,
    subject: str,
    *,
    now: datetime,
    scope: str | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Add an event in the change's own transaction; detail holds ids and words, never secrets or texts of people."""
    scope = scope or scope_of(actor)
    _wait_for_turn(session, scope)
    last = session.scalars(
        select(AuditEvent).where(AuditEvent.scope == scope).order_by(AuditEvent.sequence.desc()).limit(1)
    ).first()
    event = AuditEvent(
        scope=scope,
        sequence=last.sequence + 1 if last else 1,
        at=now.astimezone(UTC),
        actor=actor.label,
        verb=verb,
        subject=subject[:300],
        detail=detail,
        previous_hash=last.hash if last else START,
    )
    event.hash = digest(event)
    session.add(event)
    session.flush()  # the next event of this transaction must find it
    return event


def take_turns(session: Session, *scopes: str) -> None:
    """Before writing into several chains: always in the same order, so that two transactions never wait for each
    other."""
    for scope in sorted(scopes):
        _wait_for_turn(session, scope)


def digest(event: AuditEvent) -> str:
    """The hash of an event with all it says and the hash before it."""
    document = [
        event.scope,
        event.sequence,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.actor,
        event.verb,
        event.subject,
        event.detail,
        event.previous_hash,
    ]
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(LEAF + text.encode()).hexdigest()


def verify(session: Session, scope: str) -> Verified:
    """Walk a chain from its start; a changed, removed, added or moved event breaks it."""
    count, head = 0, START
    while True:
        page = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.scope == scope, AuditEvent.sequence > count)
            .order_by(AuditEvent.sequence)
            .limit(PAGE)
        ).all()
        for event in page:
            if event.sequence != count + 1 or event.previous_hash != head or event.hash != digest(event):
                return Verified(scope=scope, events=count, head=head, broken_at=count + 1)
            count, head = event.sequence, event.hash
        if len(page) < PAGE:
            stray = session.scalar(
                select(func.count()).select_from(AuditEvent).where(AuditEvent.scope == scope, AuditEvent.sequence < 1)
            )
            return Verified(scope=scope, events=count, head=head, broken_at=0 if stray else None)


def verify_all(session: Session) -> tuple[Verified, ...]:
    """Every chain of the instance."""
    scopes = session.scalars(select(AuditEvent.scope).distinct().order_by(AuditEvent.scope)).all()
    return tuple(verify(session, scope) for scope in scopes)


def newest(session: Session, scope: str, *, before: int | None = None, limit: int = 100) -> Sequence[AuditEvent]:
    """The latest events of a chain, newest first; `before` is the sequence to page on from."""
    query = select(AuditEvent).where(AuditEvent.scope == scope)
    if before is not None:
        query = query.where(AuditEvent.sequence < before)
    return session.scalars(query.order_by(AuditEvent.sequence.desc()).limit(limit)).all()


def about(session: Session, scope: str, subjects: Collection[str], *, limit: int = 100) -> Sequence[AuditEvent]:
    """The latest events of a chain about any of these subjects, newest first."""
    return session.scalars(
        select(AuditEvent)
        .where(AuditEvent.scope == scope, AuditEvent.subject.in_(subjects))
        .order_by(AuditEvent.sequence.desc())
        .limit(limit)
    ).all()


def _wait_for_turn(session: Session, scope: str) -> None:
    # SQLite has one writer at a time; on PostgreSQL two transactions would take the same number.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(scope))))
