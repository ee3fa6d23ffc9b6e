"""Requests side by side on one connection of the door; what a server does to it has one end for each of them."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

import httpcore

from scanners.observations import Reason
from scanners.parsing import http2
from scanners.probes.network import Connection, Unseen

ANSWER_SECONDS = 10.0
READ_SIZE = 65_536
EVENTS_AT_A_STRETCH = 100  # heard without letting the other probes have a turn
# HTTP/1.1 has a word for these, or the pool writes them itself.
ONLY_HTTP1 = frozenset({b"host", b"connection", b"transfer-encoding"})
HOSTILE = frozenset({Reason.TOO_LARGE, Reason.GARBLED})  # who ends so is not asked again at once
ASKS_FOR_HTTP1 = frozenset({http2.Code.HTTP_1_1_REQUIRED, http2.Code.INADEQUATE_SECURITY})


class NotSent(Exception):
    """The connection ended before the request was sent."""


class NotProcessed(Exception):
    """The server says that it has not looked at the request: it may be sent once more."""


class NotSpoken(Exception):
    """The server chose HTTP/2 and cannot speak it, or asks for HTTP/1.1."""


class _Stream:
    def __init__(self) -> None:
        self.head: http2.Head | None = None
        self.parts = deque[http2.Data]()
        self.ended = False
        self.failure: Exception | None = None
        self.news = asyncio.Event()

    def fail(self, failure: Exception) -> None:
        if not self.ended:
            self.failure = self.failure or failure
            self.news.set()


class Session:
    """One connection that speaks HTTP/2, until either side has had enough."""

    def __init__(self, connection: Connection, *, keeps: bool) -> None:
        """Begin to speak and to listen; `keeps`: stay when nobody waits for anything."""
        self._keeps = keeps
        self._connection = connection
        self._client = http2.Client()
        self._streams: dict[int, _Stream] = {}
        self._leaving = False
        self._failure: Exception | None = None
        self._to_say = asyncio.Event()
        self._to_say.set()
        self._changed = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())
        self._speaking = asyncio.create_task(self._speak())

    @property
    def takes_more(self) -> bool:
        """Whether a new request may be sent."""
        return self._failure is None and not self._leaving

    @property
    def is_over(self) -> bool:
        """Whether its connection has ended."""
        return self._failure is not None

    @property
    def never_spoke(self) -> bool:
        """Whether it ended before the server had said anything in HTTP/2."""
        return isinstance(self._failure, NotSpoken)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for anything."""
        return not self._streams

    async def aclose(self) -> None:
        """Hang up; who still waits hears of it."""
        self._end(NotSent())
        for task in (self._listening, self._speaking):
            task.cancel()
        await asyncio.gather(self._listening, self._speaking, return_exceptions=True)
        await self._connection.aclose()

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """The response's head; its body is read from it, or let go by closing it."""
        content = b"".join([part async for part in _stream_of(request)])
        await self._wait_for_place()
        number = self._client.request(_fields(request), ends=not content)
        stream = self._streams[number] = _Stream()
        self._to_say.set()
        try:
            await self._send(number, stream, content)
            while stream.head is None:
                await _news(stream)
        except BaseException:
            self._leave(number)
            raise
        return httpcore.Response(
            stream.head.status,
            headers=list(stream.head.fields),
            content=_Body(self, number, stream),
            extensions={"http_version": b"HTTP/2", "network_stream": self._connection},
        )

    async def body(self, number: int, stream: _Stream) -> AsyncIterator[bytes]:
        """The parts as they come; what is read makes room for more."""
        while True:
            while stream.parts:
                part = stream.parts.popleft()
                self._client.credit(number, part.size)
                self._to_say.set()
                yield part.data
            if stream.ended:
                return
            await _news(stream)

    def _leave(self, number: int) -> None:
        """Nobody waits for this response any more."""
        stream = self._streams.pop(number, None)
        if stream is None:
            return
        if self._failure is None:
            self._client.abandon(number)
            for part in stream.parts:  # unread, and still to make room for others
                self._client.credit(number, part.size)
            self._to_say.set()
        self._changed.set()
        self._hang_up_if_done()

    def _hang_up_if_done(self) -> None:
        if not self._streams and (self._leaving or not self._keeps):
            self._end(NotSent())
            self._listening.cancel()

    async def _wait_for_place(self) -> None:
        while self.takes_more and len(self._streams) >= self._client.most_streams:
            await self._wait_for_change()
        if isinstance(self._failure, Unseen) and self._failure.reason in HOSTILE:
            raise _again(self._failure)
        if not self.takes_more:
            raise NotSent

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._changed.wait()
        except TimeoutError as error:
            raise Unseen(Reason.TIMEOUT, "streams") from error

    async def _send(self, number: int, stream: _Stream, content: bytes) -> None:
        while content and stream.failure is None and self._client.is_open(number):
            size = min(self._client.may_send(number), len(content))
            if not size:
                await self._wait_for_change()
                continue
            self._client.send(number, content[:size], ends=size == len(content))
            self._to_say.set()
            content = content[size:]

    # --- the connection -----------------------------------------------------------------------

    async def _speak(self) -> None:
        """Alone writes to the connection: who asks may be cancelled at any moment, a half-written frame may not."""
        try:
            while True:
                await self._to_say.wait()
                self._to_say.clear()
                while self._client.outgoing:
                    data = bytes(self._client.outgoing)
                    self._client.outgoing.clear()
                    await self._connection.write(data, ANSWER_SECONDS)
        except Unseen as unseen:
            self._end(unseen)
            self._listening.cancel()

    async def _listen(self) -> None:
        try:
            while True:
                data = await self._connection.read(READ_SIZE, None)
                if not data:
                    raise Unseen(Reason.RESET)  # noqa: TRY301 - one place for all ends
                await self._hear(data)
        except http2.Flood as flood:
            self._end(Unseen(Reason.TOO_LARGE, str(flood)))
        except http2.Broken:
            self._end(Unseen(Reason.GARBLED, "http"))
        except http2.NotSpoken:
            self._end(NotSpoken())
        except Unseen as unseen:
            self._end(unseen if self._client.has_settings else NotSpoken())
        except Exception as error:  # noqa: BLE001 - whoever waits for an answer hears of our own fault
            self._end(error)
        finally:
            self._speaking.cancel()
            await self._connection.aclose()

    async def _hear(self, data: bytes) -> None:
        for count, event in enumerate(self._client.receive(data), 1):
            self._take(event)
            if count % EVENTS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)
        if self._client.outgoing:
            self._to_say.set()

    def _take(self, event: http2.Event) -> None:
        match event:
            case http2.Changed():
                self._changed.set()
            case http2.Leaving():
                self._leaving = True
                self._changed.set()
                missed = NotSpoken if event.code in ASKS_FOR_HTTP1 else NotProcessed
                for number, stream in self._streams.items():
                    if number > event.last:
                        stream.fail(missed())
                self._hang_up_if_done()
            case _:
                self._tell(event)

    def _tell(self, event: http2.Head | http2.Data | http2.Ended | http2.Stopped) -> None:
        stream = self._streams.get(event.stream)
        if stream is None:
            return
        match event:
            case http2.Head():
                stream.head = event
            case http2.Data():
                stream.parts.append(event)
            case http2.Ended():
                stream.ended = True
            case http2.Stopped():
                stream.fail(_failure(event.code))
        stream.news.set()

    def _end(self, failure: Exception) -> None:
        """Everybody who waits fails the same way."""
        if self._failure is None:
            self._failure = failure
            for stream in self._streams.values():
                stream.fail(_again(failure))
            self._changed.set()


class _Body:
    """A response's body, as httpcore hands one on."""

    def __init__(self, session: Session, number: int, stream: _Stream) -> None:
        self._session = session
        self._number = number
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._session.body(self._number, self._stream)

    async def aclose(self) -> None:
        self._session._leave(self._number)  # noqa: SLF001 - a part of it


async def _news(stream: _Stream) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await stream.news.wait()
    except TimeoutError as error:
        raise Unseen(Reason.TIMEOUT) from error
    stream.news.clear()
    if stream.failure is not None:
        raise stream.failure


async def _stream_of(request: httpcore.Request) -> AsyncIterator[bytes]:
    if isinstance(request.stream, AsyncIterator) or hasattr(request.stream, "__aiter__"):
        async for part in request.stream:
            yield part


def _fields(request: httpcore.Request) -> list[tuple[bytes, bytes]]:
    url = request.url
    listed = [(b":method", request.method), (b":scheme", url.scheme), (b":authority", url.host), (b":path", url.target)]
    named = ((name.lower(), value) for name, value in request.headers)
    return listed + [(name, value) for name, value in named if name not in ONLY_HTTP1]


def _failure(code: int | None) -> Exception:
    if code is None:
        return Unseen(Reason.GARBLED, "http")
    if code == http2.Code.REFUSED_STREAM:
        return NotProcessed()
    if code == http2.Code.HTTP_1_1_REQUIRED:
        return NotSpoken()
    return Unseen(Reason.RESET)


def _again(failure: Exception) -> Exception:
    """One of its own for each who waits: raised, an exception keeps the way it took."""
    with contextlib.suppress(TypeError):
        return type(failure)(*failure.args)
    return failure
