"""The process that runs the demonstration's hosts, and in which its companies act when their scan is there."""

import datetime as dt
import logging
import signal
import sys
import threading

from portal import settings as reading_settings
from portal.db import session as database
from portal.demonstration import acting, hosts, reaching, story
from portal.demonstration.servers import Servers

LOOK_EVERY = 1.0  # seconds


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="hosts: %(message)s")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    settings = reading_settings.read()
    now = dt.datetime.now(dt.UTC)
    told = story.read()
    servers = Servers(
        hosts.plan(told.vendors, at=now),
        at=now,
        ports=reaching.ports(settings),
        authority=reaching.authority(settings.data_dir, at=now),
    )
    engine = database.engine(settings.database_url)
    reading, writing = database.reading(engine), database.sessions(engine)
    with servers:
        while not stopping.wait(LOOK_EVERY) and acting.go_on(reading, writing, told, now=dt.datetime.now(dt.UTC)):
            pass
        stopping.wait()
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
