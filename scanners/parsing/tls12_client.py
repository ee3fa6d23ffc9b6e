"""A TLS 1.2 client (RFC 5246), bytes in and bytes out, that misbehaves in the few harmless ways that tell old flaws.

It trusts nobody and sends nothing of worth. What it can do wrong on purpose: pad a Finished message badly, wrap the
RSA premaster secret in other ways than PKCS #1 asks, take a session up again under an odd session id, and ask to
renegotiate.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanners.parsing import tls_vectors
from scanners.parsing.client_hello import LONGEST_RECORD, SIGNATURE_SCHEMES
from scanners.parsing.tls_vectors import Malformed, Reader
from scanners.records import record

CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION, HEARTBEAT = 20, 21, 22, 23, 24
CLIENT_HELLO, SERVER_HELLO, NEW_TICKET, CERTIFICATE, KEY_EXCHANGE = 1, 2, 4, 11, 12
CERTIFICATE_REQUEST, DONE, CLIENT_KEY_EXCHANGE, FINISHED = 13, 14, 16, 20
SERVER_NAME, GROUPS, POINT_FORMATS, SCHEMES, HEARTBEATS, TICKETS, RENEGOTIATION = 0, 10, 11, 13, 15, 35, 0xFF01
X25519 = 0x001D
CURVES: Mapping[int, ec.EllipticCurve] = {0x0017: ec.SECP256R1(), 0x0018: ec.SECP384R1()}
MOST_RECEIVED = 400_000
MOST_RECORDS = 500
RSA_SIZES = range(1024, 8193)
LARGEST_EXPONENT = 32  # bits; a hostile certificate could make one multiplication last for hours
BLOCK = 16
TAG = 16


@record
class Suite:
    """One cipher suite of those that matter here."""

    exchange: str  # "rsa" or "ecdhe"
    key_length: int
    mac: str  # "" for AES-GCM
    prf: str = "sha256"


SUITES: Mapping[int, Suite] = {
    0xC02F: Suite(exchange="ecdhe", key_length=16, mac=""),
    0xC02B: Suite(exchange="ecdhe", key_length=16, mac=""),
    0xC030: Suite(exchange="ecdhe", key_length=32, mac="", prf="sha384"),
    0xC02C: Suite(exchange="ecdhe", key_length=32, mac="", prf="sha384"),
    0x009C: Suite(exchange="rsa", key_length=16, mac=""),
    0x009D: Suite(exchange="rsa", key_length=32, mac="", prf="sha384"),
    0xC013: Suite(exchange="ecdhe", key_length=16, mac="sha1"),
    0xC009: Suite(exchange="ecdhe", key_length=16, mac="sha1"),
    0xC014: Suite(exchange="ecdhe", key_length=32, mac="sha1"),
    0xC00A: Suite(exchange="ecdhe", key_length=32, mac="sha1"),
    0xC027: Suite(exchange="ecdhe", key_length=16, mac="sha256"),
    0xC023: Suite(exchange="ecdhe", key_length=16, mac="sha256"),
    0x002F: Suite(exchange="rsa", key_length=16, mac="sha1"),
    0x0035: Suite(exchange="rsa", key_length=32, mac="sha1"),
    0x003C: Suite(exchange="rsa", key_length=16, mac="sha256"),
}
WITH_RSA = tuple(number for number, suite in SUITES.items() if suite.exchange == "rsa")
WITH_CBC = tuple(number for number, suite in SUITES.items() if suite.mac)


def expand(hash_name: str, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """The pseudorandom function of section 5."""
    made, step = b"", label + seed
    while len(made) < length:
        step = hmac.digest(secret, step, hash_name)
        made += hmac.digest(secret, step + label + seed, hash_name)
    return made[:length]


def padded(message: bytes, size: int, filler: bytes) -> bytes:
    """PKCS #1 v1.5 encryption padding (RFC 8017 section 7.2.1) without a zero in the filler."""
    fill = bytes(octet or 1 for octet in filler)
    length = size - 3 - len(message)
    return b"\0\2" + (fill * (length // len(fill) + 1))[:length] + b"\0" + message


class Protection:
    """One direction of records: AES-GCM (RFC 5288) or AES-CBC with a MAC before encryption."""

    def __init__(self, suite: Suite, *, key: bytes, fixed: bytes, mac_key: bytes, draw: Callable[[int], bytes]) -> None:
        """`draw` gives random bytes for CBC's initialisation vectors."""
        self._suite = suite
        self._key = key
        self._fixed = fixed
        self._mac_key = mac_key
        self._draw = draw
        self._count = 0

    def seal(self, kind: int, content: bytes, *, spoil_padding: bool = False) -> bytes:
        """One record; a spoilt padding keeps its length and its MAC, and is wrong in every other byte."""
        number = struct.pack("!Q", self._count)
        self._count += 1
        if not self._suite.mac:
            extra = number + struct.pack("!BHH", kind, 0x0303, len(content))
            sealed = number + AESGCM(self._key).encrypt(self._fixed + number, content, extra)
        else:
            plain = content + self._mac(number, kind, content)
            # A whole block more than is needed, so that there are bytes to spoil.
            length = BLOCK - (len(plain) + 1) % BLOCK + BLOCK
            filler = bytes([length ^ 0x5A if spoil_padding else length]) * length
            vector = self._draw(BLOCK)
            encryptor = Cipher(algorithms.AES(self._key), modes.CBC(vector)).encryptor()
            sealed = vector + encryptor.update(plain + filler + bytes([length])) + encryptor.finalize()
        return struct.pack("!BHH", kind, 0x0303, len(sealed)) + sealed

    def open(self, kind: int, sealed: bytes) -> bytes:
        """The content of one record."""
        number = struct.pack("!Q", self._count)
        self._count += 1
        if not self._suite.mac:
            if len(sealed) < 8 + TAG:
                raise Malformed("sealed")
            extra = number + struct.pack("!BHH", kind, 0x0303, len(sealed) - 8 - TAG)
            try:
                return AESGCM(self._key).decrypt(self._fixed + sealed[:8], sealed[8:], extra)
            except InvalidTag as error:
                raise Malformed("sealed") from error
        if len(sealed) < 2 * BLOCK or len(sealed) % BLOCK:
            raise Malformed("sealed")
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(sealed[:BLOCK])).decryptor()
        plain = decryptor.update(sealed[BLOCK:]) + decryptor.finalize()
        end = len(plain) - 1 - plain[-1] - hashlib.new(self._suite.mac).digest_size
        if end < 0 or not hmac.compare_digest(
            plain[end : len(plain) - 1 - plain[-1]], self._mac(number, kind, plain[:end])
        ):
            raise Malformed("sealed")
        return plain[:end]

    def _mac(self, number: bytes, kind: int, content: bytes) -> bytes:
        head = number + struct.pack("!BHH", kind, 0x0303, len(content))
        return hmac.digest(self._mac_key, head + content, self._suite.mac)


def protections(
    suite: Suite, master: bytes, *, client_random: bytes, server_random: bytes, draw: Callable[[int], bytes]
) -> tuple[Protection, Protection]:
    """The client's and the server's direction (section 6.3)."""
    mac = hashlib.new(suite.mac).digest_size if suite.mac else 0
    fixed = 0 if suite.mac else 4
    block = expand(
        suite.prf, master, b"key expansion", server_random + client_random, 2 * (mac + suite.key_length + fixed)
    )
    parts = []
    for length in (mac, mac, suite.key_length, suite.key_length, fixed, fixed):
        parts.append(block[:length])
        block = block[length:]
    client, server = (
        Protection(suite, mac_key=parts[side], key=parts[2 + side], fixed=parts[4 + side], draw=draw) for side in (0, 1)
    )
    return client, server


@record
class Resumption:
    """A session to take up again, and the session id to name it by."""

    ticket: bytes
    session: bytes


@dataclass(kw_only=True)
class Client:
    """Feed it what the server sends and send what it returns; `flight` goes first.

    With `stop_at_done` it says nothing more once the server is done, for the caller to go on by hand.
    """

    server_name: str
    draw: Callable[[int], bytes]
    suites: tuple[int, ...] = tuple(SUITES)
    resumption: Resumption | None = None
    heartbeats: bool = False
    stop_at_done: bool = False
    spoil_padding: bool = False

    suite: int = 0
    session: bytes = b""  # the id in the ServerHello
    server_extensions: Mapping[int, bytes] = field(default_factory=dict)
    done: bool = False  # ServerHelloDone came
    finished: bool = False  # the server's Finished came
    resumed: bool = False
    handshakes: int = 0  # finished in this connection
    ticket: bytes = b""
    alert: int | None = None
    heard: list[int] = field(default_factory=list)  # the types of records that came, ChangeCipherSpec aside

    def __post_init__(self) -> None:
        """Nothing has been said."""
        self._incoming = b""
        self._bytes = self._records = 0
        self._sealing: Protection | None = None
        self._opening: Protection | None = None
        self._proof = b""
        self._begin()

    def _begin(self) -> None:
        self._messages = b""
        self._handshake = b""
        self._pending: tuple[Protection, Protection] | None = None
        self._chain: tuple[bytes, ...] = ()
        self._exchange = b""
        self._asked_for_certificate = False
        self.finished = self.done = self.resumed = False
        self._random = self.draw(32)

    # --- speaking ---

    def flight(self) -> bytes:
        """A ClientHello: the first one, or, once finished, one that asks to renegotiate."""
        if self.finished:
            self._begin()
        hello = self._hello()
        self._messages += hello
        return self._record(HANDSHAKE, hello)

    def answer(self, premaster: bytes, wrapped: bytes) -> bytes:
        """ClientKeyExchange, ChangeCipherSpec and Finished under this premaster secret, however it is wrapped."""
        out = b""
        if self._asked_for_certificate:
            out += self._say(tls_vectors.message(CERTIFICATE, b"\0\0\0"))
        out += self._say(tls_vectors.message(CLIENT_KEY_EXCHANGE, wrapped))
        chosen = SUITES[self.suite]
        seed = self._random + self._server_random
        self._master = expand(chosen.prf, premaster, b"master secret", seed, 48)
        return out + self._close()

    def rsa_key(self) -> rsa.RSAPublicKey | None:
        """The key of the server's certificate, if it is an RSA key of a size that costs us nothing to use."""
        key = self._public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size not in RSA_SIZES:
            return None
        return key if key.public_numbers().e.bit_length() <= LARGEST_EXPONENT else None

    def _close(self) -> bytes:
        """ChangeCipherSpec and Finished."""
        chosen = SUITES[self.suite]
        self._pending = protections(
            chosen, self._master, client_random=self._random, server_random=self._server_random, draw=self.draw
        )
        self._proof = self._verify(b"client finished")
        out = self._record(CHANGE_CIPHER, b"\1")
        self._sealing = self._pending[0]
        closing = tls_vectors.message(FINISHED, self._proof)
        self._messages += closing
        return out + self._sealing.seal(HANDSHAKE, closing, spoil_padding=self.spoil_padding)

    def _verify(self, label: bytes) -> bytes:
        prf = SUITES[self.suite].prf
        return expand(prf, self._master, label, hashlib.new(prf, self._messages).digest(), 12)

    def _say(self, message: bytes) -> bytes:
        self._messages += message
        return self._record(HANDSHAKE, message)

    def _record(self, kind: int, content: bytes) -> bytes:
        if self._sealing is not None:
            return self._sealing.seal(kind, content)
        return struct.pack("!BHH", kind, 0x0301 if not self._messages else 0x0303, len(content)) + content

    def _hello(self) -> bytes:
        written = {
            SERVER_NAME: tls_vectors.long(b"\0" + tls_vectors.long(self.server_name.encode("ascii"))),
            GROUPS: tls_vectors.long(struct.pack("!HHH", X25519, *CURVES)),
            POINT_FORMATS: b"\1\0",
            SCHEMES: tls_vectors.long(b"".join(struct.pack("!H", one) for one in SIGNATURE_SCHEMES)),
            RENEGOTIATION: tls_vectors.short(self._proof),
            TICKETS: self.resumption.ticket if self.resumption else b"",
        }
        if self.heartbeats:
            written[HEARTBEATS] = b"\1"
        body = b"".join(struct.pack("!H", number) + tls_vectors.long(value) for number, value in written.items())
        suites = b"".join(struct.pack("!H", one) for one in self.suites)
        session = self.resumption.session if self.resumption else b""
        return tls_vectors.message(
            CLIENT_HELLO,
            b"\3\3"
            + self._random
            + tls_vectors.short(session)
            + tls_vectors.long(suites)
            + b"\1\0"
            + tls_vectors.long(body),
        )

    # --- hearing ---

    def receive(self, data: bytes) -> bytes:
        """What to send in return."""
        self._bytes += len(data)
        if self._bytes > MOST_RECEIVED:
            raise Malformed("flight")
        self._incoming += data
        out = b""
        while self.alert is None and len(self._incoming) >= 5:  # noqa: PLR2004 - a record's header
            kind, version, length = struct.unpack_from("!BHH", self._incoming)
            is_known = kind in range(CHANGE_CIPHER, HEARTBEAT + 1)
            if version >> 8 != 3 or length > LONGEST_RECORD or not is_known:  # noqa: PLR2004 - the 3 of all of TLS
                raise Malformed("record")
            if len(self._incoming) < 5 + length:
                break
            content, self._incoming = self._incoming[5 : 5 + length], self._incoming[5 + length :]
            self._records += 1
            if self._records > MOST_RECORDS:
                raise Malformed("records")
            out += self._take(kind, content)
        return out

    def _take(self, kind: int, content: bytes) -> bytes:
        if self.resumed:
            return b""
        if kind == CHANGE_CIPHER:
            if self._pending is not None:
                self._opening = self._pending[1]
            elif self.resumption is not None and self.suite:
                self.resumed = True  # keys of a session that we never had: all that we wanted to know
            return b""
        self.heard.append(kind)
        if self._opening is not None:
            content = self._opening.open(kind, content)
        if kind == ALERT:
            level, description = content if len(content) == 2 else (2, 0)  # noqa: PLR2004 - level and description
            if level == 2 or description in {0, 100}:  # noqa: PLR2004 - fatal; close_notify, no_renegotiation
                self.alert = description
        return self._take_handshake(content) if kind == HANDSHAKE else b""

    def _take_handshake(self, content: bytes) -> bytes:
        self._handshake += content
        out = b""
        while len(self._handshake) >= 4:  # noqa: PLR2004 - a message's header
            length = int.from_bytes(self._handshake[1:4], "big")
            if len(self._handshake) < 4 + length:
                break
            message, self._handshake = self._handshake[: 4 + length], self._handshake[4 + length :]
            out += self._take_message(message)
        return out

    def _take_message(self, message: bytes) -> bytes:
        kind, body = message[0], message[4:]
        if kind == 0:  # a HelloRequest is no part of the transcript, and we need not follow it
            return b""
        if kind == FINISHED:
            self._messages += message
            self.finished = True
            self.handshakes += 1
            return b""
        self._messages += message
        reader = Reader(body)
        match kind:
            case 2:
                self._take_hello(reader)
            case 4:
                reader.take(4)
                self.ticket = reader.vector(2)
            case 11:
                self._take_chain(Reader(reader.vector(3)))
            case 12:
                self._exchange = body
            case 13:
                self._asked_for_certificate = True
            case 14:
                self.done = True
                return b"" if self.stop_at_done else self._key_exchange()
        return b""

    def _take_hello(self, reader: Reader) -> None:
        if reader.number(2) != 0x0303:  # noqa: PLR2004 - TLS 1.2
            raise Malformed("version")
        self._server_random = reader.take(32)
        self.session = reader.vector(1)
        self.suite = reader.number(2)
        reader.take(1)
        found: dict[int, bytes] = {}
        extensions = Reader(reader.vector(2)) if reader.left else Reader(b"")
        while extensions.left:
            number = extensions.number(2)
            found[number] = extensions.vector(2)
        self.server_extensions = found
        if self.suite not in self.suites or 43 in found:  # noqa: PLR2004 - supported_versions: TLS 1.3 after all
            raise Malformed("suite")

    def _take_chain(self, reader: Reader) -> None:
        self._chain = (reader.vector(3),) if reader.left else ()

    def _public_key(self) -> object:
        try:
            return x509.load_der_x509_certificate(self._chain[0]).public_key()
        except (IndexError, ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
            return None

    def _key_exchange(self) -> bytes:
        if SUITES[self.suite].exchange == "rsa":
            key = self.rsa_key()
            if key is None:
                raise Malformed("key")
            premaster = b"\3\3" + self.draw(46)
            return self.answer(premaster, wrap(key, padded(premaster, key.key_size // 8, self.draw(64))))
        reader = Reader(self._exchange)
        if reader.number(1) != 3:  # noqa: PLR2004 - named_curve
            raise Malformed("curve")
        group, theirs = reader.number(2), reader.vector(1)
        try:
            if group == X25519:
                own = x25519.X25519PrivateKey.from_private_bytes(self.draw(32))
                shared = own.exchange(x25519.X25519PublicKey.from_public_bytes(theirs))
                return self.answer(shared, tls_vectors.short(own.public_key().public_bytes_raw()))
            curve = CURVES.get(group)
            if curve is None:
                raise Malformed("curve")
            # A number of one octet less than the curve's is below its order.
            point = ec.derive_private_key(int.from_bytes(self.draw(curve.key_size // 8 - 1), "big") + 1, curve)
            shared = point.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, theirs))
        except ValueError as error:
            raise Malformed("share") from error
        public = point.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return self.answer(shared, tls_vectors.short(public))

    _server_random: bytes = b""
    _master: bytes = b""


def wrap(key: rsa.RSAPublicKey, block: bytes) -> bytes:
    """Raw RSA of a whole block, as ClientKeyExchange carries it; the padding is the caller's to get right or wrong."""
    numbers = key.public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    return tls_vectors.long(pow(int.from_bytes(block, "big") % numbers.n, numbers.e, numbers.n).to_bytes(size, "big"))
