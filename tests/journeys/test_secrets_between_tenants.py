"""What one side writes for itself reaches no page, file or mail of the other."""

from __future__ import annotations

import dataclasses
import io
import re
import shutil
import subprocess
import zipfile
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.assessments import Assessment, Review, ReviewState, Stage
from portal.db.models.disputes import Dispute, DisputeReason
from portal.db.models.jobs import OutboxMail
from portal.db.models.registers import RiskRecord, RiskTreatment, Treatment
from portal.db.models.responses import Answer, Evidence, Response
from portal.db.models.scans import FindingRecord, ScanRun
from portal.db.models.supplies import Article, Subcontractor
from portal.db.models.vendors import IntakeRecord, Supply, Vendor
from portal.services.scans import disputes, scan_results
from questionnaires import answering
from scanners import storing
from tests.journeys import planting, reading_files
from tests.journeys.world import World
from tests.portal.web.conftest import ADDRESS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

CANARY = "KANARI"
ADDRESSES = re.compile(r'(?:href|action|hx-get|src|data-autosave)="(/[^"#]*)')


def canary(name: str) -> str:
    return f"{CANARY}-{name}-7c1f09"


OF_A_KIND = 3  # of pages that differ in an id or in the address's question alone
KINDS = re.compile(r"[0-9a-f]{20}|(?<=\?).*")


def crawl(world: World, who: str, *starts: str) -> dict[str, bytes]:
    """What links lead to, every kind of page, as it came; reports take their time and are read by themselves."""
    visitor, kinds = world.visitor(who), Counter[str]()
    seen: dict[str, bytes] = {}
    waiting = deque(starts)
    while waiting:
        path = waiting.popleft()
        kind = KINDS.sub("…", path)
        if (
            path in seen
            or path.startswith("/static/")
            or path.endswith(".pdf")
            or (kinds[kind] == OF_A_KIND and path not in starts)
        ):
            continue
        kinds[kind] += 1
        answer = visitor.client.get(path, base_url=ADDRESS, follow_redirects=True)
        assert answer.status_code < 500, path
        seen[path] = b"\n".join([answer.data, str(answer.headers).encode(), *parts_of(answer.data)])
        if answer.mimetype == "text/html":
            waiting.extend(found.replace("&amp;", "&") for found in ADDRESSES.findall(answer.get_data(as_text=True)))
    return seen


def parts_of(content: bytes) -> list[bytes]:
    """What lies compressed in a file: the members of a workbook or pack, the words of a PDF."""
    if content.startswith(b"%PDF-") and (reader := shutil.which("pdftotext")):
        return [subprocess.run([reader, "-", "-"], input=content, stdout=subprocess.PIPE, check=True).stdout]
    if not content.startswith(b"PK"):
        return []
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return [file.read(name) for name in file.namelist()]


def found_in(pages: dict[str, bytes]) -> set[str]:
    return {f"{path}: {hit.decode()}" for path, page in pages.items() for hit in re.findall(rb"KANARI-[\w.-]*", page)}


def hide_what_the_hospital_keeps_to_itself(session: Session, world: World) -> set[str]:
    place, now = world.a, datetime.now(UTC)
    vendor = session.get_one(Vendor, (place.ids["vendor_id"]))
    vendor.note, vendor.creditor_number = canary("vendor.note"), canary("creditor")
    supply = session.get_one(Supply, place.ids["supply_id"])
    supply.description, supply.owner_name = canary("supply.description"), canary("supply.owner")
    supply.department = canary("supply.department")
    supply.deputy_name, supply.contract_number = canary("supply.deputy"), canary("supply.contract")
    supply.exit_plan, vendor.parent_name = canary("supply.exit"), canary("vendor.parent")
    session.add(
        Subcontractor(
            hospital_id=vendor.hospital_id,
            vendor_id=vendor.id,
            name=canary("subcontractor.name"),
            note=canary("subcontractor.note"),
            created_at=now,
        )
    )
    session.add(
        Article(hospital_id=vendor.hospital_id, supply_id=supply.id, model=canary("article.model"), created_at=now)
    )
    for record in session.scalars(select(IntakeRecord).where(IntakeRecord.supply_id == supply.id)):
        record.tier, record.override_reason = record.proposed_tier % 4 + 1, canary("intake.reason")
    assessment = session.get_one(Assessment, place.assessment_id)
    assessment.question_set_reason = canary("assessment.reason")
    assessment.uninvited_reason = canary("assessment.uninvited")
    states = iter([*ReviewState] * 2)
    slots = session.scalars(
        select(Answer)
        .join(Response, Response.id == Answer.response_id)
        .where(Response.assessment_id == place.assessment_id, Answer.question_id.like("BK%"))
        .limit(3)
    )
    for slot, state in zip(slots, states, strict=False):
        told = state is ReviewState.RETURNED  # a remark on what is returned is written to the company
        session.merge(
            Review(
                hospital_id=assessment.hospital_id,
                assessment_id=assessment.id,
                question_id=slot.question_id,
                supply_id=slot.supply_id,
                state=state,
                remark="Bitte ergänzen." if told else canary(f"review.remark.{state.value}"),
                note=canary(f"review.note.{state.value}"),
                by_name=place.ward.assessor.name,
                at=now,
            )
        )
    risk = session.get_one(RiskRecord, place.ids["risk_id"])
    risk.document = {**risk.document, "scenario": {"de": canary("risk.scenario"), "en": canary("risk.scenario")}}
    session.add(
        RiskTreatment(
            hospital_id=risk.hospital_id,
            risk_id=risk.id,
            treatment=Treatment.MITIGATE,
            owner=canary("risk.owner"),
            note=canary("risk.note"),
            by_name="Erika",
            at=now,
        )
    )
    return {
        *("supply.deputy", "supply.contract", "supply.exit", "subcontractor.name", "article.model"),
        *("vendor.note", "creditor", "supply.description", "supply.owner", "supply.department", "intake.reason"),
        *("assessment.reason", "review.note", "risk.scenario", "risk.owner", "risk.note"),
    }


@pytest.mark.parametrize(
    ("who", "stage"),
    [
        *(("lead a", stage) for stage in (Stage.SUBMITTED, Stage.RETURNED, Stage.REVIEWED)),
        *(("contributor a", Stage.RETURNED), ("lead b", Stage.SUBMITTED)),
    ],
)
def test_the_hospitals_own_words_reach_no_page_of_a_company(world: World, who: str, stage: Stage):
    with world.sessions.begin() as session:
        hidden = hide_what_the_hospital_keeps_to_itself(session, world)
        session.get_one(Assessment, world.a.assessment_id).stage = stage
    if stage is not Stage.SUBMITTED:  # there what stands in every column need not be read by the hospital's own pages
        with world.sessions.begin() as session:
            planting.everywhere(session, world.a.ward.hospital_id)
    pages = crawl(world, who, "/vendor/")
    assert len(pages) > (25 if who != "lead b" else 10)
    assert found_in(pages) == set()

    # They are there to be found: the hospital's own pages show them.
    if (who, stage) == ("lead a", Stage.SUBMITTED):
        ids = world.a.ids
        starts = (f"/hospital/risks/{ids['risk_id']}", f"/hospital/vendors/supplies/{ids['supply_id']}/intake")
        reviews = (f"/hospital/review/{ids['assessment_id']}?answer=BK-{number:02}" for number in range(1, 9))
        own = " ".join(found_in(crawl(world, "admin a", "/hospital/", *starts, *reviews)))
        assert {name for name in hidden if name not in own} <= {
            "supply.description",
            "assessment.reason",
            "review.note",
        }
    with world.sessions() as session:
        mails = session.scalars(select(OutboxMail)).all()
    assert not [mail.subject for mail in mails if CANARY in f"{mail.subject}{mail.text}{mail.html}"]


def hide_what_the_company_has_not_given_away(session: Session, world: World) -> None:
    now = datetime.now(UTC)
    response = session.scalars(select(Response).where(Response.assessment_id == world.a.assessment_id)).one()
    response.released_at = None
    answer = session.scalars(select(Answer).where(Answer.response_id == response.id)).first()
    changed = dataclasses.replace(answering.load(answer.value), comment=canary("answer.after-hand-in"))
    answer.value = answering.dump(changed)
    session.add(
        Evidence(
            company_id=response.company_id,
            kind="other",
            file_name=f"{canary('evidence.not-handed-in')}.pdf",
            media_type="application/pdf",
            size=1,
            sha256="0" * 64,
            blob_id="nothing",
            issuer=canary("evidence.issuer"),
            uploaded_by="Erika",
            uploaded_at=now,
        )
    )
    run = session.scalars(select(ScanRun).where(ScanRun.vendor_id == world.a.ids["vendor_id"])).one()
    run.visible_at = now - timedelta(hours=1)
    for finding in session.scalars(select(FindingRecord).where(FindingRecord.scan_id == run.id)):
        if finding.severity == "critical":
            finding.severity = "high"  # what is critical the hospital sees at once
        finding.fact, finding.fact_values = canary("finding"), None


def test_what_a_company_has_not_handed_in_or_released_reaches_no_hospital(world: World):
    with world.sessions.begin() as session:
        hide_what_the_company_has_not_given_away(session, world)

    for who in ("admin a", "auditor a", "admin b", "operator"):
        assert found_in(crawl(world, who, "/hospital/" if who != "operator" else "/operation")) == set(), who
    with world.app.test_client():
        book = world.visitor("admin a").post(
            "/hospital/reports/register", {"language": "de"}, token=world.token("admin a")
        )
    assert book.status_code == 200
    assert CANARY.encode() not in b"".join(parts_of(book.data))


@pytest.mark.office
def test_what_is_not_released_is_in_no_report(world: World, tmp_path: Path):
    with world.sessions.begin() as session:
        hide_what_the_company_has_not_given_away(session, world)
    path = tmp_path / "report.pdf"

    path.write_bytes(world.visitor("admin a").get(f"/hospital/vendors/{world.a.ids['vendor_id']}/report.pdf").data)

    words = reading_files.words_of_pdf(path)
    assert "Strahlwerk" in words
    assert CANARY not in words


def test_every_column_of_a_hospital_holds_a_word_or_says_why_not(world: World):
    with world.sessions.begin() as session:
        planting.everywhere(session, world.a.ward.hospital_id)

    with world.sessions() as session:
        for table in planting.TABLES:
            for column in planting.planted(table):
                ours = table.c.hospital_id == world.a.ward.hospital_id
                found = session.scalars(select(column).where(ours)).all()
                assert found, f"{column} has no row"
                assert all(str(one).startswith(planting.planted_as(column)) for one in found), column
            for column in planting.planted_within(table):
                found = session.scalars(select(column).where(table.c.hospital_id == world.a.ward.hospital_id)).all()
                assert found, f"{column} has no row"
                assert all(planting.planted_as(column) in str(one) for one in found), column
    known = {f"{table.name}.{one.name}" for table in planting.TABLES for one in planting.columns(table)}
    assert set(planting.LEFT) <= known
    documents = {f"{table.name}.{one.name}" for table in planting.TABLES for one in planting.documents(table)}
    assert documents == set(planting.LEAVES) | set(planting.JSON_LEFT)


def test_a_crawl_of_a_hospital_finds_nothing_of_the_other(world: World):
    with world.sessions.begin() as session:
        hide_what_the_hospital_keeps_to_itself(session, world)
        planting.everywhere(session, world.a.ward.hospital_id)

    pages = crawl(world, "admin b", "/hospital/")

    assert len(pages) > 20
    assert found_in(pages) == set()


def test_what_a_company_takes_home_holds_nothing_of_the_hospital_but_who_asks(world: World):
    with world.sessions.begin() as session:
        hide_what_the_hospital_keeps_to_itself(session, world)
        planting.everywhere(session, world.a.ward.hospital_id)
    path = f"/vendor/rounds/{world.a.assessment_id}"

    for who, allowed in (("lead a", 200), ("lead b", 404)):
        for take, fields in (("workbook/file", {}), ("profile", {}), ("pack/file", {"which": "signed"})):
            answer = world.visitor(who).post(f"{path}/{take}", fields, token=world.token(who))
            assert answer.status_code == allowed, (who, take)
            parts = parts_of(answer.data)
            assert CANARY.encode() not in b"".join([answer.data, *parts])
            assert parts or allowed != 200 or not shutil.which("pdftotext"), take


def test_words_against_what_is_not_released_reach_no_hospital(world: World):
    with world.sessions.begin() as session:
        hide_what_the_company_has_not_given_away(session, world)
        assessment = session.get_one(Assessment, world.a.assessment_id)
        run = session.scalars(select(ScanRun).where(ScanRun.vendor_id == assessment.vendor_id)).one()
        record = next(
            one
            for one in session.scalars(select(FindingRecord).where(FindingRecord.scan_id == run.id))
            if one.outcome == "fail"
        )
        finding = scan_results.finding_of(record)
        session.add(
            Dispute(
                hospital_id=assessment.hospital_id,
                vendor_id=assessment.vendor_id,
                assessment_id=assessment.id,
                company_id=assessment.company_id,
                subject_kind=record.subject_kind,
                subject_name=record.subject_name,
                check_id=record.check_id,
                seen_key=disputes.seen_key(finding),
                seen=storing.dump_finding(finding),
                reason=DisputeReason.NOT_OURS,
                text=canary("dispute"),
                by_name=canary("dispute.by"),
                at=datetime.now(UTC),
            )
        )

    for who in ("admin a", "auditor a", "admin b"):
        pages = crawl(world, who, "/hospital/")
        assert found_in(pages) == set(), who
    book = world.visitor("admin a").post("/hospital/reports/register", {"language": "de"}, token=world.token("admin a"))
    assert CANARY.encode() not in b"".join(parts_of(book.data))
