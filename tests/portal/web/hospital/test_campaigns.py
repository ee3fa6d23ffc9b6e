"""From the table of vendors to mails and the board, and the words of the mails, through the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from portal.db.models.campaigns import Campaign
from portal.services.rounds import campaigns
from tests.portal.web.hospital import ward as wards

LETTER = "{Krankenhaus} bittet um {Produkte} bis {Frist}.\n\n{Link}"


def test_choose_look_send_and_follow(visit, ward, sessions):
    visitor = visit(ward.assessor)
    able = ward.vendors["Rechenwerk Hosting GmbH"]
    answer = visitor.post("/hospital/assessments/campaigns/new", {"vendors": able, "q": "", "tier": "1", "grade": ""})
    path = answer.headers["Location"]
    draft = visitor.get(path).get_data(as_text=True)
    assert "Rechenwerk Hosting GmbH" in draft
    assert "Gebäudetechnik" not in draft
    assert "rechenwerk.example" in visitor.get(f"{path}/mails/{able}").get_data(as_text=True)

    due = (datetime.now(UTC) + timedelta(days=40)).date()
    visitor.post(path, {"name": "Winter", "due_on": due.isoformat(), "message": "Eilt.", "version": "1"})
    visitor.post(f"{path}/send")
    with sessions.begin() as session:
        row = session.scalars(select(Campaign)).one()
        now = datetime.now(UTC)
        campaigns.send_one(session, row.hospital_id, row.id, able, base_url=wards.BASE_URL, now=now)
        campaigns.finish(session, row.hospital_id, row.id, now=now)
    assert "1 Lieferant wurde eingeladen" in visitor.get(path).get_data(as_text=True)
    board = visitor.get(f"/hospital/assessments?campaign={path.rpartition('/')[2]}").get_data(as_text=True)
    assert re.search(r"1 Runde\b", board)
    assert visitor.get("/hospital/assessments?stage=invited&trouble=overdue").status_code == 200


def test_a_vendor_that_cannot_be_invited_is_no_choice(visit, ward):
    visitor = visit(ward.assessor)
    chosen = {"vendors": ward.vendors["Sterilgut Nord KG"]}

    assert visitor.post("/hospital/assessments/campaigns/new", chosen).status_code == 422
    assert visitor.post("/hospital/assessments/campaigns/new", {"vendors": "f" * 20}).status_code == 422


def test_words_are_tried_before_they_are_kept(visit, ward):
    visitor = visit(ward.admin)
    path = "/hospital/settings/letters/invitation.de"

    tried = visitor.post(f"{path}/try", {"subject": "Hallo {Lieferant}", "text": LETTER, "version": "0"})
    assert "bittet um" in tried.get_data(as_text=True)
    wrong = visitor.post(path, {"subject": "S", "text": LETTER.replace("Frist", "Datum"), "version": "0"})
    assert (wrong.status_code, "{Datum}" in wrong.get_data(as_text=True)) == (422, True)
    assert visitor.post(path, {"subject": "S", "text": LETTER, "version": "0"}).status_code == 303
    assert "eigener Wortlaut" in visitor.get("/hospital/settings/letters").get_data(as_text=True)


def test_a_hospital_without_vendors_is_led_to_its_first(visit, sessions):
    with sessions.begin() as session:
        bare = wards.empty(session)

    page = visit(bare.assessor).get("/hospital/assessments/campaigns/new").get_data(as_text=True)

    assert "Kein Lieferant passt zu diesen Filtern" not in page
    assert 'href="/hospital/vendors/add"' in page
    assert 'href="/hospital/vendors/import"' in page
