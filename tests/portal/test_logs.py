"""The log: known fields only, one line each, and no secret, whoever brings it in."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import request
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from portal import app as application
from portal import logs, serving
from portal import settings as reading_settings
from portal.app import create_app
from portal.db import migrating
from portal.db import session as database
from portal.db.models.jobs import Job, JobState
from portal.services import jobs
from portal.services.jobs import JobKind
from portal.services.people import tickets
from portal.web.journey import Room, Who
from tests.portal.jobs import running
from tests.portal.web.conftest import Visitor, make_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# As long as a real one, and the same in every process of a test run.
TOKEN = tickets.PREFIX + "Qk7-canary_0123456789" * 2 + "z"
CANARIES = {
    "email": "canary-person@klinik.example",
    "password": "canary-password vier Boote",
    "code": "739164",
    "answer": "canary-answer: nobody patches the archive",
    "token": TOKEN,
}
EVIDENCE = "canary-evidence-name.pdf"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ [\w.]+: .*|    .+")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that this process logs meanwhile."""
    stream = io.StringIO()
    handler, root = logs.Handler(stream), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def _is_clean(text: str) -> None:
    found = [secret for secret in (*CANARIES.values(), EVIDENCE) if secret in text]
    assert not found
    assert all(LINE.fullmatch(line) for line in text.splitlines())


def _line(message: object, *arguments: object, **extra: object) -> str:
    stream = io.StringIO()
    record = logging.getLogger("portal.somewhere").makeRecord(
        "portal.somewhere", logging.WARNING, "", 0, message, arguments, None, extra=extra
    )
    logs.Handler(stream).emit(record)
    return stream.getvalue()


def test_a_line_has_its_time_and_only_fields_that_are_allowed():
    line = _line("a job failed: %s", "KeyError", job="0123456789abcdef0123", kind="scan", password="canary", body="x")

    assert re.fullmatch(
        r"\S+Z WARNING portal\.somewhere: a job failed: KeyError job=0123456789abcdef0123 kind=scan\n", line
    )


@given(st.text(), st.text())
def test_whatever_comes_in_is_one_line_without_control_characters(message: str, value: str):
    line = _line("%s", message, error=value)

    assert line.endswith("\n")
    assert line[:-1].splitlines() == [line[:-1]]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line[:-1])


@pytest.mark.parametrize(
    "text",
    [
        f"Error handling request /invitation/{TOKEN}",
        f"GET /join/{TOKEN.removeprefix(tickets.PREFIX)} HTTP/1.1",
        f"https://kettenblick.example/setup/{TOKEN}?a=b",
        "/new-password/short-canary",
        "to canary@klinik.example",
        "postgresql://kettenblick:canary@db.example/kettenblick",
    ],
)
def test_tokens_addresses_and_paths_are_cut(text: str):
    line = _line(text)

    assert "canary" not in line
    assert TOKEN.removeprefix(tickets.PREFIX) not in line


def test_an_error_tells_its_kind_and_place_but_not_its_text(written: io.StringIO):
    try:
        try:
            {}[CANARIES["answer"]]
        except KeyError as cause:
            raise OSError(28, CANARIES["password"], EVIDENCE) from cause
    except OSError as error:
        logging.getLogger("portal.x").exception("failed: %s", error)  # noqa: TRY401 - that is what is tried here

    text = written.getvalue()
    _is_clean(text)
    assert "OSError (No space left on device)" in text
    assert "after KeyError" in text
    assert "test_logs.py" in text


def test_a_line_whose_arguments_do_not_fit_is_written_all_the_same():
    assert "two %s and %s" in _line("two %s and %s", "one")


def test_no_secret_of_a_request_is_in_the_log(
    engine: Engine, tmp_path: Path, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    room = Room("careless", __name__)

    @room.post("/careless", who=Who.ANYONE)
    def careless(_here):
        raise ValueError(json.dumps(request.form), [file.filename for file in request.files.values()])

    monkeypatch.setattr(application, "ROOMS", (*application.ROOMS, room))
    visitor = Visitor(client=create_app(make_settings(str(engine.url), tmp_path)).test_client())

    sign_in = visitor.post("/sign-in", {name: CANARIES[name] for name in ("email", "password")})
    for path in ("invitation", "setup", "join", "new-password"):
        assert visitor.get(f"/{path}/{TOKEN}").status_code < 500
    form = {**CANARIES, "file": (io.BytesIO(b"%PDF-1.7"), EVIDENCE)}
    broken = visitor.post("/careless", form, content_type="multipart/form-data")

    assert (sign_in.status_code, broken.status_code) == (422, 500)
    _is_clean(written.getvalue())
    assert "unhandled error" in written.getvalue()
    assert "ValueError" in written.getvalue()


def test_no_secret_of_a_job_is_in_the_log(engine: Engine, sessions, tmp_path: Path, written: io.StringIO):
    with sessions.begin() as session:
        jobs.add(session, JobKind.SCORE, dict(CANARIES), now=datetime.now(UTC), max_attempts=1)

    def is_dead() -> bool:
        with sessions() as session:
            return session.scalars(select(Job).where(Job.kind == JobKind.SCORE)).one().state is JobState.DEAD

    with running.running(engine, running.settings(tmp_path)):
        running.wait_until(is_dead)

    _is_clean(written.getvalue())
    assert re.search(r"portal\.worker: a job failed: KeyError job=\w+ kind=score", written.getvalue())


@pytest.mark.loopback
def test_the_web_server_logs_no_path_and_goes_by_the_same_rules(tmp_path: Path):
    environment = {"KETTENBLICK_DATA": str(tmp_path), "BIND_PORT": "0"}
    chosen = reading_settings.read(environment)
    engine = database.engine(chosen.database_url)
    migrating.upgrade(engine)
    engine.dispose()
    with serving.listen(chosen) as listener, (tmp_path / "log").open("wb") as log:
        web = serving.programs(chosen, listener)[0]
        server = subprocess.Popen(
            web.command, env={**os.environ, **environment}, pass_fds=web.descriptors, stdout=log, stderr=log
        )
        try:
            for asked in (
                f"GET /invitation/{TOKEN} HTTP/1.1\r\nHost: 127.0.0.1:0\r\nConnection: close\r\n\r\n",
                f"GET /invitation/{TOKEN} HTTP/nonsense\r\n\r\n",
                f"GET / HTTP/1.1\r\nHost: x\r\nBad {CANARIES['password']}: {TOKEN}\r\n\r\n",
            ):
                with socket.create_connection(listener.getsockname(), timeout=60) as client:
                    client.sendall(asked.encode())
                    assert client.recv(100).startswith(b"HTTP/1.1 ")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)

    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert "gunicorn.error" in text
    _is_clean(text)
