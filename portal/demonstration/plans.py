"""What the loopback servers are to be: zones, web sites, mail exchangers, and where they misbehave on purpose."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CertificateKind(StrEnum):
    """What certificate a server shows."""

    GOOD = "good"
    EXPIRED = "expired"
    EXPIRING = "expiring"  # five days left
    NOT_YET_VALID = "not-yet-valid"
    LONG_LIVED = "long-lived"  # 825 days in all
    SELF_SIGNED = "self-signed"
    UNKNOWN_ISSUER = "unknown-issuer"  # a whole chain under a root that nobody trusts
    WRONG_NAME = "wrong-name"
    INCOMPLETE = "incomplete"  # the intermediate is not sent
    DISORDERED = "disordered"  # leaf, root, intermediate
    WEAK_KEY = "weak-key"  # RSA with 1024 bits


class KeyKind(StrEnum):
    """The key of a leaf certificate."""

    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"
    RSA_2048 = "rsa-2048"
    RSA_1024 = "rsa-1024"


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How a server speaks TLS."""

    certificate: CertificateKind = CertificateKind.GOOD
    key: KeyKind = KeyKind.EC_P256
    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ciphers: str = ""  # OpenSSL's cipher string; "": modern ones, or all usual ones where older versions are spoken
    extra_names: tuple[str, ...] = ()  # more names in the certificate
    crl_urls: tuple[str, ...] = ()  # where the certificate says its authority's list is
    ocsp_urls: tuple[str, ...] = ()  # and its responder
    issuer_urls: tuple[str, ...] = ()  # and its authority's own certificate


class Cleartext(StrEnum):
    """What port 80 of a site does."""

    REDIRECTS = "redirects"  # every path to https://host/path
    SERVES = "serves"  # the same pages without TLS
    CLOSED = "closed"


class Behaviour(StrEnum):
    """How a site treats a request; all but ORDINARY are what a hostile or broken server does."""

    ORDINARY = "ordinary"
    SILENT = "silent"  # accepts and never says a word
    RESETS = "resets"  # cuts every connection once the request has come
    ENDLESS = "endless"  # a body without end
    DRIPS = "drips"  # a byte a second
    HEADER_FLOOD = "header-flood"  # header lines without end
    GARBLED = "garbled"  # an answer that is not HTTP


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer of a web server."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()  # "{origin}" in a value is the origin of the page that asks
    body: str | bytes = ""
    content_type: str = "text/html; charset=utf-8"
    chunked: bool = False
    site_headers: bool = True  # False: without the headers of the site


def redirect(location: str, *, status: int = 301) -> Reply:
    """An answer that sends the reader elsewhere."""
    return Reply(status=status, headers=(("location", location),))


@dataclass(frozen=True, kw_only=True)
class Site:
    """A web server with an address of its own; the address is published as the A record of its names."""

    host: str
    aliases: tuple[str, ...] = ()  # more names at the same address and in the same certificate
    tls: Tls | None = field(default_factory=Tls)  # None: nothing listens on port 443
    http2: bool = False  # over TLS, beside HTTP/1.1
    cleartext: Cleartext = Cleartext.REDIRECTS
    headers: tuple[tuple[str, str], ...] = ()  # sent with every page
    pages: Mapping[str, Reply] = field(default_factory=dict)  # path, or path?query
    cleartext_pages: Mapping[str, Reply] = field(default_factory=dict)  # go before `cleartext`
    by_host: Mapping[str, Reply] = field(default_factory=dict)  # what other names at the address get, for every path
    missing: Reply = field(default_factory=lambda: Reply(status=404, body="<title>404</title>Nicht gefunden"))
    behaviour: Behaviour = Behaviour.ORDINARY
    address: str = ""  # "": the next free one


@dataclass(frozen=True, kw_only=True)
class Exchanger:
    """A mail exchanger with an address of its own, published as the A record of its name."""

    host: str
    tls: Tls | None = field(default_factory=Tls)  # None: does not offer STARTTLS
    greeting: str = ""  # "": 220 and the name; 4xx and 5xx close the session
    ehlo_reply: str = ""  # another first line than 250, for instance "450 4.7.1 greylisted"
    starttls_reply: str = ""  # another answer to STARTTLS than 220
    silent: bool = False
    pinned: bool = False  # its zone publishes a TLSA record of its key (RFC 7672)
    address: str = ""


class Quirk(StrEnum):
    """How the name server treats one name on purpose."""

    SILENT = "silent"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    GARBLED = "garbled"  # bytes that are no DNS message
    WRONG_ID = "wrong-id"
    TRUNCATED = "truncated"  # over UDP always asks for TCP
    BOGUS = "bogus"  # as a validating resolver treats a broken signature: SERVFAIL unless checking is off
    AUTHENTICATED = "authenticated"  # as a validating resolver treats a good one: the AD bit


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A zone; SOA, name servers, delegation and the addresses of sites and exchangers are filled in."""

    name: str
    records: str = ""  # master-file lines, names relative to the zone
    name_servers: tuple[str, ...] = ("ns1", "ns2")  # relative, or whole with a trailing dot; each gets an address
    delegated_to: tuple[str, ...] | None = None  # what the parent says, where it differs
    stale: tuple[str, ...] = ()  # name servers that still serve the serial before
    dead: tuple[str, ...] = ()  # name servers that do not answer
    lame: tuple[str, ...] = ()  # name servers that refuse this zone
    signed: bool = False  # DNSSEC with ECDSA P-256 and NSEC, DS in the parent
    ds_published: bool = True
    serial: int = 2026010101


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All servers of one run."""

    zones: tuple[Zone, ...] = ()
    sites: tuple[Site, ...] = ()
    exchangers: tuple[Exchanger, ...] = ()
    quirks: Mapping[str, Quirk] = field(default_factory=dict)  # "name", "name/TYPE" or "*.name" -> how it is treated
    rotations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> addresses, one per question
