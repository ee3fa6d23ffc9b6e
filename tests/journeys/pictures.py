"""Pictures of the ten main screens, from a fresh demonstration: `python -m tests.journeys.pictures FOLDER`."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pyotp
from PIL import Image
from playwright.sync_api import sync_playwright

from portal.demonstration import logins
from tests.conftest import chromium_path

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTH, HEIGHT = 1440, 1000
COLOURS = 64
PATIENCE = 300.0  # seconds until everybody was scanned and scored
ASSESSOR = "jens.petermann@klinikum-lindenau.test"
ASKED = "malte.seidel@laborhafen.test"
SHOWN, ANSWER = "Voxelwerk Bildsysteme GmbH", "TLS 1.2"  # its word and the scan's differ
COMPARED = (SHOWN, "Tropfwerk Medizintechnik AG", "Brückner Integrationssysteme GmbH", "Rechenzentrum Elster eG")


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """The running command."""

    address: str
    kept: logins.Logins


@contextlib.contextmanager
def demonstration(folder: Path) -> Iterator[Demonstration]:
    """`kettenblick start --demo` in a folder of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {**os.environ, "BIND_PORT": str(port), "LANG": "de_DE.UTF-8"}
    environment.setdefault("PYTHONPATH", str(Path(logins.__file__).parents[2]))
    for name in ("KETTENBLICK_DATA", "DATABASE_URL", "LC_ALL"):
        environment.pop(name, None)
    command = (sys.executable, "-m", "portal.cli", "start", "--demo")
    address = f"http://127.0.0.1:{port}"
    with (
        (folder / "output").open("wb") as output,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            _wait(address)
            kept = json.loads((folder / "demo-instance" / logins.FILE).read_text(encoding="utf-8"))
            yield Demonstration(address=address, kept=logins.Logins(**kept))
        finally:
            process.send_signal(signal.SIGTERM)


def _wait(address: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/readyz", timeout=5):
            return
        time.sleep(0.5)
    raise TimeoutError(address)


def sign_in(page: Page, of: Demonstration, email: str) -> None:
    page.goto(f"{of.address}/sign-in")
    page.fill("main [name=email]", email)
    page.fill("main [name=password]", of.kept.password)
    page.click("main button[type=submit]")
    if email in of.kept.totp_secrets:
        page.fill("main [name=code]", pyotp.TOTP(of.kept.totp_secrets[email]).now())
        page.click("main button[type=submit]")
    page.wait_for_load_state()


def scored(page: Page, of: Demonstration) -> None:
    """Wait until no scan is running or waiting, and the register stands still."""
    until, before, still = time.monotonic() + PATIENCE, "", 0
    while time.monotonic() < until and still < 5:
        page.goto(f"{of.address}/hospital/vendors")
        now = page.locator("main table.table").inner_text()
        still = still + 1 if now == before and "–" in now else 0
        before = now
        time.sleep(4)


def small(png: bytes) -> bytes:
    """The same picture with few colours."""
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def first_page(pdf: bytes) -> bytes:
    """Page 1 of a PDF as wide as a screen."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "paper.pdf").write_bytes(pdf)
        subprocess.run(
            ["pdftoppm", "-png", "-singlefile", "-f", "1", "-scale-to-x", str(WIDTH), "-scale-to-y", "-1",
             str(folder / "paper.pdf"), str(folder / "page")],
            check=True,
        )  # fmt: skip
        return (folder / "page.png").read_bytes()


def hospital_pictures(page: Page, of: Demonstration) -> Iterator[tuple[str, bytes]]:
    """What the hospital's people see."""
    sign_in(page, of, ASSESSOR)
    scored(page, of)
    at = {
        link.inner_text(): str(link.get_attribute("href")) for link in page.locator("main table.table a.row-link").all()
    }
    vendor = of.address + at[SHOWN]
    yield "today", _shot(page, f"{of.address}/hospital/")
    yield "vendors", _shot(page, f"{of.address}/hospital/vendors")
    yield "vendor", _shot(page, vendor)
    page.goto(f"{of.address}/hospital/review")
    review = page.get_by_role("link", name=SHOWN).first.get_attribute("href")
    page.goto(f"{of.address}{review}")
    disputed = page.locator("main a[href*='answer=']").filter(has_text=ANSWER).first.get_attribute("href") or ""
    yield "review", _shot(page, urljoin(page.url, disputed))
    several = [at[name].rpartition("/")[2] for name in COMPARED]
    yield "comparison", _shot(page, f"{of.address}/hospital/compare?" + "&".join(f"vendor={one}" for one in several))
    yield "risks", _shot(page, f"{of.address}/hospital/risks")
    yield "decisions", _shot(page, _sitting(page, of))
    yield "committee-paper", first_page(_paper(page, of))


def _sitting(page: Page, of: Demonstration) -> str:
    """Plan a sitting with what asks for a decision, as the assessor does; gives its address."""
    page.goto(f"{of.address}/hospital/decisions/sittings/add")
    page.fill("main [name=name]", "Risikositzung IV. Quartal")
    page.locator("main [name=body]").select_option("management")
    page.fill("main [name=begins]", "14:30")
    page.fill("main [name=place]", "Konferenzraum 2")
    page.click("main form button[type=submit]")
    page.locator("#people").wait_for()
    people = (
        ("Dr. Ruth Sommerfeld", "Ärztliche Direktorin", ("is_voting", "is_chair")),
        ("Katrin Albrecht", "IT-Leitung", ("is_voting",)),
        ("Jens Petermann", "Einkauf", ("is_voting",)),
    )
    for name, function, ticks in people:
        form = page.locator("main form[action$='/people']")
        if not form.is_visible():
            page.locator("#people details.more summary").last.click()
        form.locator("[name=name]").fill(name)
        form.locator("[name=function]").fill(function)
        for tick in ("is_voting", "is_chair"):
            form.locator(f"[name={tick}]").set_checked(tick in ticks)
        form.locator("button[type=submit]").click()
        page.locator("#people li", has_text=name).wait_for()
    page.locator("main form[action$='/proposed'] button[type=submit]").click()
    page.locator("#agenda tbody a.row-link").first.wait_for()
    address = page.url.partition("#")[0]
    page.locator("#agenda tbody a.row-link").first.click()
    page.check("main [name=ruling][value=with_conditions]")
    page.fill("main [name=reasons]", "Ohne das Archiv steht die Radiologie; die Lücken sind benannt und terminiert.")
    page.fill("main [name=review_on]", "2027-06-30")
    page.fill("main [name=text_1]", "Mehrfaktor-Anmeldung für die Fernwartung")
    page.fill("main [name=due_on_1]", "2027-02-26")
    page.fill("main [name=owner_1]", "Voxelwerk")
    page.get_by_role("button", name="Speichern").first.click()
    page.wait_for_load_state()
    return address


def _paper(page: Page, of: Demonstration) -> bytes:
    page.goto(f"{of.address}/hospital/reports")
    form = page.locator("main form[action*='committee']").first
    form.locator("[name=language]").select_option("de")
    form.locator("button[type=submit]").click()
    page.wait_for_load_state()
    fetch = page.locator("#exports form button").first
    fetch.wait_for(timeout=120_000)
    with page.expect_download() as caught:
        fetch.click()
    return Path(caught.value.path()).read_bytes()


def company_pictures(page: Page, of: Demonstration) -> Iterator[tuple[str, bytes]]:
    """What a company's people see."""
    sign_in(page, of, ASKED)
    page.goto(f"{of.address}/vendor/")
    round_ = page.locator("main a[href*='/vendor/rounds/']").first.get_attribute("href") or ""
    base = of.address + "/".join(round_.split("/")[:4])
    page.goto(f"{base}/questions")
    sections = page.locator("main a[href*='/questions/']").evaluate_all("all => all.map(one => one.href)")
    yield "questionnaire", _shot(page, sections[2])
    yield "scan-result", _shot(page, f"{base}/result")


def _shot(page: Page, address: str) -> bytes:
    page.goto(address)
    page.evaluate("document.fonts.ready")
    return page.screenshot()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as name, demonstration(Path(name)) as of, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])
        for pictures in (hospital_pictures, company_pictures):
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, locale="de-DE", timezone_id="Europe/Berlin"
            )
            context.set_default_timeout(PATIENCE * 1000)
            for title, png in pictures(context.new_page(), of):
                (folder / f"{title}.png").write_bytes(small(png))
                print(f"{title}.png {(folder / f'{title}.png').stat().st_size // 1000} kB")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
