"""Scanning processes that flood, lie and die, as the worker meets them."""

import os
import resource
import signal
import sys
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from portal.jobs import scanner
from scanners.jobs import Progress, ScanEvent, ScanJob

JOB = ScanJob(hosts=("portal.haus.test",), at=datetime(2026, 11, 22, tzinfo=UTC))
PROGRESS = '{"event":"progress","stage":"x","done":1,"total":2}'


def work(program: str) -> Any:
    """As much of a job's work as starting a process needs; the program stands in for the scanner's own."""
    return SimpleNamespace(tools=SimpleNamespace(starter=None, scanner=(sys.executable, "-c", program)))


def told_by(program: str, *, seconds: float = 60.0) -> tuple[list[ScanEvent], bool]:
    events: list[ScanEvent] = []

    def take(event: ScanEvent) -> bool:
        events.append(event)
        return False

    with scanner.started(work(program), JOB) as child:
        over = child.hear(take, until=time.monotonic() + seconds)
    return events, over


def test_a_line_of_fifty_megabytes_is_not_read_to_its_end() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    program = f"import sys; print({PROGRESS!r}, flush=True); [sys.stdout.write('x' * 1_000_000) for _ in range(50)]"

    events, over = told_by(program)

    assert over
    assert events == [Progress(stage="x", done=1, total=2)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_flood_of_lines_waits_until_somebody_reads() -> None:
    lines = scanner.Lines(maxsize=100)
    lines.put(b"x" * 99)

    assert lines.full()
    assert lines.get() == b"x" * 99
    lines.put(None)
    assert not lines.empty() and lines.get() is None and lines.empty()


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"event":"seen"}',
        '{"event":"progress","stage":1,"done":1,"total":2}',
        '{"event":"finished","seconds":1e999}',
        "\\x00\\xff",
        "null",
        '{"event":"progress","stage":"\\ud800","done":1,"total":2}',
        '{"event":"progress","stage":"x","done":' + "9" * 5_000 + ',"total":2}',
    ],
)
def test_what_is_no_event_ends_the_scan(line: str) -> None:
    with pytest.raises(scanner.ScannerFailed):
        told_by(f"print({line!r}, flush=True)")


def test_a_killed_child_has_said_its_last() -> None:
    events, over = told_by(f"import os; print({PROGRESS!r}, flush=True); os.kill(os.getpid(), {int(signal.SIGKILL)})")

    assert over and len(events) == 1


def test_a_child_that_closes_its_ears_is_gone_afterwards() -> None:
    program = (
        "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True)"
    )
    with scanner.started(work(f"{program}; time.sleep(600)"), JOB) as child:
        line = child.lines.get(timeout=60)
        assert line is not None

    with pytest.raises(ProcessLookupError):
        os.kill(int(line), 0)
