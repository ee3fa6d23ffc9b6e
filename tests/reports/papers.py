"""Papers as other programs read them: a PDF by poppler, a file for Word by python-docx and by LibreOffice."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import docx

WRITER = Path("/usr/lib/libreoffice/program/libswlo.so")


def of_pdf(content: bytes, folder: Path) -> str:
    """The words of a PDF, every gap one space."""
    (folder / "paper.pdf").write_bytes(content)
    done = subprocess.run(
        ["pdftotext", "-layout", str(folder / "paper.pdf"), "-"], check=True, capture_output=True, text=True
    )
    return squeezed(done.stdout)


def raw_of_pdf(content: bytes, folder: Path) -> str:
    """The same in the order of the file, so that a cell of several lines stays together."""
    (folder / "paper.pdf").write_bytes(content)
    done = subprocess.run(
        ["pdftotext", "-raw", str(folder / "paper.pdf"), "-"], check=True, capture_output=True, text=True
    )
    return squeezed(done.stdout)


def of_word(content: bytes) -> str:
    """The words of a file for Word, paragraphs before tables."""
    opened = docx.Document(BytesIO(content))
    in_tables = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    return squeezed("\n".join([*(paragraph.text for paragraph in opened.paragraphs), *in_tables]))


def by_office(content: bytes, folder: Path) -> bytes:
    """The PDF that LibreOffice makes of a file for Word."""
    (folder / "paper.docx").write_bytes(content)
    program = str(shutil.which("soffice"))
    subprocess.run(
        [
            *(program, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore"),
            *("--convert-to", "pdf", "--outdir", str(folder), str(folder / "paper.docx")),
        ],
        check=True,
        capture_output=True,
        timeout=120,
        env={**os.environ, "HOME": str(folder)},
    )
    return (folder / "paper.pdf").read_bytes()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)
