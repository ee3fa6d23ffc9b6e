"""Somebody comes back to a page: by the browser's own way back, or after they were signed out in the middle of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from portal.db.models.accounts import SignIn
from portal.db.models.plans import PlanLine
from portal.db.models.responses import Answer
from portal.services.answers import responses
from questionnaires.model import AnswerValue
from tests.portal.web.conftest import sign_in
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


@pytest.fixture
def lead(page: Page, served, sessions, asked) -> tuple[Page, str]:
    address = served()
    page.context.add_cookies([{"name": "kettenblick-session", "value": sign_in(sessions, asked.lead), "url": address}])
    return page, address


def test_going_back_shows_what_stands_now(lead, asked, sessions, session, now):
    page, address = lead
    page.goto(f"{address}{asked.path}/questions/GV")
    question = page.locator("#GV-02")
    question.get_by_label("Teilweise").check()
    question.get_by_text(re.compile(r"gespeichert \d\d:\d\d")).wait_for()
    page.goto(f"{address}{asked.path}/questions/BC")
    with sessions() as other, other.begin():
        value = AnswerValue(choices=("yes",), comment="seit Mai")
        responses.save(other, asked.lead, asked.assessment_id, ("GV-02", ""), value, version=1, now=now)

    page.go_back(wait_until="load")

    assert question.get_by_label("Ja", exact=True).is_checked()
    question.get_by_label(re.compile("Anmerkung")).press("End")
    page.keyboard.type("!")
    page.locator("#GV-02[data-version='3']").wait_for()
    assert session.scalars(select(Answer)).one().value == {"choices": ["yes"], "comment": "seit Mai!"}


def test_what_was_typed_while_signed_out_is_saved_once_somebody_has_signed_in_again(lead, asked, sessions, session):
    page, address = lead
    page.goto(f"{address}{asked.path}/questions/GV")
    with sessions() as other, other.begin():
        other.execute(delete(SignIn))
    question = page.locator("#GV-02")
    question.get_by_label("Teilweise").check()
    question.get_by_text("Sie wurden inzwischen abgemeldet.").wait_for()
    page.evaluate("window.dispatchEvent(new Event('focus'))")  # looks here without having signed in
    assert session.scalars(select(Answer)).all() == []

    page.context.add_cookies([{"name": "kettenblick-session", "value": sign_in(sessions, asked.lead), "url": address}])
    with sessions() as other, other.begin():
        other.execute(update(SignIn).values(csrf_secret="f" * 64))  # every sign-in has its own
    page.evaluate("window.dispatchEvent(new Event('focus'))")

    question.get_by_text(re.compile(r"gespeichert \d\d:\d\d")).wait_for()
    assert session.scalars(select(Answer)).one().value == {"choices": ["partial"]}
    with (
        sessions() as other,
        other.begin(),
    ):  # again, while the page lay open: the next change brings the new token itself
        other.execute(update(SignIn).values(csrf_secret="e" * 64))
    question.get_by_label("Ja", exact=True).check()
    page.locator("#GV-02[data-version='2']").wait_for()


def test_a_form_that_comes_back_as_it_was_typed_knows_what_was_read_then(lead, asked, visit, session):
    page, address = lead
    path = f"{asked.path}/plan/line"
    own = {"key": "", "version": "0", "state": "open", "title": "Eigenes", "owner": "Frau Alpha"}
    assert visit(asked.lead).post(path, own).status_code == 303
    line = session.scalars(select(PlanLine)).one()
    page.goto(f"{address}{path}?key={line.key}")
    page.locator("[name=owner]").fill("Frau Beta")
    page.goto(f"{address}{asked.path}/plan")
    changed = own | {"key": line.key, "version": "1", "owner": "Frau Gamma"}
    assert visit(asked.lead).post(path, changed).status_code == 303

    page.go_back(wait_until="load")
    page.get_by_role("button", name="Speichern").click()

    page.get_by_role("heading", name="Der gespeicherte Text").wait_for()
    assert page.get_by_text("Frau Gamma").is_visible()
    session.expire_all()
    assert session.scalars(select(PlanLine)).one().owner == "Frau Gamma"
