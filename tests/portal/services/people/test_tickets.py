"""Links: good once, for one purpose, for a while."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Ticket, TicketPurpose
from portal.errors import NotFound
from portal.services.people import tickets

PURPOSE = TicketPurpose.NEW_PASSWORD


def test_the_database_does_not_hold_the_token(session, now):
    token = tickets.issue(session, PURPOSE, email="a@b.example", now=now)
    session.flush()

    row = session.scalars(select(Ticket)).one()
    assert token not in repr(vars(row))
    assert len(token) > 43


def test_looking_does_not_use_it_up(session, now):
    token = tickets.issue(session, PURPOSE, email="a@b.example", now=now)
    for _ in range(3):
        tickets.peek(session, token, PURPOSE, now=now)

    assert tickets.redeem(session, token, PURPOSE, now=now).email == "a@b.example"
    with pytest.raises(NotFound):
        tickets.redeem(session, token, PURPOSE, now=now)


def test_it_opens_no_other_door_and_ends(session, now):
    token = tickets.issue(session, PURPOSE, email="a@b.example", now=now)

    with pytest.raises(NotFound):
        tickets.redeem(session, token, TicketPurpose.JOIN_HOSPITAL, now=now)
    with pytest.raises(NotFound):
        tickets.redeem(session, token, PURPOSE, now=now + timedelta(hours=1))


def test_a_new_one_kills_the_old_one(session, now):
    old = tickets.issue(session, PURPOSE, email="a@b.example", now=now)
    new = tickets.issue(session, PURPOSE, email="a@b.example", now=now)

    tickets.peek(session, new, PURPOSE, now=now)
    with pytest.raises(NotFound):
        tickets.peek(session, old, PURPOSE, now=now)


def test_of_many_that_redeem_at_once_one_wins(sessions, now):
    with sessions.begin() as session:
        token = tickets.issue(session, PURPOSE, email="a@b.example", now=now)
    won = []

    def redeem() -> None:
        with sessions.begin() as session:
            try:
                tickets.redeem(session, token, PURPOSE, now=now)
            except NotFound:
                return
            won.append(1)

    runners = [threading.Thread(target=redeem) for _ in range(16)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()

    assert won == [1]
