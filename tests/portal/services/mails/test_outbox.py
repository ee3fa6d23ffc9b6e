"""The outbox: a mail leaves with its change or not at all, to one address, for a day at most."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.jobs import Job, MailState, OutboxMail
from portal.errors import BadInput, NotAllowed, NotNow
from portal.services.actors import operator_at_the_shell
from portal.services.mails import outbox
from portal.services.people import tickets
from tests.portal import building

OPERATOR = operator_at_the_shell("root")


def _add(session, now, to="a@b.example"):
    return outbox.add(session, kind="t", to=to, subject="Betreff\r\nBcc: x@y.example", text="Text", now=now)


def test_a_mail_and_its_job_stand_and_fall_with_the_change(sessions, now):
    with sessions() as session:
        _add(session, now)
        session.rollback()
        assert session.scalars(select(OutboxMail)).all() == []
        assert session.scalars(select(Job)).all() == []

        mail = _add(session, now, to=" A@B.example ")
        session.commit()
        assert (mail.to_address, mail.subject) == ("a@b.example", "Betreff Bcc: x@y.example")
        assert [job.args for job in session.scalars(select(Job))] == [{"mail_id": mail.id}]


def test_two_addresses_are_none(session, now):
    with pytest.raises(BadInput):
        _add(session, now, to="a@b.example, victim@c.example")


def test_only_the_operator_reads_mails(session, now):
    mail = _add(session, now)

    assert [row.id for row in outbox.newest(session, OPERATOR)] == [mail.id]
    with pytest.raises(NotAllowed):
        outbox.newest(session, building.hospital_actor(session))
    with pytest.raises(NotAllowed):
        outbox.find(session, building.company_actor(session), mail.id)


def test_tries_become_rarer_and_end_after_a_day(session, now):
    mail = _add(session, now)
    moment, pauses = now, []
    while True:
        mail.attempts += 1
        pause = outbox.pause_before_next_try(mail, now=moment)
        if pause is None:
            break
        pauses.append(pause)
        moment += pause

    assert pauses == sorted(pauses)
    assert timedelta(hours=22) < moment - now <= timedelta(hours=24)
    assert len(pauses) < outbox.MOST_TRIES


def test_a_mail_that_left_is_not_sent_again(session, now):
    mail = _add(session, now)
    outbox.send_again(session, OPERATOR, mail.id, now=now)
    mail.state = MailState.SENT

    with pytest.raises(NotNow):
        outbox.send_again(session, OPERATOR, mail.id, now=now)


def test_a_mail_that_left_keeps_no_link_that_works(session, now):
    token = tickets.new_token()
    link = f"https://kettenblick.example/invitation/{token}"
    mail = outbox.add(
        session, kind="t", to="a@b.example", subject="S", text=f"Hier: {link}", html=f'<a href="{link}">x</a>', now=now
    )
    assert link in mail.text

    outbox.note_sent(mail, now=now)
    session.flush()

    assert (mail.state, mail.sent_at) == (MailState.SENT, now)
    assert mail.text == "Hier: https://kettenblick.example/invitation/avi_…"
    assert token not in mail.html


def test_mails_of_long_ago_are_swept(session, now):
    old, young = _add(session, now - timedelta(days=91)), _add(session, now - timedelta(days=89))
    outbox.sweep(session, now=now)

    assert session.scalars(select(OutboxMail.id)).all() == [young.id]
    assert old.id != young.id
