"""Questions to registries: HTTP through a door of its own, verified, within an allow-list, answers kept and failures
spaced. Nobody whom a scan looks at is asked anything here."""

import asyncio
import hashlib
import itertools
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpcore

from scanners import targets
from scanners.jobs import NetworkSettings
from scanners.observations import Reason
from scanners.probes.network import Budget, CertificateRefused, Connection, Door, Unseen

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0  # a certificate search may think for long before its first byte
MOST_REDIRECTS = 3
LONGEST_URL = 4_000
MOST_BODY = 8_000_000
PORTS: Mapping[str, int] = {"http": 80, "https": 443}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
THROTTLED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
FIRST_PAUSE = timedelta(minutes=15)  # after a failure, doubled with each further one
SHORT_PAUSE = timedelta(minutes=2)  # for all questions to one registry
LONGEST_PAUSE = timedelta(days=1)
# What says that a registry has no time for anybody, and not that one question was odd.
WITHOUT_TIME = frozenset(
    {Reason.TIMEOUT, Reason.THROTTLED, Reason.UNREACHABLE, Reason.REFUSED, Reason.RESET, Reason.DNS_FAILURE}
)
MOST_KEPT = 12_000_000  # bytes of one kept answer
MOST_FILES = 5_000  # looked at for what may go
MOST_FAILURES = 10  # beyond which the pause no longer grows

REGISTRIES = Budget(
    connections_at_once=4,
    connections=40,
    requests=40,
    requests_per_second=None,
    dns_queries=200,
    ports=frozenset({80, 443}),
)

Allows = Callable[[str], bool]  # whether a host may be asked


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer as it came, or as it was kept."""

    status: int
    body: bytes
    host: str
    asked_at: datetime


class Inquirer:
    """Asks over HTTP within an allow-list; every redirect is held against it anew."""

    def __init__(self, door: Door, *, allows: Allows, cleartext: bool = False) -> None:
        """`cleartext`: http is allowed too, for documents that are signed in themselves (CRL, OCSP)."""
        self._door = door
        self._allows = allows
        self._schemes = frozenset(PORTS) if cleartext else frozenset({"https"})
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=door.tls_context(verifying=True), max_connections=4, network_backend=_Backend(door)
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    async def get(self, url: str, *, at: datetime, accept: str, at_most: int = MOST_BODY, seconds: float) -> Answer:
        """The answer, redirects followed; any status is an answer. Raises Unseen where there is none."""
        try:
            async with asyncio.timeout(seconds):
                for _hop in range(MOST_REDIRECTS + 1):
                    host = self._permitted(url)
                    await self._door.spend_request(host)
                    status, location, body = await self._request(url, accept, at_most)
                    if status not in REDIRECTS or not location:
                        return Answer(status=status, body=body, host=host, asked_at=at)
                    url = urljoin(url, location)
        except TimeoutError as error:
            raise Unseen(Reason.TIMEOUT) from error
        raise Unseen(Reason.GARBLED, "redirects")

    def _permitted(self, url: str) -> str:
        """The host that the address names, if it may be asked."""
        try:
            parts = urlsplit(url[:LONGEST_URL])
            usual_port = parts.port in {None, PORTS.get(parts.scheme)}
            host = (parts.hostname or "").lower()
        except ValueError as error:
            raise Unseen(Reason.GARBLED, "url") from error
        if parts.scheme not in self._schemes or not usual_port or "@" in parts.netloc or not self._allows(host):
            raise Unseen(Reason.NOT_CONSENTED, "url")
        if "." not in host or not all(
            label and targets.LETTERS_DIGITS_HYPHEN.issuperset(label) for label in host.split(".")
        ):
            raise Unseen(Reason.GARBLED, "url")
        return host

    async def _request(self, url: str, accept: str, at_most: int) -> tuple[int, str, bytes]:
        parts = urlsplit(url)
        contact = self._door.settings.contact_url
        request = httpcore.Request(
            "GET",
            httpcore.URL(
                scheme=parts.scheme.encode(),
                host=(parts.hostname or "").lower().encode(),
                port=PORTS[parts.scheme],
                target=_target(parts.path, parts.query),
            ),
            headers=[
                ("Host", parts.hostname or ""),
                ("User-Agent", f"Kettenblick (+{contact})" if contact else "Kettenblick"),
                ("Accept", accept),
                ("Accept-Encoding", "identity"),
            ],
            extensions={"timeout": {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS}},
        )
        try:
            response = await self._pool.handle_async_request(request)
            try:
                headers = {name.lower(): value for name, value in response.headers}
                if headers.get(b"content-encoding", b"identity") != b"identity":
                    raise Unseen(Reason.GARBLED, "encoding")
                body = await _read(response, at_most)
            finally:
                await response.aclose()
        except CertificateRefused as error:
            raise Unseen(Reason.GARBLED, "certificate") from error
        except httpcore.TimeoutException as error:
            raise Unseen(Reason.TIMEOUT) from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise Unseen(Reason.GARBLED, "http") from error
        except httpcore.NetworkError as error:
            raise Unseen(Reason.RESET) from error
        return response.status, headers.get(b"location", b"").decode("latin-1"), body


@asynccontextmanager
async def inquirer(settings: NetworkSettings, *, allows: Allows, cleartext: bool = False) -> AsyncIterator[Inquirer]:
    """An inquirer with a door of its own: what registries cost never comes out of a vendor's budget."""
    door = Door(settings, budget=REGISTRIES)
    asking = Inquirer(door, allows=allows, cleartext=cleartext)
    try:
        yield asking
    finally:
        await asking.aclose()
        await door.aclose()


def accepted(answer: Answer) -> Answer:
    """The answer if it is one: a registry that is busy or broken has said nothing."""
    if answer.status in THROTTLED:
        raise Unseen(Reason.THROTTLED)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unseen(Reason.UNREACHABLE, "status")
    return answer


def as_json(answer: Answer) -> Any:
    """The document of a successful answer."""
    if answer.status != HTTPStatus.OK:
        raise Unseen(Reason.GARBLED, "status")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Unseen(Reason.GARBLED, "json") from error


class Kept:
    """Answers and failures from scan to scan, one file each. What cannot be read or written is as if never kept."""

    def __init__(self, folder: str, *, at: datetime) -> None:
        """`at` is the scan's time, the only clock here; no folder keeps nothing."""
        self._folder = Path(folder) if folder else None
        self._at = at

    async def ask(
        self,
        key: str,
        inquire: Callable[[], Awaitable[Answer]],
        *,
        read: Callable[[Answer], object],
        fresh: timedelta,
        stale: timedelta = timedelta(0),
        place: str = "",
    ) -> Answer:
        """A kept answer that is fresh; else a new one, unless failures ask for a pause; else a stale one.

        `read` raises Unseen on an answer that makes no sense: it counts as a failure and is not kept. `place` names
        who is asked: where it has no time for one question, all others wait too.
        """
        kept = self._read(key)
        answer = kept.answer
        if answer is not None and self._at - answer.asked_at < fresh:
            return answer
        busy = self._read(f"place {place}") if place else None
        if self._at < max(kept.pause_until, busy.pause_until if busy else self._at):
            return _stale(answer, self._at - stale, Unseen(Reason.THROTTLED, "pause"))
        try:
            new = accepted(await inquire())
            read(new)
        except Unseen as unseen:
            self._write(key, kept.failed(self._at, FIRST_PAUSE), keep=stale)
            if busy is not None and unseen.reason in WITHOUT_TIME:
                self._write(f"place {place}", busy.failed(self._at, SHORT_PAUSE))
            return _stale(answer, self._at - stale, unseen)
        self._write(key, _Memory(answer=new, failures=0, pause_until=self._at), keep=max(fresh, stale))
        if busy is not None and busy.failures:
            self._write(f"place {place}", _Memory(answer=None, failures=0, pause_until=self._at))
        return new

    def _path(self, key: str) -> Path | None:
        name = hashlib.sha256(key.encode()).hexdigest()[:40]
        return self._folder / name if self._folder is not None else None

    def _read(self, key: str) -> "_Memory":
        nothing = _Memory(answer=None, failures=0, pause_until=self._at)
        path = self._path(key)
        if path is None:
            return nothing
        try:
            head, _newline, body = path.read_bytes()[: MOST_KEPT + 1000].partition(b"\n")
            found = json.loads(head)
            if found["key"] != key:
                return nothing
            answer = None
            if found["status"]:
                asked_at = datetime.fromisoformat(found["asked_at"])
                answer = Answer(status=found["status"], body=body, host=found["host"], asked_at=asked_at)
            # An answer from the future was kept under a wrong clock.
            if answer is not None and answer.asked_at > self._at:
                return nothing
            return _Memory(
                answer=answer,
                failures=int(found["failures"]),
                pause_until=min(datetime.fromisoformat(found["pause_until"]), self._at + LONGEST_PAUSE),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return nothing

    def _write(self, key: str, memory: "_Memory", *, keep: timedelta = timedelta(0)) -> None:
        path = self._path(key)
        if path is None or (memory.answer is not None and len(memory.answer.body) > MOST_KEPT):
            return
        answer = memory.answer
        head = {
            "key": key,
            "status": answer.status if answer else 0,
            "host": answer.host if answer else "",
            "asked_at": answer.asked_at.isoformat() if answer else "",
            "failures": memory.failures,
            "pause_until": memory.pause_until.isoformat(),
        }
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(json.dumps(head).encode() + b"\n" + (answer.body if answer else b""))
            # A file's time is when nobody will ask for it any more.
            until = max(memory.pause_until + LONGEST_PAUSE, (answer.asked_at if answer else self._at) + keep)
            os.utime(file.name, (until.timestamp(), until.timestamp()))
            Path(file.name).replace(path)
            self._clear(path.parent)

    def _clear(self, folder: Path) -> None:
        """Take away what nobody will ask for any more: lists of authorities fill megabytes."""
        for path in itertools.islice(folder.iterdir(), MOST_FILES):
            with suppress(OSError):  # another scan was faster
                if path.stat().st_mtime < self._at.timestamp():
                    path.unlink()


@dataclass(frozen=True, kw_only=True)
class _Memory:
    answer: Answer | None
    failures: int
    pause_until: datetime

    def failed(self, at: datetime, first: timedelta) -> "_Memory":
        """The same after one more failure: each pause is twice the one before."""
        failures = min(self.failures + 1, MOST_FAILURES)
        return _Memory(
            answer=self.answer,
            failures=failures,
            pause_until=at + min(first * 2 ** (failures - 1), LONGEST_PAUSE),
        )


def _stale(answer: Answer | None, since: datetime, unseen: Unseen) -> Answer:
    """The kept answer rather than none, if it is not older than that."""
    if answer is None or answer.asked_at < since:
        raise unseen
    return answer


class _Backend(httpcore.AsyncNetworkBackend):
    """Lets httpcore connect through the door only."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature
        socket_options: object = None,  # noqa: ARG002 - httpcore's signature
    ) -> Connection:
        connection = await self._door.connect(host, port, seconds=timeout or CONNECT_SECONDS)
        connection.protocols = ("http/1.1",)
        return connection

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _read(response: httpcore.Response, at_most: int) -> bytes:
    received = bytearray()
    stream: AsyncIterator[bytes] = response.aiter_stream()
    async for data in stream:
        received += data
        if len(received) > at_most:
            raise Unseen(Reason.TOO_LARGE, "body")
    return bytes(received)


def _target(path: str, query: str) -> bytes:
    safe = "!$%&'()*+,/:;=?@~-._"
    target = quote(path or "/", safe=safe.replace("?", ""))
    return (f"{target}?{quote(query, safe=safe)}" if query else target).encode("ascii")
