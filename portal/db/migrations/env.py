"""Alembic's entry: runs the revisions on the connection that portal.db.migrating hands over, in one transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import TypeDecorator

from portal.db import models  # noqa: F401 - makes every table known
from portal.db.base import Row


def plain_type(kind: str, value: Any, _context: AutogenContext) -> str | Literal[False]:
    """A revision names the stored type, not our decorator, so that old revisions outlive our classes."""
    if kind != "type" or not isinstance(value, TypeDecorator):
        return False
    return f"sa.{value.impl_instance!r}"


def named_by_us(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether a table is ours; huey's own tables may live in the same PostgreSQL database."""
    return kind != "table" or name in Row.metadata.tables or name == "alembic_version"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    render_item=plain_type,
    include_name=named_by_us,
    transactional_ddl=True,  # SQLite can, when it is asked: a killed migration leaves nothing half-done
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
