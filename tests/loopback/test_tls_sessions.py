"""A whole TLS 1.3 handshake with OpenSSL, and early data with OpenSSL's own test server."""

import asyncio
import contextlib
import dataclasses
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.demonstration.authority import Authority
from portal.demonstration.plans import CertificateKind, KeyKind, Plan, Site, Tls, Zone
from scanners.observations import Reason
from scanners.probes import tls_flaws, tls_sessions
from scanners.probes.network import Unseen

PLAN = Plan(
    zones=(Zone(name="gut.test", records="frueh A 127.80.44.1\nzu A 127.80.44.2\nkaputt A 127.80.44.3"),),
    sites=(
        Site(host="neu.gut.test"),
        Site(host="alt.gut.test", tls=Tls(highest=ssl.TLSVersion.TLSv1_2)),
        Site(host="gross.gut.test", tls=Tls(lowest=ssl.TLSVersion.TLSv1_3, key=KeyKind.RSA_2048)),
    ),
)


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


def test_tickets_without_early_data(running, look):
    seen = look(running, tls_sessions.session, "neu.gut.test")

    assert seen.tls13
    assert seen.tickets >= 1
    assert (seen.early_data, seen.early_status) == (None, None)
    assert seen.protocol == "http/1.1"
    assert seen.address == running.addresses["neu.gut.test"]


def test_a_server_of_tls_13_alone(running, look):
    assert look(running, tls_sessions.session, "gross.gut.test").tickets >= 1


def test_a_server_without_tls_13(running, look):
    assert look(running, tls_sessions.session, "alt.gut.test").tls13 is False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("curve", ["prime256v1", "secp384r1"])
def test_servers_that_insist_on_one_curve(running, look, at, tmp_path, version, curve):
    issued = Authority(at=at).issue(("kaputt.gut.test",), kind=CertificateKind.GOOD, key_kind=KeyKind.EC_P256)
    (tmp_path / "chain.pem").write_bytes(issued.chain_pem)
    (tmp_path / "key.pem").write_bytes(issued.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    context.minimum_version = context.maximum_version = version
    context.set_ecdh_curve(curve)

    async def with_server(visit, host):
        async def serve(reader, writer):
            with contextlib.suppress(OSError):
                await reader.read()
            writer.transport.abort()

        server = await asyncio.start_server(serve, "127.80.44.3", 0, ssl=context)
        ports = {**visit.door.settings.port_map, 443: server.sockets[0].getsockname()[1]}
        visit.door.settings = dataclasses.replace(visit.door.settings, port_map=ports)
        try:
            client = tls_flaws._client(host)
            await tls_flaws._renegotiations(visit, host, client)
            return client.handshakes, await tls_sessions.session(visit, host)
        finally:
            server.close()
            await asyncio.sleep(0.05)

    handshakes, seen = look(running, with_server, "kaputt.gut.test")

    assert handshakes == (1 if version is ssl.TLSVersion.TLSv1_2 else 0)
    assert seen.tls13 is (version is ssl.TLSVersion.TLSv1_3)


def test_a_closed_port_is_blind(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, tls_sessions.session, "zu.gut.test")

    assert unseen.value.reason is Reason.REFUSED


@pytest.fixture(scope="module")
def early(at, running, tmp_path_factory) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """OpenSSL's own server, which takes early data and answers with what we write to it."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs the openssl program")
    folder: Path = tmp_path_factory.mktemp("early")
    issued = Authority(at=at).issue(("frueh.gut.test",), kind=CertificateKind.GOOD, key_kind=KeyKind.EC_P256)
    (folder / "chain.pem").write_bytes(issued.chain_pem)
    (folder / "key.pem").write_bytes(issued.key_pem)
    with socket.socket() as probe:
        probe.bind(("127.80.44.1", 0))
        port: int = probe.getsockname()[1]
    command = [program, "s_server", "-accept", f"127.80.44.1:{port}", "-cert", str(folder / "chain.pem")]
    command += [
        "-key",
        str(folder / "key.pem"),
        "-tls1_3",
        "-early_data",
        "-alpn",
        "http/1.1",
        "-quiet",
        "-no_anti_replay",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        for _attempt in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.80.44.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield server, port
        server.kill()


@pytest.mark.parametrize("status", [200, 425])
def test_early_data_with_openssl(running, look, early, monkeypatch, status):
    server, port = early
    monkeypatch.setattr(tls_sessions, "TICKET_SECONDS", 3.0)
    network = {"port_map": {**running.port_map, 443: port}}

    async def answering(*arguments):
        async def answer() -> None:
            loop = asyncio.get_running_loop()
            received = b""
            while b"GET / HTTP/1.1" not in received:
                received += await loop.run_in_executor(None, server.stdout.read1, 4096)
            server.stdin.write(f"HTTP/1.1 {status} -\r\nContent-Length: 0\r\n\r\n".encode())
            server.stdin.flush()

        task = asyncio.create_task(answer())
        try:
            return await tls_sessions.session(*arguments)
        finally:
            task.cancel()

    seen = look(running, answering, "frueh.gut.test", network=network)

    assert seen.early_data == 16384
    assert seen.early_status == status


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", b""])
def test_what_is_no_tls_is_blind(running, look, answer):
    async def with_server(visit, host):
        async def serve(reader, writer):
            await reader.read(2000)
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.80.44.3", 0)
        port = server.sockets[0].getsockname()[1]
        network = dataclasses.replace(visit.door.settings, port_map={**visit.door.settings.port_map, 443: port})
        visit.door.settings = network
        try:
            return await tls_sessions.session(visit, host)
        finally:
            server.close()
            await asyncio.sleep(0.01)

    with pytest.raises(Unseen) as unseen:
        look(running, with_server, "kaputt.gut.test")

    assert unseen.value.reason in {Reason.GARBLED, Reason.RESET}


RECORDS = [b"\x16\3\3\0\1\2", b"\x14\3\3\0\1\1", b"\x17\3\3\x40\0" + bytes(16_384)]


@pytest.mark.parametrize("record", RECORDS, ids=["hellos", "ciphers", "sealed"])
def test_a_flood_of_records_is_blind_and_soon_over(running, look, record):
    async def with_server(visit, host):
        async def serve(reader, writer):
            try:
                await reader.read(2000)
                while True:
                    writer.write(record * 64)
                    await writer.drain()
            except OSError:
                pass
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(serve, "127.80.44.3", 0)
        port = server.sockets[0].getsockname()[1]
        visit.door.settings = dataclasses.replace(
            visit.door.settings, port_map={**visit.door.settings.port_map, 443: port}
        )
        try:
            return await tls_sessions.session(visit, host)
        finally:
            server.close()
            await asyncio.sleep(0.05)

    with pytest.raises(Unseen) as unseen:
        look(running, with_server, "kaputt.gut.test")

    assert unseen.value.reason is Reason.GARBLED
