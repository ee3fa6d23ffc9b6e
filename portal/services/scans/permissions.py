"""What may be looked at: asked when a scan is queued, and again by the worker before it starts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Person
from portal.db.models.assessments import Assessment
from portal.db.models.responses import Consent, ConsentKind, DomainControl
from portal.db.models.vendors import Host, HostState, Supply, Vendor
from portal.services.scans import domain_control
from portal.services.scans.domain_control import Reach, Standing
from scanners import targets
from scanners.attribution import Belonging
from scanners.model import N_, CheckClass

WITHDRAWN = N_("The company does not want to be scanned; documents only.")
WINDOW_OVER = N_("The time window in which the company agreed to scans is over. Ask it to agree anew.")
ENDED = N_("The vendor is off the lists; nothing of it is looked at.")
CLOSED = N_("The deadline of the tender has passed; what is seen after it would count for nobody.")
NO_HOST = N_("No host is left that may be scanned.")

ORDINARY = frozenset({CheckClass.PASSIVE, CheckClass.STANDARD})
REFUSALS = frozenset({ConsentKind.REFUSED, ConsentKind.WITHDRAWN})


@dataclass(frozen=True, kw_only=True)
class Permission:
    """What may be looked at now; nothing left means the reason says why."""

    hosts: tuple[str, ...] = ()
    classes: frozenset[CheckClass] = frozenset()
    active_hosts: tuple[str, ...] = ()  # agreed to by a person of the company that controls them
    active_domains: tuple[str, ...] = ()  # where the control reaches the whole registrable domain
    reason: str = ""
    not_before: datetime | None = None
    is_window_over: bool = False


def permitted(session: Session, hospital_id: str, vendor_id: str, names: Iterable[str], *, now: datetime) -> Permission:
    """What the ledger of consents, the struck hosts and the rounds allow at this moment."""
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.hospital_id != hospital_id or vendor.ended_at is not None:
        return Permission(reason=ENDED)
    assessment = newest_assessment(session, hospital_id, vendor_id)
    if assessment is not None and assessment.documents_only:
        return Permission(reason=WITHDRAWN)
    if assessment is not None and assessment.closes_at is not None and now >= assessment.closes_at:
        return Permission(reason=CLOSED)
    in_scope = {host.name for host in hosts_in_scope(session, hospital_id, vendor_id)}
    asked = tuple(name for name in names if name in in_scope)
    ledger = ledger_of(session, hospital_id, vendor_id)
    ordinary = [entry for entry in _newest(ledger).values() if entry.check_class != CheckClass.ACTIVE.value]
    hosts = tuple(
        name for name in asked if not any(entry.kind in REFUSALS for entry in ordinary if entry.host_name in {"", name})
    )
    if not hosts:
        return Permission(reason=WITHDRAWN if asked else NO_HOST)
    active = _controlled(session, active_words(ledger, assessment, hosts, now=now), now=now)
    granted = [entry for entry in ordinary if entry.kind is ConsentKind.GRANTED]
    beginnings = [entry.window_from for entry in granted if entry.window_from and entry.window_from > now]
    return Permission(
        hosts=hosts,
        classes=ORDINARY | {CheckClass.ACTIVE} if active else ORDINARY,
        active_hosts=tuple(active),
        active_domains=tuple(
            dict.fromkeys(targets.registrable(name) for name, one in active.items() if one.reach is Reach.DOMAIN)
        ),
        not_before=max(beginnings, default=None),
        is_window_over=any(entry.window_to is not None and entry.window_to < now for entry in granted),
    )


def stale_controls(
    session: Session, hospital_id: str, vendor_id: str, names: Iterable[str], *, now: datetime
) -> Sequence[DomainControl]:
    """Proofs that are too old for an active scan which the company has agreed to; a look may renew them."""
    assessment = newest_assessment(session, hospital_id, vendor_id)
    words = active_words(ledger_of(session, hospital_id, vendor_id), assessment, tuple(names), now=now)
    stale = []
    for name, entry in words.items():
        standing = _standing_of(session, entry, name, now=now)
        if standing.is_stale and standing.row is not None:
            stale.append(standing.row)
    return stale


def active_words(
    ledger: Sequence[Consent], assessment: Assessment | None, names: Iterable[str], *, now: datetime
) -> Mapping[str, Consent]:
    """The consent that holds now for each host; a word on all hosts that came later takes it back."""
    if assessment is None or assessment.company_id is None:
        return {}
    entries = [
        entry
        for entry in ledger
        if entry.check_class == CheckClass.ACTIVE.value and entry.company_id == assessment.company_id
    ]
    newest = {
        name: max(
            (entry for entry in entries if entry.host_name in {"", name}), key=lambda entry: entry.at, default=None
        )
        for name in names
    }
    return {
        name: entry
        for name, entry in newest.items()
        if entry is not None and entry.host_name and entry.kind is ConsentKind.GRANTED and _is_open(entry, now)
    }


def _controlled(session: Session, words: Mapping[str, Consent], *, now: datetime) -> Mapping[str, Standing]:
    """Of what was agreed to, what the company has shown to control."""
    known = {name: _standing_of(session, entry, name, now=now) for name, entry in words.items()}
    return {name: standing for name, standing in known.items() if standing.reach is not None}


def _standing_of(session: Session, entry: Consent, name: str, *, now: datetime) -> Standing:
    """By the address that the person who signed has now."""
    email = session.get_one(Person, entry.person_id).email
    return domain_control.standings(session, entry.company_id, (name,), email=email, now=now)[name]


def _is_open(entry: Consent, now: datetime) -> bool:
    has_begun = entry.window_from is None or entry.window_from <= now
    return has_begun and (entry.window_to is None or now <= entry.window_to)


def ledger_of(session: Session, hospital_id: str, vendor_id: str) -> Sequence[Consent]:
    """Every entry of this vendor's rounds, the oldest first."""
    return session.scalars(
        select(Consent)
        .join(Assessment, Assessment.id == Consent.assessment_id)
        .where(Assessment.hospital_id == hospital_id, Assessment.vendor_id == vendor_id)
        .order_by(Consent.at, Consent.id)
    ).all()


def _newest(ledger: Sequence[Consent]) -> Mapping[tuple[str, str], Consent]:
    """The newest entry per class and host."""
    return {(entry.check_class, entry.host_name): entry for entry in ledger}


def hosts_in_scope(session: Session, hospital_id: str, vendor_id: str) -> Sequence[Host]:
    """The hosts of a vendor but those it has struck, those that are another's, and those that served nothing but what
    has ended."""
    over = set(
        session.scalars(
            select(Supply.id).where(
                Supply.hospital_id == hospital_id, Supply.vendor_id == vendor_id, Supply.ended_at.is_not(None)
            )
        )
    )
    found = session.scalars(
        select(Host)
        .where(
            Host.hospital_id == hospital_id,
            Host.vendor_id == vendor_id,
            Host.state != HostState.STRUCK,
            Host.belonging.is_distinct_from(Belonging.FOREIGN),
        )
        .order_by(Host.name)
    ).all()
    return [host for host in found if not over or not host.supply_ids or not over.issuperset(host.supply_ids)]


def newest_assessment(session: Session, hospital_id: str, vendor_id: str) -> Assessment | None:
    """The latest round of a vendor."""
    return session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == hospital_id, Assessment.vendor_id == vendor_id)
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()
