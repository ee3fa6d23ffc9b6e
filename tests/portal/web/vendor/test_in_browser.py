"""The company's pages in a real browser: for axe-core and for narrow screens, autosave, and a scan that grows live."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import select

from portal.db.models.responses import Answer, DomainControl
from portal.db.models.scans import ScanRun
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.scans import consents, domain_control, scan_results, scans
from portal.services.scans.consents import Signature
from questionnaires.model import AnswerValue
from scanners.observations import ControlRecords
from tests.conftest import PATIENCE, RULES
from tests.portal.web.conftest import sign_in
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand
from tests.portal.web.vendor.test_result import finding

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        made = errand.accepted(session, now, products=("PACS Archiv", "Befundserver"))
        errand.person(session, made.lead).name = "Erika Muster"
        return made


@pytest.fixture
def lead(page: Page, served, sessions, asked) -> tuple[Page, str]:
    address = served()
    page.context.add_cookies([{"name": "kettenblick-session", "value": sign_in(sessions, asked.lead), "url": address}])
    return page, address


def _is_sound(page: Page, axe: str, where: str, *, scheme: str = "light") -> None:
    page.evaluate(f"{axe};0")
    found = page.evaluate("rules => axe.run(document, {resultTypes: ['violations'], ...rules})", RULES[scheme])

    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == [], where
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_pages_have_nothing_for_axe_to_find_and_fit_every_screen(lead, axe, sessions, asked, now, scheme, width):
    page, address = lead
    with sessions() as session, session.begin():
        ward.scan(session, asked.ward, errand.VENDOR, quality=0.8, now=now)
        ward.answer_all(session, asked.ward, errand.VENDOR, quality=0.9, share=0.8, now=now)
        ward.add(session, asked.ward, "Laborwolke GmbH", "Labor-Cloud", domain="laborwolke.example", hosts=1, now=now)
        token = ward.invite(session, asked.ward, "Laborwolke GmbH", now=ward.timedelta(seconds=1) + now, due=now.date())
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    paths = [
        "/vendor/",
        "/vendor/team",
        "/vendor/documents",
        asked.path,
        f"/invitation/{token}",
        "/invitation/colleague",
    ] + [
        f"{asked.path}/{path}"
        for path in (
            *("approval", "approval/documents-only", "result", "questions/profile", "questions/BK", "documents"),
            *("documents/add?to=GV-01", "hand-in"),
        )
    ]
    for path in paths:
        page.goto(address + path)
        _is_sound(page, axe, f"{path} at {width}", scheme=scheme)
    with sessions() as session, session.begin():
        signer = Signer(name="Erika Muster", function="CISO", confirms=True)
        submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url=address, now=now)
    page.goto(f"{address}{asked.path}/receipt")
    _is_sound(page, axe, f"receipt at {width}", scheme=scheme)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_workbook_goes_along_and_comes_back(lead, axe, sessions, asked, session, now, tmp_path, width):
    page, address = lead
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}{asked.path}/questions/GV")
    page.get_by_role("link", name="In Excel arbeiten").click()
    _is_sound(page, axe, "workbook")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Arbeitsmappe herunterladen").click()
    caught.value.save_as(tmp_path / "antworten.xlsx")
    book = openpyxl.load_workbook(tmp_path / "antworten.xlsx")
    sheet = book["Antworten"]
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, 11).value in {'["GV-02", ""]', '["GV-05", ""]'}:
            sheet.cell(row, 6).value, sheet.cell(row, 7).value = "Teilweise", "außer am Standort Wien"
        if sheet.cell(row, 11).value == '["GV-03", ""]':
            sheet.cell(row, 6).value = "gestern"
    book.save(tmp_path / "antworten.xlsx")
    with sessions() as other, other.begin():
        value = AnswerValue(choices=("yes",))
        responses.save(other, asked.lead, asked.assessment_id, ("GV-05", ""), value, version=0, now=now)

    page.locator("[name=file]").set_input_files(tmp_path / "antworten.xlsx")
    page.get_by_role("button", name="Vergleichen").click()
    page.get_by_role("heading", name="Was die Arbeitsmappe ändern würde").wait_for()
    _is_sound(page, axe, "comparison")
    assert page.get_by_text("GV-03").count() == 1
    page.get_by_role("button", name="Auswahl übernehmen").click()

    page.get_by_text("1 Antwort wurde übernommen.").wait_for()
    kept = {row.question_id: row.value for row in session.scalars(select(Answer))}
    assert kept["GV-02"] == {"choices": ["partial"], "comment": "außer am Standort Wien"}
    assert kept["GV-05"] == {"choices": ["yes"]}


def test_an_answer_is_saved_while_one_reads_on(lead, asked, session):
    page, address = lead
    page.goto(f"{address}{asked.path}/questions/GV")
    question = page.locator("#GV-02")
    question.get_by_label("Teilweise").check()
    question.get_by_text(re.compile(r"gespeichert \d\d:\d\d")).wait_for()
    question.get_by_label(re.compile("Anmerkung")).type("nur am Standort Lindenau")
    page.locator("#GV-02[data-version='2']").wait_for()

    row = session.scalars(select(Answer)).one()
    assert row.value == {"choices": ["partial"], "comment": "nur am Standort Lindenau"}
    page.reload()
    assert question.get_by_label("Teilweise").is_checked()


def test_what_is_missing_is_said_beside_the_answer(lead, asked, session):
    page, address = lead
    page.goto(f"{address}{asked.path}/questions/GV")
    question = page.locator("#GV-02")
    question.get_by_label(re.compile("Nicht anwendbar")).check()
    question.get_by_text(re.compile("warum")).last.wait_for()
    assert session.scalars(select(Answer)).all() == []

    question.get_by_label(re.compile("Anmerkung")).type("wir liefern nur Hardware")
    question.get_by_text(re.compile(r"gespeichert \d\d:\d\d")).wait_for()

    session.expire_all()
    assert session.scalars(select(Answer)).one().value["choices"] == ["na"]


def test_the_second_of_two_chooses(lead, asked, session):
    page, address = lead
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{address}{asked.path}/questions/profile")
    page.locator("#P-01").get_by_role("textbox").type("Strahlwerk, Lindenau")
    page.locator("#P-01").get_by_text(re.compile("gespeichert")).wait_for()
    other.locator("#P-01").get_by_role("textbox").type("Strahlwerk, Musterstadt")
    other.get_by_role("button", name="Meinen behalten").wait_for()

    assert other.get_by_text("Strahlwerk, Lindenau").is_visible()
    assert session.scalars(select(Answer)).one().value == {"text": "Strahlwerk, Lindenau"}
    with other.expect_response(lambda response: response.request.method == "POST" and response.ok):
        other.get_by_role("button", name="Meinen behalten").click()
    other.locator("#P-01").get_by_text(re.compile("gespeichert")).wait_for()
    session.expire_all()
    assert session.scalars(select(Answer)).one().value == {"text": "Strahlwerk, Musterstadt"}


def test_findings_grow_on_the_page_while_the_scan_runs(lead, asked, sessions, now):
    page, address = lead
    page.goto(f"{address}{asked.path}/approval")
    page.get_by_label("Ihre Funktion im Unternehmen").fill("CISO")
    page.get_by_role("button", name="Beiden Klassen zustimmen und Scan starten").click()
    page.get_by_text("wartet").first.wait_for()
    with sessions() as session, session.begin():
        run = session.scalars(select(ScanRun)).one()
        scans.start(session, run.hospital_id, run.id, now=now)
        scan_results.store(session, run.hospital_id, run.id, seen=(), findings=[finding(now)])
    page.get_by_text("TLS 1.0", exact=False).first.wait_for()

    with sessions() as session, session.begin():
        scan_results.complete(session, run.hospital_id, run.id, seen=(), findings=[finding(now)], now=now)
    page.get_by_text("Nur Außensicht. Die Note").wait_for()
    page.get_by_role("button", name="Jetzt für das Krankenhaus freigeben").wait_for()


def test_the_questions_can_be_answered_without_a_script(lead, asked, session):
    page, address = lead
    context = page.context.browser.new_context(java_script_enabled=False, locale="de-DE")
    context.set_default_timeout(PATIENCE)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(f"{address}{asked.path}/questions/GV")
    plain.locator("#GV-02").get_by_label("Teilweise").check()
    plain.get_by_role("button", name="Speichern", exact=True).click()

    assert plain.get_by_text("Gespeichert").first.is_visible()
    assert session.scalars(select(Answer)).one().value == {"choices": ["partial"]}
    context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_active_class_and_the_first_look_have_nothing_for_axe_to_find(lead, axe, sessions, asked, now, width):
    page, address = lead
    with sessions() as session, session.begin():
        signed = Signature(name="Erika Muster", function="CISO", emergency_contact="0171 5550")
        consents.grant(session, asked.lead, asked.assessment_id, signed, now=now)
        first, second = consents.active_hosts(session, asked.lead, asked.assessment_id, now=now)[:2]
        for host in (first, second):
            domain_control.ask(session, asked.lead, asked.assessment_id, host.id, now=now)
        session.flush()
        token = session.scalars(select(DomainControl.token)).first()
        seen = ControlRecords(at=now, texts={f"_kettenblick-challenge.{first.name}": (token,)})
        domain_control.record(session, asked.lead.company_id, first.name, seen, now=now)
        domain_control.record(session, asked.lead.company_id, second.name, ControlRecords(at=now), now=now)
        ward.add(session, asked.ward, "Laborwolke GmbH", "Labor-Cloud", domain="laborwolke.example", hosts=1, now=now)
        link = ward.invite(session, asked.ward, "Laborwolke GmbH", now=ward.timedelta(seconds=1) + now, due=now.date())
    page.set_viewport_size({"width": width, "height": 900})
    for path in (f"{asked.path}/approval", f"{asked.path}/approval/without-active"):
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        _is_sound(page, axe, f"{path} at {width}")
    page.goto(f"{address}/invitation/{link}")
    page.get_by_role("button", name="Jetzt ansehen, nur für uns").click()
    page.wait_for_url("**/invitation/result")
    _is_sound(page, axe, f"first look at {width}")
