"""What a probe can see: frozen raw facts with a time, and Blind where nothing could be seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why something could not be seen. A closed set: an error text of a target is never passed on."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    UNREACHABLE = "unreachable"
    NAME_NOT_FOUND = "name-not-found"
    DNS_FAILURE = "dns-failure"
    NOT_PUBLIC = "not-public"  # resolves to an address that is not public
    GARBLED = "garbled"  # the answer breaks its protocol
    TOO_LARGE = "too-large"
    CHALLENGED = "challenged"  # a bot challenge stood in the way
    THROTTLED = "throttled"
    BUDGET = "budget"  # the scan's budget for this address was used up
    DEADLINE = "deadline"
    STOPPED = "stopped"  # consent was withdrawn or the scan was stopped
    VANTAGE = "vantage"  # the place we look from spoils this fact
    NOT_CONSENTED = "not-consented"
    NOT_CONFIGURED = "not-configured"
    CRASHED = "crashed"  # our own probe failed


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A raw fact with the time it was seen; ages, grades and words are made by those who read it."""

    at: datetime


@dataclass(frozen=True, kw_only=True)
class Blind(Observation):
    """Stands in for an observation that could not be made."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Vantage(Observation):
    """Where the scan stood: what this place spoils is unknown, never failed."""

    resolver: str
    resolver_answers: bool
    resolver_validates: bool | None  # sets the AD bit for a signed name; None: could not be tested
    rewrites_names: bool | None  # a name that cannot exist got an answer
    tls_intercepted: bool | None
    smtp_blocked: bool | None
    ipv6: bool


# --- DNS ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CaaRecord:
    """One CAA record (RFC 8659)."""

    flags: int
    tag: str
    value: str


@dataclass(frozen=True, kw_only=True)
class HostDns(Observation):
    """How a host name resolves; addresses are text, in the order of the answer."""

    addresses_v4: tuple[str, ...] = ()
    addresses_v6: tuple[str, ...] = ()
    cname_chain: tuple[str, ...] = ()
    exists: bool = True  # False: NXDOMAIN
    dangling_target: str | None = None  # the last CNAME target when that name does not exist
    caa_at: str | None = None  # the name at which the climb found a CAA set (RFC 8659 section 3)
    caa: tuple[CaaRecord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NameServer:
    """One name server of a zone and what it said of the zone's SOA."""

    name: str
    addresses: tuple[str, ...] = ()
    authoritative: bool | None = None  # None: it did not answer
    serial: int | None = None
    rcode: str | None = None


@dataclass(frozen=True, kw_only=True)
class DsRecord:
    """One DS record at the parent (RFC 4034 section 5)."""

    key_tag: int
    algorithm: int
    digest_type: int


@dataclass(frozen=True, kw_only=True)
class DnsKey:
    """One DNSKEY of the zone (RFC 4034 section 2); bits only for RSA."""

    flags: int
    algorithm: int
    bits: int | None = None


@dataclass(frozen=True, kw_only=True)
class ZoneDns(Observation):
    """The zone of a registrable domain."""

    name_servers: tuple[NameServer, ...] = ()
    parent_name_servers: tuple[str, ...] = ()
    ds: tuple[DsRecord, ...] = ()
    dnskeys: tuple[DnsKey, ...] = ()
    authenticated: bool | None = None  # the AD bit of a validating resolver; None: none is configured
    bogus: bool | None = None  # SERVFAIL with checking, an answer without; None: could not be told
    rrsig_expirations: tuple[datetime, ...] = ()
    rrsig_inceptions: tuple[datetime, ...] = ()  # of the same signatures, in the same order
    nsec3_iterations: int | None = None
    nsec3_salt_length: int | None = None
    wildcard_answers: tuple[str, ...] = ()  # addresses that two random labels resolved to


@dataclass(frozen=True, kw_only=True)
class MailExchanger:
    """One MX record and what its name resolves to."""

    preference: int
    host: str
    addresses: tuple[str, ...] = ()
    exists: bool = True
    is_alias: bool = False
    is_address_literal: bool = False
    unseen: bool = False  # DNS gave no usable answer for the host


@dataclass(frozen=True, kw_only=True)
class SpfTrace:
    """An SPF record and every record its evaluation would fetch (RFC 7208 section 4.6.4)."""

    records: tuple[str, ...] = ()  # all TXT records of the domain that start with v=spf1
    included: Mapping[str, str] = field(default_factory=dict)  # name -> the record found there
    lookups: int = 0  # terms that query DNS, over the whole tree
    void_lookups: int = 0
    missing: tuple[str, ...] = ()  # include/redirect names without an SPF record
    errors: tuple[str, ...] = ()  # grammar errors, each naming the term
    failed: tuple[str, ...] = ()  # names DNS gave no usable answer for


@dataclass(frozen=True, kw_only=True)
class DmarcTrace:
    """The DMARC policy discovery of a domain (RFC 9989): each name asked, with the records found there."""

    queries: tuple[tuple[str, tuple[str, ...]], ...] = ()
    policy_domain: str | None = None
    record: str | None = None
    external_receivers: Mapping[str, bool] = field(default_factory=dict)  # rua host -> has authorised us
    failed: tuple[str, ...] = ()  # names DNS gave no usable answer for; the walk ends there


@dataclass(frozen=True, kw_only=True)
class DkimKey:
    """A DKIM key record found under a selector; bits for RSA keys."""

    selector: str
    record: str
    bits: int | None = None


@dataclass(frozen=True, kw_only=True)
class MailDns(Observation):
    """Everything that DNS says about the mail of a registrable domain."""

    exchangers: tuple[MailExchanger, ...] = ()
    null_mx: bool = False
    spf: SpfTrace = field(default_factory=SpfTrace)
    dmarc: DmarcTrace = field(default_factory=DmarcTrace)
    domainkey_exists: bool | None = None  # False: NXDOMAIN of _domainkey (RFC 8020)
    dkim_keys: tuple[DkimKey, ...] = ()
    mta_sts_txt: tuple[str, ...] = ()
    tls_rpt_txt: tuple[str, ...] = ()
    tlsa: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # MX host -> TLSA records as text
    tlsa_authenticated: Mapping[str, bool] = field(default_factory=dict)  # MX host -> the AD bit; absent: not known
    tlsa_failed: tuple[str, ...] = ()  # MX hosts for whose TLSA records DNS gave no usable answer


@dataclass(frozen=True, kw_only=True)
class MtaStsPolicy(Observation):
    """The policy file of RFC 8461 as it was served; status None: no HTTPS connection."""

    url: str
    status: int | None
    body: str = ""
    tls_verified: bool = False


# --- TLS ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TlsHandshakes(Observation):
    """What a server agreed to, learnt hello by hello on one address and port."""

    address: str
    port: int
    accepted: tuple[str, ...] = ()  # "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"
    refused: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()  # versions whose hello got no readable answer
    suites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # version -> IANA suite names, in order chosen
    suites_complete: bool = True  # False: the budget ended before the server refused all that was left
    server_prefers: bool | None = None  # chooses by its own order
    groups: tuple[str, ...] = ()  # named groups the server chose (TLS 1.2 ECDHE and TLS 1.3)
    dh_bits: int | None = None
    dh_prime_known: str | None = None  # "ffdhe2048" … when the prime is one of RFC 7919
    compression: bool | None = None
    secure_renegotiation: bool | None = None
    extended_master_secret: bool | None = None
    key_exchange_hashes: tuple[str, ...] = ()  # hash names the server signed with: "sha1", "sha256" …
    post_quantum: bool | None = None  # chose X25519MLKEM768


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The raw facts of one X.509 certificate."""

    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...] = ()
    key_kind: str = ""  # "RSA", "EC", "Ed25519", "Ed448", …
    key_bits: int = 0
    curve: str = ""
    signature_hash: str = ""  # "sha256" …; "" for EdDSA
    sha256: str = ""
    spki_sha256: str = ""  # of the SubjectPublicKeyInfo, as TLSA selector 1 and key pins name it
    self_issued: bool = False
    is_ca: bool = False
    sct_count: int = 0
    ocsp_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    must_staple: bool = False
    issuer_organisation: str = ""


class Trust(StrEnum):
    """How the chain that was served relates to the root store."""

    TRUSTED = "trusted"
    SELF_SIGNED = "self-signed"
    UNKNOWN_ISSUER = "unknown-issuer"
    INCOMPLETE = "incomplete"  # only a certificate that was not sent would close the path


@dataclass(frozen=True, kw_only=True)
class CertificateChain(Observation):
    """The chain a server sent for a name, leaf first; trust is judged without regard to time or name."""

    address: str
    port: int
    chain: tuple[Certificate, ...]
    trust: Trust
    ordered: bool = True
    superfluous: int = 0
    name_matches: bool = True
    stapled: bool | None = None
    public_root: bool = True  # False: the path ends in a root that the operator added


# --- Web ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Response:
    """One HTTP response as it came; header names in lower case, in order, repeats kept."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str = ""  # text, cut at the budget; "" when not asked for
    body_sha256: str = ""
    address: str = ""
    http_version: str = ""
    tls_verified: bool | None = None  # None: cleartext
    cut: bool = False

    def values(self, name: str) -> tuple[str, ...]:
        """All values of one header, in order."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, kw_only=True)
class Page(Observation):
    """A load of https://host/ : each hop of the redirects, the last one being the document."""

    hops: tuple[Response, ...]
    left_host_to: str | None = None  # the redirects led to a host outside the scope; not followed

    @property
    def document(self) -> Response:
        """The response the redirects ended in."""
        return self.hops[-1]


@dataclass(frozen=True, kw_only=True)
class CleartextPage(Observation):
    """A load of http://host/ : hops empty and closed True when port 80 refuses connections."""

    hops: tuple[Response, ...] = ()
    closed: bool = False
    left_host_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class Script:
    """A script the page loads; body only for first-party scripts and library CDNs."""

    url: str
    body: str = ""
    sha1: str = ""
    cross_origin: bool = False
    integrity: str = ""


@dataclass(frozen=True, kw_only=True)
class Scripts(Observation):
    """The external scripts of the page, in document order."""

    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LoginPage(Observation):
    """Same-host pages linked from the start page that carry a password field; () when there is none."""

    pages: tuple[Response, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WellKnown(Observation):
    """Documents published for everyone: path -> response (status 404 is a fact too)."""

    documents: Mapping[str, Response] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class UnresolvedReferences(Observation):
    """Hosts that the page loads from and whose names do not exist."""

    asked: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RelatedHosts(Observation):
    """Names near this domain that exist in DNS (from certificates, pages and a short word list)."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> addresses
    dangling: Mapping[str, str] = field(default_factory=dict)  # name -> CNAME target that does not exist
    answering: Mapping[str, int] = field(default_factory=dict)  # name -> HTTP status of its start page


# --- Mail --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SmtpSession:
    """One session with one mail exchanger: greeting, EHLO, STARTTLS, QUIT."""

    host: str
    address: str
    banner: str = ""
    offers_starttls: bool | None = None  # None: the session did not get that far
    tls_version: str = ""
    tls_suite: str = ""
    certificate: Certificate | None = None
    trust: Trust | None = None
    name_matches: bool | None = None
    blind: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class MailTransport(Observation):
    """The sessions with the domain's mail exchangers (at most two)."""

    sessions: tuple[SmtpSession, ...] = ()


# --- Active ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class UnpublishedPaths(Observation):
    """Answers of the closed list of paths, beside two control paths that cannot exist. Active class."""

    answers: Mapping[str, Response] = field(default_factory=dict)
    controls: tuple[Response, ...] = ()
