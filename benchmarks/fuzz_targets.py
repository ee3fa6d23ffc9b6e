"""Every reader of a target's bytes as a function of bytes: it may refuse in its own words and must not break."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import certifi

from scanners import storing
from scanners.observations import CaaRecord
from scanners.parsing import (
    caa,
    certificates,
    client_hello,
    cookies,
    csp,
    dkim,
    dmarc,
    greetings,
    hsts,
    html,
    http2,
    mta_sts,
    rdap,
    revocation,
    security_txt,
    spf,
    tls_vectors,
    tokens,
    urls,
)
from scanners.probes import fetching, mail
from scanners.probes.network import Unseen

AT = datetime(2026, 1, 1, tzinfo=UTC)

Target = Callable[[bytes], object]


def text(data: bytes) -> str:
    """As every probe makes text of bytes."""
    return data.decode("utf-8", errors="replace")


def refusing(target: Target, *refusals: type[Exception]) -> Target:
    """The target; its own refusals are answers too."""

    def run(data: bytes) -> object:
        try:
            return target(data)
        except refusals:
            return None

    return run


def _chain(data: bytes) -> object:
    half = len(data) // 2
    return certificates.judge_path((data[:half], data[half:]), ROOTS)


def _banner(data: bytes) -> object:
    return [greeting.read(data) for greeting in greetings.GREETINGS.values()]


def _page(data: bytes) -> object:
    page = html.read(text(data))
    return html.loads(page, "https://host.test/"), page.asks_password


def _encoded(data: bytes) -> object:
    return [fetching._decompress(data, encoding) for encoding in fetching.WINDOW_BITS]  # noqa: SLF001 - what is public opens a connection


def _frames(data: bytes) -> object:
    client = http2.Client()
    client.request([(b":method", b"GET")], ends=True)
    return [*client.receive(b"\0\0\0\4\0\0\0\0\0"), *client.receive(data)]


def _reply(data: bytes) -> object:
    return mail._is_whole(data)  # noqa: SLF001 - what is public opens a connection


def _address(data: bytes) -> object:
    parts = fetching._parts(text(data))  # noqa: SLF001 - what is public opens a connection
    return fetching._target(parts), urls.join("https://host.test/", text(data))  # noqa: SLF001 - what is public opens a connection


ROOTS = certificates.RootStore(Path(certifi.where()).read_bytes())
REFUSED = (tls_vectors.Malformed, certificates.BadCertificate, storing.BadDocument, Unseen)
JSON = (ValueError, RecursionError, storing.BadDocument, rdap.BadDocument)

TARGETS: Mapping[str, Target] = {
    "tls-answer": refusing(client_hello.read, *REFUSED),
    "key-exchange": refusing(lambda data: client_hello.read_key_exchange(data, suite=0xC02F, version=0x0303), *REFUSED),
    "certificate": refusing(certificates.read, *REFUSED),
    "chain": refusing(_chain, *REFUSED),
    "revocation-list": refusing(
        lambda data: revocation.by_list(data, url="http://a.test/", leaf=data, issuer=data, at=AT),
        revocation.BadRevocationData,
    ),
    "revocation-answer": refusing(
        lambda data: revocation.by_answer(data, leaf=data, issuer=data, at=AT), revocation.BadRevocationData
    ),
    "page": _page,
    "policy": lambda data: [csp.problems(policy) for policy in csp.parse([text(data)])],
    "cookie": lambda data: cookies.parse(text(data)),
    "hsts": lambda data: hsts.parse(text(data)),
    "tokens": lambda data: tokens.jwts(text(data)),
    "security-txt": lambda data: security_txt.parse(text(data)),
    "mta-sts": lambda data: mta_sts.parse_policy(text(data)),
    "spf": lambda data: spf.parse(text(data)),
    "dmarc": lambda data: dmarc.parse(text(data)),
    "dkim": lambda data: dkim.parse(text(data)),
    "caa": lambda data: caa.is_valid(CaaRecord(flags=0, tag="issue", value=text(data))),
    "greeting": _banner,
    "mail-reply": refusing(_reply, Unseen),
    "address": refusing(_address, Unseen),
    "body": _encoded,
    "http2": refusing(_frames, http2.NotSpoken, http2.Broken, http2.Flood),
    "registry": refusing(lambda data: rdap.services(json.loads(data)), *JSON),
    "event": refusing(lambda data: storing.load_event(json.loads(data)), *JSON),
    "job": refusing(lambda data: storing.load_job(json.loads(data)), *JSON),
}
