"""A program that must find the hosts standing starts when they do."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.loopback


def test_the_program_starts_when_somebody_answers(tmp_path: Path, free_port: int):
    environment = {**os.environ, "KETTENBLICK_DATA": str(tmp_path), "SCAN_RESOLVER_PORT": str(free_port)}
    command = (sys.executable, "-m", "portal.demonstration.waiting", sys.executable, "-c", "print('here')")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as waiting:
        time.sleep(1)
        assert waiting.poll() is None

        with socket.create_server(("127.0.0.1", free_port)):
            said, _ = waiting.communicate(timeout=60)

    assert said.strip() == "here"
    assert waiting.returncode == 0
