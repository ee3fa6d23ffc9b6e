"""What a scan is asked to do, and what it tells while it does it. Values only: any room may hold one."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from scanners.model import CheckClass, Observations
from scanners.observations import Reason, SmtpSession
from scanners.records import record

UNASKED = frozenset({CheckClass.PASSIVE, CheckClass.STANDARD})


@record
class RegistrySettings:
    """Who may be asked beside the vendor; "" or () means nobody, and what only they know is unknown."""

    transparency: tuple[str, ...] = ()  # addresses of certificate searches, asked in turn, with {domain} in them
    rdap_bootstrap: str = ""  # address of the list that names the registries' services (RFC 9224)
    revocation: bool = False  # ask the authorities' lists (CRL), else their responders (OCSP)
    lookalikes: bool = False  # ask DNS for names that look like the domain
    reputation_zones: tuple[str, ...] = ()  # DNS zones that list abused domains
    keep_dir: str = ""  # where answers are kept between scans; "": for one scan only


@record
class NetworkSettings:
    """How a scan reaches the world; the defaults know the public internet only."""

    resolver: tuple[str, ...] = ()  # empty: the system's own
    resolver_port: int = 53
    port_map: Mapping[int, int] = field(default_factory=dict)  # public port -> port really connected to
    allowed_networks: tuple[str, ...] = ()  # scanned although not public
    denied_networks: tuple[str, ...] = ()  # never scanned although public
    trust_roots_pem: str = ""  # beside certifi's
    permitted_suffixes: tuple[str, ...] = ()  # special-use suffixes that may be scanned all the same
    contact_url: str = ""
    reference_tls_host: str = ""  # known to show a publicly trusted certificate: an intercepting proxy shows here
    reference_smtp_host: str = ""  # known to take connections on port 25
    origin_zone: str = ""  # a DNS zone that tells the network of an address; "": not asked
    route_validator: str = ""  # host of a route validator with Routinator's API over HTTPS; "": not asked
    registries: RegistrySettings = field(default_factory=RegistrySettings)


@record
class ScanJob:
    """A scan to run: normalised host names, the classes that may be used, and the time all observations carry."""

    hosts: tuple[str, ...]
    classes: frozenset[CheckClass] = UNASKED
    at: datetime
    network: NetworkSettings = field(default_factory=NetworkSettings)
    mail_domains: tuple[str, ...] = ()  # registrable domains to look at beside those of the hosts
    seconds: float = 60.0  # the deadline; what is not seen by then is unknown
    kinds: tuple[str, ...] = ()  # only these kinds of observation; empty: all that belong to a scan
    active_hosts: tuple[str, ...] | None = None  # those the active class may look at; None: every host
    active_domains: tuple[str, ...] | None = None  # and of the registrable domains
    asks: bool = False  # knock before each address and wait for the answer of whoever started the scan
    known_mail: tuple[SmtpSession, ...] = ()  # what mail providers' servers showed lately; not asked again


@record
class Progress:
    """So many of so many looks are done; the stage names the kind of observation and its subject."""

    stage: str
    done: int
    total: int
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # kind of observation -> looks done, of all


@record
class SubjectSeen:
    """What is known of one subject so far; the last one of a subject is complete."""

    observations: Observations
    complete: bool = False


@record
class Finished:
    """The scan is over; the reason says why it ended before everything was looked at."""

    reason: Reason | None = None
    seconds: float = 0.0
    connections: int = 0
    requests: int = 0


@record
class Knock:
    """The scan wants to go to an address and waits until it may: other scans have a claim on it too."""

    host: str
    address: str
    port: int = 443
    active: bool = False

    @property
    def budget(self) -> str:
        """Which budget of the address it is about."""
        return "active" if self.active else "ordinary"


ScanEvent = Progress | SubjectSeen | Knock | Finished
