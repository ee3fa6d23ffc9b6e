"""The press: documents are made in processes of their own, limited and given up in time, beside the web's threads."""

import gc
import multiprocessing
import resource
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path

from portal import i18n
from portal.db import session as database
from portal.errors import NotNow
from portal.services.actors import Actor
from portal.services.registers import registers
from reports import rendering
from reports.reader import Reader
from reports.workbooks import register as workbook
from scanners.model import N_, Message

PROCESSES = 2
SHEETS_PER_PROCESS = 50  # then it is made anew, so that no leak grows
LONGEST = 60  # seconds for one document (SECURITY abuse case 11)
LONGEST_REGISTER = 300  # seconds within a request; a job has more
LOOK_EVERY = 0.5  # seconds: whether whoever waits for it still wants it
FONTS = Path(__file__).parent.parent / "web" / "static" / "vendor" / "kern" / "fonts" / "fira-sans"
MEMORY = 1536 * 1024 * 1024  # bytes of address space
OBJECTS = 200_000  # made anew before the garbage is looked through: a report makes millions and drops few in circles

Tell = Callable[[int, int], None]  # vendors done, of how many; what it raises ends the work
_room = threading.BoundedSemaphore(PROCESSES)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A register as it left its process."""

    content: bytes
    fingerprint: str  # as it stands on the cover
    vendors: int


def pdf(html: str, *, style: str) -> bytes:
    """Set a document. Raises NotNow with a sentence when it cannot be set now."""
    try:
        return _press().submit(_set, html, style).result(timeout=LONGEST)
    except TimeoutError:
        raise NotNow(Message(text=N_("Setting the document took too long. Please try again."))) from None
    except (BrokenExecutor, MemoryError, RecursionError):
        _press.cache_clear()
        raise NotNow(Message(text=N_("The document could not be set. Please tell the operator."))) from None
    except OSError:
        sentence = N_(
            "PDF needs the Pango libraries, which are missing here. “kettenblick doctor” says how to install them."
        )
        raise NotNow(Message(text=sentence)) from None


def register(
    database_url: str,
    actor: Actor,
    *,
    language: str,
    now: datetime,
    tell: Tell | None = None,
    longest: float = LONGEST_REGISTER,
) -> Written:
    """register.xlsx of the actor's hospital. Raises NotNow with a sentence when it cannot be made now.

    It has a process of its own, which says how far it is and can be ended at any moment.
    """
    until = time.monotonic() + longest
    if not _room.acquire(timeout=longest):
        raise NotNow(Message(text=TOO_LONG))
    context = _warm()
    reading, writing = context.Pipe(duplex=False)
    process = context.Process(target=_register, args=(writing, database_url, actor, language, now), daemon=True)
    try:
        process.start()
        writing.close()
        return _told(reading, tell or _say_nothing, until=until)
    except (EOFError, OSError):
        raise NotNow(Message(text=N_("The register could not be written. Please tell the operator."))) from None
    finally:
        reading.close()
        process.kill()
        process.join()
        process.close()
        _room.release()


TOO_LONG = N_("Writing the register took too long. Please tell the operator.")


def _told(reading: Connection, tell: Tell, *, until: float) -> Written:
    """What the process says until it hands over the register; EOFError when it ended without."""
    done = total = 0
    while time.monotonic() < until:
        if reading.poll(LOOK_EVERY):
            said = reading.recv()  # our own process: what it says is ours
            if isinstance(said, Written):
                return said
            done, total = said
        tell(done, total)
    raise NotNow(Message(text=TOO_LONG))


def _say_nothing(_done: int, _total: int) -> None:
    """Nobody looks on."""


def _register(told: Connection, database_url: str, actor: Actor, language: str, now: datetime) -> None:
    _limit()
    with database.moment(database_url) as session:
        found = registers.build(session, actor, now=now, tell=lambda done, total: told.send((done, total)))
    made = workbook.write_marked(found, reader=Reader(language=language, translate=i18n.translator(language)), now=now)
    told.send(Written(content=made.content, fingerprint=made.fingerprint, vendors=len(found.vendors)))


@cache
def _press() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=PROCESSES,
        mp_context=_warm(),
        initializer=_begin,
        max_tasks_per_child=SHEETS_PER_PROCESS,
    )


def _warm() -> ForkServerContext:
    """Where processes come from that have read all they need (portal.jobs.press) before they are wanted."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["portal.jobs.press"])
    return context


def _begin() -> None:
    _limit()
    gc.set_threshold(OBJECTS, 20, 100)


def _set(html: str, style: str) -> bytes:
    try:
        return rendering.pdf(html, style=style, fonts=FONTS)
    finally:
        gc.collect()  # the boxes of a document hold each other; the next one must not find this one's memory taken


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
