"""Answers given once before: offered to the company that gave them, confirmed one by one, never counted unseen."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.db.models.responses import Answer, Response, Suggestion
from portal.services.answers import manifests, responses
from questionnaires.model import AnswerValue
from tests.portal.web.conftest import sign_in
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

YES, NO = AnswerValue(choices=("yes",), comment="seit 2024"), AnswerValue(choices=("no",))
DAY = AnswerValue(day=date(2026, 3, 31))
SECTION = "questions/GV"


@pytest.fixture
def asked(sessions, now):
    """A company that has answered one hospital and is asked by a second one."""
    with sessions() as session, session.begin():
        first = errand.accepted(session, now - timedelta(days=200))
        before = now - timedelta(days=190)
        for question, value in (("GV-02", YES), ("GV-03", DAY)):
            responses.save(session, first.lead, first.assessment_id, (question, ""), value, version=0, now=before)
        return again(session, first, now)


def again(session, first, now):
    """The same company, taken into a round of another hospital."""
    of = ward.empty(session, name="Klinikum Süd")
    ward.add(session, of, errand.VENDOR, "PACS Archiv", domain="strahlwerk.example", hosts=1, now=now)
    ward.invite(session, of, errand.VENDOR, now=now, due=now.date() + timedelta(days=28))
    second = errand.Errand(ward=of, assessment_id=of.assessments[errand.VENDOR], token="")
    second.lead = ward.accept(session, of, errand.VENDOR, now=now, actor=first.lead)
    return second


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def _response(session, asked):
    return session.scalars(select(Response).where(Response.assessment_id == asked.assessment_id)).one()


def _answers(session, asked):
    session.expire_all()
    response = _response(session, asked)
    return {row.question_id: row.value for row in session.scalars(select(Answer)) if row.response_id == response.id}


def test_earlier_answers_are_offered_filled_in_and_wait(lead, asked, session):
    assert "2 Fragen dieser Seite haben Sie schon einmal beantwortet" in errand.text_of(
        lead.get(f"{asked.path}/{SECTION}")
    )
    lead.post(f"{asked.path}/{SECTION}/prefill")

    page = lead.get(f"{asked.path}/{SECTION}")

    text = errand.text_of(page)
    assert "2 frühere Antworten warten auf Bestätigung" in text
    assert "Klinikum Nord" in text
    assert "6 Monate alt" in text
    assert "seit 2024" in page.get_data(as_text=True)
    assert _answers(session, asked) == {}
    response = _response(session, asked)
    assert manifests.make(session, response)["answers"] == []


def test_saving_confirms_and_something_else_replaces(lead, asked, session):
    lead.post(f"{asked.path}/{SECTION}/prefill")
    for name, value in (("GV-02", "yes"), ("GV-03", "2026-04-01")):
        answer = lead.client.post(
            f"{asked.path}/answers/{name}",
            base_url="http://127.0.0.1:8080",
            data=json.dumps({"fields": {f"{name}.value": value, f"{name}.comment": ""}, "version": 0}),
            headers={"X-CSRFToken": lead.token(), "Content-Type": "application/json"},
        )
        assert answer.status_code == 200

    assert session.scalars(select(Suggestion)).all() == []
    assert _answers(session, asked) == {"GV-02": {"choices": ["yes"]}, "GV-03": {"day": "2026-04-01"}}
    assert "warten auf" not in errand.text_of(lead.get(f"{asked.path}/{SECTION}"))


def test_what_was_not_confirmed_can_be_taken_away(lead, asked, session):
    lead.post(f"{asked.path}/{SECTION}/prefill")

    lead.post(f"{asked.path}/{SECTION}/dismiss")

    assert session.scalars(select(Suggestion)).all() == []
    assert _answers(session, asked) == {}
    assert "schon einmal beantwortet" in errand.text_of(lead.get(f"{asked.path}/{SECTION}"))


def test_an_answer_that_stands_is_never_touched(lead, asked, sessions, session, now):
    with sessions() as other, other.begin():
        responses.save(other, asked.lead, asked.assessment_id, ("GV-02", ""), NO, version=0, now=now)

    lead.post(f"{asked.path}/{SECTION}/prefill")

    assert _answers(session, asked) == {"GV-02": {"choices": ["no"]}}
    assert [row.question_id for row in session.scalars(select(Suggestion))] == ["GV-03"]


def test_nobody_is_offered_what_another_company_answered(visit, asked, sessions, now):
    with sessions() as session, session.begin():
        of = ward.empty(session, name="Klinikum West")
        ward.add(session, of, "Andere GmbH", "PACS Archiv", domain="andere.example", hosts=1, now=now)
        ward.invite(session, of, "Andere GmbH", now=now, due=now.date() + timedelta(days=28))
        other = errand.Errand(ward=of, assessment_id=of.assessments["Andere GmbH"], token="")
        other.lead = ward.accept(session, of, "Andere GmbH", now=now)

    page = visit(other.lead).get(f"{other.path}/{SECTION}").get_data(as_text=True)

    assert "schon einmal" not in page
    assert "seit 2024" not in page


def test_saving_the_page_without_a_script_confirms_only_what_was_ticked_or_changed(lead, asked, session):
    lead.post(f"{asked.path}/{SECTION}/prefill")
    sent = {
        "GV-02.value": "yes",
        "GV-02.comment": "seit 2024",
        "GV-02.version": "0",
        "GV-03.value": "2026-03-31",
        "GV-03.comment": "",
        "GV-03.version": "0",
        "GV-04.value": "essential",
        "GV-04.version": "0",
    }

    assert lead.post(f"{asked.path}/{SECTION}", sent).status_code == 303
    assert set(_answers(session, asked)) == {"GV-04"}
    assert len(session.scalars(select(Suggestion)).all()) == 2

    sent |= {"GV-04.version": "1", "confirm": "GV-02", "GV-03.value": "2026-04-01"}
    assert lead.post(f"{asked.path}/{SECTION}", sent).status_code == 303
    assert _answers(session, asked)["GV-02"] == {"choices": ["yes"], "comment": "seit 2024"}
    assert _answers(session, asked)["GV-03"] == {"day": "2026-04-01"}
    assert session.scalars(select(Suggestion)).all() == []


@pytest.mark.browser
def test_one_click_confirms_an_earlier_answer_as_it_stands(page, served, sessions, asked, session):
    address = served()
    page.context.add_cookies([{"name": "kettenblick-session", "value": sign_in(sessions, asked.lead), "url": address}])
    page.goto(f"{address}{asked.path}/{SECTION}")
    page.get_by_role("button", name="Frühere Antworten einsetzen").click()

    page.locator("#GV-02").get_by_role("button", name="Bestätigen").click()
    page.locator("#GV-02[data-version='1']").wait_for()

    assert page.locator("#GV-02 [data-suggestion]").count() == 0
    assert page.locator("#GV-03 [data-suggestion]").count() == 1
    assert _answers(session, asked) == {"GV-02": {"choices": ["yes"], "comment": "seit 2024"}}
