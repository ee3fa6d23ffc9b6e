"""Scans that begin by themselves: by the cadence of the tier, at night, and only where the ground still stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assessments import cadence
from portal.db import lines
from portal.db.models.accounts import Hospital
from portal.db.models.portfolio import VendorLine
from portal.db.models.scans import ScanRun, ScanSide
from portal.db.models.vendors import Vendor
from portal.home import BERLIN
from portal.services import jobs
from portal.services.actors import Actor, hospital_of
from portal.services.jobs import JobKind
from portal.services.monitoring import watching
from portal.services.scans import left_out, permissions, scan_results, scans
from scanners.model import N_, Message

BEGIN = time(22)  # where the hospitals are
END = time(5)
MOST_A_NIGHT = 400  # of one hospital, what has waited longest first; the rest has its turn the next night

SWITCHED_OFF = N_("Your hospital has switched off scans by themselves for this tier.")
NO_TIER = N_("The vendor has no tier yet.")
NEVER_SEEN = N_("The first scan is begun by a person; after it they follow by themselves.")
NO_GROUND = N_("No host is left on a ground that still stands: contracts have ended, or the ground was a tender.")
NOBODY_TO_TELL = N_("Nobody at the vendor could be told of it. Name a contact first.")
NOT_HERE = N_("Nothing is looked at by itself here.")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """When a vendor is looked at again by itself, or why it is not."""

    tier: int | None
    last: date | None
    next_on: date | None
    why_not: Message | None
    hosts: tuple[str, ...] = ()

    def is_due(self, today: date) -> bool:
        """Whether its night has come."""
        return self.why_not is None and self.next_on is not None and self.next_on <= today


def plan(session: Session, actor: Actor, vendor: Vendor, *, now: datetime) -> Plan:
    """For the vendor's page."""
    hospital_of(actor)
    return of_vendor(session, vendor.hospital_id, vendor.id, now=now)


def of_vendor(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> Plan:
    """When it is due by its tier, and whether anything stands against it now."""
    lines.settle(session)
    tier = session.scalar(
        select(VendorLine.tier).where(VendorLine.hospital_id == hospital_id, VendorLine.vendor_id == vendor_id)
    )
    months = watching.rule(session, hospital_id).rescans
    good = scan_results.latest_good(session, hospital_id, vendor_id)
    last = _day(good.finished_at) if good is not None else None
    tried = _day(_tried(session, hospital_id, vendor_id))
    next_on = cadence.next_rescan(last, tried, tier, months, today=_today(now))
    hosts = _hosts(session, hospital_id, vendor_id, today=_today(now))
    why = _why_not(
        session, hospital_id, vendor_id, tier=tier, last=last, is_on=next_on is not None, hosts=hosts, now=now
    )
    return Plan(tier=tier, last=last, next_on=None if why else next_on, why_not=why, hosts=hosts)


def _why_not(
    session: Session,
    hospital_id: str,
    vendor_id: str,
    *,
    tier: int | None,
    last: date | None,
    is_on: bool,
    hosts: tuple[str, ...],
    now: datetime,
) -> Message | None:
    hospital = session.get_one(Hospital, hospital_id)
    vendor = session.get_one(Vendor, vendor_id)
    known = tuple(host.name for host in permissions.hosts_in_scope(session, hospital_id, vendor_id))
    allowed = permissions.permitted(session, hospital_id, vendor_id, known, now=now)
    rules = (
        (hospital.is_for_bidder or hospital.ended_at is not None, NOT_HERE),
        (not allowed.hosts, allowed.reason),  # ended, refused, withdrawn, documents only: whatever the cadence says
        (tier is None, NO_TIER),
        (last is None, NEVER_SEEN),
        (not is_on, SWITCHED_OFF),
        (not set(hosts) & set(allowed.hosts), NO_GROUND),
        (allowed.is_window_over, permissions.WINDOW_OVER),
        (not _can_be_told(session, vendor), NOBODY_TO_TELL),
    )
    return next((Message(text=sentence) for stands, sentence in rules if stands), None)


def _can_be_told(session: Session, vendor: Vendor) -> bool:
    newest = permissions.newest_assessment(session, vendor.hospital_id, vendor.id)
    return bool(vendor.security_email or vendor.contact_email or (newest is not None and newest.company_id))


def _hosts(session: Session, hospital_id: str, vendor_id: str, *, today: date) -> tuple[str, ...]:
    """The hosts whose ground goes on to stand: a contract that has not ended, or a consent; a tender never does."""
    known = permissions.hosts_in_scope(session, hospital_id, vendor_id)
    grounded = left_out.standing_on(session, known, today=today)
    return tuple(host.name for host in known if host.name in grounded)


# ---- at night


def ask_all(session: Session, *, now: datetime) -> int:
    """Once an evening: every vendor whose night has come gets its moment between now and the morning; asked twice, or
    by two workers, each waits only once."""
    found = [
        (hospital_id, vendor_id)
        for hospital_id in session.scalars(
            select(Hospital.id).where(Hospital.is_for_bidder.is_(False), Hospital.ended_at.is_(None))
        ).all()
        for vendor_id in _due(session, hospital_id, now=now)
    ]
    begin, end = night(now)
    begin = max(begin, now)
    for number, (hospital_id, vendor_id) in enumerate(found):
        jobs.add(
            session,
            JobKind.RESCAN,
            {"hospital_id": hospital_id, "vendor_id": vendor_id},
            now=now,
            tenant=hospital_id,
            run_at=begin + (end - begin) * (number / len(found)),
            dedupe_key=f"rescan:{vendor_id}",
        )
    return len(found)


def _due(session: Session, hospital_id: str, *, now: datetime) -> Sequence[str]:
    """Those that were last seen longest ago; whether one may be looked at is asked when its turn has come."""
    months, today = watching.rule(session, hospital_id).rescans, _today(now)
    lines.settle(session)
    seen = (
        select(ScanRun.vendor_id, func.max(ScanRun.finished_at).label("at"))
        .where(
            ScanRun.hospital_id == hospital_id,
            ScanRun.kept_back.is_(False),
            ScanRun.state.in_(scan_results.GOOD),
        )
        .group_by(ScanRun.vendor_id)
        .subquery()
    )
    rows = session.execute(
        select(VendorLine.vendor_id, VendorLine.tier, seen.c.at)
        .join(seen, seen.c.vendor_id == VendorLine.vendor_id)
        .where(VendorLine.hospital_id == hospital_id, VendorLine.is_ended.is_(False), VendorLine.tier.is_not(None))
        .order_by(seen.c.at, VendorLine.vendor_id)
    ).all()
    due = []
    for vendor_id, tier, at in rows:
        next_on = cadence.due_on(_day(at), tier, months)
        if (
            next_on is not None
            and next_on <= today
            and of_vendor(session, hospital_id, vendor_id, now=now).is_due(today)
        ):
            due.append(vendor_id)
        if len(due) == MOST_A_NIGHT:
            break
    return due


def start(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> ScanRun | None:
    """Its moment has come: begin, if it is still due and still allowed. None: not any more, or the night is over."""
    begin, end = night(now)
    if not begin <= now < end:
        return None
    found = of_vendor(session, hospital_id, vendor_id, now=now)
    if not found.is_due(_today(now)):
        return None
    return scans.queue_by_cadence(session, hospital_id, vendor_id, found.hosts, now=now)


def night(now: datetime) -> tuple[datetime, datetime]:
    """The night that runs, or the next one."""
    local = now.astimezone(BERLIN)
    evening = local.date() - timedelta(days=1) if local.time() < END else local.date()
    begin = datetime.combine(evening, BEGIN, tzinfo=BERLIN)
    return begin, datetime.combine(evening + timedelta(days=1), END, tzinfo=BERLIN)


def _tried(session: Session, hospital_id: str, vendor_id: str) -> datetime | None:
    return session.scalar(
        select(func.max(ScanRun.created_at)).where(
            ScanRun.hospital_id == hospital_id,
            ScanRun.vendor_id == vendor_id,
            ScanRun.kept_back.is_(False),
            ScanRun.side == ScanSide.HOSPITAL,
        )
    )


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(BERLIN).date()


def _today(now: datetime) -> date:
    """The day on which this night began: what is due on a day is looked at in the night after it."""
    local = now.astimezone(BERLIN)
    return local.date() - timedelta(days=1) if local.time() < END else local.date()
