"""The connections to one host: a single one where the server offers HTTP/2, else a pool of HTTP/1.1."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import httpcore

from scanners.observations import Reason
from scanners.probes.network import Connection, Door, Unseen

if TYPE_CHECKING:
    from scanners.probes.http2 import Session

CONNECT_SECONDS = 5.0
LONGEST_PRELUDE = 2 * 65_536  # bytes before a body begins, informational responses included
HTTP2, HTTP1 = "h2", "http/1.1"
MOST_TRIES = 3  # connections that end before a request is sent on them
MOST_AGAIN = 6  # requests to one host that are sent a second time


class Idle(Protocol):
    """A connection that nobody uses at the moment."""

    async def aclose(self) -> None:
        """Close it."""


class Line:
    """All connections to one host, with its certificate verified or without."""

    def __init__(
        self, door: Door, host: str, *, verifying: bool, at_once: int, keeps: bool, widen: Callable[[], None]
    ) -> None:
        """Open nothing yet. `keeps`: connections stay open between requests; `widen`: more may be asked at once."""
        self.speaks_http2: bool | None = None  # None: not known yet
        self._door = door
        self._host = host
        self._keeps = keeps
        self._widen = widen
        self._context = door.tls_context(verifying=verifying)
        self._ready = deque[Connection]()  # shaken hands with, for whoever of the pool is first
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=self._context,
            max_connections=at_once,
            max_keepalive_connections=at_once if keeps else 0,
            network_backend=_Backend(door, self._ready),
        )
        self._sessions: list[Session] = []  # the last one takes requests, those before it come to their end
        self._opening: asyncio.Task[None] | None = None
        self._again = 0

    async def aclose(self) -> None:
        """Close every connection."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        closing: list[Idle] = [*self._sessions, *self._ready, self._pool]
        for connection in closing:
            await connection.aclose()

    def idle(self) -> Sequence[Idle]:
        """The connections that are open and have nothing to do."""
        sessions = [session for session in self._sessions if session.takes_more and session.is_idle]
        return [*sessions, *(connection for connection in self._pool.connections if connection.is_idle())]

    async def send(self, request: httpcore.Request) -> httpcore.Response:
        """The response's head; the request is sent once more where the server says that it never looked at it."""
        if request.url.scheme != b"https" or not await self._finds_http2():
            return await self._pool.handle_async_request(request)
        from scanners.probes import http2  # noqa: PLC0415 - loaded already, and only where it is spoken

        try:
            return await self._send_over_http2(request)
        except http2.NotSpoken:
            self.speaks_http2 = False
        except http2.NotProcessed:
            pass
        await self._spend_again()
        try:
            if await self._finds_http2():
                return await self._send_over_http2(request)
            return await self._pool.handle_async_request(request)
        except (http2.NotSpoken, http2.NotProcessed) as error:
            raise Unseen(Reason.RESET) from error

    async def _spend_again(self) -> None:
        """A request that is sent twice is two of the budget, and few are."""
        self._again += 1
        if self._again > MOST_AGAIN:
            raise Unseen(Reason.RESET)
        await self._door.spend_request(self._host)

    async def _send_over_http2(self, request: httpcore.Request) -> httpcore.Response:
        from scanners.probes import http2  # noqa: PLC0415 - loaded already

        for _try in range(MOST_TRIES):
            if not await self._finds_http2():
                return await self._pool.handle_async_request(request)
            with contextlib.suppress(http2.NotSent):
                return await self._sessions[-1].handle_async_request(request)
        raise Unseen(Reason.RESET)

    async def _finds_http2(self) -> bool:
        """Whether there is a connection for requests over HTTP/2 now; the first who asks opens it for all."""
        if self._sessions and self._sessions[-1].never_spoke:
            self.speaks_http2 = False
        if self.speaks_http2 is not False and not (self._sessions and self._sessions[-1].takes_more):
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
                self._opening.add_done_callback(self._opened)
            await asyncio.shield(self._opening)
        return bool(self.speaks_http2)

    async def _open(self) -> None:
        connection = await self._door.connect(self._host, 443, seconds=CONNECT_SECONDS)
        connection.protocols = (HTTP2, HTTP1)
        await connection.start_tls(self._context, self._host, CONNECT_SECONDS)
        if connection.tls is not None and connection.tls.selected_alpn_protocol() == HTTP2:
            from scanners.probes.http2 import Session  # noqa: PLC0415 - a scan that never meets it need not load it

            if self.speaks_http2 is None:
                self._widen()
            self.speaks_http2 = True
            self._sessions = [session for session in self._sessions if not session.is_over]
            self._sessions.append(Session(connection, keeps=self._keeps))
        else:
            self.speaks_http2 = False
            connection.longest_prelude = LONGEST_PRELUDE
            self._ready.append(connection)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening = None
        if not task.cancelled():
            task.exception()  # those who wait have heard of it


class _Backend(httpcore.AsyncNetworkBackend):
    """Lets httpcore connect through the door only: the pool sees names, the socket sees the vetted address."""

    def __init__(self, door: Door, ready: deque[Connection]) -> None:
        self._door = door
        self._ready = ready

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature
        socket_options: object = None,  # noqa: ARG002 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        if port == 443 and self._ready:  # noqa: PLR2004 - HTTPS
            return _Shaken(self._ready.popleft())
        connection = await self._door.connect(host, port, seconds=timeout or CONNECT_SECONDS)
        connection.protocols = (HTTP1,)
        connection.longest_prelude = LONGEST_PRELUDE
        return connection

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Shaken(httpcore.AsyncNetworkStream):
    """A connection that has its TLS already; httpcore asks for it all the same."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start_tls(self, *_arguments: object, **_options: object) -> Connection:
        return self._connection

    async def aclose(self) -> None:
        await self._connection.aclose()
