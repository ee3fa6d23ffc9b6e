"""The mailbox of returned mail over a real connection: reports alone, once; who is not trusted gets nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import trustme
from sqlalchemy import select

from portal import postbox
from portal.db.models.campaigns import Bounce
from portal.db.models.jobs import OutboxMail
from portal.postbox import Unreachable
from portal.services import jobs
from portal.services.jobs import JobKind
from portal.settings import PostboxSettings
from tests.portal import imap
from tests.portal.imap import Mailbox
from tests.portal.jobs import running
from tests.portal.web.vendor import errand

pytestmark = pytest.mark.loopback


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, PostboxSettings]]:
    with imap.serving() as (server, roots):
        yield (
            server,
            PostboxSettings(
                host="localhost",
                port=server.server_address[1],
                user="portal",
                password=imap.PASSWORD,
                folder='Came "back"',
                trust_roots_pem=roots,
            ),
        )


def test_unread_reports_are_read_once_and_other_mail_is_never_opened(mailbox):
    server, settings = mailbox
    server.messages = {
        3: b"Subject: Hallo\r\n\r\nBitte rufen Sie an.",
        7: imap.report("a", "a@b.example"),
        9: imap.report("b", "b@b.example") + b"x" * 2 * postbox.LARGEST,
    }
    with postbox.opened(settings) as box:
        found = dict(box.reports())
        for number in found:
            box.mark_read(number)

    assert list(found) == ["7", "9"]
    assert len(found["9"]) == postbox.LARGEST
    assert server.seen == {7, 9}
    assert not any("FETCH 3" in command or "EXPUNGE" in command for command in server.commands)
    with postbox.opened(settings) as box:
        assert dict(box.reports()) == {}


@pytest.mark.parametrize("wrong", ["certificate", "name", "password", "nobody"])
def test_who_is_not_whom_we_mean_gets_no_password_and_the_reason_holds_none(mailbox, wrong: str):
    server, settings = mailbox
    settings = {
        "certificate": replace(settings, trust_roots_pem=trustme.CA().cert_pem.bytes().decode()),
        "name": replace(settings, host="127.0.0.1"),
        "password": replace(settings, password="falsch"),
        "nobody": replace(settings, port=1),
    }[wrong]

    with pytest.raises(Unreachable) as refused, postbox.opened(settings):
        pass
    assert ("LOGIN" in server.commands) == (wrong == "password")
    assert "falsch" not in str(refused.value)


def test_the_worker_notes_what_came_back_and_reads_it_once(mailbox, engine, sessions, tmp_path, now):
    server, settings = mailbox
    with sessions.begin() as session:
        errand.invited(session, now)
        mail_id = session.scalars(select(OutboxMail.id)).one()
        jobs.add(session, JobKind.BOUNCES, {}, now=now)
    server.messages = {1: imap.report(mail_id, errand.ADDRESS), 2: imap.report("f" * 20, errand.ADDRESS)}
    with running.running(engine, replace(running.settings(tmp_path), postbox=settings)):
        running.wait_until(lambda: server.seen == {1, 2})

    with sessions() as session:
        assert [(row.mail_id, row.status) for row in session.scalars(select(Bounce))] == [(mail_id, "5.1.1")]
