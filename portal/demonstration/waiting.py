"""Starts a program once the demonstration's hosts answer: the worker must not scan what does not stand yet."""

import os
import socket
import sys
import time

from portal import settings as reading_settings
from portal.demonstration.names import RESOLVER_ADDRESS

PATIENCE = 60.0  # seconds; after that the program starts all the same, and its scans see what there is
PAUSE = 0.1


def main() -> None:
    """Wait, then become the program that the arguments name."""
    port = reading_settings.read().scan.resolver_port
    deadline = time.monotonic() + PATIENCE
    while not _answers(port) and time.monotonic() < deadline:
        time.sleep(PAUSE)
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - our own program, named by our own supervisor


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((RESOLVER_ADDRESS, port), timeout=1):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
