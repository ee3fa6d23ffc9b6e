"""The process that scans: started with a job and a clean environment, heard line by line, gone when we are done."""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from portal.jobs.work import Work
from scanners import storing
from scanners.jobs import ScanEvent, ScanJob
from scanners.storing import BadDocument

LONGEST_LINE = 16_000_000
MOST_LINES = 20_000
CLEAN_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONUTF8": "1"}

Lines = queue.Queue[bytes | None]


class ScannerFailed(Exception):
    """The scanning process ended without a result, or told something that is none."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """A scanning process that runs."""

    lines: Lines
    orders: IO[bytes]

    def hear(self, take: Callable[[ScanEvent], bool], *, until: float) -> bool:
        """Take events until the moment, or until one of them wants an answer; True when it has said its last."""
        while (left := until - time.monotonic()) > 0:
            try:
                line = self.lines.get(timeout=left)
            except queue.Empty:
                return False
            if line is None:
                return True
            if take(_event(line)):
                return False
        return False

    def tell(self, order: str) -> None:
        """One line; a process that is gone already hears nothing."""
        with suppress(BrokenPipeError):
            self.orders.write(f"{order}\n".encode("ascii"))
            self.orders.flush()


@contextmanager
def started(work: Work, job: ScanJob) -> Iterator[Child]:
    """The process, in a group of its own."""
    process = subprocess.Popen(  # noqa: S603 - our own program, no shell
        work.tools.scanner,
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    lines: Lines = queue.Queue(maxsize=1000)
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    child = Child(lines=lines, orders=process.stdin)
    try:
        # stdin stays open: when this process is gone, however it went, the child notices and ends.
        child.tell(json.dumps(storing.dump_job(job)))
        reader.start()
        yield child
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _drain(reader, lines)
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()


def _event(line: bytes) -> ScanEvent:
    """What the child tells is checked like anything from outside."""
    try:
        return storing.load_event(json.loads(line))
    except (ValueError, RecursionError, BadDocument) as error:
        raise ScannerFailed("the scanning process told something that is no event") from error


def _read(pipe: IO[bytes], lines: Lines) -> None:
    with suppress(ValueError):  # the pipe was closed under us
        for _ in range(MOST_LINES):
            line = pipe.readline(LONGEST_LINE)
            if not line.endswith(b"\n"):
                break
            lines.put(line)
    lines.put(None)


def _drain(reader: threading.Thread, lines: Lines) -> None:
    while reader.is_alive():
        with suppress(queue.Empty):
            lines.get(timeout=0.05)
