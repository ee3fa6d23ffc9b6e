"""Views of the vendor list under a name, a person's own or shared in the hospital, and the columns somebody keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from assessments import ordering
from portal.db.models.accounts import HospitalRole
from portal.db.models.portfolio import ListChoice, SavedView
from portal.errors import BadInput, Clash, NotFound
from portal.services import audit
from portal.services.actors import EVERY_HOSPITAL_ROLE, Actor, hospital_of
from scanners.model import N_, Message

KEEPERS = EVERY_HOSPITAL_ROLE - {HospitalRole.AUDITOR}
LONGEST_NAME = 80
LONGEST_ADDRESS = 4000
MOST = 50  # of one person


@dataclass(frozen=True, kw_only=True)
class ViewFields:
    """A view as a person wants it."""

    name: str
    address: str
    is_shared: bool = False


def rows(session: Session, actor: Actor) -> Sequence[SavedView]:
    """The person's own views and those shared in the hospital, by name."""
    return session.scalars(
        select(SavedView)
        .where(
            SavedView.hospital_id == hospital_of(actor),
            or_(SavedView.person_id == actor.person_id, SavedView.is_shared),
        )
        .order_by(SavedView.folded, SavedView.id)
    ).all()


def find(session: Session, actor: Actor, view_id: str) -> SavedView:
    """One of them; somebody else's private view is not there."""
    row = session.get(SavedView, view_id)
    if row is None or row.hospital_id != hospital_of(actor) or not _is_seen(row, actor):
        raise NotFound
    return row


def may_change(row: SavedView, actor: Actor) -> bool:
    """Its maker; a shared one belongs to everybody who keeps views."""
    return actor.hospital_role in KEEPERS and _is_seen(row, actor)


def add(session: Session, actor: Actor, fields: ViewFields, *, now: datetime) -> SavedView:
    """Keep what the list shows under a name."""
    hospital_id = hospital_of(actor, KEEPERS)
    kept = _checked(fields)
    own = select(func.count()).where(SavedView.hospital_id == hospital_id, SavedView.person_id == actor.person_id)
    if (session.scalar(own) or 0) >= MOST:
        raise BadInput({"name": Message(text=N_("You have as many views as can be kept; remove one first."))})
    _refuse_same_name(session, hospital_id, actor.person_id, kept.name, other_than=None)
    row = SavedView(
        hospital_id=hospital_id,
        person_id=actor.person_id,
        by_name=actor.name[:200],
        name=kept.name,
        folded=ordering.folded(kept.name)[:160],
        address=kept.address,
        is_shared=kept.is_shared,
        at=now,
        version=1,
    )
    session.add(row)
    session.flush()
    if row.is_shared:
        audit.record(session, actor, "view.shared", row.id, now=now, detail={"name": row.name})
    return row


def change(
    session: Session, actor: Actor, view_id: str, fields: ViewFields, *, version: int, now: datetime
) -> SavedView:
    """Another name, another list behind it, shared or no more; unless somebody else changed it."""
    row = _own(session, actor, view_id)
    session.refresh(row, with_for_update=True)
    if row.version != version:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime. Look at what stands now and save again.")),
            version=row.version,
        )
    kept = _checked(fields)
    _refuse_same_name(session, row.hospital_id, row.person_id, kept.name, other_than=row.id)
    was_shared = row.is_shared
    row.name, row.folded, row.address = kept.name, ordering.folded(kept.name)[:160], kept.address
    row.is_shared, row.at = kept.is_shared, now
    row.version += 1
    if was_shared and not row.is_shared:
        _let_go(session, row, but=row.person_id)
    if was_shared or row.is_shared:
        verb = "view.shared" if row.is_shared else "view.withdrawn"
        audit.record(session, actor, verb, row.id, now=now, detail={"name": row.name})
    return row


def remove(session: Session, actor: Actor, view_id: str, *, now: datetime) -> None:
    """It is no more; whoever opened the list with it opens it plain."""
    row = _own(session, actor, view_id)
    _let_go(session, row)
    if row.is_shared:
        audit.record(session, actor, "view.withdrawn", row.id, now=now, detail={"name": row.name})
    session.delete(row)


def choice(session: Session, actor: Actor) -> ListChoice | None:
    """What this person has kept for the list."""
    return session.get(ListChoice, (hospital_of(actor), actor.person_id)) if actor.person_id else None


def columns(kept: ListChoice | None, which: str) -> tuple[str, ...]:
    """The columns somebody keeps for a list; (): as it comes."""
    return tuple(str(one) for one in (kept.columns.get(which) or ())) if kept is not None else ()


def keep_columns(session: Session, actor: Actor, which: str, keys: Sequence[str]) -> None:
    """Have the list with these columns from now on; none: as it comes."""
    row = _choice(session, actor)
    others: Mapping[str, Any] = {name: kept for name, kept in row.columns.items() if name != which}
    row.columns = {**others, **({which: list(keys)} if keys else {})}


def open_with(session: Session, actor: Actor, view_id: str) -> None:
    """The view that the list opens with; "": none."""
    row = _choice(session, actor)
    row.view_id = find(session, actor, view_id).id if view_id else None


def _choice(session: Session, actor: Actor) -> ListChoice:
    hospital_id = hospital_of(actor, KEEPERS)
    row = session.get(ListChoice, (hospital_id, actor.person_id))
    if row is None:
        row = ListChoice(hospital_id=hospital_id, person_id=actor.person_id, columns={}, view_id=None)
        session.add(row)
    return row


def _own(session: Session, actor: Actor, view_id: str) -> SavedView:
    hospital_of(actor, KEEPERS)
    return find(session, actor, view_id)


def _is_seen(row: SavedView, actor: Actor) -> bool:
    return row.is_shared or (bool(actor.person_id) and row.person_id == actor.person_id)


def _let_go(session: Session, row: SavedView, *, but: str = "") -> None:
    session.execute(
        update(ListChoice)
        .where(ListChoice.hospital_id == row.hospital_id, ListChoice.view_id == row.id, ListChoice.person_id != but)
        .values(view_id=None)
    )


def _checked(fields: ViewFields) -> ViewFields:
    name = " ".join(fields.name.split())
    if not name:
        raise BadInput({"name": Message(text=N_("Give the view a name."))})
    if len(name) > LONGEST_NAME:
        raise BadInput({"name": Message(text=N_("At most 80 characters."))})
    if len(fields.address) > LONGEST_ADDRESS:
        raise BadInput({"name": Message(text=N_("There are more filters than a view can keep."))})
    return ViewFields(name=name, address=fields.address, is_shared=fields.is_shared)


def _refuse_same_name(session: Session, hospital_id: str, person_id: str, name: str, *, other_than: str | None) -> None:
    same = session.scalar(
        select(SavedView.id).where(
            SavedView.hospital_id == hospital_id,
            SavedView.person_id == person_id,
            SavedView.folded == ordering.folded(name)[:160],
        )
    )
    if same is not None and same != other_than:
        raise BadInput({"name": Message(text=N_("You have a view of this name already."))})
