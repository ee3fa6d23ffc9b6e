"""Servers that break every protocol they speak: each look ends soon, with a reason, and never as a crash."""

import asyncio
import ssl
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trustme

from portal.demonstration.plans import Plan, Site, Zone
from portal.demonstration.servers import Running
from scanners.observations import Reason
from scanners.probes import http, tls
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Look = Callable[..., Any]
HOST = "opfer.haus.test"
PLAN = Plan(zones=(Zone(name="haus.test"),), sites=(Site(host=HOST),))
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return serve(PLAN)


@pytest.fixture(scope="module")
def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST).configure_cert(made)
    return made


@pytest.fixture
def attack(running: Running, look: Look, free_port: int) -> Callable[..., Any]:
    """One probe of a server of our own in the place of the host."""

    def against(probe: Any, answer: Answer, *, context: ssl.SSLContext | None = None) -> Any:
        async def survive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await answer(reader, writer)
            except (OSError, EOFError):
                pass
            finally:
                writer.transport.abort()

        async def run(visit: Visit, host: str) -> Any:
            asyncio.get_running_loop().set_exception_handler(lambda *_: None)
            server = await asyncio.start_server(survive, running.addresses[HOST], free_port, ssl=context, backlog=200)
            async with server:
                try:
                    return await asyncio.wait_for(probe(visit, host), 20)
                finally:
                    server.close()
                    await asyncio.sleep(0.05)

        return look(running, run, HOST, network={"port_map": {**running.port_map, 443: free_port}})

    return against


def says(*parts: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for part in parts:
            writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.05)

    return answer


def repeats(part: bytes, *, first: bytes = b"") -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(first)
        while True:
            writer.write(part * 100)
            await writer.drain()

    return answer


async def page_or_reason(visit: Visit, host: str) -> Any:
    try:
        return (await http.page(visit, host)).document
    except Unseen as unseen:
        return unseen.reason


@pytest.mark.parametrize(
    "answer",
    [
        says(b""),
        says(b"\x00" * 1000),
        says(b"HTTP/0.9\r\n\r\n"),
        says(b"HTTP/1.1 999999 X\r\n\r\n"),
        says(b"HTTP/1.1 200 OK\nNo-CR: 1\n\n"),
        says(OK, b"bad header line\r\n\r\n"),
        says(OK, b"Content-Length: -1\r\n\r\nx"),
        says(OK, b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nhello"),
        says(OK, b"Content-Length: 99999999999999999999\r\n\r\nx"),
        says(OK, b"Content-Length: 100\r\n\r\nshort"),
        says(OK, b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nx\r\n"),
        says(OK, b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n"),
        says(OK, b"Transfer-Encoding: chunked, gzip\r\n\r\n"),
        says(OK, b"X: " + b"a" * 200_000 + b"\r\n\r\n"),
        says(OK, *(b"X-%d: 1\r\n" % number for number in range(5_000)), b"\r\n"),
        says(b"HTTP/1.1 301 Moved\r\nLocation: \x00\xff//[\r\nContent-Length: 0\r\n\r\n"),
        says(b"HTTP/1.1 301 Moved\r\nLocation: " + b"a" * 50_000 + b"\r\nContent-Length: 0\r\n\r\n"),
        says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"),
        repeats(b"HTTP/1.1 100 Continue\r\n\r\n"),
        repeats(b"1\r\nx\r\n", first=OK + b"Transfer-Encoding: chunked\r\n\r\n"),
        repeats(b"\r\n"),
    ],
)
def test_broken_http_becomes_a_response_or_a_reason(
    attack: Look, context: ssl.SSLContext, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanners.probes.fetching.FETCH_SECONDS", 2.0)
    started = time.monotonic()

    seen = attack(page_or_reason, answer, context=context)

    assert isinstance(seen, Reason) or len(seen.body) <= 2_000_000
    assert seen is not Reason.CRASHED
    assert time.monotonic() - started < 6


def record(kind: int, payload: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(payload)) + payload


async def handshakes_or_reason(visit: Visit, host: str) -> Any:
    try:
        return await tls.tls_handshakes(visit, host)
    except Unseen as unseen:
        return unseen.reason


async def chain_or_reason(visit: Visit, host: str) -> Any:
    try:
        return await tls.certificate_chain(visit, host)
    except Unseen as unseen:
        return unseen.reason


HELLO = b"\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00"
BAD_TLS = [
    says(b""),
    says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    says(b"\x00" * 100),
    says(record(21, b"\x02\x28")),
    says(record(21, b"\x02")),
    says(record(22, HELLO)),
    says(record(22, HELLO + b"\x0b\x00\x00\x03\x00\x00\x00\x0e\x00\x00\x00")),
    says(record(22, HELLO + b"\x0b\x00\x00\x09\x00\x00\x06\x00\x00\x03abc\x0e\x00\x00\x00")),
    says(record(22, HELLO + b"\x0b\x0f\xff\xff")),
    repeats(record(22, b"\x0b\x02\x00\x00" + bytes(1000))),
    repeats(record(21, b"\x01\x70")),
    repeats(record(22, b"")),
]


@pytest.mark.parametrize("answer", BAD_TLS)
@pytest.mark.parametrize("probe", [handshakes_or_reason, chain_or_reason])
def test_broken_tls_becomes_an_observation_or_a_reason(
    attack: Look, probe: Any, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HELLO_SECONDS", 0.5)
    started = time.monotonic()

    seen = attack(probe, answer)

    assert seen is not Reason.CRASHED
    assert time.monotonic() - started < 12


def test_a_record_that_drips_ends_with_its_time(attack: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "HELLO_SECONDS", 0.5)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for byte in record(22, HELLO):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    assert attack(handshakes_or_reason, drip) is Reason.TIMEOUT
