"""Every page of the hospital, in every role, with data, without, and with ids of somebody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from portal.db.base import Row, new_id
from portal.db.models.accounts import Company, HospitalRole, SignIn
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.registers import RiskRecord
from portal.db.models.responses import Evidence, Response
from portal.db.models.scans import ScanRun
from portal.files.blobs import Blobs
from portal.services import catalogues, components, vendor_imports
from portal.web.journey import EXTENSION
from reports.workbooks.table_in import Table
from scanners.datasets import SHIPPED
from scanners.parsing.parts_lists import Component, PartsList
from tests.portal import alarms, building, sitting, tendering, yardsticks
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

SLOW = {"hospital.vendor_report", "hospital.vendor_frameworks_paper", "hospital.contract_draft_paper"}  # tested apart
ELSEWHERE = {"hospital.search", "hospital.open_evidence"}
ELSEWHERE |= {f"hospital.{name}" for name in ("agenda_on_paper", "minutes_on_paper", "minutes_for_word")}
ELSEWHERE |= {"hospital.approval_on_paper"}
OF_EVERYBODY = {"shipped"}  # no object of a hospital
NAMES = {"question_id": "GV-01", "own_question": "H-01", "entry_kind": "contact"}  # the same in every hospital


def uploaded(session: Session, ward: Ward) -> str:
    """A list of vendors that waits to be taken in."""
    table = Table(heading=("Lieferant", "Produkt"), rows=(("Neue Firma GmbH", "LIS"),), first=2)
    kept = vendor_imports.keep(session, ward.assessor, table, file_name="liste.xlsx", now=datetime.now(UTC))
    session.commit()
    return kept.id


def alarm_of(session: Session, ward: Ward) -> tuple[str, str]:
    """An incident that a vendor reported, and a question to every vendor."""
    company_id = session.scalars(
        select(Assessment.company_id).where(
            Assessment.hospital_id == ward.hospital_id, Assessment.company_id.is_not(None)
        )
    ).first()
    lead = building.company_actor(session, session.get_one(Company, company_id), email=f"{new_id()}@firma.example")
    now = datetime.now(UTC)
    incident = alarms.incident(session, lead, now=now)
    flash = alarms.flash(session, ward.assessor, *ward.vendors.values(), now=now)
    session.commit()
    return incident.id, flash.id


def catalogues_of(session: Session, ward: Ward) -> list[str]:
    """A draft of the hospital, and one that was released."""
    now = datetime.now(UTC)
    draft = building.own_catalogue(session, ward.assessor, now=now)
    released = building.own_catalogue(session, ward.by_role[HospitalRole.ADMIN], now=now)
    catalogues.release(session, ward.by_role[HospitalRole.ADMIN], released.id, edits=released.edits, now=now)
    session.commit()
    return [draft.id, released.id]


def lists_of_parts(session: Session, ward: Ward) -> list[tuple[str, str]]:
    """A document whose list of parts was read, with its vendor."""
    name = "Strahlwerk Medizintechnik GmbH"
    document = session.scalars(
        select(Evidence)
        .join(Response, Response.company_id == Evidence.company_id)
        .where(Response.assessment_id == ward.assessments[name])
        .order_by(Evidence.file_name)
    ).first()
    parts = PartsList(format="SPDX", version="2.3", components=(Component(name="jquery", version="1.12.4"),))
    components.keep(session, document.company_id, document.id, parts, data=SHIPPED, now=datetime.now(UTC))
    session.commit()
    return [(ward.vendors[name], document.id)]


def campaigns_of(session: Session, ward: Ward) -> list[str]:
    """A draft, and one that went out."""
    chosen, now = list(ward.vendors.values()), datetime.now(UTC)
    draft = building.campaign(session, ward.assessor, *chosen, now=now)
    sent = building.campaign(session, ward.assessor, *chosen[:2], now=now, started_at=now)
    session.commit()
    return [draft.id, sent.id]


def beside_of(session: Session, ward: Ward) -> dict[str, str]:
    """A contact of a vendor, and an end that is to come."""
    vendor_id = ward.vendors["Strahlwerk Medizintechnik GmbH"]
    made = building.beside(session, ward.assessor, vendor_id, now=datetime.now(UTC))
    session.commit()
    return made


def frozen(app: Flask, session: Session, ward: Ward) -> dict[str, str]:
    """A risk that was written down, a waiver, a snapshot that is frozen."""
    standing = app.extensions[EXTENSION]
    shelf = Blobs(folder=standing.settings.files_dir, keyring=standing.keyring)
    vendor_id = ward.vendors["Strahlwerk Medizintechnik GmbH"]
    kept = building.frozen_register(session, shelf, ward.decider, vendor_id, now=datetime.now(UTC))
    session.commit()
    return kept


def paths(  # noqa: PLR0912 - a case for each pair of ids
    app: Flask, ward: Ward, session: Session, *, most: int = 100
) -> Iterator[tuple[str, str]]:
    """Every GET of the room with every id that stands for another state, or with so many of them."""
    kept = frozen(app, session, ward)
    sat = sitting.for_addresses(session, ward, next(iter(ward.vendors.values())), datetime.now(UTC))
    session.commit()
    bids = tendering.opened(session, ward.assessor, now=datetime.now(UTC))
    session.commit()
    ids = {
        **{name: [value] for name, value in kept.items()},
        "vendor_id": ward.vendors.values(),
        "supply_id": ward.supplies.values(),
        "assessment_id": ward.assessments.values(),
        "risk_id": session.scalars(
            select(RiskRecord.id).where(RiskRecord.hospital_id == ward.hospital_id).limit(3)
        ).all(),
        "import_id": [uploaded(session, ward)],
        "own_id": catalogues_of(session, ward),
        "policy_release_id": [yardsticks.own(session, ward.by_role[HospitalRole.ADMIN], now=datetime.now(UTC))],
        "incident_id": [alarm_of(session, ward)[0]],
        "flash_id": [alarm_of(session, ward)[1]],
        "shipped": ["hospital-vendor@2026.1"],
        "campaign_id": campaigns_of(session, ward),
        "letter_name": ["invitation.de", "overdue.en"],
        **{name: [value] for name, value in beside_of(session, ward).items()},
        "view_id": [building.shared_view(session, ward.assessor).id],
        **{name: [value] for name, value in sat.items()},
        **{name: [value] for name, value in bids.items()},
    }
    session.commit()
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("hospital.") or "GET" not in (rule.methods or ()):
            continue
        if rule.endpoint in SLOW | ELSEWHERE:
            continue
        match sorted(rule.arguments):
            case []:
                yield rule.endpoint, rule.rule
            case [argument] if argument in ids:
                for one in list(ids[argument])[:most]:
                    yield rule.endpoint, rule.rule.replace(f"<{argument}>", one)
            case ["scan_id", "vendor_id"]:
                runs = session.scalars(select(ScanRun).where(ScanRun.hospital_id == ward.hospital_id).limit(most))
                for run in runs:
                    filled = rule.rule.replace("<vendor_id>", run.vendor_id)
                    yield rule.endpoint, filled.replace("<scan_id>", run.id)
            case ["campaign_id", "vendor_id"]:
                draft = next(iter(ids["campaign_id"]))
                for one in list(ids["vendor_id"])[:most]:
                    yield rule.endpoint, rule.rule.replace("<campaign_id>", draft).replace("<vendor_id>", one)
            case ["item_id", "sitting_id"]:
                yield (
                    rule.endpoint,
                    rule.rule.replace("<sitting_id>", sat["sitting_id"]).replace("<item_id>", sat["item_id"]),
                )
            case ["lot_id", "tender_id"]:
                filled = rule.rule.replace("<tender_id>", bids["tender_id"])
                yield rule.endpoint, filled.replace("<lot_id>", bids["lot_id"])
            case ["own_id", "own_question"]:
                draft = next(iter(ids["own_id"]))
                yield rule.endpoint, rule.rule.replace("<own_id>", draft).replace("<own_question>", "H-01")
            case ["evidence_id", "vendor_id"]:
                for vendor_id, evidence_id in lists_of_parts(session, ward):
                    filled = rule.rule.replace("<vendor_id>", vendor_id)
                    yield rule.endpoint, filled.replace("<evidence_id>", evidence_id)
            case ["entry_id", "entry_kind"] | ["entry_kind", "owner_id"] as both:
                filled = rule.rule
                for one in both:
                    filled = filled.replace(f"<{one}>", next(iter(ids[one])))
                yield rule.endpoint, filled
            case others:
                pytest.fail(f"no ids for {rule.rule}: {others}")


@pytest.mark.parametrize("role", list(HospitalRole))
def test_every_page_answers_every_role_and_is_wholly_filled_in(
    app: Flask, visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, role: HospitalRole
):
    every = role is HospitalRole.ADMIN  # the roles differ in what is offered, not in what the states look like
    with sessions() as session:
        asked = list(paths(app, ward, session, most=100 if every else 3))
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


def test_a_foreign_id_and_an_unknown_id_are_the_same_bytes(
    app: Flask, visit: Callable[..., Visitor], ward: Ward, neighbour: Ward, sessions: Sessions
):
    with sessions() as session:
        run = session.scalars(select(ScanRun).where(ScanRun.hospital_id == neighbour.hospital_id)).first()
        risk = session.scalars(select(RiskRecord).where(RiskRecord.hospital_id == neighbour.hospital_id)).first()
        list_id = uploaded(session, neighbour)
        kept = building.frozen_register(session, None, neighbour.decider, next(iter(neighbour.vendors.values())))
        session.commit()
        incident_id, flash_id = alarm_of(session, neighbour)
        campaign_id = campaigns_of(session, neighbour)[0]
        draft, _released = catalogues_of(session, neighbour)
    visitor = visit(ward.admin)
    foreign = {
        **kept,
        "import_id": list_id,
        "vendor_id": next(iter(neighbour.vendors.values())),
        "supply_id": next(iter(neighbour.supplies.values())),
        "assessment_id": next(iter(neighbour.assessments.values())),
        "risk_id": risk.id,
        "scan_id": run.id,
        "host_id": "0" * 20,
        "person_id": neighbour.assessor.person_id,
        "evidence_id": "0" * 20,
        "question_id": "GV-01",
        "letter_name": "0" * 20,
        "campaign_id": campaign_id,
        "own_id": draft,
        "incident_id": incident_id,
        "flash_id": flash_id,
        "own_question": "H-01",
        "export_id": "0" * 20,
    }
    checked = 0
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("hospital.") or rule.arguments <= OF_EVERYBODY:
            continue
        path, unknown = rule.rule, rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<{argument}>", foreign[argument])
            unknown = unknown.replace(f"<{argument}>", NAMES.get(argument, "f" * 20))
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            send = visitor.get if method == "GET" else visitor.post
            theirs, nobodys = send(path), send(unknown)
            assert theirs.status_code == nobodys.status_code == 404, (method, path, theirs.status_code)
            assert theirs.data == nobodys.data, (method, path)
            checked += 1

    assert checked > 30


def test_a_scan_of_another_vendor_of_the_same_hospital_is_not_found(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    with sessions() as session:
        run = session.scalars(select(ScanRun).where(ScanRun.hospital_id == ward.hospital_id)).first()
    other = next(one for one in ward.vendors.values() if one != run.vendor_id)

    assert visit(ward.admin).get(f"/hospital/vendors/{other}/scans/{run.id}/progress").status_code == 404


def test_reading_changes_nothing(app: Flask, visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    visitor = visit(ward.admin)
    with sessions() as session:
        asked = list(paths(app, ward, session))
        before = _counted(session)
    for _endpoint, path in asked:
        visitor.get(path)

    with sessions() as session:
        assert _counted(session) == before


def _counted(session: Session) -> dict[str, int]:
    return {
        table.name: session.scalar(select(func.count()).select_from(table))
        for table in Row.metadata.sorted_tables
        if table.name != SignIn.__tablename__
    }


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
            one for one in re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', main) if "/evidence/" not in one
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
