"""Whatever a target names besides itself goes through the same door: what points inside sees not one connection."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import socket
from collections.abc import Callable, Iterator

import pytest

from portal.demonstration.plans import Cleartext, Plan, Reply, Site, Tls, Zone, redirect
from portal.demonstration.servers import Running
from scanners import checking, judging, scan
from scanners.catalogue import CHECKS
from scanners.jobs import RegistrySettings, ScanJob, SubjectSeen
from scanners.model import CheckClass, Outcome
from scanners.observations import CertificateChain, Page, Reason, Revocation, Trust

INSIDE = "127.66.0.1"  # stands for an address of the house; the tripwires listen there
ALLOWED = ("127.0.0.1/32", "127.53.0.0/16", "127.54.0.0/16", "127.80.0.0/16")
PAGE = """<!doctype html><title>Portal</title>
<script src="https://innen.falle.test/a.js"></script>
<script src="https://127.66.0.1/b.js"></script>
<script src="https://2135031809/c.js"></script>
<script src="https://0x7f.66.1/d.js"></script>
<script src="https://[::ffff:127.66.0.1]/e.js"></script>
<script src="https://innen.falle.test./f.js"></script>
<link rel="stylesheet" href="https://verweis.falle.test/x.css">
<script src="https://017700000001/g.js"></script>
<script src="https://127.1/h.js"></script>
<script src="https://[fe80::1%25lo]/i.js"></script>
<script src="https://[64:ff9b::7f42:1]/j.js"></script>
<script src="https://[2002:7f42:1::1]/k.js"></script>
<script src="https://wechsel.falle.test/l.js"></script>
<script src="https://sechs.falle.test/m.js"></script>
<img src="http://wechsel.falle.test/n.png">
<a href="https://wechsel.falle.test/login">Anmelden</a>
<a href="/login">Anmeldung</a>
<a href="https://innen.falle.test/login">Login</a>
<a href="https://portal.falle.test@127.66.0.1/login">Login</a>
<form action="https://innen.falle.test/login" method="post"><input type="password"></form>
"""
METADATA = """{"issuer": "https://innen.falle.test", "jwks_uri": "https://innen.falle.test/keys",
"authorization_endpoint": "https://127.66.0.1/a"}"""

# What a certificate that browsers trust may name as the place of its list, its responder and its issuer.
PLACES = (
    *(f"http://{INSIDE}/1.crl", "http://2135031809/1.crl", "http://0x7f.66.1/1.crl", "http://127.1/1.crl"),
    *("http://[::1]/1.crl", "http://[::ffff:127.66.0.1]/1.crl", "http://[64:ff9b::7f42:1]/1.crl"),
    *("http://10.0.0.1/1.crl", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/"),
    *("http://metadata.falle.test/", "http://localhost/1.crl", "http://innen.falle.test/1.crl"),
    *("http://verweis.falle.test/1.crl", "http://sechs.falle.test/1.crl", "https://innen.falle.test/1.crl"),
    *("http://wechsel.falle.test/1.crl", "http://rueckwechsel.falle.test/1.crl"),
    *("http://umleitung.falle.test/1.crl", "ldap://innen.falle.test/cn=1", "file:///etc/passwd"),
    *("http://portal.falle.test@127.66.0.1/1.crl", f"http://{INSIDE}:22/1.crl", "http://innen.falle.test:8080/1.crl"),
)
# Each alone, and each behind a place that may be asked and leads there.
BY_LIST = tuple(
    Site(
        host=f"liste{number}.falle.test",
        address=f"127.80.1.{number}",
        tls=Tls(crl_urls=(url, "http://umleitung.falle.test/"), issuer_urls=(url,)),
    )
    for number, url in enumerate(PLACES, start=1)
)
BY_ANSWER = tuple(
    Site(
        host=f"antwort{number}.falle.test",
        address=f"127.80.2.{number}",
        tls=Tls(ocsp_urls=(url, "http://umleitung.falle.test/"), issuer_urls=(url,)),
    )
    for number, url in enumerate(PLACES, start=1)
)

PLAN = Plan(
    zones=(
        Zone(
            name="falle.test",
            name_servers=("ns1", "ns9.innen.falle.test."),
            records=f"""
innen      A {INSIDE}
metadata   A 169.254.169.254
verweis    CNAME innen
staging    A {INSIDE}
dev        CNAME innen
test       AAAA ::ffff:{INSIDE}
mta-sts    A {INSIDE}
@ MX 10 innen
@ MX 20 {INSIDE}.
@ MX 30 verweis
@ MX 5 wechsel
sechs      AAAA ::ffff:{INSIDE}
sechs      A {INSIDE}
@ TXT "v=spf1 a:innen.falle.test mx exists:%{{i}}.innen.falle.test include:innen.falle.test -all"
_mta-sts   TXT "v=STSv1; id=1"
_dmarc     TXT "v=DMARC1; p=reject; rua=mailto:a@innen.falle.test"
""",
        ),
    ),
    sites=(
        Site(
            host="portal.falle.test",
            address="127.80.0.10",
            pages={
                "/": Reply(body=PAGE),
                "/.well-known/openid-configuration": Reply(body=METADATA, content_type="application/json"),
                "/.well-known/security.txt": redirect("https://innen.falle.test/security.txt"),
                "/security.txt": redirect("//127.66.0.1/security.txt"),
                "/robots.txt": redirect("http://innen.falle.test:80/"),
                "/metadata": redirect("https://verweis.falle.test/metadata"),
                "/fhir/metadata": redirect("https://wechsel.falle.test/metadata"),
                "/login": redirect("https://[::ffff:127.66.0.1]/login"),
                "/.well-known/webauthn": redirect("https://2135031809/"),
                "/.well-known/change-password": redirect("https://0x7f.66.0.1/"),
            },
        ),
        Site(host="wandel.falle.test", address="127.80.0.12", missing=redirect("https://wechsel.falle.test/")),
        Site(
            host="umleitung.falle.test",
            address="127.80.0.13",
            cleartext=Cleartext.SERVES,
            pages={"/1.crl": redirect(f"http://{INSIDE}/1.crl")},
            missing=redirect("http://innen.falle.test/1.crl"),
        ),
        *BY_LIST,
        *BY_ANSWER,
        Site(host="www.falle.test", address="127.80.0.11", missing=redirect("https://innen.falle.test/")),
    ),
    # First an address that may be asked, then one of the house, and the other way round.
    rotations={
        "wechsel.falle.test": ("127.80.0.10", INSIDE),
        "rueckwechsel.falle.test": (INSIDE, "127.80.0.10"),
        "wandel.falle.test": ("127.80.0.12", INSIDE),
    },
)


HOSTS = (
    *("portal.falle.test", "www.falle.test", "innen.falle.test", "verweis.falle.test", "sechs.falle.test"),
    *("wechsel.falle.test", "rueckwechsel.falle.test", "wandel.falle.test"),
)


@pytest.fixture
def tripped(running: Running) -> Iterator[Callable[[], list[int]]]:
    """Listeners on every port that a scan uses; calling it tells on which of them somebody knocked."""
    with contextlib.ExitStack() as closing:
        listeners = {}
        for public, real in running.port_map.items():
            listeners[public] = closing.enter_context(socket.create_server((INSIDE, real)))
            listeners[public].setblocking(False)
        udp = closing.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind((INSIDE, running.port_map[53]))
        udp.setblocking(False)

        def knocks() -> list[int]:
            found = []
            for public, listener in listeners.items():
                with contextlib.suppress(BlockingIOError):
                    listener.accept()[0].close()
                    found.append(public)
            with contextlib.suppress(BlockingIOError):
                udp.recv(1)
                found.append(53)
            return found

        yield knocks


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return dataclasses.replace(serve(PLAN), allowed_networks=ALLOWED)


def test_nothing_that_a_target_names_leads_inside(
    running: Running, at: dt.datetime, tripped: Callable[[], list[int]]
) -> None:
    async def run() -> list[SubjectSeen]:
        job = ScanJob(
            hosts=HOSTS,
            classes=frozenset(CheckClass),
            at=at,
            network=running.network(),
        )
        return [event async for event in scan.observe(job) if isinstance(event, SubjectSeen) and event.complete]

    seen = asyncio.run(run())

    assert tripped() == []
    portal = next(one.observations for one in seen if one.observations.subject.name == "portal.falle.test")
    assert portal[Page].document.body == PAGE  # the traps were read
    findings = judging.judge(event.observations for event in seen)
    assert Outcome.ERROR not in {finding.outcome for finding in findings}
    inside = [one for one in findings if one.subject.name == "innen.falle.test" and one.outcome is Outcome.FAIL]
    assert [one.check_id for one in inside] == []  # the house is not graded either


@pytest.mark.parametrize("sites", [BY_LIST, BY_ANSWER], ids=["lists", "answers"])
def test_nor_does_what_a_trusted_certificate_names(
    running: Running, at: dt.datetime, tripped: Callable[[], list[int]], sites: tuple[Site, ...]
) -> None:
    """The address of a list, of a responder, of an issuer: also as a number, by alias, in turns and by redirect."""

    async def run() -> list[SubjectSeen]:
        network = dataclasses.replace(running.network(), registries=RegistrySettings(revocation=True))
        kinds = ("CertificateChain", "Revocation")
        job = ScanJob(hosts=tuple(site.host for site in sites), at=at, network=network, kinds=kinds)
        return [event async for event in scan.observe(job) if isinstance(event, SubjectSeen) and event.complete]

    seen = {one.observations.subject.name: one.observations for one in asyncio.run(run())}

    assert tripped() == []
    asked = {one.kind for one in running.contacts_of("umleitung.falle.test")}
    assert asked - {"dns"}  # what leads inside was followed as far as its own door
    for site in sites:
        chain = seen[site.host][CertificateChain]
        assert chain.trust is Trust.TRUSTED  # of others nothing is asked, so this would prove nothing
        assert {*chain.chain[0].crl_urls, *chain.chain[0].ocsp_urls} & set(PLACES)
        blind = seen[site.host].blindness(Revocation)
        assert blind is not None and blind.reason is not Reason.NOT_CONFIGURED
        finding = checking.run(CHECKS["cert.revocation"], seen[site.host])
        assert finding.outcome is Outcome.UNKNOWN, (site.host, finding.fact)


def test_the_tripwires_do_trip(running: Running, tripped: Callable[[], list[int]]) -> None:
    with socket.create_connection((INSIDE, running.port_map[443])):
        assert tripped() == [443]
