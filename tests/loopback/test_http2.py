"""HTTP/2 where a server offers it: one connection, the same observations, and no more spent than over HTTP/1.1."""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from portal.demonstration.plans import CertificateKind, Plan, Reply, Site, Tls, Zone, redirect
from portal.demonstration.servers import Running
from scanners.observations import Observation, Response
from scanners.probes import http
from scanners.probes.network import Gate
from scanners.probes.visit import Visit

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
