"""Findings on the hospital's scan page: filtered by the address, over time, by cause, and never before their time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Hospital
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import Job
from portal.db.models.scans import ScanRun, ScanSide, ScanState
from portal.db.models.vendors import Host, HostRole, Speaker, Supply, Vendor
from portal.services.scans import host_words, rejudging, scan_results
from portal.services.scans.causes import Shelf
from portal.services.scans.host_words import Said
from scanners import judging
from scanners.attribution import Belonging
from scanners.datasets import DataSets
from scanners.model import CheckClass
from scanners.observations import CleartextPage, HostDns, LoginPage, Page
from tests.portal import building
from tests.scanners import building as seeing

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

HOST = "portal.filter.example"
OLD = DataSets(version="2026-11-01.aa", lifecycles={"nginx": {"1.20": date(2099, 1, 1)}})
NEW = DataSets(version="2026-11-21.bb", lifecycles={"nginx": {"1.20": date(2022, 5, 24)}})


def sight(at: datetime, *, hsts: bool):
    headers = {"server": "nginx/1.20.0"} | ({"strict-transport-security": "max-age=31536000"} if hsts else {})
    body = "<title>Patientenportal</title><form><input type=password name=p></form>"
    page = seeing.response(body, url=f"https://{HOST}/", headers=headers)
    facts = (HostDns(at=at, addresses_v4=("192.0.2.1",)), Page(at=at, hops=(page,)), CleartextPage(at=at, closed=True))
    return seeing.seen(*facts, LoginPage(at=at), host=HOST, at=at)


@pytest.fixture
def vendor_id(sessions: Sessions, ward: Ward) -> str:
    """A vendor seen twice, months ago, and judged anew by newer data since."""
    now = datetime.now(UTC)
    with sessions() as session, session.begin():
        hospital = session.get_one(Hospital, ward.hospital_id)
        vendor = building.vendor(session, hospital, name="Filter GmbH", hosts=(HOST,), domain="filter.example")
        for days, hsts in ((90, True), (60, False)):
            at = now - timedelta(days=days)
            run = ScanRun(
                hospital_id=hospital.id, vendor_id=vendor.id, side=ScanSide.HOSPITAL, started_by="x", hosts=[HOST],
                classes=["passive"], state=ScanState.RUNNING, created_at=at, started_at=at,
            )  # fmt: skip
            session.add(run)
            session.flush()
            seen = [sight(at, hsts=hsts)]
            judged = judging.judge(seen, classes=frozenset({CheckClass.PASSIVE}), data=OLD)
            shelf = Shelf(newest=OLD)
            scan_results.complete(session, hospital.id, run.id, seen=seen, findings=judged, shelf=shelf, now=at)
            run.visible_at = at
        rejudging.rejudge(session, hospital.id, vendor.id, shelf=Shelf(newest=NEW), now=now)
        return vendor.id


@pytest.fixture
def clerk(visit: Callable[..., Visitor], ward: Ward) -> Visitor:
    return visit(ward.assessor)


def page(visitor: Visitor, vendor_id: str, query: str = "") -> str:
    answer = visitor.get(f"/hospital/vendors/{vendor_id}/scan{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def checks(text: str) -> list[str]:
    return re.findall(r'/method#([a-z0-9.-]+)">', text)


def test_the_address_filters_by_category_and_severity(clerk: Visitor, vendor_id: str):
    everything = checks(page(clerk, vendor_id))
    web = checks(page(clerk, vendor_id, "?category=web"))
    high = checks(page(clerk, vendor_id, "?category=web&severity=high"))

    assert "sw.eol" in everything and "web.hsts-present" in everything
    assert web and all(check.startswith("web.") for check in web)
    assert high == ["web.hsts-present"]
    assert checks(page(clerk, vendor_id, "?category=nonsense")) == everything


def test_the_address_chooses_what_came_since_the_last_scan(clerk: Visitor, vendor_id: str):
    text = page(clerk, vendor_id, "?since=last")
    fresh = checks(text)

    assert set(fresh) == {"web.hsts-present", "sw.eol"}
    assert "Seit dem letzten Scan" in text and "neu oder zurück" in text
    assert checks(page(clerk, vendor_id, "?since=last&severity=high")) == ["web.hsts-present"]
    assert checks(page(clerk, vendor_id, "?since=ever")) == checks(page(clerk, vendor_id))


def test_the_outside_grade_stands_there_overall_and_by_category_with_what_was_seen(clerk: Visitor, vendor_id: str):
    text = page(clerk, vendor_id)
    overall, table = text.index('class="grade-big"'), text.index("Note je Kategorie, nur Außensicht")

    assert overall < text.index("Nur Außensicht") < table < text.index('id="changes"')
    assert re.search(r"gesehen</span>", text[overall:table])
    rows = re.findall(r'<tr><th scope="row" data-label="Kategorie">.*?</tr>', text[table:])
    assert rows and all(re.search(r'data-label="gesehen">\d+\W+%', row) for row in rows)


def test_what_changed_is_split_by_vendor_and_our_data(clerk: Visitor, vendor_id: str):
    text = page(clerk, vendor_id)
    panel = text[text.index('id="changes"') : text.index('class="facets')]

    vendors, data = panel.index("Beim Lieferanten"), panel.index("Durch unsere Daten")
    assert vendors < panel.index("HSTS") < data < panel.index("Serversoftware")
    assert "neue Daten" in text


def test_before_it_is_open_the_page_says_neither_what_nor_when(clerk: Visitor, vendor_id: str, sessions: Sessions):
    with sessions() as session, session.begin():
        for run in session.scalars(select(ScanRun).where(ScanRun.vendor_id == vendor_id)):
            run.visible_at = datetime.now(UTC)
    text = page(clerk, vendor_id)

    assert 'id="changes"' not in text and "neue Daten" not in text and "HSTS" not in text
    assert "Der Scan schlägt vor" not in text
    assert "grade-big" not in text and "Note je Kategorie" not in text


def test_a_proposed_role_is_taken_with_one_click_or_changed(clerk: Visitor, vendor_id: str, sessions: Sessions):
    text = page(clerk, vendor_id)
    assert "Der Scan schlägt vor: Patientenportal" in text and "eigener Host des Lieferanten" in text
    with sessions() as session:
        host_id = session.scalars(select(Host.id).where(Host.vendor_id == vendor_id)).one()
    path = f"/hospital/vendors/{vendor_id}/hosts/{host_id}/change"

    assert clerk.post(path, {"role": "portal"}).status_code == 303
    assert "Der Scan schlägt vor" not in page(clerk, vendor_id)
    assert clerk.post(path, {"role": "king"}).status_code == 422

    with sessions() as session:
        assert session.get_one(Host, host_id).role is HostRole.PORTAL
        event = session.scalars(select(AuditEvent).where(AuditEvent.verb == "host.changed")).one()
        assert event.detail["role"] == "portal"


def test_a_host_serves_several_products_or_the_company_as_a_whole(clerk: Visitor, vendor_id: str, sessions: Sessions):
    with sessions() as session, session.begin():
        host = session.scalars(select(Host).where(Host.vendor_id == vendor_id)).one()
        vendor = session.get_one(Vendor, vendor_id)
        served = [building.supply(session, vendor, name).id for name in ("PACS", "RIS", "Archiv")]
        host_id, foreign = host.id, session.scalars(select(Supply.id).where(Supply.vendor_id != vendor_id)).first()
    path = f"/hospital/vendors/{vendor_id}/hosts/{host_id}/change"

    def serves() -> set[str]:
        with sessions() as session:
            return set(session.get_one(Host, host_id).supply_ids)

    clerk.post(path, {"role": "product", "whole": "y", "supplies": served[:2]})
    assert serves() == set(served[:2])
    text = page(clerk, vendor_id)
    assert "PACS, RIS" in text or "RIS, PACS" in text
    clerk.post(path, {"role": "portal"})  # as the click on a proposal does
    assert serves() == set(served[:2])
    assert clerk.post(path, {"role": "product", "whole": "y", "supplies": [foreign]}).status_code == 422
    clerk.post(path, {"role": "product", "whole": "y", "supplies": served[2:]})
    assert serves() == {served[2]}
    clerk.post(path, {"role": "product", "whole": "y"})
    assert serves() == set()


def test_the_products_that_the_scan_proposes_are_taken_with_one_click(
    clerk: Visitor, vendor_id: str, sessions: Sessions
):
    with sessions() as session, session.begin():
        host = session.scalars(select(Host).where(Host.vendor_id == vendor_id)).one()
        vendor = session.get_one(Vendor, vendor_id)
        wanted, _other = (building.supply(session, vendor, name).id for name in ("Patientenportal", "PACS"))
        host_id = host.id
    text = page(clerk, vendor_id)
    assert (
        "Der Scan schlägt vor: Patientenportal." in text and "Im Titel der Startseite steht: patientenportal." in text
    )
    offered = re.findall(r'<form class="action".*?</form>', text, re.DOTALL)
    form = next(one for one in offered if f'name="supplies" value="{wanted}"' in one)
    fields = dict(re.findall(r'name="(role|whole|supplies)" value="([^"]*)"', form))

    assert clerk.post(f"/hospital/vendors/{vendor_id}/hosts/{host_id}/change", fields).status_code == 303
    with sessions() as session:
        assert session.get_one(Host, host_id).supply_ids == (wanted,)
    assert "Im Titel der Startseite steht" not in page(clerk, vendor_id)


def test_what_the_company_says_of_a_host_is_shown_taken_over_or_left(
    clerk: Visitor, vendor_id: str, sessions: Sessions
):
    with sessions() as session, session.begin():
        host = session.scalars(select(Host).where(Host.vendor_id == vendor_id)).one()
        said = Said(role=HostRole.MAIL, belonging=Belonging.HOSTED)
        host_words.say(host, Speaker.COMPANY, said, by_name="Erika Muster", now=datetime.now(UTC))
        host_id = host.id
    text = page(clerk, vendor_id)
    assert "Das Unternehmen sagt:" in text and "Zuletzt berichtigt vom Unternehmen (Erika Muster)" in text

    path = f"/hospital/vendors/{vendor_id}/hosts/{host_id}/change"
    assert clerk.post(path, {"role": "mail", "whole": "y", "belonging": "hosted"}).status_code == 303
    text = page(clerk, vendor_id)
    assert "Das Unternehmen sagt:" not in text and "Zuletzt berichtigt von uns" in text
    assert "für den Lieferanten gehostet" in text
    with sessions() as session:
        host = session.get_one(Host, host_id)
        assert (host.role, host.belonging) == (HostRole.MAIL, Belonging.HOSTED)


def test_somebody_may_have_it_judged_by_today(clerk: Visitor, vendor_id: str, sessions: Sessions):
    answer = clerk.post(f"/hospital/vendors/{vendor_id}/scans/rejudge")

    assert answer.status_code == 303
    with sessions() as session:
        asked = session.scalars(select(Job).where(Job.kind == "rejudge")).all()
        assert [job.args["vendor_id"] for job in asked] == [vendor_id]


def test_a_stranger_finds_no_vendor_to_judge(visit, neighbour: Ward, vendor_id: str):
    stranger = visit(neighbour.assessor)

    assert stranger.post(f"/hospital/vendors/{vendor_id}/scans/rejudge").status_code == 404
