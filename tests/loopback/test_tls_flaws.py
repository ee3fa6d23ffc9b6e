"""Well-known flaws: none in OpenSSL, each in a server made to have it."""

import asyncio
import dataclasses
import hashlib
import ssl
import struct
from secrets import token_bytes

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from portal.demonstration.authority import Authority
from portal.demonstration.plans import CertificateKind, KeyKind, Plan, Site, Tls, Zone
from scanners.observations import TlsFlaws
from scanners.parsing import tls12_client
from scanners.parsing.tls12_client import SUITES
from scanners.probes import tls_flaws

ADDRESS, HOST = "127.80.45.1", "flaw.gut.test"
TLS12 = ssl.TLSVersion.TLSv1_2
PLAN = Plan(
    zones=(Zone(name="gut.test", records=f"flaw A {ADDRESS}"),),
    sites=(
        Site(host="gcm.gut.test", tls=Tls(highest=TLS12, key=KeyKind.RSA_2048, ciphers="ECDHE+AESGCM")),
        Site(host="cbc.gut.test", tls=Tls(highest=TLS12, key=KeyKind.RSA_2048, ciphers="ECDHE-RSA-AES128-SHA")),
        Site(host="rsa.gut.test", tls=Tls(highest=TLS12, key=KeyKind.RSA_2048, ciphers="AES128-SHA:AES256-GCM-SHA384")),
        Site(host="neu.gut.test", tls=Tls(lowest=ssl.TLSVersion.TLSv1_3)),
        Site(host="rand.gut.test", headers=(("cf-ray", "8f1-FRA"),)),
    ),
)
ALL = ("Heartbleed", "CCS injection", "Ticketbleed", "POODLE over TLS", "ROBOT")


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(tls_flaws, "SILENCE_SECONDS", 0.4)
    monkeypatch.setattr(tls_flaws, "HANDSHAKE_SECONDS", 2.0)


@pytest.mark.parametrize("host", ["gcm.gut.test", "cbc.gut.test", "rsa.gut.test"])
def test_openssl_has_none_of_them(running, look, host):
    seen = look(running, tls_flaws.flaws, host)

    assert seen.found == seen.unclear == ()
    assert seen.absent == ALL
    assert seen.renegotiations == 0


def test_a_server_of_tls_13_alone_has_no_place_for_them(running, look):
    seen = look(running, tls_flaws.flaws, "neu.gut.test")

    assert (seen.absent, seen.renegotiations) == (ALL, 0)


def test_f6_robot_and_its_kin_are_never_tried_at_a_content_network(running, look):
    seen = look(running, tls_flaws.flaws, "rand.gut.test")

    assert seen.edges == ("Cloudflare",)
    assert seen.found == seen.absent == seen.unclear == ()
    assert len(running.contacts_of("rand.gut.test", kind="https")) == 1


# --- servers that have them --------------------------------------------------------------------


@pytest.fixture(scope="module")
def issued(at):
    made = Authority(at=at).issue((HOST,), kind=CertificateKind.GOOD, key_kind=KeyKind.RSA_2048)
    key = load_pem_private_key(made.key_pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    leaf = load_pem_x509_certificate(made.chain_pem).public_bytes(Encoding.DER)
    return made, key, leaf


class Old:
    """A TLS 1.2 server with RSA key exchange and one flaw."""

    def __init__(self, key: rsa.RSAPrivateKey, leaf: bytes, flaw: str, suite: int = 0x002F) -> None:
        self._key, self._leaf, self._flaw, self._suite = key, leaf, flaw, suite

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._speak(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.transport.abort()

    async def _speak(self, reader, writer) -> None:
        hello = await self._message(reader)
        session = hello[39 : 39 + hello[38]]
        offered = hello[39 + len(session) + 2 :][: int.from_bytes(hello[39 + len(session) : 41 + len(session)], "big")]
        if struct.pack("!H", self._suite) not in [offered[at : at + 2] for at in range(0, len(offered), 2)]:
            writer.write(b"\x15\3\3\0\2\2\x28")
            return await writer.drain()
        if self._flaw == "ticketbleed" and session:
            session += b"\x99"
        extensions = b"\xff\1\0\1\0" + (b"\0\x0f\0\1\1" if self._flaw == "heartbleed" else b"") + b"\0\x23\0\0"
        server_random = token_bytes(32)
        chosen = struct.pack("!H", self._suite)
        body = b"\3\3" + server_random + bytes([len(session)]) + session + chosen + b"\0"
        transcript = hello
        flight = _message(2, body + struct.pack("!H", len(extensions)) + extensions)
        one = len(self._leaf).to_bytes(3, "big") + self._leaf
        flight += _message(11, len(one).to_bytes(3, "big") + one) + _message(14, b"")
        transcript += flight
        writer.write(b"\x16\3\3" + struct.pack("!H", len(flight)) + flight)
        await writer.drain()
        kind, content = await _record(reader)
        if kind == 24 and self._flaw == "heartbleed":
            writer.write(b"\x18\3\3" + struct.pack("!H", len(content) + 16) + b"\2" + content[1:] + bytes(16))
            return await writer.drain()
        if kind == 20:
            if self._flaw != "ccs":
                writer.write(b"\x15\3\3\0\2\2\x0a")
                return await writer.drain()
            await _record(reader)
            writer.write(b"\x15\3\3\0\2\2\x14")
            return await writer.drain()
        if kind != 22:
            return None
        transcript += content
        await self._exchange(reader, writer, content, transcript, hello[6:38], server_random)
        return None

    async def _exchange(self, reader, writer, content, transcript, client_random, server_random) -> None:
        try:
            premaster = self._key.decrypt(content[6:], padding.PKCS1v15())
            wrong = len(premaster) != 48 or premaster[:2] != b"\3\3"
        except ValueError:
            premaster, wrong = b"", True
        if self._flaw == "robot" and self._raw(content[6:])[:2] != b"\0\2":
            writer.write(b"\x15\3\3\0\2\2\x2f")  # illegal_parameter, where silence about it is due
            return await writer.drain()
        if wrong:
            premaster = token_bytes(48)
        suite = SUITES[self._suite]
        master = tls12_client.expand(suite.prf, premaster, b"master secret", client_random + server_random, 48)
        opening, sealing = tls12_client.protections(
            suite, master, client_random=client_random, server_random=server_random, draw=token_bytes
        )
        assert (await _record(reader))[0] == 20
        _kind, sealed = await _record(reader)
        if self._flaw != "poodle":
            writer.write(b"\x15\3\3\0\2\2\x14")
            return await writer.drain()
        finished = opening.open(22, sealed)  # this client's own reading does not look at the padding either
        transcript += finished
        proof = tls12_client.expand(
            suite.prf, master, b"server finished", hashlib.new(suite.prf, transcript).digest(), 12
        )
        writer.write(b"\x14\3\3\0\1\1" + sealing.seal(22, _message(20, proof)))
        return await writer.drain()

    def _raw(self, wrapped: bytes) -> bytes:
        numbers = self._key.private_numbers()
        modulus = numbers.public_numbers.n
        return pow(int.from_bytes(wrapped, "big"), numbers.d, modulus).to_bytes((modulus.bit_length() + 7) // 8, "big")

    async def _message(self, reader) -> bytes:
        kind, content = await _record(reader)
        assert kind == 22
        return content


async def _record(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readexactly(5)
    return head[0], await reader.readexactly(int.from_bytes(head[3:], "big"))


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def tried(running, look, serve, flaw: tls_flaws.Flaw, *, ticket: bytes = b"") -> bool | None:
    async def with_server(visit, host):
        server = await asyncio.start_server(serve, ADDRESS, 0)
        ports = {**visit.door.settings.port_map, 443: server.sockets[0].getsockname()[1]}
        visit.door.settings = dataclasses.replace(visit.door.settings, port_map=ports)
        first = tls_flaws._client(host)
        first.ticket, first.handshakes = ticket, 1
        try:
            return await flaw(visit, host, first)
        finally:
            server.close()
            await asyncio.sleep(0.01)

    return look(running, with_server, HOST)


FLAWED = [
    ("heartbleed", "Heartbleed"),
    ("ccs", "CCS injection"),
    ("ticketbleed", "Ticketbleed"),
    ("poodle", "POODLE over TLS"),
    ("robot", "ROBOT"),
]


@pytest.mark.parametrize(("flaw", "name"), FLAWED)
def test_a_server_with_a_flaw_is_found(running, look, issued, flaw, name):
    _made, key, leaf = issued

    assert tried(running, look, Old(key, leaf, flaw).serve, tls_flaws.FLAWS[name], ticket=b"ticket") is True


@pytest.mark.parametrize("name", ALL)
def test_the_same_server_without_the_flaw_is_not(running, look, issued, name):
    _made, key, leaf = issued

    assert tried(running, look, Old(key, leaf, "none").serve, tls_flaws.FLAWS[name], ticket=b"ticket") is False


@pytest.mark.parametrize("name", ALL)
def test_a_server_that_says_nothing_is_unclear(running, look, name):
    async def silent(reader, writer):
        await reader.read()
        writer.transport.abort()

    assert tried(running, look, silent, tls_flaws.FLAWS[name], ticket=b"ticket") in {None, False}


def test_heartbleed_is_asked_for_nothing_but_our_own_words(running, look, issued):
    _made, key, leaf = issued
    heard: list[bytes] = []

    class Listening(Old):
        async def _speak(self, reader, writer) -> None:
            original = reader.readexactly

            async def noting(count: int) -> bytes:
                heard.append(await original(count))
                return heard[-1]

            reader.readexactly = noting
            await super()._speak(reader, writer)

    tried(running, look, Listening(key, leaf, "heartbleed").serve, tls_flaws.FLAWS["Heartbleed"])
    request = heard[-1]

    assert request[:1] == b"\1"
    assert int.from_bytes(request[1:3], "big") == len(request) - 3  # no octet more than was sent


@pytest.mark.parametrize(
    ("suites", "allowed"), [("ECDHE+AESGCM", True), ("ECDHE-RSA-AES256-SHA", True), ("AES128-SHA", False)]
)
def test_renegotiation_is_counted_with_openssl(running, look, issued, tmp_path, suites, allowed):
    made, _key, _leaf = issued
    (tmp_path / "chain.pem").write_bytes(made.chain_pem)
    (tmp_path / "key.pem").write_bytes(made.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    context.maximum_version = TLS12
    context.set_ciphers(suites)
    if allowed:
        context.options |= 0x100  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION

    async def with_server(visit, host) -> TlsFlaws:
        async def serve(reader, writer):
            try:
                await reader.read()
            except OSError:
                pass
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(serve, ADDRESS, 0, ssl=context)
        ports = {**visit.door.settings.port_map, 443: server.sockets[0].getsockname()[1]}
        visit.door.settings = dataclasses.replace(visit.door.settings, port_map=ports)
        try:
            return await tls_flaws._renegotiations(visit, host, tls_flaws._client(host))
        finally:
            server.close()
            await asyncio.sleep(0.05)

    assert look(running, with_server, HOST) == (11 if allowed else 0)
