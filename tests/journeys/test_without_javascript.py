"""The core of the round in a browser without JavaScript: every save by its button, every result by a link."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys import browsing, product
from tests.journeys.browsing import LEAD, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from portal.demonstration.servers import Running
    from tests.journeys.product import Product, Relay

pytestmark = pytest.mark.browser

HOST = "www.strahlwerk.test"


def test_the_core_works_without_a_script(
    chromium: Browser, hosts: Running, relay: Relay, started: Callable[..., Product], tmp_path: Path
):
    portal = started(**product.scan_settings(hosts, tmp_path), **product.mail_settings(relay))
    before = len(relay.to(LEAD))
    with (
        browsing.visitor(chromium, portal.address, script=False) as clinic,
        browsing.visitor(chromium, portal.address, script=False) as firm,
    ):
        browsing.set_up(clinic, portal.setup_link())
        vendor_path = browsing.add_vendor(clinic)
        browsing.name_hosts(clinic, vendor_path, (HOST,))
        browsing.invite(clinic, vendor_path)

        firm.go(product.link_in(relay.wait_for(LEAD, number=before + 1), "/invitation/"))
        round_path = browsing.take_invitation(firm)
        browsing.consent(firm, round_path)
        _follow_the_scan(firm)
        _save_by_button(firm, round_path)
        firm.go(f"{round_path}/hand-in")
        firm.page.locator("[name=confirms]").check()
        firm.press("Sign and hand in")
        assert firm.path() == f"{round_path}/receipt"

        clinic.go("/hospital/review")
        clinic.follow(browsing.VENDOR)
        clinic.page.locator("[name=state][value=accepted]").check()
        clinic.press("Save and go on")
        clinic.press("End the review")
        clinic.see("The review is complete.")


def _follow_the_scan(firm: Visitor) -> None:
    """The page says where what is new is shown."""

    def is_there() -> bool:
        if firm.page.locator("#scan-state .grade-big").count():
            return True
        firm.page.wait_for_timeout(500)
        firm.follow("Show what is new")
        return False

    product.eventually(is_there, seconds=120, what="the scan's result")
    assert firm.page.locator(".finding").count() > 0


def _save_by_button(firm: Visitor, round_path: str) -> None:
    """Profile and first section; what was typed stands there when the page is opened again."""
    firm.go(f"{round_path}/questions")
    for _ in range(2):
        assert browsing.answer_page(firm) > 0
        note = firm.page.locator("section.question textarea").last
        note.fill("Ohne Skript gespeichert.")
        path = firm.path()
        firm.press("Save and go on")
        firm.see("Saved.")
        assert firm.path() != path
        onward = firm.path()
        firm.go(path)
        assert firm.page.locator("section.question textarea").last.input_value() == "Ohne Skript gespeichert."
        firm.go(onward)
