"""Where a scan stands: what this place hides or bends is unknown, and never the vendor's fault."""

import asyncio
from pathlib import Path

import dns.flags

from scanners.observations import Reason, Vantage
from scanners.probes import asking
from scanners.probes.network import CertificateRefused, Door, Unseen
from scanners.probes.visit import Visit
from scanners.records import record

SMTP_PORT = 25
HTTPS_PORT = 443
SECONDS = 5.0
ROUTES = Path("/proc/net/ipv6_route")
BLOCKING = frozenset({Reason.TIMEOUT, Reason.REFUSED, Reason.UNREACHABLE, Reason.RESET})
DEFAULT_ROUTE = ("0" * 32, "00")

# Nobody can register these (RFC 2606, RFC 6761): only a resolver that rewrites has an address for a name below them.
EMPTY_PLACES = ("invalid", "example.net")


@record
class References:
    """Hosts the operator names to compare with; without one the question stays open."""

    tls_host: str = ""  # shows a publicly trusted certificate when nobody sits in between
    smtp_host: str = ""  # takes connections on port 25


NONE = References()


async def look(visit: Visit, *, references: References = NONE, routes: Path = ROUTES) -> Vantage:
    """Everything that can be said of the place we look from; never raises for what it cannot see."""
    door = visit.door
    (answers, validates), rewrites, intercepted, blocked = await asyncio.gather(
        _resolver(door), _rewrites(door), _intercepted(door, references.tls_host), _blocked(door, references.smtp_host)
    )
    return Vantage(
        at=visit.at,
        resolver=", ".join(door.settings.resolver),
        resolver_answers=answers,
        resolver_validates=validates,
        rewrites_names=rewrites,
        tls_intercepted=intercepted,
        smtp_blocked=blocked,
        ipv6=has_ipv6_route(routes),
    )


async def _resolver(door: Door) -> tuple[bool, bool | None]:
    """Whether the resolver answers, and whether it vouches for the root, the one zone that is always signed."""
    try:
        reply = await asking.reply_to(door, ".", "SOA", dnssec=True)
    except Unseen:
        return False, None
    return True, bool(reply.flags & dns.flags.AD)


async def _rewrites(door: Door) -> bool | None:
    """Whether names that cannot exist get addresses."""
    names = [f"{asking.unlikely_label()}.{place}" for place in EMPTY_PLACES]
    found = await asyncio.gather(*(_has_address(door, name) for name in names))
    if True in found:
        return True
    return None if None in found else False


async def _has_address(door: Door, name: str) -> bool | None:
    try:
        return bool(asking.records(await asking.reply_to(door, name, "A"), "A"))
    except Unseen:
        return None


async def _intercepted(door: Door, host: str) -> bool | None:
    """Whether a host known for a good certificate shows one here that nobody public vouches for."""
    if not host:
        return None
    try:
        async with await door.connect(host, HTTPS_PORT, seconds=SECONDS) as connection:
            await connection.start_tls(door.tls_context(verifying=True), server_hostname=host)
    except CertificateRefused:
        return True
    except Unseen:
        return None
    return False


async def _blocked(door: Door, host: str) -> bool | None:
    """Whether port 25 of a host known to listen there cannot be reached."""
    if not host:
        return None
    try:
        await door.vetted(host)
    except Unseen:
        return None
    try:
        async with await door.connect(host, SMTP_PORT, seconds=SECONDS):
            return False
    except Unseen as unseen:
        return True if unseen.reason in BLOCKING else None


def has_ipv6_route(routes: Path = ROUTES) -> bool:
    """Whether the kernel knows a way to the IPv6 internet; loopback's catch-all, which rejects, is none."""
    try:
        lines = routes.read_text().splitlines()
    except OSError:
        return False
    fields = (line.split() for line in lines)
    return any(tuple(field[:2]) == DEFAULT_ROUTE and field[-1] != "lo" for field in fields if field)
