"""Somebody with a real browser: walks by what stands on the page, and whatever is wrong with a page fails the test."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyotp

from portal import i18n
from questionnaires import answering, shelf
from questionnaires.model import AnswerKind, AnswerShape, AnswerValue

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

PATIENCE = 60_000  # milliseconds; two cores may be busy with others
PATIENCE_WITH_FILES = 3 * PATIENCE  # a report of forty pages is set while two other browsers want the processor


@dataclass
class Visitor:
    """One browser profile, and the words of its language."""

    page: Page
    address: str
    language: str
    axe: str = ""
    narrow: bool = False  # whether each kind of page is looked at on a telephone too
    seen: dict[str, list[str]] = field(default_factory=dict)  # page kind -> what axe found
    refusals: set[int] = field(default_factory=set)  # answers of this kind are what the journey wants to see

    @property
    def word(self) -> Callable[[str], str]:
        """A sentence of the program in the reader's language."""
        return i18n.translator(self.language)

    def go(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.address + path)
        self.look()

    def press(self, text: str, *, within: Locator | None = None) -> None:
        """Press the button of that name, and arrive."""
        self._arrive((within or self.page).get_by_role("button", name=self.word(text)).first)

    def follow(self, text: str, *, within: Locator | None = None) -> None:
        self._arrive((within or self.page).get_by_role("link", name=self.word(text)).first)

    def fill(self, fields: Mapping[str, str]) -> None:
        """Fill fields by their labels."""
        for label, value in fields.items():
            self.page.locator("main").get_by_label(self.word(label)).first.fill(value)

    def take(self, target: Locator, path: Path) -> Path:
        """Click and keep the file that comes. The click itself waits for nothing: it would give up on a long report."""
        with self.page.expect_download(timeout=PATIENCE_WITH_FILES) as caught:
            target.click(no_wait_after=True)
        caught.value.save_as(path)
        return path

    def choose(self, label: str, value: str) -> None:
        self.page.locator("main").get_by_label(self.word(label)).first.select_option(value)

    def see(self, text: str, **values: object) -> None:
        """Wait until a sentence stands there."""
        sentence = self.word(text) % values if values else self.word(text)
        self.page.get_by_text(sentence).first.wait_for(timeout=PATIENCE)

    def text(self, selector: str = "main") -> str:
        return " ".join(self.page.locator(selector).first.inner_text().split())

    def path(self) -> str:
        return urlsplit(self.page.url).path

    def look(self) -> None:
        """Let axe-core look at every kind of page once."""
        kind = re.sub(r"/[0-9a-f]{20}(?=/|$)", "/…", self.path())
        if self.axe and kind not in self.seen:
            self.page.evaluate(f"{self.axe};0")
            found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            self.seen[kind] = [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found]
            if self.narrow:
                self._look_at_390()

    def _look_at_390(self) -> None:
        wide = self.page.viewport_size
        self.page.set_viewport_size({"width": 390, "height": 844})
        if not self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            self.seen.setdefault(f"{self.path()} at 390 px", []).append("scrolls sideways")
        if wide:
            self.page.set_viewport_size(wide)

    def _arrive(self, target: Locator) -> None:
        with self.page.expect_navigation(wait_until="load", timeout=PATIENCE):
            target.click()
        self.look()


@contextlib.contextmanager
def visitor(
    browser: Browser,
    address: str,
    *,
    axe: str = "",
    narrow: bool = False,
    language: str = "de",
    script: bool = True,
) -> Iterator[Visitor]:
    """A profile of its own; leaving this origin, an error on the console and a breach of the policy fail the test."""
    context = browser.new_context(
        locale={"de": "de-DE", "en": "en-GB"}[language],
        timezone_id="Europe/Berlin",
        java_script_enabled=script,
        accept_downloads=True,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on(
        "console",
        lambda said: (
            complaints.append(f"console: {said.text}")
            if said.type == "error" and not any(f"status of {code} " in said.text for code in made.refusals)
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            complaints.append(f"left the portal: {request.url}")
            if not request.url.startswith((f"{address}/", "data:"))
            else None
        ),
    )
    page.on(
        "response",
        lambda response: (
            complaints.append(f"{response.status} of {response.url}")
            if response.status >= 400 and response.status not in made.refusals
            else None
        ),
    )
    made = Visitor(page=page, address=address, language=language, axe=axe, narrow=narrow)
    try:
        yield made
    finally:
        context.close()
    assert not complaints, "\n".join(complaints)
    wrong = [f"{kind}: {one}" for kind, found in made.seen.items() for one in found]
    assert not wrong, "\n".join(wrong)


# ---- steps that several journeys take


PASSWORD_HOSPITAL = "vier alte Boote am Kai"
PASSWORD_VENDOR = "lauter kleine Segel im Wind"
HOSPITAL, VENDOR, PRODUCT = "Klinikum Nord", "Strahlwerk Medizintechnik GmbH", "PACS Archiv"
ASSESSOR, LEAD = "erika@klinik.example", "max@strahlwerk.example"
INTAKE = {
    "clinical_process": "life_support",
    "patient_safety": "life",
    "outage": "h1",
    "data_loss": "h1",
    "fallback": "none",
}


def set_up(who: Visitor, link: str) -> list[str]:
    """From the one-time link to the hospital's first page; gives the recovery codes."""
    who.go(link)
    who.fill(
        {
            "Name of the hospital": HOSPITAL,
            "City": "Kiel",
            "Your name": "Erika Beispiel",
            "Your e-mail address": ASSESSOR,
            "Password": PASSWORD_HOSPITAL,
        }
    )
    who.choose("Federal state", "SH")
    who.press("Continue to the second factor")
    secret = (who.page.locator(".secret").text_content() or "").replace(" ", "").strip()
    who.page.locator("input[name=code]").fill(pyotp.TOTP(secret).now())
    who.press("Confirm")
    codes = who.page.locator(".codes code").all_inner_texts()
    who.follow("I have kept them, continue")
    return codes


def add_vendor(who: Visitor) -> str:
    """A vendor with its product and intake; gives the address of its page."""
    who.go("/hospital/vendors")
    who.follow("Add a vendor")
    who.fill(
        {
            "Name": VENDOR,
            "Main domain": "strahlwerk.test",
            "Contact person": "Max Muster",
            "E-mail of the contact": LEAD,
            "Product or service": PRODUCT,
        }
    )
    who.page.locator("[name=product_group]").select_option("pacs")
    who.press("Add and go on to the intake")
    for question in who.page.locator("fieldset.kern-fieldset").all():
        name = question.get_attribute("id") or ""
        choices = question.locator("input")
        if name == "tier":
            continue
        wanted = INTAKE.get(name) or choices.first.get_attribute("value")
        question.locator(f"input[value='{wanted}']").check()
    who.press("Save the intake")
    return who.path()


def name_hosts(who: Visitor, vendor_path: str, hosts: tuple[str, ...]) -> None:
    who.go(f"{vendor_path}/scan")
    for host in hosts:
        more = who.page.locator("#hosts details.more")
        if more.get_attribute("open") is None:
            more.locator("summary").click()
        who.page.locator("#hosts [name=host]").fill(host)
        who.press("Add the host")


def invite(who: Visitor, vendor_path: str) -> str:
    """Ask the vendor; gives the address of the round."""
    who.go(f"{vendor_path}/invite")
    who.press("Send the invitation")
    return who.path()


def take_invitation(who: Visitor) -> str:
    """With the invitation open: make the account and accept; gives the address of the round."""
    who.page.locator("[name=function]").fill("Informationssicherheit")
    who.page.locator("[name=password]").fill(PASSWORD_VENDOR)
    who.press("Make the account and accept")
    return who.path()


def consent(who: Visitor, round_path: str) -> None:
    """Sign; the scan begins at once."""
    who.go(f"{round_path}/approval")
    who.page.locator("[name=name]").last.fill("Max Muster")
    who.page.locator("form [name=function]").last.fill("Informationssicherheit")
    who.press("Agree to both classes and start the scan")


# ---- answering as a person does


def good(shape: AnswerShape) -> AnswerValue:
    """The best answer to a question, or any where none is better."""
    today = datetime.now(UTC).date()
    match shape.kind:
        case AnswerKind.TEXT:
            return AnswerValue(text="Siehe Betriebshandbuch, Abschnitt 4.")
        case AnswerKind.NUMBER:
            candidates = [AnswerValue(number=float(number)) for number in (0, 1, 4, 12, 24, 72, 100, 500)]
            lowest, highest = shape.minimum, shape.maximum
            candidates = [
                one
                for one in candidates
                if (lowest is None or one.number >= lowest) and (highest is None or one.number <= highest)
            ]
        case AnswerKind.DATE:
            candidates = [AnswerValue(day=today - timedelta(days=days)) for days in (30, 300, 900)]
        case AnswerKind.MULTI_CHOICE:
            options = [option.id for option in shape.options if option.id not in {"none", "na"}]
            candidates = [AnswerValue(choices=tuple(options)), AnswerValue(choices=tuple(options[:1]))]
        case _:
            candidates = [AnswerValue(choices=(option.id,)) for option in shape.options if option.id != "na"]
    return max(candidates, key=lambda one: answering.share(shape, one, today=today) or 0)


def shape_of(name: str) -> AnswerShape:
    catalogue, question_id = shelf.current(), name.partition(".")[0]
    if question_id in catalogue.questions:
        return catalogue.questions[question_id].shape
    return next(one.shape for one in catalogue.profile if one.id == question_id)


def put_in(who: Visitor, question: Locator, value: AnswerValue) -> None:
    """Click and type one answer."""
    name = question.get_attribute("id") or ""
    shape = shape_of(name)
    control = question.locator(f"[name='{name}.value']")
    if shape.kind in {AnswerKind.TEXT, AnswerKind.NUMBER, AnswerKind.DATE}:
        (typed,) = answering.raw(value)
        control.fill(typed.replace(".", ",") if shape.kind is AnswerKind.NUMBER and who.language == "de" else typed)
    else:
        for choice in value.choices:
            question.locator(f"[name='{name}.value'][value='{choice}']").check()


def answer_page(who: Visitor, *, answers: Mapping[str, AnswerValue] | None = None) -> int:
    """Answer every question of the page that is open; gives how many."""
    questions = who.page.locator("section.question[data-autosave]").all()
    for question in questions:
        name = question.get_attribute("id") or ""
        put_in(who, question, (answers or {}).get(name.partition(".")[0]) or good(shape_of(name)))
    return len(questions)


def day(value: date) -> str:
    return f"{value:%Y-%m-%d}"
