"""The company's own page and its colleagues."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyMember, CompanyRole, Ticket
from portal.db.models.jobs import OutboxMail
from tests.portal.web.vendor import errand


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def test_the_start_of_a_company_person_is_their_page(lead, asked):
    assert lead.get("/").headers["Location"].endswith("/vendor/")
    page = errand.text_of(lead.get("/vendor/"))
    for words in ("Klinikum Nord", "PACS Archiv", "0 von", "Minuten"):
        assert words in page


def test_a_round_shows_its_steps_and_whom_to_call(lead, asked):
    page = errand.text_of(lead.get(asked.path))

    for words in (
        "Freigabe",
        "Ihr Scan-Ergebnis",
        "Fragen",
        "Durchsehen und abgeben",
        "Jens Petermann",
        "+49 30 23125 014",
    ):
        assert words in page


def test_a_foreign_round_and_an_unknown_one_are_the_same(lead, asked, visit, sessions):
    with sessions() as session, session.begin():
        stranger = errand.stranger(session)
    stranger = visit(stranger)

    theirs, unknown = stranger.get(asked.path), stranger.get(f"/vendor/rounds/{'0' * 20}")

    assert (theirs.status_code, theirs.data) == (404, unknown.data)
    assert "Klinikum" not in errand.text_of(stranger.get("/vendor/"))


def test_a_lead_invites_a_colleague_by_mail(lead, session):
    answer = lead.post("/vendor/team", {"email": "Max@Strahlwerk.example", "role": "signatory"})

    assert answer.status_code == 303
    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.email, ticket.role) == ("max@strahlwerk.example", "signatory")
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "join-company")).one()
    assert "http://127.0.0.1:8080/join/avi_" in mail.text
    assert "max@strahlwerk.example" in errand.text_of(lead.get("/vendor/team"))


def test_a_signatory_cannot_make_leads_and_a_contributor_nobody(visit, asked, sessions, session):
    with sessions() as writing, writing.begin():
        signatory = errand.colleague(writing, asked, CompanyRole.SIGNATORY)
        contributor = errand.colleague(writing, asked)
    fields = {"email": "max@strahlwerk.example", "role": "lead"}

    assert visit(signatory).post("/vendor/team", fields).status_code == 422
    assert visit(contributor).post("/vendor/team", fields).status_code == 403
    assert session.scalars(select(Ticket)).all() == []


def test_a_lead_ends_the_access_of_a_colleague_and_nobody_else_does(lead, visit, asked, sessions):
    with sessions() as writing, writing.begin():
        signatory = errand.colleague(writing, asked, CompanyRole.SIGNATORY)
        contributor = errand.colleague(writing, asked)
    path = f"/vendor/team/{contributor.person_id}/end"

    assert visit(signatory).post(path).status_code == 403
    working = visit(contributor)
    assert working.get(asked.path).status_code == 200
    assert lead.post(path).status_code == 303
    assert working.get(asked.path).status_code == 303
    assert contributor.email not in errand.text_of(lead.get("/vendor/team"))


def test_a_lead_gives_a_colleague_another_role_and_nobody_else_does(lead, visit, asked, sessions):
    with sessions() as writing, writing.begin():
        signatory = errand.colleague(writing, asked, CompanyRole.SIGNATORY)
        contributor = errand.colleague(writing, asked)
    path = f"/vendor/team/{contributor.person_id}"

    assert path in lead.get("/vendor/team").get_data(as_text=True)
    assert visit(signatory).get(path).status_code == 403
    assert visit(signatory).post(f"{path}/role", {"role": "signatory"}).status_code == 403
    assert lead.get(path).status_code == 200
    assert lead.get("/vendor/team/nobody").status_code == 404
    assert lead.post(f"{path}/role", {"role": "admin"}).status_code == 422
    assert lead.post(f"{path}/role", {"role": "signatory"}).status_code == 303
    assert "hat jetzt die Rolle „Zeichnungsberechtigt“" in errand.text_of(lead.get("/vendor/team"))
    with sessions() as reading:
        member = reading.get_one(CompanyMember, (asked.lead.company_id, contributor.person_id))
        assert member.role is CompanyRole.SIGNATORY
    assert "mindestens eine" in errand.text_of(
        lead.post(f"/vendor/team/{asked.lead.person_id}/role", {"role": "contributor"})
    )
