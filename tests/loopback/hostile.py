"""Servers that break, flood, stall and lie, each at an address of its own; `hostile_cases` is the table of them."""

import asyncio
import contextlib
import datetime as dt
import gzip
import socket
import ssl
import struct
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Handler = Callable[[Reader, Writer], Awaitable[None]]
Datagrams = tuple[bytes, ...]
Pems = Mapping[str, tuple[bytes, bytes]]  # host -> chain and key
Answering = Callable[[dns.message.Message, bool], Datagrams]  # the question, and whether it came over UDP

FRONT = "127.0.0.2"  # answers for the hostile zones, and asks the ordinary resolver for all others
OK = b"HTTP/1.1 200 OK\r\n"
HTML = OK + b"Content-Type: text/html\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
MOST_FLOOD = 24_000_000  # bytes that a flood has for one connection; no scan may read as many
PATIENCE = 15.0
SOON, LATER = 0.02, 0.4  # seconds between two drips


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """What one hostile host does on the ports it listens on."""

    https: Handler | None = None  # under TLS
    http2: Handler | None = None  # the same, once HTTP/2 is agreed on
    tls: Handler | None = None  # on port 443, in place of a TLS server
    http: Handler | None = None
    smtp: Handler | None = None
    certificate: Callable[[str], tuple[bytes, bytes]] | None = None  # chain and key in PEM for the name
    zone: Mapping[str, Answering] = field(default_factory=dict)  # record type -> what the zone answers
    name_server: Answering | None = None  # what the zone's own name server says, at the host's address


# --- HTTP --------------------------------------------------------------------------------------


async def head(reader: Reader) -> bytes:
    """The request line; the rest of the head is read and forgotten."""
    lines = await reader.readuntil(b"\r\n\r\n")
    return lines.partition(b"\r\n")[0]


def says(*parts: bytes, linger: float = 0.1) -> Handler:
    """Every request gets these bytes, then the end."""

    async def answer(reader: Reader, writer: Writer) -> None:
        await head(reader)
        for part in parts:
            writer.write(part)
            await writer.drain()
        await asyncio.sleep(linger)

    return answer


def repeats(part: bytes, *, first: bytes = b"") -> Handler:
    """The same bytes without end, as fast as they are taken."""
    many = part * max(1, 65_536 // max(1, len(part)))

    async def answer(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(first)
        for _time in range(MOST_FLOOD // len(many)):
            if writer.is_closing() or reader.at_eof():
                return
            writer.write(many)
            await writer.drain()

    return answer


def drips(part: bytes, *, first: bytes = b"", every: float = LATER) -> Handler:
    """A byte now and then."""

    async def answer(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(first)
        while not (writer.is_closing() or reader.at_eof()):
            for byte in part:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(every)

    return answer


async def stays_silent(reader: Reader, _writer: Writer) -> None:
    """Hear everything, say nothing."""
    while await reader.read(65_536):
        pass


def document(body: bytes, *headers: bytes) -> bytes:
    """A whole response."""
    lines = b"".join(header + b"\r\n" for header in headers)
    return HTML + lines + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


def pages(found: Mapping[bytes, bytes]) -> Handler:
    """A response for each path; others do not exist."""

    async def answer(reader: Reader, writer: Writer) -> None:
        path = (await head(reader)).split(b" ")[1]
        writer.write(found.get(path, NOT_FOUND))
        await writer.drain()
        with contextlib.suppress(TimeoutError):  # cut before all is sent, a long page would never arrive
            async with asyncio.timeout(PATIENCE):
                await reader.read(1)

    return answer


def redirects(to: bytes) -> Handler:
    """Every path leads on; %d counts."""
    count = iter(range(10**9))

    async def answer(reader: Reader, writer: Writer) -> None:
        await head(reader)
        place = to.replace(b"%d", b"%d" % next(count))
        writer.write(
            b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        await writer.drain()
        await asyncio.sleep(SOON)

    return answer


@cache
def packed(size: int, *, text: bytes = b"\0", times: int = 1, wbits: int = 31) -> bytes:
    """So much text in few bytes; times says how often it is packed over again."""
    packer = zlib.compressobj(9, wbits=wbits)
    block = text * (1_000_000 // len(text))
    whole = b"".join(packer.compress(block) for _block in range(max(1, size // len(block)))) + packer.flush()
    for _again in range(times - 1):
        whole = gzip.compress(whole, 9)
    return whole


def bomb(encoding: bytes, body: bytes) -> bytes:
    """A compressed response."""
    return document(body, b"Content-Encoding: " + encoding)


SCRIPT_BOMB = {
    b"/": document(b"".join(b'<script src="/%d.js"></script>' % number for number in range(40))),
    **{b"/%d.js" % number: bomb(b"gzip", packed(8_000_000, text="😀".encode())) for number in range(40)},
}
LOGIN_BOMB = {
    b"/": document(b"".join(b'<a href="/login%d">Login</a>' % number for number in range(20_000))),
    **{b"/login%d" % number: bomb(b"gzip", packed(8_000_000, text=b"<input type=password>")) for number in range(9)},
}

# --- HTTP/2 ------------------------------------------------------------------------------------

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS = 1, 4
PREFACE_LENGTH = 24


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0, length: int | None = None) -> bytes:
    """One frame; `length` may lie."""
    size = len(payload) if length is None else length
    return size.to_bytes(3, "big") + struct.pack("!BBI", kind, flags, stream) + payload


def setting(name: int, value: int) -> bytes:
    """One setting."""
    return struct.pack("!HI", name, value)


def field(name: bytes, value: bytes) -> bytes:
    """One field of a header block: spelt out, and not kept."""
    return b"\0" + _integer(len(name)) + name + _integer(len(value)) + value


def _integer(value: int) -> bytes:
    """A length in HPACK's seven bits (RFC 7541 section 5.1)."""
    if value < 127:
        return bytes([value])
    rest, left = bytearray([127]), value - 127
    while left >= 128:
        rest.append(left % 128 + 128)
        left //= 128
    return bytes(rest) + bytes([left])


STATUS_100, STATUS_200 = field(b":status", b"100"), b"\x88"  # 200 stands in HPACK's own table
GREETING = frame(SETTINGS)
HEAD_OK = frame(HEADERS, STATUS_200, flags=END_HEADERS, stream=1)


async def heard(reader: Reader) -> int:
    """Read on until a request comes; its stream."""
    while True:
        head = await reader.readexactly(9)
        await reader.readexactly(int.from_bytes(head[:3], "big"))
        if head[3] == HEADERS:
            return int.from_bytes(head[5:], "big")


def says_in_frames(*frames: bytes, then: Handler | None = None) -> Handler:
    """A greeting; to each request these frames, made for stream 1; `then` comes after the first and ends it all."""

    async def answer(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(PREFACE_LENGTH)
        writer.write(GREETING)
        while True:
            writer.write(_moved(b"".join(frames), to=await heard(reader)))
            await writer.drain()
            if then is not None:
                await then(reader, writer)
                return

    return answer


def _moved(frames: bytes, *, to: int) -> bytes:
    """The same frames on another stream than 1; a length that lies ends it."""
    moved, at = bytearray(frames), 0
    while at < len(moved):
        if moved[at + 5 : at + 9] == b"\0\0\0\1":
            moved[at + 5 : at + 9] = to.to_bytes(4, "big")
        at += 9 + int.from_bytes(moved[at : at + 3], "big")
    return bytes(moved)


async def hangs_up(_reader: Reader, _writer: Writer) -> None:
    """Leave at once."""


def repeats_frames(*frames: bytes, first: bytes = b"") -> Handler:
    """The same frames without end, as fast as they are taken."""
    return says_in_frames(first, then=repeats(b"".join(frames)))


def drips_frames(part: bytes, *, first: bytes = b"", every: float = LATER) -> Handler:
    """A byte, or a frame, now and then."""
    whole = [part] if part.startswith(b"\0\0\1") else [bytes([byte]) for byte in part]

    async def drip(reader: Reader, writer: Writer) -> None:
        while not writer.is_closing():
            for piece in whole:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every)

    return says_in_frames(first, then=drip)


def every_request(*frames: Callable[[int], bytes], greeting: bytes = GREETING) -> Handler:
    """These frames for each request, made from its stream; the connection stays."""

    async def answer(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(PREFACE_LENGTH)
        writer.write(greeting)
        while True:
            stream = await heard(reader)
            for make in frames:
                writer.write(make(stream))
            await writer.drain()

    return answer


async def endless_within_windows(reader: Reader, writer: Writer) -> None:
    """A body without end that keeps to the windows, and goes on when nobody wants it any more."""
    await reader.readexactly(PREFACE_LENGTH)
    writer.write(GREETING)
    windows = {0: 65_535}
    while True:
        head = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        number = int.from_bytes(head[5:], "big")
        if head[3] == HEADERS:
            windows[number] = 262_144  # as the scanner announces it
            writer.write(frame(HEADERS, STATUS_200, flags=END_HEADERS, stream=number))
        if head[3] == WINDOW_UPDATE:
            windows[number] = windows.get(number, 0) + int.from_bytes(payload, "big")
        for stream in set(windows) - {0}:
            while (size := min(windows[0], windows[stream], 16_000)) > 0:
                writer.write(frame(DATA, b"x" * size, stream=stream))
                windows[0] -= size
                windows[stream] -= size
                await writer.drain()


def whole_response(stream: int) -> bytes:
    """A small page."""
    head = frame(HEADERS, STATUS_200, flags=END_HEADERS, stream=stream)
    return head + frame(DATA, b"<p>hallo</p>", flags=END_STREAM, stream=stream)


HPACK_BOMB = b"\x40" + _integer(1) + b"x" + _integer(3_000) + b"v" * 3_000 + b"\xbe" * 10_000  # kept once, told often

# --- TLS ---------------------------------------------------------------------------------------


def record(kind: int, payload: bytes) -> bytes:
    """One TLS record."""
    return struct.pack("!BHH", kind, 0x0303, len(payload)) + payload


def message(kind: int, body: bytes) -> bytes:
    """One handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def records(payload: bytes, *, size: int = 16_000) -> bytes:
    """Handshake messages in as many records as they need."""
    return b"".join(record(22, payload[at : at + size]) for at in range(0, len(payload), size))


SERVER_HELLO = message(2, b"\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00")
DONE = message(14, b"")


def certificate_message(*chain: bytes) -> bytes:
    """The Certificate message of TLS 1.2."""
    listed = b"".join(len(der).to_bytes(3, "big") + der for der in chain)
    return message(11, len(listed).to_bytes(3, "big") + listed)


def shows(*chain: bytes) -> Handler:
    """A TLS 1.2 server that gets as far as its certificates."""
    return first_hello(records(SERVER_HELLO + certificate_message(*chain) + DONE))


def first_hello(*parts: bytes, every: float = 0.0) -> Handler:
    """Answer a ClientHello with these bytes."""

    async def answer(reader: Reader, writer: Writer) -> None:
        await reader.read(65_536)
        for part in parts:
            if writer.is_closing() or reader.at_eof():
                return
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every)
        await asyncio.sleep(0.2)

    return answer


def byte_by_byte(payload: bytes, *, pause: float = 0.0) -> Handler:
    """The same, in records of one byte and packets of one byte."""
    split = records(payload, size=1)
    return first_hello(*(split[at : at + 1] for at in range(len(split))), every=pause)


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(host: str, *extensions: x509.ExtensionType, names: int = 0) -> x509.Certificate:
    """A self-signed certificate with whatever is asked for."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(_key().public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host), *(x509.DNSName(f"a{n}.test") for n in range(names))]),
            critical=False,
        )
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(_key(), hashes.SHA256())


def der(host: str, *extensions: x509.ExtensionType, names: int = 0) -> bytes:
    """The same as bytes."""
    return certificate(host, *extensions, names=names).public_bytes(serialization.Encoding.DER)


def revocation_bomb(count: int) -> x509.CRLDistributionPoints:
    """One distribution point with far more addresses than anybody lists."""
    names = [x509.UniformResourceIdentifier(f"a:{number}") for number in range(count)]
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint(full_name=names, relative_name=None, reasons=None, crl_issuer=None)]
    )


def with_nul(host: str) -> bytes:
    """A certificate whose names hold a NUL, as once fooled browsers; its signature is as wrong."""
    return der(host).replace(host.encode(), b"\0" * 3 + host.encode()[3:])


# --- SMTP --------------------------------------------------------------------------------------


def mail_server(*replies: bytes) -> Handler:
    """The greeting, then a reply to each command; the last one is for all that follow."""

    async def answer(reader: Reader, writer: Writer) -> None:
        writer.write(replies[0])
        for number in range(1, 100):
            await writer.drain()
            if not await reader.readline():
                return
            writer.write(replies[min(number, len(replies) - 1)])

    return answer


def greets(part: bytes, *, first: bytes = b"") -> Handler:
    """Talks without end before anybody has said a word."""

    async def answer(reader: Reader, writer: Writer) -> None:
        writer.write(first)
        many = part * max(1, 16_384 // len(part))
        for _time in range(MOST_FLOOD // len(many)):
            if writer.is_closing() or reader.at_eof():
                return
            writer.write(many)
            await writer.drain()

    return answer


def greets_slowly(text: bytes) -> Handler:
    """A greeting byte by byte."""

    async def answer(reader: Reader, writer: Writer) -> None:
        while not (writer.is_closing() or reader.at_eof()):
            for byte in text:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(LATER)

    return answer


# --- DNS ---------------------------------------------------------------------------------------


def reply(question: dns.message.Message, *rrsets: dns.rrset.RRset, rcode: int = 0, flags: int = 0) -> bytes:
    """An answer as a resolver gives it."""
    made = dns.message.make_response(question, recursion_available=True)
    made.set_rcode(dns.rcode.Rcode(rcode))
    made.flags |= flags
    made.answer.extend(rrsets)
    return made.to_wire(max_size=65_535)


def rrset(question: dns.message.Message, kind: str, *texts: str, name: str = "") -> dns.rrset.RRset:
    """Records at the name that was asked for, or at another."""
    return dns.rrset.from_text(name or question.question[0].name, 60, "IN", kind, *texts)


def answers(kind: str, *texts: str) -> Answering:
    """These records for whatever name, cut short over UDP where they do not fit."""
    bodies: list[bytes] = []

    def answer(question: dns.message.Message, over_udp: bool) -> Datagrams:
        if over_udp and sum(map(len, texts)) > 1_000:
            return (reply(question, flags=dns.flags.TC),)
        if not bodies:  # written by hand and once: the library would take longer than the scan waits
            rdtype = dns.rdatatype.from_text(kind)
            rdata = [dns.rdata.from_text("IN", kind, text).to_wire() for text in texts]
            bodies.append(b"".join(struct.pack("!HHHIH", 0xC00C, rdtype, 1, 60, len(one)) + one for one in rdata))
        wire = question.to_wire()
        return (header(wire, records=len(texts)) + asked(wire) + bodies[0],)

    return answer


def builds(make: Callable[[str], tuple[str, ...]], kind: str) -> Answering:
    """Records made from the name that was asked for."""

    def answer(question: dns.message.Message, over_udp: bool) -> Datagrams:
        name = question.question[0].name.to_text()
        return answers(kind, *make(name))(question, over_udp)

    return answer


def raw(make: Callable[[bytes, bool], Datagrams]) -> Answering:
    """Bytes of our own; the maker gets the question's wire."""
    return lambda question, over_udp: make(question.to_wire(), over_udp)


def header(question: bytes, *, records: int, flags: int = 0x8180) -> bytes:
    """The header of an answer that repeats its question."""
    return question[:2] + struct.pack("!HHHHH", flags, 1, records, 0, 0)


def asked(question: bytes) -> bytes:
    """The question section."""
    end = question.index(b"\0", 12) + 5
    return question[12:end]


def pointer_loop(question: bytes, _over_udp: bool) -> Datagrams:
    """A record whose name points at itself."""
    start = header(question, records=1) + asked(question)
    here = struct.pack("!H", 0xC000 | len(start))
    return (start + here + b"\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1",)


def pointer_chain(question: bytes, over_udp: bool) -> Datagrams:
    """Thousands of names, each of which leads through thousands of pointers before it is read."""
    if over_udp:
        return (question[:2] + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0) + asked(question),)
    start = header(question, records=601) + asked(question)
    opaque = len(start) + 12
    hops = [0xC00C, *(0xC000 | (opaque + 2 * number) for number in range((8_000 - opaque) // 2))]
    chain = b"".join(struct.pack("!H", hop) for hop in hops)
    last = struct.pack("!H", 0xC000 | (opaque + len(chain) - 2))
    first = b"\xc0\x0c\xff\x78\0\1\0\0\0\1" + struct.pack("!H", len(chain)) + chain
    return (start + first + (last + b"\xff\x78\0\1\0\0\0\1\0\1\0") * 600,)


def wrong_ids(question: bytes, _over_udp: bool) -> Datagrams:
    """Many guesses at the number of the question."""
    rest = struct.pack("!HHHHH", 0x8180, 1, 0, 0, 0) + asked(question)
    own = int.from_bytes(question[:2], "big")
    return tuple(struct.pack("!H", (own + number) % 65_536) + rest for number in range(1, 60))


def truncated(question: bytes, over_udp: bool) -> Datagrams:
    """Over UDP: ask again over TCP. Over TCP: nothing."""
    return (question[:2] + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0) + asked(question),) if over_udp else ()


def silence(_question: dns.message.Message, _over_udp: bool) -> Datagrams:
    """Nothing at all."""
    return ()


def next_alias(question: dns.message.Message, _over_udp: bool) -> Datagrams:
    """A chain of aliases without end, one step an answer."""
    name = question.question[0].name.to_text()
    first, _dot, rest = name.partition(".")
    number = int(first[1:]) + 1 if first[:1] == "c" and first[1:].isdigit() else 0
    target = f"c{number}.{rest if number else name}"
    return (reply(question, rrset(question, "CNAME", target)),)


def alias_loop(question: dns.message.Message, _over_udp: bool) -> Datagrams:
    """Two names that are aliases of each other."""
    name = question.question[0].name.to_text()
    other = name[5:] if name.startswith("loop.") else f"loop.{name}"
    return (reply(question, rrset(question, "CNAME", other), rrset(question, "CNAME", name, name=other)),)


def endless_tree(name: str) -> tuple[str, ...]:
    """An SPF record that includes ten others, each of which does the same."""
    includes = " ".join(f"include:i{number}.{name.rstrip('.')}" for number in range(10))
    return (f'"v=spf1 {includes[:240]}" "{includes[240:480]}" " -all"',) if "_" not in name else ()


def broken_terms(name: str) -> tuple[str, ...]:
    """SPF terms that are none, as many as a record holds, and includes of more such records."""
    if "_" in name:
        return ()
    includes = " ".join(f"include:i{number}.{name.rstrip('.')[-60:]}" for number in range(8))
    return (f'"v=spf1 " "{includes[:240]}" "{includes[240:]} " ' + '"' + '" "'.join(["! " * 120] * 14) + '"',)


def voids(name: str) -> tuple[str, ...]:
    """SPF mechanisms that all lead nowhere."""
    if not name.startswith(("void", "portal")) and "_" not in name:
        return ('"v=spf1 ' + " ".join(f"a:void{number}.{name.rstrip('.')}" for number in range(8)) + ' -all"',)
    return ()


def report_bait(name: str) -> tuple[str, ...]:
    """A DMARC record at every step of the walk, with receivers all over."""
    uris = ",".join(f"mailto:a@r{number}.{name[-30:].strip('._')}" for number in range(60))
    parts = [uris[at : at + 250] for at in range(0, len(uris), 250)]
    return ('"v=DMARC1; p=none; rua="' + "".join(f' "{part}"' for part in parts),) if "_dmarc" in name else ()


# --- running -----------------------------------------------------------------------------------


class HostileServers:
    """All of them; hostile_process.py runs them apart from the test, so that neither makes the other wait."""

    def __init__(
        self, hosts: Mapping[str, Hostile], *, ports: Mapping[int, int], resolver: tuple[str, int], trusted: Pems
    ) -> None:
        """Give each host an address; ports are those of the ordinary servers beside them."""
        self._hosts = dict(hosts)
        self._ports = ports
        self._resolver = resolver
        self._trusted = trusted
        self._tasks: set[asyncio.Task[None]] = set()
        self.addresses = {host: f"127.90.{number // 200}.{number % 200 + 10}" for number, host in enumerate(hosts)}

    async def serve(self, started: Callable[[], None]) -> None:
        """Serve until somebody cancels it."""
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        async with contextlib.AsyncExitStack() as stack:
            await self._start(stack)
            started()
            await asyncio.Event().wait()

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        for host, hostile in self._hosts.items():
            address = self.addresses[host]
            if hostile.https or hostile.http2 or hostile.certificate:
                context = _context(*(hostile.certificate(host) if hostile.certificate else self._trusted[host]))
                if hostile.http2:
                    context.set_alpn_protocols(["h2"])
                await self._listen(stack, address, 443, _web(hostile), context)
            if hostile.tls:
                await self._listen(stack, address, 443, hostile.tls)
            if hostile.http:
                await self._listen(stack, address, 80, hostile.http)
            if hostile.smtp:
                await self._listen(stack, address, 25, hostile.smtp)
            if hostile.name_server:
                await self._answer_dns(stack, address, hostile.name_server)
        await self._answer_dns(stack, FRONT, None)

    async def _listen(
        self,
        stack: contextlib.AsyncExitStack,
        address: str,
        port: int,
        handler: Handler,
        context: ssl.SSLContext | None = None,
    ) -> None:
        async def serve(reader: Reader, writer: Writer) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await handler(reader, writer)
            except (OSError, EOFError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass
            except asyncio.CancelledError:
                pass
            finally:
                self._tasks.discard(task)
                writer.transport.abort()

        closing = {"ssl_shutdown_timeout": 1.0} if context else {}
        server = await asyncio.start_server(serve, address, self._ports[port], ssl=context, backlog=512, **closing)
        stack.callback(server.close)

    # --- DNS

    async def _answer_dns(self, stack: contextlib.AsyncExitStack, address: str, own: Answering | None) -> None:
        loop = asyncio.get_running_loop()
        transport, _protocol = await loop.create_datagram_endpoint(
            partial(_Udp, partial(self._treat, own=own)), local_addr=(address, self._ports[53])
        )
        stack.callback(transport.close)

        async def over_tcp(reader: Reader, writer: Writer) -> None:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                found = await self._treat(await reader.readexactly(length), over_udp=False, own=own)
                if not found:
                    await stays_silent(reader, writer)
                    return
                for wire in found:
                    writer.write(len(wire).to_bytes(2, "big") + wire)
                await writer.drain()

        await self._listen(stack, address, 53, over_tcp)

    async def _treat(self, wire: bytes, *, over_udp: bool, own: Answering | None) -> Datagrams:
        question = dns.message.from_wire(wire)
        if own is not None:
            return own(question, over_udp)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        exact = self._hosts.get(name)
        zones = ((host, one) for host, one in self._hosts.items() if _is_in_zone(name, host))
        found = (name, exact) if exact is not None else next(zones, None)
        if found is None:
            return await asyncio.to_thread(self._relay, wire, over_udp=over_udp)
        return self._zone(question, over_udp=over_udp, host=found[0], hostile=found[1])

    def _zone(self, question: dns.message.Message, *, over_udp: bool, host: str, hostile: Hostile) -> Datagrams:
        kind = question.question[0].rdtype.name
        special = hostile.zone.get(kind) or hostile.zone.get("*")
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        apex = _apex(host)
        if special is not None and not (kind == "A" and name.startswith("ns1.")):
            return special(question, over_udp)
        match kind:
            case "A" if name == host or hostile.zone or hostile.name_server:
                return (reply(question, rrset(question, "A", self.addresses[host])),)
            case "SOA" if name == apex:
                return (reply(question, rrset(question, "SOA", f"ns1.{apex}. h.{apex}. 1 7200 3600 1209600 60")),)
            case "NS" if name == apex:
                return (reply(question, rrset(question, "NS", f"ns1.{apex}.")),)
            case _:
                nothing = dns.message.make_response(question, recursion_available=True)
                soa = f"ns1.{apex}. h.{apex}. 1 7200 3600 1209600 60"
                nothing.authority.append(rrset(question, "SOA", soa, name=f"{apex}."))
                return (nothing.to_wire(),)

    def _relay(self, wire: bytes, *, over_udp: bool) -> Datagrams:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if over_udp else socket.SOCK_STREAM) as sock:
            sock.settimeout(2)
            sock.connect(self._resolver)
            try:
                if over_udp:
                    sock.send(wire)
                    return (sock.recv(65_535),)
                sock.sendall(len(wire).to_bytes(2, "big") + wire)
                with sock.makefile("rb") as stream:
                    return (stream.read(int.from_bytes(stream.read(2), "big")),)
            except OSError:
                return ()


def _web(hostile: Hostile) -> Handler:
    async def answer(reader: Reader, writer: Writer) -> None:
        agreed = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        await (hostile.http2 if agreed == "h2" and hostile.http2 else hostile.https or pages({}))(reader, writer)

    return answer


def _apex(host: str) -> str:
    return host.partition(".")[2]


def _is_in_zone(name: str, host: str) -> bool:
    apex = _apex(host)
    return name == apex or name.endswith("." + apex)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, treat: Callable[..., Awaitable[Datagrams]]) -> None:
        self._treat = treat
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        async def answer() -> None:
            for wire in await self._treat(data, over_udp=True):
                self._transport.sendto(wire, addr)

        task = asyncio.get_running_loop().create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _context(chain: bytes, key: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "chain.pem").write_bytes(chain)
        (Path(folder) / "key.pem").write_bytes(key)
        context.load_cert_chain(Path(folder) / "chain.pem", Path(folder) / "key.pem")
    return context
