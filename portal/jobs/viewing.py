"""A page of a PDF as a picture, for readers who get no file; drawn in a process of its own, or not at all."""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from portal.errors import NotNow
from portal.jobs import page_child
from scanners.model import N_, Message

CHILD = (sys.executable, "-I", "-m", "portal.jobs.page_child")
PROGRAMS = ("pdftoppm", "pdfinfo")  # of poppler
LONGEST = 40  # seconds by the clock
LONGEST_HEAD = 40
NOT_HERE = N_(
    "This portal cannot draw pages of a PDF: pdftoppm is missing. The document is not given out instead; please tell"
    " the operator."
)
NOT_DRAWN = N_(
    "This page could not be drawn. The document is not given out instead; please ask the company for another."
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page as a picture."""

    number: int
    of: int
    png: bytes


def page(content: bytes, number: int, *, words: str) -> Page:
    """Draw a page with words across it. Raises NotNow with a sentence; the file itself never comes back."""
    found = {name: shutil.which(name) for name in PROGRAMS}
    if not all(found.values()):
        raise NotNow(Message(text=NOT_HERE))
    order = json.dumps({**found, "page": number, "words": words}).encode() + b"\n"
    try:
        with tempfile.TemporaryFile() as told:  # a file has an end that the child cannot move; a pipe has none
            subprocess.run(  # noqa: S603 - our own program, no shell
                CHILD, input=order + content, stdout=told, stderr=subprocess.DEVNULL, timeout=LONGEST, env={},
                check=True,
            )  # fmt: skip
            told.seek(0)
            shown, _, pages = told.readline(LONGEST_HEAD).decode().partition(" ")
            return Page(number=int(shown), of=int(pages), png=told.read(page_child.LARGEST_PICTURE))
    except (subprocess.SubprocessError, ValueError) as error:
        raise NotNow(Message(text=NOT_DRAWN)) from error
