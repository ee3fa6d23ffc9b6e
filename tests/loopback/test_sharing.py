import asyncio

import pytest

from portal.demonstration.plans import Plan, Site, Zone
from scanners.probes import tls
from scanners.probes.fetching import Fetcher
from scanners.probes.network import Door
from scanners.probes.visit import Visit

NAMES = tuple(f"n{number}.viele.test" for number in range(12))
PLAN = Plan(zones=(Zone(name="viele.test"),), sites=(Site(host="viele.test", aliases=NAMES),))


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


def test_idle_connections_of_one_probe_leave_room_at_a_shared_address_for_another(running, at):
    async def scan():
        door = Door(running.network())
        fetcher = Fetcher(door)
        visit = Visit(door=door, fetcher=fetcher, at=at, hosts=NAMES)
        try:
            for scheme in ("https", "http"):
                await asyncio.gather(*(fetcher.fetch(f"{scheme}://{name}/") for name in NAMES))
            async with asyncio.timeout(20):
                return await tls.tls_handshakes(visit, NAMES[0])
        finally:
            await fetcher.aclose()
            await door.aclose()

    assert "TLSv1.3" in asyncio.run(scan()).accepted
