"""By keyboard alone: a fact changes what is asked, a section goes to a colleague, and the colleague answers it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.delegations import Delegation
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import Answer
from tests.portal import building
from tests.portal.web.conftest import sign_in
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def _tab_to(page: Page, selector: str, *, most: int = 120) -> None:
    """Press Tab until the focus is there; a keyboard finds nothing by coordinates."""
    for _press in range(most):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def test_a_section_is_handed_on_and_answered_without_a_mouse(page: Page, served, sessions, now):
    with sessions() as session, session.begin():
        asked = errand.accepted(session, now)
    address = served()
    cookie = {"name": "kettenblick-session", "value": sign_in(sessions, asked.lead), "url": address}
    page.context.add_cookies([cookie])

    page.goto(f"{address}{asked.path}/questions/profile")
    facts = page.locator("[data-live-text=facts]")
    before = re.search(r"werden (\d+) von \d+ Fragen gestellt", facts.inner_text())
    _tab_to(page, "[name='P-03.value']")
    page.keyboard.press("ArrowDown")  # off the first choice, so that the next press chooses another class
    page.locator("#P-03 [data-save-mark][data-state=saved]").wait_for()
    facts.filter(has_text="1 von 11 beantwortet").wait_for()
    after = re.search(r"werden (\d+) von \d+ Fragen gestellt", facts.inner_text())
    assert int(after[1]) > int(before[1])

    page.goto(f"{address}{asked.path}/colleagues")
    _tab_to(page, "[name=sections][value=GV]")
    page.keyboard.press("Space")
    _tab_to(page, "[name=email]")
    page.keyboard.type("jana@strahlwerk.example")
    page.keyboard.press("Enter")
    page.get_by_text("Übergeben. Die E-Mail an jana@strahlwerk.example ist unterwegs.").wait_for()
    with sessions() as session:
        assert session.scalars(select(Delegation.section)).all() == ["GV"]
        mail = session.scalars(select(OutboxMail.text).where(OutboxMail.kind == "sections")).one()

    page.context.clear_cookies()
    page.goto(address + re.search(r"/join/\S+", mail)[0])
    _tab_to(page, "[name=name]")
    page.keyboard.type("Jana Kern")
    _tab_to(page, "[name=password]")
    page.keyboard.type(building.PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Anfragen von Krankenhäusern").wait_for()
    page.goto(f"{address}{asked.path}/questions/GV")
    _tab_to(page, "#GV-02 input[type=radio]")
    page.keyboard.press("Space")
    page.locator("#GV-02 [data-save-mark][data-state=saved]").wait_for()

    with sessions() as session:
        kept = {row.question_id: row.updated_by for row in session.scalars(select(Answer))}
    assert kept["GV-02"] == "Jana Kern"
