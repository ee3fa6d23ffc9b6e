"""The questions in Excel: along and back, three ways compared, and only what somebody chose is saved."""

from __future__ import annotations

import json
import re
from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import select

from portal.db.models.responses import Answer
from portal.services.answers import responses
from questionnaires.model import AnswerValue
from tests.portal.web.vendor import errand

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now, products=("PACS Archiv", "Befundserver"))


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def _along(visitor, asked):
    answer = visitor.post(f"{asked.path}/workbook/file")
    assert answer.mimetype == XLSX
    return openpyxl.load_workbook(BytesIO(answer.data))


def _row(book, name: str) -> int:
    sheet = book["Antworten"]
    return next(
        number for number in range(2, sheet.max_row + 1) if sheet.cell(number, 11).value == json.dumps([name, ""])
    )


def _back(visitor, asked, book, *, name="antworten.xlsx"):
    out = BytesIO()
    if isinstance(book, bytes):
        out.write(book)
    else:
        book.save(out)
    return visitor.post(
        f"{asked.path}/workbook", {"file": (BytesIO(out.getvalue()), name)}, content_type="multipart/form-data"
    )


def _take(visitor, asked, page, **choices):
    """Send the form of a comparison as it stands, with some choices changed."""
    html = page.get_data(as_text=True)
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", html.partition("workbook/take")[2]):
        given = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if given.get("type") == "radio" and "checked" not in tag:
            continue
        if "name" in given and given["name"] != "csrf_token":
            fields.setdefault(given["name"], []).append(given.get("value", ""))
    fields |= {f"{name}.take": [choice] for name, choice in choices.items()}
    return visitor.post(f"{asked.path}/workbook/take", fields)


def _save(sessions, asked, question_id, value, now, *, version=0):
    with sessions() as session, session.begin():
        responses.save(session, asked.lead, asked.assessment_id, (question_id, ""), value, version=version, now=now)


def _values(session):
    session.expire_all()
    return {row.question_id: row.value for row in session.scalars(select(Answer))}


YES, NO = AnswerValue(choices=("yes",)), AnswerValue(choices=("no",))


def test_answers_given_offline_are_shown_first_and_saved_by_choice(lead, asked, session):
    book = _along(lead, asked)
    number = _row(book, "GV-02")
    book["Antworten"][f"F{number}"], book["Antworten"][f"G{number}"] = "Teilweise", "außer in Wien"

    page = _back(lead, asked, book)

    assert page.status_code == 200
    text = errand.text_of(page)
    assert "GV-02" in text
    assert "außer in Wien" in text
    assert "1 Antwort weicht ab" in text
    assert _values(session) == {}
    assert _take(lead, asked, page).status_code == 303
    assert _values(session) == {"GV-02": {"choices": ["partial"], "comment": "außer in Wien"}}
    assert "sagt nichts anderes" in errand.text_of(_back(lead, asked, book))


def test_an_untouched_workbook_changes_nothing_however_old_it_is(lead, asked, sessions, session, now):
    _save(sessions, asked, "GV-02", NO, now)
    book = _along(lead, asked)
    _save(sessions, asked, "GV-02", YES, now, version=1)
    _save(sessions, asked, "GV-05", YES, now)

    assert "sagt nichts anderes" in errand.text_of(_back(lead, asked, book))
    assert _values(session)["GV-02"] == {"choices": ["yes"]}


def test_where_both_changed_both_texts_are_shown_and_what_stands_is_kept_unless_chosen(
    lead, asked, sessions, session, now
):
    book = _along(lead, asked)
    book["Antworten"][f"F{_row(book, 'GV-02')}"] = "Nein"
    _save(sessions, asked, "GV-02", YES, now)

    page = _back(lead, asked, book)

    assert "in der Arbeitsmappe und hier geändert" in errand.text_of(page)
    _take(lead, asked, page)
    assert _values(session) == {"GV-02": {"choices": ["yes"]}}
    _take(lead, asked, page, **{"GV-02": "workbook"})
    assert _values(session) == {"GV-02": {"choices": ["no"]}}


def test_what_changes_between_comparing_and_choosing_is_shown_once_more(lead, asked, sessions, session, now):
    book = _along(lead, asked)
    book["Antworten"][f"F{_row(book, 'GV-02')}"] = "Nein"
    book["Antworten"][f"F{_row(book, 'GV-05')}"] = "Ja"
    page = _back(lead, asked, book)
    _save(sessions, asked, "GV-02", YES, now)

    again = _take(lead, asked, page)

    assert again.status_code == 409
    assert "GV-05" not in errand.text_of(again)
    assert _values(session)["GV-02"] == {"choices": ["yes"]}
    assert "GV-05" in _values(session)
    assert _take(lead, asked, again, **{"GV-02": "workbook"}).status_code == 303
    assert _values(session)["GV-02"] == {"choices": ["no"]}


def test_an_emptied_cell_takes_the_answer_back(lead, asked, sessions, session, now):
    _save(sessions, asked, "GV-02", YES, now)
    book = _along(lead, asked)
    book["Antworten"][f"F{_row(book, 'GV-02')}"] = None

    page = _back(lead, asked, book)

    assert "keine Antwort" in errand.text_of(page)
    _take(lead, asked, page)
    assert _values(session) == {"GV-02": None}


def test_what_is_no_answer_is_told_by_its_cell_and_the_rest_can_be_taken(lead, asked, session):
    book = _along(lead, asked)
    bad, formula, good = (_row(book, name) for name in ("GV-02", "GV-05", "GV-04"))
    book["Antworten"][f"F{bad}"] = "vielleicht"
    book["Antworten"][f"F{formula}"] = "=1+1"
    book["Antworten"][f"F{good}"] = "Nein"

    page = _back(lead, asked, book)
    text = errand.text_of(page)

    assert f"F{bad} · GV-02" in text
    assert f"F{formula} · GV-05 : In dieser Zelle steht eine Formel" in text
    _take(lead, asked, page)
    assert set(_values(session)) <= {"GV-04"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("antworten.xlsm", b"PK\x03\x04", "ohne Makros"),
        ("antworten.ods", b"PK\x03\x04", "ohne Makros"),
        ("antworten.pdf", b"%PDF-1.7", "die Sie von dieser Seite haben"),
        ("antworten.xlsx", b"hello", "nicht der einer XLSX-Datei"),
        ("antworten.xlsx", b"", "leer"),
    ],
)
def test_what_is_no_workbook_is_refused_with_its_sentence(lead, asked, name, content, said):
    answer = _back(lead, asked, content, name=name)

    assert answer.status_code == 422
    assert said in errand.text_of(answer)


def test_the_workbook_of_another_round_is_refused(lead, asked, visit, sessions, now):
    with sessions() as session, session.begin():
        other = errand.stranger(session)
    book = _along(lead, asked)
    book["kettenblick"]["B2"] = "somebody-else"

    assert "gehört zu einer anderen Bewertung" in errand.text_of(_back(lead, asked, book))
    for method, path in (("get", "workbook"), ("post", "workbook/file"), ("post", "workbook/take")):
        assert getattr(visit(other), method)(f"{asked.path}/{path}").status_code == 404


def test_fields_nobody_offered_are_refused(lead, asked, session):
    sent = {"GV-02.take": "workbook", "GV-02.value": "no", "GV-02.version": "0", "GV-02.by": "me"}

    assert lead.post(f"{asked.path}/workbook/take", sent).status_code == 400
    assert lead.post(f"{asked.path}/workbook/take", {"ZZ-1.take": "workbook"}).status_code == 400
    assert _values(session) == {}
