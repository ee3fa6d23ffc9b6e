"""What a scan is asked to do, and what it tells while it does it. Values only: any room may hold one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from scanners.model import CheckClass, Observations
from scanners.observations import Reason

UNASKED = frozenset({CheckClass.PASSIVE, CheckClass.STANDARD})


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True, kw_only=True)
class ScanJob:
    """A scan to run: normalised host names, the classes that may be used, and the time all observations carry."""

    hosts: tuple[str, ...]
    classes: frozenset[CheckClass] = UNASKED
    at: datetime
    network: NetworkSettings = field(default_factory=NetworkSettings)
    mail_domains: tuple[str, ...] = ()  # registrable domains to look at beside those of the hosts
    seconds: float = 60.0  # the deadline; what is not seen by then is unknown


@dataclass(frozen=True, kw_only=True)
class Progress:
    """So many of so many looks are done; the stage names the kind of observation and its subject."""

    stage: str
    done: int
    total: int
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # kind of observation -> looks done, of all


@dataclass(frozen=True, kw_only=True)
class SubjectSeen:
    """What is known of one subject so far; the last one of a subject is complete."""

    observations: Observations
    complete: bool = False


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The scan is over; the reason says why it ended before everything was looked at."""

    reason: Reason | None = None
    seconds: float = 0.0
    connections: int = 0
    requests: int = 0


ScanEvent = Progress | SubjectSeen | Finished
