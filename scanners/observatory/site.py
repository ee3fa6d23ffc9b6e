"""What the Observatory looks at, and how it words one test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from scanners.records import record


@record
class Answer:
    """One response; header names in lower case, repeats kept; equivalents are what <meta> says in a header's place."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    verified: bool = True
    equivalents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, name: str) -> tuple[str, ...]:
        """All values of one header, in order."""
        return tuple(value for key, value in self.headers if key == name)

    def first(self, name: str) -> str:
        """The first value of one header; "" when it is absent."""
        return next(iter(self.values(name)), "")


@record
class Site:
    """A host as the Observatory meets it; None where nothing answered."""

    host: str
    url: str = ""  # where the document was asked for
    document: Answer | None = None
    html: str = ""
    https: Answer | None = None
    http: Answer | None = None
    http_route: tuple[tuple[str, int], ...] = ()  # address and status of each hop from http://
    https_route: tuple[tuple[str, int], ...] = ()
    cross_origin: Answer | None = None  # the answer to a request that named another origin
    cross_origin_asked: str = ""  # that origin
    preloaded: Callable[[str], bool | None] = field(default=lambda _host: None)  # with what lies below it; None: not

    @property
    def is_secure(self) -> bool:
        """Whether the document came over HTTPS."""
        return self.url.startswith("https:")


@record
class Test:
    """One test: its name and result in the Observatory's words."""

    name: str
    result: str
    passed: bool
    detail: Mapping[str, object] = field(default_factory=dict)


def worse(new: str, old: str, order: Sequence[str]) -> str:
    """The result further down the order; one that has no place there gives way."""
    if not old:
        return new
    ranks = {result: place for place, result in enumerate(order)}
    return new if ranks.get(new, -1) > ranks.get(old, -1) else old


def is_preloaded(site: Site, host: str) -> bool:
    """Whether browsers know the host, or a name above it that speaks for those below, as HTTPS only."""
    if site.preloaded(host) is not None:
        return True
    while "." in host:
        host = host.partition(".")[2]
        if site.preloaded(host):
            return True
    return False
