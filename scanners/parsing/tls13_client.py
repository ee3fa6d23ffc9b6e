"""A whole TLS 1.3 handshake (RFC 8446) of a client, as bytes in and bytes out: to read what is sent encrypted.

It trusts nobody: certificate and Finished of the server are not verified, because nothing of worth is ever sent. What
it is for stands in session tickets, which come only after a finished handshake.
"""

import hashlib
import hmac
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanners.parsing import tls_vectors
from scanners.parsing.client_hello import LONGEST_RECORD, RETRY_RANDOM, SIGNATURE_SCHEMES
from scanners.parsing.tls_vectors import Malformed, Reader
from scanners.records import record

CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION = 20, 21, 22, 23
SERVER_HELLO, NEW_TICKET, END_OF_EARLY_DATA, ENCRYPTED_EXTENSIONS = 2, 4, 5, 8
CERTIFICATE, CERTIFICATE_REQUEST, FINISHED = 11, 13, 20
SERVER_NAME, GROUPS, SCHEMES, ALPN, PRE_SHARED_KEY, EARLY_DATA = 0, 10, 13, 16, 41, 42
VERSIONS, PSK_MODES, KEY_SHARE = 43, 45, 51
X25519 = 0x001D
# Offered so that a server without TLS 1.3 says so in a ServerHello, where many would hang up without a word.
OLDER_SUITES = (0xC02F, 0xC02B, 0xC030, 0xC02C, 0xC013, 0xC009, 0xC014, 0xC00A, 0x009C, 0x009D, 0x002F, 0x0035)
CURVES: Mapping[int, ec.EllipticCurve] = {0x0017: ec.SECP256R1(), 0x0018: ec.SECP384R1()}
MOST_RECEIVED = 400_000
MOST_RECORDS = 500
MOST_TICKETS = 8


@record
class _Suite:
    hash_name: str
    key_length: int
    cipher: type[AESGCM] | type[ChaCha20Poly1305]


SUITES: Mapping[int, _Suite] = {
    0x1301: _Suite(hash_name="sha256", key_length=16, cipher=AESGCM),
    0x1302: _Suite(hash_name="sha384", key_length=32, cipher=AESGCM),
    0x1303: _Suite(hash_name="sha256", key_length=32, cipher=ChaCha20Poly1305),
}


@record
class Ticket:
    """What a session can be taken up again with."""

    suite: int
    identity: bytes
    key: bytes
    age_add: int
    early_data: int | None  # the most bytes of early data; None: the ticket does not speak of it


@record
class Keys:
    """The client's secrets for one connection; given from outside, so that the module stays pure."""

    random: bytes
    session: bytes
    x25519: x25519.X25519PrivateKey
    curves: Mapping[int, ec.EllipticCurvePrivateKey]  # one for each of CURVES


# --- the key schedule (section 7.1) -------------------------------------------------------------


def extract(hash_name: str, salt: bytes, material: bytes) -> bytes:
    """HKDF-Extract."""
    return hmac.digest(salt, material, hash_name)


def expand_label(hash_name: str, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label."""
    info = struct.pack("!H", length) + tls_vectors.short(b"tls13 " + label) + tls_vectors.short(context)
    made = block = b""
    for count in range(1, 256):
        block = hmac.digest(secret, block + info + bytes([count]), hash_name)
        made += block
        if len(made) >= length:
            break
    return made[:length]


def derive(hash_name: str, secret: bytes, label: bytes, messages: bytes) -> bytes:
    """Derive-Secret over these messages."""
    transcript = hashlib.new(hash_name, messages).digest()
    return expand_label(hash_name, secret, label, transcript, len(transcript))


class Protection:
    """One direction under one traffic secret (section 5.2)."""

    def __init__(self, suite: int, secret: bytes) -> None:
        """Keys and nonce from the secret."""
        chosen = SUITES[suite]
        self._cipher = chosen.cipher(expand_label(chosen.hash_name, secret, b"key", b"", chosen.key_length))
        self._nonce = int.from_bytes(expand_label(chosen.hash_name, secret, b"iv", b"", 12), "big")
        self._count = 0

    def seal(self, kind: int, content: bytes) -> bytes:
        """One record."""
        head = struct.pack("!BHH", APPLICATION, 0x0303, len(content) + 17)
        return head + self._cipher.encrypt(self._next(), content + bytes([kind]), head)

    def open(self, head: bytes, sealed: bytes) -> tuple[int, bytes]:
        """The inner type and content."""
        try:
            plain = self._cipher.decrypt(self._next(), sealed, head).rstrip(b"\0")
        except (InvalidTag, ValueError) as error:
            raise Malformed("sealed") from error
        if not plain:
            raise Malformed("empty")
        return plain[-1], plain[:-1]

    def _next(self) -> bytes:
        self._count += 1
        return (self._nonce ^ (self._count - 1)).to_bytes(12, "big")


# --- the client ----------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Client:
    """Feed it what the server sends; send what it returns. `hello` goes first, then `early` if there is any."""

    server_name: str
    keys: Keys
    protocols: Sequence[str] = ("h2", "http/1.1")
    ticket: Ticket | None = None
    early: bytes = b""  # what is to be sent as early data

    protocol: str = ""
    finished: bool = False
    early_accepted: bool = False
    tickets: list[Ticket] = field(default_factory=list)
    received: bytes = b""  # application data
    alert: int | None = None

    def __post_init__(self) -> None:
        """Write the hello."""
        self._messages = self._hello_message()
        self._incoming = b""
        self._handshake = b""
        self._records = self._bytes = 0
        self._opening: Protection | None = None
        self._request_context: bytes | None = None
        self._early_sealing: Protection | None = None

    def start(self) -> bytes:
        """The first flight."""
        hello = struct.pack("!BHH", HANDSHAKE, 0x0301, len(self._messages)) + self._messages
        if self.ticket is None or not self.early:
            return hello
        suite = SUITES[self.ticket.suite]
        secret = derive(suite.hash_name, self._early_secret(suite), b"c e traffic", self._messages)
        self._early_sealing = Protection(self.ticket.suite, secret)
        return hello + self._early_sealing.seal(APPLICATION, self.early)

    def receive(self, data: bytes) -> bytes:
        """What to send in return."""
        self._bytes += len(data)
        if self._bytes > MOST_RECEIVED:
            raise Malformed("flight")
        self._incoming += data
        out = b""
        while self.alert is None and len(self._incoming) >= 5:  # noqa: PLR2004 - a record's header
            kind, version, length = struct.unpack_from("!BHH", self._incoming)
            if (
                version >> 8 != 3  # noqa: PLR2004 - every version of SSL 3 and TLS
                or length > LONGEST_RECORD
                or kind not in {CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION}
            ):
                raise Malformed("record")
            if len(self._incoming) < 5 + length:
                break
            head, content = self._incoming[:5], self._incoming[5 : 5 + length]
            self._incoming = self._incoming[5 + length :]
            self._records += 1
            if self._records > MOST_RECORDS:
                raise Malformed("records")
            out += self._take(kind, head, content)
        return out

    def _take(self, kind: int, head: bytes, content: bytes) -> bytes:
        if kind == CHANGE_CIPHER:
            return b""
        if kind == APPLICATION:
            if self._opening is None:
                raise Malformed("order")
            kind, content = self._opening.open(head, content)
        elif self._opening is not None and kind == HANDSHAKE:
            raise Malformed("order")
        if kind == ALERT:
            self.alert = content[1] if len(content) == 2 else 0  # noqa: PLR2004 - level and description
            return b""
        if kind == APPLICATION:
            self.received += content
            return b""
        self._handshake += content
        return self._take_messages()

    def _take_messages(self) -> bytes:
        out = b""
        while len(self._handshake) >= 4:  # noqa: PLR2004 - a message's header
            length = int.from_bytes(self._handshake[1:4], "big")
            if len(self._handshake) < 4 + length:
                break
            message, self._handshake = self._handshake[: 4 + length], self._handshake[4 + length :]
            out += self._take_message(message)
        return out

    def _take_message(self, message: bytes) -> bytes:
        kind, reader = message[0], Reader(message[4:])
        if self.finished:
            if kind == NEW_TICKET and len(self.tickets) < MOST_TICKETS:
                self._take_ticket(reader)
            return b""
        if (kind == SERVER_HELLO) is not (self._opening is None):
            raise Malformed("order")
        self._messages += message
        match kind:
            case 2:
                self._take_hello(reader)
            case 8:
                self._take_extensions(_extensions(reader.vector(2)))
            case 13:
                self._request_context = reader.vector(1)
            case 20:
                return self._finish()
        return b""

    # --- writing ---

    def _hello_message(self) -> bytes:
        schemes = b"".join(struct.pack("!H", one) for one in SIGNATURE_SCHEMES)
        values = {X25519: self.keys.x25519.public_key().public_bytes_raw()} | {
            group: key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            for group, key in self.keys.curves.items()
        }
        shares = b"".join(struct.pack("!H", group) + tls_vectors.long(value) for group, value in values.items())
        suites = (self.ticket.suite,) if self.ticket else (*SUITES, *OLDER_SUITES)
        written = {
            SERVER_NAME: tls_vectors.long(b"\0" + tls_vectors.long(self.server_name.encode("ascii"))),
            GROUPS: tls_vectors.long(b"".join(struct.pack("!H", group) for group in values)),
            SCHEMES: tls_vectors.long(schemes),
            ALPN: tls_vectors.long(b"".join(tls_vectors.short(name.encode("ascii")) for name in self.protocols)),
            VERSIONS: tls_vectors.short(b"\3\4" if self.ticket else b"\3\4\3\3"),
            PSK_MODES: tls_vectors.short(b"\1"),
            KEY_SHARE: tls_vectors.long(shares),
        }
        if self.ticket is not None and self.early:
            written[EARLY_DATA] = b""
        body = b"".join(struct.pack("!H", number) + tls_vectors.long(value) for number, value in written.items())
        head = (
            b"\3\3"
            + self.keys.random
            + tls_vectors.short(self.keys.session)
            + tls_vectors.long(b"".join(struct.pack("!H", one) for one in suites))
            + b"\1\0"
        )
        if self.ticket is None:
            return tls_vectors.message(1, head + tls_vectors.long(body))
        return self._with_binder(head, body, self.ticket)

    def _with_binder(self, head: bytes, body: bytes, ticket: Ticket) -> bytes:
        """The pre-shared key comes last and proves itself over all before it (section 4.2.11.2)."""
        hash_name = SUITES[ticket.suite].hash_name
        size = hashlib.new(hash_name).digest_size
        identities = tls_vectors.long(tls_vectors.long(ticket.identity) + struct.pack("!I", ticket.age_add))
        whole = (
            body
            + struct.pack("!H", PRE_SHARED_KEY)
            + tls_vectors.long(identities + tls_vectors.long(tls_vectors.short(bytes(size))))
        )
        message = tls_vectors.message(1, head + tls_vectors.long(whole))
        truncated = message[: -(size + 3)]
        binder = derive(hash_name, extract(hash_name, bytes(size), ticket.key), b"res binder", b"")
        proof = finished_mac(hash_name, binder, truncated)
        return message[:-size] + proof

    def _finish(self) -> bytes:
        """Our half of the handshake once the server has finished its own."""
        hash_name = SUITES[self._suite].hash_name
        after_server = self._messages
        master = extract(hash_name, derive(hash_name, self._handshake_secret, b"derived", b""), bytes(self._size))
        self._opening = Protection(self._suite, derive(hash_name, master, b"s ap traffic", after_server))
        out = b""
        if self.early_accepted and self._early_sealing is not None:
            end = tls_vectors.message(END_OF_EARLY_DATA, b"")
            self._messages += end
            out += self._early_sealing.seal(HANDSHAKE, end)
        sealing = Protection(self._suite, self._client_secret)
        flight = b""
        if self._request_context is not None:  # asked for a certificate: none
            flight = tls_vectors.message(CERTIFICATE, tls_vectors.short(self._request_context) + b"\0\0\0")
            self._messages += flight
        closing = tls_vectors.message(FINISHED, finished_mac(hash_name, self._client_secret, self._messages))
        self._messages += closing
        self._resumption = derive(hash_name, master, b"res master", self._messages)
        self.finished = True
        return out + sealing.seal(HANDSHAKE, flight + closing)

    # --- reading ---

    def _take_hello(self, reader: Reader) -> None:
        reader.take(2)
        if reader.take(32) == RETRY_RANDOM:
            raise Malformed("retry")
        reader.vector(1)
        self._suite = reader.number(2)
        reader.take(1)
        found = _extensions(reader.vector(2)) if reader.left else {}
        if found.get(VERSIONS) != b"\3\4":
            raise NotSpoken
        if self._suite not in SUITES:
            raise Malformed("suite")
        suite = SUITES[self._suite]
        self._size = hashlib.new(suite.hash_name).digest_size
        share = Reader(found.get(KEY_SHARE, b""))
        shared = self._shared(share.number(2), share.vector(2))
        early = self._early_secret(suite) if PRE_SHARED_KEY in found else self._no_early_secret(suite)
        self._handshake_secret = extract(suite.hash_name, derive(suite.hash_name, early, b"derived", b""), shared)
        self._client_secret = derive(suite.hash_name, self._handshake_secret, b"c hs traffic", self._messages)
        secret = derive(suite.hash_name, self._handshake_secret, b"s hs traffic", self._messages)
        self._opening = Protection(self._suite, secret)

    def _shared(self, group: int, value: bytes) -> bytes:
        try:
            if group == X25519:
                return self.keys.x25519.exchange(x25519.X25519PublicKey.from_public_bytes(value))
            own = self.keys.curves.get(group)
            if own is None:
                raise Malformed("group")
            return own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(own.curve, value))
        except ValueError as error:
            raise Malformed("share") from error

    def _early_secret(self, suite: _Suite) -> bytes:
        size = hashlib.new(suite.hash_name).digest_size
        return extract(suite.hash_name, bytes(size), self.ticket.key if self.ticket else bytes(size))

    def _no_early_secret(self, suite: _Suite) -> bytes:
        size = hashlib.new(suite.hash_name).digest_size
        return extract(suite.hash_name, bytes(size), bytes(size))

    def _take_extensions(self, found: Mapping[int, bytes]) -> None:
        self.early_accepted = EARLY_DATA in found
        if ALPN in found:
            self.protocol = Reader(Reader(found[ALPN]).vector(2)).vector(1).decode("ascii", errors="replace")

    def _take_ticket(self, reader: Reader) -> None:
        reader.take(4)
        age_add, nonce, identity = reader.number(4), reader.vector(1), reader.vector(2)
        found = _extensions(reader.vector(2))
        early = found.get(EARLY_DATA)
        hash_name = SUITES[self._suite].hash_name
        self.tickets.append(
            Ticket(
                suite=self._suite,
                identity=identity,
                key=expand_label(hash_name, self._resumption, b"resumption", nonce, self._size),
                age_add=age_add,
                early_data=None if early is None else Reader(early).number(4),
            )
        )

    _suite: int = 0
    _size: int = 0
    _handshake_secret: bytes = b""
    _client_secret: bytes = b""
    _resumption: bytes = b""


class NotSpoken(Exception):
    """The server chose an older version."""


def finished_mac(hash_name: str, secret: bytes, messages: bytes) -> bytes:
    """The proof of a Finished message or a binder (section 4.4.4)."""
    key = expand_label(hash_name, secret, b"finished", b"", hashlib.new(hash_name).digest_size)
    return hmac.digest(key, hashlib.new(hash_name, messages).digest(), hash_name)


def _extensions(body: bytes) -> dict[int, bytes]:
    reader = Reader(body)
    found: dict[int, bytes] = {}
    while reader.left:
        number = reader.number(2)
        found[number] = reader.vector(2)
    return found
