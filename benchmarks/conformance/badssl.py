"""badssl.com: its certificates, suites and protocols rebuilt on loopback, its pages as they are."""

import asyncio
import datetime as dt
import ssl
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.conformance.cases import Case, Suite, read
from portal.demonstration.plans import Cleartext, Plan, Site, Zone
from portal.demonstration.servers import Running, Servers
from scanners import checking
from scanners.catalogue import CHECKS
from scanners.datasets import DataSets
from scanners.model import Finding, Observations, Outcome, Subject, SubjectKind
from scanners.observations import (
    CertificateChain,
    CleartextPage,
    LoginPage,
    Observation,
    Page,
    Response,
    Revocation,
    TlsHandshakes,
)
from tests.loopback.badssl import SSL2, SSL3, TLS12, Authority, Bad, Greeter, context_of, facts, public_rsa

DOMAIN = "badssl.test"

# Names in the mapping for which the catalogue has another.
OTHER_NAMES = {"cert.san-scope": "cert.wildcard-scope", "tls.cipher-cbc": "tls.cipher-phase-out"}
OUTCOMES = {"pass": "pass", "warn": "warn", "fail": "fail", "info": "info", "not-tested": "unknown"}

RC4_SHA, RC4_MD5, TRIPLE_DES = 0x0005, 0x0004, 0xC012
DHE = 0x009E
OLD = (0xC013, 0x0035, 0x000A)

Making = Callable[["_Workshop", str], Bad]


class _Workshop:
    """The authorities of all conditions."""

    def __init__(self, at: dt.datetime) -> None:
        self.good = Authority(at)
        self.weak = Authority(at, name="Weak", weak_intermediate=True)
        self.unknown = Authority(at, name="Unknown")
        self.roots = self.good.root.pem + self.weak.root.pem

    def shows(self, host: str, *chain: Any) -> Bad:
        """A server that sends these certificates."""
        return Bad(host=host, roots=self.roots, greeter=Greeter(chain=chain))

    def agrees(self, host: str, **greeting: Any) -> Bad:
        """A server with a good certificate and these versions, suites or prime."""
        greeter = Greeter(chain=self.good.chain(self.good.leaf(host)), **greeting)
        return Bad(host=host, roots=self.roots, greeter=greeter)

    def speaks(self, host: str, **options: Any) -> Bad:
        """OpenSSL with these options."""
        return Bad(host=host, roots=self.roots, context=context_of(self.good, host, **options))


def _good(shop: _Workshop, host: str, *, names: int = 0, **leaf: Any) -> Bad:
    others = tuple(f"n{number}.{host}" for number in range(names))
    return shop.shows(host, *shop.good.chain(shop.good.leaf(host, *others, **leaf)))


def _incomplete(shop: _Workshop, host: str) -> Bad:
    return shop.shows(host, shop.good.leaf(host))


def _reversed(shop: _Workshop, host: str) -> Bad:
    leaf, intermediate = shop.good.chain(shop.good.leaf(host))
    return shop.shows(host, leaf, shop.good.root.certificate, intermediate)


def _self_signed(shop: _Workshop, host: str) -> Bad:
    return shop.shows(host, shop.good.self_signed(host))


def _stranger(shop: _Workshop, host: str) -> Bad:
    return shop.shows(host, *shop.unknown.chain(shop.unknown.leaf(host)))


def _wrong_host(shop: _Workshop, host: str) -> Bad:
    return shop.shows(host, *shop.good.chain(shop.good.leaf(f"elsewhere.{DOMAIN}")))


def _weak_intermediate(shop: _Workshop, host: str) -> Bad:
    return shop.shows(host, *shop.weak.chain(shop.weak.leaf(host)))


def _agrees(**greeting: Any) -> Making:
    return lambda shop, host: shop.agrees(host, **greeting)


def _speaks(**options: Any) -> Making:
    return lambda shop, host: shop.speaks(host, **options)


def _only(version: ssl.TLSVersion, ciphers: str = "ALL") -> Making:
    return _speaks(lowest=version, highest=version, ciphers=ciphers)


OLDEST = ssl.TLSVersion.TLSv1
BUILT: Mapping[str, Making] = {
    "1000-sans": partial(_good, names=1000),
    "10000-sans": partial(_good, names=10_000),
    "ecc256": _good,
    "ecc384": lambda shop, host: _good(shop, host, key=ec.generate_private_key(ec.SECP384R1()).public_key()),
    "expired": partial(_good, days=(-90, -1)),
    "incomplete-chain": _incomplete,
    "no-common-name": partial(_good, subject=""),
    "no-subject": partial(_good, subject=""),
    "reversed-chain": _reversed,
    **{
        f"rsa{bits}": lambda shop, host, bits=bits: _good(shop, host, key=public_rsa(bits))
        for bits in (2048, 4096, 8192)
    },
    "self-signed": _self_signed,
    "sha1": partial(_good, sha1=True),
    "sha1-2016": partial(_good, sha1=True),
    "sha1-2017": partial(_good, sha1=True),
    "sha1-intermediate": _weak_intermediate,
    "sha384": partial(_good, algorithm=hashes.SHA384()),
    "sha512": partial(_good, algorithm=hashes.SHA512()),
    "untrusted-root": _stranger,
    "wrong.host": _wrong_host,
    **dict.fromkeys(
        ("dsdtestprovider", "edellroot", "mitm-software", "preact-cli", "superfish", "webpack-dev-server"), _stranger
    ),
    "3des": _agrees(suites=(TRIPLE_DES,)),
    "cbc": _speaks(highest=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-RSA-AES128-SHA256:AES128-SHA"),
    "mozilla-intermediate": _speaks(ciphers="ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"),
    "mozilla-modern": _speaks(lowest=ssl.TLSVersion.TLSv1_3),
    "mozilla-old": _agrees(versions=(0x0301, 0x0302, TLS12), suites=OLD),
    "null": _only(ssl.TLSVersion.TLSv1_2, "NULL"),
    "rc4": _agrees(suites=(RC4_SHA,)),
    "rc4-md5": _agrees(suites=(RC4_MD5,)),
    "dh-composite": _agrees(suites=(DHE,), prime=(1 << 2047) + 15),
    "dh-small-subgroup": _agrees(suites=(DHE,), prime=(1 << 2047) + 21),
    "dh480": _agrees(suites=(DHE,), prime=(1 << 479) + 11),
    "dh512": _agrees(suites=(DHE,), prime=(1 << 511) + 11),
    "dh1024": _agrees(suites=(DHE,), prime=(1 << 1023) + 11),
    "dh2048": _agrees(suites=(DHE,), prime=(1 << 2047) + 11),
    "static-rsa": _only(ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256"),
    "ssl-v2": _agrees(versions=(SSL2,)),
    "ssl-v3": _agrees(versions=(SSL3,), suites=(0x0035,)),
    "tls-v1-0": _only(OLDEST),
    "tls-v1-1": _only(ssl.TLSVersion.TLSv1_1),
    "tls-v1-2": _only(ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM"),
    "very": _speaks(highest=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-RSA-AES128-SHA256"),
}


def conditions(file: Path) -> Iterator[Case]:
    """Each condition with what our checks say of it; where nothing is wanted, that nothing of ours broke."""
    document = read(file)
    at = dt.datetime.now(dt.UTC).replace(microsecond=0)
    shop = _Workshop(at)
    hosts = {item["name"]: f"{item['name']}.{DOMAIN}" for item in document["hosts"]}
    plan = Plan(
        zones=(Zone(name=DOMAIN),),
        sites=(Site(host=f"all.{DOMAIN}", aliases=tuple(hosts.values()), tls=None, cleartext=Cleartext.CLOSED),),
    )
    with Servers(plan, at=at) as running:
        for item in document["hosts"]:
            host = hosts[item["name"]]
            seen = asyncio.run(_seen(item, host, shop, running, at))
            seen |= _web(item, host, document["html_fixtures"], at)
            yield _case(item, host, seen, at)


async def _seen(
    item: Mapping[str, Any], host: str, shop: _Workshop, running: Running, at: dt.datetime
) -> dict[type[Observation], Observation]:
    bad = BUILT.get(item["name"], _good)(shop, host)
    running.addresses[host] = running.addresses[f"all.{DOMAIN}"]
    kinds = (TlsHandshakes, CertificateChain)
    return dict(zip(kinds, await facts(bad, running, at, kinds=kinds), strict=True))


def _web(
    item: Mapping[str, Any], host: str, fixtures: Mapping[str, str], at: dt.datetime
) -> dict[type[Observation], Observation]:
    """The pages of a condition; what is about plain HTTP has no HTTPS."""
    name, category = item["name"], item["category"]
    html = fixtures.get(f"domains/{category}/{name}/index.html", "<p>fine</p>")
    html = html.rpartition("---\n")[2].replace("{{ page.subdomain }}", name)
    html = html.replace("{{ site.domain }}", DOMAIN).replace("{{ site.http-domain }}", f"http.{DOMAIN}")
    if name == "upgrade":
        html = f'<script src="http://{host}/upgraded.js"></script>'
    headers = [("content-type", "text/html")]
    headers += [(key.lower(), value.strip('"')) for key, value in map(_header, item["add_header"])]
    plain = Response(url=f"http://{host}/", status=200, headers=tuple(headers), body=html)
    if category == "http":
        # badssl.com's server for these names leads from https:// to http://.
        back = Response(url=f"https://{host}/", status=301, headers=(("location", plain.url),), tls_verified=True)
        return {
            Page: Page(at=at, hops=(back, plain)),
            CleartextPage: CleartextPage(at=at, hops=(plain,)),
            LoginPage: LoginPage(at=at, pages=()),
        }
    secure = Response(url=f"https://{host}/", status=200, headers=tuple(headers), body=html, tls_verified=True)
    moved = Response(url=f"http://{host}/", status=301, headers=(("location", secure.url),))
    return {
        Page: Page(at=at, hops=(secure,)),
        CleartextPage: CleartextPage(at=at, hops=(moved, secure)),
        LoginPage: LoginPage(at=at, pages=()),
    }


def _header(line: str) -> tuple[str, str]:
    name, _blank, value = line.partition(" ")
    return name.strip('"'), value


def _case(item: Mapping[str, Any], host: str, seen: dict[type[Observation], Observation], at: dt.datetime) -> Case:
    chain = seen[CertificateChain]
    if isinstance(chain, CertificateChain):
        # Our authority stands for one that browsers know.
        seen[CertificateChain] = CertificateChain(**{**vars(chain), "public_root": True})
    if item["name"] == "revoked":
        seen[Revocation] = Revocation(at=at, method="crl", revoked=True, revoked_at=at, issued_at=at)
    data = DataSets(version="badssl", preloaded={f"preloaded-hsts.{DOMAIN}": True})
    subject = Subject(kind=SubjectKind.HOST, name=host)
    observations = Observations(subject=subject, at=at, facts=seen, data=data)
    expected = item["expected"]
    identifier = f"{item['category']}/{item['name']}"
    if not expected:
        findings = [checking.run(check, observations) for check in CHECKS.values() if check.subject is SubjectKind.HOST]
        return Case(id=identifier, wanted="nothing of ours broke", got=_broken(findings) or "nothing of ours broke")
    wanted = {check: OUTCOMES[text.split(" ")[0]] for check, text in expected.items()}
    got = {check: _outcome(OTHER_NAMES.get(check, check), observations) for check in wanted}
    return Case(id=identifier, wanted=wanted, got=got)


def _outcome(check: str, observations: Observations) -> str:
    if check not in CHECKS:
        return "no such check"
    return checking.run(CHECKS[check], observations).outcome.value


def _broken(findings: list[Finding]) -> str:
    return ", ".join(one.check_id for one in findings if one.outcome is Outcome.ERROR)


SUITES = (Suite(name="TLS and pages (badssl.com)", file="badssl/hosts.json", feed=conditions),)
