"""The supervisor, with real processes that are really killed."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from portal import serving
from portal.serving import CannotServe
from portal.settings import read

pytestmark = pytest.mark.kill

T = TypeVar("T")

# Every program writes its pid to the file it is named after, so that the test knows whom to look for.
SUPERVISOR = """
import os, sys
from portal import serving

note = "import os, subprocess, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\\\n'); "
sleep = note + "time.sleep(600)"
breed = note + f"subprocess.Popen([sys.executable, '-c', {sleep!r}, 'grandchild']); time.sleep(600)"
programs = [
    serving.Program(name=name, command=(sys.executable, "-c", script, name))
    for name, script in {"steady": sleep, "parent": breed}.items()
]
serving.supervise(programs, environment=dict(os.environ), say=lambda text: print(text, flush=True), grace=3)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SUPERVISOR)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(serving.__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout
    process.stdout.close()
    for name in ("steady", "parent", "grandchild"):
        for number in pids(tmp_path, name):
            if is_running(number):
                os.kill(number, signal.SIGKILL)


def test_a_killed_program_comes_back(supervisor: "subprocess.Popen[str]", tmp_path: Path):
    first = eventually(lambda: pids(tmp_path, "steady"))[0]

    os.kill(first, signal.SIGKILL)

    second = eventually(lambda: pids(tmp_path, "steady")[1:])[0]
    assert is_running(second)
    assert supervisor.poll() is None


def test_what_a_killed_program_had_started_does_not_outlive_it(supervisor: "subprocess.Popen[str]", tmp_path: Path):
    grandchild = eventually(lambda: pids(tmp_path, "grandchild"))[0]

    os.kill(pids(tmp_path, "parent")[0], signal.SIGKILL)

    eventually(lambda: not is_running(grandchild))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_leaves_nothing_behind(supervisor: "subprocess.Popen[str]", tmp_path: Path, number: signal.Signals):
    eventually(lambda: pids(tmp_path, "steady") and pids(tmp_path, "grandchild"))

    supervisor.send_signal(number)

    assert supervisor.wait(timeout=60) == 0
    assert not any(is_running(pid) for name in ("steady", "parent", "grandchild") for pid in pids(tmp_path, name))


def test_programs_do_not_outlive_a_supervisor_that_was_killed(supervisor: "subprocess.Popen[str]", tmp_path: Path):
    programs = [eventually(lambda name=name: pids(tmp_path, name))[0] for name in ("steady", "parent")]

    supervisor.kill()

    eventually(lambda: not any(is_running(pid) for pid in programs))


def test_a_program_that_keeps_falling_is_started_ever_more_slowly(tmp_path: Path):
    script = (
        "import os, sys; from portal import serving; "
        "p = serving.Program(name='broken', command=(sys.executable, '-c', 'raise SystemExit(3)')); "
        "serving.supervise([p], environment=dict(os.environ), say=lambda text: print(text, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(3)]
        process.terminate()

    assert lines == [f"broken ended (exit status 3); starting it again in {delay} s" for delay in ("0.5", "1", "2")]


@pytest.mark.loopback
def test_a_port_somebody_else_holds_is_told_before_anything_starts(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = read({"KETTENBLICK_DATA": str(tmp_path), "BIND_PORT": str(taken.getsockname()[1])})

        with pytest.raises(CannotServe, match="BIND_PORT"):
            serving.listen(settings)


def test_two_instances_do_not_share_a_data_directory(tmp_path: Path):
    with serving.hold(tmp_path), pytest.raises(CannotServe, match="already running"):
        serving.hold(tmp_path)

    serving.hold(tmp_path).close()


def pids(folder: Path, name: str) -> list[int]:
    path = folder / name
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def is_running(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(look: Callable[[], T]) -> T:
    deadline = time.monotonic() + 60  # two processors may be busy with others
    while not (seen := look()):
        assert time.monotonic() < deadline, "nothing happened in a minute"
        time.sleep(0.02)
    return seen
