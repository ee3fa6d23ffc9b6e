"""What a company takes home and brings along, as people do it: one server, one worker, six short ways.

Packs, lists of parts, plan, incidents and one finding looked at again in German, a hospital's own catalogue in
English, the plan with the keyboard alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Hospital
from portal.db.models.catalogues import OwnCatalogue
from portal.db.models.plans import PlanOffer
from portal.db.models.responses import Evidence
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Host
from portal.services.answers import responses
from portal.services.scans import scans
from questionnaires.model import AnswerValue
from tests.journeys import product
from tests.portal import alarms
from tests.portal.jobs import running
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from portal.db.session import Sessions
    from portal.services.actors import Actor
    from tests.journeys.browsing import Visitor
    from tests.portal.web.vendor.errand import Errand

pytestmark = pytest.mark.browser

HOST = "at-192-0-2-7.latecaa.example"  # the scanner that stands in finds its record at the second look
PARTS = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {
        "timestamp": "2026-11-01T10:00:00Z",
        "component": {"type": "application", "name": "PACS Archiv", "version": "7.4"},
    },
    "components": [{"type": "library", "name": "jquery", "version": "1.12.4", "purl": "pkg:npm/jquery@1.12.4"}],
}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The server with a worker beside it, and a company that two hospitals ask."""

    address: str
    sessions: Sessions
    first: Errand
    second: Errand
    flash_id: str


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with product.served(tmp_path_factory.mktemp("home")) as site:
        with site.sessions.begin() as session:
            first, second, flash_id = _asked(session, datetime.now(UTC))
        with site.at_work():
            running.wait_until(lambda: _is_scanned(site.sessions), seconds=60)
            yield Ground(address=site.address, sessions=site.sessions, first=first, second=second, flash_id=flash_id)


def _asked(session, now: datetime) -> tuple[Errand, Errand, str]:
    first = errand.accepted(session, now - timedelta(days=20), hosts=1)
    host = session.scalars(select(Host)).one()
    host.name = HOST
    value = AnswerValue(choices=("yes",), comment="seit 2024")
    responses.save(session, first.lead, first.assessment_id, ("GV-02", ""), value, version=0, now=now)
    scans.queue_by_company(session, first.lead, first.assessment_id, now=now)
    of = ward.empty(session, name="Klinikum Süd")
    ward.add(session, of, errand.VENDOR, "PACS Archiv", domain="strahlwerk.example", now=now)
    ward.invite(session, of, errand.VENDOR, now=now, due=now.date() + timedelta(days=28))
    second = errand.Errand(ward=of, assessment_id=of.assessments[errand.VENDOR], token="")
    second.lead = ward.accept(session, of, errand.VENDOR, now=now, actor=first.lead)
    flash = alarms.flash(session, first.ward.assessor, first.ward.vendors[errand.VENDOR], now=now)
    return first, second, flash.id


def _is_scanned(sessions: Sessions) -> bool:
    with sessions() as session:
        return session.scalars(select(ScanRun.state)).one() in {"done", "provisional"}


@pytest.fixture
def enter(ground: Ground, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """A browser of somebody who is signed in."""
    with product.doors(chromium, ground.address, ground.sessions) as enter:
        yield enter


def test_answers_go_along_and_lie_beside_another_hospitals_questions(ground: Ground, enter, tmp_path):
    who = enter(ground.first.lead)
    who.go(f"{ground.first.path}/pack")
    who.page.locator("[name=which][value=draft]").check()
    who.take(who.page.get_by_role("button", name="Antwortpaket herunterladen"), tmp_path / "pack.zip")

    who.go(f"{ground.second.path}/pack")
    who.page.locator("[name=file]").set_input_files(tmp_path / "pack.zip")
    who.press("Load")
    who.see("The pack you brought")
    who.press("Lay the answers beside the questions")
    who.go(f"{ground.second.path}/questions/GV")

    assert "seit 2024" in who.page.content()
    with ground.sessions() as session:
        asked = responses.questionnaire(session, ground.second.lead, ground.second.assessment_id, now=datetime.now(UTC))
        assert all(slot.value is None for slot in asked.slots)  # it lies there and is no answer yet


def test_a_list_of_parts_is_read_and_each_component_told(ground: Ground, enter, tmp_path):
    who = enter(ground.first.lead)
    (tmp_path / "sbom.json").write_text(json.dumps(PARTS))
    who.go(f"{ground.first.path}/documents/add")
    who.page.locator("[name=file]").set_input_files(tmp_path / "sbom.json")
    who.page.locator("[name=kind]").select_option("sbom")
    who.press("Add the document")

    with ground.sessions() as session:
        evidence_id = session.scalars(select(Evidence.id).where(Evidence.file_name == "sbom.json")).one()
    path = f"{ground.first.path}/documents/{evidence_id}"
    running.wait_until(lambda: who.page.goto(f"{ground.address}{path}") and "CycloneDX 1.6" in who.text())
    assert "PACS Archiv 7.4" in who.text()
    who.go(f"{path}/components")
    assert "pkg:npm/jquery@1.12.4" in who.text()


def test_a_finding_that_was_mended_is_looked_at_again_alone(ground: Ground, enter):
    who = enter(ground.first.lead)
    who.go(f"{ground.first.path}/result")
    finding = who.page.locator("details.finding", has_text="CAA").first
    if finding.get_attribute("open") is None:
        finding.locator("summary").click()
    who.press("Look at this finding again", within=finding)

    running.wait_until(lambda: who.page.goto(f"{ground.address}{ground.first.path}/result") and "erfüllt" in who.text())
    who.page.get_by_text("nachgeprüft").first.wait_for()


def test_the_plan_is_offered_with_the_keyboard_alone(ground: Ground, enter):
    who = enter(ground.first.lead)
    who.go(f"{ground.first.path}/plan")
    page = who.page
    # A line of an answer: what the scan saw may be settled by its second look in between.
    _tab_to(page, "document.activeElement.name === 'keys' && !document.activeElement.value.startsWith('check:')")
    page.keyboard.press("Space")
    _tab_to(page, "document.activeElement.name === 'note'")
    page.keyboard.type("Bis zum Quartalsende.")
    _tab_to(page, "document.activeElement.type === 'submit' && document.activeElement.form.id === 'offer-form'")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    with ground.sessions() as session:
        offer = session.scalars(select(PlanOffer)).one()
        assert (len(offer.lines), offer.note) == (1, "Bis zum Quartalsende.")


def _tab_to(page, what: str) -> None:
    for _press in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(what):
            return
    raise AssertionError(f"the keyboard never comes to {what}")


def test_a_hospital_asks_a_question_of_its_own(ground: Ground, enter):
    with ground.sessions() as session:
        assert session.get_one(Hospital, ground.first.ward.hospital_id)
    who = enter(ground.first.ward.admin, "en")
    who.page.context.add_cookies([{"name": "kettenblick-language", "value": "en", "url": ground.address}])
    _speak_english(ground, ground.first.ward.admin)
    who.go("/hospital/settings/catalogues")
    who.page.locator("[name=title_de]").first.fill("Unsere Fragen")
    who.page.locator("[name=title_en]").first.fill("Our questions")
    who.press("Begin a draft")
    who.follow("Add a question")
    for name, text in (
        ("label_de", "Schlüssel"), ("label_en", "Keys"), ("text_de", "Wer hält die Schlüssel?"),
        ("text_en", "Who holds the keys?"), ("why_de", "Weil es zählt."), ("why_en", "Because it counts."),
    ):  # fmt: skip
        who.page.locator(f"[name={name}]").fill(text)
    who.press("Save")
    who.follow("Preview")
    who.see("Who holds the keys?")
    who.page.go_back()
    who.press("Release")

    with ground.sessions() as session:
        row = session.scalars(select(OwnCatalogue)).one()
        assert row.released_at is not None
        assert "Wer hält die Schlüssel?" in row.document


def _speak_english(ground: Ground, actor: Actor) -> None:
    with ground.sessions.begin() as session:
        errand.person(session, actor).language = "en"


def test_an_incident_is_told_and_a_question_of_the_moment_answered(ground: Ground, enter):
    company, hospital = enter(ground.first.lead), enter(ground.first.ward.assessor)
    company.go("/vendor/incidents/report")
    page = company.page
    page.locator("[name=title]").fill("Ransomware im Rechenzentrum")
    page.locator("[name=known_at]").fill((datetime.now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M"))
    page.locator("[name=stage][value=early]").check()
    page.locator("[name=reach][value=chosen]").check()
    page.locator(f"[name=hospitals][value='{ground.first.assessment_id}']").check()
    page.locator("[name=what]").fill("Server sind verschlüsselt.")
    page.locator("[name=malicious][value=yes]").check()
    page.locator("[name=abroad][value=unknown]").check()
    page.locator("[name=contact_name]").fill("Erika Muster")
    page.locator("[name=contact_phone]").fill("+49 30 1")
    company.press("Tell the hospitals")
    hospital.go("/hospital/incidents")
    hospital.page.get_by_role("link", name="Ransomware im Rechenzentrum").first.click()
    hospital.page.locator("[name=text]").fill("Wir trennen die Leitung.")
    with hospital.page.expect_navigation():
        hospital.page.locator("main form button[type=submit]").first.click()
    company.page.reload()
    assert "Wir trennen die Leitung." in company.text()

    company.go("/vendor/")
    company.page.locator("main a[href*='/flashes/']").first.click()
    company.page.locator("[name=standing][value=not-affected]").check()
    company.page.locator("[name=text]").fill("Wir setzen es nicht ein.")
    company.press("Answer")
    hospital.go(f"/hospital/incidents/flashes/{ground.flash_id}")
    assert "Wir setzen es nicht ein." in hospital.text()
