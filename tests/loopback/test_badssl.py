"""Bad TLS, each kind once: what our checks say of certificates, suites, primes and protocols that should not be."""

import asyncio
import datetime as dt
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from portal.demonstration.plans import Cleartext, Plan, Reply, Site
from portal.demonstration.servers import Running
from scanners.model import Outcome
from scanners.observations import CertificateChain, CleartextPage, Page, TlsHandshakes, Trust
from scanners.probes import http
from tests.loopback import badssl
from tests.loopback.badssl import SSL2, SSL3, TLS10, TLS11, TLS12, Authority, Bad, Greeter

HOST = "schlecht.haus.test"
PASS, WARN, FAIL = Outcome.PASS, Outcome.WARN, Outcome.FAIL
RC4, TRIPLE_DES, STATIC_AES, DHE_AES = 0x0005, 0xC012, 0x0035, 0x009E


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return serve(Plan(sites=(Site(host=HOST, tls=None, cleartext=Cleartext.CLOSED),)))


@pytest.fixture(scope="module")
def authority(at: dt.datetime) -> Iterator[Authority]:
    yield Authority(at)


def chain_of(authority: Authority, running: Running, at: dt.datetime, *chain: Any) -> CertificateChain:
    """What we see of a server that sends these certificates."""
    bad = Bad(host=HOST, roots=authority.root.pem, greeter=Greeter(chain=chain))
    (seen,) = asyncio.run(badssl.facts(bad, running, at, kinds=(CertificateChain,)))
    assert isinstance(seen, CertificateChain)
    return seen


def judged(check: str, seen: Any, at: dt.datetime) -> Outcome:
    return badssl.outcome(check, HOST, at, {type(seen): seen})


LEAVES: list[tuple[dict[str, Any], str, Outcome]] = [
    ({}, "cert.chain-trust", PASS),
    ({}, "cert.hostname-match", PASS),
    ({}, "cert.key-strength", PASS),
    ({}, "cert.expiry", PASS),
    ({"days": (-90, -1)}, "cert.expiry", FAIL),
    ({"subject": ""}, "cert.hostname-match", PASS),
    ({"algorithm": hashes.SHA384()}, "cert.signature-algorithm", PASS),
    ({"algorithm": hashes.SHA512()}, "cert.signature-algorithm", PASS),
    ({"sha1": True}, "cert.signature-algorithm", FAIL),
    ({"key": badssl.public_rsa(1024)}, "cert.key-strength", FAIL),
    ({"key": badssl.public_rsa(2048)}, "cert.key-strength", WARN),
    ({"key": badssl.public_rsa(4096)}, "cert.key-strength", PASS),
    ({"key": badssl.public_rsa(8192)}, "cert.key-strength", PASS),
    ({"key": ec.generate_private_key(ec.SECP384R1()).public_key()}, "cert.key-strength", PASS),
]


@pytest.mark.parametrize(("leaf", "check", "outcome"), LEAVES)
def test_leaves(
    authority: Authority, running: Running, at: dt.datetime, leaf: dict[str, Any], check: str, outcome: Outcome
) -> None:
    seen = chain_of(authority, running, at, *authority.chain(authority.leaf(HOST, **leaf)))

    assert seen.trust is Trust.TRUSTED or leaf
    assert judged(check, seen, at) is outcome


def test_a_certificate_for_somebody_else(authority: Authority, running: Running, at: dt.datetime) -> None:
    seen = chain_of(authority, running, at, *authority.chain(authority.leaf("anders.haus.test")))

    assert judged("cert.hostname-match", seen, at) is FAIL


def test_a_certificate_with_a_thousand_names(authority: Authority, running: Running, at: dt.datetime) -> None:
    names = (f"n{number}.haus.test" for number in range(1000))
    seen = chain_of(authority, running, at, *authority.chain(authority.leaf(HOST, *names)))

    assert judged("cert.hostname-match", seen, at) is PASS


def test_a_certificate_larger_than_we_read_is_unknown(authority: Authority, running: Running, at: dt.datetime) -> None:
    leaf = authority.leaf(HOST, *(f"n{number}.haus.test" for number in range(12_000)))
    bad = Bad(host=HOST, roots=authority.root.pem, greeter=Greeter(chain=authority.chain(leaf)))

    (seen,) = asyncio.run(badssl.facts(bad, running, at, kinds=(CertificateChain,)))

    assert badssl.outcome("cert.chain-trust", HOST, at, {CertificateChain: seen}) is Outcome.UNKNOWN


def test_a_certificate_that_vouches_for_itself(authority: Authority, running: Running, at: dt.datetime) -> None:
    seen = chain_of(authority, running, at, authority.self_signed(HOST))

    assert (seen.trust, judged("cert.chain-trust", seen, at)) == (Trust.SELF_SIGNED, FAIL)


def test_an_authority_that_nobody_knows(authority: Authority, running: Running, at: dt.datetime) -> None:
    other = Authority(at, name="Unbekannt")
    seen = chain_of(authority, running, at, *other.chain(other.leaf(HOST)))

    assert (seen.trust, judged("cert.chain-trust", seen, at)) == (Trust.UNKNOWN_ISSUER, FAIL)


def test_a_chain_without_its_middle(authority: Authority, running: Running, at: dt.datetime) -> None:
    seen = chain_of(authority, running, at, authority.leaf(HOST))

    assert (seen.trust, judged("cert.chain-complete", seen, at)) == (Trust.INCOMPLETE, FAIL)


def test_a_chain_in_the_wrong_order(authority: Authority, running: Running, at: dt.datetime) -> None:
    leaf, intermediate = authority.chain(authority.leaf(HOST))
    seen = chain_of(authority, running, at, leaf, authority.root.certificate, intermediate)

    assert judged("cert.chain-complete", seen, at) is WARN


def test_an_intermediate_signed_with_sha1(running: Running, at: dt.datetime) -> None:
    weak = Authority(at, weak_intermediate=True)
    seen = chain_of(weak, running, at, *weak.chain(weak.leaf(HOST)))

    assert judged("cert.signature-algorithm", seen, at) is FAIL


def test_a_public_certificate_that_no_log_knows(authority: Authority, running: Running, at: dt.datetime) -> None:
    seen = chain_of(authority, running, at, *authority.chain(authority.leaf(HOST)))

    assert judged("cert.ct-sct", seen, at) is Outcome.NOT_APPLICABLE  # an operator's own root needs no log
    assert judged("cert.ct-sct", replace(seen, public_root=True), at) is FAIL


PRIMES = tuple((1 << (bits - 1)) + 11 for bits in (480, 512, 1024, 2048))  # of RFC 7919 is none of them
GREETINGS: list[tuple[dict[str, Any], str, Outcome]] = [
    ({}, "tls.protocol-legacy", PASS),
    ({}, "tls.cipher-weak", PASS),
    ({}, "tls.protocol-modern", WARN),
    ({"versions": (SSL2,)}, "tls.protocol-legacy", FAIL),
    ({"versions": (SSL3,), "suites": (STATIC_AES,)}, "tls.protocol-legacy", FAIL),
    ({"versions": (TLS10, TLS11, TLS12), "suites": (TRIPLE_DES,)}, "tls.protocol-legacy", FAIL),
    ({"suites": (TRIPLE_DES,)}, "tls.cipher-weak", FAIL),
    ({"suites": (RC4,)}, "tls.cipher-weak", FAIL),
    ({"suites": (STATIC_AES,)}, "tls.forward-secrecy", FAIL),
    *(({"suites": (DHE_AES,), "prime": prime}, "tls.dh-params", FAIL) for prime in PRIMES),
]


@pytest.mark.parametrize(("greeting", "check", "outcome"), GREETINGS)
def test_what_openssl_no_longer_speaks(
    authority: Authority, running: Running, at: dt.datetime, greeting: dict[str, Any], check: str, outcome: Outcome
) -> None:
    chain = authority.chain(authority.leaf(HOST))
    bad = Bad(host=HOST, roots=authority.root.pem, greeter=Greeter(chain=chain, **greeting))

    (seen,) = asyncio.run(badssl.facts(bad, running, at, kinds=(TlsHandshakes,)))

    assert judged(check, seen, at) is outcome


OLDEST, OLD, NEW = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2
SPOKEN: list[tuple[dict[str, Any], str, Outcome]] = [
    ({"lowest": OLDEST, "highest": OLDEST, "ciphers": "ALL"}, "tls.protocol-legacy", FAIL),
    ({"lowest": OLD, "highest": OLD, "ciphers": "ALL"}, "tls.protocol-legacy", FAIL),
    ({"lowest": NEW, "highest": NEW, "ciphers": "ECDHE+AESGCM"}, "tls.protocol-legacy", PASS),
    ({"lowest": ssl.TLSVersion.TLSv1_3}, "tls.protocol-modern", PASS),
    ({"highest": NEW, "ciphers": "NULL"}, "tls.cipher-weak", FAIL),
    ({"highest": NEW, "ciphers": "ECDHE-RSA-AES128-SHA256:AES128-SHA"}, "tls.cipher-phase-out", WARN),
    ({"highest": NEW, "ciphers": "AES128-GCM-SHA256"}, "tls.forward-secrecy", FAIL),
    ({"ciphers": "ECDHE-RSA-AES128-GCM-SHA256"}, "tls.cipher-phase-out", PASS),
]


@pytest.mark.parametrize(("options", "check", "outcome"), SPOKEN)
def test_what_openssl_still_speaks_when_told(
    authority: Authority, running: Running, at: dt.datetime, options: dict[str, Any], check: str, outcome: Outcome
) -> None:
    bad = Bad(host=HOST, roots=authority.root.pem, context=badssl.context_of(authority, HOST, **options))

    (seen,) = asyncio.run(badssl.facts(bad, running, at, kinds=(TlsHandshakes,)))

    assert judged(check, seen, at) is outcome


PAGES: list[tuple[str, str, Outcome]] = [
    ("<img src=http://bilder.haus.test/a.png>", "web.mixed-content-passive", WARN),
    ("<script src=http://cdn.haus.test/a.js></script>", "web.mixed-content-active", FAIL),
    ("<form action=http://ziel.haus.test/><input name=a></form>", "web.form-action-insecure", FAIL),
    ("<form action=http://ziel.haus.test/><input type=password></form>", "auth.password-form-insecure", FAIL),
    ("<form action=/senden><input type=password></form>", "auth.password-form-insecure", PASS),
    ("<p>gut</p>", "web.mixed-content-passive", PASS),
]


@pytest.mark.parametrize(("body", "check", "outcome"), PAGES)
def test_pages_over_https(
    serve: Callable[[Plan], Running], look: Callable[..., Any], at: dt.datetime, body: str, check: str, outcome: Outcome
) -> None:
    host = "seite.haus.test"
    served = serve(Plan(sites=(Site(host=host, pages={"/": Reply(body=f"<!doctype html>{body}")}),)))

    page: Page = look(served, http.page, host)
    login = look(served, http.login_page, host)

    assert badssl.outcome(check, host, at, {type(page): page, type(login): login}) is outcome


def test_a_site_that_leads_from_https_to_http(
    serve: Callable[[Plan], Running], look: Callable[..., Any], at: dt.datetime
) -> None:
    host = "zurueck.haus.test"
    back = Reply(status=301, headers=(("location", f"http://{host}/"),))
    login = Reply(body="<!doctype html><input type=password>")
    site = Site(host=host, pages={"/": back}, cleartext=Cleartext.SERVES, cleartext_pages={"/": login})
    served = serve(Plan(sites=(site,)))

    page: Page = look(served, http.page, host)
    plain: CleartextPage = look(served, http.cleartext_page, host)
    facts = {Page: page, CleartextPage: plain, type(logins := look(served, http.login_page, host)): logins}

    assert badssl.outcome("web.https-available", host, at, facts) is FAIL
    assert badssl.outcome("web.http-redirect", host, at, facts) is FAIL
    assert badssl.outcome("auth.password-form-insecure", host, at, facts) is FAIL
