"""TLS hellos to bytes, and what a server answers in the clear back to values. Malformed bytes raise Malformed only."""

import struct
from collections.abc import Mapping
from dataclasses import field

from scanners.parsing import tls_names, tls_vectors
from scanners.parsing.tls_names import SSL3, TLS10, TLS12, TLS13
from scanners.parsing.tls_vectors import Malformed, Reader
from scanners.records import record

ALERT, HANDSHAKE = 21, 22
RECORDS = frozenset({20, ALERT, HANDSHAKE, 23})  # with a change of cipher and data
SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, CERTIFICATE_STATUS = 2, 11, 12, 14, 22
WARNING, FATAL = 1, 2
CLOSE_NOTIFY = 0

SERVER_NAME, STATUS_REQUEST, SUPPORTED_GROUPS, POINT_FORMATS, SIGNATURE_ALGORITHMS, ALPN = 0, 5, 10, 11, 13, 16
PADDING, EXTENDED_MASTER_SECRET, SUPPORTED_VERSIONS, PSK_MODES, KEY_SHARE = 21, 23, 43, 45, 51
RENEGOTIATION_INFO = 0xFF01

# The random of a ServerHello that is a HelloRetryRequest (RFC 8446 section 4.1.3).
RETRY_RANDOM = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")

LONGEST_RECORD = 16_384 + 2_048
LONGEST_MESSAGE = 200_000
LONGEST_FLIGHT = 400_000
MOST_RECORDS = 1_000
MOST_CERTIFICATES = 10
MOST_WARNINGS = 8
# Hellos of these lengths hang in old F5 load balancers (RFC 7685).
BAD_LENGTHS = range(256, 512)

SIGNATURE_SCHEMES = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B),
    *(0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0203, 0x0201, 0x0202, 0x0101),
)


@record
class ClientHello:
    """What a client offers. `key_shares` maps a group to its public value; empty asks for a HelloRetryRequest."""

    version: int
    suites: tuple[int, ...]
    server_name: str = ""
    random: bytes = bytes(32)
    groups: tuple[int, ...] = (0x1D, 0x17, 0x1E, 0x18, 0x19, 0x100, 0x101)
    signature_schemes: tuple[int, ...] = SIGNATURE_SCHEMES
    key_shares: Mapping[int, bytes] = field(default_factory=dict)
    compressions: tuple[int, ...] = (0,)
    status_request: bool = False


@record
class ServerHello:
    """What the server chose."""

    version: int
    random: bytes
    suite: int
    compression: int
    extensions: Mapping[int, bytes] = field(default_factory=dict)
    group: int | None = None  # of the key share, or the one a retry asks for

    @property
    def is_retry(self) -> bool:
        """Whether this is a HelloRetryRequest."""
        return self.random == RETRY_RANDOM


@record
class KeyExchange:
    """A ServerKeyExchange: a named curve, or a prime; and what it was signed with."""

    curve: int | None = None
    prime: int | None = None
    scheme: int | None = None  # TLS 1.2 only


@record
class Answer:
    """What has been read of a server's first flight so far."""

    hello: ServerHello | None = None
    certificates: tuple[bytes, ...] = ()
    key_exchange: bytes | None = None
    stapled: bool = False
    done: bool = False  # ServerHelloDone came, or the rest is encrypted
    alert: tuple[int, int] | None = None  # the fatal one, or close_notify

    @property
    def complete(self) -> bool:
        """Whether nothing more will come in the clear."""
        if self.alert or self.done:
            return True
        return self.hello is not None and self.hello.version >= TLS13


# --- writing -----------------------------------------------------------------------------------


def write(hello: ClientHello) -> bytes:
    """The hello as one record."""
    body = _hello_body(hello, padding=None)
    if len(body) + 4 in BAD_LENGTHS and hello.version > SSL3:
        body = _hello_body(hello, padding=max(0, BAD_LENGTHS.stop - len(body) - 8))
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return struct.pack("!BHH", HANDSHAKE, min(hello.version, TLS10), len(message)) + message


def _hello_body(hello: ClientHello, *, padding: int | None) -> bytes:
    suites = b"".join(struct.pack("!H", suite) for suite in hello.suites)
    session = hello.random if hello.version == TLS13 else b""  # middlebox compatibility, RFC 8446 appendix D.4
    head = (
        struct.pack("!H", min(hello.version, TLS12))
        + hello.random
        + tls_vectors.short(session)
        + tls_vectors.long(suites)
        + tls_vectors.short(bytes(hello.compressions))
    )
    return head if hello.version == SSL3 else head + tls_vectors.long(_extensions(hello, padding))


def _extensions(hello: ClientHello, padding: int | None) -> bytes:
    written: dict[int, bytes] = {}
    if hello.server_name:
        written[SERVER_NAME] = tls_vectors.long(b"\x00" + tls_vectors.long(hello.server_name.encode("ascii")))
    written[SUPPORTED_GROUPS] = tls_vectors.long(b"".join(struct.pack("!H", group) for group in hello.groups))
    if hello.version < TLS13:
        written[RENEGOTIATION_INFO] = b"\x00"
        written[EXTENDED_MASTER_SECRET] = b""
        written[POINT_FORMATS] = b"\x01\x00"
    if hello.version >= TLS12:
        written[SIGNATURE_ALGORITHMS] = tls_vectors.long(
            b"".join(struct.pack("!H", one) for one in hello.signature_schemes)
        )
    if hello.status_request:
        written[STATUS_REQUEST] = b"\x01\x00\x00\x00\x00"
    if hello.version == TLS13:
        written[SUPPORTED_VERSIONS] = tls_vectors.short(struct.pack("!H", TLS13))
        written[PSK_MODES] = b"\x01\x01"
        shares = b"".join(
            struct.pack("!H", group) + tls_vectors.long(value) for group, value in hello.key_shares.items()
        )
        written[KEY_SHARE] = tls_vectors.long(shares)
    if padding is not None:
        written[PADDING] = bytes(padding)
    return b"".join(struct.pack("!H", number) + tls_vectors.long(body) for number, body in written.items())


# --- reading -----------------------------------------------------------------------------------


def read(received: bytes) -> Answer:
    """What these bytes of a server say; an unfinished record or message is left for the next, longer call."""
    if len(received) > LONGEST_FLIGHT:
        raise Malformed("flight")
    state = _State()
    at = records = 0
    while len(received) - at >= 5 and not state.closed:  # noqa: PLR2004 - a record's header
        kind, version, length = struct.unpack_from("!BHH", received, at)
        records += 1
        if records > MOST_RECORDS:
            raise Malformed("records")
        if version >> 8 != 3 or length > LONGEST_RECORD or kind not in RECORDS:  # noqa: PLR2004 - all of TLS
            raise Malformed("record")
        payload = received[at + 5 : at + 5 + length]
        if len(payload) < length:
            break
        state.take(kind, payload)
        at += 5 + length
    return state.answer()


class _State:
    def __init__(self) -> None:
        self.closed = False
        self._handshake = bytearray()
        self._found: dict[int, bytes] = {}
        self._alert: tuple[int, int] | None = None
        self._warnings = 0

    def take(self, kind: int, payload: bytes) -> None:
        match kind:
            case 21:
                self._take_alert(payload)
            case 22:
                self._handshake += payload
                self._take_messages()
            case _:  # encrypted from here on
                self.closed = True

    def answer(self) -> Answer:
        hello = self._found.get(SERVER_HELLO)
        chain = self._found.get(CERTIFICATE)
        return Answer(
            hello=None if hello is None else _server_hello(hello),
            certificates=() if chain is None else _certificates(chain),
            key_exchange=self._found.get(SERVER_KEY_EXCHANGE),
            stapled=CERTIFICATE_STATUS in self._found,
            done=self.closed or SERVER_HELLO_DONE in self._found,
            alert=self._alert,
        )

    def _take_alert(self, payload: bytes) -> None:
        if len(payload) != 2:  # noqa: PLR2004 - level and description
            raise Malformed("alert")
        level, description = payload
        self._warnings += 1
        if level == FATAL or description == CLOSE_NOTIFY or self._warnings > MOST_WARNINGS:
            self._alert = (level, description)
            self.closed = True

    def _take_messages(self) -> None:
        while len(self._handshake) >= 4:  # noqa: PLR2004 - a message's header
            length = int.from_bytes(self._handshake[1:4], "big")
            if length > LONGEST_MESSAGE:
                raise Malformed("message")
            if len(self._handshake) < 4 + length:
                return
            kind = self._handshake[0]
            if kind in self._found or (kind != SERVER_HELLO and SERVER_HELLO not in self._found):
                raise Malformed("order")
            self._found[kind] = bytes(self._handshake[4 : 4 + length])
            del self._handshake[: 4 + length]


def _server_hello(body: bytes) -> ServerHello:
    reader = Reader(body)
    version, random = reader.number(2), reader.take(32)
    reader.vector(1)  # the session id
    suite, compression = reader.number(2), reader.number(1)
    extensions = _read_extensions(reader.vector(2)) if reader.left else {}
    if SUPPORTED_VERSIONS in extensions:
        version = Reader(extensions[SUPPORTED_VERSIONS]).number(2)
    share = extensions.get(KEY_SHARE)
    return ServerHello(
        version=version,
        random=random,
        suite=suite,
        compression=compression,
        extensions=extensions,
        group=None if share is None else Reader(share).number(2),
    )


def _read_extensions(body: bytes) -> dict[int, bytes]:
    reader = Reader(body)
    found: dict[int, bytes] = {}
    while reader.left:
        number = reader.number(2)
        if number in found:
            raise Malformed("extension twice")
        found[number] = reader.vector(2)
    return found


def _certificates(body: bytes) -> tuple[bytes, ...]:
    chain = Reader(Reader(body).vector(3))
    found = []
    while chain.left:
        found.append(chain.vector(3))
        if len(found) > MOST_CERTIFICATES:
            raise Malformed("chain")
    return tuple(found)


def read_key_exchange(body: bytes, *, suite: int, version: int) -> KeyExchange:
    """The ServerKeyExchange of an (EC)DHE suite; of others, nothing."""
    name = tls_names.suite_names().get(suite, "")
    reader = Reader(body)
    if name.startswith(("TLS_ECDHE_", "TLS_ECDH_anon")) and "PSK" not in name:
        if reader.number(1) != 3:  # noqa: PLR2004 - named_curve; explicit curves are long forbidden
            return KeyExchange()
        curve = reader.number(2)
        reader.vector(1)
        return KeyExchange(curve=curve, scheme=_scheme(reader, version, name))
    if name.startswith(("TLS_DHE_", "TLS_DH_anon")) and "PSK" not in name:
        prime = int.from_bytes(reader.vector(2), "big")
        reader.vector(2)
        reader.vector(2)
        return KeyExchange(prime=prime, scheme=_scheme(reader, version, name))
    return KeyExchange()


def _scheme(reader: Reader, version: int, name: str) -> int | None:
    return None if version < TLS12 or "_anon" in name else reader.number(2)
