"""A mailbox of the tests: IMAP over TLS on loopback, as much of it as our reader speaks."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import trustme

PASSWORD = 'geheim "und" lang'


class Mailbox(socketserver.ThreadingTCPServer):
    """Messages by number, what was read, and every command that came."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.context = context
        self.messages: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.commands: list[str] = []

    def handle_error(self, request, client_address) -> None:
        """A client that does not trust us hangs up; that is the point of a test."""


class _Talk(socketserver.BaseRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        with self.server.context.wrap_socket(self.request, server_side=True) as stream, stream.makefile("rwb") as file:
            self._say(file, b"* OK ready")
            while line := file.readline().decode().strip():
                tag, _space, command = line.partition(" ")
                self.server.commands.append(command.split()[0] if "LOGIN" in command.upper() else command)
                if not self._answer(file, tag, command):
                    return

    def _answer(self, file, tag: str, command: str) -> bool:
        word = command.upper()
        if word.startswith("CAPABILITY"):
            self._say(file, b"* CAPABILITY IMAP4rev1")
        elif word.startswith("LOGIN") and PASSWORD.replace('"', '\\"') not in command:
            self._say(file, f"{tag} NO wrong password".encode())
            return True
        elif word.startswith("SELECT"):
            self._say(file, b"* %d EXISTS" % len(self.server.messages))
        elif word.startswith("UID SEARCH"):
            unread = [number for number in sorted(self.server.messages) if number not in self.server.seen]
            reports = [number for number in unread if b"multipart/report" in self.server.messages[number][:2000]]
            self._say(file, b"* SEARCH " + b" ".join(b"%d" % number for number in reports))
        elif word.startswith("UID FETCH"):
            number, most = map(int, re.search(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command).groups())
            body = self.server.messages[number][:most]
            self._say(file, b"* 1 FETCH (UID %d BODY[]<0> {%d}" % (number, len(body)))
            file.write(body)
            self._say(file, b")")
        elif word.startswith("UID STORE"):
            self.server.seen.add(int(command.split()[2]))
        self._say(file, f"{tag} OK done".encode())
        return not word.startswith("LOGOUT")

    def _say(self, file, line: bytes) -> None:
        file.write(line + b"\r\n")
        file.flush()


@contextmanager
def serving() -> Iterator[tuple[Mailbox, str]]:
    """The mailbox, and the roots to trust it by."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = Mailbox(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server, authority.cert_pem.bytes().decode()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def report(message_id: str, to: str, *, status: str = "5.1.1", action: str = "failed", final: str = "") -> bytes:
    """A report of delivery as a mail server writes it."""
    return (
        "From: MAILER-DAEMON@mail.example\r\nTo: portal@klinik.example\r\nSubject: Undelivered Mail\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mail.example\r\n\r\n"
        f"Original-Recipient: rfc822; {to}\r\nFinal-Recipient: rfc822; {final or to}\r\n"
        f"Action: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user here\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: <{message_id}@klinik.example>\r\nTo: {to}\r\nSubject: Bitte\r\n\r\nText\r\n"
        "--b--\r\n"
    ).encode()
