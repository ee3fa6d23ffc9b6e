"""The closed list of ports, a real server of its protocol behind each; and what must not be taken for one."""

import asyncio
import dataclasses
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

import pytest

from portal.demonstration.plans import Exchanger, Plan, Site, Zone
from portal.demonstration.servers import Running
from scanners.data import ports as listed
from scanners.observations import OpenPorts, PortAnswer, Reason
from scanners.probes import ports
from scanners.probes.fetching import Fetcher
from scanners.probes.network import ACTIVE, Door, Unseen
from scanners.probes.visit import Visit

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HOST = "host.gut.test"

PLAN = Plan(
    zones=(
        Zone(
            name="gut.test",
            records="""
@ MX 10 mail.gut.test.
fremd CNAME host.dienst.test.
rand CNAME vendor.cdn.cloudflare.net.
""",
        ),
        Zone(name="dienst.test"),
        Zone(name="cloudflare.net", records="vendor.cdn A 127.80.7.7"),
    ),
    sites=(
        Site(host=HOST),
        Site(host="mail.gut.test"),
        Site(host="host.dienst.test"),
        Site(host="kopf.gut.test", headers=(("cf-ray", "8f1-FRA"),)),
    ),
    exchangers=(Exchanger(host="mx.gut.test"),),
)


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


# --- servers -----------------------------------------------------------------------------------


def after(want: int, *answers: bytes) -> Serve:
    """Answer once so many bytes have come, and again after each further line."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(want)
        for answer in answers:
            writer.write(answer)
            await writer.drain()
            await reader.read(200)

    return serve


def greets(first: bytes, *answers: bytes) -> Serve:
    """Speak first; answer each line that comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await writer.drain()
        for answer in answers:
            if not await reader.readline():
                return
            writer.write(answer)
            await writer.drain()
        await reader.read()

    return serve


async def waits(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hangs_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


heard_by_mongo: list[bytes] = []


async def mongo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    length, request, _to, code = struct.unpack("<iiii", await reader.readexactly(16))
    heard_by_mongo.append(await reader.readexactly(length - 16))
    assert code == 2013
    document = b"\x08ismaster\x00\x01\x00"
    body = struct.pack("<I", 0) + b"\0" + struct.pack("<i", len(document) + 4) + document
    writer.write(struct.pack("<iiii", 16 + len(body), 7, request, 2013) + body)
    await writer.drain()


heard_by_archive: list[bytes] = []


def archive(kind: int) -> Serve:
    """An image archive that accepts, rejects or aborts; it notes every PDU that comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(6)
            body = await reader.readexactly(int.from_bytes(head[2:], "big"))
            heard_by_archive.append(head + body)
            if head[0] == 5:
                writer.write(bytes.fromhex("06000000000400000000"))
                return
            answer = body if kind == 2 else b"\0\1\1\7"
            writer.write(bytes([kind, 0]) + len(answer).to_bytes(4, "big") + answer)
            await writer.drain()

    return serve


async def samba(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    length = int.from_bytes(await reader.readexactly(4), "big")
    hello = await reader.readexactly(length)
    assert hello[:4] == b"\xfeSMB"
    assert hello[64:68] == b"\x24\0\4\0"  # structure size 36, four dialects
    answer = hello[:64] + struct.pack("<HHH", 65, 1, 0x0302) + bytes(60)
    writer.write(struct.pack(">I", len(answer)) + answer)
    await writer.drain()


async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readexactly(2)
    body = await reader.readexactly(head[1])
    assert body[6] == 0x7F  # no level of any MQTT: nobody is logged in by this
    writer.write(b"\x20\x02\x00\x01")
    await writer.drain()


def web(body: bytes, *, status: bytes = b"200 OK", server: bytes = b"nginx") -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 %s\r\nServer: %s\r\nContent-Length: %d\r\n\r\n" % (status, server, len(body))
        writer.write(head + body)
        await writer.drain()

    return serve


MYSQL = b"\x0a8.0.39\0" + bytes(40)
PRELOGIN = bytes.fromhex("0401001a00000100" + "00000b0006" + "0100110001" + "ff" + "100010770000" + "02")
SERVERS: Mapping[int, Serve] = {
    21: greets(b"220 (vsFTPd 3.0.5)\r\n", b"234 Proceed\r\n"),
    22: greets(b"SSH-2.0-OpenSSH_9.6\r\n"),
    23: greets(b"\xff\xfd\x18\xff\xfd\x20"),
    104: archive(2),
    445: samba,
    502: after(11, bytes.fromhex("4b4200000003ffab01")),
    1433: after(8, PRELOGIN),
    1883: broker,
    2575: waits,
    3306: greets(len(MYSQL).to_bytes(3, "little") + b"\0" + MYSQL),
    3389: after(19, bytes.fromhex("030000130ed000001234000200080002000000")),
    5432: after(8, b"N"),
    5900: greets(b"RFB 003.008\n"),
    6379: after(6, b"+PONG\r\n"),
    8080: web(b"<title>Tomcat</title>", server=b"Apache-Coyote/1.1"),
    9200: web(b'{"cluster_name":"elasticsearch","tagline":"You Know, for Search"}'),
    11112: archive(3),
    27017: mongo,
}


def asked(
    running: Running, servers: Mapping[int, Serve], *, host: str = HOST, mail_server: bool = False, at: object = None
) -> OpenPorts:
    """Look at a host with these servers; every other port of the list is closed."""
    address = running.addresses.get(host, "127.80.7.7")

    async def look() -> OpenPorts:
        async with AsyncExitStack() as ending:
            mapped = dict.fromkeys(listed.CLOSED_LIST, await _closed_port(address))
            for port, serve in servers.items():
                server = await asyncio.start_server(_ending(serve), address, 0)
                ending.callback(server.close)
                mapped[port] = server.sockets[0].getsockname()[1]
            network = dataclasses.replace(running.network(), port_map={**running.port_map, **mapped})
            door = Door(network, budget=ACTIVE)
            fetcher = Fetcher(door)
            try:
                return await ports.open_ports(Visit(door=door, fetcher=fetcher, at=at, hosts=(host,)), host)
            finally:
                await fetcher.aclose()
                await door.aclose()
                await asyncio.sleep(0.01)

    seen = asyncio.run(look())
    assert seen.mail_server is mail_server
    return seen


def _ending(serve: Serve) -> Serve:
    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    return run


async def _closed_port(address: str) -> int:
    server = await asyncio.start_server(hangs_up, address, 0)
    number = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return number


def by_port(seen: OpenPorts) -> dict[int, PortAnswer]:
    return {one.port: one for one in seen.answers}


# --- what is recognised ------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "WORD_SECONDS", 0.6)


def test_every_service_of_the_list_is_told_by_its_own_protocol(running, at):
    heard_by_archive.clear()
    seen = asked(running, SERVERS, at=at)
    found = by_port(seen)

    services = {port: one.service for port, one in found.items() if one.state == "open"}
    assert services == {port: name for port, name in listed.HOST_PORTS.items() if name != "mllp"}
    assert found[2575].state == "waiting"
    assert found[21].detail == "tls"
    assert found[22].detail == "SSH-2.0-OpenSSH_9.6"
    assert found[104].detail == "accepted"
    assert found[11112].detail == "rejected"
    assert found[445].detail == "SMB 3.0"
    assert found[1433].detail == "16.0.4215"
    assert found[3306].detail == "8.0.39"
    assert found[3389].detail == "NLA"
    assert found[5432].detail == "no-tls"
    assert found[6379].detail == "open"
    assert found[8080].detail == "200 Apache-Coyote/1.1"
    assert found[9200].detail == "open"
    assert [one.state for one in seen.controls] == ["closed", "closed"]
    assert seen.address == running.addresses[HOST]


def test_an_archive_is_asked_for_verification_alone_and_let_go(running, at):
    heard_by_archive.clear()
    asked(running, {104: archive(2)}, at=at)

    request, release = heard_by_archive
    assert b"1.2.840.10008.1.1" in request
    assert request.count(b"1.2.840.10008.1.") == 2  # Verification and its transfer syntax, no storage, no query
    assert b"1.2.840.10008.5.1.4" not in request
    assert release[:1] == b"\5"


def test_closed_ports_are_closed(running, at):
    seen = asked(running, {}, at=at)

    assert {one.state for one in seen.answers} == {"closed"}
    assert len(seen.answers) + len(seen.controls) == listed.MOST_PORTS


def test_f13_a_syn_proxy_that_takes_every_connection_opens_no_port(running, at):
    seen = asked(running, dict.fromkeys(listed.CLOSED_LIST, hangs_up), at=at)

    assert all(one.connected for one in seen.controls)
    assert seen.answers == ()


def test_f13_a_port_that_speaks_another_protocol_is_not_the_service(running, at):
    wrong = web(b"<title>Sperrseite</title>", status=b"403 Forbidden")
    servers = {
        3389: greets(b"220 mail ESMTP\r\n"),
        3306: greets(b"SSH-2.0-x\r\n"),
        6379: hangs_up,
        9200: wrong,
        5900: waits,
    }
    found = by_port(asked(running, servers, at=at))

    assert {port: found[port].state for port in (3389, 3306, 6379, 5900)} == {
        3389: "mute",
        3306: "mute",
        6379: "mute",
        5900: "waiting",
    }
    assert (found[9200].state, found[9200].service) == ("open", "http")


# --- where nobody is asked ---------------------------------------------------------------------


def test_f6_an_address_of_a_content_network_is_never_asked(running, at):
    by_alias = asked(running, SERVERS, host="rand.gut.test", at=at)
    by_header = asked(running, SERVERS, host="kopf.gut.test", at=at)

    assert by_alias.edges == by_header.edges == ("Cloudflare",)
    assert by_alias.answers == by_alias.controls == by_header.answers == by_header.controls == ()


def test_an_alias_into_someone_elses_domain_is_not_covered_by_a_consent(running, at):
    with pytest.raises(Unseen) as unseen:
        asked(running, SERVERS, host="fremd.gut.test", at=at)

    assert unseen.value.reason is Reason.NOT_CONSENTED


def test_no_port_outside_the_closed_list_can_be_connected_to(running, at):
    async def knock() -> None:
        door = Door(running.network(), budget=ACTIVE)
        try:
            await door.connect(HOST, 2375)
        finally:
            await door.aclose()

    with pytest.raises(Unseen) as unseen:
        asyncio.run(knock())

    assert unseen.value.reason is Reason.NOT_CONSENTED


# --- mail servers ------------------------------------------------------------------------------

POP3_PLAIN = greets(b"+OK Dovecot ready.\r\n", b"+OK\r\nUSER\r\nSTLS\r\n.\r\n")
POP3_STRICT = greets(b"+OK Dovecot ready.\r\n", b"+OK\r\nSTLS\r\nUIDL\r\n.\r\n")
IMAP_PLAIN = greets(b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\na1 OK done\r\n")
IMAP_STRICT = greets(b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n")
SMTP_PLAIN = greets(b"220 mail ESMTP\r\n", b"250-mail\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n")
SMTP_STRICT = greets(b"220 mail ESMTP\r\n", b"250-mail\r\n250 STARTTLS\r\n")


@pytest.mark.parametrize(
    ("servers", "detail"),
    [
        ({110: POP3_PLAIN, 143: IMAP_PLAIN, 587: SMTP_PLAIN}, "plain-login"),
        ({110: POP3_STRICT, 143: IMAP_STRICT, 587: SMTP_STRICT}, "tls-first"),
        ({110: greets(b"+OK\r\n", b"-ERR unknown\r\n")}, "plain-login"),
    ],
)
def test_a_mail_server_tells_whether_passwords_cross_in_the_clear(running, at, servers, detail):
    seen = asked(running, servers, host="mail.gut.test", mail_server=True, at=at)

    assert {one.detail for one in seen.answers if one.state == "open"} == {detail}
    assert {one.port for one in seen.answers}.isdisjoint(listed.NOT_AT_MAIL_SERVERS)
    assert len(seen.answers) + len(seen.controls) == listed.MOST_PORTS


# --- hostile servers ---------------------------------------------------------------------------


async def floods(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"\xff" * 65_536)
        await writer.drain()


async def drips(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("hostile_server", [floods, drips])
def test_a_flood_and_a_drip_end_with_our_patience(running, at, hostile_server):
    hostile = (3389, 5432, 6379, 3306, 104, 5900)
    started = time.monotonic()
    found = by_port(asked(running, dict.fromkeys(hostile, hostile_server), at=at))

    assert {found[port].state for port in hostile} == {"mute"}
    assert time.monotonic() - started < 10
