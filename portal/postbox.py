"""The one door to the mailbox that our mails come back to: reads reports of delivery over IMAP, marks them as read."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from portal.settings import PostboxSettings

SECONDS = 30
MOST = 100  # reports of one visit; the rest waits for the next
LARGEST = 256 * 1024  # of a report that is read; what is longer is cut
REPORTS = 'UNSEEN HEADER "Content-Type" "report"'
_UID = re.compile(rb"[0-9]{1,10}")


class Unreachable(Exception):
    """The mailbox could not be read; the text is for the operator and holds no password."""


@contextmanager
def opened(settings: PostboxSettings) -> Iterator["Postbox"]:
    """The mailbox, signed in, over TLS whose certificate was checked; raises Unreachable."""
    server = None
    try:
        server = _connect(settings)
        server.login(settings.user, settings.password)
        _ok(server.select(_quoted(settings.folder)))
        yield Postbox(server)
    except (OSError, UnicodeError, imaplib.IMAP4.error) as error:
        raise Unreachable(type(error).__name__) from error
    finally:
        if server is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                server.logout()


class Postbox:
    """An open mailbox."""

    def __init__(self, server: imaplib.IMAP4) -> None:
        """Hold the connection."""
        self._server = server

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """Unread reports, by the number that the server knows them by; nothing else in the mailbox is opened."""
        found = _ok(self._server.uid("SEARCH", REPORTS))
        numbers = [number for line in found if isinstance(line, bytes) for number in line.split()]
        for number in [one.decode() for one in numbers if _UID.fullmatch(one)][:MOST]:
            answer = _ok(self._server.uid("FETCH", number, f"(BODY.PEEK[]<0.{LARGEST}>)"))
            body = next((part[1] for part in answer if isinstance(part, tuple)), b"")
            yield number, body[:LARGEST]

    def mark_read(self, number: str) -> None:
        """So that the next visit leaves it out; it is never deleted."""
        _ok(self._server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)"))


def _connect(settings: PostboxSettings) -> imaplib.IMAP4:
    context = ssl.create_default_context(cadata=settings.trust_roots_pem or None)
    if settings.security == "tls":
        return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=SECONDS)
    server = imaplib.IMAP4(settings.host, settings.port, timeout=SECONDS)
    try:
        server.starttls(context)
    except BaseException:
        server.shutdown()
        raise
    return server


def _ok(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error("refused")
    return data


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
