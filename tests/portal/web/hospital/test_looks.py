"""In a real browser: axe-core finds nothing on the hospital's pages, none scrolls sideways, and the review's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.registers import RiskRecord
from tests.conftest import RULES
from tests.portal.web.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from portal.db.session import Sessions
    from tests.portal.web.hospital.ward import Ward

pytestmark = pytest.mark.browser

STRAHLWERK = "Strahlwerk Medizintechnik GmbH"


@pytest.fixture
def address(page: Page, served: Callable[..., str], sessions: Sessions, ward: Ward) -> str:
    at = served()
    page.context.add_cookies([{"name": "kettenblick-session", "value": sign_in(sessions, ward.admin), "url": at}])
    return at


def paths(sessions: Sessions, ward: Ward) -> list[str]:
    with sessions() as session:
        risk = session.scalars(select(RiskRecord.id).where(RiskRecord.hospital_id == ward.hospital_id)).first()
    full, bare = ward.vendors[STRAHLWERK], ward.vendors["Papier & Büro Handels GmbH"]
    tabs = ("", "/answers", "/scan", "/contradictions", "/evidence", "/history", "/edit", "/invite", "/supplies/add")
    return [
        "/hospital/",
        "/hospital/vendors",
        "/hospital/vendors?tier=1&grade=E&sort=-grade",
        "/hospital/vendors/add",
        *(f"/hospital/vendors/{full}{tab}" for tab in tabs),
        *(f"/hospital/vendors/{bare}{tab}" for tab in ("", "/scan", "/invite")),
        f"/hospital/vendors/supplies/{ward.supplies[STRAHLWERK]}/intake",
        "/hospital/assessments",
        f"/hospital/assessments/{ward.assessments['Sterilgut Nord KG']}",
        "/hospital/review",
        f"/hospital/review/{ward.assessments[STRAHLWERK]}",
        "/hospital/risks",
        f"/hospital/risks/{risk}",
        "/hospital/reports",
        "/hospital/settings",
        "/hospital/settings/audit",
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_pages_have_nothing_for_axe_to_find_and_fit_every_screen(
    page: Page, axe: str, address: str, sessions: Sessions, ward: Ward, width: int, scheme: str
):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    wrong = []
    everything = paths(sessions, ward)
    looked_at = everything if (width, scheme) == (1440, "light") else everything[::4]  # colours and folds repeat
    for path in everything if width == 390 else looked_at:
        page.goto(address + path)
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            wrong.append((path, "wider than the screen", ""))
        if path not in looked_at:
            continue
        page.evaluate(f"{axe};0")
        found = page.evaluate("rules => axe.run(document, {resultTypes: ['violations'], ...rules})", RULES[scheme])
        wrong += [(path, rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]

    assert wrong == []


def test_a_refused_form_is_read_first(page: Page, axe: str, address: str):
    page.goto(f"{address}/hospital/vendors/add")
    page.get_by_label("E-Mail der Ansprechperson").fill("keine Adresse")
    page.get_by_role("button", name="Anlegen und weiter").click()

    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    page.evaluate(f"{axe};0")
    assert page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"] == []


def test_a_review_needs_no_mouse(page: Page, address: str, ward: Ward):
    page.goto(f"{address}/hospital/review/{ward.assessments[STRAHLWERK]}")
    first = page.get_by_role("heading", level=2).first.text_content()
    page.keyboard.press("j")
    page.wait_for_url("**answer=*")
    second = page.get_by_role("heading", level=2).first.text_content()
    page.keyboard.press("k")
    page.wait_for_function("text => document.querySelector('h2').textContent === text", arg=first)
    page.keyboard.press("a")

    assert first != second
    assert page.get_by_label("Annehmen").is_checked()
    page.get_by_label("Interne Notiz").press("j")  # typing is typing
    assert page.get_by_label("Interne Notiz").input_value() == "j"
    page.get_by_role("button", name="Speichern und weiter").click()
    page.get_by_text("92 Antworten nicht durchgesehen").wait_for()


def test_pages_print_without_their_frame(page: Page, address: str, ward: Ward):
    page.goto(f"{address}/hospital/vendors/{ward.vendors[STRAHLWERK]}")
    page.emulate_media(media="print")

    for hidden in (".bar", ".rail", ".page-action", ".tabs"):
        assert not page.locator(hidden).first.is_visible(), hidden
    assert page.get_by_role("heading", level=1).is_visible()
