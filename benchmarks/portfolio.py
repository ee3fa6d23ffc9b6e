"""Pages of a hospital with 1,000 and 10,000 supplies, and a register of so many frozen, on SQLite and PostgreSQL."""

import argparse
import contextlib
import cProfile
import http.client
import math
import os
import pstats
import random
import socket
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, delete, insert, select, text
from sqlalchemy.orm import Session

from assessments import register
from benchmarks import saving
from portal.db import lines, migrating
from portal.db import session as database
from portal.db.base import new_id
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.registers import RiskRecord, ScoreRecord, StoredAssessment
from portal.db.models.vendors import IntakeRecord, Supply, Vendor
from portal.services.registers import dossiers, registers, snapshots, stored
from portal.services.registers.snapshots import Frozen
from tests.journeys.product import Product
from tests.portal.web.conftest import sign_in
from tests.portal.web.hospital import ward
from tests.portal.web.hospital.ward import Ward

SIZES = (1_000, 10_000)  # supplies
PER_VENDOR = 2
PAGE_TARGET = 0.150  # p95
FREEZE_TARGET = 20.0
PAGES: Mapping[str, str] = {
    "vendors": "/hospital/vendors",
    "vendors, filtered": "/hospital/vendors?tier=1&grade=C&is=contradictions",
    "vendors, sorted": "/hospital/vendors?sort=-residual",
    "vendors, searched": "/hospital/vendors?q=firma+77",
    "vendors, last page": "/hospital/vendors?from=400",
    "supplies": "/hospital/vendors?by=supplies&sort=department",
    "today": "/hospital/",
    "board": "/hospital/assessments",
    "risks": "/hospital/risks",
    "risks, filtered": "/hospital/risks?level=high&source=gap",
    "concentration": "/hospital/vendors/concentration",
}
GROUPS = ("kis", "laboratory", "pacs", "infusion", "network", "building")
DEPARTMENTS = ("Radiologie", "Labor", "Technik", "Verwaltung", "Apotheke")
CHUNK = 500
EMPTY = "/about"
WARM_UP = 2  # rounds


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One page on one database with so many supplies."""

    where: str
    supplies: int
    what: str
    times: Sequence[float]
    empty: float  # the median of a page with nothing of the hospital in it, in the same run

    def percentile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    def cells(self) -> Sequence[str]:
        p50, p95 = self.percentile(0.5), self.percentile(0.95)
        verdict = "met" if p95 <= PAGE_TARGET else "NOT MET"
        times = f"{p50 / self.empty:.1f}"
        return (
            self.where,
            f"{self.supplies:,}",
            self.what,
            *(f"{one * 1000:.0f}" for one in (p50, p95)),
            times,
            verdict,
        )


HEAD = ("database", "supplies", "page", "p50 ms", "p95 ms", "× empty page", "p95 ≤ 150 ms")


def main(arguments: Sequence[str]) -> int:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks portfolio")
    _add_choices(parser)
    parser.add_argument("--visits", type=int, default=40, help="of each page (default 40)")
    asked = parser.parse_args(arguments)
    figures: list[Figure] = []
    for where, size in _runs(asked):
        with _folder() as folder, _database(where, folder) as url:
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            product = Product(folder, port, **({"DATABASE_URL": url} if url else {}))
            product.start()
            try:
                engine, of = _fill(product.database_url, size)
                cookie = sign_in(database.sessions(engine), of.assessor)
                engine.dispose()
                place = product.address.removeprefix("http://")
                figures += _pages(place, cookie, where, size, asked.visits)
            except SystemExit:
                print("".join(product.lines[-40:]), file=sys.stderr)  # why a page did not come
                raise
            finally:
                product.stop()
    _print([HEAD, *(figure.cells() for figure in figures)])
    return 0 if all(figure.percentile(0.95) <= PAGE_TARGET for figure in figures) else 1


def freezing(arguments: Sequence[str]) -> int:
    """Fill, freeze, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks snapshots")
    _add_choices(parser)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    asked = parser.parse_args(arguments)
    rows = [("database", "supplies", "vendors", "of them kept", "seconds", "ms a vendor", "MB", "≤ 20 s")]
    is_met = True
    for where, size in _runs(asked):
        with _folder() as folder, _database(where, folder) as url:
            address = url or f"sqlite:///{folder / 'portfolio.sqlite'}"
            migrating.upgrade(database.engine(address))
            engine, of = _fill(address, size)
            with database.sessions(engine).begin() as session:
                _keep(session, of, now=datetime.now(UTC))
            for is_kept in (True, False):
                if not is_kept:
                    with database.sessions(engine).begin() as session:
                        session.execute(delete(StoredAssessment))
                took, made = _freeze(engine, of, is_profiled=asked.profile)
                verdict = "met" if took <= FREEZE_TARGET else "NOT MET"
                is_met = is_met and (took <= FREEZE_TARGET or not is_kept)
                counts = (f"{size:,}", f"{made.vendors:,}", f"{made.taken:,}")
                figures = (f"{took:.1f}", f"{took / made.vendors * 1000:.1f}", f"{len(made.document) / 1e6:.1f}")
                rows.append((where, *counts, *figures, verdict))
            engine.dispose()
    _print(rows)
    return 0 if is_met else 1


def _add_choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one database")
    parser.add_argument("--supplies", type=int, action="append", help=f"how many (default {SIZES})")


def _print(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"{os.cpu_count()} cores, {PER_VENDOR} supplies a vendor")
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


# ---- a hospital with so many supplies


@contextlib.contextmanager
def _database(where: str, folder: Path) -> Iterator[str]:
    if where == "SQLite":
        yield ""
    else:
        (folder / "postgresql").mkdir()
        with saving.postgres(folder / "postgresql") as url:
            yield url


def _runs(asked: argparse.Namespace) -> Iterator[tuple[str, int]]:
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    for size in asked.supplies or SIZES:
        for name, where in names.items():
            if asked.only in {None, name}:
                yield where, size


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kettenblick-portfolio-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _fill(url: str, size: int) -> tuple[Engine, Ward]:
    engine = database.engine(url)
    with database.sessions(engine).begin() as session:
        of = fill(session, size, now=datetime.now(UTC))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return engine, of


def fill(session: Session, supplies: int, *, now: datetime) -> Ward:
    """One vendor through all services, and its rows with other names until there are so many supplies."""
    of = ward.one(session, now, quality=0.6)
    session.flush()
    pattern = session.scalars(select(Vendor)).one()
    score = session.scalars(select(ScoreRecord).where(ScoreRecord.is_current)).one()
    round_ = session.get_one(Assessment, score.assessment_id)
    intake = session.scalars(select(IntakeRecord)).first()
    risks = session.scalars(select(RiskRecord).where(RiskRecord.gone_at.is_(None)).limit(5)).all()
    assert intake is not None
    chance = random.Random(7)
    made: dict[type, list[dict[str, object]]] = {
        table: [] for table in (Vendor, Supply, IntakeRecord, Assessment, AssessmentSupply, ScoreRecord, RiskRecord)
    }
    ids = []
    for number in range(math.ceil(supplies / PER_VENDOR) - 1):
        vendor_id, assessment_id = new_id(), new_id()
        ids.append(vendor_id)
        made[Vendor].append(
            _copy(pattern, id=vendor_id, name=f"Firma {number:05} GmbH", domain=f"firma{number}.example")
        )
        served = []
        for one in range(PER_VENDOR):
            supply_id = new_id()
            served.append(supply_id)
            contract = now.date() + timedelta(days=chance.randrange(1000))
            made[Supply].append(
                {
                    "hospital_id": of.hospital_id,
                    "id": supply_id,
                    "vendor_id": vendor_id,
                    "name": f"Produkt {number}-{one}",
                    "product_group": chance.choice(GROUPS),
                    "department": chance.choice(DEPARTMENTS),
                    "contract_ends_on": contract,
                    "created_at": now,
                    "description": "",
                    "owner_name": "",
                    "version": 1,
                }
            )
            if chance.random() > 0.05:
                made[IntakeRecord].append(_copy(intake, id=new_id(), supply_id=supply_id, tier=chance.randint(1, 4)))
        if chance.random() < 0.15:
            continue  # nobody has asked yet
        stage = chance.choice([Stage.INVITED, Stage.ANSWERING, Stage.SUBMITTED, Stage.REVIEWED, Stage.CLOSED])
        due_on = now.date() + timedelta(days=chance.randrange(-20, 40))
        made[Assessment].append(
            _copy(round_, id=assessment_id, vendor_id=vendor_id, stage=stage, company_id=None, due_on=due_on)
        )
        made[AssessmentSupply] += [
            {"hospital_id": of.hospital_id, "assessment_id": assessment_id, "supply_id": one} for one in served
        ]
        made[ScoreRecord].append(_scored(score, assessment_id, chance, now.date()))
        made[RiskRecord] += [
            _copy(risk, id=new_id(), vendor_id=vendor_id, likelihood=chance.randint(1, 5)) for risk in risks
        ]
    for table, rows in made.items():
        for at in range(0, len(rows), CHUNK):
            session.execute(insert(table), rows[at : at + CHUNK])
    lines.write(session, ids)
    return of


def _keep(session: Session, of: Ward, *, now: datetime) -> None:
    """What the jobs of last night have left of every vendor on the lists."""
    around = registers.around(session, of.auditor, now=now)
    found = dossiers.several(session, of.hospital_id, around.wanted, now=now)
    for one, dossier in zip(around.wanted, found, strict=True):
        stored.keep(session, of.hospital_id, one.vendor.id, register.assess(dossier, around.policy), around.policy)


def _copy(row: object, **changed: object) -> dict[str, object]:
    table = type(row).__table__  # type: ignore[attr-defined]  # every row of ours has one
    return {column.name: getattr(row, column.key) for column in table.columns} | changed


def _scored(score: ScoreRecord, assessment_id: str, chance: random.Random, today: date) -> dict[str, object]:
    value = float(chance.randint(30, 98))
    grade = "FEDCBA"[min(5, int((value - 30) / 12))]
    return _copy(
        score,
        id=new_id(),
        assessment_id=assessment_id,
        value=value,
        grade=grade if chance.random() > 0.1 else None,
        residual=chance.choice(["low", "moderate", "high", "critical"]),
        contradictions=chance.choice([0, 0, 0, 1, 3]),
        open_findings={"critical": chance.choice([0, 0, 0, 1])},
        evidence_ends=[(today + timedelta(days=chance.randrange(200))).isoformat()],
    )


# ---- measuring


def _pages(place: str, cookie: str, where: str, size: int, visits: int) -> Iterator[Figure]:
    """Every page in turn, again and again; beside them a page that shows nothing of the hospital."""
    with contextlib.closing(http.client.HTTPConnection(place, timeout=60)) as line:
        times: dict[str, list[float]] = {EMPTY: [], **{path: [] for path in PAGES.values()}}
        for _round in range(visits + WARM_UP):
            for path, taken in times.items():
                begin = time.perf_counter()
                line.request("GET", path, headers={"Cookie": f"kettenblick-session={cookie}"})
                answer = line.getresponse()
                answer.read()
                taken.append(time.perf_counter() - begin)
                if answer.status != http.HTTPStatus.OK:
                    raise SystemExit(f"{path} answered {answer.status}")
    empty = statistics.median(times[EMPTY][WARM_UP:])
    for what, path in PAGES.items():
        yield Figure(where=where, supplies=size, what=what, times=times[path][WARM_UP:], empty=empty)


def _freeze(engine: Engine, of: Ward, *, is_profiled: bool) -> tuple[float, Frozen]:
    """As the worker does it, from the asking to the sealed file."""
    now = datetime.now(UTC)
    made = database.sessions(engine)
    with made.begin() as session:
        row = snapshots.ask(session, of.decider, "Messung", now=now)
    profile = cProfile.Profile()
    if is_profiled:
        profile.enable()
    begin = time.perf_counter()
    with made() as session:
        made_of = snapshots.frozen_now(session, of.hospital_id, row.id, now=now)
    if made_of is None:
        raise SystemExit("nothing was frozen")
    zlib.compress(made_of.document)
    took = time.perf_counter() - begin
    if is_profiled:
        profile.disable()
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
    return took, made_of
