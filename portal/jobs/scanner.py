"""The process that scans: started with a job and a clean environment, heard line by line, gone when we are done."""

import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from scanners import storing
from scanners.jobs import ScanEvent, ScanJob
from scanners.storing import BadDocument

if TYPE_CHECKING:
    from portal.jobs.work import Work  # which holds our Starter

LONGEST_LINE = 16_000_000
LONGEST_ANSWER = 64
MOST_LINES = 20_000
MOST_WAITING = 48_000_000  # bytes that were told and not yet read
CLEAN_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONUTF8": "1"}


class Lines(queue.Queue[bytes | None]):
    """What a child has told and nobody has read yet, full by its bytes: one that floods us waits for us."""

    def _init(self, maxsize: int) -> None:  # noqa: ARG002 - the queue's signature
        self._waiting = deque[bytes | None]()
        self._bytes = 0

    def _qsize(self) -> int:
        return self._bytes

    def _put(self, item: bytes | None) -> None:
        self._waiting.append(item)
        self._bytes += _weight(item)

    def _get(self) -> bytes | None:
        item = self._waiting.popleft()
        self._bytes -= _weight(item)
        return item


def _weight(line: bytes | None) -> int:
    return 1 + len(line or b"")


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


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A process that was begun, and how its number is given back once it has been killed."""

    pid: int
    orders: IO[bytes]
    told: IO[bytes]
    bury: Callable[[], object]


def anew(command: tuple[str, ...]) -> Begun:
    """A process that loads everything for itself."""
    process = subprocess.Popen(  # noqa: S603 - our own program, no shell
        command,
        env=CLEAN_ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    return Begun(pid=process.pid, orders=process.stdin, told=process.stdout, bury=process.wait)


class Starter:
    """A process that has loaded the scanner once and forks itself for each scan (scanners/starting.py)."""

    def __init__(self, command: tuple[str, ...]) -> None:
        """Nothing runs yet."""
        self._command = command
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._talk: socket.socket | None = None

    def begin(self) -> Begun:
        """A scanning process; OSError where none can be had this way."""
        orders_out, orders_in = os.pipe()
        told_out, told_in = os.pipe()
        try:
            pid = int(self._exchange(b"begin", [orders_out, told_in]))
        except (OSError, ValueError):
            os.close(orders_in)
            os.close(told_out)
            raise
        finally:
            os.close(orders_out)
            os.close(told_in)
        return Begun(
            pid=pid, orders=os.fdopen(orders_in, "wb"), told=os.fdopen(told_out, "rb"), bury=lambda: self._bury(pid)
        )

    def close(self) -> None:
        """End it; scans that run are not touched."""
        with self._turn:
            self._forget()

    def _bury(self, pid: int) -> float:
        """Give a killed process's number back; the processor time it took."""
        try:
            return float(self._exchange(str(pid).encode(), []))
        except (OSError, ValueError):
            return 0.0  # the starter is gone, and init has buried its children

    def _exchange(self, order: bytes, descriptors: list[int]) -> bytes:
        with self._turn:
            try:
                talk = self._talk or self._start()
                socket.send_fds(talk, [order], descriptors)
                answer = talk.recv(LONGEST_ANSWER)
            except OSError:
                self._forget()
                raise
            if not answer:
                self._forget()
                raise ConnectionResetError
            return answer

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                (*self._command, str(theirs.fileno())),
                env=CLEAN_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._talk = ours
        return ours

    def _forget(self) -> None:
        if self._talk is not None:
            self._talk.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._talk = self._process = None


@contextmanager
def started(work: "Work", job: ScanJob) -> Iterator[Child]:
    """The process, in a group of its own."""
    begun = _begun(work.tools.starter, work.tools.scanner)
    lines = Lines(maxsize=MOST_WAITING)
    reader = threading.Thread(target=_read, args=(begun.told, lines), daemon=True)
    child = Child(lines=lines, orders=begun.orders)
    try:
        # stdin stays open: when this process is gone, however it went, the child notices and ends.
        child.tell(json.dumps(storing.dump_job(job)))
        reader.start()
        yield child
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(begun.pid, signal.SIGKILL)
        begun.bury()
        _drain(reader, lines)
        with suppress(BrokenPipeError):
            begun.orders.close()
        begun.told.close()


def _begun(starter: Starter | None, command: tuple[str, ...]) -> Begun:
    if starter is not None:
        with suppress(OSError, ValueError):
            return starter.begin()
    return anew(command)


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
