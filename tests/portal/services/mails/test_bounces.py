"""A mail that came back is noted once, for the hospital it was sent by, and only if the report knows the mail."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.db.models.campaigns import Bounce
from portal.db.models.jobs import MailState, OutboxMail
from portal.services.mails import bounces
from portal.services.rounds import tracking
from portal.services.rounds.tracking import Next, Trouble
from tests.portal.web.vendor import errand


@pytest.fixture
def of(session, now):
    return errand.invited(session, now)


def note(session, mail_id: str, now, **values) -> bool:
    given = {"recipients": [errand.ADDRESS], "status": "5.1.1", "diagnostic": "550 no\x00 such\nuser", **values}
    noted = bounces.note(session, f"<{mail_id}@klinik.example>", now=now, **given)
    session.flush()
    return noted


def mail_of(session) -> OutboxMail:
    return session.scalars(select(OutboxMail).where(OutboxMail.kind == "invitation")).one()


def test_the_board_says_that_it_came_back_and_the_next_step_is_the_address(session, of, now):
    mail = mail_of(session)
    assert note(session, mail.id, now)
    assert not note(session, mail.id, now)

    (row,) = tracking.board(session, of.ward.auditor, now=now).rows
    assert row.undelivered.word.text == "the address does not exist"
    assert row.undelivered.diagnostic == "550 no such user"
    assert (row.next, Trouble.UNDELIVERED in row.troubles) == (Next.ADDRESS, True)


@pytest.mark.parametrize(
    "values", [{"recipients": ["else@strahlwerk.example"]}, {"recipients": []}, {"status": "4.2.2"}, {"status": ""}]
)
def test_a_report_of_something_else_is_nobodys_word(session, of, now, values):
    assert not note(session, mail_of(session).id, now, **values)
    assert session.scalars(select(Bounce)).all() == []


def test_an_unknown_mail_and_one_of_no_hospital_are_left_alone(session, of, now):
    assert not note(session, "0" * 20, now)
    mail_of(session).hospital_id = None
    session.flush()
    assert not note(session, mail_of(session).id, now)


def test_a_mail_the_relay_refused_at_once_is_told_the_same_way(session, of, now):
    mail = mail_of(session)
    mail.state, mail.last_error = MailState.FAILED, "550 5.2.2 over quota"
    session.flush()

    for found in (
        bounces.of_hospital(session, of.ward.hospital_id),
        bounces.of_mails(session, of.ward.hospital_id, [mail.id]),
    ):
        assert found[mail.id].word.text == "the mailbox is full"
    assert bounces.of_hospital(session, "another") == bounces.of_mails(session, of.ward.hospital_id, [""]) == {}
