"""The operator reads what waits, and nobody else does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from portal.db.models.accounts import Person
from portal.services.mails import outbox
from tests.portal import building

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from tests.portal.web.conftest import Visitor


@pytest.fixture
def operator(session: Session, visit: Callable[..., Visitor]) -> Visitor:
    actor = building.hospital_actor(session)
    session.get_one(Person, actor.person_id).is_operator = True
    session.commit()
    return visit(actor)


def test_a_mail_without_a_relay_is_read_in_the_outbox(session: Session, operator: Visitor):
    mail = outbox.add(
        session,
        kind="invitation",
        to="security@pacs.example",
        subject="Bitte um Auskunft",
        text="Guten Tag,\nhttp://127.0.0.1:8080/join/abc\n<script>",
        now=datetime.now(UTC),
    )
    session.commit()

    listed = operator.get("/operation/outbox").get_data(as_text=True)
    shown = operator.get(f"/operation/outbox/{mail.id}").get_data(as_text=True)

    assert "Bitte um Auskunft" in listed
    assert "security@pacs.example" in listed
    assert "&lt;script&gt;" in shown
    assert 'href="http://127.0.0.1:8080/join/abc"' in shown


def test_the_operator_sees_how_the_instance_stands(operator: Visitor):
    answer = operator.get("/operation")

    assert answer.status_code == 200
    assert "Freier Platz" in answer.get_data(as_text=True)


def test_somebody_who_forgot_their_password_gets_a_link_and_others_learn_nothing(
    session: Session, operator: Visitor, visitor: Visitor
):
    person = building.person(session, "max@klinik.example")
    session.commit()

    known = visitor.post("/forgotten", {"email": person.email})
    unknown = visitor.post("/forgotten", {"email": "nobody@klinik.example"})

    assert known.data.partition(b"<main")[2] == unknown.data.partition(b"<main")[2]
    assert operator.get("/operation/outbox").get_data(as_text=True).count("max@klinik.example") == 1
    assert "nobody@klinik.example" not in operator.get("/operation/outbox").get_data(as_text=True)


def test_a_weakness_can_be_told_to_somebody(visitor: Visitor):
    text = visitor.get("/.well-known/security.txt").get_data(as_text=True)

    assert "Contact: mailto:it@klinik.example" in text
    assert "Expires: " in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_supervisor_can_ask_whether_we_are_there(visitor: Visitor, path: str):
    assert visitor.get(path).status_code == 200
