"""What scans may spend on one address and one host name, over all hospitals: one at a time, so many a day."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.db.models.scans import AddressLease, ScanCount, ScanRun, ScanSide, ScanUse
from portal.errors import NotNow
from scanners.model import N_, Message

A_DAY_BY_HOSPITALS = 4  # scans of a name or an address
A_DAY_BY_COMPANY = 20
A_DAY_BY_PUBLIC = 2  # looks for whoever asks; what is left of the day is for hospitals
A_DAY_ACTIVELY = 1
A_DAY_BY_RECHECK = 6  # looks at single findings of a name; beside the scans, which they must not use up
LEASE = timedelta(seconds=20)  # of an address; whoever holds it renews it
KEPT = timedelta(days=2)
LOCK = 7_301_126
ORDINARY = "ordinary"
ACTIVE = "active"
RECHECK = "recheck"


class Answer(StrEnum):
    """What a scan hears when it knocks at an address."""

    PASS = "pass"  # noqa: S105 - a word, not a password
    WAIT = "wait"  # another scan is there
    REFUSE = "refuse"  # it had enough for today


def in_turn(session: Session) -> None:
    """One looks who scans what, then the next; on SQLite each writer is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def most_a_day(side: ScanSide) -> int:
    """How often a name or an address may be scanned on a day; a company may ask for more of its own."""
    return A_DAY_BY_COMPANY if side is ScanSide.COMPANY else A_DAY_BY_HOSPITALS


# ---- names


def count_names(session: Session, names: Collection[str], *, most: int, now: datetime) -> None:
    """One more scan of each name today."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for name in sorted(names):  # always in this order, so that two transactions never wait for each other
        statement = insert(ScanCount).values(name=name, day=_day(now), count=1)
        counted = session.execute(
            statement.on_conflict_do_update(
                index_elements=["name", "day"], set_={"count": ScanCount.count + 1}
            ).returning(ScanCount.count)
        ).scalar_one()
        if counted > most:
            raise NotNow(Message(text=N_("%(name)s was scanned as often as it may be today."), values={"name": name}))


def take_active(session: Session, run: ScanRun, names: Sequence[str], *, now: datetime) -> tuple[str, ...]:
    """Those of the hosts that the active class may look at today, noted as looked at. Call in turn."""
    return tuple(name for name in names if _use(session, run.id, name, ACTIVE, most=A_DAY_ACTIVELY, now=now))


def take_recheck(session: Session, recheck_id: str, name: str, *, now: datetime) -> bool:
    """Whether a finding of this name may be looked at again today, noted as looked at. Call in turn."""
    return _use(session, recheck_id, name, RECHECK, most=A_DAY_BY_RECHECK, now=now)


def take_active_recheck(session: Session, recheck_id: str, name: str, *, now: datetime) -> bool:
    """The same of what belongs to the active class: it shares the day's one look with scans. Call in turn."""
    return _use(session, recheck_id, name, ACTIVE, most=A_DAY_ACTIVELY, now=now)


# ---- addresses


def admit(session: Session, run: ScanRun, address: str, *, holder: str, active: bool, now: datetime) -> Answer:
    """Whether a run may connect to an address now. `holder` is the job that works on it. Call in turn."""
    budget, most = (ACTIVE, A_DAY_ACTIVELY) if active else (ORDINARY, most_a_day(run.side))
    return _admit(session, run.id, address, holder=holder, budget=budget, most=most, now=now)


def admit_recheck(
    session: Session, recheck_id: str, address: str, *, holder: str, active: bool, now: datetime
) -> Answer:
    """The same for a look at one finding, which counts apart from scans as long as it is not of the active class."""
    budget, most = (ACTIVE, A_DAY_ACTIVELY) if active else (RECHECK, A_DAY_BY_COMPANY)
    return _admit(session, recheck_id, address, holder=holder, budget=budget, most=most, now=now)


def admit_public(session: Session, look_id: str, address: str, *, holder: str, now: datetime) -> Answer:
    """The same for a look of somebody who is none of ours: it uses up at most half of the address's day."""
    return _admit(session, look_id, address, holder=holder, budget=ORDINARY, most=A_DAY_BY_PUBLIC, now=now)


def _admit(session: Session, user: str, address: str, *, holder: str, budget: str, most: int, now: datetime) -> Answer:
    lease = session.get(AddressLease, address, populate_existing=True)
    if lease is not None and lease.holder != holder and lease.until > now:
        return Answer.WAIT
    if not _use(session, user, address, budget, most=most, now=now):
        return Answer.REFUSE
    if lease is None:
        session.add(AddressLease(address=address, holder=holder, until=now + LEASE))
    else:
        lease.holder, lease.until = holder, now + LEASE
    session.flush()  # the next knock of this transaction must find it
    return Answer.PASS


def renew(session: Session, holder: str, *, now: datetime) -> None:
    """Still there."""
    session.execute(update(AddressLease).where(AddressLease.holder == holder).values(until=now + LEASE))


def release(session: Session, holder: str) -> None:
    """Gone from every address."""
    session.execute(delete(AddressLease).where(AddressLease.holder == holder))


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what counts no more."""
    before = _day(now - KEPT)
    session.execute(delete(ScanUse).where(ScanUse.day < before))
    session.execute(delete(ScanCount).where(ScanCount.day < before))
    session.execute(delete(AddressLease).where(AddressLease.until < now))


def _use(session: Session, user: str, target: str, budget: str, *, most: int, now: datetime) -> bool:
    """Note that a run or a re-check goes there today, unless others have used up the day; it counts once."""
    today = _day(now)
    users = set(
        session.scalars(
            select(ScanUse.scan_id).where(ScanUse.target == target, ScanUse.day == today, ScanUse.budget == budget)
        )
    )
    if user in users:
        return True
    if len(users) >= most:
        return False
    session.add(ScanUse(target=target, day=today, budget=budget, scan_id=user))
    session.flush()  # counted from now on, in this transaction too
    return True


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
