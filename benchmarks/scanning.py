"""One host scanned on loopback: wall, CPU, first finding; beside it the bare connections it makes."""

import asyncio
import datetime as dt
import resource
import ssl
import statistics
import time

from benchmarks.measuring import Figure, beside
from portal.demonstration.plans import Exchanger, Plan, Site, Zone
from portal.demonstration.servers import Running, Servers
from scanners import judging, scan
from scanners.jobs import Finished, ScanJob, SubjectSeen

HOST = "portal.benchmark.test"


def plan() -> Plan:
    """A well-run host with its zone and mail."""
    return Plan(
        zones=(Zone(name="benchmark.test", records='@ MX 10 mx\n@ TXT "v=spf1 mx -all"'),),
        sites=(Site(host=HOST),),
        exchangers=(Exchanger(host="mx.benchmark.test"),),
    )


def figures(runs: int) -> list[Figure]:
    """Whole scans in this process, probes and judgements, against real servers."""
    at = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with Servers(plan(), at=at) as running:
        scan_once(running, at)
        walls, firsts, cpus, connections, found = [], [], [], 0, 0
        for _run in range(runs):
            before = resource.getrusage(resource.RUSAGE_SELF)
            wall, first, connections, found = scan_once(running, at)
            after = resource.getrusage(resource.RUSAGE_SELF)
            walls.append(wall)
            firsts.append(first)
            cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        bare = [bare_connections(running, connections) for _run in range(runs)]
    bound = _figure(f"{connections} bare TLS handshakes, one after the other", bare, runs)
    wall = _figure("scan of one host: wall", walls, runs, note=f"{connections} connections, {found} findings")
    cpu = _figure("scan of one host: CPU, servers' included", cpus, runs)
    return [beside(wall, bound), cpu, _figure("scan of one host: first finding", firsts, runs), bound]


def scan_once(running: Running, at: dt.datetime) -> tuple[float, float, int, int]:
    """Seconds in all, seconds to the first finding, connections, findings."""

    async def run() -> tuple[float, float, int, int]:
        start = time.perf_counter()
        first, connections = 0.0, 0
        latest = {}
        async for event in scan.observe(ScanJob(hosts=(HOST,), at=at, network=running.network())):
            match event:
                case SubjectSeen(observations=seen):
                    latest[seen.subject] = seen
                    if not first and judging.judge([seen]):
                        first = time.perf_counter() - start
                case Finished(connections=made):
                    connections = made
                case _:
                    pass
        found = judging.judge(latest.values())
        return time.perf_counter() - start, first, connections, len(found)

    return asyncio.run(run())


def bare_connections(running: Running, count: int) -> float:
    """The physical bound of a patient scanner: as many connections with a full TLS handshake, one by one."""
    context = ssl.create_default_context(cadata=running.trust_roots_pem)
    address, port = running.addresses[HOST], running.port_map[443]

    async def run() -> None:
        for _connection in range(count):
            _reader, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=HOST)
            writer.close()

    start = time.perf_counter()
    asyncio.run(run())
    return time.perf_counter() - start


def _figure(what: str, times: list[float], runs: int, note: str = "") -> Figure:
    return Figure(what=what, seconds=statistics.median(times), spread=(min(times), max(times)), runs=runs, note=note)
