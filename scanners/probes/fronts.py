"""What stands before a host: whether its address is the vendor's own, and so may be asked in the active class."""

from scanners import targets
from scanners.data import edges
from scanners.observations import Reason
from scanners.parsing import addresses
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit

HEAD_BYTES = 1


async def foreign_edges(visit: Visit, host: str) -> tuple[str, ...]:
    """The content networks whose address the host has, by address, alias and the headers of its page.

    Raises Unseen where the host is an alias into someone else's domain: a consent covers what the company runs.
    """
    return await visit.door.once(("edges", host), lambda: _look(visit, host))


async def _look(visit: Visit, host: str) -> tuple[str, ...]:
    resolution = await visit.door.resolve(host)
    vetted = await visit.door.vetted(host)
    by_address = [
        name
        for name, networks in edges.EDGE_NETWORKS
        if any(addresses.is_within(address, networks) for address in vetted)
    ]
    known = edges.foreign((*by_address, *edges.edges_of((), resolution.cname_chain)))
    if known:
        return tuple(dict.fromkeys(known))
    if any(targets.registrable(alias) != targets.registrable(host) for alias in resolution.cname_chain):
        raise Unseen(Reason.NOT_CONSENTED, "alias")
    for scheme in ("https", "http"):
        try:
            response = await visit.fetcher.fetch(f"{scheme}://{host}/", at_most=HEAD_BYTES)
        except Unseen as unseen:
            if unseen.reason in {Reason.STOPPED, Reason.DEADLINE, Reason.BUDGET}:
                raise
        else:
            return edges.foreign(edges.edges_of(response.headers, ()))
    return ()
