"""The product as its operator runs it: `kettenblick start` as a process, a relay for its mail, hosts for its scans.

Where nobody kills anything, the same server and worker within the test's own process: `served`.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from flask import Flask
from werkzeug.serving import make_server

from portal.app import create_app
from portal.db import migrating
from portal.db import session as database
from portal.settings import MailSettings
from tests.journeys import browsing
from tests.portal.jobs import running as worker
from tests.portal.web.conftest import make_settings, sign_in

if TYPE_CHECKING:
    from email.message import EmailMessage

    from playwright.sync_api import Browser
    from sqlalchemy import Engine

    from portal.db.session import Sessions
    from portal.demonstration.servers import Running
    from portal.services.actors import Actor
    from portal.settings import Settings
    from tests.journeys.browsing import Visitor

T = TypeVar("T")
START_SECONDS = 120


def eventually(look: Callable[[], T], *, seconds: float = 120, what: str = "it") -> T:
    """Look until there is something."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)
    return seen


# ---- mail


@dataclass
class Relay:
    """A real SMTP server that insists on STARTTLS; keeps what it is given."""

    port: int
    roots: Path  # the certificate of its authority, for SSL_CERT_FILE
    mails: list[EmailMessage] = field(default_factory=list)
    in_the_clear: list[str] = field(default_factory=list)

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd's name for it
        if session.ssl is None:
            self.in_the_clear.append(envelope.mail_from)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"

    def wait_for(self, to: str, *, number: int = 1, seconds: float = 120) -> EmailMessage:
        """The n-th mail to an address."""
        found = eventually(lambda: self.to(to)[number - 1 :], seconds=seconds, what=f"mail {number} to {to}")
        return found[0]

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


@contextlib.contextmanager
def relay(folder: Path) -> Iterator[Relay]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    roots = folder / "relay-root.pem"
    authority.cert_pem.write_to_path(str(roots))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    running = Relay(port=port, roots=roots)

    class OverTls(Controller):
        def factory(self) -> SMTP:
            return SMTP(running, tls_context=context, require_starttls=True, hostname="localhost")

    controller = OverTls(running, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield running
    finally:
        controller.stop()


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(preferencelist=("plain",))
    assert body is not None
    return body.get_content()


def link_in(mail: EmailMessage, path: str) -> str:
    found = re.search(rf"https?://\S*{path}\S*", text_of(mail))
    assert found, text_of(mail)
    return found[0]


# ---- the program


class Product:
    """One data directory and the program on it; it may be killed and started again on the same port."""

    def __init__(self, folder: Path, port: int, **environment: str) -> None:
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SCAN_", "SMTP_"))},
            "KETTENBLICK_DATA": str(folder),
            "BIND_PORT": str(port),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self._process: subprocess.Popen[str] | None = None

    @property
    def database_url(self) -> str:
        return self._environment.get("DATABASE_URL", f"sqlite:///{self.folder / 'kettenblick.sqlite'}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and wait until a page is served."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portal.cli", "start"],
            env=self._environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        eventually(self.is_up, seconds=START_SECONDS, what="the portal")

    def is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "\n".join(self.lines)
        # The listening socket is the supervisor's: it takes connections before anybody answers them.
        with contextlib.suppress(OSError), socket.create_connection(self._place(), timeout=2) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % self._host())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
        return False

    def setup_link(self) -> str:
        """The one-time link that the start has printed."""
        lines = eventually(lambda: [line for line in self.lines if "/setup/" in line], what="the set-up link")
        return lines[-1].rpartition(" ")[2]

    def children(self, word: str) -> list[int]:
        """The processes below us whose command line holds a word."""
        return [pid for pid in descendants(self.pid) if word in command_of(pid)]

    def kill(self) -> None:
        """kill -9 of the supervisor; what it has started ends by itself."""
        assert self._process is not None
        below = descendants(self.pid)
        self._process.kill()
        self._process.wait()
        eventually(lambda: not any(is_running(pid) for pid in below), seconds=60, what="the end of its children")

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.lines.append(line.rstrip())

    def _place(self) -> tuple[str, int]:
        host, _colon, port = self.address.removeprefix("http://").partition(":")
        return host, int(port)

    def _host(self) -> bytes:
        return self.address.removeprefix("http://").encode()


def scan_settings(hosts: Running, folder: Path) -> dict[str, str]:
    """The operator's settings by which scans reach servers on loopback."""
    network = hosts.network()
    roots = folder / "scan-roots.pem"
    roots.write_text(network.trust_roots_pem)
    return {
        "SCAN_RESOLVER": " ".join(network.resolver),
        "SCAN_RESOLVER_PORT": str(network.resolver_port),
        "SCAN_PORT_MAP": ",".join(f"{public}:{ours}" for public, ours in network.port_map.items()),
        "SCAN_ALLOWED_NETWORKS": " ".join(network.allowed_networks),
        "SCAN_PERMITTED_SUFFIXES": " ".join(network.permitted_suffixes),
        "SCAN_TRUST_ROOTS": str(roots),
        "SCAN_CONTACT_URL": "https://scan.test/",
    }


def mail_settings(relay: Relay) -> dict[str, str]:
    return {
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(relay.port),
        "SMTP_SECURITY": "starttls",
        "MAIL_FROM": "kettenblick@klinik.example",
        "SSL_CERT_FILE": str(relay.roots),
    }


# ---- server and worker within this process


@dataclass(frozen=True, kw_only=True)
class Served:
    """A web server on an empty database; people are put into it, then its worker is set to work."""

    address: str
    app: Flask
    settings: Settings
    engine: Engine
    sessions: Sessions

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """With a worker beside it, whose scanner tells what host names say."""
        with worker.running(self.engine, self.settings):
            yield


@contextlib.contextmanager
def served(folder: Path, *, relay: Relay | None = None, **chosen: Any) -> Iterator[Served]:
    """Serve the portal on a port of its own, with the operator's choices."""
    url = f"sqlite:///{folder / 'kettenblick.sqlite'}"
    engine = database.engine(url)
    migrating.upgrade(engine)
    server = make_server("127.0.0.1", 0, None, threaded=True)
    settings = replace(make_settings(url, folder, f"http://127.0.0.1:{server.server_port}"), **chosen)
    with pytest.MonkeyPatch.context() as patch:
        if relay is not None:
            patch.setenv("SSL_CERT_FILE", str(relay.roots))
            settings = replace(settings, mail=MailSettings(host="localhost", port=relay.port))
        server.app = app = create_app(settings)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Served(
                address=settings.public_base_url,
                app=app,
                settings=settings,
                engine=engine,
                sessions=database.sessions(engine),
            )
        finally:
            server.shutdown()
            thread.join(timeout=5)
            server.server_close()
            engine.dispose()


@contextlib.contextmanager
def doors(browser: Browser, address: str, sessions: Sessions, **eyes: Any) -> Iterator[Callable[..., Visitor]]:
    """Gives a browser of their own to whoever is named, who is signed in already; nobody is named: a stranger."""
    with contextlib.ExitStack() as open_ones:

        def enter(actor: Actor | None = None, language: str = "de") -> Visitor:
            who = open_ones.enter_context(browsing.visitor(browser, address, language=language, **eyes))
            if actor is not None:
                cookie = {"name": "kettenblick-session", "value": sign_in(sessions, actor), "url": address}
                who.page.context.add_cookies([cookie])
            return who

        yield enter


# ---- processes


def descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found, to_ask = [], [pid]
    while to_ask:
        children = parents.get(to_ask.pop(), [])
        found += children
        to_ask += children
    return found


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
