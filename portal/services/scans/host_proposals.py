"""What the scanner makes of each host: what it is probably for, whose it is, what it serves. People decide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from assessments.model import HostRole
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Host, Supply, Vendor
from portal.services.scans import scan_results
from scanners import attribution, roles, served, targets
from scanners.attribution import Attribution
from scanners.model import Message, Observations, Subject, SubjectKind
from scanners.observations import HostDns
from scanners.roles import Confidence
from scanners.served import Served


@dataclass(frozen=True, kw_only=True)
class SeenHost:
    """What a scan says of a host in scope."""

    belonging: Attribution
    role: HostRole | None = None  # None: nothing speaks for any
    is_guess: bool = True
    reason: Message | None = None
    serves: tuple[Served, ...] = ()  # by the ids of supplies


def of_run(
    session: Session, vendor: Vendor, run: ScanRun, *, supplies: Iterable[Supply] | None = None
) -> Mapping[str, SeenHost]:
    """By host name, what the observations of this scan speak for; only for readers to whom it is open. `supplies` are
    those that the reader knows of, else all that have not ended."""
    offered = [one for one in vendor.supplies if one.ended_at is None] if supplies is None else supplies
    products = {one.id: one.name for one in offered}
    seen = {one.subject: one for one in scan_results.seen_in(session, run.hospital_id, run.id)}
    names = [host.name for host in vendor.hosts]
    own = _own_domains(vendor)
    aliased = frozenset(alias for one in seen.values() for alias in _aliases(one))
    return {
        host.name: replace(
            _seen_host(host, seen, own=own, names=names, aliased=aliased),
            serves=served.propose(seen[Subject(kind=SubjectKind.HOST, name=host.name)], products, vendor=vendor.name),
        )
        for host in vendor.hosts
        if Subject(kind=SubjectKind.HOST, name=host.name) in seen
    }


def _seen_host(
    host: Host,
    seen: Mapping[Subject, Observations],
    *,
    own: Iterable[str],
    names: Iterable[str],
    aliased: Iterable[str],
) -> SeenHost:
    here = seen[Subject(kind=SubjectKind.HOST, name=host.name)]
    domain = seen.get(Subject(kind=SubjectKind.DOMAIN, name=targets.registrable(host.name)))
    belonging = attribution.attribute(host.name, own=own, aliases=_aliases(here), named=names, aliased=aliased)
    proposal = roles.propose(here, domain=domain)
    if proposal is None:
        return SeenHost(belonging=belonging)
    return SeenHost(
        belonging=belonging,
        role=HostRole(proposal.role.value),
        is_guess=proposal.confidence is Confidence.GUESS,
        reason=proposal.reason,
    )


def _own_domains(vendor: Vendor) -> frozenset[str]:
    """The vendor's own registrable domains, as far as anybody has said."""
    return frozenset({targets.registrable(vendor.domain)}) if vendor.domain else frozenset()


def _aliases(seen: Observations) -> tuple[str, ...]:
    dns = seen.find(HostDns)
    return dns.cname_chain if dns is not None else ()
