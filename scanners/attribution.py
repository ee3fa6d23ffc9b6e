"""Whose a host is: the vendor's own, hosted for the vendor, or somebody else's. Only the first two count."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum

from scanners import targets
from scanners.data import hosting
from scanners.model import N_, Message, Observations
from scanners.observations import CertificateChain, HostDns, LoggedNames, MailDns, Page, RelatedHosts
from scanners.records import record

MAIL = "mail"


class Belonging(StrEnum):
    """Who answers for a host."""

    OWN = "own"
    HOSTED = "hosted"  # a service runs it under the vendor's name, or the vendor rents it there
    FOREIGN = "foreign"


@record
class Attribution:
    """Whose a host is, who runs it where that is another, and the fact it rests on."""

    belonging: Belonging
    reason: Message
    operator: str = ""  # a service we know, or the registrable domain of whoever runs it

    @property
    def counts(self) -> bool:
        """Whether what is seen there speaks of the vendor."""
        return self.belonging is not Belonging.FOREIGN


def attribute(
    name: str,
    *,
    own: Iterable[str],
    aliases: Iterable[str] = (),
    named: Iterable[str] = (),
    aliased: Iterable[str] = (),
) -> Attribution:
    """Whose the host is.

    `own`: the vendor's registrable domains. `aliases`: the CNAME chain of the name. `named`: hosts that the vendor or
    the hospital listed. `aliased`: names that the vendor's own names lead to by CNAME.
    """
    service, domain, listed = hosting.service_of(name), targets.registrable(name), frozenset(named)
    if domain in frozenset(own) and not _is_rented(name, listed):
        return _in_own_domain(domain, tuple(aliases))
    operator = service or domain
    if name in listed:
        if service:
            return Attribution(
                belonging=Belonging.HOSTED,
                operator=operator,
                reason=_at(operator, N_("It was named for the vendor and lies at %(operator)s.")),
            )
        return Attribution(belonging=Belonging.OWN, reason=Message(text=N_("It was named for the vendor.")))
    if name in frozenset(aliased):
        return Attribution(
            belonging=Belonging.HOSTED,
            operator=operator,
            reason=_at(operator, N_("A name of the vendor leads there; it lies at %(operator)s.")),
        )
    return Attribution(
        belonging=Belonging.FOREIGN,
        operator=operator,
        reason=_at(operator, N_("It lies at %(operator)s, and nothing of the vendor leads there.")),
    )


def own_domains(hosts: Collection[str]) -> tuple[str, ...]:
    """The registrable domains that hosts of a vendor speak for: of vendor.zendesk.com it is not zendesk.com."""
    listed = frozenset(hosts)
    return tuple(dict.fromkeys(targets.registrable(host) for host in hosts if not _is_rented(host, listed)))


def _is_rented(name: str, listed: frozenset[str]) -> bool:
    """A rented name lies below its service's domain. That is the vendor's own only if the service is the vendor."""
    domain = targets.registrable(name)
    if hosting.service_of(domain):  # each name below the service is a domain of its own (PSL, private section)
        return True
    return bool(hosting.service_of(name)) and not listed & {domain, f"www.{domain}"}


@record
class FoundHost:
    """A host that a scan came upon, for the list of a vendor's hosts."""

    name: str
    attribution: Attribution
    sources: tuple[str, ...]  # "certificate", "certificate logs", "DNS", "mail", "redirect"


def found_hosts(seen: Iterable[Observations], *, named: Iterable[str]) -> tuple[FoundHost, ...]:
    """Every host that the observations of one scan tell of, each once, those that count first; without the named."""
    listed = frozenset(named)
    own = own_domains(sorted(listed))
    sources: dict[str, dict[str, None]] = {}
    chains: dict[str, tuple[str, ...]] = {}
    aliased: set[str] = set()
    for one in seen:
        for name, source, chain in _told(one):
            if chain:
                chains[name] = chain
                aliased.update(chain)
            if source:
                sources.setdefault(name, {})[source] = None
            if source == MAIL:  # an MX record of the vendor's domain leads there
                aliased.add(name)
    hosts = [
        FoundHost(
            name=name,
            attribution=attribute(name, own=own, aliases=chains.get(name, ()), named=listed, aliased=aliased),
            sources=tuple(its),
        )
        for name, its in sources.items()
        if name not in listed
    ]
    return tuple(sorted(hosts, key=lambda host: (not host.attribution.counts, host.name)))


Told = tuple[str, str, tuple[str, ...]]  # a name, where it was found ("" for a host of the scan), where it leads


def _told(seen: Observations) -> Iterator[Told]:
    yield from _told_of_host(seen)
    yield from _told_of_domain(seen)


def _told_of_host(seen: Observations) -> Iterator[Told]:
    host, chain, page = seen.find(HostDns), seen.find(CertificateChain), seen.find(Page)
    if host is not None:
        yield seen.subject.name, "", host.cname_chain
    for name in chain.chain[0].dns_names if chain is not None and chain.chain else ():
        if not name.startswith("*."):
            yield name.lower(), "certificate", ()
    if page is not None and page.left_host_to:
        yield page.left_host_to, "redirect", ()


def _told_of_domain(seen: Observations) -> Iterator[Told]:
    related, logged, mail = seen.find(RelatedHosts), seen.find(LoggedNames), seen.find(MailDns)
    if related is not None:
        for name in related.names:
            yield name, "DNS", _leads(related.aliases, name)
    if logged is not None:
        for name in logged.addresses:
            yield name, "certificate logs", _leads(logged.aliases, name)
    for exchanger in mail.exchangers if mail is not None else ():
        if exchanger.exists and not exchanger.is_address_literal:
            yield exchanger.host, MAIL, ()


def _leads(aliases: Mapping[str, str], name: str) -> tuple[str, ...]:
    return (aliases[name],) if name in aliases else ()


def _in_own_domain(domain: str, aliases: tuple[str, ...]) -> Attribution:
    leaving = next((alias for alias in aliases if targets.registrable(alias) != domain), None)
    if leaving is None:
        return Attribution(
            belonging=Belonging.OWN,
            reason=Message(text=N_("It lies in the vendor's domain %(domain)s."), values={"domain": domain}),
        )
    operator = next((service for alias in aliases if (service := hosting.service_of(alias))), "")
    operator = operator or targets.registrable(aliases[-1])
    return Attribution(
        belonging=Belonging.HOSTED,
        operator=operator,
        reason=_at(operator, N_("A name of the vendor that leads to %(operator)s by CNAME.")),
    )


def _at(operator: str, text: str) -> Message:
    return Message(text=text, values={"operator": operator})
