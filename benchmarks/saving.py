"""Saving answers: fifty editors at once on the product as it is started, on both databases."""

import argparse
import contextlib
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy.orm import Session

from portal.db import session as database
from portal.db.models.accounts import Company, CompanyRole
from portal.services.actors import Actor
from questionnaires import shelf
from questionnaires.model import ALWAYS, AnswerKind, Scope
from tests.conftest import postgres_programs
from tests.journeys.product import Product
from tests.portal import building
from tests.portal.web.conftest import sign_in
from tests.portal.web.hospital import ward

EDITORS = 50
COMPANIES = 10  # five colleagues in each
PAUSE = 3.0  # seconds, on average, between an acknowledgement and the next answer: a sixth of what our questions take
SECONDS = 12
WARM_UP = 5  # seconds: the first answers of a process load what it needs
TARGET = 0.150  # seconds, for 95 of 100 on PostgreSQL
FLOOR_COMMITS = 200
COLUMNS = ("what", "answers", "p50 ms", "p95 ms", "most ms", "a second", "p50 / bare commit", "processor ms each")
QUESTIONS = [
    question.id
    for question in shelf.current().questions.values()
    if question.shape.kind is AnswerKind.YES_PARTIAL_NO_NA
    and question.scope is Scope.COMPANY
    and question.applies_if == ALWAYS
]


@dataclass(kw_only=True)
class Editor:
    """Somebody who answers, waits for the word that it is saved, thinks, and answers again."""

    place: str
    path: str
    question: str
    cookie: str
    times: list[tuple[float, float]] = field(default_factory=list)  # when it was sent, how long it took
    refused: list[str] = field(default_factory=list)

    def work(self, stop: threading.Event, pause: Callable[[], float]) -> None:
        """Until told to stop; after each answer the page asks how far it has come, and that is not counted."""
        with contextlib.closing(http.client.HTTPConnection(self.place, timeout=30)) as line:
            found = re.search(r'name="csrf-token" content="([^"]+)"', self._ask(line, "GET", "/about")[1])
            token, version = found[1] if found else "", 0
            stop.wait(pause())
            for number in itertools.count():
                if stop.is_set():
                    return
                fields = {f"{self.question}.value": "yes", f"{self.question}.comment": f"number {number}"}
                body = json.dumps({"fields": fields, "version": version})
                begin = time.perf_counter()
                status, answer = self._ask(line, "POST", f"{self.path}/answers/{self.question}", body, token)
                self.times.append((begin, time.perf_counter() - begin))
                if status == http.HTTPStatus.OK:
                    version = json.loads(answer)["version"]
                else:
                    self.refused.append(f"{status} {answer[:200]}")
                section = self.question.partition("-")[0]
                self._ask(line, "GET", f"{self.path}/questions/{section}/progress")
                stop.wait(pause())

    def _ask(
        self, line: http.client.HTTPConnection, method: str, path: str, body: str = "", token: str = ""
    ) -> tuple[int, str]:
        headers = {"Cookie": f"kettenblick-session={self.cookie}"}
        if body:
            headers |= {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token}
        line.request(method, path, body or None, headers)
        answer = line.getresponse()
        return answer.status, answer.read().decode()


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table."""

    what: str
    times: Sequence[float]
    seconds: float
    floor: float
    processor: float  # seconds of ours for one answer and the look at the progress that follows it

    def percentile(self, share: float) -> float:
        """So many of the answers took no longer."""
        ranked = sorted(self.times)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    def cells(self) -> tuple[str, ...]:
        """As it is printed."""
        return (
            self.what,
            str(len(self.times)),
            f"{self.percentile(0.5) * 1000:.0f}",
            f"{self.percentile(0.95) * 1000:.0f}",
            f"{max(self.times) * 1000:.0f}",
            f"{len(self.times) / self.seconds:.0f}",
            f"{self.percentile(0.5) / self.floor:.1f} × {self.floor * 1000:.2f} ms",
            f"{self.processor * 1000:.0f}",
        )


def main(arguments: Sequence[str]) -> int:
    """Measure both databases, print, and say whether the target is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks saving", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of editing (default {SECONDS})")
    parser.add_argument(
        "--pause", type=float, default=PAUSE, help=f"between two answers of an editor (default {PAUSE})"
    )
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one database")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever stops us stops what we have started
    lines = []
    with tempfile.TemporaryDirectory(prefix="kettenblick-saving-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if asked.only != "postgresql":
            (folder / "sqlite").mkdir()
            lines.append(_measure(folder / "sqlite", "", asked))
        if asked.only != "sqlite":
            (folder / "postgresql").mkdir()
            with postgres(folder) as url:
                lines.append(_measure(folder / "postgresql", url, asked))
    rows = [COLUMNS, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    print(
        f"{EDITORS} editors of {COMPANIES} companies, about {asked.pause} s between two answers, {os.cpu_count()} cores"
    )
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    on_postgresql = [line for line in lines if line.what == "PostgreSQL"]
    if not on_postgresql:
        return 0
    reached = on_postgresql[0].percentile(0.95)
    is_met = reached <= TARGET
    print(f"p95 on PostgreSQL: {reached * 1000:.0f} ms of {TARGET * 1000:.0f} ms, {'met' if is_met else 'NOT MET'}")
    return 0 if is_met else 1


def _measure(folder: Path, url: str, asked: argparse.Namespace) -> Line:
    seconds: float = asked.seconds
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    product = Product(folder, port, **({"DATABASE_URL": url} if url else {}))
    floor = statistics.median(_bare_commits(folder, url))
    product.start()
    try:
        editors = _editors(product)
        stop = threading.Event()
        chance = random.Random(7)
        threads = [
            threading.Thread(target=editor.work, args=(stop, lambda: chance.uniform(0.5, 1.5) * asked.pause))
            for editor in editors
        ]
        for thread in threads:
            thread.start()
        time.sleep(WARM_UP)
        begin, spent = time.perf_counter(), _processor_of(product)
        time.sleep(seconds)
        spent = _processor_of(product) - spent
        stop.set()
        for thread in threads:
            thread.join()
    finally:
        product.stop()
    refused = [one for editor in editors for one in editor.refused]
    if refused:
        raise SystemExit(f"{len(refused)} answers were refused, the first: {refused[0]}")
    taken = [took for editor in editors for sent, took in editor.times if begin <= sent <= begin + seconds]
    return Line(
        what="PostgreSQL" if url else "SQLite",
        times=taken,
        seconds=seconds,
        floor=floor,
        processor=spent / max(len(taken), 1),
    )


def _processor_of(product: Product) -> float:
    """Seconds that the web processes have worked so far; those of PostgreSQL and of the editors are not in it."""
    ticks = 0
    for pid in product.children("portal.app:create"):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _editors(product: Product) -> list[Editor]:
    """Rounds that ten companies have taken, and five people in each who answer a question of their own."""
    engine = database.engine(product.database_url)
    sessions = database.sessions(engine)
    with sessions.begin() as session:
        people = _people(session, datetime.now(UTC))
    editors = [
        Editor(
            place=product.address.removeprefix("http://"),
            path=f"/vendor/rounds/{assessment_id}",
            question=QUESTIONS[number % len(QUESTIONS)],
            cookie=sign_in(sessions, person),
        )
        for number, (assessment_id, person) in enumerate(people)
    ]
    engine.dispose()
    return editors


def _people(session: Session, now: datetime) -> list[tuple[str, Actor]]:
    made, people = ward.empty(session), []
    for number in range(COMPANIES):
        name = f"Firma {number} GmbH"
        ward.add(session, made, name, f"Produkt {number}", domain=f"firma{number}.example", hosts=1, now=now)
        # Each a second later: the newest invitation is the one that is taken.
        at = now + timedelta(seconds=number)
        ward.invite(session, made, name, now=at, due=now.date() + timedelta(days=28))
        lead = ward.accept(session, made, name, now=at)
        company = session.get_one(Company, lead.company_id)
        colleagues = [
            building.company_actor(session, company, CompanyRole.SIGNATORY, f"e{number}-{one}@firma.example")
            for one in range(EDITORS // COMPANIES)
        ]
        people += [(made.assessments[name], colleague) for colleague in colleagues]
    return people


# ---- the floor: what the machine takes for a commit that is on the disk


def _bare_commits(folder: Path, url: str) -> list[float]:
    times = []
    with contextlib.ExitStack() as stack:
        if url:
            plain = stack.enter_context(psycopg.connect(url.replace("+psycopg", ""), autocommit=True))
            plain.execute("CREATE TABLE floor (text text)")
            commit: Callable[[], object] = partial(plain.execute, "INSERT INTO floor VALUES ('x')")
        else:
            file = stack.enter_context(
                contextlib.closing(sqlite3.connect(folder / "floor.sqlite", isolation_level=None))
            )
            file.execute("PRAGMA journal_mode=WAL")
            file.execute("PRAGMA synchronous=FULL")
            file.execute("CREATE TABLE floor (text text)")
            commit = partial(file.execute, "INSERT INTO floor VALUES ('x')")
        for _one in range(FLOOR_COMMITS):
            begin = time.perf_counter()
            commit()
            times.append(time.perf_counter() - begin)
    return times


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A server with the settings it comes with: every commit waits for the disk."""
    programs = postgres_programs()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    data = folder / "server"
    data.mkdir()
    runner: list[str] = []
    if os.geteuid() == 0:  # it refuses to run as root
        shutil.chown(data, "postgres", "postgres")
        runner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
    control = [*runner, str(programs / "pg_ctl"), "-D", str(data / "data")]
    _run(*runner, str(programs / "initdb"), "-U", "kettenblick", "-A", "trust", "-E", "UTF8", str(data / "data"))
    options = f"-c listen_addresses= -c unix_socket_directories={data}"
    _run(*control, "-w", "-l", str(data / "log"), "-o", options, "start")
    try:
        with psycopg.connect(host=str(data), user="kettenblick", dbname="postgres", autocommit=True) as plain:
            plain.execute("CREATE DATABASE kettenblick")
        yield f"postgresql+psycopg://kettenblick@/kettenblick?host={data}"
    finally:
        _run(*control, "-m", "immediate", "stop")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)
