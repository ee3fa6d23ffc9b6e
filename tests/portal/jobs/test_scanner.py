"""Scanning processes that are forked from one that has loaded everything."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.jobs.scanner import Begun, Starter, _begun
from portal.worker import STARTER
from scanners import storing
from scanners.jobs import Finished, NetworkSettings, ScanJob

JOB = ScanJob(
    hosts=("nobody.starting.test",),
    at=datetime(2026, 1, 1, tzinfo=UTC),
    network=NetworkSettings(resolver=("127.0.0.1",), resolver_port=1, permitted_suffixes=(".test",)),
    seconds=3.0,
)


@pytest.fixture
def starter():
    made = Starter(STARTER)
    yield made
    made.close()


def told(begun: Begun, order: str) -> list[bytes]:
    begun.orders.write(order.encode() + b"\n")
    begun.orders.flush()
    lines = begun.told.readlines()
    begun.orders.close()
    begun.told.close()
    begun.bury()
    return lines


def kinds(pid: int) -> list[str]:
    """What a process holds beside its standard error."""
    held = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.name != "2"]
    return [target.partition(":")[0] for target in held]


def waited(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while not (settled := is_so()) and time.monotonic() < until:
        time.sleep(0.01)
    return settled


def test_a_forked_process_scans_and_says_so(starter: Starter) -> None:
    lines = told(starter.begin(), json.dumps(storing.dump_job(JOB)))

    assert isinstance(storing.load_event(json.loads(lines[-1])), Finished)


def test_each_scan_is_a_process_of_its_own_group_and_holds_no_descriptor_of_another(starter: Starter) -> None:
    first, second = starter.begin(), starter.begin()
    try:
        assert first.pid != second.pid
        assert [os.getpgid(one.pid) for one in (first, second)] == [first.pid, second.pid]
        for one in (first, second):
            # A child closes what it inherited as its first act.
            assert waited(
                lambda one=one: sorted(kinds(one.pid))[-2:] == ["pipe", "pipe"] and "socket" not in kinds(one.pid)
            )
    finally:
        for one in (first, second):
            told(one, "nonsense")


def test_its_environment_and_limits_are_those_of_one_started_anew(starter: Starter) -> None:
    begun = starter.begin()
    begun.orders.write(json.dumps(storing.dump_job(JOB)).encode() + b"\n")
    begun.orders.flush()
    begun.told.readline()
    limits = Path(f"/proc/{begun.pid}/limits").read_text()
    environment = Path(f"/proc/{begun.pid}/environ").read_bytes()
    told(begun, "stop")

    assert str(1 << 30) in limits
    assert b"DATABASE" not in environment


def test_many_threads_get_a_process_each(starter: Starter) -> None:
    begun: list[Begun] = []
    threads = [threading.Thread(target=lambda: begun.append(starter.begin())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one.pid for one in begun}) == 6
    for one in begun:
        told(one, "nonsense")


def test_without_a_starter_that_lives_a_process_is_started_anew() -> None:
    broken = Starter((sys.executable, "-c", "pass"))

    begun = _begun(broken, (sys.executable, "-c", "print('anew')"))

    assert told(begun, "") == [b"anew\n"]
    broken.close()
