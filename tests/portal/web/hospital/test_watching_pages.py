"""Between rounds on pages: the rule and one's own choice, what changed, who is asked again by one button."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import HospitalRole
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.watching import (
    CallKind,
    ChangeCause,
    ChangeKind,
    ReassessmentCall,
    Rhythm,
    VendorChange,
    WatchChoice,
    WatchRule,
)
from questionnaires import shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

STRAHLWERK = "Strahlwerk Medizintechnik GmbH"
SEE_OTHER, OK, FORBIDDEN = 303, 200, 403
CRITICAL = "web.git-exposed"


@pytest.fixture
def clerk(visit: Callable[..., Visitor], ward: Ward) -> Visitor:
    return visit(ward.assessor)


@pytest.fixture
def admin(visit: Callable[..., Visitor], ward: Ward) -> Visitor:
    return visit(ward.by_role[HospitalRole.ADMIN])


def text(answer) -> str:
    return answer.get_data(as_text=True)


def _rule(version: int, **more: str) -> dict[str, str]:
    months = {f"{name}_{tier}": "12" for name in ("rescan", "reassessment") for tier in "1234"}
    return {**months, "points": "10", "version": str(version), **more}


def test_the_rule_is_changed_and_a_second_one_sees_what_stands(admin: Visitor, clerk: Visitor, sessions: Sessions):
    assert "jeden Monat" in text(clerk.get("/hospital/settings/watching"))
    assert admin.post("/hospital/settings/watching", _rule(0, rescan_1="2")).status_code == SEE_OTHER

    late = admin.post("/hospital/settings/watching", _rule(0, rescan_1="0"))

    assert "Was jetzt gilt" in text(late) or "Was jetzt steht" in text(late)
    assert "alle 2 Monate" in text(late)
    with sessions() as session:
        assert session.scalars(select(WatchRule)).one().rescans["1"] == 2
    assert admin.post("/hospital/settings/watching", _rule(1, rescan_1="0")).status_code == SEE_OTHER


def test_everybody_chooses_for_themselves(clerk: Visitor, ward: Ward, sessions: Sessions):
    assert clerk.post("/hospital/settings/watching/own", {"rhythm": "daily", "at_once": "y"}).status_code == SEE_OTHER
    assert clerk.post("/hospital/settings/watching/own", {"rhythm": "hourly"}).status_code != SEE_OTHER

    with sessions() as session:
        row = session.scalars(select(WatchChoice)).one()
        assert (row.person_id, row.rhythm, row.at_once) == (ward.assessor.person_id, Rhythm.DAILY, True)


def test_what_changed_is_shown_with_before_and_after_and_narrowed(clerk: Visitor, ward: Ward, sessions: Sessions):
    vendor_id = ward.vendors[STRAHLWERK]
    with sessions.begin() as session:
        session.add(
            VendorChange(
                hospital_id=ward.hospital_id,
                vendor_id=vendor_id,
                kind=ChangeKind.OPENED,
                subject="portal.strahlwerk.example",
                check_id=CRITICAL,
                severity="critical",
                before={"outcome": "pass", "text": "", "values": {}},
                after={"outcome": "fail", "text": "", "values": {}},
                cause=ChangeCause.VENDOR,
                is_urgent=True,
                at=datetime.now(UTC) - timedelta(hours=1),
            )
        )
    page = text(clerk.get("/hospital/changes"))

    assert STRAHLWERK in page
    assert "portal.strahlwerk.example" in page
    assert "beim Lieferanten" in page
    assert "nicht erfüllt" in page
    assert "portal.strahlwerk.example" in text(clerk.get(f"/hospital/changes?vendor={vendor_id}&cause=vendor"))
    for narrow in ("kind=mended", "cause=data", "tier=4"):
        assert "portal.strahlwerk.example" not in text(clerk.get(f"/hospital/changes?{narrow}"))
    assert clerk.get("/hospital/changes?vendor=unknown").status_code == 404
    assert "/hospital/changes" in text(clerk.get("/hospital/"))


def test_the_scan_tab_says_when_the_next_one_begins_or_why_not(clerk: Visitor, ward: Ward):
    page = text(clerk.get(f"/hospital/vendors/{ward.vendors[STRAHLWERK]}/scan"))

    assert 'id="next-scan"' in page
    assert "Der nächste Scan beginnt von selbst" in page or "Kein Scan beginnt von selbst" in page


def test_a_reason_leads_from_the_start_page_to_one_button(clerk: Visitor, ward: Ward, sessions: Sessions):
    vendor_id = ward.vendors[STRAHLWERK]
    with sessions.begin() as session:
        for round_ in session.scalars(select(Assessment).where(Assessment.vendor_id == vendor_id)):
            round_.stage = Stage.CLOSED
            round_.submitted_at = round_.submitted_at or datetime.now(UTC)
    address = f"/hospital/vendors/{vendor_id}/reassessment"
    assert "Nennen Sie den Grund" in text(clerk.post(f"{address}/call", {"kind": "other", "reason": " "}))
    assert clerk.post(f"{address}/call", {"kind": "incident", "reason": "Anruf der IT"}).status_code == SEE_OTHER

    assert address in text(clerk.get("/hospital/"))
    assert address in text(clerk.get("/hospital/reassessments"))
    assert "Anruf der IT" in text(clerk.get(address))
    with sessions() as session:
        call = session.scalars(select(ReassessmentCall)).one()
        assert call.kind is CallKind.INCIDENT
    begun = clerk.post(f"{address}/begin", {})
    assert begun.status_code == SEE_OTHER
    with sessions() as session:
        made = session.scalars(
            select(Assessment).where(Assessment.vendor_id == vendor_id).order_by(Assessment.round.desc()).limit(1)
        ).one()
        assert (made.catalogue_id, made.catalogue_version) == shelf.DELTA
        assert {"IH", "IR"} <= {name[:2] for name in made.asked_again}
    assert address not in text(clerk.get("/hospital/"))


def test_who_only_reads_begins_nothing(visit: Callable[..., Visitor], ward: Ward):
    reader = visit(ward.by_role[HospitalRole.AUDITOR])
    address = f"/hospital/vendors/{ward.vendors[STRAHLWERK]}/reassessment"

    assert reader.get(address).status_code == OK
    assert reader.post(f"{address}/begin", {}).status_code == FORBIDDEN
    assert reader.post("/hospital/settings/watching", _rule(0)).status_code == FORBIDDEN
