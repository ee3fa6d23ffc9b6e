"""Risks, waivers and snapshots on their pages: a filter is an address, a refusal keeps what was typed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from portal.db.models.snapshots import OwnRisk, Snapshot
from portal.db.models.vendors import Host, HostState
from portal.db.models.waivers import Waiver
from portal.files.blobs import Blobs
from portal.services.registers import registers, scores, waiving
from portal.web.journey import EXTENSION
from tests.portal import building, sitting

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"
RISK = {
    "title": "Kein Ersatzgerät",
    "scenario": "Fällt es aus, steht die Aufnahme.",
    "treatment": "accept",
    "accepted_until": (datetime.now(UTC) + timedelta(days=60)).date().isoformat(),
    "note": "bis zum Neubau",
    "inherent_likelihood": "5",
    "inherent_impact": "5",
    "likelihood": "3",
    "impact": "4",
    "version": "0",
    "about": "",
    "patient_safety": "",
}


def test_a_risk_is_written_down_changed_closed_and_found_by_its_filters(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    visitor = visit(ward.decider)
    short = visitor.post("/hospital/risks/add", {**RISK, "impact": ""}).get_data(as_text=True)
    assert "Fällt es aus, steht die Aufnahme." in short
    long = visitor.post("/hospital/risks/add", {**RISK, "accepted_until": "2099-01-01"})
    assert long.status_code == 422
    text = long.get_data(as_text=True)
    assert "höchstens für 180 Tage akzeptiert" in text
    assert 'value="2099-01-01"' in text
    assert "Risikoausschuss" in visitor.post("/hospital/risks/add", RISK).get_data(as_text=True)
    with sessions.begin() as session:
        sitting.approved(session, ward, "", datetime.now(UTC), topic="Risiko E-0001: kein Ersatzgerät")
    made = visitor.post("/hospital/risks/add", RISK)
    assert made.status_code == 303
    page = visitor.get(made.location).get_data(as_text=True)
    assert "bis zum Neubau" in page
    with sessions() as session:
        risk = session.scalars(select(OwnRisk).where(OwnRisk.title == RISK["title"])).one()

    cell = visitor.get("/hospital/risks?source=own&impact=4&likelihood=3").get_data(as_text=True)
    assert RISK["title"] in cell
    assert RISK["title"] not in visitor.get("/hospital/risks?source=own&impact=1&likelihood=3").get_data(as_text=True)

    address = f"/hospital/risks/own/{risk.id}"
    assert visitor.post(f"{address}/edit", {**RISK, "title": "Anders", "version": "1"}).status_code == 303
    assert visitor.post(f"{address}/edit", {**RISK, "version": "1"}).status_code == 422
    assert visitor.post(f"{address}/close", {"reason": "Ersatz ist da", "version": "2"}).status_code == 303
    closed = visitor.get("/hospital/risks?state=closed").get_data(as_text=True)
    assert "Anders" in closed
    assert "Ersatz ist da" in visitor.get(address).get_data(as_text=True)


def test_a_waiver_is_granted_on_its_page_and_said_in_the_list(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    vendor_id, until = ward.vendors[NAME], datetime.now(UTC).date() + timedelta(days=30)
    with sessions() as session:
        assessed = registers.assess(session, ward.decider, vendor_id, now=datetime.now(UTC))
        chosen = waiving.waivable(session, ward.decider, vendor_id, assessed)[0].key
    visitor = visit(ward.decider)
    address = f"/hospital/vendors/{vendor_id}/waivers"
    given = visitor.post(address, {"what": chosen, "until": until.isoformat(), "reason": "Austausch im Frühjahr"})
    assert given.status_code == 303

    page = visitor.get(address).get_data(as_text=True)
    assert "Austausch im Frühjahr" in page
    assert "gilt bis" in page
    with sessions() as session:
        waiver = session.scalars(select(Waiver).where(Waiver.reason == "Austausch im Frühjahr")).one()
    assert visit(ward.assessor).post(f"{address}/{waiver.id}/end").status_code == 403
    assert visitor.post(f"{address}/{waiver.id}/end").status_code == 303


def test_a_snapshot_is_opened_and_compared_with_today(
    app: Flask, visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    visitor = visit(ward.decider)
    assert visitor.post("/hospital/risks/snapshots", {"name": "Sitzung 1/2027"}).status_code == 303
    assert "wird eingefroren" in visitor.get("/hospital/risks/snapshots").get_data(as_text=True)
    with sessions() as session:
        standing = app.extensions[EXTENSION]
        shelf = Blobs(folder=standing.settings.files_dir, keyring=standing.keyring)
        kept = building.frozen_register(session, shelf, ward.decider, ward.vendors[NAME], now=datetime.now(UTC))
        session.commit()
        row = session.get_one(Snapshot, kept["snapshot_id"])
        sha256, vendors = row.sha256, row.vendors

    page = visitor.get(f"/hospital/risks/snapshots/{kept['snapshot_id']}").get_data(as_text=True)
    assert sha256 in page
    assert page.count("V-0") >= vendors
    with sessions.begin() as session:
        session.execute(update(Host).where(Host.vendor_id == ward.vendors[NAME]).values(state=HostState.STRUCK))
        session.flush()
        scores.refresh(session, ward.hospital_id, ward.assessments[NAME], now=datetime.now(UTC) + timedelta(minutes=1))
    for address in (
        f"/hospital/risks/snapshots/compare?before={kept['snapshot_id']}",
        f"/hospital/vendors/{ward.vendors[NAME]}/history",
    ):
        page = visitor.get(address)
        assert page.status_code == 200
        assert "Abdeckung: mehr oder weniger war zu sehen" in page.get_data(as_text=True)
    file = visitor.get(f"/hospital/risks/snapshots/{kept['snapshot_id']}/register.json")
    assert file.mimetype == "application/json"
