"""The client's side of HTTP/2 (RFC 9113) as bytes in and bytes out; a server that floods is caught at each frame.

HPACK is the library's; frames are ours, since what has to be counted are the frames.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import hpack
from hpack.exceptions import OversizedHeaderListError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEAD = 9
LONGEST_FRAME = 16_384  # of theirs; we announce no more
SMALLEST_FRAME_LIMIT, LARGEST_FRAME_LIMIT = 16_384, 2**24 - 1
DEFAULT_WINDOW = 65_535
LARGEST_WINDOW = 2**31 - 1
STREAM_WINDOW = 262_144  # bytes of one response that may be under way
CONNECTION_WINDOW = 524_288  # of all responses together
MOST_STREAMS = 100  # where the server does not say how many
OUR_TABLE = 4_096  # bytes of HPACK's table that we keep for a server, whatever it allows

MOST_HEADER_LIST = 72_000  # unpacked, with the 32 bytes for each field that RFC 9113 section 6.5.2 adds
MOST_HEADER_BYTES = 131_072  # packed, of one response with all that goes before it and after it
MOST_CONTINUATIONS = 32  # of one header block
MOST_INFORMATIONAL = 50  # responses before the one that counts
MOST_SETTINGS = 10  # frames of one connection
MOST_SETTINGS_BYTES = 600  # of one frame: a hundred settings; seven are registered
MOST_PARTS = 20_000  # DATA frames of one response
# Frames that bring a response no further: so many for nothing, for each request, and for each so many bytes of bodies.
IDLE_FRAMES = 100
IDLE_FRAMES_PER_REQUEST = 20
BYTES_PER_IDLE_FRAME = 16_384

END_STREAM, END_HEADERS, PADDED, PRIORITISED, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")  # of a field's name; capitals are none
FORBIDDEN = frozenset(b"\0\r\n")
LAST_INFORMATIONAL = 199
SWITCHING = 101

Fields = tuple[tuple[bytes, bytes], ...]


class Kind(IntEnum):
    """Kinds of frames; all others are to be ignored."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Setting(IntEnum):
    """Settings that we send or heed."""

    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class Code(IntEnum):
    """Reasons for the end of a stream or connection, as far as they say something to us."""

    PROTOCOL_ERROR = 1
    REFUSED_STREAM = 7
    CANCEL = 8
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class NotSpoken(Exception):
    """The server chose HTTP/2 and speaks something else."""


class Broken(Exception):
    """Against the protocol in a way that ends the connection."""


class Flood(Exception):
    """More than any honest server sends; the text says of what."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The response has begun; informational ones are passed over."""

    stream: int
    status: int
    fields: Fields


@dataclass(frozen=True, kw_only=True)
class Data:
    """A part of the body; `size` is what has to be credited once it is read."""

    stream: int
    data: bytes
    size: int


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The response is whole."""

    stream: int


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """The response ends here: by the server's word with its code, or malformed (None)."""

    stream: int
    code: int | None


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """No new requests; those after `last` were not looked at."""

    last: int
    code: int


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Settings or windows are others than before: who waits for room looks again."""


Event = Head | Data | Ended | Stopped | Leaving | Changed


@dataclass(kw_only=True)
class _Stream:
    head_only: bool
    may_send: int  # bytes
    may_receive: int = STREAM_WINDOW
    uncredited: int = 0
    headed: bool = False
    informational: int = 0
    parts: int = 0
    length: int | None = None  # as the response announces it
    received: int = 0


@dataclass(kw_only=True)
class _Block:
    """A header block that is not whole yet."""

    stream: int
    ends_stream: bool
    fragments: list[bytes] = field(default_factory=list)


class Client:
    """One connection: requests and what is read go in, `outgoing` and events come out."""

    def __init__(self) -> None:
        """Say who we are: no pushes, and how much may be under way."""
        self.outgoing = bytearray(PREFACE)
        self.has_settings = False
        self._encoder = hpack.Encoder()
        self._decoder = hpack.Decoder(max_header_list_size=MOST_HEADER_LIST)
        self._incoming = bytearray()
        self._block: _Block | None = None
        self._streams: dict[int, _Stream] = {}
        self._next = 1
        self._most_streams = MOST_STREAMS
        self._header_bytes: dict[int, int] = {}
        self._may_send = DEFAULT_WINDOW
        self._initial_send = DEFAULT_WINDOW
        self._largest_frame = SMALLEST_FRAME_LIMIT
        self._may_receive = CONNECTION_WINDOW
        self._uncredited = 0
        self._idle_frames = 0
        self._settings_frames = 0
        self._useful_bytes = 0
        self._may_waste = CONNECTION_WINDOW
        ours = {
            Setting.ENABLE_PUSH: 0,
            Setting.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            Setting.MAX_HEADER_LIST_SIZE: MOST_HEADER_LIST,
        }
        self._send(Kind.SETTINGS, 0, 0, b"".join(struct.pack("!HI", name, value) for name, value in ours.items()))
        self._send(Kind.WINDOW_UPDATE, 0, 0, struct.pack("!I", CONNECTION_WINDOW - DEFAULT_WINDOW))

    @property
    def most_streams(self) -> int:
        """How many requests at once; one, until the server has shown that it speaks HTTP/2 at all."""
        return self._most_streams if self.has_settings else 1

    # --- what we say --------------------------------------------------------------------------

    def request(self, fields: Iterable[tuple[bytes, bytes]], *, ends: bool) -> int:
        """Open a stream; its number."""
        listed = list(fields)
        number, self._next = self._next, self._next + 2
        is_head = (b":method", b"HEAD") in listed
        self._streams[number] = _Stream(head_only=is_head, may_send=self._initial_send)
        block = self._encoder.encode(listed)
        flags = END_STREAM if ends else 0
        for start in range(0, len(block), self._largest_frame):
            part = block[start : start + self._largest_frame]
            last = END_HEADERS if start + len(part) == len(block) else 0
            self._send(Kind.CONTINUATION if start else Kind.HEADERS, number, last | (0 if start else flags), part)
        return number

    def may_send(self, number: int) -> int:
        """How many bytes of a body may go out now; what has ended takes none."""
        stream = self._streams.get(number)
        return max(0, min(self._may_send, stream.may_send, self._largest_frame)) if stream else 0

    def send(self, number: int, data: bytes, *, ends: bool) -> None:
        """A part of a request's body, no more than may be sent."""
        stream = self._streams[number]
        stream.may_send -= len(data)
        self._may_send -= len(data)
        self._send(Kind.DATA, number, END_STREAM if ends else 0, data)

    def credit(self, number: int, size: int) -> None:
        """So much of a response is read: as much more may come."""
        self._credit_connection(size)
        stream = self._streams.get(number)
        if stream is None:
            return
        stream.uncredited += size
        if stream.uncredited * 2 >= STREAM_WINDOW:
            self._send(Kind.WINDOW_UPDATE, number, 0, struct.pack("!I", stream.uncredited))
            stream.may_receive += stream.uncredited
            stream.uncredited = 0

    def abandon(self, number: int, *, code: Code = Code.CANCEL) -> None:
        """Nobody reads the response any further; what is under way already may still come."""
        if self._streams.pop(number, None) is not None:
            self._may_waste += STREAM_WINDOW
            self._send(Kind.RST_STREAM, number, 0, struct.pack("!I", code))

    def is_open(self, number: int) -> bool:
        """Whether a response is still awaited or under way."""
        return number in self._streams

    def _send(self, kind: Kind, number: int, flags: int, payload: bytes) -> None:
        self.outgoing += struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, number) + payload

    def _credit_connection(self, size: int) -> None:
        self._uncredited += size
        if self._uncredited * 2 >= CONNECTION_WINDOW:
            self._send(Kind.WINDOW_UPDATE, 0, 0, struct.pack("!I", self._uncredited))
            self._may_receive += self._uncredited
            self._uncredited = 0

    # --- what we hear -------------------------------------------------------------------------

    def receive(self, data: bytes) -> Iterator[Event]:
        """What these bytes tell; raises what ends the connection. To be read to its end before the next bytes."""
        self._incoming += data
        read = 0
        while len(self._incoming) - read >= FRAME_HEAD:
            length = int.from_bytes(self._incoming[read : read + 3], "big")
            kind, flags, number = struct.unpack_from("!BBI", self._incoming, read + 3)
            number &= LARGEST_WINDOW  # the first bit says nothing
            if not self.has_settings and (kind != Kind.SETTINGS or flags & ACK or number):
                raise NotSpoken
            if length > LONGEST_FRAME:
                raise Broken("frame size")
            end = read + FRAME_HEAD + length
            if len(self._incoming) < end:
                break
            yield from self._hear(kind, flags, number, bytes(self._incoming[read + FRAME_HEAD : end]))
            read = end
        del self._incoming[:read]

    def _hear(self, kind: int, flags: int, number: int, payload: bytes) -> Iterator[Event]:
        if self._block and (kind != Kind.CONTINUATION or number != self._block.stream):
            raise Broken("header block")
        match kind:
            case Kind.DATA:
                yield from self._hear_data(flags, number, payload)
            case Kind.HEADERS | Kind.CONTINUATION:
                yield from self._hear_headers(kind, flags, number, payload)
            case Kind.RST_STREAM:
                yield from self._hear_reset(number, payload)
            case Kind.SETTINGS:
                yield from self._hear_settings(flags, number, payload)
            case Kind.GOAWAY:
                self._count_idle()
                _expect(len(payload) >= 8 and not number)  # noqa: PLR2004 - section 6.8
                last, code = struct.unpack_from("!II", payload)
                yield Leaving(last=last & LARGEST_WINDOW, code=code)
            case Kind.WINDOW_UPDATE:
                yield from self._hear_window(number, payload)
            case _:
                self._hear_other(kind, flags, number, payload)

    def _hear_other(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        """What tells nobody anything; PRIORITY is obsolete, and kinds that we do not know are to be passed over."""
        self._count_idle()
        if kind == Kind.PUSH_PROMISE:
            raise Broken("push")
        if kind == Kind.PING:
            _expect(len(payload) == 8 and not number)  # noqa: PLR2004 - section 6.7
            if not flags & ACK:
                self._send(Kind.PING, 0, ACK, payload)

    def _count_idle(self) -> None:
        """A frame that brings no response further."""
        self._idle_frames += 1
        requests = self._next // 2
        most = IDLE_FRAMES + IDLE_FRAMES_PER_REQUEST * requests + self._useful_bytes // BYTES_PER_IDLE_FRAME
        if self._idle_frames > most:
            raise Flood("frames")

    def _known(self, number: int) -> _Stream | None:
        """The stream, or None for one that is over; only we open any."""
        _expect(number % 2 == 1 and number < self._next)
        return self._streams.get(number)

    def _hear_data(self, flags: int, number: int, payload: bytes) -> Iterator[Event]:
        size = len(payload)
        self._may_receive -= size
        _expect(self._may_receive >= 0)
        stream = self._known(number)
        if stream is None:
            self._count_waste(size)
            return
        stream.may_receive -= size
        _expect(stream.may_receive >= 0)
        data = _unpadded(payload) if flags & PADDED else payload
        stream.parts += 1
        stream.received += len(data)
        if stream.parts > MOST_PARTS:
            raise Flood("chunks")
        if not data and not flags & END_STREAM:
            self._count_idle()
        self._useful_bytes += len(data)
        if not stream.headed or (stream.length is not None and stream.received > stream.length):
            self.credit(number, size)
            yield self._malformed(number)
            return
        yield Data(stream=number, data=data, size=size)
        if flags & END_STREAM:
            yield self._end(number, stream)

    def _count_waste(self, size: int) -> None:
        """Data that nobody reads: no more than can have been under way when we said so."""
        self._count_idle()
        self._may_waste -= size
        if self._may_waste < 0:
            raise Flood("bytes")
        self._credit_connection(size)

    def _hear_headers(self, kind: int, flags: int, number: int, payload: bytes) -> Iterator[Event]:
        if kind == Kind.HEADERS:
            self._known(number)
            payload = _unpadded(payload) if flags & PADDED else payload
            if flags & PRIORITISED:
                _expect(len(payload) >= 5)  # noqa: PLR2004 - section 6.2
                payload = payload[5:]
            self._block = _Block(stream=number, ends_stream=bool(flags & END_STREAM))
        block = self._block
        if block is None:
            raise Broken("header block")
        block.fragments.append(payload)
        self._header_bytes[number] = self._header_bytes.get(number, 0) + len(payload)
        if self._header_bytes[number] > MOST_HEADER_BYTES or len(block.fragments) > MOST_CONTINUATIONS:
            raise Flood("headers")
        if flags & END_HEADERS:
            self._block = None
            yield from self._hear_block(block)

    def _hear_block(self, block: _Block) -> Iterator[Event]:
        try:  # also of a stream that is over: the table of the next blocks depends on it
            decoded = self._decoder.decode(b"".join(block.fragments), raw=True)
        except OversizedHeaderListError as error:
            raise Flood("headers") from error
        except hpack.HPACKError as error:
            raise Broken("header block") from error
        stream = self._streams.get(block.stream)
        if stream is None:
            self._count_idle()
            return
        if stream.headed:  # trailers; nothing of ours reads them
            yield self._end(block.stream, stream) if block.ends_stream else self._malformed(block.stream)
            return
        head = _head(block.stream, ((bytes(name), bytes(value)) for name, value, *_ in decoded))
        if head is not None and head.status <= LAST_INFORMATIONAL:
            self._count_idle()
            stream.informational += 1
            if stream.informational > MOST_INFORMATIONAL:
                raise Flood("headers")
            if head.status == SWITCHING or block.ends_stream:
                yield self._malformed(block.stream)
            return
        if head is None or not _measure(stream, head.fields):
            yield self._malformed(block.stream)
            return
        stream.headed = True
        yield head
        if block.ends_stream:
            yield self._end(block.stream, stream)

    def _end(self, number: int, stream: _Stream) -> Event:
        if stream.length is not None and stream.received != stream.length and not stream.head_only:
            return self._malformed(number)
        del self._streams[number]
        return Ended(stream=number)

    def _malformed(self, number: int) -> Stopped:
        self.abandon(number, code=Code.PROTOCOL_ERROR)
        return Stopped(stream=number, code=None)

    def _hear_reset(self, number: int, payload: bytes) -> Iterator[Event]:
        _expect(len(payload) == 4)  # noqa: PLR2004 - section 6.4
        if self._known(number) is None:
            self._count_idle()
            return
        del self._streams[number]
        yield Stopped(stream=number, code=int.from_bytes(payload, "big"))

    def _hear_settings(self, flags: int, number: int, payload: bytes) -> Iterator[Event]:
        self._count_idle()
        _expect(not number and len(payload) % 6 == 0)
        if flags & ACK:
            _expect(not payload)
            return
        self.has_settings = True
        self._settings_frames += 1
        if self._settings_frames > MOST_SETTINGS or len(payload) > MOST_SETTINGS_BYTES:
            raise Flood("frames")
        for name, value in struct.iter_unpack("!HI", payload):
            self._set(name, value)
        self._send(Kind.SETTINGS, 0, ACK, b"")
        yield Changed()

    def _set(self, name: int, value: int) -> None:
        match name:
            case Setting.HEADER_TABLE_SIZE:
                self._encoder.header_table_size = min(value, OUR_TABLE)
            case Setting.MAX_CONCURRENT_STREAMS:
                self._most_streams = value
            case Setting.INITIAL_WINDOW_SIZE:
                _expect(value <= LARGEST_WINDOW)
                for stream in self._streams.values():
                    stream.may_send += value - self._initial_send
                self._initial_send = value
            case Setting.MAX_FRAME_SIZE:
                _expect(SMALLEST_FRAME_LIMIT <= value <= LARGEST_FRAME_LIMIT)
                self._largest_frame = value

    def _hear_window(self, number: int, payload: bytes) -> Iterator[Event]:
        self._count_idle()
        _expect(len(payload) == 4)  # noqa: PLR2004 - section 6.9
        more = int.from_bytes(payload, "big") & LARGEST_WINDOW
        if not number:
            self._may_send += more
            _expect(more > 0 and self._may_send <= LARGEST_WINDOW)
            yield Changed()
        elif (stream := self._known(number)) is not None:
            stream.may_send += more
            yield Changed() if more and stream.may_send <= LARGEST_WINDOW else self._malformed(number)


def _expect(holds: bool) -> None:  # noqa: FBT001 - a condition of the RFC
    if not holds:
        raise Broken


def _unpadded(payload: bytes) -> bytes:
    _expect(bool(payload) and payload[0] < len(payload))
    return payload[1 : len(payload) - payload[0]]


def _head(number: int, decoded: Iterable[tuple[bytes, bytes]]) -> Head | None:
    """The response's head; None where it is malformed (RFC 9113 section 8.1.1)."""
    status, fields = 0, list[tuple[bytes, bytes]]()
    for name, value in decoded:
        if name == b":status" and not status and not fields:
            if len(value) != 3 or not value.isdigit() or value < b"100":  # noqa: PLR2004 - digits of a status
                return None
            status = int(value)
        elif not name or not TOKEN.issuperset(name) or not FORBIDDEN.isdisjoint(value):
            return None
        else:
            fields.append((name, value.strip(b" \t")))  # as HTTP/1.1 gives it
    return Head(stream=number, status=status, fields=tuple(fields)) if status else None


def _measure(stream: _Stream, fields: Fields) -> bool:
    """Note how long the body is said to be; whether that is one number."""
    lengths = {value for name, value in fields if name == b"content-length"}
    if not lengths:
        return True
    text = lengths.pop()
    if lengths or not text.isdigit() or len(text) > 19:  # noqa: PLR2004 - digits that any length has
        return False
    stream.length = int(text)
    return True
