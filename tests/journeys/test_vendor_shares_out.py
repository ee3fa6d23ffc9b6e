"""What a company gives out of its hands: a section to a colleague, documents to be read, a look for whoever asks.

One server with a worker and a relay that takes its mail. Sections and documents in German, the first look in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Person
from portal.db.models.responses import Answer, EvidenceDeletion
from portal.services.answers import responses
from portal.settings import ScanSettings
from questionnaires import shelf
from questionnaires.model import AnswerValue
from reports import rendering
from tests.journeys import browsing, product, reading_files
from tests.portal.jobs import running
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser
    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from tests.journeys.browsing import Visitor
    from tests.journeys.product import Relay
    from tests.portal.web.vendor.errand import Errand

pytestmark = pytest.mark.browser

JANA = "jana@strahlwerk.example"
ASKING = "it@strahlwerk.test"
LOOKED_AT = "nocaa.strahlwerk.test"  # what the scanner that stands in tells of it follows from its name
TWO_PAGES = "p { break-after: page } p:last-child { break-after: auto }"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The server with its worker, the relay behind it, and a company that two hospitals ask."""

    address: str
    sessions: Sessions
    relay: Relay
    asked: Errand
    lent: Errand


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("shares")
    scan = ScanSettings(permitted_suffixes=(".test",))
    with (
        product.relay(folder) as relay,
        product.served(folder, relay=relay, scan=scan, public_looks_a_day=20) as site,
    ):
        with site.sessions.begin() as session:
            asked, lent = _asked(session, datetime.now(UTC))
        with site.at_work():
            yield Ground(address=site.address, sessions=site.sessions, relay=relay, asked=asked, lent=lent)


def _asked(session: Session, now: datetime) -> tuple[Errand, Errand]:
    asked = errand.accepted(session, now - timedelta(days=2))
    of = ward.empty(session, name="Klinikum Süd")
    ward.add(session, of, errand.VENDOR, "PACS Archiv", domain="strahlwerk.example", now=now)
    ward.invite(session, of, errand.VENDOR, now=now, due=now.date() + timedelta(days=28))
    lent = errand.Errand(ward=of, assessment_id=of.assessments[errand.VENDOR], token="")
    lent.lead = ward.accept(session, of, errand.VENDOR, now=now, actor=asked.lead)
    yes = AnswerValue(choices=("yes",))  # something to hand in
    responses.save(session, lent.lead, lent.assessment_id, ("GV-02", ""), yes, version=0, now=now)
    return asked, lent


@pytest.fixture
def enter(ground: Ground, chromium: Browser, axe: str) -> Iterator[Callable[..., Visitor]]:
    """A browser of somebody; every kind of page is looked at, wide and narrow."""
    with product.doors(chromium, ground.address, ground.sessions, axe=axe, narrow=True) as enter:
        yield enter


def test_a_section_goes_to_a_colleague_by_mail_and_the_lead_sees_who_is_where(ground: Ground, enter):
    lead, path = enter(ground.asked.lead), ground.asked.path
    lead.go(path)
    lead.go(f"{path}/colleagues")
    lead.page.locator("[name=sections][value=BK]").check()
    lead.page.locator("[name=email]").fill(JANA)
    lead.page.locator("[name=name]").fill("Jana Kern")
    lead.page.locator("[name=note]").fill("Das Konzept liegt im Wiki, Seite 4.")
    lead.page.locator("[name=due_on]").fill(browsing.day(datetime.now(UTC) + timedelta(days=5)))
    lead.press("Hand on")
    row = _row_of(lead, "BK")
    assert "Jana Kern" in row
    assert lead.word("has not come yet") in row

    mail = ground.relay.wait_for(JANA)
    assert "Wiki, Seite 4" in product.text_of(mail)
    link = product.link_in(mail, "/join/")
    jana = enter()
    for _ in range(2):  # opening the link redeems nothing
        jana.go(link)
    jana.page.locator("[name=name]").fill("Jana Kern")
    jana.page.locator("[name=password]").fill(browsing.PASSWORD_VENDOR)
    jana.press("Make the account and join")
    jana.go(path)
    titles = {one.id: one.title.get("de") for one in shelf.current().sections}
    assert titles["BK"] in jana.text()
    assert not [title for one, title in titles.items() if one != "BK" and title in jana.page.content()]
    assert "Seite 4" in jana.text()
    jana.page.get_by_role("link", name=titles["BK"]).first.click()
    jana.page.wait_for_load_state()
    question = jana.page.locator("section.question[data-autosave]").first
    name = question.get_attribute("id") or ""
    browsing.put_in(jana, question, browsing.good(browsing.shape_of(name)))
    question.locator("[data-save-mark][data-state=saved]").wait_for()
    jana.look()
    jana.refusals |= {403, 404}
    for closed in (f"{path}/questions/GV", f"{path}/colleagues", f"{path}/hand-in", f"{path}/result"):
        jana.page.goto(f"{ground.address}{closed}")
        assert titles["GV"] not in jana.page.content()
        assert jana.page.locator("form[action*='/hand-in'], section.question").count() == 0, closed

    lead.go(f"{path}/colleagues")
    row = _row_of(lead, "BK")
    assert re.search(r"\b1 von \d+\b", row), row
    assert lead.word("has not come yet") not in row
    lead.press("Remind")
    lead.see("The reminder to %(email)s is on its way.", email=JANA)
    reminder = ground.relay.wait_for(JANA, number=2)
    assert product.link_in(reminder, path)
    with ground.sessions() as session:
        person = session.scalars(select(Person).where(Person.email == JANA)).one()
        theirs = select(Answer).where(Answer.question_id.startswith("BK"))
        assert {row.updated_by for row in session.scalars(theirs) if row.version} == {person.name}


def _row_of(lead: Visitor, section: str) -> str:
    row = lead.page.locator("main tbody tr", has=lead.page.locator(f"a[href$='/questions/{section}']"))
    return " ".join(row.inner_text().split())


@pytest.mark.office
def test_documents_are_lent_to_be_read_seen_who_opened_them_and_deleted_with_proof(
    ground: Ground, enter, tmp_path: Path
):
    lead, path = enter(ground.lent.lead), ground.lent.path
    (tmp_path / "Pruefbericht.pdf").write_bytes(rendering.pdf("<p>Eins</p><p>Zwei</p>", style=TWO_PAGES))
    (tmp_path / "Entwurf.pdf").write_bytes(rendering.pdf("<p>Entwurf</p>", style=TWO_PAGES))
    lead.go(f"{path}/questions/GV")
    lead.follow("Add evidence")
    _put(lead, tmp_path / "Pruefbericht.pdf", view_only=True)
    lead.go(f"{path}/documents")
    lead.follow("Pruefbericht.pdf")
    other = lead.page.locator("[name=to] option", has_text="BK-").first.get_attribute("value") or ""
    lead.page.locator("[name=to]").select_option(other)
    lead.press("Lay it beside this answer")
    assert lead.page.locator("main form[action*='/places/']").count() == 2
    document = lead.path()
    assert lead.word("Nobody at the hospital so far.") in lead.text()
    lead.go(f"{path}/documents/add")
    _put(lead, tmp_path / "Entwurf.pdf", view_only=False)

    lead.go(f"{path}/documents")
    lead.follow("Entwurf.pdf")
    lead.press("Delete the document")
    assert "Entwurf.pdf" not in lead.text()
    running.wait_until(lambda: _is_gone(ground.sessions))
    lead.follow("Deleted documents and proofs")
    assert lead.word("not confirmed yet") not in lead.text()
    link = lead.page.locator("tr", has_text="Entwurf.pdf").locator("a[href$='.pdf']")
    answer = lead.page.request.get(str(link.evaluate("one => one.href")), timeout=90_000)  # the first PDF starts a pool
    (tmp_path / "Nachweis.pdf").write_bytes(answer.body())
    paper = reading_files.words_of_pdf(tmp_path / "Nachweis.pdf")
    assert "Entwurf.pdf" in paper
    assert "vom Unternehmen gelöscht" in paper

    lead.go(f"{path}/hand-in")
    lead.page.locator("[name=function]").fill("Informationssicherheit")
    lead.page.locator("[name=confirms]").check()
    lead.press("Sign and hand in")

    reader = enter(ground.lent.ward.assessor)
    reader.go(f"/hospital/vendors/{ground.lent.ward.vendors[errand.VENDOR]}/evidence")
    assert reader.word("only to be read, not to be saved") in reader.text()
    reader.press("Pruefbericht.pdf")
    assert (reader.page.locator("img.page-picture").get_attribute("src") or "").startswith("data:image/png;base64,")
    reader.press("Next page")

    lead.go(document)
    assert lead.word("read page %(number)s") % {"number": 2} in lead.text()
    assert lead.word("confidential") in lead.text("dl.pairs")
    assert lead.page.get_by_role("button", name=lead.word("Delete the document")).count() == 0  # it is held


def _put(lead: Visitor, file: Path, *, view_only: bool) -> None:
    lead.page.locator("[name=file]").set_input_files(file)
    lead.page.locator("[name=kind]").select_option("dpa")
    lead.page.locator("[name=confidentiality]").select_option("confidential")
    lead.page.locator("[name=is_view_only]").first.set_checked(view_only)
    lead.press("Add the document")


def _is_gone(sessions: Sessions) -> bool:
    with sessions() as session:
        return session.scalars(select(EvidenceDeletion.gone_at)).one() is not None


def test_whoever_asks_gets_a_first_look_by_a_mail_to_the_domain(ground: Ground, enter):
    who = enter(None, "en")
    who.go("/")
    who.page.locator("main a[href='/look']").first.click()
    who.page.wait_for_load_state()
    who.look()
    who.refusals |= {422, 429}
    who.page.locator("[name=email]").fill("it@gmx.de")
    who.press("Send the link")
    assert who.page.locator("[name=email]").input_value() == "it@gmx.de"
    for _ in range(3):
        who.go("/look")
        who.page.locator("[name=email]").fill(ASKING)
        who.press("Send the link")
        assert ASKING in who.text()

    link = product.link_in(ground.relay.wait_for(ASKING, number=3), "/look/link/")
    who.go(link)
    assert who.path() == "/look/hosts"
    who.page.locator("[name=hosts]").fill("portal.other.test")
    who.page.locator("[name=may_ask]").check()
    who.press("Look now")
    assert "strahlwerk.test" in who.text()
    assert who.page.locator("[name=hosts]").input_value() == "portal.other.test"
    who.page.locator("[name=hosts]").fill(LOOKED_AT)
    who.press("Look now")
    who.page.locator(".finding", has_text="CAA").first.wait_for()  # nobody reloads
    assert LOOKED_AT in who.text()
    who.look()

    other = enter(None, "en")
    other.refusals.add(404)
    other.page.goto(link)
    other.page.goto(f"{ground.address}/look/result")
    assert LOOKED_AT not in other.page.content()
    who.press("Delete it now")
    assert who.path() == "/look"

    who.page.locator("[name=email]").fill(ASKING)
    who.press("Send the link")
    assert len(ground.relay.to(ASKING)) == 3
    assert "24 hours" in who.text().replace("\u202f", " ")
