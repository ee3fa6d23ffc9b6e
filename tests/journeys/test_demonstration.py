"""`kettenblick start --demo`, as a reader's first command: a full register from real scans, and nothing left behind."""

from __future__ import annotations

import http.cookiejar
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import openpyxl
import pyotp
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from portal.db import session as database
from portal.db.models.assessments import Assessment
from portal.db.models.registers import ScoreRecord
from portal.db.models.responses import Answer
from portal.db.models.vendors import Vendor
from portal.demonstration import logins, story

pytestmark = [pytest.mark.loopback, pytest.mark.kill]

PATIENCE = 240.0  # on a machine that does much else; alone it takes a quarter of a minute
COMMAND = (sys.executable, "-m", "portal.cli", "start", "--demo")
CSRF = re.compile(r'name="csrf[-_]token" (?:content|value)="([^"]+)"')
SOURCE = str(Path(story.__file__).parents[2])
T = TypeVar("T")


class Demonstration:
    """The running command, and a reader's look at it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}"
        self.engine = database.engine(f"sqlite:///{folder / 'demo-instance' / 'kettenblick.sqlite'}")
        self._environment = {**os.environ, "BIND_PORT": str(port), "LANG": "de_DE.UTF-8", "PYTHONPATH": SOURCE}
        for name in ("KETTENBLICK_DATA", "DATABASE_URL", "LC_ALL"):
            self._environment.pop(name, None)
        self._jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(self._jar)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            COMMAND, cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as command:
            try:
                yield command
            finally:
                command.kill()

    def get(self, path: str) -> bytes:
        with self._browser.open(self.address + path, timeout=60) as answer:
            content: bytes = answer.read()
            return content

    def post(self, path: str, *, seen_on: str, **fields: str) -> bytes:
        token = CSRF.search(self.get(seen_on).decode())
        assert token is not None
        form = urllib.parse.urlencode({"csrf_token": token[1], **fields}).encode()
        with self._browser.open(self.address + path, form, timeout=120) as answer:
            content: bytes = answer.read()
            return content

    def sign_in(self, email: str) -> None:
        kept = json.loads((self.folder / "demo-instance" / logins.FILE).read_text())
        self.post("/sign-in", seen_on="/sign-in", email=email, password=kept["password"])
        code = pyotp.TOTP(kept["totp_secrets"][email]).at(datetime.now(UTC))
        self.post("/second-factor", seen_on="/second-factor", code=code)

    def scores(self) -> dict[str, ScoreRecord]:
        """The current score of each vendor, by its domain; none while the tables are being made."""
        try:
            with database.reading(self.engine)() as session:
                found = session.execute(
                    select(Vendor.domain, ScoreRecord)
                    .join(Assessment, Assessment.vendor_id == Vendor.id)
                    .join(ScoreRecord, ScoreRecord.assessment_id == Assessment.id)
                    .where(ScoreRecord.is_current)
                ).all()
        except OperationalError:
            return {}
        return {row[0]: row[1] for row in found}

    def answers(self) -> int:
        with database.reading(self.engine)() as session:
            return session.scalar(select(func.count(Answer.question_id))) or 0

    def processes(self) -> list[int]:
        """Everything that runs in the folder of this demonstration: what is started there stays there."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if (place / "cwd").readlink() == self.folder:
                    found.append(int(place.name))
            except OSError:
                continue
        return found


@pytest.fixture
def demonstration(tmp_path: Path, free_port: int) -> Iterator[Demonstration]:
    shown = Demonstration(tmp_path, free_port)
    yield shown
    shown.engine.dispose()
    for number in shown.processes():
        os.kill(number, signal.SIGKILL)


def test_the_register_is_full_and_a_stop_leaves_nothing(demonstration: Demonstration):
    began = time.monotonic()
    with demonstration.running() as command:
        told = story.read()
        released = {vendor.domain for vendor in told.vendors if vendor.round and vendor.round.releases}
        scores = eventually(lambda: seen_by_all(demonstration.scores(), released), command)
        print(f"full after {time.monotonic() - began:.1f} s")

        assert demonstration.get("/healthz").strip() == b"ok"
        assert {score.grade for domain, score in scores.items() if score.grade} == set("ABCDEF")
        assert scores["voxelwerk.test"].contradictions > 0
        assert scores["fernhalt.test"].outside_value is None
        assert_full_register(demonstration)
        if find_library("pango-1.0"):
            assert_report(demonstration)
        stop(command)
    assert demonstration.processes() == []

    before = demonstration.answers()
    began = time.monotonic()
    with demonstration.running() as command:
        eventually(lambda: is_healthy(demonstration), command)
        print(f"second start after {time.monotonic() - began:.1f} s")

        assert demonstration.answers() == before
        stop(command)
        assert command.stdout is not None
        assert "Passwort für alle" in command.stdout.read()
    assert demonstration.processes() == []


def seen_by_all(scores: dict[str, ScoreRecord], domains: set[str]) -> dict[str, ScoreRecord] | None:
    """The scores, once every company that releases its scan has released it and was worked out anew."""
    full = {domain for domain, score in scores.items() if score.outside_value is not None}
    return scores if domains <= full else None


def assert_full_register(demonstration: Demonstration) -> None:
    demonstration.sign_in("jens.petermann@klinikum-lindenau.test")
    listed = demonstration.get("/hospital/vendors").decode()
    for vendor in story.read().vendors:
        assert vendor.name.replace("&", "&amp;") in listed

    workbook = demonstration.post("/hospital/reports/register", seen_on="/hospital/reports", language="de")
    sheets = openpyxl.load_workbook(io.BytesIO(workbook))
    for sheet in ("Lieferanten", "Risiken", "Feststellungen", "Antworten", "Nachweise"):
        assert sheets[sheet].max_row > len(story.read().vendors)


def assert_report(demonstration: Demonstration) -> None:
    with database.reading(demonstration.engine)() as session:
        vendor_id = session.scalar(select(Vendor.id).where(Vendor.domain == "bruecke-integration.test"))
    assert demonstration.get(f"/hospital/vendors/{vendor_id}/report.pdf").startswith(b"%PDF-")


def is_healthy(demonstration: Demonstration) -> bool:
    try:
        return demonstration.get("/healthz").strip() == b"ok"
    except (urllib.error.URLError, ConnectionError):
        return False


def stop(command: subprocess.Popen[str]) -> None:
    command.send_signal(signal.SIGTERM)
    assert command.wait(timeout=60) == 0


def eventually(look: Callable[[], T | None], command: subprocess.Popen[str]) -> T:
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert command.poll() is None, command.stdout.read() if command.stdout else ""
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.3)
    return seen
