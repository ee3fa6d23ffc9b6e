"""What was handed out, opened by programs that are not ours."""

from __future__ import annotations

import csv
import os
import subprocess
from pathlib import Path

import openpyxl


def by_openpyxl(path: Path, sheet: str) -> list[dict[str, object]]:
    book = openpyxl.load_workbook(path)
    heading, *rows = book[sheet].iter_rows(values_only=True)
    return [dict(zip(heading, row, strict=True)) for row in rows]


def by_libreoffice(path: Path, sheet: str, folder: Path) -> list[dict[str, str]]:
    """Every sheet as LibreOffice shows it, one CSV file each."""
    if not list(folder.glob("*.csv")):
        # Comma, quotes, UTF-8, from line 1, as shown, all sheets.
        options = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
        subprocess.run(
            [
                *("soffice", f"-env:UserInstallation=file://{folder / 'profile'}", "--headless", "--norestore"),
                *("--convert-to", options, "--outdir", str(folder), str(path)),
            ],
            check=True,
            capture_output=True,
            timeout=180,
            env={**os.environ, "HOME": str(folder)},
        )
    (file,) = folder.glob(f"*-{sheet}.csv")
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def words_of_pdf(path: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, timeout=60)
    return " ".join(done.stdout.decode().split())
