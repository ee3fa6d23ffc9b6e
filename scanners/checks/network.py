"""Modern transport and routing: IPv6 of mail servers, HTTP/2 and 3, ECH, DANE for the web, routes and countries."""

from collections.abc import Iterable

from scanners.checking import BLINDNESS, check, fail, info, not_applicable, ok, unknown
from scanners.checks.wording import listing
from scanners.model import N_, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import (
    AddressOrigins,
    CertificateChain,
    HostServices,
    MailDns,
    Page,
    Reason,
    TlsSession,
)
from scanners.parsing import tlsa

IPV6 = Refs(measures=(3,), iso27001=("A.8.20",), sources=("Internet.nl", "CIR (EU) 2024/2690 6.7.2 (j)"))
PROTOCOLS = Refs(measures=(3,), iso27001=("A.8.20",), sources=("RFC 9113", "RFC 9114", "RFC 9460"))
HIDDEN = Refs(measures=(8,), iso27001=("A.8.24",), sources=("RFC 9849", "OWASP ASVS 5.0 V12.1.5"))
ROUTES = Refs(measures=(3,), iso27001=("A.8.20",), sources=("RFC 6811", "Internet.nl", "CIR (EU) 2024/2690 6.7.2 (l)"))
PINNED = Refs(
    measures=(8,), iso27001=("A.8.24",), gdpr=("Art. 32 (1) a",), sources=("RFC 6698", "RFC 7671", "Internet.nl")
)
PLACE = Refs(measures=(4,), iso27001=("A.5.23",), gdpr=("Art. 44",), sources=("GDPR Chapter V",))

# Members of the European Economic Area, by ISO 3166-1 alpha-2; "EU" is what registries enter for the whole.
EEA_CODES = "AT BE BG CY CZ DE DK EE ES EU FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA = frozenset(EEA_CODES.split())


@check(
    "net.ipv6-mail",
    title=N_("A mail server can be reached over IPv6"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=IPV6,
    why=N_(
        "Networks that have only IPv6 deliver mail without a translator in between."
        " European rules for digital providers ask for a plan to use current network protocols."
    ),
    fix=N_("Give a mail server an IPv6 address with a reverse name, and add it to SPF."),
    example="mail.example.org. IN AAAA 2001:db8::25",
)
def mail_has_ipv6(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if mail.null_mx or not mail.exchangers:
        return not_applicable(N_("The domain names no mail server."))
    if having := [one.host for one in mail.exchangers if any(":" in address for address in one.addresses)]:
        return ok(N_("Mail servers with an IPv6 address: %(names)s."), names=listing(having))
    if all(one.unseen for one in mail.exchangers):
        return unknown(BLINDNESS[Reason.DNS_FAILURE])
    return info(N_("No mail server publishes an IPv6 address."))


@check(
    "net.http2-3",
    title=N_("The host speaks HTTP/2 or HTTP/3"),
    severity=Severity.INFO,
    needs=(HostServices,),
    refs=PROTOCOLS,
    why=N_(
        "Pages load faster and fewer connections are needed, which helps on busy hospital lines."
        " A server that speaks only HTTP/1.1 is often one that is seldom updated."
    ),
    fix=N_("Switch on HTTP/2 in the web server, and HTTP/3 where the network lets UDP through."),
    example="listen 443 ssl;\nhttp2 on;   # nginx",
)
def host_speaks_modern_http(seen: Observations) -> Verdict:
    found = _protocols(seen)
    if modern := [name for name in ("HTTP/3", "HTTP/2") if name in found]:
        return ok(N_("The host speaks %(protocols)s."), protocols=listing(modern))
    page, session = seen.find(Page), seen.find(TlsSession)
    if page is None and (session is None or not session.protocol):
        return unknown(N_("Neither page nor handshake told which HTTP the host speaks."))
    return info(N_("Neither HTTP/2 nor HTTP/3 was seen."))


def _protocols(seen: Observations) -> frozenset[str]:
    named = {"h2": "HTTP/2", "h3": "HTTP/3"}
    found = [named.get(name, "") for name in seen[HostServices].protocols]
    session, page = seen.find(TlsSession), seen.find(Page)
    if session is not None:
        found.append(named.get(session.protocol, ""))
    if page is not None and page.hops:
        found.append("HTTP/2" if page.document.http_version == "HTTP/2" else "")
        found += ["HTTP/3" for value in page.document.values("alt-svc") if "h3=" in value or "h3-" in value]
    return frozenset(found)


@check(
    "net.ech",
    title=N_("The host's name is encrypted in the TLS handshake"),
    severity=Severity.INFO,
    needs=(HostServices,),
    refs=HIDDEN,
    why=N_(
        "Without it anyone on the line sees which portal a patient or clinician opens, though not what they do there."
        " The standard is new, so its absence is no fault."
    ),
    fix=N_("Nothing needs to be done; where the provider offers ECH, publish the HTTPS record it names."),
    example="portal.example.org. IN HTTPS 1 . alpn=h2 ech=AEX…",
)
def host_offers_encrypted_hello(seen: Observations) -> Verdict:
    if seen[HostServices].encrypted_hello:
        return ok(N_("DNS publishes a key for encrypted handshakes (ECH)."))
    return info(N_("The host offers no encrypted handshake (ECH); hardly anyone does yet."))


@check(
    "net.dane-web",
    title=N_("TLSA records of the web server match its certificate"),
    severity=Severity.INFO,
    needs=(HostServices,),
    refs=PINNED,
    why=N_(
        "Browsers do not read these records, but some programs do, and refuse a server whose certificate differs."
        " A wrong record is worse than none."
    ),
    fix=N_("Renew the TLSA record together with the key, or delete it."),
    example="_443._tcp.portal.example.org. IN TLSA 3 1 1 8CE1…",
)
def web_tlsa_matches(seen: Observations) -> Verdict:
    services = seen[HostServices]
    if not services.tlsa:
        return info(N_("The host publishes no TLSA records for the web; browsers would not read them."))
    chain = seen.find(CertificateChain)
    if chain is None or not chain.chain:
        return unknown(N_("TLSA records are there, but no certificate was seen to compare them with."))
    matches = {tlsa.match(record, chain.chain) for record in services.tlsa}
    if tlsa.Match.YES in matches:
        if services.tlsa_authenticated is False:
            return info(N_("TLSA records match, but the answer was not signed, so nobody may trust them."))
        return ok(N_("A TLSA record matches the certificate served."))
    if tlsa.Match.UNCLEAR in matches:
        return unknown(N_("The TLSA records are of a kind that we do not compare."))
    return fail(N_("No TLSA record matches the certificate served."))


@check(
    "net.rpki",
    title=N_("Routes to the vendor's servers are signed"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(AddressOrigins,),
    refs=ROUTES,
    why=N_(
        "Without signed routes a foreign network can draw the traffic of a portal to itself, by mistake or on purpose."
        " A route that contradicts its signature is refused by many networks, and the portal cannot be reached there."
    ),
    fix=N_("Ask the hosting provider to publish a ROA for the network, or to correct the one that contradicts."),
)
def routes_are_signed(seen: Observations) -> Verdict:
    origins = seen[AddressOrigins]
    if not origins.validated:
        return unknown(BLINDNESS[Reason.NOT_CONFIGURED])
    if not origins.validity:
        return unknown(N_("The route validator gave no answer."))
    if invalid := _where(origins, (one for one, state in origins.validity.items() if state == "invalid")):
        return fail(N_("Routes that contradict their signature: %(routes)s."), routes=listing(invalid))
    if unsigned := _where(origins, (one for one, state in origins.validity.items() if state == "not-found")):
        return info(N_("Routes without a signature: %(routes)s."), routes=listing(unsigned))
    return ok(N_("Signed routes: %(routes)s."), routes=listing(_where(origins, origins.validity)))


def _where(origins: AddressOrigins, addresses: Iterable[str]) -> list[str]:
    found = []
    for address in addresses:
        origin = origins.origins.get(address)
        if origin is not None:
            found.append(f"{origin.prefix} AS{origin.asn} ({origins.addresses.get(address, address)})")
    return found


@check(
    "net.hosting-geo",
    title=N_("Web, mail and name servers stand in the European Economic Area"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(AddressOrigins,),
    refs=PLACE,
    why=N_(
        "Where servers stand and who runs them decides which law reaches the data on them."
        " The registry's entry is a hint; the vendor's answer and contract decide."
    ),
    fix=N_("Name the place of processing and its legal ground in the questionnaire."),
)
def servers_stand_in_europe(seen: Observations) -> Verdict:
    origins = seen[AddressOrigins]
    placed = {address: one.country for address, one in origins.origins.items() if one.country}
    if not placed:
        return unknown(N_("The source names no country for these networks."))
    outside = {address: country for address, country in placed.items() if country not in EEA}
    if outside:
        return info(
            N_("Networks registered outside the European Economic Area: %(places)s."),
            places=listing(f"{origins.addresses.get(one, one)} ({country})" for one, country in outside.items()),
        )
    return ok(N_("Networks are registered in: %(countries)s."), countries=listing(sorted(set(placed.values()))))
