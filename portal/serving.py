"""One command, two programs: keeps the web server and the worker alive side by side and leaves nothing behind.

The listening socket is ours: a web server that died and comes back finds the connections of the meantime waiting in
it, and a port that somebody else holds is told before anything is started.
"""

import ctypes
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.settings import Settings

Say = Callable[[str], None]

GRACE = 25.0  # seconds a program gets to finish what it holds; gunicorn's own patience is shorter
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds before a dead program is started again
STEADY = 60.0  # seconds after which a program counts as sound again
WEB_PROCESSES = 2  # one answers while the other comes back
PR_SET_PDEATHSIG = 1  # from linux/prctl.h


class CannotServe(Exception):
    """The machine does not let us start; the sentence says what holds us up."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """Something to keep running."""

    name: str
    command: tuple[str, ...]
    descriptors: tuple[int, ...] = ()


def listen(settings: Settings) -> socket.socket:
    """Bind the address the operator chose."""
    family = socket.AF_INET6 if ":" in settings.bind_host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.bind_host, settings.bind_port))
    except OSError as error:
        listener.close()
        where = f"{settings.bind_host}:{settings.bind_port}"
        raise CannotServe(f"{where} cannot be used ({error.strerror}). Choose another by BIND_PORT.") from error
    listener.listen(512)
    return listener


def hold(data_dir: Path) -> IO[str]:
    """Take the data directory for ourselves; the lock falls with this process, however it ends."""
    lock = (data_dir / "running.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotServe(f"Kettenblick is already running on the data in {data_dir}.") from error
    return lock


def programs(settings: Settings, listener: socket.socket) -> tuple[Program, ...]:
    """Say what has to run: the web server on our socket, and one worker."""
    web = (
        *(sys.executable, "-m", "gunicorn", "portal.app:create()"),
        *("--bind", f"fd://{listener.fileno()}", "--worker-class", "gthread"),
        *("--workers", str(WEB_PROCESSES), "--threads", str(settings.threads)),
        *("--timeout", "60", "--graceful-timeout", "15", "--keep-alive", "5"),
        "--preload",  # the portal is read once, then forked: a process that died is back at once
        # No socket in the home directory, no access log: paths can hold tokens. Its own log goes by our allow-list.
        *("--no-control-socket", "--log-level", "warning", "--config", "python:portal.logs"),
    )
    return (
        Program(name="web", command=web, descriptors=(listener.fileno(),)),
        Program(name="worker", command=(sys.executable, "-m", "portal.worker")),
    )


def supervise(wanted: Sequence[Program], *, environment: Mapping[str, str], say: Say, grace: float = GRACE) -> None:
    """Run the programs until SIGTERM or SIGINT; start again what dies. A second signal ends them at once."""
    bell = _Bell()
    children = [_Child(program, environment, say) for program in wanted]
    try:
        while not bell.strikes:
            now = time.monotonic()
            bell.wait(min(child.tend(now) for child in children))
    finally:
        _stop(children, bell, grace)
        bell.close()


class _Bell:
    """Turns signals into something a loop can wait for."""

    def __init__(self) -> None:
        self.strikes = 0
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._previous_wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._previous = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._strike),
            signal.SIGINT: signal.signal(signal.SIGINT, self._strike),
            signal.SIGCHLD: signal.signal(signal.SIGCHLD, lambda *_: None),
        }

    def _strike(self, _number: int, _frame: object) -> None:
        self.strikes += 1

    def wait(self, seconds: float) -> None:
        """Sleep until a signal arrives or the time is up."""
        if select.select([self._read], [], [], max(seconds, 0))[0]:
            os.read(self._read, 4096)

    def close(self) -> None:
        """Give the signals back."""
        signal.set_wakeup_fd(self._previous_wakeup)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)


class _Child:
    """One program with its life: when it started, how often it fell, when it is due again."""

    def __init__(self, program: Program, environment: Mapping[str, str], say: Say) -> None:
        self.program = program
        self._environment = environment
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due = 0.0
        self._delay = FIRST_DELAY

    def tend(self, now: float) -> float:
        """Start what is due, notice what died, and say after how many seconds to look again."""
        if self._process and (code := self._process.poll()) is not None:
            self.sweep()
            self._process = None
            if now - self._started > STEADY:
                self._delay = FIRST_DELAY
            self._due = now + self._delay
            self._say(f"{self.program.name} ended ({_reason(code)}); starting it again in {self._delay:g} s")
            self._delay = min(self._delay * 2, LONGEST_DELAY)
        if self._process is None and now >= self._due:
            self._start(now)
        return STEADY if self._process else self._due - now

    def _start(self, now: float) -> None:
        self._started = now
        self._process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            self.program.command,
            env=self._environment,
            pass_fds=self.program.descriptors,
            stdin=subprocess.DEVNULL,
            # A session of its own: Ctrl-C reaches us alone, and what the program leaves behind can be swept.
            start_new_session=True,
            preexec_fn=_Tie(os.getpid()),  # noqa: PLW1509 - this process has one thread
        )

    def is_alive(self) -> bool:
        """Whether the program still runs."""
        return self._process is not None and self._process.poll() is None

    def terminate(self) -> None:
        """Ask the program to finish; it knows its own children."""
        if self._process:
            self._process.terminate()

    def sweep(self) -> None:
        """End whatever is left of the program and of what it started."""
        if self._process:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class _Tie:
    """Runs between fork and exec: the child is told to end when its supervisor is gone, kill -9 included."""

    def __init__(self, supervisor: int) -> None:
        self._supervisor = supervisor
        self._prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def __call__(self) -> None:
        if self._prctl is None:  # not Linux: gunicorn and the worker look after their parent themselves
            return
        self._prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != self._supervisor:  # it went before we asked
            os._exit(1)


def _stop(children: Sequence[_Child], bell: _Bell, grace: float) -> None:
    asked = bell.strikes
    for child in children:
        child.terminate()
    deadline = time.monotonic() + grace
    while any(child.is_alive() for child in children) and bell.strikes == asked and time.monotonic() < deadline:
        bell.wait(min(deadline - time.monotonic(), 1.0))
    for child in children:
        child.sweep()


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
