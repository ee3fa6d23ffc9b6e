"""From the one-time link to the first page, as the person who installs it walks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyotp
import pytest
from sqlalchemy import func, select

from portal.db.models.accounts import Hospital, Person, TicketPurpose
from portal.services.people import tickets
from tests.portal.building import PASSWORD

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor

FILLED = {
    "hospital_name": "Klinikum Nord",
    "city": "Kiel",
    "state": "SH",
    "name": "Erika Beispiel",
    "email": "erika@klinik.example",
    "password": PASSWORD,
}


@pytest.fixture
def link(session: Session) -> str:
    token = tickets.issue(session, TicketPurpose.FIRST_HOSPITAL, now=datetime.now(UTC))
    session.commit()
    return f"/setup/{token}"


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def test_the_link_leads_from_nothing_to_a_signed_in_administrator(link: str, sessions: Sessions, visitor: Visitor):
    opened = visitor.get(link)
    assert opened.headers["Location"] == "/setup"
    assert visitor.get("/setup").status_code == 200

    made = visitor.post("/setup", FILLED)
    assert (made.status_code, made.headers["Location"]) == (303, "/enrol")
    page = text_of(visitor.get("/enrol"))
    secret = re.search(r'class="fact secret">([A-Z2-7 ]+)<', page)
    assert secret is not None
    assert 'src="data:image/svg+xml' in page

    code = pyotp.TOTP(secret[1].replace(" ", "")).now()
    enrolled = visitor.post("/enrol", {"code": code, "next": ""})
    codes = re.findall(r'<code class="fact">([a-z2-7-]+)</code>', text_of(enrolled))

    assert enrolled.status_code == 200
    assert len(codes) == 10
    assert visitor.get("/account").status_code == 200
    with sessions() as session:
        assert session.scalars(select(Hospital.name)).one() == "Klinikum Nord"
        assert session.scalars(select(Person)).one().is_operator
    assert visitor.get("/operation").status_code == 200


def test_the_link_is_good_once(link: str, app, visitor: Visitor):
    visitor.get(link)
    visitor.post("/setup", FILLED)
    other = type(visitor)(client=app.test_client())
    other.get(link)

    assert other.get("/setup").status_code == 404
    assert other.post("/setup", FILLED).status_code == 404


def test_reading_the_page_uses_nothing_up(link: str, visitor: Visitor):
    visitor.get(link)

    assert [visitor.get("/setup").status_code for _ in range(3)] == [200, 200, 200]


def test_a_weak_password_keeps_everything_else_in_the_form(link: str, sessions: Sessions, visitor: Visitor):
    visitor.get(link)

    answer = visitor.post("/setup", {**FILLED, "password": "passwort1234"})

    assert answer.status_code == 422
    assert 'value="Klinikum Nord"' in text_of(answer)
    assert "passwort1234" not in text_of(answer)
    assert 'id="password-error"' in text_of(answer)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Hospital)) == 0
    assert visitor.post("/setup", FILLED).status_code == 303


def test_a_wrong_first_code_leaves_the_same_secret(link: str, visitor: Visitor):
    visitor.get(link)
    visitor.post("/setup", FILLED)
    first = text_of(visitor.get("/enrol"))

    answer = visitor.post("/enrol", {"code": "000000", "next": ""})

    assert answer.status_code == 422
    secret = re.search(r'class="fact secret">([A-Z2-7 ]+)<', first)
    assert secret is not None
    assert secret[1] in text_of(answer)
