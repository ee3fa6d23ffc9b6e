"""Single-use links: 256 random bits in the mail, their hash here, one purpose each, redeemed once by POST."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from portal.db.models.accounts import Ticket, TicketPurpose
from portal.errors import NotFound

PREFIX = "avi_"
LIFETIME = {
    TicketPurpose.FIRST_HOSPITAL: timedelta(days=7),
    TicketPurpose.JOIN_HOSPITAL: timedelta(days=7),
    TicketPurpose.JOIN_COMPANY: timedelta(days=14),
    TicketPurpose.NEW_PASSWORD: timedelta(hours=1),
    TicketPurpose.PUBLIC_LOOK: timedelta(hours=2),
    TicketPurpose.PUBLIC_RESULT: timedelta(days=1),
}


def new_token() -> str:
    """A token for a link; only its hash is ever stored."""
    return PREFIX + secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What the database holds of a token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue(
    session: Session,
    purpose: TicketPurpose,
    *,
    now: datetime,
    email: str = "",
    hospital_id: str | None = None,
    company_id: str | None = None,
    role: str = "",
) -> str:
    """Make a link's token; earlier live ones of the same purpose, address and tenant die."""
    session.execute(
        update(Ticket)
        .where(
            Ticket.purpose == purpose,
            Ticket.email == email,
            Ticket.hospital_id.is_not_distinct_from(hospital_id),
            Ticket.company_id.is_not_distinct_from(company_id),
            Ticket.used_at.is_(None),
        )
        .values(used_at=now)
    )
    token = new_token()
    session.add(
        Ticket(
            purpose=purpose,
            token_hash=hashed(token),
            email=email,
            hospital_id=hospital_id,
            company_id=company_id,
            role=role,
            created_at=now,
            expires_at=now + LIFETIME[purpose],
        )
    )
    return token


def peek(session: Session, token: str, purpose: TicketPurpose, *, now: datetime) -> Ticket:
    """The ticket while it is good, without using it up: for the page that a GET shows."""
    ticket = session.scalars(select(Ticket).where(*_good(token, purpose, now))).first()
    if ticket is None:
        raise NotFound
    return ticket


def redeem(session: Session, token: str, purpose: TicketPurpose, *, now: datetime) -> Ticket:
    """Use the ticket up. Of any number that try at once, one wins; the others are told it does not exist."""
    ticket = session.scalars(
        update(Ticket).where(*_good(token, purpose, now)).values(used_at=now).returning(Ticket)
    ).first()
    if ticket is None:
        raise NotFound
    return ticket


def revoke_for(session: Session, *, email: str, now: datetime, purpose: TicketPurpose | None = None) -> None:
    """Kill the live links to an address, all or those of one purpose."""
    kill = update(Ticket).where(Ticket.email == email, Ticket.used_at.is_(None))
    session.execute((kill.where(Ticket.purpose == purpose) if purpose else kill).values(used_at=now))


def revoke_seat(
    session: Session, *, email: str, now: datetime, hospital_id: str | None = None, company_id: str | None = None
) -> None:
    """Kill the live links by which an address could join this hospital or company."""
    session.execute(
        update(Ticket)
        .where(
            Ticket.email == email,
            Ticket.hospital_id.is_not_distinct_from(hospital_id),
            Ticket.company_id.is_not_distinct_from(company_id),
            Ticket.purpose.in_((TicketPurpose.JOIN_HOSPITAL, TicketPurpose.JOIN_COMPANY)),
            Ticket.used_at.is_(None),
        )
        .values(used_at=now)
    )


def kill_all(session: Session, *, now: datetime) -> None:
    """Kill every live link: after a restore, what was out there must open nothing."""
    session.execute(update(Ticket).where(Ticket.used_at.is_(None)).values(used_at=now))


def sweep(session: Session, *, now: datetime) -> None:
    """Remove tickets that were used or ran out a month ago."""
    month = timedelta(days=30)
    session.execute(delete(Ticket).where(Ticket.expires_at < now - month))


def _good(token: str, purpose: TicketPurpose, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Ticket.token_hash == hashed(token),
        Ticket.purpose == purpose,
        Ticket.used_at.is_(None),
        Ticket.expires_at > now,
    )
