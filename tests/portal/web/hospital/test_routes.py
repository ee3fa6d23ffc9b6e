"""Every page of the hospital, in every role, with data, without, and with ids of somebody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import HospitalRole
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.registers import RiskRecord
from portal.db.models.scans import ScanRun
from portal.services.rounds import catalogues
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

SLOW = {"hospital.vendor_report", "hospital.vendor_frameworks_paper"}  # files, tested apart
SLOW |= {"hospital.contract_draft_paper", "hospital.contract_draft"}
TAKE_A_QUERY = {"hospital.search", "hospital.open_evidence"}
NEED_A_DRAFT = {"hospital.edit_policy", "hospital.must_haves"}
NEED_A_DRAFT |= {"hospital.preview_policy", "hospital.live_policy_preview"}
KEEP_NOTHING_OF_OTHERS = re.compile(r"/evidence/|/vendors/list\.|/vendors/columns")  # a file, or one's own columns


def catalogues_of(session: Session, ward: Ward) -> list[str]:
    """A draft of the hospital, and one that was released."""
    now = datetime.now(UTC)
    draft = building.own_catalogue(session, ward.assessor, now=now)
    released = building.own_catalogue(session, ward.by_role[HospitalRole.ADMIN], now=now)
    catalogues.release(session, ward.by_role[HospitalRole.ADMIN], released.id, edits=released.edits, now=now)
    session.commit()
    return [draft.id, released.id]


def campaigns_of(session: Session, ward: Ward) -> list[str]:
    """A draft, and one that went out."""
    chosen, now = list(ward.vendors.values()), datetime.now(UTC)
    draft = building.campaign(session, ward.assessor, *chosen, now=now)
    sent = building.campaign(session, ward.assessor, *chosen[:2], now=now, started_at=now)
    session.commit()
    return [draft.id, sent.id]


def paths(app: Flask, ward: Ward, session: Session, *, which: slice = slice(100)) -> Iterator[tuple[str, str]]:
    """Every GET that needs no id, or one of what stands here in many states, with each of these or with some of them;
    tests/journeys/test_route_walk.py walks the others, and all of them in each role, with one of a kind."""
    ids = {
        "vendor_id": list(ward.vendors.values()),
        "supply_id": list(ward.supplies.values()),
        "assessment_id": list(ward.assessments.values()),
        "risk_id": session.scalars(
            select(RiskRecord.id).where(RiskRecord.hospital_id == ward.hospital_id).limit(3)
        ).all(),
        "own_id": catalogues_of(session, ward),
        "campaign_id": campaigns_of(session, ward),
        "letter_name": ["invitation.de", "overdue.en"],
    }
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("hospital.") or "GET" not in (rule.methods or ()) or rule.endpoint in SLOW:
            continue
        match sorted(rule.arguments):
            case []:
                if rule.endpoint not in TAKE_A_QUERY | NEED_A_DRAFT:
                    yield rule.endpoint, rule.rule
            case [argument] if argument in ids:
                for one in ids[argument][which] or ids[argument][:1]:
                    yield rule.endpoint, rule.rule.replace(f"<{argument}>", one)
            case ["scan_id", "vendor_id"]:
                runs = session.scalars(select(ScanRun).where(ScanRun.hospital_id == ward.hospital_id)).all()
                for run in runs[which] or runs[:1]:
                    filled = rule.rule.replace("<vendor_id>", run.vendor_id)
                    yield rule.endpoint, filled.replace("<scan_id>", run.id)


@pytest.mark.parametrize("role", list(HospitalRole))
def test_every_page_answers_every_role_and_is_wholly_filled_in(
    app: Flask, visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, role: HospitalRole
):
    every = role is HospitalRole.ADMIN  # the roles differ in what is offered, not in what the states look like
    with sessions() as session:
        begin = list(HospitalRole).index(role)
        asked = list(paths(app, ward, session, which=slice(100) if every else slice(begin, begin + 1)))
    visitor = visit(ward.by_role[role])
    wrong, seen = [], 0
    for endpoint, path in asked:
        answer = visitor.get(path)
        text = answer.get_data(as_text=True) if answer.mimetype.startswith("text/") else ""  # a workbook is no page
        allowed = {200} if role in {HospitalRole.ADMIN, HospitalRole.ASSESSOR} else {200, 403}
        if endpoint == "hospital.audit_trail" and role in {HospitalRole.ASSESSOR, HospitalRole.DECIDER}:
            allowed = {403}
        if answer.status_code not in allowed or re.search(r"%\(\w+\)s|>\s*None\b|Undefined", text):
            wrong.append((answer.status_code, path))
        seen += 1

    assert wrong == []
    assert seen > (100 if every else 30)


@pytest.mark.parametrize("role", [HospitalRole.ADMIN, HospitalRole.AUDITOR])
def test_a_hospital_with_nothing_in_it_says_the_next_step(
    visit: Callable[..., Visitor], session: Session, role: HospitalRole
):
    bare = wards.empty(session, "Leere Klinik")
    session.commit()
    visitor = visit(bare.by_role[role])

    for path, words in {
        "/hospital/": "Noch gibt es keinen Lieferanten",
        "/hospital/vendors": "Noch gibt es keinen Lieferanten",
        "/hospital/assessments": "Noch ist niemand eingeladen",
        "/hospital/review": "Nichts wartet auf eine Prüfung",
        "/hospital/risks": "Noch wurde kein Risiko abgeleitet",
    }.items():
        text = visitor.get(path).get_data(as_text=True)
        assert words in text, path
        assert ("Lieferanten anlegen" in text) == (
            role is HospitalRole.ADMIN and path in {"/hospital/", "/hospital/vendors"}
        )


def test_a_scan_of_another_vendor_of_the_same_hospital_is_not_found(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    with sessions() as session:
        run = session.scalars(select(ScanRun).where(ScanRun.hospital_id == ward.hospital_id)).first()
    other = next(one for one in ward.vendors.values() if one != run.vendor_id)

    assert visit(ward.admin).get(f"/hospital/vendors/{other}/scans/{run.id}/progress").status_code == 404


@pytest.mark.parametrize("role", [HospitalRole.DECIDER, HospitalRole.AUDITOR])
def test_who_only_reads_is_offered_no_change(visit: Callable[..., Visitor], ward: Ward, role: HospitalRole):
    visitor = visit(ward.by_role[role])
    name = "Strahlwerk Medizintechnik GmbH"
    vendor, assessment = ward.vendors[name], ward.assessments[name]
    for path in (
        "/hospital/vendors",
        f"/hospital/vendors/{vendor}",
        f"/hospital/vendors/{vendor}/scan",
        f"/hospital/assessments/{assessment}",
        f"/hospital/review/{assessment}",
        "/hospital/settings",
    ):
        main = visitor.get(path).get_data(as_text=True).partition("<main")[2]
        posts = [
            one
            for one in re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', main)
            if not KEEP_NOTHING_OF_OTHERS.search(one)
        ]
        assert posts == [], path


def test_a_round_is_reviewed_by_its_own_answers_though_the_next_has_begun(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    first = ward.assessments["Strahlwerk Medizintechnik GmbH"]
    clerk = visit(ward.assessor)
    path = f"/hospital/review/{first}"
    answers = clerk.get(path).get_data(as_text=True).count(f"{path}?answer=")
    with sessions.begin() as session:
        old = session.get_one(Assessment, first)
        session.add(
            Assessment(
                hospital_id=old.hospital_id,
                vendor_id=old.vendor_id,
                round=old.round + 1,
                question_set=old.question_set,
                catalogue_id=old.catalogue_id,
                catalogue_version=old.catalogue_version,
                due_on=old.due_on,
                stage=Stage.INVITED,
                created_at=old.created_at,
            )
        )

    assert answers > 10
    assert clerk.get(path).get_data(as_text=True).count(f"{path}?answer=") == answers


@pytest.mark.parametrize(
    "path",
    [
        "/hospital/assessments?from=",
        "/hospital/vendors?from=",
        "/hospital/vendors?by=supplies&from=",
        "/hospital/risks?from=",
        "/hospital/risks?impact=",
        "/hospital/risks?likelihood=",
    ],
)
def test_a_number_that_no_database_holds_finds_nothing_and_breaks_nothing(
    visit: Callable[..., Visitor], ward: Ward, path: str
):
    visitor = visit(ward.admin)

    for odd in ("9" * 30, "-9", "x", "²"):
        assert visitor.get(path + odd).status_code == 200, odd
