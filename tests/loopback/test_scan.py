"""Whole scans of real servers: what streams, what ends them, and what one failure spoils."""

import asyncio
import dataclasses
import datetime as dt
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from portal.demonstration.plans import Behaviour, CertificateKind, Cleartext, Exchanger, Plan, Reply, Site, Tls, Zone
from portal.demonstration.servers import Running
from scanners import judging, scan, storing
from scanners.jobs import Finished, Knock, Progress, ScanEvent, ScanJob, SubjectSeen
from scanners.model import CheckClass, Observations, Outcome, Subject, SubjectKind
from scanners.observations import (
    Blind,
    ControlRecords,
    HostDns,
    MailDns,
    Observation,
    Page,
    Reason,
    TlsHandshakes,
    UnpublishedPaths,
    Vantage,
)
from scanners.probes.visit import Visit
from scanners.scan import PROBES, Look
from scanners.targets import BadTarget

OLDEST = ssl.TLSVersion.MINIMUM_SUPPORTED

PLAN = Plan(
    zones=(Zone(name="haus.test", records='@ MX 10 mx\n@ TXT "v=spf1 mx -all"\n@ CAA 0 issue "ca.test"'),),
    sites=(
        Site(host="portal.haus.test", pages={"/": Reply(body="<title>Portal</title>")}),
        Site(host="silent.haus.test", behaviour=Behaviour.SILENT),
        Site(host="endless.haus.test", behaviour=Behaviour.ENDLESS, tls=Tls(certificate=CertificateKind.EXPIRED)),
        Site(host="closed.haus.test", tls=None, cleartext=Cleartext.CLOSED),
    ),
    exchangers=(Exchanger(host="mx.haus.test"),),
)
HOST = Subject(kind=SubjectKind.HOST, name="portal.haus.test")
DOMAIN = Subject(kind=SubjectKind.DOMAIN, name="haus.test")


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return serve(PLAN)


def job(running: Running, at: dt.datetime, *hosts: str, **changes: Any) -> ScanJob:
    return ScanJob(hosts=hosts or ("portal.haus.test",), at=at, network=running.network(), **changes)


def run(a_job: ScanJob, **options: Any) -> list[ScanEvent]:
    async def collect() -> list[ScanEvent]:
        return [event async for event in scan.observe(a_job, **options)]

    return asyncio.run(collect())


def complete(events: list[ScanEvent]) -> dict[Subject, Observations]:
    return {
        event.observations.subject: event.observations
        for event in events
        if isinstance(event, SubjectSeen) and event.complete
    }


def reasons(seen: Observations) -> dict[type[Observation], Reason]:
    """Why something was not seen; that nobody set a registry to ask is no accident."""
    blind = {kind: fact.reason for kind, fact in seen.facts().items() if isinstance(fact, Blind)}
    return {kind: reason for kind, reason in blind.items() if reason is not Reason.NOT_CONFIGURED}


# --- what streams


def test_a_scan_sees_every_subject_whole_and_finishes(running: Running, at: dt.datetime) -> None:
    events = run(job(running, at))

    seen = complete(events)
    wanted = {kind for kind, look in PROBES.items() if look.check_class is not CheckClass.ACTIVE}
    assert set(seen) == {HOST, DOMAIN}
    assert set(seen[HOST].facts()) | set(seen[DOMAIN].facts()) == wanted | {Vantage}
    assert reasons(seen[HOST]) == {} and reasons(seen[DOMAIN]) == {}
    assert isinstance(events[-1], Finished)
    assert events[-1].reason is None
    assert 0 < events[-1].connections <= 320


def test_every_observation_carries_the_time_of_the_scan(running: Running, at: dt.datetime) -> None:
    for seen in complete(run(job(running, at))).values():
        assert {fact.at for fact in seen.facts().values()} == {at}


def test_progress_grows_to_the_total_and_each_subject_is_complete_once(running: Running, at: dt.datetime) -> None:
    events = run(job(running, at, "portal.haus.test", "silent.haus.test"), probes=only(HostDns, MailDns))

    done = [event.done for event in events if isinstance(event, Progress)]
    totals = {event.total for event in events if isinstance(event, Progress)}
    last = [event.observations.subject for event in events if isinstance(event, SubjectSeen) and event.complete]
    assert done == list(range(len(done)))
    assert totals == {3} == {done[-1]}
    assert len(last) == len(set(last)) == 3


def test_a_whole_scan_is_judged_without_a_gap_of_ours(running: Running, at: dt.datetime) -> None:
    findings = judging.judge(complete(run(job(running, at))).values())

    assert not [finding for finding in findings if finding.outcome is Outcome.ERROR]
    assert {finding.check_id for finding in findings if finding.outcome is Outcome.PASS} >= {
        "cert.chain-trust",
        "tls.protocol-legacy",
        "web.http-redirect",
    }


def test_a_scan_of_one_host_takes_about_a_second(running: Running, at: dt.datetime) -> None:
    started = time.monotonic()

    run(job(running, at))

    assert time.monotonic() - started < 20  # generous on a shared machine; the benchmark prints the real figure


def test_a_host_that_is_named_twice_is_looked_at_once(running: Running, at: dt.datetime) -> None:
    assert len(complete(run(job(running, at, "portal.haus.test", "PORTAL.haus.test."), probes=only(HostDns)))) == 1


def test_domains_of_mail_are_looked_at_beside_those_of_the_hosts(running: Running, at: dt.datetime) -> None:
    seen = complete(run(job(running, at, mail_domains=("post.test",)), probes=only(MailDns)))

    assert {subject.name for subject in seen} == {"haus.test", "post.test"}


# --- classes


def test_active_probes_run_only_with_the_active_class(running: Running, at: dt.datetime) -> None:
    before = len(running.contacts)
    without = complete(run(job(running, at), probes=only(UnpublishedPaths)))
    asked = [one for one in running.contacts[before:] if one.kind == "https"]
    with_it = complete(run(job(running, at, classes=frozenset(CheckClass)), probes=only(UnpublishedPaths)))

    assert without == {} and asked == []
    assert UnpublishedPaths in with_it[HOST].facts()


def test_a_passive_scan_shakes_no_extra_hands(running: Running, at: dt.datetime) -> None:
    seen = complete(run(job(running, at, classes=frozenset({CheckClass.PASSIVE}))))

    assert TlsHandshakes not in seen[HOST].facts()
    assert Page in seen[HOST].facts()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "portal.haus.local", "https://portal.haus.test"])
def test_a_job_with_a_bad_target_opens_nothing(running: Running, at: dt.datetime, host: str) -> None:
    before = len(running.contacts)

    with pytest.raises(BadTarget):
        run(job(running, at, host))

    assert len(running.contacts) == before


# --- what ends it


def only(*kinds: type[Observation]) -> dict[type[Observation], Look]:
    return {kind: PROBES[kind] for kind in kinds}


async def sleeper(_visit: Visit, _name: str) -> Observation:
    await asyncio.sleep(60)
    raise AssertionError


async def breaker(_visit: Visit, _name: str) -> Observation:
    raise RuntimeError("the target's own words")


def with_probe(kind: type[Observation], probe: Any, **changes: Any) -> dict[type[Observation], Look]:
    return {**only(HostDns, Page), kind: dataclasses.replace(PROBES[kind], probe=probe, **changes)}


def test_a_crash_blinds_only_its_own_observation(running: Running, at: dt.datetime) -> None:
    seen = complete(run(job(running, at), probes=with_probe(TlsHandshakes, breaker)))[HOST]

    assert reasons(seen) == {TlsHandshakes: Reason.CRASHED}
    blind = seen.blindness(TlsHandshakes)
    assert blind is not None
    assert blind.detail.startswith("RuntimeError in ") and "words" not in blind.detail


def test_a_slow_probe_times_out_alone(running: Running, at: dt.datetime) -> None:
    seen = complete(run(job(running, at), probes=with_probe(TlsHandshakes, sleeper, seconds=0.2)))[HOST]

    assert reasons(seen) == {TlsHandshakes: Reason.TIMEOUT}


def test_the_deadline_ends_the_scan_with_what_was_seen(running: Running, at: dt.datetime) -> None:
    started = time.monotonic()
    events = run(job(running, at, seconds=1.0), probes=with_probe(TlsHandshakes, sleeper))

    assert time.monotonic() - started < 20  # the probe would sleep for a minute
    assert reasons(complete(events)[HOST]) == {TlsHandshakes: Reason.DEADLINE}
    assert events[-1] == dataclasses.replace(events[-1], reason=Reason.DEADLINE)


def test_a_stop_ends_the_scan_at_once(running: Running, at: dt.datetime) -> None:
    async def stopped() -> list[ScanEvent]:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.5, stop.set)
        events = scan.observe(job(running, at), stop=stop, probes=with_probe(TlsHandshakes, sleeper))
        return [event async for event in events]

    started = time.monotonic()
    events = asyncio.run(stopped())

    assert time.monotonic() - started < 20  # the probe would sleep for a minute
    assert reasons(complete(events)[HOST]) == {TlsHandshakes: Reason.STOPPED}
    assert isinstance(events[-1], Finished) and events[-1].reason is Reason.STOPPED


def test_who_leaves_the_stream_early_leaves_nothing_running(running: Running, at: dt.datetime) -> None:
    async def leave() -> set[str]:
        events: AsyncIterator[ScanEvent] = scan.observe(job(running, at), probes=with_probe(TlsHandshakes, sleeper))
        async for _event in events:
            break
        await events.aclose()  # type: ignore[attr-defined]
        return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}

    assert asyncio.run(leave()) == set()


def test_hosts_that_fail_fail_each_for_itself(running: Running, at: dt.datetime) -> None:
    seen = complete(run(job(running, at, "endless.haus.test", "closed.haus.test", "nobody.haus.test")))
    by_name = {subject.name: one for subject, one in seen.items()}

    assert by_name["endless.haus.test"][Page].document.cut
    assert reasons(by_name["closed.haus.test"])[Page] is Reason.REFUSED
    assert reasons(by_name["nobody.haus.test"])[Page] is Reason.NAME_NOT_FOUND
    assert by_name["nobody.haus.test"][HostDns].exists is False
    assert Reason.CRASHED not in {reason for one in seen.values() for reason in reasons(one).values()}


# --- the process of its own


def child(
    running: Running, at: dt.datetime, *hosts: str, after: str = "", keep_open: bool = True
) -> tuple[int, list[ScanEvent], str]:
    document = json.dumps(storing.dump_job(job(running, at, *hosts)))
    environment = {**os.environ, "DATABASE_URL": "postgresql://geheim", "KETTENBLICK_SECRET": "geheim"}
    with subprocess.Popen(
        [sys.executable, "-m", "scanners.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(document + "\n" + after)
        process.stdin.flush()
        if not keep_open:
            process.stdin.close()
        events = [storing.load_event(json.loads(line)) for line in process.stdout]
        complaint = process.stderr.read()
    return process.returncode, events, complaint


def test_a_child_process_streams_the_scan_as_lines(running: Running, at: dt.datetime) -> None:
    code, events, complaint = child(running, at)

    assert (code, complaint) == (0, "")
    assert set(complete(events)) == {HOST, DOMAIN}
    assert isinstance(events[-1], Finished) and events[-1].reason is None


def test_a_child_stops_when_it_is_told_to_or_left_alone(running: Running, at: dt.datetime) -> None:
    for told in ({"after": "stop\n"}, {"keep_open": False}):
        code, events, _complaint = child(running, at, "silent.haus.test", **told)  # type: ignore[arg-type]

        assert code == 0
        assert isinstance(events[-1], Finished) and events[-1].reason is Reason.STOPPED
        assert events[-1].seconds < 8  # by its own clock: how long a process takes to begin is the machine's affair


@pytest.mark.parametrize("line", ["", "{}", "no json", '{"schema": 1}', "[" * 100_000])
def test_a_child_refuses_what_is_no_job(line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scanners.child"], input=line + "\n", capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bad job: ")


def test_a_child_forgets_the_environment_and_is_limited() -> None:
    script = (
        "import os, resource, scanners.child as c; c._limit();"
        "limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_CORE)];"
        "print(sorted(os.environ), *limits)"
    )
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": "x", "SECRET_KEY": "y"}

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)

    assert done.stdout.split() == ["['PATH']", str(1 << 30), "0"]


def test_a_killed_child_ends_its_line_of_events(running: Running, at: dt.datetime) -> None:
    document = json.dumps(storing.dump_job(job(running, at, "silent.haus.test")))
    with subprocess.Popen(
        [sys.executable, "-m", "scanners.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(document + "\n")
        process.stdin.flush()
        first = storing.load_event(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()

    assert isinstance(first, Progress)
    assert '"finished"' not in rest
    assert process.returncode == -signal.SIGKILL


# --- one budget for all probes


CROWD = Plan(
    zones=(Zone(name="voll.test"),),
    sites=(
        Site(
            host="a.voll.test",
            aliases=("b.voll.test", "c.voll.test", "d.voll.test"),
            tls=Tls(lowest=OLDEST),
            pages={
                "/": Reply(body="".join(f'<script src="/{number}.js"></script>' for number in range(40))),
                **{f"/{number}.js": Reply(body="//x", content_type="text/javascript") for number in range(40)},
            },
        ),
    ),
)


@pytest.fixture(scope="module")
def crowd(serve: Callable[[Plan], Running]) -> Running:
    return serve(CROWD)


def test_idle_pages_never_keep_the_hellos_waiting(crowd: Running, at: dt.datetime) -> None:
    started = time.monotonic()

    seen = complete(run(job(crowd, at, "a.voll.test")))

    assert all(reasons(one) == {} for one in seen.values())
    assert time.monotonic() - started < 10


def test_hosts_behind_one_address_share_its_budget_fairly(crowd: Running, at: dt.datetime) -> None:
    events = run(job(crowd, at, "a.voll.test", "b.voll.test", "c.voll.test", "d.voll.test"))
    hosts = [one for subject, one in complete(events).items() if subject.kind is SubjectKind.HOST]

    assert len(hosts) == 4
    assert all(Page not in reasons(one) for one in hosts)
    assert all(one[TlsHandshakes].accepted for one in hosts)
    assert isinstance(events[-1], Finished) and events[-1].connections <= 320


# --- who lets it in


def test_a_scan_knocks_once_at_each_address_and_sees_nothing_where_it_is_refused(
    running: Running, at: dt.datetime
) -> None:
    knocks: list[Knock] = []

    async def doorman(knock: Knock) -> bool:
        knocks.append(knock)
        return knock.address != running.addresses["portal.haus.test"]

    seen = complete(run(job(running, at), doorman=doorman))

    assert [knock.address for knock in knocks].count(running.addresses["portal.haus.test"]) == 1
    assert reasons(seen[HOST])[Page] is Reason.BUDGET
    assert HostDns not in reasons(seen[HOST])


def test_the_active_class_looks_only_at_the_hosts_that_agreed(running: Running, at: dt.datetime) -> None:
    every = frozenset(CheckClass)

    nobody = complete(run(job(running, at, classes=every, active_hosts=(), active_domains=())))
    somebody = complete(run(job(running, at, classes=every, active_hosts=("portal.haus.test",), active_domains=())))

    assert UnpublishedPaths not in nobody[HOST].facts()
    assert UnpublishedPaths in somebody[HOST].facts()


def test_a_job_may_ask_for_one_kind_alone(running: Running, at: dt.datetime) -> None:
    seen = complete(run(job(running, at, kinds=("ControlRecords",))))

    assert [set(one.facts()) for one in seen.values()] == [{ControlRecords}]
