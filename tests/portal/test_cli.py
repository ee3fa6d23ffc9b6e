"""The command as an operator types it: a real start, real kills, a real stop."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from portal import cli

LINK = re.compile(r"http://127\.0\.0\.1:\d+/setup/\S+")


@pytest.fixture
def environment(tmp_path: Path, free_port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KETTENBLICK", "SCAN_", "SMTP_"))}
    return {**kept, "KETTENBLICK_DATA": str(tmp_path / "data"), "BIND_PORT": str(free_port), "PYTHONUNBUFFERED": "1"}


@contextmanager
def started(environment: dict[str, str]) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [sys.executable, "-m", "portal.cli", "start"]
    log = Path(environment["KETTENBLICK_DATA"]).with_name("log")
    with (
        log.open("a+", encoding="utf-8") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True) as process,
    ):
        address = f"http://127.0.0.1:{environment['BIND_PORT']}"
        try:
            eventually(lambda: answers(address), seconds=120)  # a busy machine imports slowly
            yield process, address
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            finally:
                process.kill()


@pytest.mark.kill
def test_a_fresh_start_serves_prints_a_link_that_works_and_leaves_nothing(environment: dict[str, str]):
    with started(environment) as (process, address):
        # One of the two web processes answers while the other is still being forked.
        eventually(lambda: len(descendants(process.pid)) >= 4)  # gunicorn, its two processes, the worker
        family = descendants(process.pid)
        link = LINK.search(printed(environment))
        assert link
        page = httpx.get(link[0], follow_redirects=True, trust_env=False)
        process.terminate()

        assert process.wait(timeout=60) == 0
    assert page.status_code == 200
    assert not answers(address)
    assert not any(is_running(pid) for pid in family)
    assert "Traceback" not in printed(environment)


@pytest.mark.kill
def test_web_and_worker_come_back_after_being_killed(environment: dict[str, str]):
    with started(environment) as (process, address):
        programs = children(process.pid)
        assert len(programs) == 2

        for pid in programs:
            os.kill(pid, signal.SIGKILL)

        eventually(lambda: len(set(children(process.pid)) - set(programs)) == 2)
        eventually(lambda: answers(address))
        assert process.poll() is None


@pytest.mark.kill
def test_nothing_outlives_a_supervisor_that_was_killed(environment: dict[str, str]):
    with started(environment) as (process, address):
        family = descendants(process.pid)

        process.kill()

        eventually(lambda: not any(is_running(pid) for pid in family))
        assert not answers(address)


@pytest.mark.kill
def test_a_second_instance_on_the_same_data_is_refused(environment: dict[str, str]):
    with started(environment):
        second = subprocess.run(
            [sys.executable, "-m", "portal.cli", "start"],
            env={**environment, "BIND_PORT": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert second.returncode == 2
    assert "already running" in second.stderr


@pytest.mark.loopback
def test_serving_an_old_database_is_refused_with_the_line_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("KETTENBLICK_DATA", str(tmp_path))
    monkeypatch.setenv("BIND_PORT", "0")

    assert cli.main(["serve"]) == 2
    assert "kettenblick migrate" in capsys.readouterr().err
    assert cli.main(["migrate"]) == 0
    assert "The database is at" in capsys.readouterr().out


def test_a_setting_that_cannot_be_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("KETTENBLICK_DATA", str(tmp_path))
    monkeypatch.setenv("PUBLIC_BASE_URL", "http://kettenblick.example")

    assert cli.main(["doctor"]) == 2
    assert capsys.readouterr().err.startswith("PUBLIC_BASE_URL must start with https://")


def test_the_scanner_gets_its_own_words(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.main(["scan", "--help"])

    assert "--json" in capsys.readouterr().out


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def printed(environment: dict[str, str]) -> str:
    return Path(environment["KETTENBLICK_DATA"]).with_name("log").read_text(encoding="utf-8")


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def descendants(pid: int) -> list[int]:
    return [one for child in children(pid) for one in (child, *descendants(child))]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(look: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"nothing happened in {seconds} seconds"
        time.sleep(0.05)
