"""Mail over a real SMTP server: one recipient, both parts, refusals told apart from hiccups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from portal import mailer
from portal.db.models.jobs import MailState, OutboxMail
from portal.mailer import Mail, NotTaken, Refused
from portal.services.mails import outbox
from portal.services.people import tickets
from portal.settings import MailSettings
from tests.portal.jobs import running
from tests.portal.jobs.running import wait_until

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Relay:
    """Takes what it is told to take."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], EmailMessage]] = []
        self.answer_to_rcpt = "250 OK"
        self.answers_to_data: list[str] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if self.answer_to_rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        answer = self.answers_to_data.pop(0) if self.answers_to_data else "250 OK"
        if answer.startswith("250"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            self.taken.append((envelope.rcpt_tos, message))
        return answer


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
def settings(relay: Relay, free_port: int) -> Iterator[MailSettings]:
    server = Controller(relay, hostname="127.0.0.1", port=free_port)
    server.start()
    yield MailSettings(host="127.0.0.1", port=free_port, security="none", sender="portal@klinik.example")
    server.stop()


def _mail(**values) -> Mail:
    given = {"id": "abc", "to": "a@b.example", "subject": "Grüße", "text": "Text ä\n", "html": "<p>ä</p>", "at": NOW}
    return Mail(**{**given, **values})


@pytest.mark.loopback
def test_a_mail_arrives_with_both_parts_and_one_recipient(relay: Relay, settings: MailSettings):
    mailer.send(settings, _mail())

    ((recipients, message),) = relay.taken
    assert recipients == ["a@b.example"]
    assert (message["Subject"], message["Message-ID"]) == ("Grüße", "<abc@klinik.example>")
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content().strip() == "Text ä"


@pytest.mark.loopback
@pytest.mark.parametrize(("answer", "error"), [("550 no such user", Refused), ("450 try later", NotTaken)])
def test_no_for_good_and_not_now_are_told_apart(relay: Relay, settings: MailSettings, answer, error):
    relay.answer_to_rcpt = answer

    with pytest.raises(error, match=answer[:3]):
        mailer.send(settings, _mail())


@pytest.mark.loopback
def test_a_relay_that_is_not_there_or_has_no_tls_is_a_hiccup(settings: MailSettings, free_port: int):
    import dataclasses

    with pytest.raises(NotTaken):
        mailer.send(dataclasses.replace(settings, security="starttls"), _mail())
    with pytest.raises(NotTaken):
        mailer.send(dataclasses.replace(settings, port=1), _mail())


@pytest.mark.parametrize("to", ["a@b.example, c@d.example", "a@b.example\nBcc: c@d.example", "", "A <a@b.example>"])
def test_nobody_but_one_address_gets_in(to):
    with pytest.raises(Refused):
        mailer.compose(_mail(to=to), sender="p@k.example")


@given(st.text(max_size=80))
def test_a_subject_never_adds_a_header(subject):
    message = mailer.compose(_mail(subject=subject), sender="p@k.example")
    again = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert set(again.keys()) == set(message.keys())
    assert again["To"] == "a@b.example"


@pytest.mark.loopback
def test_the_worker_sends_what_was_committed_and_tries_again(
    engine: Engine, sessions, relay: Relay, settings: MailSettings, tmp_path
):
    relay.answers_to_data = ["451 busy"]
    chosen = running.settings(
        tmp_path, SMTP_HOST=settings.host, SMTP_PORT=str(settings.port), SMTP_SECURITY="none", MAIL_FROM=settings.sender
    )
    with sessions.begin() as session:
        link = f"https://kettenblick.example/join/{tickets.new_token()}"
        mail = outbox.add(session, kind="t", to="a@b.example", subject="S", text=link, now=datetime.now(UTC))

    def state() -> tuple[MailState, int]:
        with sessions() as session:
            row = session.get_one(OutboxMail, mail.id)
            return row.state, row.attempts

    with running.running(engine, chosen):
        wait_until(lambda: state() == (MailState.WAITING, 1) and not relay.answers_to_data)
        wait_until(lambda: state()[0] is MailState.SENT)

    ((recipients, message),) = relay.taken
    assert (recipients, message.get_content().strip()) == (["a@b.example"], link)
    with sessions() as session:
        assert session.get_one(OutboxMail, mail.id).text == "https://kettenblick.example/join/avi_…"
