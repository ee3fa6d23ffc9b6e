"""Control of a host, which the active class needs: by the own mail domain, a DNS record or a file; a proof ages."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment
from portal.db.models.responses import DomainControl
from portal.db.models.vendors import Host, HostState
from portal.errors import NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import COMPANY_LEADERS, SYSTEM, Actor, company_of
from portal.services.jobs import JobKind
from portal.services.people import limits
from scanners import targets
from scanners.checking import BLINDNESS
from scanners.model import N_, Message
from scanners.observations import ControlRecords, Reason
from scanners.parsing import control

HOLDS = timedelta(days=90)
UNANSWERED_AFTER = timedelta(minutes=5)  # a check that nobody ran may be asked for again
NOT_FOUND = N_("The token was found neither in DNS nor in the file.")
OUR_ERROR = N_("The check failed; this is our error. Please try again.")

# Mail domains where anybody gets an address: such an address says nothing about a company.
FREE_MAIL = frozenset(
    """
    1und1.de aim.com aol.com aol.de aon.at arcor.de bluewin.ch chello.at duck.com email.de fastmail.com fastmail.fm
    free.fr freemail.de freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.info gmx.net gmx.org googlemail.com
    hey.com hispeed.ch hotmail.ch hotmail.co.uk hotmail.com hotmail.de hushmail.com icloud.com inbox.com kabelmail.de
    keemail.me laposte.net libero.it live.at live.com live.de mac.com mail.com mail.de mail.ru mailbox.org me.com
    msn.com netcologne.de o2mail.de o2online.de online.de orange.fr outlook.at outlook.com outlook.de pm.me posteo.at
    posteo.ch posteo.de posteo.net proton.me protonmail.ch protonmail.com qq.com rocketmail.com runbox.com seznam.cz
    sunrise.ch t-online.de tuta.com tuta.io tutamail.com tutanota.com tutanota.de unitybox.de vodafone.de
    vodafonemail.de web.de wp.pl yahoo.at yahoo.co.uk yahoo.com yahoo.de yandex.com yandex.ru ymail.com zoho.com zoho.eu
    """.split()  # noqa: SIM905 - a list to read, not a wall of quotes
)


class Reach(StrEnum):
    """How far a proof goes: one host, or everything below its registrable domain."""

    HOST = "host"
    DOMAIN = "domain"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of a company's control of one host now."""

    host: str
    reach: Reach | None  # None: not shown, or too long ago
    method: str = ""  # "mail", "dns", "well-known"
    row: DomainControl | None = None

    @property
    def holds_until(self) -> datetime | None:
        """When a record or file has to be seen again."""
        return self.row.proven_at + HOLDS if self.row is not None and self.row.proven_at is not None else None

    @property
    def is_stale(self) -> bool:
        """Whether it was shown once, and too long ago."""
        return self.reach is None and self.row is not None and self.row.proven_at is not None

    @property
    def record_names(self) -> tuple[str, ...]:
        """Where the record may stand, the domain's own first."""
        names = dict.fromkeys((targets.registrable(self.host), self.host))
        return tuple(control.record_name(name) for name in names)

    @property
    def file_url(self) -> str:
        """Where the file may stand."""
        return f"https://{self.host}{control.PATH}"


def by_mail(email: str, host: str) -> bool:
    """Whether the address is of the host's own registered domain, where not just anybody gets one."""
    domain = email.rpartition("@")[2].strip().lower()
    if not domain or targets.registrable(domain) in FREE_MAIL:
        return False
    return targets.registrable(domain) == targets.registrable(host)


def standings(
    session: Session, company_id: str, hosts: Iterable[str], *, email: str, now: datetime
) -> Mapping[str, Standing]:
    """What is known of each host; `email` is of the person who signs or has signed."""
    names = tuple(hosts)
    found = session.scalars(
        select(DomainControl).where(DomainControl.company_id == company_id, DomainControl.host_name.in_(names))
    )
    rows = {row.host_name: row for row in found}
    return {name: _standing(name, rows.get(name), email=email, now=now) for name in names}


def _standing(host: str, row: DomainControl | None, *, email: str, now: datetime) -> Standing:
    if by_mail(email, host):
        return Standing(host=host, reach=Reach.DOMAIN, method="mail", row=row)
    if row is None or row.proven_at is None or row.proven_at + HOLDS < now:
        return Standing(host=host, reach=None, row=row)
    of_domain = row.method == "dns" and row.place == control.record_name(targets.registrable(host))
    return Standing(host=host, reach=Reach.DOMAIN if of_domain else Reach.HOST, method=row.method, row=row)


# ---- checking


def ask(session: Session, actor: Actor, assessment_id: str, host_id: str, *, now: datetime) -> bool:
    """The first time, make a token to publish; then have it looked for. Whether a check was asked for."""
    company_id = company_of(actor, COMPANY_LEADERS)
    host = _host(session, actor, assessment_id, host_id)
    row = session.get(DomainControl, (company_id, host.name), with_for_update=True)
    if row is None:
        session.add(_offer(session, company_id, host.name, now=now))
        audit.record(session, actor, "control.token-made", host.name, now=now)
        return False
    if row.asked_at is not None and now < row.asked_at + UNANSWERED_AFTER:
        raise NotNow(Message(text=N_("The check of %(host)s is under way."), values={"host": host.name}))
    limits.spend(session, limits.CONTROL, company_id, now=now)
    audit.record(session, actor, "control.check-asked", host.name, now=now)
    want(session, row, now=now)
    return True


def want(session: Session, row: DomainControl, *, now: datetime) -> None:
    """Have the token looked for by the worker."""
    row.asked_at = now
    jobs.add(
        session,
        JobKind.CONTROL,
        {"company_id": row.company_id, "host": row.host_name},
        now=now,
        tenant=row.company_id,
    )


def record(session: Session, company_id: str, host: str, seen: ControlRecords, *, now: datetime) -> None:
    """Keep what a check found; a proof that is gone is no proof any more."""
    row = session.get(DomainControl, (company_id, host), with_for_update=True)
    if row is None:
        return
    proof = control.found(seen, row.token)
    row.asked_at, row.checked_at = None, now
    if proof is not None:
        row.proven_at, row.method, row.place = now, proof.method, proof.place[:300]
        row.reason = ""
    else:
        row.reason = _why(seen)
        if not _is_blind(seen):
            row.proven_at, row.method, row.place = None, "", ""
    verb = "control.proven" if proof is not None else "control.not-proven"
    detail = {"method": row.method, "place": row.place} if proof is not None else None
    audit.record(session, SYSTEM, verb, host, now=now, scope=audit.company_scope(company_id), detail=detail)


def give_up(session: Session, company_id: str, host: str, *, now: datetime) -> None:
    """The check could not be made; what was proven before stays."""
    row = session.get(DomainControl, (company_id, host), with_for_update=True)
    if row is not None:
        row.asked_at, row.checked_at, row.reason = None, now, OUR_ERROR


def _is_blind(seen: ControlRecords) -> bool:
    """Whether nothing could be read where the proof may still stand: silence takes no proof away."""
    return bool(seen.unanswered) or seen.file_blind in {Reason.TIMEOUT, Reason.UNREACHABLE, Reason.VANTAGE}


def _why(seen: ControlRecords) -> str:
    """DNS first: where it is silent the record may well be there."""
    if seen.unanswered:
        return BLINDNESS[next(iter(seen.unanswered.values()))]
    return NOT_FOUND


def _offer(session: Session, company_id: str, host: str, *, now: datetime) -> DomainControl:
    """One token for all hosts of a domain, so that one record will do."""
    domain = targets.registrable(host)
    rows = session.scalars(select(DomainControl).where(DomainControl.company_id == company_id)).all()
    known = next((row.token for row in rows if targets.registrable(row.host_name) == domain), None)
    return DomainControl(
        company_id=company_id,
        host_name=host,
        token=known or f"kettenblick-{secrets.token_hex(16)}",
        created_at=now,
    )


def _host(session: Session, actor: Actor, assessment_id: str, host_id: str) -> Host:
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_of(actor):
        raise NotFound
    host = session.get(Host, host_id)
    if host is None or (host.hospital_id, host.vendor_id) != (assessment.hospital_id, assessment.vendor_id):
        raise NotFound
    if host.state is HostState.STRUCK:
        raise NotFound
    return host
