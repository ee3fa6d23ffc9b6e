"""Hosts that the newest scan did not look at any more, because the ground for it has ended: they stay, and say so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from assessments import days
from portal.db.models.scans import FindingRecord, ScanRun
from portal.db.models.vendors import Ground, Host, HostState, Supply
from portal.services.scans import permissions
from scanners import targets
from scanners.attribution import Belonging
from scanners.model import N_, Outcome
from scanners.observations import Reason

RUNS_BACK = 20

SERVED_ENDED = N_("Not looked at since %(day)s, because what it served has ended.")
REFUSED = N_("Not looked at since %(day)s, because the company does not agree to it any more.")
CONTRACT_ENDED = N_("Not looked at since %(day)s, because the contract it was named on has ended.")
TENDER_OVER = N_("Not looked at since %(day)s, because the tender it was named on is over.")

Key = tuple[str, str, str]  # subject kind, subject name, check id


def records(
    session: Session, run: ScanRun, standing: Mapping[Key, FindingRecord], earlier: Sequence[ScanRun], *, now: datetime
) -> Mapping[Key, FindingRecord]:
    """Unknown with its reason for whatever was known of them, as records of no table: nothing of it is mended, and
    nothing is confirmed. `earlier`: the good runs before this one that its reader knows, the newest first."""
    whys = {} if run.kept_back else _whys(session, run, now=now)  # a company chooses what it looks at for itself
    if not whys:
        return {}
    places = _places(whys, run.hosts)
    found: dict[Key, FindingRecord] = {}
    for before in earlier:
        if not set(before.hosts) & whys.keys():
            continue
        known = session.scalars(
            select(FindingRecord).where(
                FindingRecord.hospital_id == run.hospital_id,
                FindingRecord.scan_id == before.id,
                FindingRecord.subject_name.in_(list(places)),
            )
        )
        for one in known:
            key = one.subject_kind, one.subject_name, one.check_id
            if key not in found and key not in standing and one.outcome != Outcome.NOT_APPLICABLE.value:
                day = days.of(before.finished_at or before.created_at)
                found[key] = _unknown(run, one, places[one.subject_name], day)
    return found


def _unknown(run: ScanRun, before: FindingRecord, why: str, day: date) -> FindingRecord:
    return FindingRecord(
        hospital_id=run.hospital_id,
        scan_id=run.id,
        subject_kind=before.subject_kind,
        subject_name=before.subject_name,
        check_id=before.check_id,
        outcome=Outcome.UNKNOWN.value,
        severity=before.severity,
        fact=why,
        fact_values={"day": day.isoformat()},
        reason=Reason.NOT_CONSENTED.value,
        address="",
        provisional=False,
        at=run.finished_at or run.created_at,
        first_seen_at=before.first_seen_at,
    )


def _places(whys: Mapping[str, str], looked_at: Iterable[str]) -> Mapping[str, str]:
    """The hosts themselves, and domains of which no host was looked at."""
    still = {targets.registrable(name) for name in looked_at}
    domains = {targets.registrable(name): why for name, why in whys.items()}
    return {**{name: why for name, why in domains.items() if name not in still}, **whys}


def _whys(session: Session, run: ScanRun, *, now: datetime) -> Mapping[str, str]:
    """Hosts of the vendor that this run left out because something ended, with the sentence; what was only not chosen
    this time, what was struck and what is another's is none of them."""
    hosts = session.scalars(
        select(Host)
        .where(
            Host.hospital_id == run.hospital_id,
            Host.vendor_id == run.vendor_id,
            Host.name.not_in(run.hosts),
            Host.state != HostState.STRUCK,
            Host.belonging.is_distinct_from(Belonging.FOREIGN),
        )
        .options(selectinload(Host.further))
    ).all()
    if not hosts:
        return {}
    in_scope = {one.name for one in permissions.hosts_in_scope(session, run.hospital_id, run.vendor_id)}
    names = [one.name for one in hosts if one.name in in_scope]
    allowed = set(permissions.permitted(session, run.hospital_id, run.vendor_id, names, now=now).hosts)
    grounded = standing_on(session, hosts, today=days.of(now))
    found = {}
    for one in hosts:
        if one.name not in in_scope:
            found[one.name] = SERVED_ENDED
        elif one.name not in allowed:
            found[one.name] = REFUSED
        elif one.name not in grounded:
            found[one.name] = TENDER_OVER if one.ground is Ground.TENDER else CONTRACT_ENDED
    return found


def standing_on(session: Session, hosts: Collection[Host], *, today: date) -> frozenset[str]:
    """Those whose ground goes on to stand: a contract that has not ended, or a consent; a tender never does."""
    vendor_ids = {host.vendor_id for host in hosts}
    supplies = session.scalars(select(Supply).where(Supply.vendor_id.in_(vendor_ids), Supply.ended_at.is_(None))).all()
    running = {one.id for one in supplies if one.contract_ends_on is None or one.contract_ends_on >= today}

    def stands(host: Host) -> bool:
        if host.ground is Ground.CONTRACT:
            serves = set(host.supply_ids) or {one.id for one in supplies}
            return not serves or bool(serves & running)
        return host.ground is Ground.CONSENT

    return frozenset(host.name for host in hosts if stands(host))
