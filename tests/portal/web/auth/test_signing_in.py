"""Signing in and out as a person does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from sqlalchemy import select, update

from portal.db.models.accounts import CompanyRole, HospitalRole, Person, SignIn, TicketPurpose
from portal.files.sealing import Keyring
from portal.services.people import accounts, passwords, tickets
from tests.portal import building
from tests.portal.building import PASSWORD

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.db.session import Sessions
    from portal.services.actors import Actor
    from portal.settings import Settings
    from tests.portal.web.conftest import Visitor

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def company_lead(session: Session) -> Actor:
    actor = building.company_actor(session)
    session.get_one(Person, actor.person_id).password_hash = passwords.make_hash(PASSWORD)
    session.commit()
    return actor


@pytest.fixture
def assessor(session: Session, settings: Settings) -> Actor:
    actor = building.hospital_actor(session, role=HospitalRole.ASSESSOR)
    person = session.get_one(Person, actor.person_id)
    person.password_hash = passwords.make_hash(PASSWORD)
    keyring = Keyring(instance_key=settings.instance_key, folder=settings.data_dir / "keys")
    person.totp_sealed = keyring.seal_text(SECRET, purpose=f"totp:{person.id}")
    session.commit()
    return actor


def give_password(visitor: Visitor, actor: Actor, *, password: str = PASSWORD, onward: str = ""):
    return visitor.post("/sign-in", {"email": actor.email, "password": password, "next": onward})


def test_a_company_signs_in_by_password_and_lands_where_it_wanted(company_lead: Actor, visitor: Visitor):
    asked = visitor.get("/account")
    answer = give_password(visitor, company_lead, onward="/account")

    assert asked.headers["Location"] == "/sign-in?next=/account"
    assert answer.headers["Location"] == "/account"
    assert visitor.get("/account").status_code == 200


def test_a_hospital_account_gives_its_second_factor_too(assessor: Actor, visitor: Visitor):
    halfway = give_password(visitor, assessor, onward="/account")
    assert halfway.headers["Location"] == "/second-factor?next=/account"
    assert visitor.get("/account").headers["Location"].startswith("/second-factor")

    wrong = visitor.post("/second-factor", {"code": "000000", "next": ""})
    right = visitor.post("/second-factor", {"code": pyotp.TOTP(SECRET).now(), "next": "/account"})

    assert wrong.status_code == 422
    assert right.headers["Location"] == "/account"
    assert visitor.get("/account").status_code == 200


def test_the_session_changes_its_token_when_everything_is_proved(assessor: Actor, sessions: Sessions, visitor: Visitor):
    give_password(visitor, assessor)
    with sessions() as session:
        before = session.scalars(select(SignIn.token_hash)).all()
    visitor.post("/second-factor", {"code": pyotp.TOTP(SECRET).now(), "next": ""})
    with sessions() as session:
        after = session.scalars(select(SignIn.token_hash)).all()

    assert len(before) == len(after) == 1
    assert before != after


def test_whatever_is_wrong_the_sentence_is_the_same(company_lead: Actor, visitor: Visitor):
    wrong = give_password(visitor, company_lead, password="falsch")
    unknown = visitor.post("/sign-in", {"email": "nobody@else.example", "password": "falsch", "next": ""})

    assert wrong.status_code == unknown.status_code == 422
    assert "passen nicht zusammen" in wrong.get_data(as_text=True)
    assert "passen nicht zusammen" in unknown.get_data(as_text=True)


def test_wrong_passwords_are_counted_though_nothing_else_is_kept(company_lead: Actor, visitor: Visitor):
    answers = [give_password(visitor, company_lead, password="falsch").status_code for _ in range(11)]

    assert answers == [422] * 10 + [429]


def test_signing_out_ends_the_session_on_the_server(company_lead: Actor, sessions: Sessions, visitor: Visitor):
    give_password(visitor, company_lead)

    answer = visitor.post("/sign-out")

    assert answer.headers["Location"] == "/sign-in"
    with sessions() as session:
        assert session.scalars(select(SignIn)).all() == []


def test_a_session_ends_by_itself(company_lead: Actor, sessions: Sessions, visitor: Visitor):
    give_password(visitor, company_lead)
    with sessions() as session, session.begin():
        session.execute(update(SignIn).values(last_seen_at=datetime.now(UTC) - timedelta(minutes=31)))

    assert visitor.get("/account").status_code == 303


def test_who_works_in_two_places_chooses_one(session: Session, company_lead: Actor, visitor: Visitor):
    other = building.company(session, "Labor SE")
    person = session.get_one(Person, company_lead.person_id)
    accounts.grant_company_role(
        session, company_lead, person=person, company_id=other.id, role=CompanyRole.LEAD, now=building.NOW
    )
    session.commit()
    give_password(visitor, company_lead)
    page = visitor.get("/places").get_data(as_text=True)

    answer = visitor.post("/places", {"place": f"company:{other.id}", "next": ""})
    foreign = visitor.post("/places", {"place": "company:0123456789abcdef0123", "next": ""})

    assert "Labor SE" in page
    assert "PACS GmbH" in page
    assert answer.headers["Location"] == "/"
    assert foreign.headers["Location"] == "/places"


def test_a_colleague_joins_by_a_link_and_may_do_what_the_link_says(
    session: Session, company_lead: Actor, sessions: Sessions, visitor: Visitor
):
    token = accounts.invite_to_company(
        session, company_lead, email="max@pacs.example", role=CompanyRole.CONTRIBUTOR, now=datetime.now(UTC)
    )
    session.commit()
    visitor.get(f"/join/{token}")
    page = visitor.get("/join").get_data(as_text=True)

    answer = visitor.post("/join", {"name": "Max Muster", "password": PASSWORD})
    again = visitor.get("/join")

    assert "PACS GmbH" in page
    assert "max@pacs.example" in page
    assert answer.headers["Location"] == "/"
    assert again.status_code == 404
    with sessions() as other:
        person = other.scalars(select(Person).where(Person.email == "max@pacs.example")).one()
        assert [(row.company_id, row.role) for row in person.companies] == [
            (company_lead.company_id, CompanyRole.CONTRIBUTOR)
        ]


def test_a_forgotten_password_is_set_anew_by_a_link(session: Session, company_lead: Actor, visitor: Visitor):
    token = tickets.issue(session, TicketPurpose.NEW_PASSWORD, email=company_lead.email, now=datetime.now(UTC))
    session.commit()
    visitor.get(f"/new-password/{token}")

    answer = visitor.post("/new-password", {"password": "drei neue Wörter dazu"})

    assert answer.status_code == 200
    assert give_password(visitor, company_lead).status_code == 422
    assert give_password(visitor, company_lead, password="drei neue Wörter dazu").status_code == 303


def test_changing_the_password_ends_every_session(company_lead: Actor, app, visitor: Visitor):
    other = type(visitor)(client=app.test_client())
    give_password(visitor, company_lead)
    give_password(other, company_lead)

    wrong = visitor.post("/account/password", {"old": "falsch", "password": "drei neue Wörter dazu"})
    right = visitor.post("/account/password", {"old": PASSWORD, "password": "drei neue Wörter dazu"})

    assert (wrong.status_code, right.status_code) == (422, 200)
    assert other.get("/account").status_code == 303
    assert visitor.get("/account").status_code == 303
