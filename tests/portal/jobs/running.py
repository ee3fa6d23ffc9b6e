"""A worker for tests: in this process, or as a program of its own that can be killed."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from portal import settings as reading_settings
from portal import worker
from portal.db import session as database
from portal.settings import Settings

SCANNER = (sys.executable, str(Path(__file__).with_name("scanner.py")))


def settings(folder: Path, **environment: str) -> Settings:
    return reading_settings.read({"KETTENBLICK_DATA": str(folder), **environment})


@contextmanager
def running(engine: Engine, chosen: Settings, scanner: tuple[str, ...] = SCANNER) -> Iterator[worker.Worker]:
    made = worker.make(chosen, engine, scanner=scanner)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.tools.stopping.set()
        thread.join(60)
        made.bell.close()
        assert not thread.is_alive()


def wait_until(holds: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


if __name__ == "__main__":
    logging.disable()
    chosen = reading_settings.read()
    engine = database.engine(chosen.database_url)
    worker.make(chosen, engine, scanner=SCANNER).run()
