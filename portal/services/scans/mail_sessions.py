"""What mail providers' servers showed lately, kept for every scan: a thousand domains behind one server ask it once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.db.models.scans import MailSession
from scanners import storing, targets
from scanners.model import Observations
from scanners.observations import MailTransport, SmtpSession
from scanners.storing import BadDocument

HOLDS = timedelta(hours=12)
MOST = 200  # handed to one scan


def known(session: Session, *, now: datetime) -> tuple[SmtpSession, ...]:
    """The newest sessions that still hold, each with its time."""
    rows = session.scalars(
        select(MailSession).where(MailSession.at > now - HOLDS).order_by(MailSession.at.desc()).limit(MOST)
    )
    found = []
    for row in rows:
        try:
            seen = storing.decode(SmtpSession, row.document, "session")
        except BadDocument:  # of another version of this program
            continue
        found.append(replace(seen, host=row.host, address=row.address, seen_at=row.at))
    return tuple(found)


def keep(session: Session, seen: Iterable[Observations]) -> None:
    """Keep the whole sessions with servers that are not the domain's own; what a company mends is looked at anew."""
    for one in seen:
        transport = one.find(MailTransport)
        for held in transport.sessions if transport is not None else ():
            if held.seen_at is None and held.blind is None and held.address and not _is_own(held, one.subject.name):
                _put(session, replace(held, host=_shared_name(held.host, one.subject.name)), at=one.at)


def _put(session: Session, held: SmtpSession, *, at: datetime) -> None:
    """Over what is there; two scans may come with the same server at the same moment."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"at": at, "document": storing.encode(replace(held, host=""))}
    statement = insert(MailSession).values(address=held.address, host=held.host, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["address", "host"], set_=values))


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what holds no more."""
    session.execute(delete(MailSession).where(MailSession.at < now - HOLDS))


def _is_own(held: SmtpSession, domain: str) -> bool:
    return targets.registrable(held.host) == domain


def _shared_name(host: str, domain: str) -> str:
    """The server's name without its customer's: "pacs-de.mail.example.com" would tell whose mail goes there.

    Without a name the session is reused wherever its certificate speaks for the name that is asked.
    """
    label = targets.registrable(domain).partition(".")[0]
    return "" if label in host else host
