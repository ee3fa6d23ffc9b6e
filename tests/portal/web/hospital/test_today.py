"""The start page: each of its groups leads to a list of its own, which counts alike."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

from assessments import days
from portal.db.models.intake_requests import IntakeRequest
from portal.db.models.plans import Action, ActionSource
from portal.db.models.portfolio import VendorLine
from portal.db.models.waivers import Waiver, WaiverKind
from portal.web.hospital import today, today_groups
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

MANY = today_groups.SHOWN + 3
MOST_STATEMENTS = 55  # of one visit, with those that find out who visits
LINE = re.compile(r"<li><span><a href=.*</li>")
SECTION = re.compile(r'<section class="due"><h2>(.*?) <span class="count">(\d+)</span></h2>(.*?)</section>', re.DOTALL)


@pytest.fixture
def busy(sessions: Sessions) -> Ward:
    """More of each kind waits than the start page shows."""
    now = datetime.now(UTC)
    with sessions() as session, session.begin():
        made = wards.empty(session, "Klinikum Voll")
        for number in range(MANY):
            name = f"Lieferant {number:02} GmbH"
            wards.add(session, made, name, f"Produkt {number:02}", domain=f"l{number}.example", now=now)
            wards.invite(session, made, name, now=now, due=(now + timedelta(days=20)).date())
            _waits(session, made, name, now)
    return made


def _waits(session: Session, made: Ward, name: str, now: datetime) -> None:
    common = {"hospital_id": made.hospital_id, "vendor_id": made.vendors[name], "by_name": "Admin"}
    session.add(
        Action(
            **common,
            assessment_id=made.assessments[name],
            source=ActionSource.OWN,
            words={"title": {"de": "Tun", "en": "Do"}, "advice": {}, "proof": {}},
            places=[],
            due_on=now.date() - timedelta(days=3),
            created_at=now,
        )
    )
    session.add(
        Waiver(
            **common,
            kind=WaiverKind.KNOCK_OUT,
            question_id="MF-01",
            reason="Umbau",
            until=now.date() + timedelta(days=5),
            at=now,
        )
    )
    session.add(
        IntakeRequest(
            hospital_id=made.hospital_id,
            supply_id=made.supplies[name],
            email="eigner@klinik.example",
            until=now.date() + timedelta(days=5),
            asked_by="Admin",
            created_at=now,
            expires_at=now + timedelta(days=30),
            form_version="1",
        )
    )


def test_every_group_that_is_cut_leads_to_a_list_with_the_same_count(busy: Ward, visit: Callable[..., Visitor]):
    visitor = visit(busy.assessor)
    cut = {}
    for title, count, lines in SECTION.findall(visitor.get("/hospital/").get_data(as_text=True)):
        if int(count) > today_groups.SHOWN:
            found = re.search(r'<li class="muted"><a href="([^"]+)">[^<]*?(\d+)[^<]*</a></li>', lines)
            assert found, f"{title} shows {today_groups.SHOWN} of {count} and leads nowhere"
            assert found[2] == count, title
            cut[html.unescape(found[1])] = int(count)

    own = {url: count for url, count in cut.items() if "/today/" in url}
    assert {url.rsplit("/", 1)[1] for url in own} >= {"actions-overdue", "waivers", "intakes-asked", "exit-plan"}
    for url, count in own.items():
        page = visitor.get(url).get_data(as_text=True)
        assert page.count('class="due-action"') == count == MANY, url


def test_the_pages_of_a_group_together_are_its_list(
    busy: Ward, visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
):
    visitor = visit(busy.assessor)

    def lines(name: str, start: int) -> list[str]:
        return LINE.findall(visitor.get(f"/hospital/today/{name}?from={start}").get_data(as_text=True))

    whole = {name: lines(name, 0) for name in ("waivers", "actions-overdue", "exit-plan")}
    monkeypatch.setattr(today, "PAGE", 4)

    for name, found in whole.items():
        assert len(found) == MANY
        assert [line for start in (0, 4, 8) for line in lines(name, start)] == found
        assert [lines(name, start) for start in (MANY, 10**20)] == [[], found[:4]]


def test_the_page_takes_few_statements_however_much_waits(busy: Ward, visit: Callable[..., Visitor]):
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    visitor = visit(busy.assessor)
    visitor.get("/hospital/")
    event.listen(Engine, "before_cursor_execute", note)
    try:
        visitor.get("/hospital/")
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert len(asked) <= MOST_STATEMENTS


def test_evidence_that_has_run_out_says_so(busy: Ward, sessions: Sessions, visit: Callable[..., Visitor]):
    today_is = days.of(datetime.now(UTC))
    gone, near = today_is - timedelta(days=30), today_is + timedelta(days=30)
    with sessions.begin() as session:
        first, second = (
            session.get_one(VendorLine, (busy.hospital_id, list(busy.vendors.values())[place])) for place in (0, 1)
        )
        first.evidence_ends, first.evidence_end = [gone.isoformat(), near.isoformat()], gone
        second.evidence_ends, second.evidence_end = [near.isoformat()], near

    page = visit(busy.assessor).get("/hospital/").get_data(as_text=True)

    assert "2 Nachweise, der erste abgelaufen am" in page
    assert "1 Nachweis, am" in page


def test_a_group_nobody_knows_is_no_page(busy: Ward, visit: Callable[..., Visitor]):
    visitor = visit(busy.auditor)

    assert visitor.get("/hospital/today/nothing").status_code == 404
    assert {visitor.get(f"/hospital/today/{name}").status_code for name in today_groups.LISTED} == {200}
