"""Pages, redirects and documents from real servers, the hostile ones among them."""

import asyncio
import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from portal.demonstration.plans import (
    Behaviour,
    CertificateKind,
    Cleartext,
    Plan,
    Reply,
    Site,
    Tls,
    Zone,
    redirect,
)
from portal.demonstration.servers import Running
from scanners.observations import (
    CleartextPage,
    LoginPage,
    Page,
    Reason,
    Scripts,
    UnresolvedReferences,
    WellKnown,
)
from scanners.probes import http
from scanners.probes.fetching import MOST_BODY, MOST_DECODED
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit

Look = Callable[..., Any]


def packed(plain: bytes) -> bytes:
    return gzip.compress(plain)


PAGES = {
    "/": Reply(
        body="""<!doctype html><title>Portal</title>
<script src="/eigenes.js" integrity="sha384-abc"></script>
<script src="https://cdn.fremd.test/fremd.js"></script>
<script src="https://gibtsnicht.fremd.test/x.js"></script>
<img src="https://portal.haus.test/bild.png"><script>inline()</script>
<a href="/anmelden">Anmelden</a> <a href="https://anderswo.test/login">Woanders</a>
<a href="/impressum">Impressum</a> <a href="/login?next=/">Log in</a>"""
    ),
    "/eigenes.js": Reply(body="var x = 1;", content_type="text/javascript"),
    "/anmelden": Reply(body='<form method="post"><input type="password" name="p"></form>'),
    "/login": Reply(body="<p>Hier nicht</p>"),
    "/robots.txt": Reply(body="User-agent: *", content_type="text/plain"),
    "/.well-known/security.txt": redirect("/security.txt", status=302),
    "/security.txt": Reply(body="Contact: mailto:a@haus.test", content_type="text/plain"),
    "/fhir/metadata": Reply(body='{"resourceType": "CapabilityStatement"}', content_type="application/fhir+json"),
    "/openapi.json": Reply(body='{"openapi": "3.0.0", "paths": {}}', content_type="application/json"),
    "/.env": Reply(body="APP_ENV=production\nDB_PASSWORD=geheim\n", content_type="text/plain"),
}
PLAN = Plan(
    zones=(
        Zone(name="haus.test", records="inside A 127.66.0.1\nwaf CNAME edge.fremd.test.\nwww CNAME portal"),
        Zone(name="fremd.test", records="cdn A 127.80.9.9\nedge A 127.80.0.10"),
        Zone(name="anderswo.test"),
    ),
    sites=(
        Site(host="portal.haus.test", address="127.80.0.10", aliases=("edge.fremd.test", "waf.haus.test"), pages=PAGES),
        Site(
            host="framed.haus.test",
            pages={"/": Reply(body='<iframe src="/sso/"></iframe>'), "/sso/": Reply(body="<input type=password>")},
        ),
        Site(host="loop.haus.test", pages={"/": redirect("/a"), "/a": redirect("/")}),
        Site(host="away.haus.test", pages={"/": redirect("https://anderswo.test/x")}),
        Site(host="inward.haus.test", pages={"/": redirect("https://inside.haus.test/")}),
        Site(host="literal.haus.test", pages={"/": redirect("http://127.66.0.1/")}),
        Site(host="port.haus.test", pages={"/": redirect("https://port.haus.test:8443/")}),
        Site(host="scheme.haus.test", pages={"/": redirect("file:///etc/passwd")}),
        Site(host="strange.haus.test", pages={"/": redirect("//[::1]:bad/\\x")}),
        Site(host="down.haus.test", cleartext=Cleartext.SERVES, pages={"/": redirect("http://down.haus.test/b")}),
        Site(host="closed.haus.test", cleartext=Cleartext.CLOSED),
        Site(host="plain.haus.test", tls=None, cleartext=Cleartext.SERVES, pages={"/": Reply(body="offen")}),
        Site(host="endless.haus.test", behaviour=Behaviour.ENDLESS),
        Site(host="drips.haus.test", behaviour=Behaviour.DRIPS),
        Site(host="flood.haus.test", behaviour=Behaviour.HEADER_FLOOD),
        Site(host="garbled.haus.test", behaviour=Behaviour.GARBLED),
        Site(host="resets.haus.test", behaviour=Behaviour.RESETS),
        Site(host="expired.haus.test", tls=Tls(certificate=CertificateKind.EXPIRED), pages={"/": Reply(body="alt")}),
        Site(host="self.haus.test", tls=Tls(certificate=CertificateKind.SELF_SIGNED), pages={"/": Reply(body="x")}),
        Site(host="other.haus.test", tls=Tls(certificate=CertificateKind.WRONG_NAME), pages={"/": Reply(body="x")}),
        Site(
            host="bomb.haus.test",
            pages={
                "/": Reply(body=packed(bytes(50_000_000)), headers=(("content-encoding", "gzip"),)),
                "/honest": Reply(body=packed("Größe".encode()), headers=(("content-encoding", "gzip"),)),
                "/deflate": Reply(body=zlib.compress(b"flach"), headers=(("content-encoding", "deflate"),)),
                "/lies": Reply(body=b"not gzip", headers=(("content-encoding", "gzip"),)),
                "/brotli": Reply(body=b"\x0b\x02\x80", headers=(("content-encoding", "br"),)),
            },
        ),
        Site(
            host="latin.haus.test",
            pages={
                "/": Reply(body="Größe".encode("latin-1"), content_type="text/html; charset=ISO-8859-1"),
                "/odd": Reply(body=b"6869", content_type="text/html; charset=hex"),
            },
        ),
        Site(
            host="wall.haus.test", missing=Reply(status=403, body="cf-chl-x", headers=(("cf-mitigated", "challenge"),))
        ),
        Site(host="busy.haus.test", missing=Reply(status=429)),
        Site(
            host="many.haus.test",
            pages={
                "/": Reply(body="".join(f'<script src="/{n}.js"></script>' for n in range(40))),
                **{f"/{n}.js": Reply(body="//" + "x" * 1000) for n in range(40)},
            },
        ),
        Site(host="big.haus.test", pages={"/": Reply(body="y" * 3_000_000)}),
    ),
)


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return serve(PLAN)


INSIDE_CLOSED = {"allowed_networks": ("127.0.0.1/32", "127.80.0.0/16")}


def requests(running: Running, host: str) -> list[str]:
    return [one.what for kind in ("http", "https") for one in running.contacts_of(host, kind=kind)]


def reason(look: Look, *arguments: Any, **options: Any) -> Reason:
    with pytest.raises(Unseen) as unseen:
        look(*arguments, **options)
    return unseen.value.reason


# --- pages


def test_a_page_is_loaded_with_its_headers_and_its_certificate_verified(running: Running, look: Look) -> None:
    seen: Page = look(running, http.page, "portal.haus.test")

    document = seen.document
    assert (document.status, document.address, document.tls_verified) == (200, "127.80.0.10", True)
    assert "<title>Portal</title>" in document.body
    assert document.values("content-type") == ("text/html; charset=utf-8",)
    assert document.http_version == "HTTP/1.1"
    assert len(document.body_sha256) == 64


@pytest.mark.parametrize("host", ["expired.haus.test", "self.haus.test", "other.haus.test"])
def test_a_bad_certificate_is_a_fact_beside_the_page(running: Running, look: Look, host: str) -> None:
    seen: Page = look(running, http.page, host)

    assert seen.document.status == 200
    assert seen.document.tls_verified is False


def test_a_redirect_loop_ends(running: Running, look: Look) -> None:
    seen: Page = look(running, http.page, "loop.haus.test")

    assert len(seen.hops) == http.MOST_REDIRECTS + 1
    assert seen.document.status == 301


def test_a_redirect_out_of_the_scope_is_noted_and_not_followed(running: Running, look: Look) -> None:
    seen: Page = look(running, http.page, "away.haus.test")

    assert seen.left_host_to == "anderswo.test"
    assert len(seen.hops) == 1
    assert running.contacts_of("anderswo.test") == ()


def test_a_redirect_to_another_host_of_the_job_is_followed(running: Running, look: Look) -> None:
    scope = ("inward.haus.test", "inside.haus.test")

    assert reason(look, running, http.page, "inward.haus.test", hosts=scope, network=INSIDE_CLOSED) is Reason.NOT_PUBLIC


@pytest.mark.parametrize("host", ["inward", "literal", "port", "scheme", "strange"])
def test_a_redirect_inside_or_elsewhere_is_never_fetched(running: Running, look: Look, host: str) -> None:
    seen: Page = look(running, http.page, f"{host}.haus.test", network=INSIDE_CLOSED)

    assert len(seen.hops) == 1
    assert set(requests(running, f"{host}.haus.test")) == {"GET /"}


def test_www_and_apex_are_one_scope() -> None:
    visit = Visit(door=None, fetcher=None, at=None, hosts=("portal.haus.test",))  # type: ignore[arg-type]

    assert visit.in_scope("haus.test", "www.haus.test")
    assert visit.in_scope("www.haus.test", "haus.test")
    assert visit.in_scope("haus.test", "portal.haus.test")
    assert not visit.in_scope("haus.test", "evil.haus.test")
    assert not visit.in_scope("haus.test", "")


def test_https_that_leads_to_http_is_seen_as_it_is(running: Running, look: Look) -> None:
    seen: Page = look(running, http.page, "down.haus.test")

    assert [hop.url.partition(":")[0] for hop in seen.hops] == ["https", "http"]
    assert seen.document.tls_verified is None


def test_cleartext_redirects_are_followed_to_https(running: Running, look: Look) -> None:
    seen: CleartextPage = look(running, http.cleartext_page, "portal.haus.test")

    assert [hop.url for hop in seen.hops] == ["http://portal.haus.test/", "https://portal.haus.test/"]
    assert not seen.closed


def test_a_closed_port_80_is_a_fact(running: Running, look: Look) -> None:
    seen: CleartextPage = look(running, http.cleartext_page, "closed.haus.test")

    assert seen.closed and seen.hops == ()


def test_a_host_without_https_is_refused(running: Running, look: Look) -> None:
    assert reason(look, running, http.page, "plain.haus.test") is Reason.REFUSED


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("flood.haus.test", {Reason.GARBLED, Reason.TOO_LARGE}),
        ("garbled.haus.test", {Reason.GARBLED}),
        ("resets.haus.test", {Reason.RESET, Reason.GARBLED}),
        ("wall.haus.test", {Reason.CHALLENGED}),
        ("busy.haus.test", {Reason.THROTTLED}),
        ("drips.haus.test", {Reason.TIMEOUT}),
    ],
)
def test_a_hostile_answer_blinds_with_its_reason_and_soon(
    running: Running, look: Look, host: str, expected: set[Reason]
) -> None:
    started = time.monotonic()

    assert reason(look, running, http.page, host) in expected
    assert time.monotonic() - started < 12


def test_an_endless_body_is_cut(running: Running, look: Look) -> None:
    seen: Page = look(running, http.page, "endless.haus.test")

    assert seen.document.cut
    assert len(seen.document.body) <= MOST_BODY


def test_a_body_over_the_cap_is_cut_and_says_so(running: Running, look: Look) -> None:
    seen: Page = look(running, http.page, "big.haus.test")

    assert seen.document.cut
    assert len(seen.document.body) == MOST_BODY


# --- encodings


def fetched(running: Running, look: Look, url: str) -> Any:
    async def probe(visit: Visit) -> Any:
        return await visit.fetcher.fetch(url)

    return look(running, probe)


def test_a_gzip_bomb_stays_small(running: Running, look: Look) -> None:
    tracemalloc.start()
    try:
        seen = fetched(running, look, "https://bomb.haus.test/")
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert seen.cut
    assert len(seen.body) <= MOST_DECODED
    assert most < 10 * MOST_DECODED


def test_a_server_that_compresses_unasked_is_read_within_limits(running: Running, look: Look) -> None:
    assert fetched(running, look, "https://bomb.haus.test/honest").body == "Größe"
    assert fetched(running, look, "https://bomb.haus.test/deflate").body == "flach"


@pytest.mark.parametrize("path", ["lies", "brotli"])
def test_what_cannot_be_unpacked_is_cut_not_guessed(running: Running, look: Look, path: str) -> None:
    seen = fetched(running, look, f"https://bomb.haus.test/{path}")

    assert (seen.body, seen.cut) == ("", True)


def test_the_named_encoding_counts_if_it_is_one_of_text(running: Running, look: Look) -> None:
    assert fetched(running, look, "https://latin.haus.test/").body == "Größe"
    assert fetched(running, look, "https://latin.haus.test/odd").body == "6869"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://portal.haus.test/", Reason.NOT_CONSENTED),
        ("https://portal.haus.test:8443/", Reason.NOT_CONSENTED),
        ("https://user@portal.haus.test/", Reason.NOT_CONSENTED),
        ("https:///", Reason.GARBLED),
        ("https://[::1]/", Reason.GARBLED),
        ("https://por tal.haus.test/", Reason.GARBLED),
        ("https://portal.haus.test:x/", Reason.GARBLED),
    ],
)
def test_only_plain_web_addresses_are_fetched(running: Running, look: Look, url: str, expected: Reason) -> None:
    assert reason(fetched, running, look, url) is expected


def test_a_hostile_path_is_quoted_on_the_wire(running: Running, look: Look) -> None:
    fetched(running, look, "https://latin.haus.test/a b\\c?ä= x#frag")

    assert "GET /a%20b%5Cc?%C3%A4=%20x" in requests(running, "latin.haus.test")


# --- what a page names


def test_scripts_are_listed_and_only_our_own_and_libraries_are_read(running: Running, look: Look) -> None:
    seen: Scripts = look(running, http.scripts, "portal.haus.test")

    own, foreign, missing = seen.scripts
    assert (own.body, own.cross_origin, own.integrity, len(own.sha1)) == ("var x = 1;", False, "sha384-abc", 40)
    assert (foreign.body, foreign.cross_origin) == ("", True)
    assert missing.url == "https://gibtsnicht.fremd.test/x.js"


def test_no_more_scripts_are_read_than_the_cap(running: Running, look: Look) -> None:
    before = len(requests(running, "many.haus.test"))

    seen: Scripts = look(running, http.scripts, "many.haus.test")

    assert len(seen.scripts) == 40
    assert sum(bool(script.body) for script in seen.scripts) == http.MOST_SCRIPTS
    assert len(requests(running, "many.haus.test")) - before == http.MOST_SCRIPTS + 1


def test_log_in_pages_are_found_behind_links_of_the_host(running: Running, look: Look) -> None:
    seen: LoginPage = look(running, http.login_page, "portal.haus.test")

    assert [page.url for page in seen.pages] == ["https://portal.haus.test/anmelden"]


def test_a_log_in_inside_a_frame_is_found(running: Running, look: Look) -> None:
    seen: LoginPage = look(running, http.login_page, "framed.haus.test")

    assert [page.url for page in seen.pages] == ["https://framed.haus.test/sso/"]


def test_references_to_names_that_do_not_exist_are_found(running: Running, look: Look) -> None:
    seen: UnresolvedReferences = look(running, http.unresolved_references, "portal.haus.test")

    assert set(seen.asked) == {"cdn.fremd.test", "gibtsnicht.fremd.test"}
    assert seen.missing == ("gibtsnicht.fremd.test",)


def test_published_documents_are_fetched_and_a_404_is_a_fact(running: Running, look: Look) -> None:
    seen: WellKnown = look(running, http.well_known, "portal.haus.test")

    assert seen.documents["/robots.txt"].status == 200
    assert seen.documents["/.well-known/webauthn"].status == 404
    assert "CapabilityStatement" in seen.documents["/fhir/metadata"].body
    assert seen.documents["/.well-known/security.txt"].url == "https://portal.haus.test/security.txt"


def test_published_documents_of_a_host_without_https_are_blind_with_its_reason(running: Running, look: Look) -> None:
    assert reason(look, running, http.well_known, "plain.haus.test") is Reason.REFUSED


def test_one_page_load_serves_all_who_read_it(running: Running, look: Look) -> None:
    before = requests(running, "many.haus.test").count("GET /")

    async def all_of_them(visit: Visit, host: str) -> None:
        await asyncio.gather(*(probe(visit, host) for probe in (http.page, http.scripts, http.login_page, http.page)))

    look(running, all_of_them, "many.haus.test")

    assert requests(running, "many.haus.test").count("GET /") == before + 1
