"""A finding is disputed and answered, by keyboard: each reason, with a new file, a document of the vault and neither.

Two of the company and two of the hospital take turns; one of each reads German, the other English.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole
from portal.db.models.disputes import Dispute, DisputeReason, DisputeState
from portal.db.models.responses import Evidence
from portal.services.scans import disputes, own_results
from tests.journeys import browsing, product
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand
from tests.portal.web.vendor.test_documents import PDF

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from portal.db.session import Sessions
    from portal.services.actors import Actor
    from tests.journeys.browsing import Visitor
    from tests.portal.web.vendor.errand import Errand

pytestmark = pytest.mark.browser

REASONS = tuple(DisputeReason)
FILE = "netzplan.pdf"
NEW, KEPT = 0, 1  # which of the four bring a new file, and the same one out of the vault


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The server, and a company that has released what was seen of it."""

    address: str
    sessions: Sessions
    asked: Errand
    readers: tuple[Actor, Actor]  # of the company and of the hospital, who read English


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with product.served(tmp_path_factory.mktemp("dispute")) as site:
        now = datetime.now(UTC)
        with site.sessions.begin() as session:
            asked = errand.accepted(session, now)
            ward.scan(session, asked.ward, errand.VENDOR, quality=0.3, now=now)
            own_results.release(session, asked.lead, asked.assessment_id, now=now)
            readers = errand.colleague(session, asked, CompanyRole.SIGNATORY), asked.ward.admin
            for reader in readers:
                errand.person(session, reader).language = "en"
        yield Ground(address=site.address, sessions=site.sessions, asked=asked, readers=readers)


@pytest.fixture
def enter(ground: Ground, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    with product.doors(chromium, ground.address, ground.sessions) as enter:
        yield enter


def test_every_reason_is_said_and_answered_and_both_texts_are_printed(ground: Ground, enter, tmp_path: Path):
    plan = tmp_path / FILE
    plan.write_bytes(PDF)
    vendor = f"/hospital/vendors/{ground.asked.ward.vendors[errand.VENDOR]}/disputes"
    own = {"de": enter(ground.asked.lead), "en": enter(ground.readers[0], "en")}
    theirs = {"de": enter(ground.asked.ward.assessor), "en": enter(ground.readers[1], "en")}

    own["de"].go(f"{ground.asked.path}/result")
    links = own["de"].page.locator("a[href*='/disputes/add']").evaluate_all("all => all.map(one => one.href)")
    assert len(set(links)) >= len(REASONS)
    for number, (reason, link) in enumerate(zip(REASONS, dict.fromkeys(links), strict=False)):
        who = own["de" if number < 2 else "en"]
        who.go(link)
        _dispute(who, number, reason, plan if number == NEW else None)
    with ground.sessions() as session:
        said = {one.reason: one for one in session.scalars(select(Dispute))}
        (document,) = session.scalars(select(Evidence))
    assert {one: said[one].text for one in REASONS} == {one: _words(one) for one in REASONS}
    assert [bool(said[one].evidence_id) for one in REASONS] == [True, True, False, False]
    assert {said[REASONS[one]].evidence_id for one in (NEW, KEPT)} == {document.id}

    for number, reason in enumerate(REASONS):
        reader = theirs["de" if number % 2 else "en"]
        reader.go(vendor)
        _answer(reader, reason, agrees=number % 2 == 0)
    button = theirs["de"].page.locator("article.dispute").filter(has_text=_words(REASONS[NEW])).get_by_role("button")
    assert theirs["de"].take(button, tmp_path / "geholt.pdf").read_bytes() == PDF

    for language in ("de", "en"):
        own[language].go(f"{ground.asked.path}/disputes")
        page = own[language].text()
        for number, reason in enumerate(REASONS):
            state = DisputeState.REJECTED if number % 2 else DisputeState.UPHELD
            for words in (_words(reason), _reply(reason)):
                assert words in page
            assert own[language].word(disputes.REASONS[reason]) in page
            assert own[language].word(disputes.STATES[state]) in page
        assert page.count(document.file_name) == 2

    theirs["en"].go("/hospital/reports")
    button = theirs["en"].page.locator("form[action$='/reports/register'] button").first
    book = openpyxl.load_workbook(theirs["en"].take(button, tmp_path / "register.xlsx"), read_only=True)
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    book.close()
    told = "\n".join(cells)
    assert [words for one in REASONS for words in (_words(one), _reply(one)) if words not in told] == []


def _dispute(who: Visitor, number: int, reason: DisputeReason, file: Path | None) -> None:
    """With the keyboard alone, in the order in which Tab comes by; a file is chosen in the browser's own window."""
    page, keyboard = who.page, who.page.keyboard
    page.locator("[name=reason]").first.focus()
    keyboard.press("Space")
    for _step in range(REASONS.index(reason)):
        keyboard.press("ArrowDown")
    keyboard.press("Tab")
    keyboard.type(_words(reason))
    keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "evidence_id"
    if number == KEPT:
        keyboard.press("ArrowDown")
    keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "file"
    if file is not None:
        page.locator("[name=file]").set_input_files(file)
    keyboard.press("Tab")
    _press_enter(who)
    who.see("Your words stand beside the finding now. You get a mail when the hospital has answered.")


def _answer(who: Visitor, reason: DisputeReason, *, agrees: bool) -> None:
    article = who.page.locator("article.dispute").filter(has_text=_words(reason))
    keyboard = who.page.keyboard
    article.locator("[name=verdict]").first.focus()
    keyboard.press("Space")
    if not agrees:
        keyboard.press("ArrowDown")
    article.locator("[name=text]").focus()  # past the parts of the date, which stands there already
    keyboard.type(_reply(reason))
    keyboard.press("Tab")
    _press_enter(who)
    who.see("Answered. The vendor gets a mail.")


def _press_enter(who: Visitor) -> None:
    with who.page.expect_navigation(wait_until="load", timeout=browsing.PATIENCE):
        who.page.keyboard.press("Enter")
    who.look()


def _words(reason: DisputeReason) -> str:
    return f"Unser Wort: „{reason.value}“ & nichts sonst."


def _reply(reason: DisputeReason) -> str:
    return f"Antwort auf „{reason.value}“ <gelesen>."
