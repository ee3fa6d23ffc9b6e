"""Small builders of observations: defaults that pass, so that a test shows only what matters."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from scanners import checking
from scanners.model import Check, Finding, Observations, Outcome, Subject, SubjectKind
from scanners.observations import (
    Blind,
    Certificate,
    CertificateChain,
    CleartextPage,
    LoginPage,
    Observation,
    Page,
    Reason,
    Response,
    TlsHandshakes,
    Trust,
)

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOST = "portal.example.test"
DOMAIN = "example.test"


def seen(
    *facts: Observation,
    host: str = HOST,
    kind: SubjectKind = SubjectKind.HOST,
    at: datetime = AT,
    blind: Mapping[type[Observation], Reason] | None = None,
) -> Observations:
    """What was seen of one subject; `blind` names the kinds that could not be seen, and why."""
    by_kind: dict[type[Observation], Observation] = {type(fact): fact for fact in facts}
    by_kind |= {of: Blind(at=at, reason=reason) for of, reason in (blind or {}).items()}
    return Observations(subject=Subject(kind=kind, name=host), at=at, facts=by_kind)


def seen_of_domain(*facts: Observation, domain: str = DOMAIN, at: datetime = AT) -> Observations:
    """What was seen of a registrable domain."""
    return seen(*facts, host=domain, kind=SubjectKind.DOMAIN, at=at)


def judge(check: Check, *facts: Observation, host: str = HOST, at: datetime = AT) -> Finding:
    """One check over these facts, through the real runner."""
    return checking.run(check, seen(*facts, host=host, at=at, kind=check.subject))


def outcome(check: Check, *facts: Observation, host: str = HOST, at: datetime = AT) -> Outcome:
    """What one check comes to over these facts."""
    return judge(check, *facts, host=host, at=at).outcome


def response(
    body: str = "<!doctype html><title>Portal</title>",
    *,
    url: str = f"https://{HOST}/",
    status: int = 200,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    tls_verified: bool | None = None,
) -> Response:
    """One response; HTML over verified TLS unless told otherwise."""
    pairs = tuple(headers.items()) if isinstance(headers, Mapping) else tuple(headers)
    if not any(name == "content-type" for name, _value in pairs):
        pairs = (("content-type", "text/html; charset=utf-8"), *pairs)
    if tls_verified is None and url.startswith("https:"):
        tls_verified = True
    return Response(url=url, status=status, headers=pairs, body=body, address="192.0.2.1", tls_verified=tls_verified)


def redirect(to: str, *, url: str = f"https://{HOST}/", status: int = 301, **headers: str) -> Response:
    """A redirect; keyword headers with underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return response("", url=url, status=status, headers={"location": to, **named})


def page(*hops: Response, left_host_to: str | None = None) -> Page:
    """A page load; one ordinary document when no hop is given."""
    return Page(at=AT, hops=hops or (response(),), left_host_to=left_host_to)


def page_with(headers: Mapping[str, str] | Iterable[tuple[str, str]] = (), body: str = "<!doctype html>") -> Page:
    """A page load of one document with these headers and this body."""
    return page(response(body, headers=headers))


def cleartext(*hops: Response, left_host_to: str | None = None) -> CleartextPage:
    """A load over http; a plain redirect to https when no hop is given."""
    default = redirect(f"https://{HOST}/", url=f"http://{HOST}/")
    return CleartextPage(at=AT, hops=hops or (default, response()), left_host_to=left_host_to)


def port_80_closed() -> CleartextPage:
    """Port 80 refuses connections."""
    return CleartextPage(at=AT, closed=True)


def login(*pages: Response) -> LoginPage:
    """The pages with a password field that were found from the start page."""
    return LoginPage(at=AT, pages=pages)


MODERN_SUITES: Mapping[str, tuple[str, ...]] = {
    "TLSv1.3": ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"),
    "TLSv1.2": ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
}


def handshakes(
    *,
    accepted: tuple[str, ...] = ("TLSv1.2", "TLSv1.3"),
    refused: tuple[str, ...] = ("SSLv3", "TLSv1.0", "TLSv1.1"),
    suites: Mapping[str, tuple[str, ...]] = MODERN_SUITES,
    server_prefers: bool | None = True,
    groups: tuple[str, ...] = ("X25519MLKEM768", "x25519", "secp256r1"),
    compression: bool | None = False,
    secure_renegotiation: bool | None = True,
    extended_master_secret: bool | None = True,
    key_exchange_hashes: tuple[str, ...] = ("sha256",),
    post_quantum: bool | None = True,
    dh_bits: int | None = None,
    dh_prime_known: str | None = None,
    unclear: tuple[str, ...] = (),
    suites_complete: bool = True,
) -> TlsHandshakes:
    """A server of today."""
    return TlsHandshakes(
        at=AT,
        address="192.0.2.1",
        port=443,
        accepted=accepted,
        refused=refused,
        unclear=unclear,
        suites=suites,
        suites_complete=suites_complete,
        server_prefers=server_prefers,
        groups=groups,
        dh_bits=dh_bits,
        dh_prime_known=dh_prime_known,
        compression=compression,
        secure_renegotiation=secure_renegotiation,
        extended_master_secret=extended_master_secret,
        key_exchange_hashes=key_exchange_hashes,
        post_quantum=post_quantum,
    )


def only_tls12(*suites: str) -> TlsHandshakes:
    """A server that speaks TLS 1.2 alone, with these suites in its own order."""
    return handshakes(
        accepted=("TLSv1.2",), refused=("SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.3"), suites={"TLSv1.2": suites}
    )


def certificate(
    *,
    days: int = 90,
    age: int = 10,
    dns_names: tuple[str, ...] = (HOST,),
    key_kind: str = "EC",
    key_bits: int = 256,
    curve: str = "secp256r1",
    signature_hash: str = "sha256",
    sct_count: int = 2,
    ocsp_urls: tuple[str, ...] = (),
    must_staple: bool = False,
    self_issued: bool = False,
    is_ca: bool = False,
    issuer_organisation: str = "Let's Encrypt",
) -> Certificate:
    """A leaf that is `age` days old and valid for `days` in all."""
    not_before = AT - timedelta(days=age)
    return Certificate(
        subject=f"CN={dns_names[0] if dns_names else ''}",
        issuer=f"O={issuer_organisation}",
        serial="01",
        not_before=not_before,
        not_after=not_before + timedelta(days=days, seconds=-1),
        dns_names=dns_names,
        key_kind=key_kind,
        key_bits=key_bits,
        curve=curve,
        signature_hash=signature_hash,
        sct_count=sct_count,
        ocsp_urls=ocsp_urls,
        must_staple=must_staple,
        self_issued=self_issued,
        is_ca=is_ca,
        issuer_organisation=issuer_organisation,
    )


def rsa_certificate(bits: int) -> Certificate:
    """A leaf with an RSA key of this size."""
    return certificate(key_kind="RSA", key_bits=bits, curve="")


def chain(
    *certificates: Certificate,
    trust: Trust = Trust.TRUSTED,
    ordered: bool = True,
    superfluous: int = 0,
    name_matches: bool = True,
    stapled: bool | None = False,
) -> CertificateChain:
    """A chain as served; leaf and one intermediate when none is given."""
    default = (certificate(), certificate(dns_names=(), days=1000, is_ca=True))
    return CertificateChain(
        at=AT,
        address="192.0.2.1",
        port=443,
        chain=certificates or default,
        trust=trust,
        ordered=ordered,
        superfluous=superfluous,
        name_matches=name_matches,
        stapled=stapled,
    )
