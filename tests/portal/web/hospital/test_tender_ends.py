"""Ends of a tender through its pages: an offer excluded and taken in again, a lot given up; an owner asked; lapsing."""

from __future__ import annotations

import contextlib
import io
import re
import sqlite3
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from assessments import intake
from portal.db.models.intake_requests import IntakeRequest
from portal.db.models.jobs import OutboxMail
from portal.db.models.tenders import Tender, TenderBidder
from portal.home import BERLIN
from portal.jobs import printing
from portal.services.tenders import bidders, openings
from questionnaires import answering
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from portal.settings import Settings
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

LONG_AGO = datetime(2026, 1, 15, 11, tzinfo=UTC)
LIST = "/hospital/compare/tenders"
INTAKE = {question.id: question.options[0].id for question in intake.current().questions}


@pytest.fixture
def tender(sessions: Sessions, ward: Ward) -> str:
    """An opened tender of two lots in the ward; its path."""
    start = datetime.now(UTC) - 40 * DAY
    with sessions.begin() as session:
        made = bids.started_with_two_lots(session, start, ward=ward, needs_two=False)
        bids.hand_in(session, made, ONE, now=start + 2 * DAY, quality=1.0)
        openings.open_answers(session, ward.assessor, made.tender_id, now=made.closes_at)
    return f"{LIST}/{made.tender_id}"


def test_an_offer_is_excluded_and_taken_in_again_and_a_lot_is_given_up(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, tender: str
):
    visitor = visit(ward.assessor)
    with sessions() as session:
        bidder = session.scalars(select(TenderBidder).where(TenderBidder.name == ONE)).one()
        lots = [(lot.id, lot.number) for lot in bidder.tender.lots]
    form = {"bidder_id": bidder.id, "ground": "unsuitable", "reason": "Kein Nachweis."}
    wrong = visitor.post(f"{tender}/exclude", {**form, "ground": "", "reason": "Getippt."})
    assert (wrong.status_code, "Getippt." in wrong.get_data(as_text=True)) == (422, True)
    assert visitor.post(f"{tender}/exclude", form).status_code == 303
    clash = visitor.post(f"{tender}/exclude", {**form, "reason": "Zweimal."})
    page = clash.get_data(as_text=True)
    assert clash.status_code == 409
    assert "Zweimal." in page  # what was typed
    assert "Kein Nachweis." in page  # beside what stands

    sheet = load_workbook(io.BytesIO(visitor.post(f"{tender}/lots/{lots[0][0]}/workbook").data))
    assert any("Kein Nachweis." in str(row[2]) for row in sheet["Bieter"].iter_rows(values_only=True))
    assert "Kein Nachweis." in visitor.get(f"{tender}/lots/{lots[0][0]}").get_data(as_text=True)
    assert visitor.post(f"{tender}/award", {"bidder_id": bidder.id, "reason": "Doch."}).status_code == 409
    back = {"bidder_id": bidder.id, "reason": "Nachgereicht."}
    assert visitor.post(f"{tender}/take-in-again", {**back, "reason": ""}).status_code == 422
    assert visitor.post(f"{tender}/take-in-again", back).status_code == 303
    assert visitor.post(f"{tender}/take-in-again", back).status_code == 409

    end = {"ground": "no-offer", "reason": "Kein Angebot."}
    assert visitor.post(f"{tender}/lots/{lots[1][0]}/end", {**end, "reason": ""}).status_code == 422
    assert visitor.post(f"{tender}/lots/{lots[1][0]}/end", end).status_code == 303
    again = visitor.post(f"{tender}/lots/{lots[1][0]}/end", {**end, "reason": "Noch einmal."})
    assert (again.status_code, "Noch einmal." in again.get_data(as_text=True)) == (409, True)
    page = visitor.get(tender).get_data(as_text=True)
    assert "ohne Zuschlag aufgehoben" in page
    log = visitor.get(f"{tender}/log").get_data(as_text=True)
    for words in (
        "Angebot von Hand ausgeschlossen",
        "Ausschlussgrund: Der Bieter ist nicht geeignet",
        "Ausschluss eines Angebots zurückgenommen",
        "Aufhebungsgrund: Kein Angebot entspricht den Bedingungen",
    ):
        assert words in log, words
    told = load_workbook(io.BytesIO(visitor.post(f"{tender}/log").data)).worksheets[0]
    assert any("Kein Angebot." in str(row[1]) for row in told.iter_rows(values_only=True))
    assert visitor.post(f"{tender}/award", {"bidder_id": bidder.id, "reason": "Bestes."}).status_code == 303
    assert "Zuschlag erteilt" in visitor.get(tender).get_data(as_text=True)


def test_a_tender_that_nobody_ends_stands_on_the_start_page_with_its_day(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, tender: str
):
    visitor = visit(ward.assessor)
    assert "niemand beendet" not in visitor.get("/hospital/").get_data(as_text=True)
    with sessions.begin() as session:
        session.execute(update(Tender).values(closes_at=LONG_AGO))
    today = visitor.get("/hospital/").get_data(as_text=True)
    assert "Vergaben, die niemand beendet hat" in today
    assert "endet von selbst am 15.07.2027" in today
    assert "15.07.2027" in visitor.get(tender).get_data(as_text=True)


def test_the_end_by_itself_is_put_off_on_the_page(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, tender: str
):
    visitor = visit(ward.assessor)
    assert "Ende aufschieben" not in visitor.get(tender).get_data(as_text=True)
    today = datetime.now(UTC).astimezone(BERLIN).date()
    with sessions.begin() as session:  # nobody has ended it for seventeen months
        closed = datetime.combine(answering.add_months(today, -17), time(11), tzinfo=UTC)
        session.execute(update(Tender).values(closes_at=closed))
    stands = answering.add_months(closed.date(), 18)
    assert "Ende aufschieben" in visitor.get(tender).get_data(as_text=True)
    until = answering.add_months(today, 6)
    form = {"until": until.isoformat(), "reason": "Nachprüfung <b>läuft</b>.", "stands": stands.isoformat()}
    far = visitor.post(f"{tender}/put-off", {**form, "until": answering.add_months(today, 13).isoformat()})
    page = far.get_data(as_text=True)
    assert (far.status_code, "Nachprüfung &lt;b&gt;läuft&lt;/b&gt;." in page) == (422, True)
    assert f"Wählen Sie einen Tag bis zum {answering.add_months(today, 12):%d.%m.%Y}" in page
    assert visitor.post(f"{tender}/put-off", {**form, "reason": ""}).status_code == 422
    assert visitor.post(f"{tender}/put-off", form).status_code == 303
    page = visitor.get(tender).get_data(as_text=True)
    assert f"auf den {until:%d.%m.%Y} verschoben: Nachprüfung &lt;b&gt;läuft&lt;/b&gt;." in page
    clash = visitor.post(f"{tender}/put-off", {**form, "reason": "Auch ich."})
    page = clash.get_data(as_text=True)
    assert (clash.status_code, "Auch ich." in page, "Nachprüfung" in page) == (409, True, True)
    assert "niemand beendet" not in visitor.get("/hospital/").get_data(as_text=True)
    log = visitor.get(f"{tender}/log").get_data(as_text=True)
    assert "Ende der Vergabe von selbst aufgeschoben" in log
    assert f"Vorher: {stands:%d.%m.%Y}, Nachher: {until:%d.%m.%Y}" in log
    assert visit(ward.auditor).post(f"{tender}/put-off", form).status_code == 403


def test_a_tender_is_cancelled_with_a_letter_that_was_read_before(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, tender: str
):
    visitor = visit(ward.assessor)
    form = {"reason": f"{ONE} war zu teuer.", "told": "Kein Geld <script>alert(1)</script> \u202egnp.exe"}
    shown = visitor.post(f"{tender}/cancel", {**form, "preview": "1"})
    page = shown.get_data(as_text=True)
    assert shown.status_code == 200
    for words in ("Die Vergabe „PACS 2027“ ist aufgehoben", "Los 2, Los zwei", "zu teuer."):
        assert words in page, words
    assert set(re.search(r"An: ([^<]+?) ?<", page)[1].split(", ")) == {ONE, TWO}
    assert page.count("Kein Geld &lt;script&gt;alert(1)&lt;/script&gt; gnp.exe") == 3  # in the form, and to each lot
    with sessions() as session:
        assert not session.scalars(select(OutboxMail).where(OutboxMail.kind == "tender-cancelled")).all()
    assert visitor.post(f"{tender}/cancel", {**form, "reason": ""}).status_code == 422
    assert visitor.post(f"{tender}/cancel", form).status_code == 303
    late = visitor.post(f"{tender}/cancel", {**form, "reason": "Zweimal gedrückt."})
    assert (late.status_code, "Zweimal gedrückt." in late.get_data(as_text=True)) == (409, True)
    with sessions() as session:
        mails = session.scalars(select(OutboxMail).where(OutboxMail.kind == "tender-cancelled")).all()
    assert sorted(mail.to_address for mail in mails) == ["angebot@kanarienblau.de", "angebot@kanariengelb.de"]
    assert all("<script>" not in mail.html for mail in mails)
    log = visitor.get(f"{tender}/log").get_data(as_text=True)
    assert "Den Bietern mitgeteilt: Kein Geld" in log
    assert log.count("Bietern das Ende mitgeteilt") == 3  # the tender's act, and each bidder's


def test_the_owner_of_a_lot_answers_by_a_link(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, visitor: Visitor
):
    with sessions.begin() as session:
        made = bids.drafted(session, datetime.now(UTC), ward=ward)
        lot = session.get_one(Tender, made.tender_id).lots[0]
        place = f"{LIST}/{made.tender_id}/lots/{lot.id}/intake"
    clerk = visit(ward.assessor)
    until = (datetime.now(UTC) + 9 * DAY).strftime("%Y-%m-%d")
    owner = {"email": "beck@klinik.example", "name": "Dr. Beck", "language": "de", "until": until}
    wrong = clerk.post(f"{place}/ask", {**owner, "email": "beck"})
    assert (wrong.status_code, "Dr. Beck" in wrong.get_data(as_text=True)) == (422, True)
    assert clerk.post(f"{place}/ask", owner).location.endswith(place)
    assert "Dr. Beck" in clerk.get(place).get_data(as_text=True)
    with sessions() as session:
        mail = session.scalars(select(OutboxMail).where(OutboxMail.to_address == owner["email"])).one()
        request = session.scalars(select(IntakeRequest).where(IntakeRequest.lot_id == lot.id)).one()
    assert "Vergabe" in mail.text
    assert clerk.post(f"/hospital/intakes/{request.id}/remind").location.endswith(place)

    form = visitor.get(re.search(r"/intake/avi_\S+", mail.text)[0]).location
    text = visitor.get(form).get_data(as_text=True)
    assert f"Wie viel wird von {lot.title} abhängen?" in text
    assert ONE not in text
    assert TWO not in text
    sent = visitor.post(form, {**INTAKE, "name": "Dr. Beck", "function": "Radiologie"})
    assert sent.status_code == 200
    assert place in clerk.get("/hospital/").get_data(as_text=True)

    page_now = clerk.get(place).get_data(as_text=True)
    assert "Radiologie" in page_now
    stale = clerk.post(f"{place}/take-over", {"request": request.id, "version": "1"})
    assert stale.status_code == 409
    fields = {"request": request.id, "request_version": "2", "version": "1"}
    changed = {**INTAKE, **fields, "tier": "2", "reason": "Es gibt Ersatz."}
    stale = clerk.post(place, changed)
    assert (stale.status_code, "Es gibt Ersatz." in stale.get_data(as_text=True)) == (409, True)
    with sessions() as session:
        read = str(session.get_one(IntakeRequest, request.id).version)
    assert clerk.post(f"{place}/take-over", {"request": request.id, "version": read}).status_code == 303
    with sessions() as session:
        assert session.get_one(Tender, made.tender_id).lots[0].tier == 1


class Press:
    """In the place of the press: somebody else saves while it works, and does not wait."""

    def __init__(self, settings: Settings) -> None:
        self.place = settings.database_url.removeprefix("sqlite:///")
        self.saved = 0
        self.html = ""

    def save(self) -> None:
        with contextlib.closing(sqlite3.connect(self.place, timeout=0)) as other, other:
            self.saved += other.execute("UPDATE hospital SET city = 'Anderswo'").rowcount > 0

    def pdf(self, html: str, *, style: str) -> bytes:
        assert style
        self.save()
        self.html = html
        return b"%PDF-"


@pytest.fixture
def press(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Press:
    made = Press(settings)
    monkeypatch.setattr(printing, "pdf", made.pdf)
    return made


def test_others_save_while_the_sheet_or_the_log_is_set(
    visit: Callable[..., Visitor], ward: Ward, press: Press, tender: str
):
    visitor = visit(ward.assessor)
    lot = re.search(rf"{tender}/lots/(\w+)", visitor.get(tender).get_data(as_text=True))[1]
    assert visitor.post(f"{tender}/lots/{lot}/paper").status_code == 200
    assert visitor.post(f"{tender}/log/paper").status_code == 200
    assert press.saved == 2
    assert "Datei: PDF" in visitor.get(f"{tender}/log").get_data(as_text=True)  # noted once it was set


def test_others_save_while_a_lot_is_compared(
    visit: Callable[..., Visitor], ward: Ward, press: Press, tender: str, monkeypatch: pytest.MonkeyPatch
):
    """For its sheet, for the log on paper, for an award, and where a form comes back: nobody waits for any of them."""
    visitor = visit(ward.assessor)
    page = visitor.get(tender).get_data(as_text=True)
    lot = re.search(rf"{tender}/lots/(\w+)", page)[1]
    bidder = re.search(r'name="bidder_id"[^>]*value="(\w+)"', page)[1]
    compare = openings.side_by_side

    def compared(*args: object, **kwargs: object) -> object:
        press.save()
        return compare(*args, **kwargs)

    monkeypatch.setattr(openings, "side_by_side", compared)
    for path, form, status in (
        (f"/lots/{lot}/workbook", {}, 200),
        (f"/lots/{lot}/paper", {}, 200),
        ("/log/paper", {}, 200),
        ("/cancel", {"reason": ""}, 422),
        ("/award", {"bidder_id": bidder, "reason": "Bestes Angebot."}, 303),
    ):
        press.saved = 0
        assert (path, visitor.post(f"{tender}{path}", form).status_code) == (path, status)
        assert press.saved, path


def test_a_lot_with_many_bidders_is_set_six_at_a_time(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, press: Press
):
    start = datetime.now(UTC) - 40 * DAY
    with sessions.begin() as session:
        made = bids.drafted(session, start, ward=ward, needs_two=False)
        lot = session.get_one(Tender, made.tender_id).lots[0]
        for number in range(3, 9):
            more = bids.bidder(lot.id, f"Bieter Nummer {number}", f"bieter{number}.de")
            bidders.add_bidder(session, ward.assessor, made.tender_id, more, base_url=bids.URL, now=start)
        bids.start(session, made, now=start)
        openings.open_answers(session, ward.assessor, made.tender_id, now=made.closes_at)
    visitor, place = visit(ward.assessor), f"{LIST}/{made.tender_id}/lots/{lot.id}"
    page = visitor.get(place).get_data(as_text=True)
    assert ("Spalten 1 bis 6" in page, "Spalten 7 bis 8" in page) == (True, True)
    columns = {}
    for part in ("1", "2", "99", "x"):
        taken = visitor.post(f"{place}/paper", {"part": part})
        assert taken.status_code == 200
        columns[part] = frozenset(re.findall(r'<span class="id">(B-\d\d)</span>', press.html))
        assert "Bieter Nummer 8" in press.html  # the table of bidders names them all
    assert [len(columns[part]) for part in ("1", "2")] == [6, 2]
    assert not columns["1"] & columns["2"]
    assert (columns["99"], columns["x"]) == (columns["2"], columns["1"])
    assert "Datei: PDF 2/2" in visitor.get(f"{LIST}/{made.tender_id}/log").get_data(as_text=True)
