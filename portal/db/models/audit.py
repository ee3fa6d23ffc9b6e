"""The audit trail: one chained sequence per scope, only ever added to."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Row


class AuditEvent(Row):
    """One state change; `hash` covers the event and the one before it in the same scope."""

    __tablename__ = "audit_event"
    __table_args__ = (UniqueConstraint("scope", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(40))  # "hospital:<id>", "company:<id>", "instance"
    sequence: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(300))  # name and address as they were, or "system"
    verb: Mapped[str] = mapped_column(String(60))  # "vendor.added"
    subject: Mapped[str] = mapped_column(String(300))
    detail: Mapped[dict[str, Any] | None]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
