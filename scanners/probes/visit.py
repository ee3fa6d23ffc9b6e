"""What every probe is handed: the door, the fetcher, the scan's time and what belongs to the scan."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from scanners import targets
from scanners.observations import Observation, SmtpSession
from scanners.probes.fetching import Fetcher
from scanners.probes.network import Door
from scanners.records import record


@record
class Visit:
    """One scan as its probes see it; `at` is the time every observation carries."""

    door: Door
    fetcher: Fetcher
    at: datetime
    hosts: tuple[str, ...] = ()  # the job's hosts: what a redirect may lead to
    known_mail: tuple[SmtpSession, ...] = ()  # what mail providers' servers showed to earlier scans

    def in_scope(self, start: str, host: str) -> bool:
        """Whether a redirect from the start host may be followed to this host."""
        return host in {start, "www." + start, start.removeprefix("www."), *self.hosts} and host == host.strip(".")

    def domains(self) -> tuple[str, ...]:
        """The registrable domains of the hosts, each once."""
        return tuple(dict.fromkeys(targets.registrable(host) for host in self.hosts))


Probe = Callable[[Visit, str], Awaitable[Observation]]  # a subject's name; raises Unseen where nothing can be seen
