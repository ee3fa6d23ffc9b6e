"""The same round without a browser, on the embedded database and on a real PostgreSQL: pages, worker, real hosts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pyotp
import pytest
from sqlalchemy import Engine, select

from assessments import intake as intake_form
from portal.app import create_app
from portal.db import migrating
from portal.db import session as database
from portal.db.base import Row
from portal.db.models.accounts import TicketPurpose
from portal.db.models.registers import ScoreRecord
from portal.db.models.scans import ScanRun, ScanState
from portal.demonstration import documents
from portal.services.people import tickets
from portal.services.scans import scans
from portal.settings import ScanSettings
from portal.web import journey
from portal.worker import SCANNER
from questionnaires import answering, shelf
from tests.journeys import browsing
from tests.journeys.browsing import INTAKE, LEAD, PASSWORD_HOSPITAL, PASSWORD_VENDOR, VENDOR
from tests.journeys.conftest import HOSTS
from tests.journeys.product import eventually
from tests.portal.jobs import running
from tests.portal.web.conftest import Visitor, make_settings

if TYPE_CHECKING:
    from portal.demonstration.servers import Running
    from portal.settings import Settings

pytestmark = pytest.mark.loopback

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return request.getfixturevalue("migrated_postgres_url")
    return f"sqlite:///{shutil.copy(migrated, tmp_path / 'kettenblick.sqlite')}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = database.engine(url)
    yield engine
    engine.dispose()


@dataclass
class House:
    """The application on one database, and what its visitors found."""

    engine: Engine
    settings: Settings
    clinic: Visitor
    firm: Visitor


@pytest.fixture
def house(engine: Engine, url: str, tmp_path: Path, hosts: Running) -> Iterator[House]:
    network = hosts.network()
    fields = {field.name for field in dataclasses.fields(ScanSettings)}
    known = {name: value for name, value in dataclasses.asdict(network).items() if name in fields}
    settings = dataclasses.replace(make_settings(url, tmp_path), scan=ScanSettings(**known))
    app = create_app(settings)
    yield House(
        engine=engine,
        settings=settings,
        clinic=Visitor(client=app.test_client()),
        firm=Visitor(client=app.test_client()),
    )
    app.extensions[journey.EXTENSION].writing.kw["bind"].dispose()


def test_the_round_goes_round(house: House):
    _set_up(house)
    vendor = _add_vendor(house.clinic)
    _went(house.clinic.post(f"{vendor}/invite", _invitation(house.clinic, vendor)))
    round_path = _accept(house)
    with running.running(house.engine, house.settings, scanner=SCANNER):
        _went(house.firm.post(f"{round_path}/approval", {"name": "Max Muster", "function": "Leitung"}))
        answered = _answer(house.firm, round_path)
        _add_evidence(house.firm, round_path)
        eventually(lambda: _states(house) == [ScanState.DONE], seconds=120, what="the scan")
        _went(house.firm.post(f"{round_path}/result/release"))
        signature = {"name": "Max Muster", "function": "Leitung", "confirms": "y"}
        _went(house.firm.post(f"{round_path}/hand-in", signature))
        assert f"Antworten: {answered}, Dokumente: 1" in _page(house.firm, f"{round_path}/receipt")
        _review(house.clinic, round_path.rpartition("/")[2])
        eventually(lambda: _score(house) is not None, seconds=90, what="the score")
    score = _score(house)
    book = house.clinic.post("/hospital/reports/register", {"language": "de"})
    sheet = openpyxl.load_workbook(io.BytesIO(book.data))["Lieferanten"]
    (row,) = [dict(zip([cell.value for cell in sheet[1]], line, strict=True)) for line in
              sheet.iter_rows(min_row=2, values_only=True)]  # fmt: skip
    assert row["Lieferant"] == VENDOR
    assert (row["Note"], row["Kritikalität"]) == (score.grade, 1)
    assert row["Punkte"] == pytest.approx(score.value, abs=0.5)
    assert house.clinic.get(f"{vendor}/report.pdf").data.startswith(b"%PDF")


def test_migrations_go_down_and_up_again_with_data_in_every_table(house: House):
    _set_up(house)
    _add_vendor(house.clinic)
    before = _rows(house.engine)
    assert before["vendor"] and before["audit_event"]

    migrating.downgrade(house.engine, "base")
    migrating.upgrade(house.engine)

    assert migrating.differences(house.engine) == []
    assert not any(_rows(house.engine).values())
    with house.engine.begin() as connection:
        for table in Row.metadata.sorted_tables:
            if before[table.name]:
                connection.execute(table.insert(), before[table.name])
    assert _rows(house.engine) == before
    assert VENDOR in _page(house.clinic, "/hospital/vendors")


# ---- steps


def _set_up(house: House) -> None:
    with database.sessions(house.engine).begin() as session:
        token = tickets.issue(session, TicketPurpose.FIRST_HOSPITAL, now=dt.datetime.now(dt.UTC))
    visitor = house.clinic
    visitor.get(f"/setup/{token}")
    person = {"name": "Erika Beispiel", "email": browsing.ASSESSOR, "password": PASSWORD_HOSPITAL}
    _went(visitor.post("/setup", {"hospital_name": browsing.HOSPITAL, "city": "Kiel", "state": "SH", **person}))
    secret = re.search(r'class="fact secret">([A-Z2-7 ]+)<', _page(visitor, "/enrol"))
    assert secret is not None
    visitor.post("/enrol", {"code": pyotp.TOTP(secret[1].replace(" ", "")).now(), "next": ""})


def _add_vendor(visitor: Visitor) -> str:
    fields = {
        "name": VENDOR,
        "country": "DE",
        "contact_email": LEAD,
        "supply": browsing.PRODUCT,
        "product_group": "pacs",
    }
    intake = _went(visitor.post("/hospital/vendors/add", fields))
    given = {one.id: INTAKE.get(one.id, one.options[0].id) for one in intake_form.current().questions}
    vendor = _went(visitor.post(intake, given))
    for host in HOSTS[:2]:
        named = {"host": host, "role": "product", "ground": "contract"}
        _went(visitor.post(f"{vendor}/hosts/add", named))
    return vendor


def _invitation(visitor: Visitor, vendor: str) -> dict[str, str]:
    supply = re.search(r'name="supplies"[^>]* value="([0-9a-f]{20})"', _page(visitor, f"{vendor}/invite"))
    assert supply is not None
    due = (TODAY + dt.timedelta(days=28)).isoformat()
    asked = {"catalogue": "@".join(shelf.CURRENT), "question_set": "full", "due_on": due}
    return {"supplies": supply[1], **asked, "email": LEAD, "language": "de"}


def _accept(house: House) -> str:
    """Without a relay the operator reads the mail, and hands its link on."""
    mails = set(re.findall(r"/operation/outbox/[0-9a-f]{20}", _page(house.clinic, "/operation/outbox")))
    (link,) = {found[0] for mail in mails if (found := re.search(r"/invitation/[\w-]+", _page(house.clinic, mail)))}
    house.firm.get(link)
    account = {"name": "Max Muster", "function": "Leitung", "company_name": VENDOR, "password": PASSWORD_VENDOR}
    return _went(house.firm.post("/invitation/accept", account))


def _answer(visitor: Visitor, round_path: str) -> int:
    """Page after page, saved by its button."""
    answered, path = 0, _went(visitor.get(f"{round_path}/questions"))
    while "/questions/" in path:
        page = _page(visitor, path)
        fields: dict[str, object] = {"go": ""}
        for name in re.findall(r'<section class="question" id="([\w.-]+)"', page):
            value = browsing.good(browsing.shape_of(name))
            fields |= {f"{name}.value": list(answering.raw(value)), f"{name}.version": "0"}
            answered += 1
        _went(visitor.post(path, fields))
        onward = re.search(r'<p class="onward"><a [^>]*href="([^"]+)"', page)
        assert onward is not None
        path = html.unescape(onward[1])
    return answered


def _add_evidence(visitor: Visitor, round_path: str) -> None:
    page = _page(visitor, f"{round_path}/documents/add")
    (kind, to) = (re.search(rf'name="{name}".*?<option value="([^"]+)"', page, re.DOTALL) for name in ("kind", "to"))
    assert kind is not None
    assert to is not None
    content = documents.pdf("ISO/IEC 27001", ["Geltungsbereich: PACS Archiv"])
    file = (io.BytesIO(content), "Zertifikat.pdf")
    _went(
        visitor.post(
            f"{round_path}/documents/add",
            {"file": file, "kind": kind[1], "to": to[1], "confidentiality": "normal", "issued_on": TODAY.isoformat()},
        )
    )


def _review(visitor: Visitor, assessment_id: str) -> None:
    page = _page(visitor, f"/hospital/review/{assessment_id}")
    form = re.search(r'action="(/hospital/review/[^"]+/answers/[^"]+)"', page)
    assert form is not None
    _went(visitor.post(html.unescape(form[1]), {"state": "accepted", "version": "0"}))
    _went(visitor.post(f"/hospital/review/{assessment_id}/finish"))


# ---- what came of it


def _went(answer) -> str:
    """Where it led; a form that was not taken shows its sentences."""
    problems = re.findall(r'class="kern-body">([^<]+)<|<li>(.*?)</li>', answer.get_data(as_text=True))[:5]
    assert answer.status_code == 303, (answer.status_code, problems)
    return str(answer.headers["Location"]).partition("?")[0].partition("#")[0]


def _page(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def _states(house: House) -> list[ScanState]:
    with database.reading(house.engine)() as session:
        states = list(session.scalars(select(ScanRun.state)))
    assert ScanState.FAILED not in states
    return states if not set(states) & set(scans.LIVE) else []


def _score(house: House) -> ScoreRecord | None:
    with database.reading(house.engine)() as session:
        return session.scalars(
            select(ScoreRecord).where(ScoreRecord.is_current, ScoreRecord.grade.is_not(None))
        ).one_or_none()


def _rows(engine: Engine) -> dict[str, list[dict[str, object]]]:
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (dict(row._mapping) for row in connection.execute(select(table))),
                key=lambda row: repr(sorted(row.items(), key=str)),
            )
            for table in Row.metadata.sorted_tables
        }
