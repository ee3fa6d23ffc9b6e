"""The scope of a scan and the ledger of consents: the company names what is its own, agrees, refuses, withdraws."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.model import HostRole
from portal.db.models.accounts import Person
from portal.db.models.assessments import Assessment
from portal.db.models.audit import AuditEvent
from portal.db.models.responses import Consent, ConsentKind
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Ground, Host, HostState, Speaker, Supply
from portal.errors import BadInput, NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import COMPANY_LEADERS, Actor, company_of
from portal.services.answers import responses
from portal.services.scans import (
    consent_texts,
    domain_control,
    host_proposals,
    host_words,
    permissions,
    scan_results,
    scans,
)
from portal.services.scans.domain_control import Standing
from portal.services.scans.host_proposals import SeenHost
from portal.services.scans.host_words import Said, Word
from portal.services.vendors import vendors
from reports.ledger import Deed, LedgerEntry, in_order
from scanners.attribution import Belonging
from scanners.model import N_, CheckClass, Message

ORDINARY = (CheckClass.PASSIVE, CheckClass.STANDARD)
EVERY = (*ORDINARY, CheckClass.ACTIVE)
SCOPE_DEEDS = (Deed.HOST_ADDED, Deed.HOST_STRUCK, Deed.HOST_CONFIRMED)


@dataclass(frozen=True, kw_only=True)
class ScopedHost:
    """A host as the company may see it."""

    id: str
    name: str
    role: HostRole
    products: tuple[str, ...]  # none: the company as a whole
    state: HostState
    supply_ids: tuple[str, ...] = ()  # of the round's products
    belonging: Belonging | None = None  # None: as the scan proposes
    own_word: Word | None = None  # what the company has said of it
    is_overruled: bool = False  # the hospital has it otherwise
    last_speaker: Speaker | None = None
    last_at: datetime | None = None
    seen: SeenHost | None = None  # what the newest scan proposes
    version: str = ""  # of what stands and was said


@dataclass(frozen=True, kw_only=True)
class NewHost:
    """A host that the company adds."""

    name: str
    role: HostRole = HostRole.PRODUCT
    supply_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who speaks for the company, and what they add to it."""

    name: str
    function: str
    emergency_contact: str = ""
    window_from: datetime | None = None
    window_to: datetime | None = None
    terms: Mapping[str, str | Sequence[str]] = field(default_factory=dict)  # what the page said beside the text


@dataclass(frozen=True, kw_only=True)
class ActiveHost:
    """A host, and what the active class still needs for it."""

    id: str
    name: str
    control: Standing
    word: Consent | None  # the consent that holds now

    @property
    def is_open(self) -> bool:
        """Whether the active class may look at it."""
        return self.word is not None and self.control.reach is not None


# ---- the scope


def scope(session: Session, actor: Actor, assessment_id: str) -> Sequence[ScopedHost]:
    """The hosts of this round, those that were struck as well."""
    assessment = responses.find(session, actor, assessment_id)
    supplies = vendors.supplies_of(session, assessment)
    run = scan_results.latest_good_of_company(
        session, assessment.hospital_id, assessment.vendor_id, assessment.company_id
    )
    seen = (
        host_proposals.of_run(session, assessment.vendor, run, supplies=supplies)
        if run is not None and not assessment.documents_only
        else {}
    )
    return [_scoped(host, supplies, seen.get(host.name)) for host in _hosts(session, assessment)]


def _scoped(host: Host, supplies: Sequence[Supply], seen: SeenHost | None) -> ScopedHost:
    served = [supply for supply in supplies if supply.id in host.supply_ids]
    word = host_words.word_of(host, Speaker.COMPANY)
    speaker = host_words.last_speaker(host)
    last = host_words.word_of(host, speaker) if speaker is not None else None
    return ScopedHost(
        id=host.id,
        name=host.name,
        role=host.role,
        products=tuple(supply.name for supply in served),
        state=host.state,
        supply_ids=tuple(supply.id for supply in served),
        belonging=host.belonging,
        own_word=word,
        is_overruled=host_words.differs(host, word, supplies=[supply.id for supply in supplies]),
        last_speaker=speaker,
        last_at=last.at if last is not None else None,
        seen=seen,
        version=host_words.version(host),
    )


def add_host(
    session: Session, actor: Actor, assessment_id: str, new: NewHost, *, permitted: Sequence[str] = (), now: datetime
) -> None:
    """Name a host that the hospital did not; one that was struck before is back."""
    company_of(actor, COMPANY_LEADERS)
    assessment = _open(session, actor, assessment_id)
    name = vendors.host_name(new.name, permitted=permitted)
    hosts = _hosts(session, assessment)
    known = next((host for host in hosts if host.name == name), None)
    if known is not None and known.state is not HostState.STRUCK:
        raise BadInput({"host": Message(text=N_("This host is on the list already."))})
    if known is None and len(hosts) >= vendors.MOST_HOSTS:
        raise BadInput(
            {"host": Message(text=N_("A vendor can have %(most)s hosts at most."), values={"most": vendors.MOST_HOSTS})}
        )
    if new.supply_id and new.supply_id not in {supply.id for supply in vendors.supplies_of(session, assessment)}:
        raise NotFound
    if known is not None:
        known.state = HostState.CONFIRMED
    else:
        session.add(
            Host(
                hospital_id=assessment.hospital_id,
                vendor_id=assessment.vendor_id,
                supply_id=new.supply_id or None,
                name=name,
                role=new.role,
                state=HostState.ADDED,
                ground=Ground.CONSENT,
                created_at=now,
            )
        )
    _tell(session, actor, assessment, "host.added", name, now=now)


def correct_host(
    session: Session,
    actor: Actor,
    assessment_id: str,
    host_id: str,
    said: Said,
    *,
    read: str | None = None,
    now: datetime,
) -> None:
    """The company's word on what a host is for: it counts until the hospital has one. Another's host is struck.
    `read`: the version that the writer has seen."""
    company_of(actor, COMPANY_LEADERS)
    assessment = _open(session, actor, assessment_id)
    host = _host(session, assessment, host_id)
    known = [supply.id for supply in vendors.supplies_of(session, assessment)]
    if not set(said.supply_ids) <= set(known):
        raise NotFound
    host_words.hold(session, host, read)
    if said.belonging is Belonging.FOREIGN:
        strike_host(session, actor, assessment_id, host_id, now=now)
        return
    stands = host_words.say(host, Speaker.COMPANY, said, by_name=actor.name, now=now)
    _tell(session, actor, assessment, "host.corrected", host.name, now=now)
    if stands:
        jobs.ask_for_score(session, assessment.hospital_id, assessment.id, now=now)


def strike_host(session: Session, actor: Actor, assessment_id: str, host_id: str, *, now: datetime) -> None:
    """ "Not ours": out of scope at once; a scan that looks at it ends."""
    company_of(actor, COMPANY_LEADERS)
    assessment = _open(session, actor, assessment_id)
    host = _host(session, assessment, host_id)
    if host.state is HostState.STRUCK:
        return
    host.state = HostState.STRUCK
    live = session.scalars(
        select(ScanRun).where(
            ScanRun.hospital_id == assessment.hospital_id,
            ScanRun.vendor_id == assessment.vendor_id,
            ScanRun.state.in_(scans.LIVE),
        )
    )
    if any(host.name in run.hosts for run in live):
        scans.stop_for_vendor(session, actor, assessment.hospital_id, assessment.vendor_id, now=now)
    _tell(session, actor, assessment, "host.struck", host.name, now=now)
    jobs.ask_for_score(session, assessment.hospital_id, assessment.id, now=now)


def confirm_host(session: Session, actor: Actor, assessment_id: str, host_id: str, *, now: datetime) -> None:
    """ "Ours after all"."""
    company_of(actor, COMPANY_LEADERS)
    assessment = _open(session, actor, assessment_id)
    host = _host(session, assessment, host_id)
    if host.state is not HostState.CONFIRMED:
        host.state = HostState.CONFIRMED
        _tell(session, actor, assessment, "host.confirmed", host.name, now=now)
        jobs.ask_for_score(session, assessment.hospital_id, assessment.id, now=now)


# ---- the ledger: entries are only added


def ledger(session: Session, actor: Actor, assessment_id: str) -> Sequence[Consent]:
    """Every entry, the oldest first."""
    return _entries(session, responses.find(session, actor, assessment_id))


def on_paper(session: Session, assessment: Assessment) -> Sequence[LedgerEntry]:
    """The ledger as evidence: every signature, and every change of the scope by the company, the oldest first."""
    signed: dict[tuple[Any, ...], list[Consent]] = {}
    for entry in _entries(session, assessment):
        signed.setdefault((entry.at, entry.kind, entry.person_id, entry.window_from, entry.window_to), []).append(entry)
    changed = session.scalars(
        select(AuditEvent)
        .where(
            AuditEvent.scope == audit.hospital_scope(assessment.hospital_id),
            AuditEvent.verb.in_([deed.value for deed in SCOPE_DEEDS]),
        )
        .order_by(AuditEvent.sequence)
    ).all()
    changes = [
        LedgerEntry(at=event.at, deed=Deed(event.verb), hosts=(event.subject,), name=event.actor)
        for event in changed
        if (event.detail or {}).get("assessment") == assessment.id
    ]
    hosts = _hosts(session, assessment)
    signatures = (_signature(entries) for entries in signed.values())
    return in_order([*(replace(one, scope=_scope_at(one, hosts, changes)) for one in signatures), *changes])


def _scope_at(signature: LedgerEntry, hosts: Sequence[Host], changes: Sequence[LedgerEntry]) -> tuple[str, ...]:
    """What stood in scope when somebody signed for all of it."""
    if signature.hosts:
        return ()
    newest = {change.hosts[0]: change.deed for change in changes if change.at <= signature.at}  # the last one stays
    return tuple(
        host.name for host in hosts if host.created_at <= signature.at and newest.get(host.name) is not Deed.HOST_STRUCK
    )


def _signature(entries: Sequence[Consent]) -> LedgerEntry:
    """What was signed at once for several classes and hosts."""
    first = entries[0]
    terms = first.terms or {}
    return LedgerEntry(
        at=first.at,
        deed=Deed(first.kind.value),
        classes=tuple(one for one in CheckClass if any(entry.check_class == one.value for entry in entries)),
        hosts=tuple(sorted({entry.host_name for entry in entries if entry.host_name})),
        name=first.person_name,
        function=first.person_function,
        text_version=first.text_version,
        window_from=first.window_from,
        window_to=first.window_to,
        emergency_contact=first.emergency_contact,
        user_agent=str(terms.get("user_agent", "")),
        sources=tuple(map(str, terms.get("source_addresses", ()))),
        stopped_by=str(terms.get("stopped_by", "")),
    )


def _entries(session: Session, assessment: Assessment) -> Sequence[Consent]:
    return session.scalars(
        select(Consent)
        .where(Consent.company_id == assessment.company_id, Consent.assessment_id == assessment.id)
        .order_by(Consent.at, Consent.id)
    ).all()


def is_granted(session: Session, assessment: Assessment) -> bool:
    """Whether the newest word on every ordinary class is yes."""
    newest = {entry.check_class: entry.kind for entry in _entries(session, assessment) if not entry.host_name}
    return all(newest.get(one.value) is ConsentKind.GRANTED for one in ORDINARY)


def is_window_over(session: Session, assessment: Assessment, *, now: datetime) -> bool:
    """Whether the time the company gave has run out, so that only a new signature goes on."""
    newest = {entry.check_class: entry for entry in _entries(session, assessment) if not entry.host_name}
    granted = [newest[one.value] for one in ORDINARY if one.value in newest]
    return any(
        entry.kind is ConsentKind.GRANTED and entry.window_to is not None and entry.window_to < now for entry in granted
    )


def grant(session: Session, actor: Actor, assessment_id: str, signed: Signature, *, now: datetime) -> None:
    """Agree to passive and standard scans of all hosts that are not struck; named ones count as confirmed."""
    company_of(actor, COMPANY_LEADERS)
    assessment = _open(session, actor, assessment_id)
    _check(signed, now=now)
    hosts = [host for host in _hosts(session, assessment) if host.state is not HostState.STRUCK]
    if not hosts:
        raise BadInput({"": Message(text=N_("Confirm or add at least one host, or choose “documents only”."))})
    for host in hosts:
        if host.state is HostState.NAMED:
            host.state = HostState.CONFIRMED
    assessment.documents_only = False
    _write(session, actor, assessment, signed, kind=ConsentKind.GRANTED, classes=ORDINARY, now=now)


def refuse(session: Session, actor: Actor, assessment_id: str, signed: Signature, *, now: datetime) -> None:
    """Documents only: no scan of any class, and a running one ends. It is never held against the company."""
    _end(session, actor, assessment_id, ConsentKind.REFUSED, signed, now=now)


def withdraw(session: Session, actor: Actor, assessment_id: str, signed: Signature, *, now: datetime) -> None:
    """Take back what was agreed; it takes effect at once."""
    assessment = responses.find(session, actor, assessment_id)
    if not is_granted(session, assessment):
        raise NotNow(Message(text=N_("There is no consent that could be withdrawn.")))
    _end(session, actor, assessment_id, ConsentKind.WITHDRAWN, signed, now=now)


# ---- the active class: its own consent, host by host


def active_hosts(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Sequence[ActiveHost]:
    """Every host in scope: who controls it, by the address of the one who looks, and what was agreed."""
    assessment = responses.find(session, actor, assessment_id)
    hosts = [host for host in _hosts(session, assessment) if host.state is not HostState.STRUCK]
    names = [host.name for host in hosts]
    words = permissions.active_words(
        permissions.ledger_of(session, assessment.hospital_id, assessment.vendor_id), assessment, names, now=now
    )
    company_id = company_of(actor)
    known = domain_control.standings(session, company_id, names, email=actor.email, now=now)
    for name, word in words.items():  # what holds, holds by the address of whoever signed it
        email = session.get_one(Person, word.person_id).email
        known = {**known, **domain_control.standings(session, company_id, (name,), email=email, now=now)}
    return [
        ActiveHost(id=host.id, name=host.name, control=known[host.name], word=words.get(host.name)) for host in hosts
    ]


def grant_active(
    session: Session,
    actor: Actor,
    assessment_id: str,
    host_ids: Collection[str],
    signed: Signature,
    *,
    now: datetime,
) -> None:
    """Agree to the active class for hosts that the company has shown to control."""
    company_id = company_of(actor, COMPANY_LEADERS)
    assessment = _open(session, actor, assessment_id)
    _check(signed, now=now, needs_contact=True)
    if not is_granted(session, assessment) or assessment.documents_only:
        raise NotNow(Message(text=N_("Agree to the passive and the standard class first.")))
    chosen = [_host(session, assessment, host_id) for host_id in sorted(set(host_ids))]
    known = domain_control.standings(session, company_id, [host.name for host in chosen], email=actor.email, now=now)
    names = sorted(host.name for host in chosen if host.state is not HostState.STRUCK)
    if not names or any(known[name].reach is None for name in names):
        raise BadInput({"hosts": Message(text=N_("Choose hosts that your company has shown to control."))})
    _write(
        session,
        actor,
        assessment,
        signed,
        kind=ConsentKind.GRANTED,
        classes=(CheckClass.ACTIVE,),
        hosts=names,
        now=now,
    )


def end_active(session: Session, actor: Actor, assessment_id: str, signed: Signature, *, now: datetime) -> None:
    """Refuse the active class, or take it back, for all hosts; the other two go on, in a running scan as well."""
    company_of(actor, COMPANY_LEADERS)
    assessment = responses.find(session, actor, assessment_id)
    _check(signed, now=now)
    had = any(host.word is not None for host in active_hosts(session, actor, assessment_id, now=now))
    kind = ConsentKind.WITHDRAWN if had else ConsentKind.REFUSED
    _write(session, actor, assessment, signed, kind=kind, classes=(CheckClass.ACTIVE,), now=now)


def _end(
    session: Session, actor: Actor, assessment_id: str, kind: ConsentKind, signed: Signature, *, now: datetime
) -> None:
    company_of(actor, COMPANY_LEADERS)
    assessment = responses.find(session, actor, assessment_id)  # a withdrawal counts at any time, also after hand-in
    _check(signed, now=now)
    assessment.documents_only = True
    _write(session, actor, assessment, signed, kind=kind, classes=EVERY, now=now)
    scans.stop_for_vendor(session, actor, assessment.hospital_id, assessment.vendor_id, now=now)


def _write(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    signed: Signature,
    *,
    kind: ConsentKind,
    classes: Sequence[CheckClass],
    hosts: Sequence[str] = ("",),
    now: datetime,
) -> None:
    session.add_all(
        Consent(
            company_id=assessment.company_id,
            assessment_id=assessment.id,
            host_name=host,
            check_class=one.value,
            kind=kind,
            text_version=consent_texts.CURRENT,
            person_id=actor.person_id,
            person_name=signed.name.strip()[:200],
            person_function=signed.function.strip()[:200],
            window_from=signed.window_from,
            window_to=signed.window_to,
            emergency_contact=signed.emergency_contact.strip()[:300],
            at=now,
            terms={**signed.terms} or None,
        )
        for one in classes
        for host in hosts
    )
    session.flush()  # the ledger must be readable in this transaction
    _tell(session, actor, assessment, f"consent.{kind.value}", assessment.id, now=now)
    jobs.ask_for_score(session, assessment.hospital_id, assessment.id, now=now)


def _check(signed: Signature, *, now: datetime, needs_contact: bool = False) -> None:
    wrong: dict[str, Message] = {}
    if not signed.name.strip():
        wrong["name"] = Message(text=N_("Enter your name."))
    if not signed.function.strip():
        wrong["function"] = Message(text=N_("Enter what you do in the company."))
    if needs_contact and not signed.emergency_contact.strip():
        wrong["emergency_contact"] = Message(text=N_("Name somebody whom the hospital can call during a scan."))
    if signed.window_to is not None and signed.window_to <= max(signed.window_from or now, now):
        wrong["window_to"] = Message(text=N_("The window must end after it begins, and not in the past."))
    if wrong:
        raise BadInput(wrong)


def _open(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    assessment = responses.find(session, actor, assessment_id)
    if not responses.head(session, actor, assessment_id).may_be_changed:
        raise NotNow(Message(text=N_("This round has been handed in; its scope stands. You can still withdraw.")))
    return assessment


def _hosts(session: Session, assessment: Assessment) -> Sequence[Host]:
    return session.scalars(
        select(Host)
        .where(Host.hospital_id == assessment.hospital_id, Host.vendor_id == assessment.vendor_id)
        .order_by(Host.name)
    ).all()


def _host(session: Session, assessment: Assessment, host_id: str) -> Host:
    host = next((one for one in _hosts(session, assessment) if one.id == host_id), None)
    if host is None:
        raise NotFound
    return host


def _tell(session: Session, actor: Actor, assessment: Assessment, verb: str, subject: str, *, now: datetime) -> None:
    """Both sides' trails keep it: it is the company's word about the hospital's scope."""
    for scope_ in (None, audit.hospital_scope(assessment.hospital_id)):
        audit.record(session, actor, verb, subject, now=now, scope=scope_, detail={"assessment": assessment.id})
