"""HTTP through the one door: one request, no redirect followed, everything capped; the server's words are hostile."""

import asyncio
import contextlib
import hashlib
import importlib
import sys
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import cast
from urllib.parse import SplitResult, quote, urlsplit

import httpcore

from scanners import targets
from scanners.observations import Reason, Response
from scanners.probes.lines import CONNECT_SECONDS, Line
from scanners.probes.network import CertificateRefused, Connection, Door, Places, Unseen

FETCH_SECONDS = 30.0
ANSWER_SECONDS = 10.0
MOST_BODY = 2_000_000
MOST_DECODED = 8_000_000
MOST_GROWTH = 4  # characters kept of a body that came packed, for each byte that was asked for; never over MOST_BODY
MOST_RATIO = 100
MOST_HEADER_BYTES = 64_000
MOST_HEADER_LINES = 200
MOST_PARTS = 20_000  # chunks of one body: a byte in each costs us far more than it costs the server
PARTS_AT_A_STRETCH = 100  # read without letting the other probes have a turn
# Bytes of bodies that a scan holds at once, under way and read, and what each host has of it for certain.
MOST_HELD = 64_000_000
MOST_HELD_BY_HOST = 16_000_000
FEWEST_HELD_BY_HOST = 3_000_000
HELD_IN_ALL = 96_000_000
TOO_LONG_A_HEAD = 431  # how h11 hints at it
SLOWEST_BYTES_PER_SECOND = 1_000
GRACE_SECONDS = 3.0  # before the slowest rate is asked for
LONGEST_URL = 4_000
MOST_CONNECTIONS = 64  # over all hosts; the door counts per host and address
REQUESTS_AT_ONCE = 6  # to one host over HTTP/1.1, as browsers do
STREAMS_AT_ONCE = 16  # over HTTP/2, where all share a connection; browsers send a hundred
# Kept open with and without verification while no request waits. An idle connection still holds its place at the door's
# gate, so that there must be far fewer of them than the gate has places: else the TLS probe would wait for ever.
IDLE_CONNECTIONS = 2
FEWEST_PLACES = 8  # at a gate for any to be kept open at all: the active class has two, and others wait for them
PORTS: Mapping[str, int] = {"http": 80, "https": 443}

# httpcore looks for this module at each lock and event. It is not needed; not finding it costs a search of the path.
with contextlib.suppress(ImportError):
    importlib.import_module("sniffio")
sys.modules.setdefault("sniffio", cast("ModuleType", None))

# A page names its own encoding; only these are looked up, for some Python codecs are not text encodings at all.
ENCODINGS = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "iso-8859-15", "windows-1252", "windows-1250"}
)
WINDOW_BITS: Mapping[str, int] = {"gzip": 31, "x-gzip": 31, "deflate": 15}


@dataclass(frozen=True, kw_only=True)
class _Body:
    raw: bytes
    cut: bool


class Fetcher:
    """Keeps connections of one scan alive between requests to the same host."""

    def __init__(self, door: Door, *, hosts: int = 1) -> None:
        """Open nothing yet; so many hosts share the memory."""
        self._door = door
        self._room = _Room(hosts)
        self._lines: dict[tuple[bool, str], Line] = {}
        self._unverified: set[str] = set()
        self._at_once: dict[str, Places] = {}
        self._wanted: Counter[str] = Counter()  # requests to a host that are under way or wait
        self._in_all = Places(MOST_CONNECTIONS)

    async def aclose(self) -> None:
        """Close every connection."""
        for line in self._lines.values():
            await line.aclose()

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        at_most: int = MOST_BODY,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        patient: bool = False,
    ) -> Response:
        """One response; a redirect is a response. Raises Unseen where there is none.

        A patient request lets others to the same host go first.
        """
        parts = _parts(url)
        host = parts.hostname or ""
        await self._door.spend_request(host)
        try:
            async with self._turn(host, patient=patient), asyncio.timeout(FETCH_SECONDS):
                if parts.scheme == "http" or host in self._unverified:
                    return await self._request(parts, method, at_most, headers or {}, content, verifying=False)
                try:
                    return await self._request(parts, method, at_most, headers or {}, content, verifying=True)
                except CertificateRefused:
                    self._unverified.add(host)
                    return await self._request(parts, method, at_most, headers or {}, content, verifying=False)
        except TimeoutError as error:
            raise Unseen(Reason.TIMEOUT) from error

    @contextlib.asynccontextmanager
    async def _turn(self, host: str, *, patient: bool) -> AsyncIterator[None]:
        places = self._at_once.setdefault(host, Places(REQUESTS_AT_ONCE))
        self._wanted[host] += 1
        try:
            async with places.held(patient=patient), self._in_all.held():
                yield
        finally:
            self._wanted[host] -= 1
            await self._close_idle()

    async def _close_idle(self) -> None:
        """Keep what those who wait will use, and few beside."""
        if not self._may_idle():
            return  # the lines keep none
        spare = {True: IDLE_CONNECTIONS, False: IDLE_CONNECTIONS}
        for (verifying, host), line in tuple(self._lines.items()):
            waiting = self._wanted[host] - (0 if line.speaks_http2 else REQUESTS_AT_ONCE)
            for connection in line.idle():
                if waiting > 0:
                    waiting -= 1
                elif spare[verifying]:
                    spare[verifying] -= 1
                else:
                    await connection.aclose()

    def _may_idle(self) -> bool:
        return self._door.budget.connections_at_once >= FEWEST_PLACES

    async def _request(
        self,
        parts: SplitResult,
        method: str,
        at_most: int,
        headers: Mapping[str, str],
        content: bytes,
        *,
        verifying: bool,
    ) -> Response:
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=parts.scheme.encode(),
                host=(parts.hostname or "").encode(),
                port=PORTS[parts.scheme],
                target=_target(parts).encode("ascii"),
            ),
            headers=list((self._own_headers(parts) | _length(content) | dict(headers)).items()),
            content=content,
            extensions={"timeout": {"connect": CONNECT_SECONDS, "read": ANSWER_SECONDS, "write": ANSWER_SECONDS}},
        )
        verified = verifying if parts.scheme == "https" else None
        try:
            response = await self._line(parts.hostname or "", verifying=verifying).send(request)
            try:
                got = _headers(response)
                _expect_body(response)
                with self._room.share(parts.hostname or "") as share:
                    body = await _read(response, at_most, share)
                    found = _response(parts, response, got, body, at_most, verified=verified)
                    share.keep(sys.getsizeof(found.body))
            finally:
                await response.aclose()
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            if any(getattr(inner, "error_status_hint", 0) == TOO_LONG_A_HEAD for inner in error.args):
                raise Unseen(Reason.TOO_LARGE, "headers") from error
            raise Unseen(Reason.GARBLED, "http") from error
        except httpcore.TimeoutException as error:
            raise Unseen(Reason.TIMEOUT) from error
        except httpcore.NetworkError as error:
            raise Unseen(Reason.RESET) from error
        return found

    def _own_headers(self, parts: SplitResult) -> dict[str, str]:
        contact = self._door.settings.contact_url
        return {
            "Host": parts.hostname or "",
            "User-Agent": f"Kettenblick (+{contact})" if contact else "Kettenblick",
            "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
            "Accept-Encoding": "identity",
            "Accept-Language": "de,en;q=0.8",
        }

    def _line(self, host: str, *, verifying: bool) -> Line:
        key = verifying, host
        if key not in self._lines:
            places = self._at_once[host]
            self._lines[key] = Line(
                self._door,
                host,
                verifying=verifying,
                at_once=REQUESTS_AT_ONCE + IDLE_CONNECTIONS,
                keeps=self._may_idle(),
                widen=lambda: places.widen(STREAMS_AT_ONCE - REQUESTS_AT_ONCE),
            )
        return self._lines[key]


class _Room:
    """The memory that bodies may take: one host that fills its share leaves the others theirs."""

    def __init__(self, hosts: int) -> None:
        self._by_host = min(MOST_HELD_BY_HOST, max(FEWEST_HELD_BY_HOST, MOST_HELD // max(1, hosts)))
        self._held: Counter[str] = Counter()
        self._in_all = 0

    @contextlib.contextmanager
    def share(self, host: str) -> Iterator["_Share"]:
        """What one response takes; at the end only what is kept of it counts."""
        share = _Share(self, host)
        try:
            yield share
        finally:
            share.let_go()

    def take(self, host: str, count: int) -> None:
        self._held[host] += count
        self._in_all += count

    def is_full(self, host: str) -> bool:
        return self._held[host] > self._by_host or self._in_all > HELD_IN_ALL


class _Share:
    def __init__(self, room: _Room, host: str) -> None:
        self._room = room
        self._host = host
        self._taken = 0

    def take(self, count: int) -> None:
        self._taken += count
        self._room.take(self._host, count)
        if self._room.is_full(self._host):
            raise Unseen(Reason.TOO_LARGE, "memory")

    def keep(self, count: int) -> None:
        """The response is read; this much of it stays."""
        self.let_go()
        self._room.take(self._host, count)
        if self._room.is_full(self._host):
            self._room.take(self._host, -count)
            raise Unseen(Reason.TOO_LARGE, "memory")

    def let_go(self) -> None:
        self._room.take(self._host, -self._taken)
        self._taken = 0


def _length(content: bytes) -> dict[str, str]:
    return {"Content-Length": str(len(content))} if content else {}


def _parts(url: str) -> SplitResult:
    """The URL if it is one that a scan may fetch: http or https, a name, the scheme's own port, no user."""
    try:
        parts = urlsplit(url[:LONGEST_URL])
        usual_port = parts.port in {None, PORTS.get(parts.scheme)}
        name = parts.hostname or ""
    except ValueError as error:
        raise Unseen(Reason.GARBLED, "url") from error
    if parts.scheme not in PORTS or not usual_port or "@" in parts.netloc:
        raise Unseen(Reason.NOT_CONSENTED, "url")
    if not all(label and targets.LETTERS_DIGITS_HYPHEN.issuperset(label) for label in name.split(".")):
        raise Unseen(Reason.GARBLED, "url")
    return parts


def _target(parts: SplitResult) -> str:
    """Path and query as they go on the wire; what is not allowed there is quoted, never passed through."""
    safe = "!#$%&'()*+,/:;=?@[]~|^`{}-._"
    path = quote(parts.path or "/", safe=safe.replace("#", "").replace("?", ""))
    return f"{path}?{quote(parts.query, safe=safe.replace('#', ''))}" if parts.query else path


def _headers(response: httpcore.Response) -> tuple[tuple[str, str], ...]:
    lines = response.headers
    if len(lines) > MOST_HEADER_LINES or sum(len(name) + len(value) for name, value in lines) > MOST_HEADER_BYTES:
        raise Unseen(Reason.TOO_LARGE, "headers")
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in lines)


def _expect_body(response: httpcore.Response) -> None:
    stream = response.extensions.get("network_stream")
    if isinstance(stream, Connection):
        stream.end_prelude()


async def _read(response: httpcore.Response, at_most: int, share: "_Share") -> _Body:
    loop = asyncio.get_running_loop()
    started = loop.time()
    received = bytearray()
    stream: AsyncIterator[bytes] = response.aiter_stream()
    parts = 0
    async for data in stream:
        received += data
        share.take(len(data))
        parts += 1
        if parts > MOST_PARTS:
            raise Unseen(Reason.TOO_LARGE, "chunks")
        if parts % PARTS_AT_A_STRETCH == 0:
            await asyncio.sleep(0)
        if len(received) >= at_most:
            return _Body(raw=bytes(received[:at_most]), cut=len(received) > at_most)
        elapsed = loop.time() - started
        if elapsed > GRACE_SECONDS and len(received) < SLOWEST_BYTES_PER_SECOND * elapsed:
            raise Unseen(Reason.TIMEOUT, "slow")
    return _Body(raw=bytes(received), cut=False)


def _response(
    parts: SplitResult,
    response: httpcore.Response,
    headers: tuple[tuple[str, str], ...],
    body: _Body,
    at_most: int,
    *,
    verified: bool | None,
) -> Response:
    last = dict(headers)
    plain, cut = _decompress(body.raw, last.get("content-encoding", "").strip().lower())
    stream = response.extensions.get("network_stream")
    address, _port = stream.get_extra_info("server_addr") if stream else ("", 0)
    text = plain.decode(_encoding(last.get("content-type", "")), errors="replace")
    longest = min(MOST_BODY, at_most * MOST_GROWTH)
    return Response(
        url=parts.geturl(),
        status=response.status,
        headers=headers,
        body=text[:longest],
        body_sha256=hashlib.sha256(plain).hexdigest(),
        address=address,
        http_version=bytes(response.extensions.get("http_version", b"")).decode("ascii", errors="replace"),
        tls_verified=verified,
        cut=body.cut or cut or len(text) > longest,
    )


def _decompress(raw: bytes, encoding: str) -> tuple[bytes, bool]:
    """The plain body and whether something is missing. We ask for identity; a server that compresses all the same
    is believed within limits, so that a few kilobytes cannot become gigabytes."""
    if encoding in {"", "identity"}:
        return raw, False
    if encoding not in WINDOW_BITS:
        return b"", True
    decoder = zlib.decompressobj(WINDOW_BITS[encoding])
    at_most = min(MOST_DECODED, max(len(raw), 1) * MOST_RATIO)
    try:
        plain = decoder.decompress(raw, at_most)
    except zlib.error:
        return b"", True
    return plain, not decoder.eof


def _encoding(content_type: str) -> str:
    _type, _semicolon, parameters = content_type.lower().partition("charset=")
    named = parameters.split(";")[0].strip(" \"'")
    return named if named in ENCODINGS else "utf-8"
