"""One vendor all the way round, in a real browser, against the started product, without a stand-in anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.demonstration import documents
from tests.journeys import browsing, product, reading_files
from tests.journeys.browsing import ASSESSOR, LEAD, PASSWORD_HOSPITAL, VENDOR, Visitor
from tests.journeys.conftest import HOSTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from portal.demonstration.servers import Running
    from tests.journeys.product import Product, Relay

pytestmark = [pytest.mark.browser, pytest.mark.office]

SCAN_SECONDS = 240


def test_a_vendor_goes_all_the_way_round(
    chromium: Browser, axe: str, hosts: Running, relay: Relay, started: Callable[..., Product], tmp_path: Path
):
    portal = started(**product.scan_settings(hosts, tmp_path), **product.mail_settings(relay))
    german = {"axe": axe, "language": "de"}
    with (
        browsing.visitor(chromium, portal.address, **german) as clinic,
        browsing.visitor(chromium, portal.address, **german) as firm,
    ):
        codes = browsing.set_up(clinic, portal.setup_link())
        vendor_path = browsing.add_vendor(clinic)
        clinic.see("%(supply)s is tier %(tier)s.", supply=browsing.PRODUCT, tier=1)
        browsing.name_hosts(clinic, vendor_path, HOSTS)
        round_seen_by_clinic = browsing.invite(clinic, vendor_path)

        round_path = _accept(firm, clinic, relay, round_seen_by_clinic)
        browsing.consent(firm, round_path)
        _watch_the_scan(firm)
        answered = _answer_everything(firm, round_path)
        name_of_file = _add_evidence(firm, round_path, tmp_path)
        _hand_in(firm, round_path, answers=answered, documents=1, edition=1)

        returned = _review(clinic, round_seen_by_clinic)
        _answer_what_came_back(firm, relay, round_path, returned)
        _hand_in(firm, round_path, answers=answered, documents=1, edition=2)
        _finish(clinic, round_seen_by_clinic)

        told = _read_the_page(clinic, vendor_path)
        _compare_workbook(clinic, told, name_of_file, tmp_path)
        _compare_pdf(clinic, vendor_path, told, tmp_path)
        _walk_the_rest(clinic, vendor_path)
        assert relay.in_the_clear == []
        assert not [line for line in portal.lines if "Traceback" in line]

    with browsing.visitor(chromium, portal.address, axe=axe, language="en") as clinic:
        _sign_in_in_english(clinic, codes[0])


def _accept(firm: Visitor, clinic: Visitor, relay: Relay, round_seen_by_clinic: str) -> str:
    mail = relay.wait_for(LEAD)
    assert browsing.HOSPITAL in str(mail["Subject"])
    link = product.link_in(mail, "/invitation/")
    for _ in range(3):
        firm.go(link)
    clinic.go(round_seen_by_clinic)
    assert clinic.word("opened") in clinic.text("#invitations")
    assert clinic.word("accepted") not in clinic.text("#invitations")

    return browsing.take_invitation(firm)


def _watch_the_scan(firm: Visitor) -> None:
    """Findings stream onto the page while the rest runs; nobody reloads."""
    running = firm.page.get_by_role("heading", name=firm.word("A scan is running"))
    running.wait_for()
    firm.page.locator("#scan-state .counts").wait_for(timeout=SCAN_SECONDS * 1000)
    assert running.is_visible(), "findings came only after the scan had ended"
    first = _found(firm)
    running.wait_for(state="detached", timeout=SCAN_SECONDS * 1000)
    firm.page.locator("#scan-state .grade-big").wait_for()
    assert _found(firm) > first > 0
    worth_a_look = firm.page.locator(".finding")
    assert worth_a_look.count() > 5
    assert any("TLS 1.0" in text for text in worth_a_look.all_text_contents())
    firm.press("Release to the hospital now")


def _found(firm: Visitor) -> int:
    return sum(int(text) for text in firm.page.locator("#scan-state .counts strong").all_inner_texts())


def _answer_everything(firm: Visitor, round_path: str) -> int:
    firm.go(f"{round_path}/questions")
    answered = 0
    while True:
        count = browsing.answer_page(firm)
        firm.page.wait_for_function(
            "n => document.querySelectorAll('[data-save-mark][data-state=saved]').length === n", arg=count
        )
        words = firm.page.locator("[data-save-mark]").first.inner_text()
        assert re.fullmatch(r"gespeichert \d\d:\d\d", words), words
        answered += count
        onward = firm.page.locator(".onward a")
        with firm.page.expect_navigation():
            onward.click()
        firm.look()
        if firm.path().endswith("/hand-in"):
            break
    firm.see("Everything has been answered.")
    return answered


def _add_evidence(firm: Visitor, round_path: str, folder: Path) -> str:
    today = datetime.now(UTC).date()
    file = folder / "ISO 27001 Strahlwerk.pdf"
    file.write_bytes(documents.pdf("ISO/IEC 27001", ["Geltungsbereich: PACS Archiv", "Ausgestellt für Strahlwerk"]))
    firm.go(f"{round_path}/documents")
    firm.follow("Add a document")
    firm.page.locator("[name=file]").set_input_files(file)
    firm.page.locator("[name=kind]").select_option(index=1)
    firm.page.locator("[name=to]").select_option(index=1)
    firm.page.locator("[name=issued_on]").fill(browsing.day(today - timedelta(days=30)))
    firm.page.locator("[name=valid_to]").fill(browsing.day(today + timedelta(days=700)))
    firm.press("Add the document")
    assert firm.page.get_by_role("link", name=file.name).count() == 1
    firm.follow(file.name)
    fetched = firm.take(firm.page.get_by_role("link", name=firm.word("Download")), folder / "fetched.pdf")
    assert fetched.read_bytes() == file.read_bytes()
    return file.name


def _hand_in(firm: Visitor, round_path: str, *, answers: int, documents: int, edition: int) -> None:
    firm.go(f"{round_path}/hand-in")
    firm.page.locator("[name=confirms]").check()
    firm.press("Sign and hand in")
    assert firm.path() == f"{round_path}/receipt"
    facts = dict(
        zip(
            firm.page.locator("dl.pairs").first.locator("dt").all_inner_texts(),
            firm.page.locator("dl.pairs").first.locator("dd").all_inner_texts(),
            strict=True,
        )
    )
    sentence = firm.word("Answers: %(answers)s, documents: %(documents)s")
    assert facts[firm.word("Contents")] == sentence % {"answers": answers, "documents": documents}
    assert facts[firm.word("Edition")] == str(edition)
    assert re.fullmatch("[0-9a-f]{64}", facts[firm.word("Fingerprint (SHA-256)")])


def _review(clinic: Visitor, round_path: str) -> str:
    """Accept two answers, return the third; gives its question."""
    clinic.go("/hospital/review")
    clinic.follow(VENDOR)
    for _ in range(2):
        clinic.page.locator("[name=state][value=accepted]").check()
        clinic.press("Save and go on")
    returned = clinic.text(".review-answer .muted").partition(" ")[0]
    clinic.page.locator("[name=state][value=returned]").check()
    clinic.page.locator("[name=remark]").fill("Bitte nennen Sie das Datum der letzten Prüfung.")
    clinic.page.locator("[name=note]").fill("Nur für uns: beim Termin ansprechen.")
    clinic.press("Save and go on")
    clinic.press("End the review")
    assert clinic.path() == round_path
    return returned


def _answer_what_came_back(firm: Visitor, relay: Relay, round_path: str, question_id: str) -> None:
    assert any(browsing.HOSPITAL in str(mail["Subject"]) for mail in relay.to(LEAD)[1:])
    firm.go(f"{round_path}/questions")
    (question,) = firm.page.locator("section.question").all()
    name = question.get_attribute("id") or ""
    assert name.startswith(question_id)
    assert "Bitte nennen Sie das Datum" in question.inner_text()
    assert "Nur für uns" not in firm.page.content()
    question.locator(f"[name='{name}.comment']").fill("Zuletzt geprüft am 3. März.")
    question.locator("[data-save-mark][data-state=saved]").wait_for()


def _finish(clinic: Visitor, round_path: str) -> None:
    clinic.go("/hospital/review")
    clinic.follow(VENDOR)
    clinic.press("End the review")
    assert clinic.path() == round_path
    clinic.see("The review is complete.")


def _read_the_page(clinic: Visitor, vendor_path: str) -> dict[str, str]:
    """What the hospital reads on the screen; the list says the same once the worker has scored."""
    clinic.go(vendor_path)
    told = {
        "grade": clinic.text(".grade-big .grade"),
        "score": clinic.text(".grade-big .grade-value"),
        "coverage": clinic.text(".coverage span").removesuffix("%").strip(),
        "outside": clinic.text(".overview-score dl .grade"),
        "tier": clinic.text(".facts .tier"),
    }

    def in_the_list() -> bool:
        clinic.go("/hospital/vendors")
        row = clinic.page.locator("table.vendors, .vendors table").locator("tbody tr").first
        return told["grade"] == row.locator(".score .grade").inner_text() and (
            row.locator(".score .numbers").first.inner_text() == told["score"]
        )

    product.eventually(in_the_list, seconds=90, what=f"{told} in the list")
    clinic.go(f"{vendor_path}/scan")
    counts = clinic.page.locator("#scan-state .counts, .scan-state .counts").first.inner_text()
    told["findings"] = counts
    return told


def _compare_workbook(clinic: Visitor, told: dict[str, str], file_name: str, folder: Path) -> None:
    clinic.go("/hospital/reports")
    path = clinic.take(clinic.page.get_by_role("button", name="register.xlsx, Deutsch"), folder / "register.xlsx")
    word = clinic.word
    opened = folder / "office"
    opened.mkdir()

    (vendor,) = reading_files.by_openpyxl(path, word("Vendors"))
    (shown,) = reading_files.by_libreoffice(path, word("Vendors"), opened)
    assert vendor[word("Vendor")] == shown[word("Vendor")] == VENDOR
    assert vendor[word("Grade")] == shown[word("Grade")] == told["grade"]
    assert vendor[word("Outside grade")] == shown[word("Outside grade")] == told["outside"]
    assert str(vendor[word("Tier")]) == shown[word("Tier")] == told["tier"]
    assert f"{vendor[word('Score')]:.0f}" == told["score"]
    assert f"{vendor[word('Coverage %')]:.0f}" == told["coverage"]
    assert float(shown[word("Score")].replace(",", ".")) == pytest.approx(float(vendor[word("Score")]), abs=0.05)

    findings = reading_files.by_openpyxl(path, word("Findings"))
    assert len(findings) == len(reading_files.by_libreoffice(path, word("Findings"), opened))
    for verdict in ("fail", "warn"):
        on_screen = _count_of(told["findings"], word({"fail": "fail", "warn": "warning"}[verdict]))
        assert on_screen == sum(
            str(row[word("Verdict")]).endswith(word({"fail": "fail", "warn": "warning"}[verdict])) for row in findings
        )
    assert file_name in {row[word("File")] for row in reading_files.by_openpyxl(path, word("Evidence"))}
    told["rows"] = str(len(findings))


def _count_of(counts: str, verdict: str) -> int:
    found = re.search(rf"{re.escape(verdict)}\s+(\d+)", counts)
    return int(found[1]) if found else 0


def _compare_pdf(clinic: Visitor, vendor_path: str, told: dict[str, str], folder: Path) -> None:
    clinic.go(vendor_path)
    report = clinic.page.get_by_role("link", name=clinic.word("Vendor report (PDF)"))
    words = reading_files.words_of_pdf(clinic.take(report, folder / "report.pdf"))
    score = re.search(r"(\d+),\d von 100 · (\d+)\s?% gesehen", words)
    assert score is not None, words[:2000]
    assert f"{score[2]}" == told["coverage"]
    assert abs(int(score[1]) - int(told["score"])) <= 1
    assert f"{told['rows']} Beobachtungen" in words
    assert VENDOR in words


def _walk_the_rest(clinic: Visitor, vendor_path: str) -> None:
    for path in (
        *(f"{vendor_path}/{tab}" for tab in ("answers", "contradictions", "evidence", "history")),
        *("/hospital/", "/hospital/assessments", "/hospital/risks", "/hospital/settings", "/hospital/settings/audit"),
        *("/account", "/operation", "/operation/outbox", "/about"),
    ):
        clinic.go(path)


def _sign_in_in_english(clinic: Visitor, code: str) -> None:
    clinic.go("/")
    clinic.follow("Sign in")
    assert clinic.text("h1") == "Sign in"
    clinic.fill({"E-mail": ASSESSOR, "Password": PASSWORD_HOSPITAL})
    clinic.press("Sign in")
    clinic.page.get_by_role("button", name="EN").click()  # the account was made in German
    clinic.follow("I do not have my authenticator with me")
    clinic.page.locator("input[name=code]").fill(code)
    with clinic.page.expect_navigation():
        clinic.page.locator("main form button[type=submit]").first.click()
    clinic.go("/hospital/vendors")
    assert clinic.text("h1") == "Vendors"
    assert VENDOR in clinic.text("table.vendors, .vendors table")
