"""The questions: saved as they are given, by a script or as a page; nothing lost, nothing overwritten unseen."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.db.models.responses import Answer
from portal.services.answers import responses
from questionnaires.model import AnswerValue
from tests.portal.web.vendor import errand

ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now, products=("PACS Archiv", "Befundserver"))


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def _autosave(visitor, asked, name, fields, version=0, **headers):
    return visitor.client.post(
        f"{asked.path}/answers/{name}",
        base_url=ADDRESS,
        json={"fields": fields, "version": version},
        headers={"X-CSRFToken": visitor.token(), "Accept": "application/json", **headers},
    )


def _values(session):
    session.expire_all()
    return {row.question_id: row.value for row in session.scalars(select(Answer))}


def test_the_way_leads_to_the_profile_first_and_then_on(lead, asked):
    first = lead.get(f"{asked.path}/questions")

    assert first.headers["Location"].endswith("/questions/profile")
    page = lead.get(f"{asked.path}/questions/profile").get_data(as_text=True)
    assert "Weiter: §" in page
    assert lead.get(f"{asked.path}/questions/XX").status_code == 404


def test_an_answer_is_acknowledged_with_its_version_and_time(lead, asked, session):
    answer = _autosave(lead, asked, "GV-02", {"GV-02.value": "yes", "GV-02.comment": "seit 2024"})

    assert answer.status_code == 200
    assert answer.json["version"] == 1
    assert re.fullmatch(r"\d\d:\d\d", answer.json["saved_at"])
    assert _values(session) == {"GV-02": {"choices": ["yes"], "comment": "seit 2024"}}
    page = lead.get(f"{asked.path}/questions/GV").get_data(as_text=True)
    assert 'data-version="1"' in page
    assert f"gespeichert {answer.json['saved_at']}" in page


def test_the_second_of_two_sees_both_texts(lead, visit, asked, sessions, session):
    with sessions() as writing, writing.begin():
        other = errand.colleague(writing, asked)
    other = visit(other)
    _autosave(lead, asked, "GV-02", {"GV-02.value": "yes"})

    clash = _autosave(other, asked, "GV-02", {"GV-02.value": "no"})

    assert clash.status_code == 409
    assert (clash.json["theirs"], clash.json["version"]) == ("Ja", 1)
    assert _autosave(other, asked, "GV-02", {"GV-02.value": "no"}, version=1).json["version"] == 2
    assert _values(session)["GV-02"] == {"choices": ["no"]}


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("GV-02", {"GV-02.value": "na"}, "warum"),
        ("GV-02", {"GV-02.value": "", "GV-02.comment": "später"}, "beantworten"),
        ("P-06", {"P-06.value": "viele", "P-06.special": []}, "Zahl"),
        ("P-06", {"P-06.value": "12", "P-06.special": ["unknown"]}, "nicht beides"),
    ],
)
def test_what_cannot_be_taken_is_said_in_a_sentence(lead, asked, session, name, fields, sentence):
    answer = _autosave(lead, asked, name, fields)

    assert answer.status_code == 422
    assert sentence in answer.json["message"]
    assert _values(session) == {}


@pytest.mark.parametrize(
    "body",
    [
        {"fields": {"GV-03.value": "yes"}, "version": 0},
        {"fields": {"GV-02.value": 1}, "version": 0},
        {"fields": {"GV-02.value": ["yes", None]}, "version": 0},
        {"fields": {"GV-02.value": "x" * 20_001}, "version": 0},
        {"fields": [], "version": 0},
        {"fields": {}, "version": "1"},
        {"fields": {}, "version": True},
        {"fields": {}, "version": 0, "updated_by": "me"},
        [],
    ],
)
def test_what_no_script_of_ours_sends_is_refused(lead, asked, session, body):
    answer = lead.client.post(
        f"{asked.path}/answers/GV-02",
        base_url=ADDRESS,
        json=body,
        headers={"X-CSRFToken": lead.token()},
    )

    assert answer.status_code == 400
    assert _values(session) == {}


def test_autosave_needs_our_token_and_our_company(lead, visit, asked, sessions, session):
    answer = _autosave(lead, asked, "GV-02", {"GV-02.value": "yes"}, **{"X-CSRFToken": "x"})
    assert answer.status_code == 400
    with sessions() as writing, writing.begin():
        stranger = errand.stranger(writing)

    assert _autosave(visit(stranger), asked, "GV-02", {"GV-02.value": "yes"}).status_code == 404
    assert _values(session) == {}


# ---- without a script


def _form(lead, asked, section):
    """The fields of a page as a browser sends them."""
    html = lead.get(f"{asked.path}/questions/{section}").get_data(as_text=True)
    main = html.partition("novalidate")[2].partition("</form>")[0]
    fields = {}
    for tag in re.findall(r"<input[^>]+>", main):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)[1]
        if name[1] == "csrf_token" or (kind in {"radio", "checkbox"} and " checked" not in tag):
            continue
        fields[name[1]] = value[1] if value else ""
    for name, text in re.findall(r'<textarea[^>]+name="([^"]+)"[^>]*>(.*?)</textarea>', main, re.DOTALL):
        fields[name] = text.strip()
    return fields


def test_a_page_is_saved_as_a_whole_and_leads_on(lead, asked, session):
    fields = {**_form(lead, asked, "GV"), "GV-02.value": "yes", "GV-02.comment": "seit 2024", "go": "next"}

    answer = lead.post(f"{asked.path}/questions/GV", fields)

    assert answer.status_code == 303
    assert not answer.headers["Location"].endswith("/GV")
    assert _values(session)["GV-02"] == {"choices": ["yes"], "comment": "seit 2024"}
    again = _form(lead, asked, "GV")
    assert (again["GV-02.value"], again["GV-02.version"]) == ("yes", "1")


def test_a_page_sent_again_unchanged_changes_nothing(lead, asked, session):
    lead.post(f"{asked.path}/questions/GV", {**_form(lead, asked, "GV"), "GV-02.value": "yes"})
    lead.post(f"{asked.path}/questions/GV", _form(lead, asked, "GV"))

    assert [row.version for row in session.scalars(select(Answer))] == [1]


def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_saved(lead, asked, session):
    fields = {**_form(lead, asked, "profile"), "P-01.value": "Strahlwerk, DE", "P-06.value": "sehr viele"}

    answer = lead.post(f"{asked.path}/questions/profile", fields)

    assert answer.status_code == 422
    assert 'value="sehr viele"' in answer.get_data(as_text=True)
    assert _values(session) == {"P-01": {"text": "Strahlwerk, DE"}}


def test_a_clash_shows_both_texts_and_sending_again_decides(lead, asked, sessions, session, now):
    fields = {**_form(lead, asked, "GV"), "GV-02.value": "no"}
    with sessions() as writing, writing.begin():
        responses.save(
            writing, errand.colleague(writing, asked), asked.assessment_id, ("GV-02", ""),
            AnswerValue(choices=("yes",), comment="geprüft"), version=0, now=now,
        )  # fmt: skip

    answer = lead.post(f"{asked.path}/questions/GV", fields)

    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "geprüft" in page
    assert re.search(r'name="GV-02.version"[^>]*value="1"', page)
    assert _values(session)["GV-02"]["choices"] == ["yes"]
    lead.post(f"{asked.path}/questions/GV", {**fields, "GV-02.version": "1"})
    assert _values(session)["GV-02"] == {"choices": ["no"]}


def test_a_field_nobody_offered_is_refused(lead, asked, session):
    answer = lead.post(f"{asked.path}/questions/GV", {**_form(lead, asked, "GV"), "P-01.value": "x"})

    assert answer.status_code == 400
    assert _values(session) == {}


def test_each_product_is_asked_by_its_name(lead, asked):
    page = lead.get(f"{asked.path}/questions/BK").get_data(as_text=True)

    assert page.count("PACS Archiv") == page.count("Befundserver") > 1


def test_text_from_people_is_text(lead, asked):
    _autosave(lead, asked, "P-01", {"P-01.value": "</textarea><script>alert(1)</script>"})

    assert "<script>alert" not in lead.get(f"{asked.path}/questions/profile").get_data(as_text=True)


@pytest.mark.parametrize("version", ["9" * 5000, "-1", "²", "1e9"])
def test_a_version_that_is_no_number_is_none(lead, asked, session, version):
    answer = lead.post(f"{asked.path}/questions/GV", {**_form(lead, asked, "GV"), "GV-02.version": version})

    assert answer.status_code in {303, 409}
