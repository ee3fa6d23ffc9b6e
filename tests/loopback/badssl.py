"""Bad TLS rebuilt: certificates of every kind, and servers that speak what OpenSSL no longer does."""

import asyncio
import contextlib
import datetime as dt
import ssl
import struct
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import randbits, token_bytes

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dh, ec, padding, rsa
from cryptography.x509.oid import NameOID

from portal.demonstration.servers import Running
from scanners import checking
from scanners.catalogue import CHECKS
from scanners.model import Observations, Outcome, Subject, SubjectKind
from scanners.observations import Blind, CertificateChain, Observation, TlsHandshakes
from scanners.probes import tls
from scanners.probes.fetching import Fetcher
from scanners.probes.network import Door, Unseen
from scanners.probes.visit import Visit

SSL2, SSL3, TLS10, TLS11, TLS12 = 0x0002, 0x0300, 0x0301, 0x0302, 0x0303

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

SHA256_WITH_RSA = bytes.fromhex("2a864886f70d01010b")
SHA1_WITH_RSA = bytes.fromhex("2a864886f70d010105")


def public_rsa(bits: int) -> rsa.RSAPublicKey:
    """A public key of that length that nobody holds the other half of; a server that only greets needs none."""
    modulus = randbits(bits) | (1 << (bits - 1)) | 1
    return rsa.RSAPublicNumbers(65537, modulus).public_key()


def _named(name: str, organisation: str = "") -> x509.Name:
    fits = 0 < len(name) <= 64  # RFC 5280 appendix A.1: ub-common-name
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)] if fits else parts)


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A certificate that signs others, with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        """For a root store."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


class Authority:
    """A root with one intermediate, and the leaves they sign."""

    def __init__(self, at: dt.datetime, *, name: str = "Bad TLS", weak_intermediate: bool = False) -> None:
        """Make both keys; a weak intermediate is signed with SHA-1."""
        self._at = at
        key = rsa.generate_private_key(65537, 2048)
        called = _named(f"{name} Root", name)
        root = self._built(called, called, key.public_key(), ca=1).sign(key, hashes.SHA256())
        self.root = Signer(certificate=root, key=key)
        below = rsa.generate_private_key(65537, 2048)
        builder = self._built(_named(f"{name} Intermediate", name), root.subject, below.public_key(), ca=0)
        made = builder.sign(key, hashes.SHA256())
        self.intermediate = Signer(certificate=_with_sha1(made, key) if weak_intermediate else made, key=below)

    def leaf(
        self,
        *names: str,
        key: PublicKey | None = None,
        algorithm: hashes.HashAlgorithm | None = None,
        days: tuple[int, int] = (-10, 60),
        subject: str | None = None,
        sha1: bool = False,
        by_root: bool = False,
    ) -> x509.Certificate:
        """A leaf for these names; `subject` is its common name, "" for none."""
        signer = self.root if by_root else self.intermediate
        public = key or ec.generate_private_key(ec.SECP256R1()).public_key()
        builder = self._built(
            _named(names[0] if subject is None else subject), signer.certificate.subject, public, days=days
        ).add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        assert isinstance(signer.key, rsa.RSAPrivateKey)
        made = builder.sign(signer.key, algorithm or hashes.SHA256())
        return _with_sha1(made, signer.key) if sha1 else made

    def self_signed(self, name: str) -> x509.Certificate:
        """A leaf that vouches for itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._built(_named(name), _named(name), key.public_key())
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        return builder.add_extension(names, critical=False).sign(key, hashes.SHA256())

    def chain(self, leaf: x509.Certificate) -> tuple[x509.Certificate, ...]:
        """Leaf and intermediate, as a good server sends them."""
        return leaf, self.intermediate.certificate

    def _built(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: PublicKey,
        *,
        days: tuple[int, int] = (-100, 1000),
        ca: int | None = None,
    ) -> x509.CertificateBuilder:
        begins, ends = days
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._at + dt.timedelta(days=begins))
            .not_valid_after(self._at + dt.timedelta(days=ends))
            .add_extension(x509.BasicConstraints(ca=ca is not None, path_length=ca), critical=True)
        )


def _with_sha1(made: x509.Certificate, key: Key) -> x509.Certificate:
    """The certificate signed again with SHA-1, which the library reads and no longer writes."""
    assert isinstance(key, rsa.RSAPrivateKey)
    signed = made.tbs_certificate_bytes.replace(SHA256_WITH_RSA, SHA1_WITH_RSA)
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA1())
    whole = made.public_bytes(serialization.Encoding.DER)
    weak = whole.replace(made.tbs_certificate_bytes, signed).replace(SHA256_WITH_RSA, SHA1_WITH_RSA)
    return x509.load_der_x509_certificate(weak.replace(made.signature, signature))


# --- a server that only greets -----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Greeter:
    """A server that sends its first flight and no more: versions up to TLS 1.2, any suite, any prime."""

    chain: Sequence[x509.Certificate] = ()
    versions: tuple[int, ...] = (TLS12,)
    suites: tuple[int, ...] = (0xC02B, 0xC02F)  # ECDHE with AES-128-GCM
    prime: int = 0
    seen: list[int] = field(default_factory=list)  # the versions of the hellos that came

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            head = await reader.readexactly(5)
            if head[0] & 0x80:
                await self._greet_ssl2(head, reader, writer)
            else:
                writer.write(self._answer(await reader.readexactly(struct.unpack("!H", head[3:])[0])))
                await writer.drain()
            async with asyncio.timeout(5):
                await reader.read()
        writer.close()

    async def _greet_ssl2(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(struct.unpack("!H", head[:2])[0] - 0x8000 - 3)
        self.seen.append(SSL2)
        if SSL2 not in self.versions:
            return
        leaf = self.chain[0].public_bytes(serialization.Encoding.DER)
        specs, connection = bytes.fromhex("010080"), token_bytes(16)
        lengths = struct.pack("!HHH", len(leaf), len(specs), len(connection))
        body = bytes([4, 0, 1]) + struct.pack("!H", SSL2) + lengths + leaf + specs + connection
        writer.write(struct.pack("!H", len(body) | 0x8000) + body)
        await writer.drain()

    def _answer(self, message: bytes) -> bytes:
        offered, suites = _offer(message)
        self.seen.extend(offered)
        version = max((one for one in offered if one in self.versions), default=None)
        if version is None:
            return _alert(70)
        suite = next((one for one in self.suites if one in suites), None)
        if suite is None:
            return _alert(40)
        flight = [_message(2, _server_hello(version, suite))]
        ders = (one.public_bytes(serialization.Encoding.DER) for one in self.chain)
        flight.append(_message(11, _vector(b"".join(_vector(der, 3) for der in ders), 3)))
        if exchange := self._key_exchange(version, suite):
            flight.append(_message(12, exchange))
        flight.append(_message(14, b""))
        return b"".join(_records(version, b"".join(flight)))

    def _key_exchange(self, version: int, suite: int) -> bytes:
        if self.prime:
            size = (self.prime.bit_length() + 7) // 8
            prime = self.prime.to_bytes(size, "big")
            parameters = _vector(prime, 2) + _vector(b"\x02", 2) + _vector(token_bytes(size), 2)
        elif suite >> 8 == 0xC0:
            parameters = b"\x03\x00\x17" + _vector(b"\x04" + token_bytes(64), 1)
        else:
            return b""
        return parameters + (b"\x04\x01" if version == TLS12 else b"") + _vector(token_bytes(256), 2)


def _offer(message: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The versions and suites of a ClientHello."""
    legacy = struct.unpack("!H", message[4:6])[0]
    at = 39 + message[38]
    length = struct.unpack("!H", message[at : at + 2])[0]
    suites = struct.unpack(f"!{length // 2}H", message[at + 2 : at + 2 + length])
    at += 2 + length
    at += 1 + message[at]
    versions: tuple[int, ...] = (legacy,)
    for kind, value in _extensions(message[at + 2 :]):
        if kind == 43:
            versions = struct.unpack(f"!{value[0] // 2}H", value[1:])
    return versions, suites


def _extensions(raw: bytes) -> Iterator[tuple[int, bytes]]:
    while len(raw) >= 4:
        kind, length = struct.unpack("!HH", raw[:4])
        yield kind, raw[4 : 4 + length]
        raw = raw[4 + length :]


def _server_hello(version: int, suite: int) -> bytes:
    extensions = b"" if version == SSL3 else _vector(b"\xff\x01\x00\x01\x00", 2)
    return struct.pack("!H", version) + token_bytes(32) + b"\x00" + struct.pack("!HB", suite, 0) + extensions


def _vector(raw: bytes, width: int) -> bytes:
    return len(raw).to_bytes(width, "big") + raw


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _vector(body, 3)


def _alert(description: int) -> bytes:
    return b"\x15\x03\x01\x00\x02\x02" + bytes([description])


def _records(version: int, flight: bytes) -> Iterator[bytes]:
    for start in range(0, len(flight), 16_000):
        part = flight[start : start + 16_000]
        yield b"\x16" + struct.pack("!HH", version, len(part)) + part


# --- looking at one ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One bad server: it only greets, or OpenSSL speaks for it; and the roots the one who looks trusts."""

    host: str
    roots: str = ""
    greeter: Greeter | None = None
    context: ssl.SSLContext | None = None


def context_of(
    authority: Authority,
    host: str,
    *,
    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ciphers: str = "",
    dh_bits: int = 0,
) -> ssl.SSLContext:
    """OpenSSL as a server of these versions and suites, with an RSA key."""
    key = rsa.generate_private_key(65537, 2048)
    chain = authority.chain(authority.leaf(host, key=key.public_key()))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the old versions, which are the point
        made.minimum_version, made.maximum_version = lowest, highest
    made.set_ciphers(f"{ciphers or 'DEFAULT'}:@SECLEVEL=0")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "server.pem"
        text = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
        plain = serialization.NoEncryption()
        text += key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        file.write_bytes(text)
        made.load_cert_chain(file)
        if dh_bits:
            file.write_bytes(
                dh.generate_parameters(2, dh_bits).parameter_bytes(
                    serialization.Encoding.PEM, serialization.ParameterFormat.PKCS3
                )
            )
            made.load_dh_params(file)
    return made


async def _close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@contextlib.asynccontextmanager
async def serving(bad: Bad, address: str) -> AsyncIterator[int]:
    """The server on a free port of the address."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # broken handshakes are on purpose
    answer = bad.greeter.greet if bad.greeter else _close
    server = await asyncio.start_server(answer, address, 0, ssl=bad.context, backlog=200)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.sleep(0.05)


async def facts(
    bad: Bad, running: Running, at: dt.datetime, *, kinds: Sequence[type[Observation]]
) -> list[Observation]:
    """What our probes see of it."""
    probes: Mapping[type[Observation], Callable[[Visit, str], Awaitable[Observation]]] = {
        TlsHandshakes: tls.tls_handshakes,
        CertificateChain: tls.certificate_chain,
    }
    found: list[Observation] = []
    async with serving(bad, running.addresses[bad.host]) as port:
        for kind in kinds:
            settings = replace(running.network(), port_map={**running.port_map, 443: port}, trust_roots_pem=bad.roots)
            door = Door(settings)
            fetcher = Fetcher(door)
            try:
                found.append(await probes[kind](Visit(door=door, fetcher=fetcher, at=at, hosts=()), bad.host))
            except Unseen as unseen:
                found.append(Blind(at=at, reason=unseen.reason))
            finally:
                await fetcher.aclose()
                await door.aclose()
    return found


def outcome(check_id: str, host: str, at: dt.datetime, facts_of: Mapping[type[Observation], Observation]) -> Outcome:
    """What one of our checks says of it."""
    subject = Subject(kind=SubjectKind.HOST, name=host)
    return checking.run(CHECKS[check_id], Observations(subject=subject, at=at, facts=facts_of)).outcome
