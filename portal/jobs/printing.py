"""The press: documents are made in processes of their own, limited and given up in time, beside the web's threads."""

import multiprocessing
import resource
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path

from portal import i18n
from portal.db import session as database
from portal.errors import NotNow
from portal.services import registers
from portal.services.actors import Actor
from reports import rendering
from reports.reader import Reader
from reports.workbooks import register as workbook
from scanners.model import N_, Message

PROCESSES = 2
SHEETS_PER_PROCESS = 50  # then it is made anew, so that no leak grows
LONGEST = 60  # seconds for one document (SECURITY abuse case 11)
LONGEST_REGISTER = 300  # seconds; a thousand vendors take one or two minutes
FONTS = Path(__file__).parent.parent / "web" / "static" / "vendor" / "kern" / "fonts" / "fira-sans"
MEMORY = 1536 * 1024 * 1024  # bytes of address space


def pdf(html: str, *, style: str) -> bytes:
    """Set a document. Raises NotNow with a sentence when it cannot be set now."""
    try:
        return _press().submit(rendering.pdf, html, style=style, fonts=FONTS).result(timeout=LONGEST)
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


def register(database_url: str, actor: Actor, *, language: str, now: datetime) -> bytes:
    """register.xlsx of the actor's hospital. Raises NotNow with a sentence when it cannot be made now."""
    try:
        return _press().submit(_register, database_url, actor, language, now).result(timeout=LONGEST_REGISTER)
    except TimeoutError:
        raise NotNow(Message(text=N_("Writing the register took too long. Please tell the operator."))) from None
    except (BrokenExecutor, MemoryError):
        _press.cache_clear()
        raise NotNow(Message(text=N_("The register could not be written. Please tell the operator."))) from None


def _register(database_url: str, actor: Actor, language: str, now: datetime) -> bytes:
    engine = database.engine(database_url)
    try:
        with database.reading(engine)() as session:
            found = registers.build(session, actor, now=now)
    finally:
        engine.dispose()
    return workbook.write(found, reader=Reader(language=language, translate=i18n.translator(language)), now=now)


@cache
def _press() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=PROCESSES,
        mp_context=multiprocessing.get_context("forkserver"),
        initializer=_limit,
        max_tasks_per_child=SHEETS_PER_PROCESS,
    )


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
