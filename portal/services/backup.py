"""All rows out and in again, the same on every database; and what a restored instance must forget."""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from portal.db.models.assessments import Invitation
from portal.db.models.jobs import Job, JobState, MailState, OutboxMail
from portal.services import audit, jobs
from portal.services.actors import Actor
from portal.services.jobs import JobKind
from portal.services.people import sign_ins, tickets
from portal.services.vendors import intake_requests

BATCH = 500
NOT_OURS = "alembic_version"
RESTORED = "restored from a backup; it may have left before"


def tables(connection: Connection) -> list[Table]:
    """Every table as the database has it, those that are pointed to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = True
    return [table for table in metadata.sorted_tables if table.name != NOT_OURS and not table.name.startswith("huey")]


def rows(connection: Connection, table: Table) -> Iterator[str]:
    """Each row as a line of JSON, in the order of the key, so that equal contents give equal bytes."""
    columns = sorted(table.columns, key=lambda column: column.name)
    key = sorted(table.primary_key.columns, key=lambda column: column.name)
    found = connection.execution_options(yield_per=BATCH).execute(select(*columns).order_by(*key))
    for row in found:
        document = {column.name: _out(column, value) for column, value in zip(columns, row, strict=True)}
        yield json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def is_empty(connection: Connection) -> bool:
    """Whether there is nothing that a restore could mix with."""
    return all(
        connection.execute(select(func.count()).select_from(table)).scalar() == 0 for table in tables(connection)
    )


def fill(connection: Connection, table: Table, lines: Iterable[str]) -> int:
    """Put rows back; returns how many."""
    batch: list[dict[str, Any]] = []
    count = 0
    for line in lines:
        document = json.loads(line)
        batch.append({name: _in(table.columns[name], value) for name, value in document.items()})
        count += 1
        if len(batch) == BATCH:
            connection.execute(insert(table), batch)
            batch.clear()
    if batch:
        connection.execute(insert(table), batch)
    return count


def set_counters(connection: Connection, filled: Iterable[Table]) -> None:
    """On PostgreSQL the counters of numbered rows go on after the highest number."""
    if connection.dialect.name != "postgresql":
        return
    for table in filled:
        (key, *more) = table.primary_key.columns
        if not more and isinstance(key.type, Integer):
            highest = connection.execute(select(func.coalesce(func.max(key), 0))).scalar_one()
            counter = func.pg_get_serial_sequence(table.name, key.name)
            connection.execute(select(func.setval(counter, highest + 1, False)))


def forget_the_living(session: Session, actor: Actor, *, source: str, now: datetime) -> None:
    """A new epoch: no session, no link and no invitation from before opens anything; no mail leaves twice."""
    sign_ins.kill_all(session)
    tickets.kill_all(session, now=now)
    intake_requests.kill_all(session, now=now)
    session.execute(
        update(Invitation)
        .where(Invitation.redeemed_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.state == MailState.WAITING)
        .values(state=MailState.FAILED, last_error=RESTORED)
    )
    session.execute(
        update(Job)
        .where(Job.kind == JobKind.MAIL.value, Job.state.in_([JobState.QUEUED, JobState.RUNNING]))
        .values(state=JobState.DONE, token=None, lease_until=None, finished_at=now)
    )
    session.execute(
        update(Job)
        .where(Job.state == JobState.RUNNING)
        .values(state=JobState.QUEUED, token=None, lease_until=None, run_at=now)
    )
    audit.record(session, actor, "instance.restored", source, now=now, scope=audit.INSTANCE)
    jobs.sweep(session, now=now)


def _out(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DateTime):
        moment: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat()
    if isinstance(column.type, LargeBinary):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(column.type, Date) else value


def _in(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value)
    return date.fromisoformat(value) if isinstance(column.type, Date) else value
