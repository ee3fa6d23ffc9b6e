"""Approval: sign and look at once, refuse, withdraw, strike and add, with the ledger for all to see."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.db.models.responses import Consent
from portal.db.models.scans import ScanRun, ScanState
from portal.db.models.vendors import Host, HostState
from tests.portal.web.vendor import errand

SIGNED = {
    "name": "Erika Muster",
    "function": "CISO",
    "emergency_contact": "0171 5550",
    "window_from": "",
    "window_to": "",
}


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def test_the_page_shows_hosts_both_texts_limits_and_how_we_are_recognised(lead, asked):
    page = errand.text_of(lead.get(f"{asked.path}/approval"))

    for words in (
        "portal.strahlwerk.example",
        "Passiv",
        "Standard",
        "320",
        "User-Agent",
        "Noch ist nichts unterschrieben",
    ):
        assert words in page


def test_signing_starts_the_scan_and_stands_in_the_ledger(lead, asked, session):
    answer = lead.post(f"{asked.path}/approval", SIGNED)

    assert answer.headers["Location"].endswith("/result")
    assert session.scalars(select(ScanRun.state)).one() is ScanState.QUEUED
    page = errand.text_of(lead.get(f"{asked.path}/approval"))
    assert "Erika Muster, CISO 0171 5550" in page
    assert "Zustimmung widerrufen" in page


def test_a_time_window_waits(lead, asked, session):
    answer = lead.post(f"{asked.path}/approval", {**SIGNED, "window_from": "2099-01-01T08:00"})

    assert answer.headers["Location"].endswith("/approval")
    assert session.scalars(select(ScanRun)).all() == []
    assert session.scalars(select(Consent.window_from)).first().hour == 7  # 8 o'clock in Germany


def test_what_is_missing_stands_beside_its_field_and_nothing_is_lost(lead, asked, session):
    answer = lead.post(f"{asked.path}/approval", {**SIGNED, "function": ""})

    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'value="Erika Muster"' in html
    assert 'value="0171 5550"' in html
    assert session.scalars(select(Consent)).all() == []


def test_refusing_stops_and_says_that_it_is_no_bad_grade(lead, asked, session):
    lead.post(f"{asked.path}/approval", SIGNED)
    answer = lead.post(f"{asked.path}/approval/documents-only", {"name": "Erika", "function": "CISO"})

    assert answer.status_code == 303
    page = errand.text_of(lead.get(f"{asked.path}/approval"))
    assert "Nur Unterlagen" in page
    assert "widerrufen" in page
    assert session.scalars(select(ScanRun.state)).one() is ScanState.STOPPED
    assert "fehlt auch keines" in errand.text_of(lead.get(f"{asked.path}/result"))


def test_hosts_are_struck_taken_back_and_added(lead, asked, session):
    host = session.scalars(select(Host).order_by(Host.name)).first()
    lead.post(f"{asked.path}/hosts/{host.id}/strike")
    assert "gestrichen" in errand.text_of(lead.get(f"{asked.path}/approval"))
    lead.post(f"{asked.path}/hosts/{host.id}/confirm")

    answer = lead.post(f"{asked.path}/hosts", {"host": "10.0.0.1", "role": "product", "supply_id": ""})

    assert answer.status_code == 422
    assert 'value="10.0.0.1"' in answer.get_data(as_text=True)
    session.expire_all()
    assert session.get_one(Host, host.id).state is HostState.CONFIRMED


def test_a_contributor_reads_but_does_not_sign(visit, asked, sessions):
    with sessions() as session, session.begin():
        other = errand.colleague(session, asked)
    visitor = visit(other)

    assert '<form class="form"' not in visitor.get(f"{asked.path}/approval").get_data(as_text=True)
    assert visitor.post(f"{asked.path}/approval", SIGNED).status_code == 403
    assert visitor.get(f"{asked.path}/approval/documents-only").status_code == 403


def test_a_day_before_all_days_is_refused_beside_its_field(lead, asked, session):
    answer = lead.post(f"{asked.path}/approval", {**SIGNED, "window_from": "0001-01-01T00:00"})

    assert answer.status_code == 422
    assert session.scalars(select(Consent)).all() == []
