"""The invitation: reading redeems nothing, taking it makes account, company and session, passing it on kills it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from portal.db.models.accounts import Company, CompanyMember, CompanyRole, Person
from portal.db.models.assessments import Invitation, Stage
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import OutboxMail
from portal.db.models.scans import ScanRun, ScanSide, ScanState
from portal.services.people import passwords
from portal.services.scans import scan_results, scans
from scanners import catalogue
from scanners.model import Finding, Message, Outcome, Subject
from tests.portal import building
from tests.portal.building import PASSWORD
from tests.portal.web.vendor import errand

NEW = {
    "name": "Erika Muster",
    "function": "Informationssicherheit",
    "company_name": "Strahlwerk Medizintechnik GmbH",
    "password": "lauter kleine Segel im Wind",
}


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.invited(session, now)


def _open(visitor, asked):
    answer = visitor.get(f"/invitation/{asked.token}")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/invitation")
    return visitor.get("/invitation")


def test_the_page_says_who_asks_why_about_what_and_how_to_refuse(visitor, asked):
    page = errand.text_of(_open(visitor, asked))

    for words in ("Klinikum Nord", "PACS Archiv", "portal.strahlwerk.example", "BSIG", "Jens Petermann"):
        assert words in page
    assert asked.token not in visitor.get("/invitation").get_data(as_text=True)


def test_reading_redeems_nothing_and_the_board_learns_of_it(visitor, asked, session):
    for _ in range(3):
        _open(visitor, asked)

    invitation = session.scalars(select(Invitation)).one()
    assert invitation.redeemed_at is None
    assert invitation.opened_at is not None
    assert errand.assessment(session, asked).stage is Stage.OPENED


def test_a_new_person_is_in_after_accepting(visitor, asked, session):
    _open(visitor, asked)
    answer = visitor.post("/invitation/accept", NEW)

    assert answer.headers["Location"].endswith(asked.path)
    page = visitor.get(asked.path)
    assert page.status_code == 200
    person = session.scalars(select(Person).where(Person.email == errand.ADDRESS)).one()
    member = session.scalars(select(CompanyMember).where(CompanyMember.person_id == person.id)).one()
    assert (member.role, member.function) == (CompanyRole.LEAD, "Informationssicherheit")
    assert errand.assessment(session, asked).company_id == member.company_id
    assert errand.assessment(session, asked).stage is Stage.ACCEPTED


def test_a_link_works_once(visitor, asked, app):
    _open(visitor, asked)
    visitor.post("/invitation/accept", NEW)
    other = type(visitor)(client=app.test_client())

    page = _open(other, asked)

    assert page.status_code == 404
    assert other.post("/invitation/accept", {**NEW, "company_name": "Andere"}).status_code == 404


def test_what_was_typed_stays_when_something_is_missing(visitor, asked, session):
    _open(visitor, asked)
    answer = visitor.post("/invitation/accept", {**NEW, "password": "kurz", "function": ""})

    assert answer.status_code == 422
    assert 'value="Erika Muster"' in answer.get_data(as_text=True)
    assert "kurz" not in answer.get_data(as_text=True)
    assert session.scalars(select(Company)).all() == []


@pytest.fixture
def known(sessions, asked):
    """The invited person has an account and a company here already."""
    with sessions() as session, session.begin():
        person = building.person(session, errand.ADDRESS, password_hash=passwords.make_hash(PASSWORD))
        company = building.company(session, "Strahlwerk Holding")
        session.add(
            CompanyMember(company_id=company.id, person_id=person.id, role=CompanyRole.LEAD, created_at=building.NOW)
        )
        return building.Actor(
            person_id=person.id, name=person.name, email=person.email, company_id=company.id,
            company_role=CompanyRole.LEAD,
        )  # fmt: skip


def test_somebody_with_an_account_is_sent_to_sign_in_and_no_second_one_is_made(visitor, asked, known, session):
    _open(visitor, asked)
    answer = visitor.post("/invitation/accept", NEW)

    assert answer.status_code == 422
    assert "Konto" in errand.text_of(answer)
    assert len(session.scalars(select(Person).where(Person.email == errand.ADDRESS)).all()) == 1


def test_somebody_with_an_account_takes_it_for_their_company(visit, asked, known, session):
    visitor = visit(known)
    page = _open(visitor, asked)
    assert "Strahlwerk Holding" in page.get_data(as_text=True)

    answer = visitor.post("/invitation/accept-with-account", {"company": known.company_id})

    assert answer.headers["Location"].endswith(asked.path)
    assert errand.assessment(session, asked).company_id == known.company_id


def test_or_for_a_new_company(visit, asked, known, session):
    visitor = visit(known)
    _open(visitor, asked)
    fields = {"company": "new", "company_name": "Strahlwerk Nord", "function": "Leitung IT"}

    answer = visitor.post("/invitation/accept-with-account", fields)

    assert answer.headers["Location"].endswith(asked.path)
    made = session.scalars(select(Company).where(Company.name == "Strahlwerk Nord")).one()
    assert errand.assessment(session, asked).company_id == made.id
    assert visitor.get(asked.path).status_code == 200


def test_an_account_of_another_address_cannot_take_it(visit, asked, sessions, session):
    with sessions() as open_session, open_session.begin():
        stranger = building.company_actor(open_session, building.company(open_session, "Andere GmbH"))
    visitor = visit(stranger)
    page = errand.text_of(_open(visitor, asked))

    answer = visitor.post("/invitation/accept-with-account", {"company": stranger.company_id})

    assert errand.ADDRESS in page
    assert answer.status_code == 403
    assert errand.assessment(session, asked).company_id is None


def test_handing_over_kills_the_link_and_sends_another(visitor, asked, session):
    _open(visitor, asked)
    answer = visitor.post("/invitation/colleague", {"name": "Max", "email": "max@strahlwerk.example"})

    assert answer.status_code == 200
    assert "max@strahlwerk.example" in errand.text_of(answer)
    assert _open(visitor, asked).status_code == 404
    mails = session.scalars(select(OutboxMail.text).where(OutboxMail.to_address == "max@strahlwerk.example")).all()
    token = re.search(r"/invitation/(\S+)", mails[0])[1]
    assert token != asked.token
    assert visitor.get(f"/invitation/{token}").status_code == 303
    assert visitor.get("/invitation").status_code == 200


@pytest.mark.parametrize("token", ["avi_nothing", "", "x" * 300])
def test_what_is_no_link_shows_the_same_page(visitor, asked, token):
    visitor.get(f"/invitation/{token or 'x'}")
    page = visitor.get("/invitation")

    assert page.status_code == 404
    assert visitor.post("/invitation/renew").status_code == 200


def test_a_link_that_ran_out_is_renewed_to_its_own_address(visitor, asked, sessions, session):
    with sessions() as open_session, open_session.begin():
        open_session.scalars(select(Invitation)).one().expires_at = datetime(2026, 1, 1, tzinfo=UTC)
    page = _open(visitor, asked)
    assert page.status_code == 404

    visitor.post("/invitation/renew")

    rows = session.scalars(select(Invitation).order_by(Invitation.created_at)).all()
    assert [row.email for row in rows] == [errand.ADDRESS] * 2
    assert rows[-1].revoked_at is None


# ---- looking before any account


def test_the_invited_person_looks_at_once_and_no_hospital_learns_of_it(visitor, visit, asked, session):
    _open(visitor, asked)
    answer = visitor.post("/invitation/look")

    assert answer.headers["Location"].endswith("/invitation/result")
    run = session.scalars(select(ScanRun)).one()
    assert (run.kept_back, run.side, run.state) == (True, ScanSide.COMPANY, ScanState.QUEUED)
    assert "Ein Scan läuft" in errand.text_of(visitor.get("/invitation/result"))
    assert visitor.get("/invitation/result/live").status_code == 200
    invitation = session.scalars(select(Invitation)).one()
    assert invitation.redeemed_at is None
    vendor_id = asked.ward.vendors[errand.VENDOR]
    assert run.id not in visit(asked.ward.assessor).get(f"/hospital/vendors/{vendor_id}/scan").get_data(as_text=True)
    trail = session.scalars(select(AuditEvent.scope).where(AuditEvent.verb == "scan.queued")).all()
    assert trail == ["instance"]


def test_what_was_seen_shows_to_the_holder_of_the_link(visitor, visit, asked, session, sessions, now):
    _open(visitor, asked)
    visitor.post("/invitation/look")
    with sessions() as writing, writing.begin():
        run = writing.scalars(select(ScanRun)).one()
        check = next(iter(catalogue.CHECKS.values()))
        found = Finding(
            check_id=check.id,
            subject=Subject(kind=check.subject, name=run.hosts[0]),
            outcome=Outcome.FAIL,
            severity=check.severity,
            fact=Message(text="seen"),
            at=now,
        )
        scans.start(writing, run.hospital_id, run.id, now=now)
        scan_results.complete(writing, run.hospital_id, run.id, seen=(), findings=[found], now=now)

    page = errand.text_of(visitor.get("/invitation/result"))

    assert "Nur Sie sehen das" in page
    assert "Angesehen am" in page
    vendor_id = asked.ward.vendors[errand.VENDOR]
    seen = errand.text_of(visit(asked.ward.assessor).get(f"/hospital/vendors/{vendor_id}/scan"))
    assert "Angesehen" not in seen
    assert "Letztes Ergebnis zeigen" in errand.text_of(visitor.get("/invitation"))


def test_looking_before_an_account_has_its_limits(visitor, asked, sessions):
    _open(visitor, asked)
    answers = []
    for _ in range(4):
        answers.append(visitor.post("/invitation/look").status_code)
        with sessions() as session, session.begin():
            session.execute(update(ScanRun).values(state=ScanState.STOPPED))

    assert answers == [303, 303, 303, 429]


def test_without_a_link_there_is_nothing_to_look_at(visitor):
    assert visitor.post("/invitation/look").status_code == 404
    assert visitor.get("/invitation/result").status_code == 404
