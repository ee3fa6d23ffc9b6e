"""Papers: the vendor report and the committee's paper beside bare WeasyPrint that sets as many pages of plain text."""

import argparse
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from html import escape

import weasyprint

from assessments import policy, register
from portal import i18n
from portal.jobs import printing
from portal.services import snapshots
from reports import committee, pages, rendering
from reports.reader import Reader
from tests.reports import building

BOUND = 1.2
RUNS = 3
VENDORS = 12
LINE = "Der Lieferant erklärt, dass Sicherungen getrennt aufbewahrt und einmal im Jahr zurückgespielt werden. "


def main(arguments: list[str]) -> int:
    """Measure and print; 1: a paper takes longer than the bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks papers")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each; the best counts (default {RUNS})")
    runs = max(1, parser.parse_args(arguments).runs)
    reader = Reader(language="de", translate=i18n.translator("de"))
    assessed = [building.assessed(number) for number in range(1, VENDORS + 1)]
    built = register.build(assessed, policy.current(), hospital="Klinikum", at=building.NOW)
    brief = committee.brief(snapshots.said_of(built))
    papers: dict[str, Callable[[], bytes]] = {
        "vendor report": lambda: rendering.pdf(
            pages.vendor_report_html(assessed[0], policy.current(), reader=reader, now=building.NOW),
            style=pages.style(),
            fonts=printing.FONTS,
        ),
        "committee paper": lambda: rendering.pdf(
            committee.html(brief, reader=reader), style=committee.style(), fonts=printing.FONTS
        ),
    }
    over = False
    print("processor seconds, the best of", runs)
    for name, make in papers.items():
        ours, content = _best(make, runs)
        count = _pages(content)
        text = _plain(count)
        bare, set_ = _best(lambda text=text: _bare(text), runs)  # type: ignore[misc]
        per_page = bare / _pages(set_) * count
        over |= ours > BOUND * per_page
        print(f"{name:16} {count:3} pages  ours {ours:6.2f}  bare {per_page:6.2f}  ratio {ours / per_page:5.2f}")
    return int(over)


def _best(make: Callable[[], bytes], runs: int) -> tuple[float, bytes]:
    times, made = [], b""
    for _run in range(runs):
        begun = time.process_time()
        made = make()
        times.append(time.process_time() - begun)
    return min(times), made


def _bare(html: str) -> bytes:
    """As WeasyPrint sets it by itself, tagged as ours."""
    made: bytes = weasyprint.HTML(string=html).write_pdf(pdf_variant="pdf/ua-1")
    return made


def _plain(count: int) -> str:
    """Paragraphs that fill about that many pages."""
    paragraphs = "".join(f"<p>{escape(LINE * 4)}</p>" for _ in range(count * 11))
    head = '<!doctype html><html lang="de"><head><title>Text</title></head>'
    return f"{head}<body><h1>Text</h1>{paragraphs}</body></html>"


def _pages(content: bytes) -> int:
    """How many pages a file has, by the program that prints them."""
    call = [str(shutil.which("pdfinfo")), "-"]
    told = subprocess.run(call, input=content, check=True, capture_output=True, timeout=60).stdout.decode()
    return int(re.findall(r"Pages:\s+(\d+)", told)[0])
