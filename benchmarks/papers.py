"""Papers: vendor report, committee's paper and comparison, from facts to PDF, beside bare WeasyPrint that sets the same
markup in the same run, and beside plain paragraphs that fill as many pages."""

import argparse
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from html import escape

import weasyprint

from assessments import comparison, policy, register
from portal import i18n
from portal.jobs import printing
from portal.services.registers import snapshots
from reports import committee, pages, rendering
from reports import comparison as side_by_side
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
    made = comparison.compare(assessed[:6], at=building.NOW)
    papers: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
        "vendor report": (
            lambda: pages.vendor_report_html(assessed[0], policy.current(), reader=reader, now=building.NOW),
            pages.style,
        ),
        "committee paper": (lambda: committee.html(brief, reader=reader), committee.style),
        "comparison": (
            lambda: side_by_side.document_html(made, policy.current(), reader=reader, now=building.NOW),
            side_by_side.style,
        ),
    }
    over = False
    print("processor seconds, the best of", runs, "in turn; the first of a process unpacks fonts and is not the best")
    for name, (write, look) in papers.items():
        html, style = write(), look()
        times, pages_of = _in_turn({"ours": partial(_ours, write, look), "bare": partial(_bare, html, style)}, runs)
        count = pages_of["ours"]
        plain, plain_pages = _in_turn({"plain": partial(_bare, _plain(count))}, runs)
        bare = times["bare"] / pages_of["bare"] * count
        paragraphs = plain["plain"] / plain_pages["plain"] * count
        over |= times["ours"] > BOUND * bare
        print(
            f"{name:16} {count:3} pages ({pages_of['bare']} bare: other fonts)  ours {times['ours']:6.2f}"
            f"  bare as it is {times['bare']:6.2f}, for as many pages {bare:6.2f}, ratio"
            f" {times['ours'] / bare:4.2f} ({'met' if times['ours'] <= BOUND * bare else 'NOT MET'})"
            f"  plain paragraphs {paragraphs:6.2f}, ratio {times['ours'] / paragraphs:4.2f}"
        )
    return int(over)


def _in_turn(ways: dict[str, Callable[[], bytes]], runs: int) -> tuple[dict[str, float], dict[str, int]]:
    """The best time of each, one after the other in each run, and how many pages it has made."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    made: dict[str, bytes] = {}
    for _run in range(runs):
        for name, way in ways.items():
            begun = time.process_time()
            made[name] = way()
            times[name].append(time.process_time() - begun)
    return {name: min(found) for name, found in times.items()}, {name: _pages(one) for name, one in made.items()}


def _ours(write: Callable[[], str], look: Callable[[], str]) -> bytes:
    """The whole path of a paper, from facts to PDF."""
    return rendering.pdf(write(), style=look(), fonts=printing.FONTS)


def _bare(html: str, style: str = "") -> bytes:
    """As WeasyPrint sets it by itself, tagged as ours, with the fonts of the machine."""
    sheets = [weasyprint.CSS(string=style)] if style else []
    made: bytes = weasyprint.HTML(string=html).write_pdf(stylesheets=sheets, pdf_variant="pdf/ua-1")
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
