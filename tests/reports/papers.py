"""Papers as other programs read them: a PDF by poppler, a file for Word or Excel by python-docx and by LibreOffice."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
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


def flowing(text: str) -> str:
    """Words without any gap, and without the hyphens that end a line: a cell reads the same however it breaks."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)


def lacking_in_order(rows: Iterable[Sequence[str]], printed: str) -> list[Sequence[str]]:
    """The rows that do not follow each other in a text, each from its first cell to its last."""
    missing, begin = [], 0
    text = flowing(printed)
    for row in rows:
        found = text.find(flowing("".join(row)), begin)
        if found < 0:
            missing.append(row)
        else:
            begin = found
    return missing


def sheets_by_office(files: Mapping[str, bytes], folder: Path) -> dict[tuple[str, str], list[list[str]]]:
    """Every sheet of every workbook as LibreOffice shows it, by the names of file and sheet; it is started once."""
    for name, content in files.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    # Comma, quotes, UTF-8, from line 1, as shown, all sheets.
    shown = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    subprocess.run(
        [
            *(str(shutil.which("soffice")), f"-env:UserInstallation=file://{folder}/profile", "--headless"),
            *("--norestore", "--convert-to", shown, "--outdir", str(folder)),
            *(str(folder / f"{name}.xlsx") for name in files),
        ],
        check=True,
        capture_output=True,
        timeout=180,
        env={**os.environ, "HOME": str(folder)},
    )
    sheets: dict[tuple[str, str], list[list[str]]] = {}
    for name in files:
        for path in folder.glob(f"{name}-*.csv"):
            with path.open(encoding="utf-8", newline="") as opened:
                sheets[name, path.stem.removeprefix(f"{name}-")] = list(csv.reader(opened))
    return sheets
