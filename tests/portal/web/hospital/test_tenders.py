"""A tender through its pages: begun, frozen, invited, sealed, opened by two, compared, awarded, logged."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from assessments import intake
from portal.db.models.tenders import Tender, TenderBidder, TenderLot
from portal.web.hospital.tender_forms import DeadlineForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.test import TestResponse

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

SOON = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT12:00")
DRAFT = {
    "title": "PACS 2027",
    "reference": "V-27/14",
    "catalogue": "hospital-vendor@2026.1",
    "question_set": "short",
    "must_haves": "",
    "closes_at": SOON,
    "needs_two": "y",
    "version": "0",
}
INTAKE = {question.id: question.options[0].id for question in intake.current().questions}
BIDDER = {
    "name": "Kanarienblau GmbH",
    "domain": "kanarienblau.de",
    "contact_email": "a@kanarienblau.de",
    "language": "de",
}


def lots(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(TenderLot.id).order_by(TenderLot.number)))


def version(sessions: Sessions) -> str:
    with sessions() as session:
        return str(session.scalars(select(Tender.version)).one())


def seen_on(page: TestResponse) -> str:
    """What the button that freezes says that its reader saw."""
    return re.search(r'name="seen" value="([\d-]+)"', page.get_data(as_text=True))[1]


def test_a_tender_goes_its_way_through_the_pages(visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    visitor = visit(ward.assessor)
    wrong = visitor.post("/hospital/compare/tenders/add", {**DRAFT, "closes_at": "2020-01-01T10:00"})
    assert wrong.status_code == 422
    assert "PACS 2027" in wrong.get_data(as_text=True)
    place = visitor.post("/hospital/compare/tenders/add", DRAFT).location
    with sessions() as session:
        row = session.scalars(select(Tender)).one()
        tender_id, lot_id = row.id, row.lots[0].id
    assert "PACS 2027" in visitor.get("/hospital/compare/tenders").get_data(as_text=True)
    stale = visitor.post(f"{place}/edit", {**DRAFT, "title": "Anders", "version": "7"})
    assert stale.status_code == 409
    assert "Anders" in stale.get_data(as_text=True)
    assert visitor.post(f"{place}/lots", {"lot_title": "Archiv"}).status_code == 303
    assert visitor.post(f"{place}/bidders", {**BIDDER, "lot_id": lot_id}).status_code == 303
    again = visitor.post(f"{place}/bidders", {**BIDDER, "lot_id": lot_id})
    assert again.status_code == 422
    assert "Nicht jedes Los hat seine Einstufung" in visitor.get(place).get_data(as_text=True)
    for lot in lots(sessions):
        assert visitor.post(f"{place}/lots/{lot}/intake", {"version": "1"}).status_code == 422
        given = {**INTAKE, "version": version(sessions), "must_haves": "GV-01", "question_set": "short"}
        assert visitor.post(f"{place}/lots/{lot}/intake", {**given, "must_haves": "XX-99"}).status_code == 422
        assert visitor.post(f"{place}/lots/{lot}/intake", given).status_code == 303
        stale = visitor.post(f"{place}/lots/{lot}/intake", {**given, "reason": "Getippt", "tier": "4"})
        assert stale.status_code == 409
        assert "Getippt" in stale.get_data(as_text=True)
    assert "Kritikalität 1" in visitor.get(place).get_data(as_text=True)
    early = seen_on(visitor.get(place))
    assert visitor.post(f"{place}/lots", {"lot_title": " archiv "}).status_code == 422
    assert visitor.post(f"{place}/lots", {"lot_title": "Ersatzteile"}).status_code == 303
    unseen = visitor.post(f"{place}/freeze", {"seen": early})
    assert (unseen.status_code, "seit Sie ihn geöffnet haben" in unseen.get_data(as_text=True)) == (409, True)
    assert visitor.post(f"{place}/freeze", {"seen": seen_on(visitor.get(place))}).status_code == 303
    assert visitor.post(f"{place}/lots/{lot_id}/intake", given).status_code == 409
    for path in (place, f"{place}/lots/{lot_id}/intake"):  # beside the bars stands the word alone
        page = visitor.get(path).get_data(as_text=True)
        assert '<strong aria-hidden="true">Kritikalität 1</strong>' in page
        assert '<span aria-hidden="true">1</span>' not in page
    assert visitor.post(f"{place}/start").status_code == 303
    page = visitor.get(place).get_data(as_text=True)
    assert "versiegelt" in page
    assert visitor.get(f"{place}/lots/{lot_id}").status_code == 409
    assert visitor.post(f"{place}/open").status_code == 409
    told = {"query_id": "", "question": "Gilt das?", "answer": "Ja."}
    assert visitor.post(f"{place}/publish", told).status_code == 303
    twice = visitor.post(f"{place}/publish", told)
    assert (twice.status_code, "alle Bieter schon gelesen" in twice.get_data(as_text=True)) == (422, True)
    earlier = visitor.post(f"{place}/deadline", {"closes_at": "2020-01-01T10:00", "reason": "Zu früh"})
    assert earlier.status_code == 422
    assert "Zu früh" in earlier.get_data(as_text=True)
    later = (datetime.now(UTC) + timedelta(days=40)).strftime("%Y-%m-%dT12:00")
    assert visitor.post(f"{place}/deadline", {"closes_at": later, "reason": "Frage 3"}).status_code == 303
    assert visitor.post(f"{place}/reminders", {"on": "1"}).status_code == 303
    assert "Erinnerungen an Bieter anhalten" in visitor.get(place).get_data(as_text=True)
    for path in (
        "/hospital/vendors",
        "/hospital/assessments",
        "/hospital/search?q=Kanarien",
        "/hospital/",
        "/hospital/compare",
    ):
        assert "Kanarienblau" not in visitor.get(path).get_data(as_text=True), path

    with sessions() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(Tender).values(closes_at=past))
        session.commit()
    assert visitor.post(f"{place}/open").status_code == 303
    assert "zweite Person" in visitor.get(place).get_data(as_text=True)
    assert visitor.post(f"{place}/open").status_code == 409
    assert visit(ward.decider).post(f"{place}/open").status_code == 303
    visitor = visit(ward.assessor)
    lot = visitor.get(f"{place}/lots/{lot_id}").get_data(as_text=True)
    assert "Kanarienblau" in lot
    sheet = visitor.post(f"{place}/lots/{lot_id}/workbook")
    first = load_workbook(io.BytesIO(sheet.data)).worksheets[0]
    assert "Kanarienblau" in str(first["C1"].value)
    log = load_workbook(io.BytesIO(visitor.post(f"{place}/log").data)).worksheets[1]
    acts = [row[4] for row in log.iter_rows(min_row=2, values_only=True)]
    assert "Antworten geöffnet" in acts
    assert "Fragen und Gewichte eingefroren" in visitor.get(f"{place}/log").get_data(as_text=True)
    with sessions() as session:
        bidder_id = session.scalars(select(TenderBidder.id).where(TenderBidder.tender_id == tender_id)).one()
    assert visitor.post(f"{place}/award", {"bidder_id": bidder_id, "reason": ""}).status_code == 422
    assert visitor.post(f"{place}/award", {"bidder_id": bidder_id, "reason": "\0\u202e"}).status_code == 422
    assert visitor.post(f"{place}/award", {"bidder_id": "\0", "reason": "Bestes."}).status_code == 400
    assert "nichts abgegeben" in visitor.get(place).get_data(as_text=True)
    refused = visitor.post(f"{place}/award", {"bidder_id": bidder_id, "reason": "Bestes Angebot."})
    assert refused.status_code == 409
    assert "Kanarienblau" not in visitor.get("/hospital/vendors").get_data(as_text=True)


@pytest.mark.parametrize(
    ("closes_at", "kept"),
    [
        ("2027-03-28T02:30", False),  # is skipped
        ("2026-10-25T02:00", False),  # comes twice
        ("2027-03-28T03:00", True),
        ("2026-10-25T03:00", True),
        ("0001-01-01T00:00", True),
        ("9999-12-31T23:59", True),
    ],
)
def test_a_deadline_is_one_moment(app: Flask, closes_at: str, kept: bool):
    """Whether the form takes it; that it lies ahead is the service's question."""
    with app.test_request_context("/", method="POST", data={"closes_at": closes_at, "reason": "Mehr Zeit."}):
        assert DeadlineForm.sent().validate() is kept
