"""What may be looked at: asked when a scan is queued, and again by the worker before it starts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Person
from portal.db.models.assessments import Assessment
from portal.db.models.responses import Consent, ConsentKind
from portal.db.models.vendors import Host, HostState
from scanners import targets
from scanners.model import N_, CheckClass

WITHDRAWN = N_("The company does not want to be scanned; documents only.")
WINDOW_OVER = N_("The time window in which the company agreed to scans is over. Ask it to agree anew.")
NO_HOST = N_("No host is left that may be scanned.")


@dataclass(frozen=True, kw_only=True)
class Permission:
    """What may be looked at now; nothing left means the reason says why."""

    hosts: tuple[str, ...] = ()
    classes: frozenset[CheckClass] = frozenset()
    reason: str = ""
    not_before: datetime | None = None
    is_window_over: bool = False


def permitted(session: Session, hospital_id: str, vendor_id: str, names: Iterable[str], *, now: datetime) -> Permission:
    """What the ledger of consents, the struck hosts and the rounds allow at this moment."""
    assessment = newest_assessment(session, hospital_id, vendor_id)
    if assessment is not None and assessment.documents_only:
        return Permission(reason=WITHDRAWN)
    in_scope = {host.name for host in hosts_in_scope(session, hospital_id, vendor_id)}
    asked = tuple(name for name in names if name in in_scope)
    ledger = _ledger(session, hospital_id, vendor_id)
    refused = {ConsentKind.REFUSED, ConsentKind.WITHDRAWN}
    ordinary = [entry for entry in ledger if entry.check_class != CheckClass.ACTIVE.value]
    hosts = tuple(
        name for name in asked if not any(entry.kind in refused for entry in ordinary if entry.host_name in {"", name})
    )
    if not hosts:
        return Permission(reason=WITHDRAWN if asked else NO_HOST)
    classes = {CheckClass.PASSIVE, CheckClass.STANDARD}
    active = {entry.host_name: entry for entry in ledger if entry.check_class == CheckClass.ACTIVE.value}
    if all(_is_active_granted(session, active.get(name), name, now=now) for name in hosts):
        classes.add(CheckClass.ACTIVE)
    granted = [entry for entry in ordinary if entry.kind is ConsentKind.GRANTED]
    beginnings = [entry.window_from for entry in granted if entry.window_from and entry.window_from > now]
    return Permission(
        hosts=hosts,
        classes=frozenset(classes),
        not_before=max(beginnings, default=None),
        is_window_over=any(entry.window_to is not None and entry.window_to < now for entry in granted),
    )


def _is_active_granted(session: Session, entry: Consent | None, name: str, *, now: datetime) -> bool:
    """Only by somebody whose mail domain is the host's own, for that host, within the window."""
    if entry is None or entry.kind is not ConsentKind.GRANTED:
        return False
    if (entry.window_from is not None and now < entry.window_from) or (entry.window_to and entry.window_to < now):
        return False
    person = session.get_one(Person, entry.person_id)
    domain = person.email.rpartition("@")[2]
    return targets.registrable(domain) == targets.registrable(name)


def _ledger(session: Session, hospital_id: str, vendor_id: str) -> list[Consent]:
    """The newest entry per class and host."""
    entries = session.scalars(
        select(Consent)
        .join(Assessment, Assessment.id == Consent.assessment_id)
        .where(Assessment.hospital_id == hospital_id, Assessment.vendor_id == vendor_id)
        .order_by(Consent.at, Consent.id)
    ).all()
    newest = {(entry.check_class, entry.host_name): entry for entry in entries}
    return list(newest.values())


def hosts_in_scope(session: Session, hospital_id: str, vendor_id: str) -> Sequence[Host]:
    """The hosts of a vendor but those it has struck."""
    return session.scalars(
        select(Host)
        .where(Host.hospital_id == hospital_id, Host.vendor_id == vendor_id, Host.state != HostState.STRUCK)
        .order_by(Host.name)
    ).all()


def newest_assessment(session: Session, hospital_id: str, vendor_id: str) -> Assessment | None:
    """The latest round of a vendor."""
    return session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == hospital_id, Assessment.vendor_id == vendor_id)
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()
