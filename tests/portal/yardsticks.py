"""A hospital with a policy of its own: one that is released, and the next in draft."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assessments import policy
from portal.services.registers import policies

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.services.actors import Actor


def own(session: Session, admin: Actor, *, now: datetime, reason: str = "Beschluss der Kommission") -> str:
    """The id of the release."""
    shipped = policy.current()
    row = policies.draft(session, admin)
    first = replace(shipped, part_weights={**shipped.part_weights, "3": 15}, must_haves=frozenset({"BK-02"}))
    row = policies.save(session, admin, first, edits=row.edits if row else 0, now=now)
    made = policies.release(session, admin, reason=reason, edits=row.edits, now=now)
    policies.save(session, admin, shipped, edits=0, now=now)
    session.flush()
    return made.id
