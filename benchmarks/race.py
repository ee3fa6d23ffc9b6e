"""The race: our scanner and the others against the same hosts behind the same delayed link, in the same minutes.

`python -m benchmarks scanning [--runs N] [--only PART …]`. Prints each bound with what was measured and met / not met.
"""

import argparse
import datetime as dt
import itertools
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from benchmarks import delaying, hosts, peers
from benchmarks.delaying import DelayedLink, NoLink
from benchmarks.hosts import Far
from benchmarks.peers import Peer, Peers, Ran
from portal.jobs.scanner import Starter
from scanners import judging, scan, storing
from scanners.catalogue import CHECKS
from scanners.jobs import Finished, ScanJob, SubjectSeen
from scanners.model import CheckClass, Observations, Outcome, Subject
from scanners.observations import TlsHandshakes
from scanners.parsing import tls_names

ROUND_TRIPS = (0.0, 0.02, 0.08)
WALL_BOUNDS: Mapping[float, float] = {0.0: 0.25, 0.08: 0.08}
RUNS = 3
CORES = 2
HOSTS_AN_HOUR = 10_000
SCANS_IN_A_ROW = 2_000
THROUGHPUT_SECONDS = 60.0
MEMORY_SECONDS = 90.0
MEMORY_GROWTH = 16 * 1024  # KiB over 2,000 scans that still count as flat
MULTI_HOSTS = 10
SCANS_AT_ONCE = 4  # as a worker has it
BESIDE = 1.25  # a scan beside hostile ones may take so much longer and be within what runs differ by
SUITE_CONNECTIONS, AT_ONCE = 220, 16
# What our probe asks as well: suites of every version, groups, compression, renegotiation, extended master secret.
SUITE_FLAGS = (
    *("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3"),
    *("--elliptic_curves", "--compression", "--reneg", "--ems"),
)
SSLYZE_VERSIONS: Mapping[str, str] = {
    "ssl_3_0": "SSLv3",
    "tls_1_0": "TLSv1.0",
    "tls_1_1": "TLSv1.1",
    "tls_1_2": "TLSv1.2",
    "tls_1_3": "TLSv1.3",
}
OPENSSL_VERSIONS: Mapping[str, ssl.TLSVersion] = {
    "TLSv1.0": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
STARTER = (sys.executable, "-m", "scanners.starting")
OUR_CHILD = (sys.executable, "-m", "scanners.child")
OUR_SCAN = (sys.executable, "-m", "benchmarks.one_scan")


@dataclass(kw_only=True)
class Course:
    """What all parts of the race share."""

    link: DelayedLink
    far: Far
    peers: Peers
    runs: int
    folder: Path
    starter: Starter = field(default_factory=lambda: Starter(STARTER))
    verdicts: list[tuple[str, str, str, bool | None]] = field(default_factory=list)

    def bound(self, what: str, found: str, wanted: str, *, met: bool | None) -> None:
        """Enter one line of the last table; None where it could not be measured."""
        self.verdicts.append((what, found, wanted, met))

    def job(self, *names: str, kinds: tuple[str, ...] = ()) -> str:
        """A job for our own processes, as one line."""
        at = dt.datetime.now(dt.UTC).replace(microsecond=0)
        return json.dumps(storing.dump_job(ScanJob(hosts=names, at=at, network=self.far.network, kinds=kinds))) + "\n"

    def terminal(self, *names: str) -> tuple[str, ...]:
        """Our scanner from a terminal, as a person would start it here."""
        network = self.far.network
        return (
            *(sys.executable, "-m", "scanners", *names, "--json"),
            *("--resolver", network.resolver[0], "--allow-network", network.allowed_networks[0]),
            *("--permit-suffix", network.permitted_suffixes[0], "--trust", str(self.folder / "trust.pem")),
            *("--contact-url", network.contact_url),
        )

    def clear(self) -> None:
        """Forget what crossed the link so far."""
        self.link.traffic()
        self.far.asked()


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One scan as the portal's worker runs it: a fork of its starter, and the judgement here."""

    wall: float
    cpu: float
    first: float  # seconds until something could be judged
    findings: int
    seen: Mapping[Subject, Observations]


def _as_the_worker(course: Course, *names: str, kinds: tuple[str, ...] = ()) -> Heard:
    begin, own = time.perf_counter(), time.thread_time()
    begun = course.starter.begin()
    begun.orders.write(course.job(*names, kinds=kinds).encode())
    begun.orders.flush()
    first = float("inf")
    seen: dict[Subject, Observations] = {}
    for line in begun.told:
        event = storing.load_event(json.loads(line))
        if isinstance(event, SubjectSeen):
            seen[event.observations.subject] = event.observations
            if first == float("inf") and _is_known(judging.judge([event.observations])):
                first = time.perf_counter() - begin
        elif isinstance(event, Finished):
            break
    findings = judging.judge(seen.values())
    text = json.dumps([storing.dump_finding(one) for one in findings])
    wall, own = time.perf_counter() - begin, time.thread_time() - own
    begun.orders.close()
    begun.told.close()
    return Heard(
        wall=wall, cpu=own + cast("float", begun.bury()), first=first, findings=text.count("check_id"), seen=seen
    )


def main(arguments: Sequence[str]) -> int:
    """Install, run, print; 0 when every bound that could be measured is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks scanning", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each figure (default {RUNS})")
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=list(PARTS), help="parts of the race")
    parser.add_argument("--peers", metavar="DIR", help="keep the other scanners there for the next time")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="race-") as made:
        folder = Path(made)
        # As installed: with compiled modules, whatever this shell says of them.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
        others = Peers(Path(options.peers) if options.peers else folder / "peers")
        print("Installing the other scanners from the registries …", flush=True)
        others.install()
        try:
            with delaying.link(hosts.serve) as (link, talk):
                course = Course(link=link, far=Far(talk), peers=others, runs=max(1, options.runs), folder=folder)
                _furnish(course)
                for name in options.only:
                    print(f"\n== {name}", flush=True)
                    PARTS[name](course)
                return _conclude(course)
        except NoLink as error:
            print(f"No delayed link can be made here ({error}): nothing was measured.")
            return 1


def _furnish(course: Course) -> None:
    pem = course.far.network.trust_roots_pem
    (course.folder / "trust.pem").write_text(pem)
    course.peers.trust(course.folder / "trust.pem")
    resolver = course.folder / "resolv.conf"
    resolver.write_text(f"nameserver {course.far.network.resolver[0]}\n")
    delaying.put_file(resolver, os.path.realpath("/etc/resolv.conf"))
    for peer in course.peers.all():
        print(f"{peer.name} {peer.version}: {'left out: ' + peer.missing if peer.missing else 'runs'}", flush=True)
    peers.run(course.terminal(hosts.HOST))  # compiles


def _conclude(course: Course) -> int:
    print("\n== bounds")
    print(_table(("what", "measured", "bound", ""), [(*line[:3], _word(met=line[3])) for line in course.verdicts]))
    return 0 if all(met is not False for *_line, met in course.verdicts) else 1


def _word(*, met: bool | None) -> str:
    return "not measured" if met is None else "met" if met else "NOT MET"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def others(course: Course) -> None:
    """Scanners that are no part of S4, each once."""
    course.link.set_round_trip(0.02)
    for peer in (course.peers.sslscan, course.peers.testssl, course.peers.cryptolyzer):
        if peer.missing:
            continue
        ran = peers.run((*peer.command, hosts.HOST), environment=peer.environment)
        print(f"{peer.name} at 20 ms: {ran.wall:.2f} s, {ran.cpu:.2f} s of CPU, status {ran.status}", flush=True)


def _middle(times: Iterable[float]) -> float:
    return float(statistics.median(times))


def _median(runs: Iterable[Ran], of: str = "wall") -> float:
    return float(statistics.median(getattr(one, of) for one in runs))


# --- one host ----------------------------------------------------------------------------------


def one_host(course: Course) -> None:
    """All passive and standard checks of one host, beside sslyze, checkdmarc, observatory and retire."""
    scripts = course.folder / "scripts"
    scripts.mkdir(exist_ok=True)
    for number, _path in enumerate(hosts.SCRIPTS):
        (scripts / f"part-{number}.js").write_text(hosts.SCRIPT)
    contestants: dict[str, tuple[Peer | None, tuple[str, ...]]] = {
        "ours, from a terminal": (None, course.terminal(hosts.HOST)),
        "sslyze": (course.peers.sslyze, (hosts.HOST,)),
        "checkdmarc": (course.peers.checkdmarc, (hosts.DOMAIN,)),
        "observatory": (course.peers.observatory, (hosts.HOST,)),
        "retire": (course.peers.retire, (str(scripts),)),
    }
    rows = []
    for round_trip in ROUND_TRIPS:
        course.link.set_round_trip(round_trip)
        heard: list[Heard] = []
        ran: defaultdict[str, list[Ran]] = defaultdict(list)
        spent: dict[str, str] = {}
        for _run in range(course.runs):
            heard.append(_as_the_worker(course, hosts.HOST))
            for name, (peer, arguments) in contestants.items():
                if peer is not None and peer.missing:
                    continue
                course.clear()
                one = (
                    peers.run((*peer.command, *arguments), environment=peer.environment)
                    if peer
                    else peers.run(arguments)
                )
                ran[name].append(one)
                traffic, asked = course.link.traffic(), course.far.asked()
                requests = sum(kind in {"http", "https"} for kind, _host, _what in asked)
                spent[name] = f"{traffic.opened(443)} TLS, {requests} HTTP, {traffic.queries} DNS"
                if peer is not None and one.status not in peer.statuses:
                    peer.missing = f"ended with {one.status}: {(one.errors or one.out).strip()[-120:]}"
                    print(f"left out of S4: {name}: {peer.missing}")
                    del ran[name]
        milliseconds = round(round_trip * 1000)
        summed = [name for name in ran if not name.startswith("ours")]
        wall = sum(_median(ran[name]) for name in summed)
        cpu = sum(_median(ran[name], "cpu") for name in summed)
        rows += [
            (f"{milliseconds} ms", name, f"{_median(runs):.2f}", f"{_median(runs, 'cpu'):.2f}", spent[name])
            for name, runs in ran.items()
        ]
        rows.append((f"{milliseconds} ms", "S4", f"{wall:.2f}", f"{cpu:.2f}", " + ".join(summed)))
        if not summed:
            continue
        worker = (_middle(one.wall for one in heard), _middle(one.cpu for one in heard))
        note = f"{heard[-1].findings} findings"
        rows.append((f"{milliseconds} ms", "ours, by the worker", f"{worker[0]:.2f}", f"{worker[1]:.2f}", note))
        anew = (_median(ran["ours, from a terminal"]), _median(ran["ours, from a terminal"], "cpu"))
        for how, (our_wall, our_cpu) in (("by the worker", worker), ("from a terminal", anew)):
            where = f"one host at {milliseconds} ms, {how}"
            if round_trip in WALL_BOUNDS:
                most, ratio = WALL_BOUNDS[round_trip], our_wall / wall
                course.bound(f"{where}: wall / S4", f"{ratio:.3f}", f"<= {most}", met=ratio <= most)
            course.bound(f"{where}: CPU / S4's", f"{our_cpu / cpu:.3f}", "<= 0.15", met=our_cpu / cpu <= 0.15)
    print(_table(("round trip", "who", "wall s", "CPU s", "spent"), rows))


# --- suites ------------------------------------------------------------------------------------


def suites(course: Course) -> None:
    """Which suites a server takes in each version: the same sets as sslyze finds, and in what time."""
    sslyze = course.peers.sslyze
    found = course.folder / "sslyze.json"
    rows = []
    for round_trip in ROUND_TRIPS:
        course.link.set_round_trip(round_trip)
        for host in (hosts.HOST, hosts.OLD_HOST):
            heard, theirs = [], []
            where = f"suites of {host.partition('.')[0]} at {round(round_trip * 1000)} ms"
            for _run in range(course.runs if round_trip else 1):
                course.clear()
                heard.append(_as_the_worker(course, host, kinds=(TlsHandshakes.__name__,)))
                traffic = course.link.traffic()
                if not sslyze.missing:
                    flags = (*SUITE_FLAGS, "--mozilla_config=disable", f"--json_out={found}", "--quiet")
                    theirs.append(peers.run((*sslyze.command, *flags, host)))
            made, at_once = traffic.opened(443), max(traffic.at_once.values(), default=0)
            ours = _middle(one.wall for one in heard)
            rows.append((where, f"{ours:.2f}", f"{_median(theirs):.2f}" if theirs else "-", str(made), str(at_once)))
            met = made <= SUITE_CONNECTIONS and at_once <= AT_ONCE
            course.bound(f"{where}: connections, at once", f"{made}, {at_once}", "<= 220, <= 16", met=met)
            if theirs:
                if round_trip == ROUND_TRIPS[-1]:
                    ratio = ours / _median(theirs)
                    course.bound(
                        f"{where}, by the worker: wall / sslyze's", f"{ratio:.3f}", "<= 0.08", met=ratio <= 0.08
                    )
                _compare(course, where, host, _our_suites(heard[-1]), json.loads(found.read_text()))
    print(_table(("what", "ours s", "sslyze s", "connections", "at once"), rows))


def _our_suites(heard: Heard) -> dict[str, set[str]]:
    shakes = next(found for one in heard.seen.values() if (found := one.find(TlsHandshakes)))
    return {version: set(names) for version, names in shakes.suites.items()}


def _compare(course: Course, where: str, host: str, ours: Mapping[str, set[str]], document: Any) -> None:
    result = document["server_scan_results"][0]["scan_result"]
    differing, extras, proven = [], 0, 0
    for key, version in SSLYZE_VERSIONS.items():
        heard = result[f"{key}_cipher_suites"]["result"]
        accepted = {one["cipher_suite"]["name"] for one in heard["accepted_cipher_suites"]}
        known = accepted | {one["cipher_suite"]["name"] for one in heard["rejected_cipher_suites"]}
        mine = ours.get(version, set())
        we_know = {tls_names.suite_names()[code] for code in tls_names.suites_for(_version_code(version))}
        both = known & we_know
        differing += [f"{version} {name}" for name in sorted((mine & both) ^ (accepted & both))]
        for name in sorted(mine - accepted - both):
            extras += 1
            proven += _handshake_completes(host, version, name)
    course.bound(f"{where}: set differs from sslyze's", ", ".join(differing) or "nowhere", "nowhere", met=not differing)
    course.bound(f"{where}: extras proven", f"{proven} of {extras}", "all", met=proven == extras)


def _version_code(version: str) -> int:
    return next(code for code, name in tls_names.VERSIONS.items() if name == version)


def _handshake_completes(host: str, version: str, suite: str) -> bool:
    """One whole handshake of OpenSSL's with this suite alone."""
    listing = ("openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    listed = subprocess.run(listing, check=False, capture_output=True, text=True).stdout.splitlines()
    names = {line.split()[0]: line.split()[2] for line in listed if len(line.split()) > 2}
    if version not in OPENSSL_VERSIONS or suite not in names:
        return False
    flag = {"TLSv1.0": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}[version]
    chosen = ["-ciphersuites", suite] if version == "TLSv1.3" else ["-cipher", f"{names[suite]}:@SECLEVEL=0"]
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{host}:443", "-servername", host, flag, *chosen],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
    )
    return f"Cipher is {names[suite]}" in done.stdout


# --- the first finding -------------------------------------------------------------------------


def first_finding(course: Course) -> None:
    """From the moment a scan is begun to its first line from which something can be judged."""
    rows = []
    for round_trip in ROUND_TRIPS:
        course.link.set_round_trip(round_trip)
        anew = _middle(_first_anew(course) for _run in range(course.runs + 2))
        forked = _middle(_as_the_worker(course, hosts.HOST).first for _run in range(course.runs + 2))
        most = 5 * round_trip + 0.15
        where = f"first finding at {round(round_trip * 1000)} ms"
        rows.append((where, f"{forked:.3f}", f"{anew:.3f}"))
        for how, took in (("by the worker", forked), ("started anew", anew)):
            course.bound(f"{where}, {how}", f"{took:.3f} s", f"<= {most:.2f} s", met=took <= most)
    print(_table(("what", "by the worker s", "started anew s"), rows))


def _first_anew(course: Course) -> float:
    start = time.perf_counter()
    with subprocess.Popen(OUR_CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(course.job(hosts.HOST))
        child.stdin.flush()
        took = float("inf")
        for line in child.stdout:
            event = storing.load_event(json.loads(line))
            if isinstance(event, SubjectSeen) and _is_known(judging.judge([event.observations])):
                took = time.perf_counter() - start
                break
        child.stdin.close()
        child.stdout.read()
    return took


def _is_known(findings: Iterable[Any]) -> bool:
    return any(one.outcome not in {Outcome.UNKNOWN, Outcome.ERROR, Outcome.NOT_APPLICABLE} for one in findings)


# --- many hosts --------------------------------------------------------------------------------


def ten_hosts(course: Course) -> None:
    """Ten hosts in one run, beside sslyze's own run of ten."""
    course.link.set_round_trip(ROUND_TRIPS[-1])
    names = hosts.MANY[:MULTI_HOSTS]
    sslyze = course.peers.sslyze
    ours, heard, theirs, at_once = [], [], [], 0
    for _run in range(course.runs):
        ours.append(peers.run(course.terminal(*names)))
        course.clear()
        heard.append(_as_the_worker(course, *names))
        at_once = max(at_once, *course.link.traffic().at_once.values())
        if not sslyze.missing:
            theirs.append(peers.run((*sslyze.command, *names)))
    by_worker, cpu = _middle(one.wall for one in heard), _middle(one.cpu for one in heard)
    print(f"ours, by the worker: {by_worker:.2f} s, {cpu:.2f} s of CPU, at most {at_once} connections to an address")
    print(f"ours, from a terminal: {_median(ours):.2f} s, {_median(ours, 'cpu'):.2f} s of CPU")
    if theirs:
        print(f"sslyze: {_median(theirs):.2f} s, {_median(theirs, 'cpu'):.2f} s of CPU")
        for how, wall in (("by the worker", by_worker), ("from a terminal", _median(ours))):
            ratio = wall / _median(theirs)
            what = f"{MULTI_HOSTS} hosts at 80 ms, {how}: wall / sslyze's"
            course.bound(what, f"{ratio:.3f}", "<= 0.12", met=ratio <= 0.12)


def an_hour(course: Course) -> None:
    """Hosts an hour, from a bounded run: each host a scan of its own, so many at once as a worker has threads."""
    course.link.set_round_trip(0.02)
    until = time.perf_counter() + THROUGHPUT_SECONDS
    turn = itertools.cycle(hosts.MANY)

    def scan_on() -> list[Heard]:
        heard = []
        while time.perf_counter() < until:
            heard.append(_as_the_worker(course, next(turn)))
        return heard

    start = time.perf_counter()
    with ThreadPoolExecutor(SCANS_AT_ONCE) as threads:
        heard = [one for own in threads.map(lambda _: scan_on(), range(SCANS_AT_ONCE)) for one in own]
    wall, cpu, done = time.perf_counter() - start, sum(one.cpu for one in heard), len(heard)
    by_clock, by_cpu = done / wall * 3600, CORES * 3600 * done / cpu
    print(
        f"{done} hosts in {wall:.0f} s, {SCANS_AT_ONCE} at once, on {os.cpu_count()} cores that also ran the servers "
        f"and the link: {by_clock:,.0f} an hour by the clock; {cpu / done:.2f} s of our CPU a host, "
        f"so {by_cpu:,.0f} an hour on {CORES} cores of our own (both extrapolated)"
    )
    met = by_clock >= HOSTS_AN_HOUR
    course.bound("hosts an hour at 20 ms, by the clock, servers beside", f"{by_clock:,.0f}", ">= 10,000", met=met)
    met = by_cpu >= HOSTS_AN_HOUR
    course.bound("hosts an hour at 20 ms, by our CPU on 2 cores", f"{by_cpu:,.0f}", ">= 10,000", met=met)


def memory(course: Course) -> None:
    """The memory of one process that scans again and again."""
    course.link.set_round_trip(0.0)
    limits = ("--repeat", str(SCANS_IN_A_ROW), "--seconds", str(MEMORY_SECONDS))
    held = json.loads(peers.run((*OUR_SCAN, *limits), given=course.job(hosts.HOST)).out)["memory"]
    if len(held) < 10:
        course.bound("memory over 2,000 scans", "too few scans", "flat", met=None)
        return
    settled = len(held) // 2  # caches fill in the first scans
    growth = (held[-1] - held[settled]) / (len(held) - 1 - settled) * SCANS_IN_A_ROW
    print(
        f"{len(held)} scans in one process: {held[0] / 1024:.0f} MiB after the first, "
        f"{held[len(held) // 2] / 1024:.0f} in the middle, {held[-1] / 1024:.0f} at the end"
    )
    extrapolated = "" if len(held) == SCANS_IN_A_ROW else ", extrapolated"
    course.bound(
        f"memory: growth over 2,000 scans{extrapolated}",
        f"{growth / 1024:.1f} MiB",
        f"<= {MEMORY_GROWTH / 1024:.0f} MiB",
        met=growth <= MEMORY_GROWTH,
    )


def hostile(course: Course) -> None:
    """A scan alone and the same scan while another process scans hostile hosts."""
    course.link.set_round_trip(0.02)
    alone, beside = [], []
    for _run in range(course.runs + 2):
        alone.append(peers.run(course.terminal(hosts.HOST)))
        with subprocess.Popen(OUR_CHILD, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as other:
            assert other.stdin is not None
            other.stdin.write(course.job(*hosts.HOSTILE))
            other.stdin.flush()
            time.sleep(1.0)
            beside.append(peers.run(course.terminal(hosts.HOST)))
            other.terminate()
    ratio = _median(beside) / _median(alone)
    print(f"alone {_median(alone):.2f} s, beside a scan of {len(hosts.HOSTILE)} hostile hosts {_median(beside):.2f} s")
    course.bound("a scan beside hostile hosts: wall / alone", f"{ratio:.2f}", f"<= {BESIDE}", met=ratio <= BESIDE)


# --- what each check costs ---------------------------------------------------------------------


def costs(course: Course) -> None:
    """What each probe spends when it is alone, and so what each check costs that nothing else needs."""
    course.link.set_round_trip(0.0)
    by_kind: dict[str, tuple[int, int, int]] = {}
    for kind, look in scan.PROBES.items():
        if look.check_class is CheckClass.ACTIVE:
            continue
        course.clear()
        peers.run((*OUR_SCAN, "--only", kind.__name__), given=course.job(hosts.HOST))
        traffic, asked = course.link.traffic(), course.far.asked()
        requests = sum(kind in {"http", "https"} for kind, _host, _what in asked)
        by_kind[kind.__name__] = (traffic.queries, traffic.opened(443) + traffic.opened(25), requests)
    rows: list[tuple[str, ...]] = [(name, *map(str, cost)) for name, cost in by_kind.items()]
    print(_table(("observation, alone", "queries", "handshakes", "requests"), rows))
    print()
    lines: list[tuple[str, ...]] = []
    for check in CHECKS.values():
        needs = [kind.__name__ for kind in check.needs]
        spent = [by_kind.get(name) for name in needs]
        if None in spent:
            lines.append((check.id, ", ".join(needs), "-", "-", "-", "active"))
            continue
        total = [sum(one[place] for one in spent if one) for place in range(3)]
        lines.append((check.id, ", ".join(needs), *map(str, total), str(check.check_class)))
    print(_table(("check, alone", "needs", "queries", "handshakes", "requests", "class"), lines))
    print("Observations are shared: a check whose observations others need as well costs nothing more.")


PARTS: Mapping[str, Callable[[Course], None]] = {
    "one-host": one_host,
    "suites": suites,
    "first-finding": first_finding,
    "ten-hosts": ten_hosts,
    "hour": an_hour,
    "memory": memory,
    "hostile": hostile,
    "costs": costs,
    "others": others,
}
