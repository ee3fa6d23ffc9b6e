"""Decisions and sittings on their pages: from the agenda to the minutes, and what a clash gives back."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from portal.db.models.decisions import AgendaItem, Decision, Participant, Sitting
from portal.db.models.vendors import Supply
from portal.files.blobs import Blobs
from portal.services.decisions import decisions
from portal.web.journey import EXTENSION
from tests.portal import sitting as sittings_built

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask
    from werkzeug.test import TestResponse

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

DAY = timedelta(days=1)


def proposal(version: int, **changes) -> dict[str, str]:
    rows = {f"{name}_{n}": "" for n in range(1, 5) for name in ("text", "due_on", "owner", "proof", "action_id")}
    today = datetime.now(UTC).date()
    return {
        **rows,
        "ruling": "with_conditions",
        "reasons": "Die Lücken sind benannt.",
        "review_on": (today + 100 * DAY).isoformat(),
        "text_1": "Mehrfaktor-Anmeldung",
        "due_on_1": (today + 30 * DAY).isoformat(),
        "version": str(version),
        **changes,
    }


def seen_on(page: TestResponse, form: str) -> str:
    """What a form of the page of a sitting says that its reader saw."""
    sent = re.search(rf'/{form}"(.*?)</form>', page.get_data(as_text=True), re.DOTALL)[1]
    return re.search(r'name="seen"[^>]*value="(\w+)"', sent)[1]


def test_a_sitting_from_the_agenda_to_the_minutes(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, app: Flask, tmp_path: Path
):
    visitor = visit(ward.decider)
    listed = visitor.get("/hospital/decisions").get_data(as_text=True)
    assert "über der Risikobereitschaft" in listed
    today = datetime.now(UTC).date().isoformat()
    plan = {"name": "Sitzung 12/2026", "body": "management", "held_on": today, "begins": "25:00", "place": ""}
    refused = visitor.post("/hospital/decisions/sittings/add", {**plan, "version": "0"})
    assert refused.status_code == 422
    address = visitor.post("/hospital/decisions/sittings/add", {**plan, "begins": "14:30", "version": "0"}).location
    for name, chair in (("Dr. Ada Fels", {"is_chair": "y"}), ("Bruno Acker", {})):
        sent = {"name": name, "function": "Leitung", "email": "", "is_voting": "y", **chair}
        assert visitor.post(f"{address}/people", sent).status_code == 303
    with sessions() as session:
        [first, *rest] = [
            one.vendor.id for one in decisions.asked_rows(session, ward.auditor, datetime.now(UTC).date())
        ]
    assert rest
    assert visitor.post(f"{address}/proposed", {"chosen": first}).status_code == 303
    with sessions() as session:
        item = session.scalars(select(AgendaItem)).one()
        people = session.scalars(select(Participant.id).order_by(Participant.position)).all()
    page = f"{address}/items/{item.id}"
    wider = visitor.post(page, proposal(1, reasons="Halb getippt", shown="4", more="y")).get_data(as_text=True)
    assert "Halb getippt" in wider
    assert 'name="text_5"' in wider
    assert 'name="text_6"' not in wider
    short = visitor.post(page, proposal(1, reasons=""))
    assert short.status_code == 422
    assert "Mehrfaktor-Anmeldung" in short.get_data(as_text=True)
    assert visitor.post(page, proposal(1)).status_code == 303
    late = visitor.post(page, proposal(1, reasons="Anders gesehen."))
    assert late.status_code == 422
    assert "Die Lücken sind benannt." in late.get_data(as_text=True)
    assert "Anders gesehen." in late.get_data(as_text=True)
    assert visitor.post(f"{address}/begin", {}).status_code == 303
    assert visitor.post(f"{address}/close", {}).status_code == 409
    with sessions.begin() as session:
        held = session.scalars(select(Sitting)).one()
        standing = app.extensions[EXTENSION]
        shelf = Blobs(folder=standing.settings.files_dir, keyring=standing.keyring)
        sittings_built.freeze(session, ward, shelf, held.id, datetime.now(UTC))
    said = {f"ballot_{people[0]}": "yes", f"conflict_{people[0]}": "", "version": "2"}
    said |= {f"ballot_{people[1]}": "no", f"conflict_{people[1]}": "Neffe arbeitet dort"}
    assert visitor.post(f"{page}/votes", said).status_code == 303
    assert "Ja: 1, Nein: 0, Enthaltungen: 1" in visitor.get(page).get_data(as_text=True)
    assert visit(ward.assessor).post(f"{address}/close", {}).status_code == 403
    there = {"present": people, "chair": people[0]}
    unseen = visitor.post(f"{address}/attendance", {**there, "seen": "an older list"})
    assert unseen.status_code == 422
    assert visitor.post(f"{address}/attendance", {**there, "seen": seen_on(unseen, "attendance")}).status_code == 303
    older = seen_on(visitor.get(address), "close")
    said |= {f"conflict_{people[1]}": "Nichte arbeitet dort", "version": "3"}
    assert visitor.post(f"{page}/votes", said).status_code == 303
    changed = visitor.post(f"{address}/close", {"seen": older})
    assert changed.status_code == 409
    assert "seit Sie sie geöffnet haben" in changed.get_data(as_text=True)
    assert visitor.post(f"{address}/close", {"seen": seen_on(changed, "close")}).status_code == 303

    papers = visitor.get(f"{address}/minutes.pdf").get_data()
    (tmp_path / "minutes.pdf").write_bytes(papers)
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "minutes.pdf"), "-"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for word in ("Niederschrift", "Dr. Ada Fels", "Bruno Acker", "Nichte arbeitet dort", "B-0001", "Unterschriften"):
        assert word in text
    assert visitor.get(f"{address}/minutes.docx").get_data() == visitor.get(f"{address}/minutes.docx").get_data()
    with sessions() as session:
        decision = session.scalars(select(Decision)).one()
    shown = visitor.get(f"/hospital/decisions/{decision.id}").get_data(as_text=True)
    assert "Ja: 1, Nein: 0, Enthaltungen: 1" in shown
    assert "Mehrfaktor-Anmeldung" in visitor.get(f"/hospital/vendors/{first}/decisions").get_data(as_text=True)
    with sessions() as session:
        [condition] = decisions.find(session, ward.auditor, decision.id).conditions
    met = f"/hospital/decisions/{decision.id}/conditions/{condition.id}/met"
    assert visitor.post(met, {"remark": "", "version": "1"}).status_code == 422
    assert visitor.post(met, {"remark": "Bild gesehen", "version": "1"}).status_code == 303


def test_one_person_decides_where_the_policy_leaves_it_to_one(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    with sessions() as session:
        rows = decisions._rated(session, ward.hospital_id, list(ward.vendors.values()))
        vendor_id = next(one.id for one in rows if one.tier == 4 or (one.tier == 3 and one.residual is None))
    address = f"/hospital/vendors/{vendor_id}/decisions"
    visitor = visit(ward.decider)
    page = visitor.get(address).get_data(as_text=True)
    if 'name="ruling"' not in page:
        return
    assert visitor.post(address, proposal(0)).status_code == 303
    late = visitor.post(address, proposal(0, reasons="Zweite Meinung"))
    assert late.status_code == 422
    assert "Die Lücken sind benannt." in late.get_data(as_text=True)
    assert visit(ward.assessor).post(address, proposal(1)).status_code == 403
    with sessions() as session:
        supply = session.scalars(select(Supply).where(Supply.vendor_id == vendor_id)).first()
    about = visitor.get(f"{address}?product={supply.id}").get_data(as_text=True)
    assert f'value="{supply.id}"' in about
    made = visitor.post(address, proposal(0, supply_id=supply.id))  # nobody has decided on the product yet
    assert made.status_code == 303
    assert supply.name in visitor.get(made.location).get_data(as_text=True)
