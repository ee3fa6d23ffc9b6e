"""The one door for mail: hands one message for one address to the operator's relay."""

import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from portal.settings import MailSettings

LONGEST_ADDRESS = 254
SECONDS = 30
PERMANENT = range(500, 600)
# One plain address, nothing that a mail program could read as two or as a name.
_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}"
)


class Refused(Exception):
    """The relay will never take this mail; the text is its answer, cut."""


class NotTaken(Exception):
    """The relay did not take the mail now; later it may."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What is sent; the id makes a mail that goes out twice recognisable as one."""

    id: str
    to: str
    subject: str
    text: str
    html: str = ""
    language: str = "de"
    at: datetime


def is_one_address(text: str) -> bool:
    """Whether the text is exactly one mail address in lower case."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def compose(mail: Mail, *, sender: str) -> EmailMessage:
    """The message with its headers; a second recipient or a line break cannot get in."""
    if not is_one_address(mail.to):
        raise Refused("not one address")
    message = EmailMessage(policy=SMTP)
    domain = sender.rpartition("@")[2].strip("> ") or "localhost"
    message["From"] = Address(display_name="Kettenblick", addr_spec=sender)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.id}@{domain}>"
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def send(settings: MailSettings, mail: Mail) -> None:
    """Hand it over; raises Refused for good, NotTaken for now."""
    message = compose(mail, sender=settings.sender)
    try:
        with _connect(settings) as relay:
            relay.send_message(message, from_addr=settings.sender, to_addrs=[mail.to])
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = error.recipients[mail.to]
        raise (Refused if code in PERMANENT else NotTaken)(_cut(code, answer)) from error
    except smtplib.SMTPDataError as error:
        raise (Refused if error.smtp_code in PERMANENT else NotTaken)(
            _cut(error.smtp_code, error.smtp_error)
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        # A wrong password or a relay without TLS is for the operator to mend; the mail waits for it.
        raise NotTaken(type(error).__name__) from error


def _connect(settings: MailSettings) -> smtplib.SMTP:
    if settings.security == "tls":
        relay: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=SECONDS, context=ssl.create_default_context()
        )
    else:
        relay = smtplib.SMTP(settings.host, settings.port, timeout=SECONDS)
    try:
        if settings.security == "starttls":
            relay.starttls(context=ssl.create_default_context())
        if settings.user:
            relay.login(settings.user, settings.password)
    except BaseException:
        relay.close()
        raise
    return relay


def _cut(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:200]
