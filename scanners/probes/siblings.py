"""The other name of a host, with www. in front of it or without: people type both, and they often differ."""

from scanners import targets
from scanners.observations import OtherName, Reason
from scanners.probes import http
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit

# The name may exist and serve no website: that is a fact. A wall or a spent budget is none.
NO_SITE = frozenset({Reason.REFUSED, Reason.NAME_NOT_FOUND})


async def other_name(visit: Visit, host: str) -> OtherName:
    """The start page under the other name; "" as its name where the host has none."""
    name = other(host)
    if not name:
        return OtherName(at=visit.at, name="", exists=False)
    if not (await visit.door.resolve(name)).addresses:
        return OtherName(at=visit.at, name=name, exists=False)
    try:
        page = await http.page(visit, name)
    except Unseen as unseen:
        if unseen.reason not in NO_SITE:
            raise
        return OtherName(at=visit.at, name=name)
    return OtherName(at=visit.at, name=name, response=page.document)


def other(host: str) -> str:
    """www.example.org for example.org, and the reverse."""
    if host.startswith("www."):
        return host.removeprefix("www.")
    return f"www.{host}" if targets.registrable(host) == host else ""
