"""A tender in a browser, in German: from the draft with two lots to the award and the papers for the tender file.

A bidder looks at its own pages in between; none of them holds another bidder's name.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import select, update

from assessments import intake
from portal.db.models.assessments import Assessment
from portal.db.models.tenders import Tender, TenderBidder
from portal.services.registers.dossiers import BERLIN
from tests.journeys import product
from tests.journeys.browsing import PATIENCE
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import ONE, TWO, Bids
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from portal.db.session import Sessions
    from tests.journeys.browsing import Visitor
    from tests.portal.web.hospital.ward import Ward

pytestmark = pytest.mark.browser

DOMAINS = {ONE: "kanarienblau.de", TWO: "kanariengelb.de"}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A server and a hospital with nobody but its people."""

    address: str
    sessions: Sessions
    ward: Ward


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with product.served(tmp_path_factory.mktemp("tender")) as site:
        with site.sessions.begin() as session:
            ward = wards.empty(session)
        yield Ground(address=site.address, sessions=site.sessions, ward=ward)


@pytest.fixture
def enter(ground: Ground, chromium: Browser, axe: str) -> Iterator[Callable[..., Visitor]]:
    """A browser of somebody who is signed in; every page is looked at, wide and narrow."""
    with product.doors(chromium, ground.address, ground.sessions, axe=axe, narrow=True) as enter:
        yield enter


def test_a_tender_from_its_draft_to_the_papers_for_the_tender_file(ground: Ground, enter, tmp_path: Path):
    who = enter(ground.ward.assessor)
    _draft(who)
    _name_bidders(who)
    who.press("Freeze questions and weights")
    who.press("Invite the bidders")
    who.see("Every bidder is invited by a mail of its own.")

    made = _taken(ground)
    bidder = enter(made.actors[ONE])
    bidder.go(f"/vendor/rounds/{made.ward.assessments[ONE]}/tender")
    bidder.page.locator("[name=text]").fill("Gilt das Angebot bis März?")
    bidder.press("Send the question")
    for path in ("", "/tender"):
        bidder.go(f"/vendor/rounds/{made.ward.assessments[ONE]}{path}")
        assert TWO not in bidder.page.content()
        assert DOMAINS[TWO] not in bidder.page.content()
    with ground.sessions.begin() as session:
        bids.hand_in(session, made, ONE, now=datetime.now(UTC), quality=1.0)
    _pass_the_deadline(ground, made)

    who.go(f"/hospital/compare/tenders/{made.tender_id}")
    assert DOMAINS[ONE] not in enter(made.actors[TWO]).page.content()
    who.press("Open the answers")
    second = enter(ground.ward.decider)
    second.go(f"/hospital/compare/tenders/{made.tender_id}")
    second.press("Agree and open the answers")
    second.see("The answers are open.")

    who.go(f"/hospital/compare/tenders/{made.tender_id}")
    assert who.text().count("nichts abgegeben") == 1
    who.follow("Compare", within=who.page.locator("#bidders"))
    assert "fristgerecht abgegeben" in who.text()
    paper = _taken_along(who, "Sheet for the tender file (PDF)", tmp_path)
    sheet = _taken_along(who, "Sheet for the tender file (Excel)", tmp_path)
    assert paper.read_bytes().startswith(b"%PDF-1.7")
    assert ONE in str(openpyxl.load_workbook(io.BytesIO(sheet.read_bytes())).worksheets[0]["C1"].value)

    who.go(f"/hospital/compare/tenders/{made.tender_id}")
    who.page.locator("#bidders details.more summary").get_by_text(who.word("Award"), exact=True).click()
    who.page.locator("#bidders details[open] [name=reason]").fill("Bestes Verhältnis von Preis und Leistung.")
    who.press(who.word("Award the lot to %(name)s") % {"name": ONE})
    assert re.search(r"/hospital/vendors/\w+$", who.path())
    assert ONE in who.text("h1")
    who.go(f"/hospital/compare/tenders/{made.tender_id}/log")
    assert "Zuschlag" in who.text()
    assert hashlib.sha256(paper.read_bytes()).hexdigest() in who.page.content()  # the log tells which file it was
    log = _taken_along(who, "Log for the tender file (PDF)", tmp_path)
    assert log.read_bytes().startswith(b"%PDF-1.7")


def _draft(who: Visitor) -> None:
    who.go("/hospital/compare/tenders/add")
    who.fill({"Name of the tender": "PACS 2027", "Number of the tender file": "V-27/14"})
    closes_at = datetime.now(BERLIN) + timedelta(days=20)
    who.page.locator("[name=closes_at]").fill(f"{closes_at:%Y-%m-%dT12:00}")
    who.page.locator("[name=question_set][value=short]").check()
    who.press("Save")
    who.page.locator("details.more summary", has_text=who.word("Add a lot")).click()
    who.fill({"Lot": "Befundtastaturen"})
    who.press("Add the lot")
    who.follow("Fill in the intake")
    for question in intake.current().questions:
        who.page.locator(f"[name={question.id}][value={question.options[0].id}]").check()
    who.page.locator("[name=question_set][value=short]").check()
    who.press("Save the intake")
    assert "Kritikalität 1" in who.text()


def _name_bidders(who: Visitor) -> None:
    form = who.page.locator("form", has=who.page.locator("[name=contact_email]"))
    for name, domain in DOMAINS.items():
        if not form.locator("[name=name]").is_visible():
            who.page.locator("details.more summary", has_text=who.word("Name a bidder")).click()
        form.locator("[name=lot_id]").select_option(index=0)
        form.locator("[name=name]").fill(name)
        form.locator("[name=domain]").fill(domain)
        form.locator("[name=contact_email]").fill(f"angebot@{domain}")
        who.press("Add the bidder")


def _taken(ground: Ground) -> Bids:
    """Both bidders have opened their invitations."""
    now = datetime.now(UTC)
    with ground.sessions.begin() as session:
        row = session.scalars(select(Tender)).one()
        made = Bids(ward=replace(ground.ward, assessments={}), tender_id=row.id, closes_at=row.closes_at)
        made.bidders |= {one.name: one.id for one in session.scalars(select(TenderBidder))}
        bids.accept(session, made, url=ground.address, now=now - timedelta(days=1))
    return made


def _pass_the_deadline(ground: Ground, made: Bids) -> None:
    """The clock is the server's own, so the deadline moves instead."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with ground.sessions.begin() as session:
        session.execute(update(Tender).values(closes_at=past))
        session.execute(update(Assessment).where(Assessment.closes_at.is_not(None)).values(closes_at=past))
        assert session.get_one(Tender, made.tender_id).closes_at == past


def _taken_along(who: Visitor, button: str, folder: Path) -> Path:
    with who.page.expect_download(timeout=3 * PATIENCE) as told:
        who.page.get_by_role("button", name=who.word(button)).click(no_wait_after=True)
    path = folder / told.value.suggested_filename
    told.value.save_as(path)
    return path
