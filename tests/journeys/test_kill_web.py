"""kill -9 of the web server while people type: what was acknowledged is there, what was not is sent again.

The gate kills thirty times; WEB_KILLS=200 kills more often:

    WEB_KILLS=200 .venv/bin/pytest tests/journeys/test_kill_web.py -m kill
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db import session as database
from portal.db.models.accounts import Company, CompanyRole
from portal.db.models.assessments import Assessment
from portal.db.models.responses import Answer, Response
from portal.services import audit
from portal.serving import LONGEST_DELAY
from questionnaires import answering, shelf
from questionnaires.model import ALWAYS, AnswerKind, Scope
from tests.journeys import product
from tests.portal import building
from tests.portal.web.conftest import sign_in
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from portal.db.session import Sessions
    from portal.services.actors import Actor
    from tests.journeys.product import Product

pytestmark = pytest.mark.kill

KILLS = int(os.environ.get("WEB_KILLS", "30"))
WRITERS = 6
# Seconds for all kills: whoever starts the processes comes back ever more slowly, and loads everything anew.
LONGEST = 6 * KILLS + (LONGEST_DELAY + 30) * (KILLS // 10)
QUESTIONS = [
    question.id
    for question in shelf.current().questions.values()
    if question.shape.kind is AnswerKind.YES_PARTIAL_NO_NA
    and question.scope is Scope.COMPANY
    and question.applies_if == ALWAYS
][:WRITERS]


@dataclass
class Ground:
    """The started product with one round that its company answers."""

    portal: Product
    sessions: Sessions
    assessment_id: str
    people: list[Actor] = field(default_factory=list)


@pytest.fixture
def ground(started: Callable[..., Product]):
    portal = started()
    engine = database.engine(portal.database_url)
    sessions = database.sessions(engine)
    with sessions.begin() as session:
        made = errand.accepted(session, datetime.now(UTC))
        people = [errand.colleague(session, made, CompanyRole.CONTRIBUTOR)]
        for number in range(WRITERS - 1):
            company = session.get_one(Company, made.lead.company_id)
            people.append(building.company_actor(session, company, CompanyRole.SIGNATORY, f"w{number}@w.example"))
    yield Ground(portal=portal, sessions=sessions, assessment_id=made.assessment_id, people=people)
    engine.dispose()


@dataclass
class Writer:
    """A client that saves one answer again and again, and notes what it was told."""

    ground: Ground
    question: str
    cookie: str
    told: list[tuple[int, str]] = field(default_factory=list)  # version and text, after the whole answer was read
    sent: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def write(self, stop: threading.Event) -> None:
        token, version, number = "", 0, 0
        while not stop.is_set():
            try:
                if not token:
                    token = self._token()
                number += 1
                text = f"{self.question} number {number}"
                self.sent.add(text)
                status, body = self._save(text, version, token)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.02)  # the server is gone: again, as the page does
                continue
            if status == 200:
                version = body["version"]
                self.told.append((version, text))
            elif status == 409:  # the last one was written, but its acknowledgement was killed
                version = body["version"]
            else:
                self.refused.append(f"{status} {body}")
                time.sleep(0.05)

    def _save(self, text: str, version: int, token: str) -> tuple[int, dict]:
        value = {f"{self.question}.value": "yes", f"{self.question}.comment": text}
        body = json.dumps({"fields": value, "version": version})
        headers = {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token}
        path = f"/vendor/rounds/{self.ground.assessment_id}/answers/{self.question}"
        status, content = self._ask("POST", path, body, headers)
        return status, json.loads(content)

    def _token(self) -> str:
        _status, page = self._ask("GET", "/about", "", {})
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        if found is None:
            raise ValueError(page)
        return found[1]

    def _ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        place = self.ground.portal.address.removeprefix("http://")
        with contextlib.closing(http.client.HTTPConnection(place, timeout=5)) as connection:
            connection.request(method, path, body or None, {"Cookie": f"kettenblick-session={self.cookie}", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


def test_no_acknowledged_answer_is_lost_whatever_is_killed(ground: Ground):
    chance, stop = random.Random(11), threading.Event()
    writers = [
        Writer(ground=ground, question=question, cookie=sign_in(ground.sessions, person))
        for question, person in zip(QUESTIONS, ground.people, strict=True)
    ]
    threads = [threading.Thread(target=writer.write, args=(stop,)) for writer in writers]
    for thread in threads:
        thread.start()
    masters, kills, last, until = 0, 0, 0, time.monotonic() + LONGEST
    try:
        while kills < KILLS:
            assert [refusal for writer in writers for refusal in writer.refused] == []
            assert time.monotonic() < until, f"only {kills} kills in {LONGEST} s"
            gunicorn = ground.portal.children("portal.app:create")
            told = sum(len(writer.told) for writer in writers)
            if len(gunicorn) < 2 or told < last + 2:  # a kill counts where somebody is being answered
                time.sleep(0.02)
                continue
            time.sleep(chance.uniform(0, 0.2))
            # Mostly a process that holds requests; each tenth time the one that starts them, and its children with it.
            master = kills % 10 == 9
            with contextlib.suppress(ProcessLookupError):
                os.kill(gunicorn[0] if master else chance.choice(gunicorn[1:]), signal.SIGKILL)
                kills, masters, last = kills + 1, masters + master, told
        settled = sum(len(writer.told) for writer in writers)
        product.eventually(
            lambda: sum(len(writer.told) for writer in writers) > settled + WRITERS,
            seconds=60,
            what="answers after all",
        )
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    with ground.sessions() as session:
        rows = {
            row.question_id: row
            for row in session.scalars(
                select(Answer)
                .join(Response, Response.id == Answer.response_id)
                .where(Response.assessment_id == ground.assessment_id)
            )
        }
        hospital_id = session.get_one(Assessment, ground.assessment_id).hospital_id
        assert audit.verify(session, f"hospital:{hospital_id}").is_sound
    assert masters == KILLS // 10
    for writer in writers:
        assert writer.refused == []
        last_version, last_text = writer.told[-1]
        row = rows[writer.question]
        # A later write may have been committed whose acknowledgement never came; an earlier one may not stand.
        assert row.version >= last_version
        stands = answering.load(row.value).comment
        assert stands == last_text if row.version == last_version else stands in writer.sent
        versions = [version for version, _text in writer.told]
        assert versions == sorted(set(versions)), "one version was acknowledged twice"


@pytest.mark.browser
def test_what_was_typed_while_the_server_was_down_is_saved_after_it_is_back(ground: Ground, page: Page):
    address = ground.portal.address
    cookie = sign_in(ground.sessions, ground.people[0])
    page.context.add_cookies([{"name": "kettenblick-session", "value": cookie, "url": address}])
    page.goto(f"{address}/vendor/rounds/{ground.assessment_id}/questions/GV")
    question = page.locator("section.question").first
    mark = question.locator("[data-save-mark]")
    name = question.get_attribute("id")
    question.locator("input[type=radio]").first.check()
    question.locator("[data-save-mark][data-state=saved]").wait_for()

    ground.portal.kill()
    question.locator("textarea").last.fill("geschrieben, als der Server fort war")
    question.locator("[data-save-mark][data-state=waiting]").wait_for(timeout=60_000)
    assert "nicht" in mark.inner_text().lower()
    ground.portal.start()
    question.locator("[data-save-mark][data-state=saved]").wait_for(timeout=60_000)

    with ground.sessions() as session:
        kept = session.scalars(select(Answer).where(Answer.question_id == str(name).partition(".")[0])).one()
        assert answering.load(kept.value).comment == "geschrieben, als der Server fort war"
