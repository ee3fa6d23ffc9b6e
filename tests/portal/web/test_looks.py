"""In a real browser: nothing for axe-core to find, no sideways scrolling, and a script that loses nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.conftest import RULES
from tests.portal import building
from tests.portal.web import guide_pages
from tests.portal.web.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from playwright.sync_api import Page
    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from portal.services.actors import Actor

pytestmark = pytest.mark.browser

PATHS = {
    "nobody": ["/", "/about", "/method?category=tls", "/sign-in", "/no-such-page"],
    "hospital": ["/guide/hospital", "/account"],
    "company": ["/guide/vendor", "/places"],
}


@pytest.fixture
def guide(served: Callable[..., str]) -> tuple[str, Callable[[], Flask]]:
    apps: list[Flask] = []

    def add(app: Flask) -> None:
        guide_pages.add_to(app)
        apps.append(app)

    return served(add), lambda: apps[0]


@pytest.fixture
def people(session: Session) -> dict[str, Actor]:
    made = {"hospital": building.hospital_actor(session), "company": building.company_actor(session)}
    session.commit()
    return made


def come_in(page: Page, address: str, sessions: Sessions, actor: Actor) -> None:
    page.context.add_cookies([{"name": "kettenblick-session", "value": sign_in(sessions, actor), "url": address}])


@pytest.mark.parametrize("who", ["nobody", "hospital", "company"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_nothing_for_axe_to_find_and_fit_every_screen(
    page: Page, axe: str, guide, people, sessions: Sessions, who: str, scheme: str
):
    address, _app = guide
    if who in people:
        come_in(page, address, sessions, people[who])
    page.emulate_media(color_scheme=scheme)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for path in PATHS[who]:
            page.goto(address + path)
            page.evaluate(f"{axe};0")
            found = page.evaluate("rules => axe.run(document, {resultTypes: ['violations'], ...rules})", RULES[scheme])

            assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == [], f"{path} at {width}"
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} at {width}"


@pytest.fixture
def vendor_page(page: Page, guide, people, sessions: Sessions) -> tuple[Page, dict, str]:
    address, app = guide
    come_in(page, address, sessions, people["company"])
    return page, app().extensions["guide"], f"{address}/guide/vendor"


@pytest.fixture
def answering(vendor_page) -> tuple[Page, dict]:
    page, server, address = vendor_page
    # Finished at once: a poll that is on its way when the browser closes would be taken for an error.
    page.route("**/guide/progress", lambda route: route.fulfill(body="<div id='progress'></div>"))
    page.goto(address)
    return page, server


def test_an_answer_is_called_saved_only_after_the_server_said_so(answering):
    page, server = answering
    page.get_by_label("Teilweise").check()
    page.get_by_label("Anmerkung").type("Kopie auf Band")
    page.get_by_text("gespeichert 14:03").wait_for()

    assert server["saves"][-1] == {"value": "partial", "comment": "Kopie auf Band"}
    assert server["version"] == len(server["saves"])


def test_typing_is_one_request_not_one_per_key(answering):
    page, server = answering
    page.get_by_label("Anmerkung").type("zwölf Zeichen", delay=20)
    page.get_by_text("gespeichert 14:03").wait_for()

    assert len(server["saves"]) == 1


def test_nothing_is_lost_while_the_server_is_away(answering):
    page, server = answering
    page.route("**/guide/save", lambda route: route.abort())
    page.get_by_label("Anmerkung").type("im Zug geschrieben")
    page.get_by_text(re.compile("keine Verbindung")).wait_for()
    assert server["saves"] == []

    page.unroute("**/guide/save")
    page.get_by_text("gespeichert 14:03").wait_for()

    assert server["saves"][-1]["comment"] == "im Zug geschrieben"


def test_leaving_with_something_unsaved_asks_first(answering):
    page, _server = answering
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.route("**/guide/save", lambda route: route.abort())
    page.get_by_label("Anmerkung").type("noch nicht gespeichert")

    with page.expect_event("dialog"):
        page.evaluate("location.href = '/about'")

    assert asked == ["beforeunload"]
    assert page.url.endswith("/guide/vendor")


def test_two_who_answer_at_once_choose_between_both_texts(answering):
    page, server = answering
    server["version"] = 7  # somebody else was faster
    page.get_by_label("Anmerkung").type("Meine <b>Antwort</b>")
    page.get_by_role("button", name="Meinen behalten").wait_for()

    assert page.get_by_text("Die andere Antwort").is_visible()
    assert page.get_by_text("Meine <b>Antwort</b>").first.is_visible()
    page.get_by_role("button", name="Meinen behalten").click()
    page.get_by_text("gespeichert 14:03").wait_for()
    assert server["version"] == 8


def test_progress_is_fetched_until_it_is_finished(vendor_page):
    page, server, address = vendor_page
    page.goto(address)
    page.get_by_text("Fertig").wait_for()
    turns = server["progress"]
    page.wait_for_timeout(2200)

    assert server["progress"] == turns == 3


def test_the_keyboard_reaches_the_content_first(answering):
    page, _server = answering
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Zum Inhalt springen"
