"""What a probe can see: frozen raw facts with a time, and Blind where nothing could be seen."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from scanners.records import record


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


@record
class Observation:
    """A raw fact with the time it was seen; ages, grades and words are made by those who read it."""

    at: datetime


@record
class Blind(Observation):
    """Stands in for an observation that could not be made."""

    reason: Reason
    detail: str = ""


@record
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


@record
class CaaRecord:
    """One CAA record (RFC 8659)."""

    flags: int
    tag: str
    value: str


@record
class HostDns(Observation):
    """How a host name resolves; addresses are text, in the order of the answer."""

    addresses_v4: tuple[str, ...] = ()
    addresses_v6: tuple[str, ...] = ()
    cname_chain: tuple[str, ...] = ()
    exists: bool = True  # False: NXDOMAIN
    dangling_target: str | None = None  # the last CNAME target when that name does not exist
    caa_at: str | None = None  # the name at which the climb found a CAA set (RFC 8659 section 3)
    caa: tuple[CaaRecord, ...] = ()


@record
class NameServer:
    """One name server of a zone and what it said of the zone's SOA."""

    name: str
    addresses: tuple[str, ...] = ()
    authoritative: bool | None = None  # None: it did not answer
    serial: int | None = None
    rcode: str | None = None


@record
class DsRecord:
    """One DS record at the parent (RFC 4034 section 5)."""

    key_tag: int
    algorithm: int
    digest_type: int


@record
class DnsKey:
    """One DNSKEY of the zone (RFC 4034 section 2); bits only for RSA."""

    flags: int
    algorithm: int
    bits: int | None = None


@record
class Soa:
    """The SOA of a zone (RFC 1035 section 3.3.13), its serial aside; names without the trailing dot."""

    primary: str
    mailbox: str  # as DNS writes it: the first dot stands for the @
    refresh: int
    retry: int
    expire: int
    minimum: int
    primary_exists: bool | None = None  # None: DNS gave no usable answer


@record
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
    wildcard_answers: tuple[str, ...] = ()  # addresses that random labels resolved to
    soa: Soa | None = None


@record
class MailExchanger:
    """One MX record and what its name resolves to."""

    preference: int
    host: str
    addresses: tuple[str, ...] = ()
    exists: bool = True
    is_alias: bool = False
    is_address_literal: bool = False
    unseen: bool = False  # DNS gave no usable answer for the host


@record
class SpfTrace:
    """An SPF record and every record its evaluation would fetch (RFC 7208 section 4.6.4)."""

    records: tuple[str, ...] = ()  # all TXT records of the domain that start with v=spf1
    included: Mapping[str, str] = field(default_factory=dict)  # name -> the record found there
    lookups: int = 0  # terms that query DNS, over the whole tree
    void_lookups: int = 0
    missing: tuple[str, ...] = ()  # include/redirect names without an SPF record
    errors: tuple[str, ...] = ()  # grammar errors, each naming the term
    failed: tuple[str, ...] = ()  # names DNS gave no usable answer for
    stranger: str = ""  # what RFC 7208 makes of mail from 192.0.2.1, which is nobody's; "": was not evaluated
    stranger_by: str = ""  # the term that decided it


@record
class DmarcTrace:
    """The DMARC policy discovery of a domain (RFC 9989): each name asked, with the records found there."""

    queries: tuple[tuple[str, tuple[str, ...]], ...] = ()
    policy_domain: str | None = None
    record: str | None = None
    external_receivers: Mapping[str, bool] = field(default_factory=dict)  # rua host -> has authorised us
    failed: tuple[str, ...] = ()  # names DNS gave no usable answer for; the walk ends there


@record
class DkimKey:
    """A DKIM key record found under a selector; bits for RSA keys."""

    selector: str
    record: str
    bits: int | None = None


@record
class MailDns(Observation):
    """Everything that DNS says about the mail of a registrable domain."""

    exchangers: tuple[MailExchanger, ...] = ()
    null_mx: bool = False
    implicit_mx: bool = False  # no MX record, but an address: senders deliver there (RFC 5321 section 5.1)
    spf: SpfTrace = field(default_factory=SpfTrace)
    dmarc: DmarcTrace = field(default_factory=DmarcTrace)
    domainkey_exists: bool | None = None  # False: NXDOMAIN of _domainkey (RFC 8020)
    dkim_keys: tuple[DkimKey, ...] = ()
    mta_sts_txt: tuple[str, ...] = ()
    tls_rpt_txt: tuple[str, ...] = ()
    tlsa: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # MX host -> TLSA records as text
    tlsa_authenticated: Mapping[str, bool] = field(default_factory=dict)  # MX host -> the AD bit; absent: not known
    tlsa_failed: tuple[str, ...] = ()  # MX hosts for whose TLSA records DNS gave no usable answer


@record
class HostServices(Observation):
    """What DNS says of a host's services beside its addresses: HTTPS record, web TLSA, reverse names."""

    https_record: bool = False
    protocols: tuple[str, ...] = ()  # ALPN names of the HTTPS record (RFC 9460): "h2", "h3"
    encrypted_hello: bool = False  # the HTTPS record carries ech=
    tlsa: tuple[str, ...] = ()  # of _443._tcp, as text
    tlsa_authenticated: bool | None = None  # the AD bit; None: not known
    pointers: Mapping[str, str] = field(default_factory=dict)  # address -> reverse name; those without one are left out
    ipv6_answers: bool | None = None  # port 443 of the first IPv6 address; None: none, or this place has no IPv6


@record
class DomainTexts(Observation):
    """TXT and SRV records of a domain that no mail check reads as a rule, only as a leftover."""

    texts: tuple[str, ...] = ()  # every TXT record of the domain itself
    spf_type99: tuple[str, ...] = ()  # records of the retired type SPF (RFC 7208 section 3.1)
    bimi: tuple[str, ...] = ()  # TXT of default._bimi
    services: Mapping[str, str] = field(default_factory=dict)  # SRV owner -> target
    services_missing: tuple[str, ...] = ()  # SRV owners whose target does not exist


@record
class ReliedDomains(Observation):
    """Registrable domains of others that this domain's DNS leads to, and those that do not exist."""

    uses: Mapping[str, str] = field(default_factory=dict)  # registrable domain -> the entry that names it
    missing: tuple[str, ...] = ()  # NXDOMAIN, said twice
    unseen: tuple[str, ...] = ()
    registered: Mapping[str, bool] = field(default_factory=dict)  # of the missing ones, where a registry was asked


@record
class Origin:
    """Who announces the network an address lies in."""

    prefix: str
    asn: int
    country: str = ""  # two letters, where the registry entered the network


@record
class AddressOrigins(Observation):
    """The networks of a domain's web, mail and name servers, told by the source the operator configured."""

    addresses: Mapping[str, str] = field(default_factory=dict)  # address -> the name it serves, with its part
    origins: Mapping[str, Origin] = field(default_factory=dict)  # address -> origin
    validity: Mapping[str, str] = field(default_factory=dict)  # address -> "valid", "invalid", "not-found"
    validated: bool = False  # a route validator is configured


@record
class MtaStsPolicy(Observation):
    """The policy file of RFC 8461 as it was served; status None: no HTTPS connection."""

    url: str
    status: int | None
    body: str = ""
    tls_verified: bool = False


# --- TLS ---------------------------------------------------------------------------------------


@record
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


@record
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


@record
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


@record
class TlsSession(Observation):
    """A whole TLS 1.3 handshake: what only stands behind the encryption."""

    address: str
    port: int
    tls13: bool = True  # False: the server does not speak TLS 1.3, and the rest does not arise
    tickets: int = 0
    early_data: int | None = None  # the most bytes of early data a ticket allows; None: no ticket speaks of it
    early_status: int | None = None  # HTTP status that a request sent as early data got; None: not taken, or not sent
    protocol: str = ""  # ALPN: "h2", "http/1.1"; "" when the server chose none


# --- Web ---------------------------------------------------------------------------------------


@record
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


@record
class Page(Observation):
    """A load of https://host/ : each hop of the redirects, the last one being the document."""

    hops: tuple[Response, ...]
    left_host_to: str | None = None  # the redirects led to a host outside the scope; not followed

    @property
    def document(self) -> Response:
        """The response the redirects ended in."""
        return self.hops[-1]


@record
class CleartextPage(Observation):
    """A load of http://host/ : hops empty and closed True when port 80 refuses connections."""

    hops: tuple[Response, ...] = ()
    closed: bool = False
    left_host_to: str | None = None


@record
class Script:
    """A script the page loads; body only for first-party scripts and library CDNs."""

    url: str
    body: str = ""
    sha1: str = ""
    cross_origin: bool = False
    integrity: str = ""


@record
class Scripts(Observation):
    """The external scripts of the page, in document order."""

    scripts: tuple[Script, ...] = ()


@record
class LoginPage(Observation):
    """Same-host pages linked from the start page that carry a password field; () when there is none."""

    pages: tuple[Response, ...] = ()


@record
class WellKnown(Observation):
    """Documents published for everyone: path -> response (status 404 is a fact too)."""

    documents: Mapping[str, Response] = field(default_factory=dict)


@record
class UnresolvedReferences(Observation):
    """Hosts that the page loads from and whose names do not exist."""

    asked: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@record
class RelatedHosts(Observation):
    """Names near this domain that exist in DNS (from certificates, pages and a short word list)."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> addresses
    dangling: Mapping[str, str] = field(default_factory=dict)  # name -> CNAME target that does not exist
    answering: Mapping[str, int] = field(default_factory=dict)  # name -> HTTP status of its start page
    aliases: Mapping[str, str] = field(default_factory=dict)  # name -> where its alias ends
    staging: Mapping[str, Response] = field(default_factory=dict)  # name -> start page, for names that sound like tests
    production: Response | None = None  # the start page of the domain's first host, to compare with; without its body


# --- Mail --------------------------------------------------------------------------------------


@record
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
    seen_at: datetime | None = None  # when, if it was an earlier scan that saw this shared server


@record
class MailTransport(Observation):
    """The sessions with the domain's mail exchangers (at most two)."""

    sessions: tuple[SmtpSession, ...] = ()


# --- Control of a domain -------------------------------------------------------------------------


@record
class ControlRecords(Observation):
    """Where a company may have put the token that shows its control of a host. Looked at only when asked."""

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name of the TXT record -> its texts
    unanswered: Mapping[str, Reason] = field(default_factory=dict)  # names of which DNS told nothing
    file_url: str = ""
    file_status: int | None = None
    file_text: str = ""  # its beginning
    file_blind: Reason | None = None


# --- Active ------------------------------------------------------------------------------------


@record
class UnpublishedPaths(Observation):
    """Answers of the closed list of paths, beside two control paths that cannot exist. Active class.

    What a path holds may be a secret or somebody's data: a body is kept only of a description of an interface, cut
    down to its operations. All else is said by signs, the names of what was recognised past all guards.
    """

    answers: Mapping[str, Response] = field(default_factory=dict)
    controls: tuple[Response, ...] = ()
    purposes: Mapping[str, str] = field(default_factory=dict)  # path -> what it was asked for; all that was to be asked
    signs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # path -> what its answer was recognised by
    unclear: Mapping[str, Reason] = field(default_factory=dict)  # path -> why its answer says nothing
    address: str = ""


@record
class NameServerManners(Observation):
    """What a domain's name servers tell a stranger who asks for more than a name. Active class."""

    asked: tuple[str, ...] = ()
    transfers: tuple[str, ...] = ()  # gave out the whole zone; no more than its first message was read
    transfers_unclear: tuple[str, ...] = ()
    recursive: tuple[str, ...] = ()  # looked up a foreign name
    recursion_unclear: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)  # server -> version.bind


@record
class PortAnswer:
    """One port: "open" only when the protocol of the service answered; "waiting" took the connection and said nothing,
    "mute" said something else or hung up; "silent" gave no answer at all, "unclear" is ours."""

    port: int
    state: str  # "open", "waiting", "mute", "closed", "silent", "unclear"
    service: str = ""  # the protocol that answered
    detail: str = ""  # what the protocol gave away: a version, whether TLS is offered

    @property
    def connected(self) -> bool:
        """Whether a connection came about."""
        return self.state in {"open", "waiting", "mute"}


@record
class OpenPorts(Observation):
    """The closed list of ports at one host. Active class."""

    address: str
    answers: tuple[PortAnswer, ...] = ()
    controls: tuple[PortAnswer, ...] = ()  # two ports where nobody has a service
    edges: tuple[str, ...] = ()  # a content network stands in front: its address was not asked
    mail_server: bool = False  # the host is a mail exchanger of its domain, and was asked for mail ports instead


@record
class TlsFlaws(Observation):
    """Known faults of TLS libraries, each tried with one harmless message. Active class."""

    address: str
    port: int
    found: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()  # a content network stands in front: its address was not asked
    renegotiations: int | None = None  # that a client could start in one connection, at most 11; None: not known


# --- Registries --------------------------------------------------------------------------------


@record
class LoggedCertificate:
    """One certificate that the public logs of certificate transparency hold."""

    issuer: str  # the organisation that issued it, else its whole name
    names: tuple[str, ...]
    serial: str
    not_before: datetime
    not_after: datetime


@record
class LoggedNames(Observation):
    """What a search of the certificate logs knows of a domain, and what DNS says of the names. Wildcards stay out."""

    source: str  # the host that was asked
    asked_at: datetime  # an answer may have been kept from an earlier scan
    certificates: tuple[LoggedCertificate, ...] = ()  # not expired, the newest first
    names: tuple[str, ...] = ()
    cut: bool = False  # there were more than we keep
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of the names that resolve
    aliases: Mapping[str, str] = field(default_factory=dict)  # name -> where its alias ends
    dangling: Mapping[str, str] = field(default_factory=dict)  # name -> CNAME target that does not exist
    staging: Mapping[str, Response] = field(default_factory=dict)  # name -> start page, for names that sound like tests
    unasked: int = 0  # names beyond our budget, which were not looked up
    caa: tuple[CaaRecord, ...] = ()  # of the domain itself


@record
class Registration(Observation):
    """What the registry says of a domain over RDAP (RFC 9083)."""

    source: str
    asked_at: datetime
    serves: bool = True  # False: the registry of this suffix publishes no RDAP service (RFC 9224)
    exists: bool = True  # False: the registry knows no such domain
    states: tuple[str, ...] = ()  # "client transfer prohibited", "redemption period" …
    expires: datetime | None = None  # None: the registry does not tell, as .de
    registrar: str = ""


@record
class Revocation(Observation):
    """Whether the authority has revoked the certificate that the host shows."""

    method: str  # "crl", "ocsp"; "none": the certificate names neither
    source: str = ""  # host of the list or responder
    serial: str = ""
    revoked: bool = False
    revoked_at: datetime | None = None
    cause: str = ""  # the reason code of RFC 5280 as its name
    issued_at: datetime | None = None  # thisUpdate of the list or answer


@record
class LookAlikes(Observation):
    """Names that look like the domain, and which of them exist. DNS only: their owners are no part of this."""

    asked: int
    registered: Mapping[str, bool] = field(default_factory=dict)  # name -> takes mail


@record
class Reputation(Observation):
    """What the operator's lists of abused domains say."""

    asked: tuple[str, ...]
    listed: tuple[str, ...] = ()


@record
class OtherName(Observation):
    """The start page under the other name of the host: with www. in front of it, or without."""

    name: str
    exists: bool = True
    response: Response | None = None  # None: it exists and does not answer
