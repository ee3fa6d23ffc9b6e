"""Dangling names: entries that point to something a stranger could register."""

from collections.abc import Iterable
from enum import StrEnum

from scanners import targets
from scanners.checking import BLINDNESS, check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing, shortened
from scanners.data import takeovers
from scanners.model import N_, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import (
    CertificateChain,
    CleartextPage,
    DomainTexts,
    HostDns,
    HostServices,
    LoggedNames,
    MailDns,
    Page,
    Reason,
    RelatedHosts,
    ReliedDomains,
    ZoneDns,
)

TAKEOVER = Refs(
    measures=(9, 4),
    iso27001=("A.5.9", "A.8.9"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("OWASP Cheat Sheet Subdomain Takeover", "can-i-take-over-xyz"),
)
MAIL = Refs(
    measures=(9,),
    iso27001=("A.5.14",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 5321",),
)
UNREGISTERED = Refs(
    measures=(9, 4),
    iso27001=("A.5.9",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("OWASP Cheat Sheet Subdomain Takeover", "DIVD-2022-00007"),
)
DELEGATED = Refs(
    measures=(9,),
    iso27001=("A.5.9", "A.8.20"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("can-i-take-over-dns", "RFC 1912 2.8"),
)
ADDRESS = Refs(
    measures=(9,),
    iso27001=("A.5.9",),
    owasp2021="A05",
    owasp2025="A02",
    mdr=("17.2", "17.4"),
    sources=("OWASP Cheat Sheet Subdomain Takeover",),
)
LEFTOVERS = Refs(measures=(9,), iso27001=("A.5.9",), owasp2021="A05", owasp2025="A02", sources=("own rule",))

WHY = N_(
    "Whoever registers the abandoned target runs a page under the vendor's name, with a valid certificate."
    " It can collect log-ins of hospital staff and read cookies of the whole domain."
)
FIX = N_("Delete the DNS entry, or register the target again. Delete DNS entries before the service they point to.")
EXAMPLE = "staging.example.org. IN CNAME old-app.azurewebsites.net.   ; delete"


class Claim(StrEnum):
    """How sure it is that a stranger can take the name."""

    VERIFIED = "verified"
    POSSIBLE = "possible"
    CONTRADICTED = "contradicted"  # the name leads nowhere, but something speaks against a stranger taking it


def claim_on(name: str, target: str) -> Claim:
    """Judge a CNAME whose target does not exist."""
    if any(label.startswith("_") for label in (*name.split("."), *target.split("."))) or takeovers.safe(target):
        return Claim.CONTRADICTED
    service = takeovers.claimable(target)
    if service is not None and takeovers.within(service, name):  # the service looking at itself
        return Claim.CONTRADICTED
    if service is not None and not service.unclaimed:
        return Claim.VERIFIED
    return Claim.POSSIBLE if targets.registrable(target) != targets.registrable(name) else Claim.CONTRADICTED


@check(
    "dns.takeover-cname",
    title=N_("The host's alias points to a service that is still the vendor's"),
    severity=Severity.CRITICAL,
    needs=(HostDns,),
    refs=TAKEOVER,
    why=WHY,
    fix=FIX,
    example=EXAMPLE,
    second_look=True,
)
def alias_is_not_dangling(seen: Observations) -> Verdict:
    host = seen[HostDns]
    target = host.dangling_target
    if target:
        match claim_on(seen.subject.name, target):
            case Claim.VERIFIED:
                return fail(
                    N_("Verified: the target %(target)s is free and anyone can register it."), target=shortened(target)
                )
            case Claim.POSSIBLE:
                return warn(N_("Possible: the target %(target)s does not exist."), target=shortened(target))
        return info(
            N_("Contradicted: the target %(target)s does not exist, but a stranger cannot register it."),
            target=shortened(target),
        )
    if service := _unclaimed_page(host.cname_chain, (seen.find(Page), seen.find(CleartextPage))):
        return fail(
            N_("Verified: %(service)s says that nobody has claimed %(target)s."),
            service=service,
            target=shortened(host.cname_chain[-1]),
        )
    if not host.cname_chain:
        return ok(N_("The host is no alias.")) if host.exists else unknown(BLINDNESS[Reason.NAME_NOT_FOUND])
    return ok(N_("The alias %(target)s exists."), target=shortened(host.cname_chain[-1]))


def _unclaimed_page(chain: Iterable[str], pages: Iterable[Page | CleartextPage | None]) -> str:
    """The service that says so, over either port: some answer for unclaimed names on one of the two alone."""
    documents = [page.hops[-1] for page in pages if page is not None and page.hops]
    bodies = [one.body for one in documents if one.status >= 400]  # noqa: PLR2004 - HTTP error
    services = [takeovers.claimable(target) for target in chain if not takeovers.safe(target)]
    return next(
        (one.name for one in services if one and one.unclaimed and any(one.unclaimed in body for body in bodies)), ""
    )


@check(
    "dns.takeover-related",
    title=N_("No name of the domain points to an abandoned service"),
    severity=Severity.CRITICAL,
    subject=SubjectKind.DOMAIN,
    needs=(RelatedHosts,),
    refs=TAKEOVER,
    why=WHY,
    fix=FIX,
    example=EXAMPLE,
    second_look=True,
)
def related_names_are_not_dangling(seen: Observations) -> Verdict:
    related, logged = seen[RelatedHosts], seen.find(LoggedNames)
    dangling = {**(logged.dangling if logged else {}), **related.dangling}
    names_found = related.names.keys() | (logged.addresses.keys() if logged else set())
    claims = {name: claim_on(name, target) for name, target in dangling.items()}
    for claim, verdict, text in (
        (Claim.VERIFIED, fail, N_("Verified: anyone can register the targets of %(names)s.")),
        (Claim.POSSIBLE, warn, N_("Possible: the targets of these names do not exist: %(names)s.")),
    ):
        if names := [f"{name} → {dangling[name]}" for name, its in claims.items() if its is claim]:
            return verdict(text, names=listing(names))
    return ok(N_("Names found in the domain: %(count)s; none points to nowhere."), count=len(names_found))


@check(
    "dns.takeover-mx",
    title=N_("Every mail server named in DNS exists"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=MAIL,
    why=N_(
        "Whoever registers the missing name receives mail meant for the vendor, with hospital data in it."
        " Until then mail is delayed or lost."
    ),
    fix=N_("Delete the MX record, or set up its target again."),
    example="example.org. IN MX 10 mail.example.org.",
)
def mail_servers_exist(seen: Observations) -> Verdict:
    exchangers = seen[MailDns].exchangers
    if not exchangers:
        return not_applicable(N_("The domain names no mail server."))
    if missing := [one.host for one in exchangers if not one.exists and not one.is_address_literal]:
        return fail(N_("These mail servers do not exist in DNS: %(names)s."), names=listing(missing))
    return ok(N_("All mail servers exist: %(names)s."), names=listing(one.host for one in exchangers))


@check(
    "dns.takeover-unregistered",
    title=N_("Every domain that the vendor's DNS relies on is registered"),
    severity=Severity.CRITICAL,
    subject=SubjectKind.DOMAIN,
    needs=(ReliedDomains,),
    refs=UNREGISTERED,
    why=N_(
        "Whoever registers the free domain reads mail, answers for names or sends in the vendor's name, at the price of"
        " a domain. Nothing of it shows at the vendor."
    ),
    fix=N_("Delete the entry that names the domain, or register the domain again."),
    example='example.org. IN TXT "v=spf1 include:spf.given-up.example -all"   ; delete the include',
    second_look=True,
)
def relied_domains_are_registered(seen: Observations) -> Verdict:
    relied = seen[ReliedDomains]
    free = [name for name in relied.missing if relied.registered.get(name) is False]
    if free:
        return fail(
            N_("Verified: DNS and registry say that these domains are free: %(names)s."), names=_entries(relied, free)
        )
    if possible := [name for name in relied.missing if name not in relied.registered]:
        return warn(N_("Possible: these domains do not exist in DNS: %(names)s."), names=_entries(relied, possible))
    if taken := [name for name in relied.missing if relied.registered.get(name)]:
        return info(
            N_("Contradicted: not in DNS, but registered, so that nobody can take them: %(names)s."),
            names=_entries(relied, taken),
        )
    if relied.unseen:
        return unknown(N_("DNS gave no usable answer for %(names)s."), names=listing(relied.unseen))
    if not relied.uses:
        return not_applicable(N_("DNS relies on no domain of others."))
    return ok(N_("Domains of others that DNS relies on: %(count)s; all of them exist."), count=len(relied.uses))


def _entries(relied: ReliedDomains, names: Iterable[str]) -> str:
    return listing(f"{name} ({relied.uses.get(name, '')})" for name in names)


@check(
    "dns.takeover-ns",
    title=N_("No name server is entered that does not serve the domain"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=DELEGATED,
    why=N_(
        "At many DNS hosts anyone can set up a zone for a domain that is delegated there but not served."
        " Whoever does so answers for part of all questions and can redirect portal and mail."
    ),
    fix=N_("Remove the name server at the registrar, or set up the zone at the DNS host again."),
    example="example.org. IN NS ns1.digitalocean.com.   ; remove when the zone is gone there",
    second_look=True,
)
def name_servers_serve_the_domain(seen: Observations) -> Verdict:
    servers = seen[ZoneDns].name_servers
    if not any(server.rcode for server in servers):
        return unknown(N_("No name server of the domain answered."))
    turned_away = [one.name for one in servers if one.authoritative is False and one.rcode in {"REFUSED", "SERVFAIL"}]
    if claimed := [name for name in turned_away if takeovers.name_server_claimable(name)]:
        return fail(
            N_("Verified: entered, not served, and anyone can set up the zone there: %(names)s."),
            names=listing(claimed),
        )
    if possible := [name for name in turned_away if not takeovers.name_server_safe(name)]:
        return warn(N_("Possible: entered, but they refuse the domain: %(names)s."), names=listing(possible))
    if turned_away:
        return info(
            N_("Contradicted: they refuse the domain, but give it to nobody else: %(names)s."),
            names=listing(turned_away),
        )
    return ok(N_("All name servers that answered serve the domain."))


@check(
    "dns.takeover-ip",
    title=N_("The host's address is still the vendor's"),
    severity=Severity.LOW,
    needs=(HostDns, HostServices),
    refs=ADDRESS,
    why=N_(
        "An address rented in a cloud goes to the next customer once it is given up, and the name goes with it."
        " From outside this can only be suspected, never proved."
    ),
    fix=N_("Check that the address is still yours, and delete the DNS entry before you give an address back."),
    example="old.example.org. IN A 192.0.2.10   ; delete with the machine",
)
def address_is_still_the_vendors(seen: Observations) -> Verdict:
    if not seen[HostDns].exists:
        return unknown(BLINDNESS[Reason.NAME_NOT_FOUND])
    rented = {address: name for address, name in seen[HostServices].pointers.items() if takeovers.rented(name)}
    if not rented:
        return ok(N_("No address of the host is known to be rented by the hour."))
    where = listing(f"{address} ({name})" for address, name in rented.items())
    chain = seen.find(CertificateChain)
    if chain is not None and not chain.name_matches:
        return info(N_("A rented address answers with a certificate for other names: %(addresses)s."), addresses=where)
    if chain is None and _refuses(seen):
        return info(N_("A rented address refuses web connections: %(addresses)s."), addresses=where)
    return ok(N_("A rented address answers as the host: %(addresses)s."), addresses=where)


def _refuses(seen: Observations) -> bool:
    blind = seen.blindness(CertificateChain)
    cleartext = seen.find(CleartextPage)
    return blind is not None and blind.reason is Reason.REFUSED and cleartext is not None and cleartext.closed


@check(
    "dns.takeover-srv-txt",
    title=N_("No entries of ended services are left"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(DomainTexts,),
    refs=LEFTOVERS,
    why=N_(
        "Entries of services that are no longer used show that nobody clears up DNS."
        " A service record whose target is gone may lead programs to a stranger one day."
    ),
    fix=N_("Delete the entries named, and note with each new one what it is for."),
    example='example.org. IN TXT "blitz=…"   ; delete',
)
def no_entries_are_left_over(seen: Observations) -> Verdict:
    texts = seen[DomainTexts]
    left = [f"TXT: {service}" for text in texts.texts if (service := takeovers.ended_proof(text))]
    left += [
        f"{owner}: {name}" for owner, target in texts.services.items() if (name := takeovers.ended_service(target))
    ]
    left += [f"{owner} → {texts.services[owner]}" for owner in texts.services_missing if owner in texts.services]
    if left:
        return info(N_("Left over: %(entries)s."), entries=listing(left))
    return ok(
        N_("TXT records: %(texts)s, service records: %(services)s; none is known to be left over."),
        texts=len(texts.texts),
        services=len(texts.services),
    )
