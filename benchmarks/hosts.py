"""The hosts of the race: a vendor's portal, one that takes every old suite, many to scan in a row, hostile ones."""

import datetime as dt
import json
import socket
import ssl
from typing import TextIO

from portal.demonstration.plans import Behaviour, Cleartext, Exchanger, KeyKind, Plan, Reply, Site, Tls, Zone
from portal.demonstration.servers import Servers
from scanners import storing
from scanners.jobs import NetworkSettings

DOMAIN = "benchmark.test"
HOST = f"portal.{DOMAIN}"
OLD_HOST = f"alt.{DOMAIN}"
MANY = tuple(f"h{number:03}.{DOMAIN}" for number in range(1, 41))
HOSTILE = tuple(f"{behaviour}.hostile.test" for behaviour in Behaviour if behaviour is not Behaviour.ORDINARY)
PORTS = {443: 443, 80: 80, 25: 25, 53: 53}  # the real ones: peers know no others

RECORDS = """
@ MX 10 mx
@ TXT "v=spf1 mx -all"
@ CAA 0 issue "ca.benchmark.test"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@benchmark.test"
selector1._domainkey TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuZFQ"
_mta-sts TXT "v=STSv1; id=20260101"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@benchmark.test"
"""
HEADERS = (
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("set-cookie", "session=1; Secure; HttpOnly; SameSite=Lax; Path=/"),
)
SCRIPTS = tuple(f"/assets/part-{number}.js" for number in range(6))
PAGE = (
    "<!doctype html><html lang=de><title>Portal</title>"
    + "".join(f'<script src="{path}"></script>' for path in SCRIPTS)
    + '<link rel=stylesheet href="/assets/style.css"><h1>Befundportal</h1><a href="/login">Anmelden</a>'
    + "<p>Befunde und Termine</p>" * 400
    + "</html>"
)
LOGIN = "<!doctype html><title>Anmelden</title><form method=post><input name=u><input type=password name=p></form>"
SCRIPT = "/*! jQuery v3.7.1 | (c) OpenJS Foundation */" + "function f(a,b){return a+b};" * 3_000
POLICY = "version: STSv1\nmode: enforce\nmx: mx.benchmark.test\nmax_age: 604800\n"


def plan() -> Plan:
    """All of them."""
    return Plan(
        zones=(Zone(name=DOMAIN, records=RECORDS), Zone(name="hostile.test")),
        sites=(
            _portal(HOST),
            Site(
                host=OLD_HOST,
                tls=Tls(lowest=ssl.TLSVersion.MINIMUM_SUPPORTED, key=KeyKind.RSA_2048, ciphers="ALL:COMPLEMENTOFALL"),
                pages={"/": Reply(body=PAGE)},
            ),
            *(_portal(host) for host in MANY),
            Site(
                host=f"mta-sts.{DOMAIN}",
                pages={"/.well-known/mta-sts.txt": Reply(body=POLICY, content_type="text/plain")},
            ),
            *(
                Site(host=host, behaviour=Behaviour(host.partition(".")[0]), cleartext=Cleartext.SERVES)
                for host in HOSTILE
            ),
        ),
        exchangers=(Exchanger(host=f"mx.{DOMAIN}"),),
    )


def _portal(host: str) -> Site:
    return Site(
        host=host,
        http2=True,
        headers=HEADERS,
        pages={
            "/": Reply(body=PAGE),
            "/login": Reply(body=LOGIN),
            "/assets/style.css": Reply(body="body{}", content_type="text/css"),
            **{path: Reply(body=SCRIPT, content_type="text/javascript") for path in SCRIPTS},
        },
    )


def serve(talk: socket.socket) -> None:
    """Run the servers, say how they are reached, and tell for each line on the socket what they were asked since."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    lines = talk.makefile("rw", encoding="ascii")
    with Servers(plan(), at=now, ports=PORTS) as running:
        _say(lines, storing.encode(running.network()))
        while lines.readline():
            asked = [(one.kind, one.host, one.what) for one in running.contacts]
            running.contacts.clear()
            _say(lines, asked)


class Far:
    """What the near side hears of the servers."""

    def __init__(self, talk: socket.socket) -> None:
        """Wait until they are up."""
        self._lines = talk.makefile("rw", encoding="ascii")
        self.network: NetworkSettings = storing.decode(NetworkSettings, json.loads(self._lines.readline()), "network")

    def asked(self) -> list[tuple[str, str, str]]:
        """Kind, host and what, of each question, request and mail command since the last time."""
        self._lines.write("\n")
        self._lines.flush()
        return [tuple(one) for one in json.loads(self._lines.readline())]


def _say(lines: TextIO, document: object) -> None:
    lines.write(json.dumps(document) + "\n")
    lines.flush()
