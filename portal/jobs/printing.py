"""The press: PDF is set in processes of its own, limited and killed in time, because it holds the interpreter."""

import multiprocessing
import resource
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import cache
from pathlib import Path

from portal.errors import NotNow
from reports import rendering
from scanners.model import N_, Message

PROCESSES = 2
SHEETS_PER_PROCESS = 50  # then it is made anew, so that no leak grows
LONGEST = 60  # seconds for one document (SECURITY abuse case 11)
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
