"""A tender through its pages: begun, frozen, invited, sealed, opened by two, compared, awarded, logged."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from openpyxl import load_workbook
from sqlalchemy import select, update

from assessments import intake
from portal.db.models.tenders import Tender, TenderBidder, TenderLot

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

SOON = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
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
    assert visitor.post(f"{place}/freeze").status_code == 303
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
    earlier = visitor.post(f"{place}/deadline", {"closes_at": "2020-01-01T10:00", "reason": "Zu früh"})
    assert earlier.status_code == 422
    assert "Zu früh" in earlier.get_data(as_text=True)
    later = (datetime.now(UTC) + timedelta(days=40)).strftime("%Y-%m-%dT%H:%M")
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
