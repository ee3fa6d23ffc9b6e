"""The open page for a first look: not there unless offered; a mail, the hosts, a result in one browser."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from portal.app import create_app
from portal.db.models.jobs import Job, OutboxMail
from portal.services.jobs import JobKind
from tests.portal.jobs import running
from tests.portal.web.conftest import Visitor
from tests.portal.web.vendor.errand import text_of

HOST = "nocaa.strahlwerk.de"


@pytest.fixture
def offering(settings):
    return create_app(replace(settings, public_looks_a_day=5))


@pytest.fixture
def stranger(offering):
    return Visitor(client=offering.test_client())


def link(sessions):
    with sessions() as session:
        text = session.scalars(select(OutboxMail.text).order_by(OutboxMail.created_at.desc()).limit(1)).one()
    return re.search(r"/look/link/\S+", text)[0]


def looks(sessions):
    with sessions() as session:
        return session.scalars(select(Job.state).where(Job.kind == JobKind.PUBLIC_LOOK.value)).all()


def test_it_is_off_until_the_operator_offers_it(visitor):
    for path in ("/look", "/look/link/avi_x", "/look/hosts", "/look/result", "/look/result/live"):
        assert visitor.get(path).status_code == 404, path
    for path in ("/look", "/look/hosts", "/look/result/forget"):
        assert visitor.post(path, {}).status_code == 404, path
    assert "/look" not in visitor.get("/").get_data(as_text=True)


def test_the_page_says_what_is_done_what_is_not_and_whom_to_ask(stranger):
    assert 'href="/look"' in stranger.get("/").get_data(as_text=True)
    page = text_of(stranger.get("/look", headers={"Accept-Language": "de"}))

    for words in ("keine Ports", "Kein Krankenhaus", "Dienstleister", "it@klinik.example", "keine Note"):
        assert words in page, words


def test_asking_sends_a_mail_and_looks_at_nothing(stranger, session, sessions):
    answer = stranger.post("/look", {"email": "Info@Strahlwerk.de"})

    assert "info@strahlwerk.de" in text_of(answer)
    assert looks(sessions) == []
    assert session.scalars(select(OutboxMail.to_address)).all() == ["info@strahlwerk.de"]


def test_what_was_typed_comes_back_with_the_sentence_beside_it(stranger, sessions):
    refused = stranger.post("/look", {"email": "erika@gmx.de"})
    assert refused.status_code == 422
    assert "erika@gmx.de" in refused.get_data(as_text=True)

    stranger.post("/look", {"email": "info@strahlwerk.de"})
    assert stranger.get(link(sessions)).status_code == 303
    refused = stranger.post("/look/hosts", {"hosts": "10.0.0.1", "may_ask": "y"})
    assert refused.status_code == 422
    assert "10.0.0.1" in refused.get_data(as_text=True)
    refused = stranger.post("/look/hosts", {"hosts": HOST})
    assert refused.status_code == 422
    assert HOST in refused.get_data(as_text=True)


def test_one_who_asks_too_often_is_told_when_to_come_back(stranger, session):
    for _ in range(3):
        assert stranger.post("/look", {"email": "info@strahlwerk.de"}).status_code == 200
    refused = stranger.post("/look", {"email": "info@strahlwerk.de"}, headers={"Accept-Language": "de"})

    assert refused.status_code == 429
    assert "24\u202fStunden" in text_of(refused) or "24 Stunden" in text_of(refused)
    assert session.scalar(select(func.count()).select_from(OutboxMail)) == 3


def test_the_result_is_shown_to_the_browser_that_asked_and_to_no_other(
    stranger, offering, settings, engine: Engine, sessions
):
    stranger.post("/look", {"email": "info@strahlwerk.de"})
    path = link(sessions)
    for _ in range(2):  # reading redeems nothing
        stranger.get(path)
        assert "strahlwerk.de" in text_of(stranger.get("/look/hosts"))
    begun = stranger.post("/look/hosts", {"hosts": HOST, "may_ask": "y"})
    assert begun.headers["Location"].endswith("/look/result")
    assert 'hx-get="/look/result/live"' in stranger.get("/look/result").get_data(as_text=True)

    with running.running(engine, replace(settings, public_looks_a_day=5)):
        running.wait_until(lambda: looks(sessions) == ["done"])

    page = text_of(stranger.get("/look/result"))
    assert HOST in page
    assert "CAA" in page
    other = Visitor(client=offering.test_client())
    other.get(path)
    assert other.get("/look/hosts").status_code == 404
    assert other.get("/look/result").status_code == 404
    assert other.get("/look/result/live").status_code == 404

    stranger.post("/look/result/forget", {})
    assert stranger.get("/look/result").status_code == 404
    assert looks(sessions) == []
