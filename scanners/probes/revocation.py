"""Revocation: whether the authority has withdrawn a certificate. Asked are only the addresses in a trusted chain."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from scanners.observations import Certificate, Reason, Revocation, Trust
from scanners.parsing import certificates
from scanners.parsing import revocation as reading
from scanners.parsing.revocation import BadRevocationData, Standing
from scanners.probes import inquiries, tls
from scanners.probes.inquiries import Answer, Inquirer, Kept
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit
from scanners.records import record

SECONDS = 15.0
MOST_LIST = 12_000_000
MOST_ANSWER = 20_000
MOST_ADDRESSES = 2
FRESH_LIST = timedelta(hours=6)
FRESH_ANSWER = timedelta(hours=1)

Result = TypeVar("Result")


async def revocation(visit: Visit, host: str) -> Revocation:
    """What the authority's list says of the leaf, or its responder where the certificate names no list."""
    settings = visit.door.settings
    if not settings.registries.revocation:
        raise Unseen(Reason.NOT_CONFIGURED)
    seen = await tls.certificate_chain(visit, host)
    leaf = seen.chain[0]
    # An address in a certificate that anybody can make would be an order to us.
    if seen.trust is not Trust.TRUSTED or not (leaf.crl_urls or leaf.ocsp_urls):
        return Revocation(at=visit.at, method="none", serial=leaf.serial)
    raw, issuer = await _leaf_and_issuer(visit, host, leaf)
    hosts = frozenset(_hosts((*leaf.crl_urls, *leaf.ocsp_urls)))
    async with inquiries.inquirer(settings, allows=hosts.__contains__, cleartext=True) as asking:
        kept = Kept(settings.registries.keep_dir, at=visit.at)
        case = _Case(visit=visit, asking=asking, kept=kept, leaf=leaf, raw=raw, issuer=issuer)
        return await (case.by_list() if leaf.crl_urls else case.by_answer())


async def _leaf_and_issuer(visit: Visit, host: str, leaf: Certificate) -> tuple[bytes, bytes]:
    shown = await tls.shown_chain(visit, host)
    if certificates.read(shown.chain[0]).sha256 != leaf.sha256:
        raise Unseen(Reason.GARBLED, "another certificate than before")
    for candidate in shown.chain[1:]:
        if reading.issued(shown.chain[0], candidate):
            return shown.chain[0], candidate
    for root in tls.root_store(visit.door.settings.trust_roots_pem).roots:
        candidate = root.public_bytes(Encoding.DER)
        if certificates.read(candidate).subject == leaf.issuer and reading.issued(shown.chain[0], candidate):
            return shown.chain[0], candidate
    raise Unseen(Reason.GARBLED, "issuer")


@record
class _Case:
    visit: Visit
    asking: Inquirer
    kept: Kept
    leaf: Certificate
    raw: bytes
    issuer: bytes

    async def by_list(self) -> Revocation:
        last = Unseen(Reason.UNREACHABLE)
        for url in self.leaf.crl_urls[:MOST_ADDRESSES]:
            try:
                return await self._by_one_list(url)
            except Unseen as unseen:
                last = unseen
        raise last

    async def _by_one_list(self, url: str) -> Revocation:
        def read(answer: Answer) -> Standing:
            return _read(
                lambda: reading.by_list(answer.body, url=url, leaf=self.raw, issuer=self.issuer, at=self.visit.at)
            )

        answer = await self.kept.ask(
            f"crl {url}",
            lambda: self.asking.get(
                url, at=self.visit.at, accept="application/pkix-crl, */*", at_most=MOST_LIST, seconds=SECONDS
            ),
            read=read,
            fresh=FRESH_LIST,
        )
        return self._seen("crl", answer.host, read(answer))

    async def by_answer(self) -> Revocation:
        question = quote(_read(lambda: reading.question(self.raw, self.issuer)), safe="")
        url = f"{self.leaf.ocsp_urls[0].rstrip('/')}/{question}"

        def read(answer: Answer) -> Standing:
            found = _read(lambda: reading.by_answer(answer.body, leaf=self.raw, issuer=self.issuer, at=self.visit.at))
            if found is None:
                raise Unseen(Reason.GARBLED, "not known to the responder")
            return found

        answer = await self.kept.ask(
            f"ocsp {url}",
            lambda: self.asking.get(
                url, at=self.visit.at, accept="application/ocsp-response", at_most=MOST_ANSWER, seconds=SECONDS
            ),
            read=read,
            fresh=FRESH_ANSWER,
        )
        return self._seen("ocsp", answer.host, read(answer))

    def _seen(self, method: str, source: str, found: Standing) -> Revocation:
        return Revocation(
            at=self.visit.at,
            method=method,
            source=source,
            serial=self.leaf.serial,
            revoked=found.revoked,
            revoked_at=found.revoked_at,
            cause=found.cause,
            issued_at=found.issued_at,
        )


def _read(read: Callable[[], Result]) -> Result:
    try:
        return read()
    except BadRevocationData as error:
        raise Unseen(Reason.GARBLED, str(error)) from error


def _hosts(urls: Iterable[str]) -> Iterable[str]:
    for url in urls:
        try:
            yield (urlsplit(url).hostname or "").lower()
        except ValueError:
            continue
