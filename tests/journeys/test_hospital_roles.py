"""A day of each role of a hospital in a browser: assessor, administrator in German; decider, auditor in English.

One server with a worker beside it. axe-core looks at each kind of page once, and none scrolls sideways at 390 px.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from assessments.model import Authority
from portal.db.models.accounts import HospitalRole
from portal.db.models.decisions import AgendaItem, Decision
from portal.db.models.policies import PolicyRelease
from portal.db.models.recordings import RecordedAnswer
from portal.demonstration import documents
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services.decisions import sittings
from portal.services.decisions.sittings import SittingFields
from tests.journeys import browsing, product
from tests.journeys.test_route_walk import MAY
from tests.portal import sitting as sittings_built
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from portal.db.session import Sessions
    from tests.journeys.browsing import Visitor
    from tests.portal.web.hospital.ward import Ward

pytestmark = pytest.mark.browser

STRAHLWERK, INFUSIA, SILENT = "Strahlwerk Medizintechnik GmbH", "Infusia AG", "Sterilgut Nord KG"
UNASKED = "Papier & Büro Handels GmbH"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The server with a worker beside it, a hospital with a dozen vendors, and two sittings: one planned, one begun."""

    address: str
    app: Flask
    sessions: Sessions
    ward: Ward
    planned: str
    begun: str


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    now = datetime.now(UTC)
    with product.served(tmp_path_factory.mktemp("roles")) as site:
        keyring = Keyring(instance_key=site.settings.instance_key, folder=site.settings.keys_dir)
        shelf = Blobs(folder=site.settings.files_dir, keyring=keyring)
        with site.sessions.begin() as session:
            made = ward.full(session, now)
            begun = sittings_built.begun(session, made, shelf, now)
            plan = SittingFields(
                name="Sitzung 01/2027", body=Authority.MANAGEMENT, held_on=now.date() + timedelta(days=30)
            )
            planned = sittings.plan(session, made.assessor, plan, now=now).id
            for actor in (made.decider, made.auditor):
                errand.person(session, actor).language = "en"
        with site.at_work():
            yield Ground(
                address=site.address, app=site.app, sessions=site.sessions, ward=made, planned=planned, begun=begun
            )


@pytest.fixture
def enter(ground: Ground, chromium: Browser, axe: str) -> Iterator[Callable[..., Visitor]]:
    """A browser of somebody who is signed in; every page is looked at, wide and narrow."""
    with product.doors(chromium, ground.address, ground.sessions, axe=axe, narrow=True) as enter:
        yield enter


def test_an_assessor_finds_compares_proposes_asks_and_records(ground: Ground, enter, tmp_path: Path):
    who, of = enter(ground.ward.assessor, "de"), ground.ward
    who.go("/hospital/vendors")
    who.page.locator("details.filter-fold summary").click()
    who.page.locator("[name=tier]").select_option("1")
    who.press("Show", within=who.page.locator("details.filter-fold"))
    assert "tier=1" in who.page.url
    who.follow("Keep this view …")
    who.fill({"Name": "Lebenswichtig"})
    who.press("Keep this view")
    who.go("/hospital/vendors?all=1")
    who.follow("Lebenswichtig")
    assert who.page.get_by_role("heading", level=1).inner_text() == "Lieferanten"
    assert UNASKED not in who.text("table")

    for name in (STRAHLWERK, INFUSIA):
        who.page.get_by_label(who.word("Mark %(name)s") % {"name": name}).check()
    who.press("Compare (2 to 6)")
    assert who.path() == "/hospital/compare"
    assert all(name in who.text() for name in (STRAHLWERK, INFUSIA))
    who.go(f"/hospital/vendors/{of.vendors[STRAHLWERK]}")
    for tab in ("Answers", "Scan", "Contradictions", "Evidence", "Decisions", "History"):
        who.follow(tab, within=who.page.locator("nav.tabs, .tabs").first)

    who.go(f"/hospital/decisions/sittings/{ground.planned}")
    who.page.locator("details.more summary", has_text=who.word("Add an item")).click()
    who.choose("Vendor or product", f"v:{of.vendors[INFUSIA]}")
    who.press("Add", within=who.page.locator("#agenda details.more"))
    who.page.locator("[name=ruling][value=approve]").check()
    who.page.locator("[name=reasons]").fill("Die Pumpen laufen auch ohne Zentrale.")
    who.page.locator("[name=review_on]").fill(browsing.day(_in_days(90)))
    who.press("Save")
    with ground.sessions() as session:
        item = session.scalars(select(AgendaItem).where(AgendaItem.sitting_id == ground.planned)).one()
        assert item.reasons == "Die Pumpen laufen auch ohne Zentrale."

    who.go(f"/hospital/vendors/supplies/{of.supplies[UNASKED]}/intake/ask")
    who.fill({"Name of the person": "Dr. Beck"})
    who.page.locator("[name=email]").fill("beck@klinik.example")
    who.press("Send the questions")
    assert "Dr. Beck" in who.text()

    who.go(f"/hospital/assessments/{of.assessments[SILENT]}/recording")
    (tmp_path / "bericht.pdf").write_bytes(documents.pdf("SOC 2", ["Geltungsbereich: Sterilgut"]))
    who.page.locator("[name=file]").set_input_files(tmp_path / "bericht.pdf")
    who.press("Put in")
    who.follow("Record answers")
    who.page.locator("main form [name=value]").first.fill("Umgesetzt, siehe Bericht.")
    who.page.locator("main form [name=place]").fill("S. 12")
    who.press("Record and go on")
    with ground.sessions() as session:
        assert session.scalars(select(RecordedAnswer)).one().place == "S. 12"


def test_a_decider_comes_from_today_to_signed_minutes(ground: Ground, enter, tmp_path: Path):
    who = enter(ground.ward.decider, "en")
    who.go("/hospital/")
    assert "Decisions open" in who.text()
    who.page.locator("main a[href*='/decisions']").first.click()
    who.page.wait_for_load_state()
    who.look()
    who.go("/hospital/decisions")
    who.page.locator(f"a[href$='/sittings/{ground.begun}']").first.click()
    who.page.wait_for_load_state()
    who.look()
    items = who.page.locator("#agenda tbody a.row-link").evaluate_all("all => all.map(one => one.href)")
    assert items
    for address in items[:2]:
        who.go(address)
        for ballot in who.page.locator("[name^=ballot_]").all():
            ballot.select_option("yes")
        who.press("Write the votes down")
    who.go(f"/hospital/decisions/sittings/{ground.begun}")
    for address in items[2:]:
        who.page.goto(address)
        for ballot in who.page.locator("[name^=ballot_]").all():
            ballot.select_option("abstain")
        who.press("Write the votes down")
    who.go(f"/hospital/decisions/sittings/{ground.begun}")
    who.press("Close the sitting")
    for button, name in (("Minutes (PDF)", "minutes.pdf"), ("Minutes (Word)", "minutes.docx")):
        who.take(who.page.get_by_role("link", name=button), tmp_path / name)
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "minutes.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "Dr. Ada Fels" in text
    assert (tmp_path / "minutes.docx").read_bytes()[:2] == b"PK"
    with ground.sessions() as session:
        assert len(session.scalars(select(Decision)).all()) == 2
    who.go("/hospital/decisions")
    who.page.locator("#in-force a.row-link").first.click()
    who.page.wait_for_load_state()
    who.look()


def test_an_administrator_releases_a_policy_sets_the_rhythm_and_invites(ground: Ground, enter):
    who = enter(ground.ward.admin, "de")
    who.go("/hospital/settings")
    who.follow("Policy")
    who.press("Begin a draft")
    if not who.path().endswith("/draft"):
        who.follow("Go on with the draft")
    weight = who.page.locator("[name='part_weights.3']")
    weight.fill(str(int(weight.input_value()) + 5))
    who.press("Save the draft")
    who.go("/hospital/settings/policy/preview")
    assert who.page.get_by_role("heading", level=1).inner_text() == who.word("What the draft would do")
    who.follow("Back to the draft")
    who.fill({"Reason": "Beschluss der Kommission"})
    who.press("Release")
    with ground.sessions() as session:
        assert session.scalars(select(PolicyRelease)).one().reason == "Beschluss der Kommission"
    who.page.locator("#releases a.row-link").first.click()
    who.page.wait_for_load_state()
    who.look()

    who.go("/hospital/settings/watching")
    who.page.locator("[name=rescan_1]").first.select_option(index=1)
    who.press("Save")
    who.go("/hospital/settings")
    who.fill({"E-mail address": "neu@klinik.example"})
    who.choose("Role", HospitalRole.ASSESSOR.value)
    who.press("Invite")
    assert "neu@klinik.example" in who.text("#people")
    who.go("/hospital/settings/audit")
    who.go("/hospital/settings/letters")
    who.go("/hospital/settings/catalogues")


def test_an_auditor_reads_everything_changes_nothing_and_checks_a_register(ground: Ground, enter, tmp_path: Path):
    who, of = enter(ground.ward.auditor, "en"), ground.ward
    vendor = f"/hospital/vendors/{of.vendors[STRAHLWERK]}"
    for path in (
        "/hospital/",
        "/hospital/vendors",
        "/hospital/vendors/views",
        "/hospital/vendors/concentration",
        *_tabs(vendor),
        f"/hospital/compare?vendor={of.vendors[STRAHLWERK]}&vendor={of.vendors[INFUSIA]}",
        "/hospital/assessments",
        f"/hospital/assessments/{of.assessments[SILENT]}",
        f"/hospital/assessments/{of.assessments[SILENT]}/recording",
        f"/hospital/vendors/supplies/{of.supplies[UNASKED]}",
        f"/hospital/vendors/supplies/{of.supplies[UNASKED]}/intake",
        "/hospital/review",
        f"/hospital/review/{of.assessments[STRAHLWERK]}",
        "/hospital/risks",
        "/hospital/risks/snapshots",
        "/hospital/decisions",
        f"/hospital/decisions/sittings/{ground.begun}",
        f"/hospital/decisions/sittings/{ground.planned}",
        "/hospital/changes",
        "/hospital/reassessments",
        "/hospital/incidents",
        "/hospital/settings",
        "/hospital/settings/policy",
        "/hospital/settings/watching",
        "/hospital/settings/letters",
        "/hospital/settings/catalogues",
        "/hospital/settings/audit",
        "/hospital/reports",
    ):
        who.go(path)
        assert _beyond(who, ground.app) == [], path

    who.take(who.page.get_by_role("button", name="register.xlsx, English"), tmp_path / "register.xlsx")
    cells = {str(cell) for sheet in openpyxl.load_workbook(tmp_path / "register.xlsx", read_only=True).worksheets[:1]
             for row in sheet.iter_rows(values_only=True) for cell in row if cell}  # fmt: skip
    [checksum] = {found[0] for cell in cells if (found := re.search(r"\b[0-9a-f]{64}\b", cell))}
    who.go("/hospital/reports/check")
    who.page.locator("[name=checksum]").fill(checksum)
    who.press("Check it")
    who.see("This checksum is ours.")
    who.page.locator("[name=file]").set_input_files(tmp_path / "register.xlsx")
    who.press("Check it")
    who.see("Made here and unchanged, byte for byte.")


def _tabs(vendor: str) -> tuple[str, ...]:
    """The tabs of a vendor."""
    names = ("answers", "scan", "contradictions", "evidence", "actions", "subcontractors", "frameworks", "decisions")
    more = ("disputes", "waivers", "incidents", "scope", "reassessment", "history")
    return (vendor, *(f"{vendor}/{name}" for name in names + more))


def _beyond(who: Visitor, app: Flask) -> list[str]:
    """What stands in a page's content and leads where an auditor may not go."""
    links = who.page.locator("main a[href]").evaluate_all("all => all.map(one => ['GET', one.href])")
    forms = who.page.locator("main form").evaluate_all(
        "all => all.map(one => [one.method.toUpperCase(), one.getAttribute('action') || location.pathname])"
    )
    buttons = who.page.locator("main [formaction]").evaluate_all(
        "all => all.map(one => [one.form.method, one.formAction])"
    )
    found = set()
    doors = app.url_map.bind("127.0.0.1")
    for method, address in [*links, *forms, *buttons]:
        path = urlsplit(address).path
        if not path.startswith("/hospital/"):
            continue
        try:
            endpoint, _arguments = doors.match(path, method=method.upper())
        except HTTPException:
            found.add(f"{method} {path}: nowhere")
            continue
        if HospitalRole.AUDITOR not in MAY[f"{method.upper()} {endpoint}"]:
            found.add(f"{method} {endpoint}")
    return sorted(found)


def _in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)
