"""Limits that protect accounts, counted in the database so that all processes share one budget."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Attempt
from portal.errors import TooMany
from scanners.model import N_, Message


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most so many tries within this time."""

    kind: str
    most: int
    within: timedelta


QUARTER = timedelta(minutes=15)
# The pair of account and address comes first, so that a stranger cannot lock an account for its owner.
SIGN_IN = Limit(kind="sign-in", most=10, within=QUARTER)
SIGN_IN_ACCOUNT = Limit(kind="sign-in-account", most=50, within=QUARTER)
SIGN_IN_ADDRESS = Limit(kind="sign-in-address", most=100, within=QUARTER)
SECOND_FACTOR = Limit(kind="second-factor", most=8, within=QUARTER)
TOKEN = Limit(kind="token", most=60, within=QUARTER)  # per address: links that were tried
NEW_PASSWORD = Limit(kind="new-password", most=3, within=timedelta(hours=1))
NEW_PASSWORD_ADDRESS = Limit(kind="new-password-address", most=20, within=timedelta(hours=1))
HAND_OVER = Limit(kind="hand-over", most=5, within=timedelta(hours=1))
NEW_INVITATION = Limit(kind="new-invitation", most=3, within=timedelta(hours=1))
CONTROL = Limit(kind="control", most=30, within=timedelta(hours=1))  # per company: looks for its tokens
FIRST_LOOK = Limit(kind="first-look", most=3, within=timedelta(hours=1))  # per invitation: scans before any account
DAY = timedelta(days=1)
PUBLIC_LOOK_CALLER = Limit(kind="public-look-caller", most=6, within=timedelta(hours=1))
PUBLIC_LOOK_MAIL = Limit(kind="public-look-mail", most=3, within=DAY)
PUBLIC_LOOK_DOMAIN = Limit(kind="public-look-domain", most=6, within=DAY)
PUBLIC_LOOK_ALL = Limit(kind="public-look-all", most=0, within=DAY)  # PUBLIC_LOOKS_A_DAY takes the place of 0
HAND_ON = Limit(kind="hand-on", most=60, within=timedelta(hours=1))  # per company: mails that hand sections on
INTAKE_MAIL = Limit(kind="intake-mail", most=5, within=timedelta(hours=1))  # per request: mails to one person
EVERY = (
    SIGN_IN,
    SIGN_IN_ACCOUNT,
    SIGN_IN_ADDRESS,
    SECOND_FACTOR,
    TOKEN,
    NEW_PASSWORD,
    NEW_PASSWORD_ADDRESS,
    HAND_OVER,
    NEW_INVITATION,
    CONTROL,
    FIRST_LOOK,
    PUBLIC_LOOK_CALLER,
    PUBLIC_LOOK_MAIL,
    PUBLIC_LOOK_DOMAIN,
    PUBLIC_LOOK_ALL,
    HAND_ON,
    INTAKE_MAIL,
)
LONG = 2 * 3600  # seconds that nobody counts in minutes
MINUTE = 60
LONGEST = max(limit.within for limit in EVERY)


def spend(session: Session, limit: Limit, key: str, *, now: datetime) -> None:
    """Note one try, or raise TooMany with the seconds after which another makes sense."""
    hashed = _hashed(limit, key)
    _wait_for_turn(session, hashed)
    since = now - limit.within
    earlier = session.scalars(
        select(Attempt.at)
        .where(Attempt.kind == limit.kind, Attempt.key == hashed, Attempt.at > since, Attempt.at <= now)
        .order_by(Attempt.at.desc())
        .limit(limit.most)
    ).all()
    if len(earlier) >= limit.most:
        wait = int((earlier[-1] + limit.within - now).total_seconds()) + 1
        raise TooMany(_come_back(wait), retry_after=wait)
    session.add(Attempt(kind=limit.kind, key=hashed, at=now))


def _come_back(wait: int) -> Message:
    if wait > LONG:
        return Message(text=N_("Too many tries. Try again in %(hours)s hours."), values={"hours": -(-wait // 3600)})
    if wait <= MINUTE:
        return Message(text=N_("Too many tries. Try again in a minute."))
    return Message(text=N_("Too many tries. Try again in %(minutes)s minutes."), values={"minutes": -(-wait // 60)})


def _wait_for_turn(session: Session, hashed: str) -> None:
    """Of two tries for the same key the second counts the first. SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(int(hashed[:15], 16))))


def forget(session: Session, limit: Limit, key: str) -> None:
    """Somebody proved themselves: their own failed tries no longer count."""
    session.execute(delete(Attempt).where(Attempt.kind == limit.kind, Attempt.key == _hashed(limit, key)))


def sweep(session: Session, *, now: datetime) -> None:
    """Remove tries that count no more."""
    session.execute(delete(Attempt).where(Attempt.at < now - LONGEST))


def _hashed(limit: Limit, key: str) -> str:
    return hashlib.sha256(f"{limit.kind}\0{key}".encode()).hexdigest()
