"""Hostile hosts in real scans: each gets its verdict, nothing breaks or grows, and who stands beside loses nothing."""

import contextlib
import datetime as dt
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from portal.demonstration.authority import Authority
from portal.demonstration.plans import CertificateKind, Exchanger, KeyKind, Plan, Reply, Site, Zone
from portal.demonstration.servers import Servers
from scanners import judging, storing
from scanners.jobs import Finished, NetworkSettings, ScanJob, SubjectSeen
from scanners.model import Observations, Subject
from scanners.observations import Blind, CertificateChain, Observation, Page, Reason, TlsHandshakes
from tests.loopback import hostile, hostile_cases
from tests.loopback.hostile_cases import Case

MOST_MEMORY = 256 * 1024  # kB of the child (SECURITY: budgets of a scan)
CLEAN = "portal.sauber.test"
SHORT, LONG = 8.0, 110.0  # deadlines: where hosts stall, and where all end by themselves
ROOT = Path(__file__).resolve().parents[2]
PARTIAL = b'{"event":"seen","complete":false'
SPARE = 10.0  # seconds after the deadline in which a child on a busy machine has told everything

PLAN = Plan(
    zones=(Zone(name="sauber.test", records='@ MX 10 mx\n@ TXT "v=spf1 mx -all"\n_dmarc TXT "v=DMARC1; p=reject"'),),
    sites=(Site(host=CLEAN, pages={"/": Reply(body="<!doctype html><title>Portal</title>")}),),
    exchangers=(Exchanger(host="mx.sauber.test"),),
)


@dataclass
class Watched:
    """One child and everything it told."""

    seen: dict[Subject, Observations] = field(default_factory=dict, repr=False)
    finished: Finished | None = None
    most_memory: int = 0  # kB
    wall: float = 0.0
    status: int | None = None


def scan(job: ScanJob) -> Watched:
    """A scan as the worker starts it, watched from outside; every line is read as the worker reads it."""
    watched = Watched()
    started = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-I", "-m", "scanners.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
    )
    assert child.stdin is not None and child.stdout is not None
    watching = threading.Thread(target=_watch, args=(child.pid, watched), daemon=True)
    watching.start()
    rescue = threading.Timer(job.seconds + SPARE, child.kill)
    rescue.start()
    child.stdin.write(json.dumps(storing.dump_job(job)).encode() + b"\n")
    child.stdin.flush()
    # Read when all is over: the hostile servers live in this process too, and must not wait for its reading.
    lines = [line for line in child.stdout if not line.startswith(PARTIAL)]
    watched.wall = time.monotonic() - started
    child.stdin.close()
    child.stdout.close()
    watched.status = child.wait()
    rescue.cancel()
    watching.join()
    for line in lines:
        event = storing.load_event(json.loads(line))
        if isinstance(event, SubjectSeen):
            watched.seen[event.observations.subject] = event.observations
        elif isinstance(event, Finished):
            watched.finished = event
    return watched


def _watch(pid: int, watched: Watched) -> None:
    """The high-water mark of its memory; the kernel keeps it, so that the last look knows of every moment before."""
    with contextlib.suppress(OSError, IndexError, StopIteration):
        while True:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            peak = next(line for line in lines if line.startswith("VmHWM"))
            watched.most_memory = max(watched.most_memory, int(peak.split()[1]))
            time.sleep(0.01)


@pytest.fixture(scope="module")
def network(at: dt.datetime) -> Iterator[NetworkSettings]:
    """The clean servers and the hostile ones, behind a resolver that knows both."""
    authority = Authority(at=at)

    def issue(host: str) -> tuple[str, str]:
        domain = host.partition(".")[2]
        issued = authority.issue((host, f"*.{domain}"), kind=CertificateKind.GOOD, key_kind=KeyKind.EC_P256)
        return issued.chain_pem.decode(), issued.key_pem.decode()

    with Servers(PLAN, at=at, authority=authority) as running:
        told = {
            "ports": dict(running.port_map),
            "resolver": running.resolver[0],
            "resolver_port": running.resolver_port,
            "trusted": {case.host: issue(case.host) for case in hostile_cases.CASES},
        }
        servers = subprocess.Popen(
            [sys.executable, "-m", "tests.loopback.hostile_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert servers.stdin is not None and servers.stdout is not None
        servers.stdin.write(json.dumps(told).encode() + b"\n")
        servers.stdin.flush()
        try:
            assert servers.stdout.readline() == b"ready\n"
            yield replace(running.network(), resolver=(hostile.FRONT,))
        finally:
            servers.stdin.close()
            servers.stdout.close()
            servers.wait(20)


@pytest.fixture(scope="module")
def alone(network: NetworkSettings, at: dt.datetime) -> Mapping[tuple[Subject, str], str]:
    """What the clean host is judged to be when nobody disturbs."""
    watched = scan(ScanJob(hosts=(CLEAN,), at=at, network=network, seconds=LONG))
    assert watched.finished is not None and watched.finished.reason is None
    clean = next(seen for seen in watched.seen.values() if seen.subject.name == CLEAN)
    assert not {Page, TlsHandshakes, CertificateChain} & set(reasons(clean))
    return outcomes(watched)


def outcomes(watched: Watched) -> dict[tuple[Subject, str], str]:
    clean = [one for subject, one in watched.seen.items() if subject.name in {CLEAN, "sauber.test"}]
    return {(finding.subject, finding.check_id): str(finding.outcome) for finding in judging.judge(clean)}


def reasons(seen: Observations) -> dict[type[Observation], Reason]:
    return {kind: fact.reason for kind, fact in seen.facts().items() if isinstance(fact, Blind)}


def unmet(case: Case, watched: Watched) -> list[str]:
    """Where the verdict is not the one of the table."""
    domain = case.host.partition(".")[2]
    sights = [seen.facts() for subject, seen in watched.seen.items() if subject.name in {case.host, domain}]
    wrong = []
    for kind, verdict in case.expected.items():
        found = next((facts[kind] for facts in sights if kind in facts), None)
        choice = verdict if isinstance(verdict, tuple) else (verdict,)
        if not any(holds(one, found) for one in choice):
            wrong.append(f"{case.name}: {found!r:.300} is not {verdict}")
    return wrong


def holds(verdict: Reason | Callable[[Any], bool], found: Observation | None) -> bool:
    if isinstance(found, Blind) or isinstance(verdict, Reason):
        return isinstance(found, Blind) and found.reason is verdict
    return found is not None and verdict(found)


@pytest.mark.parametrize("group", hostile_cases.GROUPS)
def test_hostile_hosts_get_their_verdict_and_harm_nobody(
    group: str, network: NetworkSettings, at: dt.datetime, alone: Mapping[tuple[Subject, str], str]
) -> None:
    job = ScanJob(hosts=(CLEAN,), at=at, network=network, seconds=LONG)
    cases, trouble = hostile_cases.GROUPS[group], list[str]()
    # A machine that is busy with everything else turns answers into timeouts: what is amiss is looked at once more.
    for _attempt in range(2):
        trouble = look(job, cases, alone)
        cases = tuple(case for case in cases if any(line.startswith(f"{case.name}: ") for line in trouble))
        if not trouble:
            break

    assert not trouble, "\n".join(trouble)


def look(job: ScanJob, cases: tuple[Case, ...], alone: Mapping[tuple[Subject, str], str]) -> list[str]:
    """One scan of these hosts and the clean one, and one of the clean host beside it; what is not as it should be."""
    beside: list[Watched] = []
    other = threading.Thread(target=lambda: beside.append(scan(job)))
    other.start()
    stalls = any(case.stalls for case in cases)
    hosts = (*(case.host for case in cases), CLEAN)
    watched = scan(replace(job, hosts=hosts, seconds=SHORT if stalls else LONG))
    other.join()

    # No busy machine excuses these.
    assert watched.status == 0 and watched.finished is not None
    assert watched.most_memory < MOST_MEMORY
    crashed = [seen.subject.name for seen in watched.seen.values() if Reason.CRASHED in reasons(seen).values()]
    assert crashed == []
    assert beside[0].finished is not None and beside[0].finished.reason is None
    trouble = [wrong for case in cases for wrong in unmet(case, watched)]
    if not stalls and watched.finished.reason is not None:
        trouble.append(f"the scan ended by {watched.finished.reason}")
    for name, clean in (("in the same scan", watched), ("beside it", beside[0])):
        found = outcomes(clean)
        changed = [str(key[1]) for key in alone if found.get(key) != alone[key]]
        # What nobody gave an answer in time is unknown, and where the deadline came first, nothing else may be changed.
        worse = [check for check in changed if not (stalls and clean is watched and found_unknown(found, check))]
        trouble += [f"the clean host {name}: {check}" for check in worse]
    return trouble


def found_unknown(found: Mapping[tuple[Subject, str], str], check: str) -> bool:
    return {outcome for (_subject, name), outcome in found.items() if name == check} <= {"unknown"}


def test_there_are_forty_of_them() -> None:
    assert len({case.name for case in hostile_cases.CASES}) >= 40
