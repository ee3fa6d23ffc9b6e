"""The active class on real servers: what stands open is found, and no complaint of a false alarm comes true."""

import asyncio
import datetime as dt
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from portal.demonstration.plans import Behaviour, Plan, Reply, Site, Zone, redirect
from portal.demonstration.servers import Running
from scanners import judging, scan, storing
from scanners.data import unpublished as listed
from scanners.jobs import ScanJob, SubjectSeen
from scanners.model import CheckClass, Observations, Outcome, Subject, SubjectKind
from scanners.observations import Reason, UnpublishedPaths
from scanners.probes import unpublished
from scanners.probes.network import Unseen

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
BYTES = "application/octet-stream"
SECRETS = ("s3cr3t-Pa55word", "MIIEowIBAAKCAQEAqq", "Mustermann", "kliniknetz")
PAGE = "<!doctype html><title>Portal</title><script src='/static/js/app.js'></script><p>Guten Tag"
LISTING = "<html><head><title>Index of {0}</title></head><body><a href=\"../\">../</a><a href='befund.pdf'>b</a></body>"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRETS[1]}\n-----END RSA PRIVATE KEY-----\n"
OPENAPI = {
    "openapi": "3.0.1",
    "info": {"title": "Portal", "description": SECRETS[2] * 9000},  # beyond what was read before
    "security": [{"oauth": []}],
    "paths": {"/patients": {"get": {"security": []}}, "/orders": {"get": {}, "parameters": []}},
}
FILES = {
    "/": Reply(body=PAGE),
    "/.git/config": Reply(body="[core]\n\trepositoryformatversion = 0\n\tbare = false\n", content_type=TEXT),
    "/.env": Reply(body=f"APP_ENV=production\nDB_PASSWORD={SECRETS[0]}\n", content_type=TEXT),
    "/id_rsa": Reply(body=KEY, content_type=TEXT),
    "/backup.zip": Reply(body=b"PK\x03\x04\x14\x00" + SECRETS[2].encode() * 100_000, content_type="application/zip"),
    "/.DS_Store": Reply(body=b"\x00\x00\x00\x01Bud1\x00\x00\x10" + SECRETS[3].encode(), content_type=BYTES),
}
SETTINGS = {
    "/": Reply(body=PAGE),
    "/.svn/wc.db": Reply(body=b"SQLite format 3\x00\x10\x00\x01", content_type=BYTES),
    "/.htpasswd": Reply(body=f"admin:$apr1$ab$c{SECRETS[0]}\n", content_type=TEXT),
    "/index.php~": Reply(body=f"<?php $password = '{SECRETS[0]}'; ?><!DOCTYPE html><title>x", content_type=BYTES),
    "/storage/logs/laravel.log": Reply(
        body=f"[2026-11-20 10:00:00] production.ERROR: {SECRETS[2]}\n", content_type=TEXT
    ),
}
CONSOLES = {
    "/": Reply(body=LISTING.format("/")),
    "/uploads/": Reply(body=LISTING.format("/uploads/")),
    "/server-status": Reply(body="<title>Apache Status</title><dt>Server Version: Apache</dt>"),
    "/phpmyadmin/": Reply(body="<title>phpMyAdmin</title><input name='pma_username'><input type=password>"),
    "/admin/": redirect("/admin/login/?next=/admin/", status=302),
    "/admin/login/": Reply(body="<!doctype html><title>Verwaltung</title><form><input type=password name=p></form>"),
    "/wp-login.php": Reply(body="<title>Log In</title><input type=password><input id='wp-submit'>"),
    "/crossdomain.xml": Reply(
        body='<cross-domain-policy><allow-access-from domain="*"/></cross-domain-policy>', content_type="text/xml"
    ),
}
MAPS = {
    "/": Reply(body=PAGE + "<a href='/api/openapi.json'>API</a><base-url='https://maps.haus.test/r/fhir/'>"),
    "/api/openapi.json": Reply(body=json.dumps(OPENAPI), content_type=JSON),
    "/static/js/app.js.map": Reply(
        body=json.dumps({"version": 3, "mappings": "A" * 80_000, "sources": ["a.ts"], "sourcesContent": ["let x"]}),
        content_type=JSON,
    ),
}
INTERFACES = {
    "/": Reply(body=PAGE),
    "/openapi.json": Reply(body=json.dumps(OPENAPI), content_type=JSON),
    "/actuator": Reply(
        body='{"_links":{"self":{"href":"x"},"env":{"href":"https://x/actuator/env"},"heapdump":{"href":"x"}}}',
        content_type=JSON,
    ),
    "/actuator/env": Reply(body=json.dumps({"password": SECRETS[0]}), content_type=JSON),
    "/actuator/heapdump": Reply(body=SECRETS[0], content_type=BYTES),
    "/metrics": Reply(body="# HELP up Is it up.\n# TYPE up gauge\nup 1\n", content_type=TEXT),
    "/graphql": Reply(body='{"data":{"__schema":{"queryType":{"name":"Query"}}}}', content_type=JSON),
}
ARCHIVES = {
    "/": Reply(body=PAGE),
    "/fhir/Patient?_summary=count": Reply(
        body='{"resourceType":"Bundle","type":"searchset","total":4711}', content_type="application/fhir+json"
    ),
    "/dicom-web/studies": Reply(body="[]", content_type="application/dicom+json"),
    "/dcm4chee-arc/aets/DCM4CHEE/rs/studies": Reply(status=204),
}
ENGINES = {
    "/": Reply(body=PAGE),
    "/system": Reply(body='{"DicomAet":"KLINIK","Name":"kliniknetz","Version":"1.12.3"}', content_type=JSON),
    "/webadmin/Index.action": Reply(body="<title>Mirth Connect Administrator</title>"),
    "/api/openapi.json": Reply(
        body='{"openapi":"3.0.1","info":{"title":"Mirth Connect Client API","version":"4.4.0"}}', content_type=JSON
    ),
}
DEBUGGING = Reply(
    status=404,
    body="<title>Not found: /x</title>because you have <code>DEBUG = True</code> Traceback (most recent call last)",
)
SPA = Reply(body="<!doctype html><html><head><title>Portal</title></head><body><div id=app></div></body></html>")
REJECTED = Reply(body="<html><head><title>Request Rejected</title></head><body>Your support ID is: 1</body></html>")
WALL = Reply(status=403, body="Attention Required! | Cloudflare", headers=(("cf-mitigated", "challenge"),))


class Repeating(dict[str, Reply]):
    """A site that repeats every address it is asked for, with the type that the ending asks for."""

    def get(self, target: str, default: Any = None) -> Any:
        del default
        path = target.partition("?")[0]
        ending = path.rpartition("/")[2].rpartition(".")[2]
        kinds = {"json": JSON, "zip": "application/zip", "xml": "text/xml", "key": TEXT, "yml": TEXT, "log": TEXT}
        return Reply(
            body=f"<!doctype html><title>Suche: {path}</title><h1>{path}</h1><p>Kein Treffer für {path}</p>",
            content_type=kinds.get(ending, "text/html; charset=utf-8"),
        )


class Baiting(dict[str, Reply]):
    """A honeypot: whatever is asked for is there, if only the ending or the folder is right."""

    BAIT: ClassVar[Mapping[str, tuple[str | bytes, str]]] = {
        ".zip": (b"PK\x03\x04\x14\x00", "application/zip"),
        ".key": (KEY, TEXT),
        ".sql": ("-- MySQL dump 10.13\nCREATE TABLE a (b int);", TEXT),
        ".json": (json.dumps(OPENAPI), JSON),
        ".log": ("[20-Nov-2026 10:00:00 UTC] PHP Warning: x", TEXT),
        "/.git/": ("[core]\n\tbare = false\n", TEXT),
        "/actuator/": ('{"status":"UP","components":{}}', JSON),
        "/fhir/": ('{"resourceType":"Bundle","total":3}', JSON),
        "graphql": ('{"data":{"__schema":{"queryType":{"name":"Query"}}}}', JSON),
    }

    def get(self, target: str, default: Any = None) -> Any:
        del default
        path = target.partition("?")[0]
        for mark, (body, kind) in self.BAIT.items():
            if path.endswith(mark) or (mark.startswith("/") and path.startswith(mark)):
                return Reply(body=body, content_type=kind)
        if re.fullmatch(r"(?:/api|/v1)?/[0-9a-f]{16}", path):  # where graphql lies, everything speaks GraphQL
            return Reply(body=self.BAIT["graphql"][0], content_type=JSON)
        return None


class Walling(dict[str, Reply]):
    """A firewall that has seen enough after some requests and refuses whatever comes then."""

    asked = 0

    def get(self, target: str, default: Any = None) -> Any:
        del target, default
        self.asked += 1
        return Reply(status=404 if self.asked <= 20 else 403, body="Not found" if self.asked <= 20 else "Forbidden")


class Slow(dict[str, Reply]):
    """A server that takes its time over every answer."""

    def get(self, target: str, default: Any = None) -> Any:
        del target, default
        time.sleep(0.15)


PLAN = Plan(
    zones=(Zone(name="haus.test", records="waf IN CNAME edge.fremd.test."), Zone(name="fremd.test")),
    sites=(
        Site(host="clean.haus.test", pages={"/": Reply(body=PAGE)}, headers=(("allow", "GET, HEAD, OPTIONS"),)),
        Site(host="files.haus.test", pages=FILES),
        Site(host="settings.haus.test", pages=SETTINGS),
        Site(host="consoles.haus.test", pages=CONSOLES),
        Site(host="maps.haus.test", pages=MAPS),
        Site(host="interfaces.haus.test", pages=INTERFACES),
        Site(host="archives.haus.test", pages=ARCHIVES),
        Site(host="engines.haus.test", pages=ENGINES),
        Site(host="debugging.haus.test", pages={"/": Reply(body=PAGE)}, missing=DEBUGGING),
        Site(host="spa.haus.test", pages={"/.env": FILES["/.env"]}, missing=SPA),
        Site(host="wall.haus.test", missing=WALL),
        Site(host="refuses.haus.test", pages={"/": Reply(body=PAGE)}, missing=Reply(status=403, body="Forbidden")),
        Site(host="silent.haus.test", behaviour=Behaviour.SILENT),
        Site(host="moves.haus.test", missing=redirect("https://www.fremd.test/"), pages={}),
        Site(
            host="guards.haus.test",
            pages={
                "/": Reply(body=PAGE),
                "/.env": WALL,
                "/.git/config": Reply(status=429),
            },
        ),
        Site(
            host="fresh.haus.test",
            pages={
                "/": redirect("/wp-admin/install.php", status=302),
                "/wp-admin/install.php": Reply(body="<title>WordPress &rsaquo; Installation</title>"),
            },
            headers=(("access-control-allow-origin", "null"), ("access-control-allow-credentials", "true")),
        ),
        Site(
            host="reflects.haus.test",
            pages={"/": Reply(body=PAGE)},
            headers=(("access-control-allow-origin", "{origin}"), ("vary", "Origin")),
        ),
        Site(host="refuses-origins.haus.test", pages={"/": Reply(status=403, body="Invalid CORS request")}),
        Site(host="repeats.haus.test", pages=Repeating()),
        Site(
            host="shared.haus.test",
            pages={
                "/": Reply(body=PAGE + "Das default password is auf der Verpackung."),
                "/admin/": redirect("/login?next=/admin/", status=302),
                "/login": Reply(body="<!doctype html><title>Anmelden</title><form><input type=password></form>"),
            },
        ),
        Site(host="baits.haus.test", pages=Baiting()),
        Site(host="walls.haus.test", pages=Walling()),
        Site(host="rejects.haus.test", pages=dict.fromkeys(("/.git/config", "/.env", "/id_rsa"), REJECTED)),
        Site(host="edge.fremd.test"),
    ),
)


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return serve(PLAN)


@pytest.fixture
def asked(running: Running, look: Callable[..., Any]) -> Callable[[str], UnpublishedPaths]:
    return lambda name: look(running, unpublished.paths, f"{name}.haus.test")


def outcomes(seen: UnpublishedPaths, host: str = "x.haus.test") -> Mapping[str, Outcome]:
    """What the active checks make of these answers, but for those that need other observations."""
    subject = Subject(kind=SubjectKind.HOST, name=host)
    observations = Observations(subject=subject, at=seen.at, facts={UnpublishedPaths: seen})
    findings = judging.judge([observations], classes=frozenset({CheckClass.ACTIVE}))
    return {one.check_id: one.outcome for one in findings if one.reason is not Reason.NOT_CONFIGURED}


def requests(running: Running, host: str) -> list[str]:
    return [one.what for one in running.contacts_of(host) if one.kind in {"http", "https"}]


# --- what stands open is found


@pytest.mark.parametrize(
    ("host", "signs"),
    [
        (
            "files",
            {
                "/.git/config": ("git",),
                "/.env": ("environment",),
                "/id_rsa": ("private-key",),
                "/backup.zip": ("zip",),
                "/.DS_Store": ("folder",),
            },
        ),
        (
            "settings",
            {
                "/.svn/wc.db": ("subversion",),
                "/.htpasswd": ("settings",),
                "/index.php~": ("source",),
                "/storage/logs/laravel.log": ("log",),
            },
        ),
        (
            "consoles",
            {
                "/": ("listing",),
                "/uploads/": ("listing",),
                "/server-status": ("status",),
                "/phpmyadmin/": ("panel:phpMyAdmin", "asks-password"),
                "/admin/login/?next=/admin/": ("asks-password",),
                "/wp-login.php": ("cms:WordPress", "asks-password"),
                "/crossdomain.xml": ("everybody",),
            },
        ),
        (
            "interfaces",
            {
                "/openapi.json": ("description",),
                "/actuator": ("actuator", "actuator-inner:env"),
                "/actuator/env": ("actuator-open",),
                "/metrics": ("metrics",),
                "/graphql": ("introspection",),
            },
        ),
        ("archives", {"/fhir/Patient?_summary=count": ("fhir-open",)}),
        (
            "engines",
            {
                "/system": ("orthanc-open",),
                "/webadmin/Index.action": ("engine:Mirth Connect",),
                "/api/openapi.json": ("engine-version:4.4.0",),
            },
        ),
    ],
)
def test_what_stands_open_is_recognised(
    asked: Callable[[str], UnpublishedPaths], host: str, signs: Mapping[str, tuple[str, ...]]
) -> None:
    seen = asked(host)

    studies = {path: found for path, found in seen.signs.items() if "studies" in path}
    assert {path: found for path, found in seen.signs.items() if path not in studies} == signs
    assert list(studies.values()) == [("dicomweb-open",)] * (2 if host == "archives" else 0)
    assert seen.unclear == {}


def test_what_the_start_page_leads_to_is_asked_for_too(running: Running, look: Callable[..., Any]) -> None:
    seen = look(running, unpublished.paths, "maps.haus.test")

    assert seen.signs == {
        "/static/js/app.js.map": ("map", "map-with-source"),
        "/api/openapi.json": ("description",),
    }
    assert seen.purposes["/static/js/"] == listed.Purpose.ASSETS
    assert seen.purposes["/r/fhir/Patient?_summary=count"] == listed.Purpose.FHIR
    assert "sourcesContent" not in json.dumps(storing.encode(seen))


def test_a_product_nobody_has_set_up_and_an_origin_for_everybody_are_recognised(
    asked: Callable[[str], UnpublishedPaths],
) -> None:
    results = outcomes(asked("fresh"))

    assert results["exposure.default-credentials-hint"] is Outcome.FAIL
    assert results["cors.reflect-origin"] is Outcome.FAIL


def test_an_origin_that_is_repeated_is_recognised(asked: Callable[[str], UnpublishedPaths]) -> None:
    seen = asked("reflects")

    assert seen.signs == {"/": ("origin-reflected",)}
    assert outcomes(seen)["cors.reflect-origin"] is Outcome.WARN


def test_a_framework_in_debug_mode_shows_in_the_page_that_does_not_exist(
    asked: Callable[[str], UnpublishedPaths],
) -> None:
    seen = asked("debugging")

    assert {found for signs in seen.signs.values() for found in signs} == {"debug:Django", "trace:Python"}


# --- nothing that was seen is kept


@pytest.mark.parametrize("host", ["files", "settings", "interfaces", "archives", "engines"])
def test_no_secret_and_no_person_is_stored(asked: Callable[[str], UnpublishedPaths], host: str) -> None:
    stored = json.dumps(storing.encode(asked(host)))

    assert [secret for secret in SECRETS if secret in stored] == []
    assert "4711" not in stored
    # No whole digest either: whoever guesses what is in a file could prove it by one.
    assert re.findall(r'"[0-9a-f]{32,}"', stored) == []


def test_a_description_is_kept_as_its_operations(asked: Callable[[str], UnpublishedPaths]) -> None:
    kept = json.loads(asked("interfaces").answers["/openapi.json"].body)

    assert kept["paths"] == {"/patients": {"get": {"security": []}}, "/orders": {"get": {"security": ["oauth"]}}}


def test_an_inner_endpoint_is_asked_for_its_head_alone(
    running: Running, asked: Callable[[str], UnpublishedPaths]
) -> None:
    asked("interfaces")

    inner = [what for what in requests(running, "interfaces.haus.test") if "/actuator/env" in what]
    assert set(inner) == {"HEAD /actuator/env"}
    assert not [what for what in requests(running, "interfaces.haus.test") if "heapdump" in what]


def test_no_study_is_asked_for_that_could_exist(running: Running, asked: Callable[[str], UnpublishedPaths]) -> None:
    asked("archives")

    studies = [what for what in requests(running, "archives.haus.test") if "/studies" in what]
    assert all(re.search(r"StudyInstanceUID=2\.25\.\d{30}&limit=1$", what) for what in studies)
    patients = [what for what in requests(running, "archives.haus.test") if "Patient" in what]
    assert all(what.endswith("?_summary=count") for what in patients)


# --- what it costs, and what it never does


@pytest.mark.parametrize("host", ["clean", "files", "settings", "consoles", "interfaces", "archives", "engines", "spa"])
def test_a_host_gets_at_most_eighty_requests_of_the_list(
    running: Running, asked: Callable[[str], UnpublishedPaths], host: str
) -> None:
    before = len(requests(running, f"{host}.haus.test"))
    asked(host)
    made = requests(running, f"{host}.haus.test")[before:]

    assert len(made) <= listed.MOST_REQUESTS
    assert {what.partition(" ")[0] for what in made} <= {"GET", "HEAD", "OPTIONS", "POST"}
    posted = {what for what in made if what.startswith("POST")}
    assert {re.sub(r"/[0-9a-f]{16}$", "/…", what) for what in posted} <= {
        *("POST /graphql", "POST /api/graphql", "POST /v1/graphql", "POST /…")
    }


def test_controls_come_first(running: Running, asked: Callable[[str], UnpublishedPaths]) -> None:
    before = len(requests(running, "clean.haus.test"))
    asked("clean")
    made = requests(running, "clean.haus.test")[before:]

    assert all(re.fullmatch(r"GET /[0-9a-f]{24}", what) for what in made[:2])


def test_an_alias_into_another_domain_is_never_asked(running: Running, look: Callable[..., Any]) -> None:
    with pytest.raises(Unseen) as unseen:
        look(running, unpublished.paths, "waf.haus.test")

    assert unseen.value.reason is Reason.NOT_CONSENTED
    assert requests(running, "edge.fremd.test") == []


def test_no_unpublished_path_is_asked_for_without_the_active_class(running: Running, at: dt.datetime) -> None:
    before = len(requests(running, "files.haus.test"))

    async def ordinary() -> list[Observations]:
        job = ScanJob(hosts=("files.haus.test",), at=at, network=running.network())
        return [event.observations async for event in scan.observe(job) if isinstance(event, SubjectSeen)]

    seen = asyncio.run(ordinary())

    made = {what.partition("?")[0] for what in requests(running, "files.haus.test")[before:]}
    unasked = {f"GET {one.path.partition('?')[0]}" for one in listed.PATHS if one.path != "/?"}
    assert made & unasked == set()
    assert not [what for what in made if not what.startswith("GET ")]
    assert all(UnpublishedPaths not in one.facts() for one in seen)


# --- guards, each built from the complaint


def test_f1_a_page_for_every_path_is_no_find(asked: Callable[[str], UnpublishedPaths]) -> None:
    """An application of one page answers /admin, /.env and /webpack.config.js with status 200 and its index."""
    seen = asked("spa")

    assert [control.status for control in seen.controls] == [200, 200]
    assert dict(seen.signs) == {"/.env": ("environment",)}  # the one real file among them
    results = outcomes(seen)
    assert {check for check, outcome in results.items() if outcome in {Outcome.FAIL, Outcome.WARN}} == {"exposure.env"}
    assert results["exposure.git"] is Outcome.UNKNOWN


def test_f1_a_page_that_repeats_the_address_is_no_find(asked: Callable[[str], UnpublishedPaths]) -> None:
    """The path stands in title and text, and the type is the one that the ending asks for."""
    seen = asked("repeats")

    assert seen.signs == {}
    assert not set(outcomes(seen).values()) & {Outcome.FAIL, Outcome.WARN}


def test_f1_what_every_path_of_a_folder_or_ending_says_is_no_find(asked: Callable[[str], UnpublishedPaths]) -> None:
    """A honeypot has every archive, every key and every file of every folder; so has a rule that means well."""
    seen = asked("baits")

    assert seen.signs == {}
    assert not set(outcomes(seen).values()) & {Outcome.FAIL, Outcome.WARN}


def test_f1_the_log_in_of_everybody_is_no_administration(asked: Callable[[str], UnpublishedPaths]) -> None:
    seen = asked("shared")

    assert seen.signs == {}
    assert outcomes(seen)["exposure.admin-panel"] is Outcome.PASS


def test_f2_a_refusal_with_status_200_is_a_refusal(asked: Callable[[str], UnpublishedPaths]) -> None:
    """A firewall that turns requests down says so with status 200 where it is set up that way."""
    seen = asked("rejects")

    assert {path: seen.unclear.get(path) for path in ("/.git/config", "/.env", "/id_rsa")} == dict.fromkeys(
        ("/.git/config", "/.env", "/id_rsa"), Reason.CHALLENGED
    )
    assert outcomes(seen)["exposure.private-key"] is Outcome.UNKNOWN


def test_a_start_page_that_refuses_foreign_origins_is_asked_once_more(
    running: Running, asked: Callable[[str], UnpublishedPaths]
) -> None:
    asked("refuses-origins")

    assert requests(running, "refuses-origins.haus.test").count("GET /") == 2


def test_f2_a_wall_that_comes_up_on_the_way_is_noticed(asked: Callable[[str], UnpublishedPaths]) -> None:
    seen = asked("walls")

    assert set(seen.unclear.values()) == {Reason.CHALLENGED}
    assert len(seen.unclear) > 40
    assert outcomes(seen)["exposure.git"] is Outcome.PASS  # asked before
    assert outcomes(seen)["exposure.server-status"] is Outcome.UNKNOWN


def test_f14_a_slow_host_is_left_when_the_time_is_up_and_what_was_seen_is_kept(
    serve: Callable[[Plan], Running], look: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = Zone(name="langsam.test")
    running = serve(Plan(zones=(zone,), sites=(Site(host="www.langsam.test", pages=Slow()),)))
    monkeypatch.setattr(unpublished, "SECONDS", 2.5)
    started = time.monotonic()

    seen = look(running, unpublished.paths, "www.langsam.test")

    assert time.monotonic() - started < 8
    assert set(seen.unclear.values()) == {Reason.DEADLINE}
    assert outcomes(seen)["exposure.git"] is Outcome.PASS
    assert outcomes(seen)["cors.legacy-policies"] is Outcome.UNKNOWN


def test_f2_a_wall_is_no_clean_host(running: Running, look: Callable[..., Any]) -> None:
    with pytest.raises(Unseen) as unseen:
        look(running, unpublished.paths, "wall.haus.test")

    assert unseen.value.reason is Reason.CHALLENGED


def test_f2_a_wall_before_single_paths_makes_them_unknown(
    running: Running, asked: Callable[[str], UnpublishedPaths]
) -> None:
    seen = asked("guards")

    assert seen.address == running.addresses["guards.haus.test"]
    assert seen.unclear["/.env"] is Reason.CHALLENGED
    assert seen.unclear["/.git/config"] is Reason.THROTTLED
    assert set(outcomes(seen).values()) <= {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE, Outcome.INFO, Outcome.PASS}
    assert outcomes(seen)["exposure.env"] is Outcome.UNKNOWN


def test_f2_a_host_that_refuses_everything_is_unknown(asked: Callable[[str], UnpublishedPaths]) -> None:
    results = outcomes(asked("refuses"))

    assert results["exposure.git"] is Outcome.UNKNOWN
    assert not set(results.values()) & {Outcome.FAIL, Outcome.WARN}


def test_f14_a_silent_host_is_left_alone_and_unknown(running: Running, look: Callable[..., Any]) -> None:
    with pytest.raises(Unseen) as unseen:
        look(running, unpublished.paths, "silent.haus.test")

    assert unseen.value.reason is Reason.TIMEOUT


def test_a_host_that_only_leads_elsewhere_shows_nothing(asked: Callable[[str], UnpublishedPaths]) -> None:
    results = outcomes(asked("moves"))

    assert not set(results.values()) & {Outcome.FAIL, Outcome.WARN}


def test_a_clean_host_passes(asked: Callable[[str], UnpublishedPaths]) -> None:
    results = outcomes(asked("clean"))

    assert set(results.values()) <= {Outcome.PASS, Outcome.INFO, Outcome.NOT_APPLICABLE}
    assert results["exposure.git"] is Outcome.PASS
