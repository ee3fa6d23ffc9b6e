"""DNS infrastructure: name servers, delegation, wildcards, IPv6."""

import ipaddress

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing
from scanners.model import N_, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import CertificateChain, HostDns, HostServices, NameServer, Soa, Vantage, ZoneDns
from scanners.parsing import addresses

AVAILABLE = Refs(
    measures=(3,),
    iso27001=("A.8.14", "A.8.20"),
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 2182", "Zonemaster Delegation01"),
)
CONSISTENT = Refs(
    measures=(3,), iso27001=("A.8.20",), gdpr=("Art. 32 (1) b",), sources=("RFC 1034", "Zonemaster Consistency")
)
WILDCARD = Refs(measures=(9,), iso27001=("A.8.20",), owasp2021="A05", owasp2025="A02", sources=("RFC 4592",))
IPV6 = Refs(measures=(3,), iso27001=("A.8.20",), sources=("CIR (EU) 2024/2690 6.7.2 (j)",))

NS_IPV6 = Refs(measures=(3,), iso27001=("A.8.20",), sources=("Zonemaster Delegation01", "Internet.nl"))
ZONE_RECORD = Refs(measures=(3,), iso27001=("A.8.20",), sources=("RFC 1912", "RFC 2308", "Zonemaster Zone"))

LEAST_SERVERS = 2
# Zonemaster's profile: what is shorter strains the servers, what is longer delays a change.
LEAST_REFRESH, LEAST_RETRY, LEAST_EXPIRE, LEAST_MINIMUM, MOST_MINIMUM = 14_400, 3_600, 604_800, 300, 86_400


def _networks(zone: ZoneDns) -> set[str]:
    """The /24 of every IPv4 and the /48 of every IPv6 address of the name servers."""
    found = set()
    for server in zone.name_servers:
        for text in server.addresses:
            if (address := addresses.parse(text)) is not None:
                width = 24 if address.version == 4 else 48  # noqa: PLR2004 - IP version
                found.add(str(ipaddress.ip_network(f"{address}/{width}", strict=False)))
    return found


@check(
    "dns.ns-redundancy",
    title=N_("At least two name servers answer for the domain"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=AVAILABLE,
    why=N_(
        "When the only name server fails, portal, mail and remote maintenance fail with it."
        " Two servers are the least that the rules of DNS ask for."
    ),
    fix=N_("Enter at least two name servers with different addresses at the registrar."),
    example="example.org. IN NS ns1.example.net.\nexample.org. IN NS ns2.example.com.",
)
def name_servers_are_redundant(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    names = {server.name for server in zone.name_servers} | set(zone.parent_name_servers)
    known = {address for server in zone.name_servers for address in server.addresses}
    if not names:
        return unknown(N_("No name server of the domain was seen."))
    if len(names) < LEAST_SERVERS:
        return fail(N_("Only one name server is entered: %(names)s."), names=listing(names))
    if len(known) < LEAST_SERVERS:
        if unseen := [server.name for server in zone.name_servers if not server.addresses]:
            return unknown(
                N_("The addresses of these name servers could not be seen: %(names)s."), names=listing(unseen)
            )
        return fail(N_("All name servers share fewer than two addresses: %(names)s."), names=listing(sorted(names)))
    return ok(N_("%(count)s name servers: %(names)s."), count=len(names), names=listing(sorted(names)))


@check(
    "dns.ns-diversity",
    title=N_("The name servers stand in different networks"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=AVAILABLE,
    why=N_(
        "Servers in one network fail together when that network is cut or attacked."
        " Then the vendor's services cannot be reached although they run."
    ),
    fix=N_("Place a second name server in another network, for example at a secondary DNS provider."),
)
def name_servers_are_apart(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    networks = _networks(zone)
    if len({address for server in zone.name_servers for address in server.addresses}) < LEAST_SERVERS:
        return not_applicable(N_("Fewer than two addresses of name servers were seen."))
    if len(networks) == 1:
        return warn(N_("All name servers stand in one network: %(network)s."), network=listing(networks))
    return ok(N_("The name servers stand in %(count)s different networks."), count=len(networks))


@check(
    "dns.delegation-consistency",
    title=N_("Registry and name servers agree about the domain"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=CONSISTENT,
    why=N_(
        "A name server that is entered but does not know the domain makes lookups slow or fail by chance."
        " Different answers mean that changes, also urgent ones, do not arrive everywhere."
    ),
    fix=N_("Enter the same name servers at the registrar and in the zone, and let all of them load the same version."),
    example="dig +nssearch example.org",
)
def delegation_is_consistent(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    if all(server.authoritative is None for server in zone.name_servers):
        return unknown(N_("No name server of the domain answered."))
    if lame := [server.name for server in zone.name_servers if server.authoritative is False]:
        return fail(N_("Entered, but not responsible for the domain: %(names)s."), names=listing(lame))
    vantage = seen.find(Vantage)
    if silent := [
        server.name
        for server in zone.name_servers
        if server.authoritative is None and _is_reachable(server, has_ipv6=vantage is None or vantage.ipv6)
    ]:
        return warn(N_("These name servers did not answer: %(names)s."), names=listing(silent))
    # Of many servers only the first are asked; those the registry names beyond them are no difference.
    different = {server.name for server in zone.name_servers} - set(zone.parent_name_servers)
    if zone.parent_name_servers and different:
        return warn(N_("Registry and zone name different name servers: %(names)s."), names=listing(sorted(different)))
    serials = {server.serial for server in zone.name_servers if server.serial is not None}
    if len(serials) > 1:
        return warn(
            N_("The name servers hold different versions: %(serials)s."), serials=listing(map(str, sorted(serials)))
        )
    return ok(N_("All name servers are responsible and hold the same version."))


def _is_reachable(server: NameServer, *, has_ipv6: bool) -> bool:
    """Whether silence says something of the server, and not of a place without IPv6."""
    return has_ipv6 or not server.addresses or any(":" not in address for address in server.addresses)


@check(
    "dns.wildcard",
    title=N_("Names that were never set up do not exist"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=WILDCARD,
    why=N_(
        "With a wildcard every invented name leads somewhere, which helps phishing under the vendor's own domain."
        " It also hides forgotten names from an inventory."
    ),
    fix=N_("Remove the wildcard record and enter the names that are needed."),
    example="*.example.org. IN A 192.0.2.10   ; remove",
)
def there_is_no_wildcard(seen: Observations) -> Verdict:
    answers = seen[ZoneDns].wildcard_answers
    if answers:
        return info(N_("Invented names lead to %(addresses)s: the zone has a wildcard."), addresses=listing(answers))
    return ok(N_("Invented names do not exist."))


@check(
    "net.ipv6-web",
    title=N_("The host publishes an IPv6 address"),
    severity=Severity.INFO,
    needs=(HostDns,),
    refs=IPV6,
    why=N_(
        "Mobile networks and newer sites reach the host over IPv6 without translators in between."
        " European rules for digital providers ask for a plan to use current network protocols."
    ),
    fix=N_("Publish an AAAA record and apply the same firewall rules as for IPv4."),
    example="portal.example.org. IN AAAA 2001:db8::10",
)
def host_has_ipv6(seen: Observations) -> Verdict:
    host = seen[HostDns]
    services = seen.find(HostServices)
    # Only where IPv4 was answered is silence over IPv6 a fault of its own.
    if host.addresses_v6 and services is not None and services.ipv6_answers is False and seen.find(CertificateChain):
        return warn(
            N_("The host publishes IPv6 addresses, but does not answer there: %(addresses)s."),
            addresses=listing(host.addresses_v6),
        )
    if host.addresses_v6:
        return ok(N_("IPv6 addresses: %(addresses)s."), addresses=listing(host.addresses_v6))
    if not host.addresses_v4:
        return not_applicable(N_("The name resolves to no address."))
    return info(N_("The host publishes only IPv4 addresses."))


@check(
    "dns.ns-ipv6",
    title=N_("At least two name servers answer over IPv6"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=NS_IPV6,
    why=N_(
        "Resolvers in networks that have only IPv6 cannot ask a server that has only IPv4."
        " Two servers keep names in reach there as well when one fails."
    ),
    fix=N_("Give two name servers an IPv6 address, also as glue at the registrar."),
    example="ns1.example.org. IN AAAA 2001:db8::53",
)
def name_servers_have_ipv6(seen: Observations) -> Verdict:
    servers = seen[ZoneDns].name_servers
    having = [server.name for server in servers if any(":" in address for address in server.addresses)]
    if len(having) >= LEAST_SERVERS:
        return ok(N_("Name servers with an IPv6 address: %(names)s."), names=listing(having))
    if not any(server.addresses for server in servers):
        return unknown(N_("The addresses of the name servers could not be seen."))
    return info(N_("Name servers with an IPv6 address: %(count)s of %(total)s."), count=len(having), total=len(servers))


@check(
    "dns.soa-sanity",
    title=N_("The zone's own record is in order"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=ZONE_RECORD,
    why=N_(
        "Its times decide how long names stay in reach when the first server fails, and how soon a change arrives."
        " Its mailbox is where others report an error in the zone."
    ),
    fix=N_("Set refresh 4 h, retry 1 h, expire 2 weeks, minimum 1 h, and a mailbox that is read."),
    example="example.org. IN SOA ns1.example.org. hostmaster.example.org. 2026112201 14400 3600 1209600 3600",
)
def zone_record_is_sane(seen: Observations) -> Verdict:
    soa = seen[ZoneDns].soa
    if soa is None:
        return unknown(N_("The zone's SOA record was not seen."))
    odd = [text for text, holds in _oddities(soa) if holds]
    if odd:
        return info(N_("Unusual in the SOA record: %(parts)s."), parts=listing(odd))
    return ok(
        N_("Primary server %(primary)s, mailbox %(mailbox)s, usual times."), primary=soa.primary, mailbox=soa.mailbox
    )


def _oddities(soa: Soa) -> tuple[tuple[str, bool], ...]:
    """What Zonemaster's zone tests 02 to 07 ask, and whether it is so."""
    return (
        (f"refresh {soa.refresh} s", soa.refresh < LEAST_REFRESH),
        (f"retry {soa.retry} s", soa.retry < LEAST_RETRY or soa.retry >= soa.refresh),
        (f"expire {soa.expire} s", soa.expire < LEAST_EXPIRE or soa.expire < soa.refresh + soa.retry),
        (f"minimum {soa.minimum} s", not LEAST_MINIMUM <= soa.minimum <= MOST_MINIMUM),
        (f"MNAME {soa.primary or '.'}", soa.primary_exists is False),
        (f"RNAME {soa.mailbox or '.'}", "." not in soa.mailbox),
    )
