"""A tender: found, locked where it stands, what was frozen fits its hash, its acts in a chain of their own."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.accounts import HospitalRole
from portal.db.models.catalogues import OwnCatalogue
from portal.db.models.tenders import Tender, TenderBidder, TenderLot, TenderState
from portal.errors import NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import Actor, hospital_of
from scanners.model import N_, Message

LONGEST = timedelta(days=365)
LONGEST_TEXT = 4000
CLOSED = "closed"  # the deadline passed and nobody has opened yet; no state of a row


def scope_of(tender_id: str) -> str:
    """The chain of what was done in a tender."""
    return f"tender:{tender_id}"


def standing(tender: Tender, *, now: datetime) -> str:
    """Its state, with the deadline read from the clock."""
    return CLOSED if tender.state is TenderState.OPEN and now >= tender.closes_at else tender.state.value


def rows(session: Session, actor: Actor) -> Sequence[Tender]:
    """Every tender of the hospital, the newest first."""
    return session.scalars(
        select(Tender).where(Tender.hospital_id == hospital_of(actor)).order_by(Tender.created_at.desc(), Tender.id)
    ).all()


def find(session: Session, actor: Actor, tender_id: str) -> Tender:
    """One of them."""
    row = session.get(Tender, tender_id)
    if row is None or row.hospital_id != hospital_of(actor):
        raise NotFound
    return row


def lot_of(tender: Tender, lot_id: str) -> TenderLot:
    """One lot of it."""
    for lot in tender.lots:
        if lot.id == lot_id:
            return lot
    raise NotFound


def bidder_of(tender: Tender, bidder_id: str) -> TenderBidder:
    """One bidder of it."""
    for bidder in tender.bidders:
        if bidder.id == bidder_id:
            return bidder
    raise NotFound


def locked(session: Session, actor: Actor, tender_id: str, *states: TenderState) -> Tender:
    """The tender in one of these states; of two people that act at once, one goes first."""
    row = find(session, actor, tender_id)
    session.refresh(row, with_for_update=True)
    if row.state not in states:
        raise NotNow(Message(text=N_("The tender does not stand where this can be done.")))
    return row


def is_awarded(row: Tender, lot: TenderLot) -> bool:
    """Whether somebody got the lot."""
    return any(one.lot_id == lot.id and one.awarded_at is not None for one in row.bidders)


def is_sealed(row: Tender, lot: TenderLot) -> bool:
    """Whether what was offered for the lot is closed: not opened yet, or the lot ended before."""
    return row.opened_at is None or (lot.ended_at is not None and lot.ended_at < row.opened_at)


def require_undecided(row: Tender, lot: TenderLot) -> None:
    """A lot has one word: an award, or its end without one."""
    if is_awarded(row, lot):
        raise NotNow(Message(text=N_("This lot has been awarded already.")))
    if lot.ended_at is not None:
        raise NotNow(Message(text=N_("This lot has ended without an award.")))


def require_time(row: Tender, *, now: datetime) -> None:
    if now >= row.closes_at:
        sentence = N_("The deadline passed on %(deadline)s.")
        raise NotNow(
            Message(text=sentence, values={"deadline": f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M:%S}"})
        )


def require_unchanged(row: Tender) -> None:
    if row.frozen is None or digest(row.frozen) != row.frozen_sha256:
        raise NotNow(Message(text=N_("What was frozen does not fit its hash any more. Please tell the operator.")))


def require_opened(row: Tender) -> None:
    if row.opened_at is None:
        sentence = N_("The answers are sealed until the deadline on %(deadline)s, and until they are opened.")
        raise NotNow(Message(text=sentence, values={"deadline": f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M}"}))


def digest(frozen: Mapping[str, Any]) -> str:
    """The hash of what was frozen, in its one canonical form."""
    text = json.dumps(frozen, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def own_catalogue(session: Session, row: Tender) -> OwnCatalogue | None:
    return session.scalars(
        select(OwnCatalogue).where(
            OwnCatalogue.hospital_id == row.hospital_id,
            OwnCatalogue.catalogue_id == row.catalogue_id,
            OwnCatalogue.version == row.catalogue_version,
            OwnCatalogue.released_at.is_not(None),
        )
    ).first()


def inside(actor: Actor, house_id: str) -> Actor:
    """The same person, acting in a bidder's tenant for the tender; only this folder does."""
    return replace(actor, hospital_id=house_id, hospital_role=HospitalRole.ADMIN)


def note(
    session: Session, actor: Actor, row: Tender, verb: str, *, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Into the tender's own chain, and that it happened into the hospital's."""
    audit.take_turns(session, scope_of(row.id), audit.hospital_scope(row.hospital_id))
    audit.record(session, actor, verb, row.id, now=now, scope=scope_of(row.id), detail=detail)
    audit.record(session, actor, verb, row.id, now=now, scope=audit.hospital_scope(row.hospital_id))
