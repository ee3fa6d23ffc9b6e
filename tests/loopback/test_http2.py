"""HTTP/2 where a server offers it: one connection, the same observations, and no more spent than over HTTP/1.1."""

import asyncio
import contextlib
import dataclasses
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import trustme

from portal.demonstration.plans import CertificateKind, Plan, Reply, Site, Tls, Zone, redirect
from portal.demonstration.servers import Running
from scanners.observations import Observation, Reason, Response
from scanners.probes import http, lines
from scanners.probes.fetching import Fetcher
from scanners.probes.network import ACTIVE, Door, Gate, Unseen
from scanners.probes.visit import Visit
from tests.loopback import hostile

Look = Callable[..., Any]

PAGES = {
    "/": Reply(
        body='<script src="/a.js"></script><script src="/b.js"></script><a href="/login">Login</a>',
        headers=(
            ("Set-Cookie", "a=1; Secure"),
            ("X-Powered-By", "  Muster/1.0  "),
            ("Set-Cookie", "b=2; HttpOnly"),
            ("SET-COOKIE", "a=3"),
            ("Server", "muster"),
            ("Link", "<a>; rel=x"),
            ("link", "<b>; rel=y"),
        ),
    ),
    "/a.js": Reply(body="var a = 1;", content_type="text/javascript", chunked=True),
    "/b.js": Reply(body="var b = '" + "x" * 1_200_000 + "';", content_type="text/javascript"),
    "/login": Reply(body="<input type=password>", headers=(("set-cookie", "s=Größe"),)),
    "/robots.txt": Reply(body="", content_type="text/plain"),
    "/security.txt": redirect("/.well-known/security.txt", status=302),
    "/.well-known/security.txt": Reply(body="Contact: mailto:a@haus.test", content_type="text/plain"),
    "/.well-known/change-password": Reply(status=204),
    "/metadata": Reply(status=500, body="Fehler"),
}
HOST, BAD = "portal.haus.test", "alt.haus.test"
SITES = (
    Site(
        host=HOST, pages=PAGES, headers=(("Strict-Transport-Security", "max-age=1"), ("strict-transport-security", ""))
    ),
    Site(host=BAD, tls=Tls(certificate=CertificateKind.EXPIRED), pages=PAGES),
)


def plan(*, http2: bool) -> Plan:
    sites = tuple(dataclasses.replace(site, http2=http2) for site in SITES)
    return Plan(zones=(Zone(name="haus.test"),), sites=sites)


@pytest.fixture(scope="module")
def old(serve: Callable[[Plan], Running]) -> Running:
    return serve(plan(http2=False))


@pytest.fixture(scope="module")
def new(serve: Callable[[Plan], Running]) -> Running:
    return serve(plan(http2=True))


HOP_BY_HOP = {"connection", "transfer-encoding"}


def plain(response: Response) -> Response:
    """What has to be the same whichever version was spoken."""
    fields = tuple((name, value) for name, value in response.headers if name not in HOP_BY_HOP)
    return dataclasses.replace(response, headers=fields, http_version="")


def everything(visited: Visit, host: str) -> Any:
    probes = (http.page, http.scripts, http.login_page, http.well_known, http.cleartext_page)
    return asyncio.gather(*(probe(visited, host) for probe in probes))


def stripped(seen: Observation) -> Observation:
    if isinstance(seen, http.WellKnown):
        return dataclasses.replace(seen, documents={path: plain(one) for path, one in seen.documents.items()})
    for name in ("hops", "pages"):
        if hasattr(seen, name):
            seen = dataclasses.replace(seen, **{name: tuple(plain(one) for one in getattr(seen, name))})
    return seen


@pytest.mark.parametrize("host", [HOST, BAD])
def test_a_site_looks_the_same_over_both_versions(old: Running, new: Running, look: Look, host: str) -> None:
    before, after = look(old, everything, host), look(new, everything, host)

    assert [one.document.http_version for one in (before[0], after[0])] == ["HTTP/1.1", "HTTP/2"]
    assert [stripped(one) for one in after] == [stripped(one) for one in before]


async def spent(visit: Visit, host: str) -> Mapping[str, Gate]:
    await everything(visit, host)
    return visit.door.spent()


def test_requests_share_one_connection_and_each_is_counted(old: Running, new: Running, look: Look) -> None:
    before, after = (look(running, spent, HOST)[HOST] for running in (old, new))

    assert after.requests == before.requests
    # One for HTTPS, one for the page in the clear.
    assert after.connections == 2 < before.connections


# --- servers that do it badly

NOTHING = hostile.pages({})


@pytest.fixture
def against(new: Running, look: Look, free_port: int) -> Callable[..., Any]:
    """A probe of a server of our own in the place of the host: what it saw and what was spent on it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST).configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])

    def run(probe: Callable[[Visit], Any], http2: hostile.Handler, http1: hostile.Handler = NOTHING) -> Any:
        async def visit(visit: Visit) -> Any:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    agreed = writer.get_extra_info("ssl_object").selected_alpn_protocol()
                    await (http2 if agreed == "h2" else http1)(reader, writer)
                except (OSError, EOFError):
                    pass
                finally:
                    writer.transport.abort()

            asyncio.get_running_loop().set_exception_handler(lambda *_: None)
            server = await asyncio.start_server(serve, new.addresses[HOST], free_port, ssl=context)
            async with server:
                seen = await probe(visit)
                gate = visit.door.spent()[HOST]
                server.close()
                await visit.fetcher.aclose()
                await asyncio.sleep(0.05)
                return seen, gate.requests, gate.connections

        return look(new, visit, network={"port_map": {**new.port_map, 443: free_port}})

    return run


def several(count: int, path: str = "/") -> Callable[[Visit], Any]:
    """So many requests at once: a status, or the reason why there is none."""

    async def one(visit: Visit) -> int | Reason:
        try:
            return (await visit.fetcher.fetch(f"https://{HOST}{path}")).status
        except Unseen as unseen:
            return unseen.reason

    async def all_of_them(visit: Visit) -> list[int | Reason]:
        # The first finds out that the certificate is nobody's; all after it do without.
        return [await one(visit), *await asyncio.gather(*(one(visit) for _time in range(count - 1)))]

    return all_of_them


PAGE = hostile.pages({b"/": hostile.document(b"x")})


def test_falling_back_costs_one_request_and_one_connection_and_happens_once(against: Callable[..., Any]) -> None:
    said_by_http1 = hostile.says(hostile.document(b"x"))

    seen, requests, connections = against(several(6), said_by_http1, PAGE)
    assert seen == [200] * 6
    assert requests == 6 + 1
    # With the certificate refused, without it and with HTTP/2, and then one for each that the server closes.
    assert connections == 2 + 6


def test_a_server_that_asks_for_http1_gets_it(against: Callable[..., Any]) -> None:
    wants = hostile.every_request(lambda stream: hostile.frame(hostile.RST_STREAM, b"\0\0\0\x0d", stream=stream))

    seen, requests, _connections = against(several(4), wants, PAGE)

    assert seen == [200] * 4
    assert requests == 4 + 1


def test_what_a_leaving_server_has_not_looked_at_is_sent_once_more(against: Callable[..., Any]) -> None:
    seen_streams: list[int] = []

    async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(hostile.PREFACE_LENGTH)
        writer.write(hostile.GREETING)
        seen_streams.append(await hostile.heard(reader))
        if len(seen_streams) == 1:
            writer.write(hostile.frame(hostile.GOAWAY, bytes(8)))
        else:
            writer.write(hostile.whole_response(1))
        await hostile.stays_silent(reader, writer)

    seen, requests, connections = against(several(1), leaves)

    assert (seen, requests, connections) == ([200], 2, 3)


def test_what_is_refused_again_and_again_ends_and_spends_little(against: Callable[..., Any]) -> None:
    refuses = hostile.every_request(lambda stream: hostile.frame(hostile.RST_STREAM, b"\0\0\0\7", stream=stream))

    seen, requests, connections = against(several(30), refuses)

    assert seen == [Reason.RESET] * 30
    assert requests == 30 + lines.MOST_AGAIN
    assert connections <= 4


def test_a_connection_that_always_ends_is_not_opened_for_ever(against: Callable[..., Any]) -> None:
    async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(hostile.PREFACE_LENGTH)
        writer.write(hostile.GREETING + hostile.frame(hostile.GOAWAY, bytes(8)))
        await writer.drain()

    seen, requests, connections = against(several(20), leaves)

    assert set(seen) == {Reason.RESET}
    assert requests <= 20 + lines.MOST_AGAIN
    assert connections <= 20 * 2


def test_one_at_a_time_is_kept_to(against: Callable[..., Any]) -> None:
    waiting, most = 0, 0

    async def one_at_a_time(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting, most
        await reader.readexactly(hostile.PREFACE_LENGTH)
        writer.write(hostile.frame(hostile.SETTINGS, hostile.setting(3, 1)))
        asked = asyncio.Queue[int]()

        async def answer() -> None:
            nonlocal waiting
            while True:
                stream = await asked.get()
                await asyncio.sleep(0.01)
                waiting -= 1
                writer.write(hostile.whole_response(stream))

        answering = asyncio.create_task(answer())
        try:
            while True:
                asked.put_nowait(await hostile.heard(reader))
                waiting += 1
                most = max(most, waiting)
        finally:
            answering.cancel()

    seen, requests, connections = against(several(10), one_at_a_time)

    assert (seen, requests, connections, most) == ([200] * 10, 10, 2, 1)


def test_a_request_that_is_given_up_harms_no_other(against: Callable[..., Any]) -> None:
    async def answers_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(hostile.PREFACE_LENGTH)
        writer.write(hostile.GREETING)
        while True:
            stream = await hostile.heard(reader)
            if stream > 1:
                writer.write(hostile.whole_response(stream))

    async def give_up(visit: Visit) -> tuple[bool, int]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await visit.fetcher.fetch(f"https://{HOST}/")
        second = await visit.fetcher.fetch(f"https://{HOST}/")
        return True, second.status

    seen, requests, connections = against(give_up, answers_the_second)

    assert (seen, requests, connections) == ((True, 200), 2, 2)


def test_an_answer_is_read_past_a_farewell_and_the_next_request_connects_anew(against: Callable[..., Any]) -> None:
    async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(hostile.PREFACE_LENGTH)
        writer.write(hostile.GREETING)
        await hostile.heard(reader)
        writer.write(hostile.frame(hostile.GOAWAY, b"\0\0\0\1" + bytes(4)))
        await asyncio.sleep(0.05)
        writer.write(hostile.whole_response(1))
        await hostile.stays_silent(reader, writer)

    async def one_after_another(visit: Visit) -> list[int]:
        return [(await visit.fetcher.fetch(f"https://{HOST}/")).status for _time in range(3)]

    seen, requests, connections = against(one_after_another, polite)

    assert (seen, requests, connections) == ([200] * 3, 3, 1 + 3)


def test_bodies_that_are_let_go_of_leave_room_for_those_that_follow(new: Running, look: Look) -> None:
    async def probe(visit: Visit) -> tuple[int, int]:
        for _time in range(20):
            response = await visit.fetcher.fetch(f"https://{HOST}/b.js", at_most=10)
            assert response.cut
        return visit.door.spent()[HOST].connections, len((await visit.fetcher.fetch(f"https://{HOST}/b.js")).body)

    assert look(new, probe) == (1, 1_200_011)


def test_the_active_class_keeps_no_connection_open(new: Running, look: Look) -> None:
    async def probe(_visit: Visit) -> tuple[int, int]:
        door = Door(new.network(), budget=dataclasses.replace(ACTIVE, requests_per_second=None))
        fetcher = Fetcher(door)
        for _time in range(3):
            await fetcher.fetch(f"https://{HOST}/")
        free = door.spent()[HOST].at_once
        async with asyncio.timeout(1):
            for _place in range(ACTIVE.connections_at_once):
                await free.acquire()
        await fetcher.aclose()
        await door.aclose()
        return door.spent()[HOST].connections, door.spent()[HOST].requests

    assert look(new, probe) == (3, 3)


def test_a_long_life_over_http1_is_not_counted_as_one_head(old: Running, look: Look) -> None:
    """The bytes before a body are counted for each response anew."""

    async def probe(visit: Visit) -> tuple[int, set[int]]:
        lengths = {len((await visit.fetcher.fetch(f"https://{HOST}/b.js")).body) for _time in range(10)}
        return visit.door.spent()[HOST].connections, lengths

    assert look(old, probe) == (1, {1_200_011})


@pytest.mark.parametrize(
    ("method", "path", "content"), [("POST", "/login", b'{"query": "{a}"}' * 1_000), ("HEAD", "/b.js", b"")]
)
def test_other_methods_look_the_same_too(
    old: Running, new: Running, look: Look, method: str, path: str, content: bytes
) -> None:
    async def probe(visit: Visit) -> list[Response]:
        url = f"https://{HOST}{path}"
        return [await visit.fetcher.fetch(url, method=method, content=content) for _time in range(3)]

    before, after = look(old, probe), look(new, probe)

    assert {one.http_version for one in after} == {"HTTP/2"}
    assert [plain(one) for one in after] == [plain(one) for one in before]
