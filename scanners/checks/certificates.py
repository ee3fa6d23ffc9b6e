"""Whether the certificate a server shows can be trusted, today and for a while."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing, shortened
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import Certificate, CertificateChain, HostDns, Trust
from scanners.parsing import issuers
from scanners.targets import registrable

REFS = Refs(
    measures=(8,),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2", "17.4"),
    sources=("CA/Browser Forum Baseline Requirements",),
)
SHORT_LIFETIME = timedelta(days=47)
WARN_BEFORE = timedelta(days=21)
# CA/B ballot SC-081v3: 200 days at most for certificates issued since this day; 398 days before it.
SHORTER_SINCE = datetime(2026, 3, 15, tzinfo=UTC)
GOOD_DAYS, LONG_DAYS, LONGEST_DAYS = 100, 200, 398
GOOD_RSA, SMALLEST_RSA = 3072, 2048
GOOD_CURVES = frozenset(
    {
        "secp256r1",
        "secp384r1",
        "secp521r1",
        "prime256v1",
        "brainpoolp256r1",
        "brainpoolp384r1",
        "brainpoolp512r1",
    }
)
NEEDED_SCTS, NEEDED_SCTS_LONG, LONG_FOR_SCTS = 2, 3, 180
NO_CERTIFICATE = N_("The server sent no certificate.")
NOT_PUBLIC = N_("The certificate does not come from a public authority, to which alone this rule applies.")


def _leaf(seen: Observations) -> Certificate | None:
    served = seen[CertificateChain].chain
    return served[0] if served else None


def _is_public(seen: Observations) -> bool:
    served = seen[CertificateChain]
    return served.public_root and served.trust in {Trust.TRUSTED, Trust.INCOMPLETE}


def _lifetime_days(leaf: Certificate) -> int:
    """Both ends count (RFC 5280 section 4.1.2.5), so 90 days end one second before the ninety-first."""
    return math.ceil((leaf.not_after - leaf.not_before + timedelta(seconds=1)) / timedelta(days=1))


@check(
    "cert.chain-trust",
    title=N_("The certificate comes from a trusted authority"),
    severity=Severity.CRITICAL,
    needs=(CertificateChain,),
    refs=replace(REFS, sources=("Mozilla root store", "OWASP ASVS 5.0 V12.2.2")),
    why=N_(
        "Only a trusted authority has verified that the key belongs to this name. "
        "Staff who get used to clicking warnings away will do so on an attacker's page as well."
    ),
    fix=N_("Use a certificate of a public authority, for example over ACME, and renew it automatically."),
)
def certificate_comes_from_a_trusted_authority(seen: Observations) -> Verdict:
    leaf = _leaf(seen)
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    issuer = shortened(leaf.issuer_organisation or leaf.issuer)
    match seen[CertificateChain].trust:
        case Trust.TRUSTED:
            return ok(N_("Issued by %(issuer)s; the chain leads to a trusted root."), issuer=issuer)
        case Trust.INCOMPLETE:
            return ok(
                N_("Issued by %(issuer)s; trusted only through a certificate the server does not send."),
                issuer=issuer,
            )
        case Trust.SELF_SIGNED:
            return fail(N_("The certificate is self-signed."))
        case Trust.UNKNOWN_ISSUER:
            return fail(N_("The issuer %(issuer)s is not trusted by browsers."), issuer=issuer)


@check(
    "cert.chain-complete",
    title=N_("The server sends the whole chain"),
    severity=Severity.MEDIUM,
    needs=(CertificateChain,),
    refs=replace(REFS, sources=("RFC 8446 section 4.4.2",)),
    why=N_(
        "Browsers often find a missing link by themselves; medical devices, interfaces and apps do not. "
        "Connections then fail in places where nobody sees a browser's message."
    ),
    fix=N_("Configure the leaf followed by all intermediate certificates, without the root."),
    example="ssl_certificate /etc/ssl/portal/fullchain.pem;",
)
def server_sends_the_whole_chain(seen: Observations) -> Verdict:
    served = seen[CertificateChain]
    if served.trust in {Trust.SELF_SIGNED, Trust.UNKNOWN_ISSUER}:
        return not_applicable(N_("There is no chain to a trusted root that could be complete."))
    if served.trust is Trust.INCOMPLETE:
        return fail(N_("An intermediate certificate is missing from the chain."))
    if not served.ordered:
        return warn(N_("The certificates of the chain are out of order."))
    if served.superfluous:
        return warn(N_("Superfluous certificates in the chain: %(count)d."), count=served.superfluous)
    return ok(N_("Certificates sent: %(count)d, complete and in order."), count=len(served.chain))


@check(
    "cert.hostname-match",
    title=N_("The certificate names this host"),
    severity=Severity.CRITICAL,
    needs=(CertificateChain,),
    refs=replace(REFS, sources=("RFC 9525",)),
    why=N_(
        "A certificate for another name proves nothing about the server that shows it. "
        "Users see a warning, and interfaces that ignore it can be redirected unnoticed."
    ),
    fix=N_("Request a certificate that lists this host name as a DNS name."),
)
def certificate_names_this_host(seen: Observations) -> Verdict:
    leaf = _leaf(seen)
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    if seen[CertificateChain].name_matches:
        return ok(N_("The certificate covers %(host)s."), host=seen.subject.name)
    if not leaf.dns_names:
        return fail(N_("The certificate lists no DNS name."))
    return fail(N_("The certificate is for other names: %(names)s."), names=listing(leaf.dns_names))


@check(
    "cert.expiry",
    title=N_("The certificate is valid and is renewed in time"),
    severity=Severity.HIGH,
    needs=(CertificateChain,),
    refs=replace(REFS, measures=(8, 3), gdpr=("Art. 32 (1) a", "Art. 32 (1) b"), sources=("RFC 5280",)),
    why=N_(
        "An expired certificate stops interfaces at once and teaches users to ignore warnings. "
        "In a hospital this is an outage of the product, often at night and without warning."
    ),
    fix=N_("Renew automatically at two thirds of the lifetime and watch the date."),
)
def certificate_is_valid_and_renewed_in_time(seen: Observations) -> Verdict:
    leaf = _leaf(seen)
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    if seen.at < leaf.not_before:
        return fail(
            N_("Not valid before %(date)s."), severity=Severity.CRITICAL, date=leaf.not_before.date().isoformat()
        )
    left = leaf.not_after - seen.at
    if left < timedelta(0):
        return fail(N_("Expired on %(date)s."), severity=Severity.CRITICAL, date=leaf.not_after.date().isoformat())
    lifetime = leaf.not_after - leaf.not_before
    needed = min(WARN_BEFORE, lifetime / 3) if lifetime <= SHORT_LIFETIME else WARN_BEFORE
    if left < needed:
        return warn(
            N_("Expires on %(date)s; days left: %(days)d."), date=leaf.not_after.date().isoformat(), days=left.days
        )
    return ok(N_("Valid until %(date)s; days left: %(days)d."), date=leaf.not_after.date().isoformat(), days=left.days)


@check(
    "cert.lifetime",
    title=N_("The certificate is short-lived"),
    severity=Severity.LOW,
    needs=(CertificateChain,),
    refs=replace(REFS, sources=("CA/Browser Forum SC-081v3", "Mozilla server side TLS 6.0")),
    why=N_(
        "The shorter a certificate lives, the shorter a stolen key is of use. "
        "Lifetimes fall to 47 days by 2029; whoever renews by hand will have outages."
    ),
    fix=N_("Renew over ACME with a lifetime of at most 100 days."),
)
def certificate_is_short_lived(seen: Observations) -> Verdict:
    leaf = _leaf(seen)
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    if not _is_public(seen):
        return not_applicable(NOT_PUBLIC)
    days = _lifetime_days(leaf)
    most = LONG_DAYS if leaf.not_before >= SHORTER_SINCE else LONGEST_DAYS
    if days > most:
        return fail(N_("Valid for %(days)d days; %(most)d are allowed."), days=days, most=most)
    verdict = ok if days <= GOOD_DAYS else info
    return verdict(N_("Valid for %(days)d days in all."), days=days)


@check(
    "cert.key-strength",
    title=N_("The certificate's key is long enough"),
    severity=Severity.MEDIUM,
    needs=(CertificateChain,),
    refs=replace(REFS, sources=("BSI TR-02102-1", "NCSC-NL TLS guidelines")),
    why=N_(
        "Whoever computes the private key can pose as this server. "
        "The BSI recommends RSA keys of at least 3,000 bits; elliptic curves reach more with shorter keys."
    ),
    fix=N_("Create the next key as ECDSA P-256 or as RSA with at least 3072 bits."),
    example="openssl ecparam -genkey -name prime256v1 -out portal.key",
)
def certificate_key_is_long_enough(seen: Observations) -> Verdict:
    leaf = _leaf(seen)
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    key = f"{leaf.key_kind} {leaf.curve or leaf.key_bits}".removesuffix(" 0")
    if leaf.key_kind in {"Ed25519", "Ed448"} or (leaf.key_kind == "EC" and leaf.curve.lower() in GOOD_CURVES):
        return ok(N_("The key is %(key)s."), key=key)
    if leaf.key_kind == "RSA" and leaf.key_bits >= GOOD_RSA:
        return ok(N_("The key is %(key)s."), key=key)
    if leaf.curve.lower() == "secp224r1" or (leaf.key_kind == "RSA" and leaf.key_bits >= SMALLEST_RSA):
        return warn(N_("The key is %(key)s; that is below today's recommendation."), key=key)
    return fail(N_("The key is %(key)s; that is too weak."), key=key)


@check(
    "cert.signature-algorithm",
    title=N_("The chain is signed with a sound hash"),
    severity=Severity.HIGH,
    needs=(CertificateChain,),
    refs=replace(REFS, sources=("NCSC-NL TLS guidelines", "BSI TR-02102-1")),
    why=N_(
        "Certificates signed with MD5 or SHA-1 can be forged. "
        "A forged certificate makes a false server indistinguishable from the right one."
    ),
    fix=N_("Have the certificate issued again with SHA-256 or longer."),
)
def chain_is_signed_with_a_sound_hash(seen: Observations) -> Verdict:
    served = seen[CertificateChain].chain
    # A root's own signature protects nothing; the leaf's counts even when it is self-issued.
    hashes = [
        certificate.signature_hash.lower().replace("-", "")
        for place, certificate in enumerate(served)
        if place == 0 or not certificate.self_issued
    ]
    if not hashes:
        return unknown(NO_CERTIFICATE)
    if bad := [name for name in hashes if name in {"md5", "sha1", "md2"}]:
        return fail(N_("Signed with: %(hashes)s."), hashes=listing(bad))
    if "sha224" in hashes:
        return warn(N_("Signed with: %(hashes)s."), hashes="sha224")
    return ok(N_("Signed with: %(hashes)s."), hashes=listing(name or "EdDSA" for name in hashes))


@check(
    "cert.ct-sct",
    title=N_("The certificate is publicly logged"),
    severity=Severity.MEDIUM,
    needs=(CertificateChain,),
    refs=replace(REFS, sources=("Chrome Certificate Transparency Policy", "RFC 9162")),
    why=N_(
        "Public logs make wrongly issued certificates visible to the owner of the domain. "
        "Browsers reject public certificates without proof of logging."
    ),
    fix=N_("Have the certificate issued again by an authority that embeds at least two timestamps (SCT)."),
)
def certificate_is_publicly_logged(seen: Observations) -> Verdict:
    leaf = _leaf(seen)
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    if not _is_public(seen):
        return not_applicable(NOT_PUBLIC)
    needed = NEEDED_SCTS_LONG if _lifetime_days(leaf) >= LONG_FOR_SCTS else NEEDED_SCTS
    if leaf.sct_count >= needed:
        return ok(N_("Embedded timestamps of public logs: %(count)d."), count=leaf.sct_count)
    if leaf.sct_count:
        return warn(
            N_("Embedded timestamps of public logs: %(count)d; expected: %(needed)d."),
            count=leaf.sct_count,
            needed=needed,
        )
    return fail(N_("No timestamp of a public log is embedded."))


@check(
    "cert.ocsp-stapling",
    title=N_("The server brings proof that its certificate is not revoked"),
    severity=Severity.LOW,
    needs=(CertificateChain,),
    refs=replace(REFS, sources=("RFC 6066 section 8", "RFC 7633", "CA/Browser Forum SC-063")),
    why=N_(
        "With a stapled answer the browser need not ask the authority, which would learn who visits the portal. "
        "A certificate that demands stapling is refused without it."
    ),
    fix=N_("Switch OCSP stapling on, or use a certificate without an OCSP address."),
    example="ssl_stapling on; ssl_stapling_verify on;",
)
def server_brings_proof_of_validity(seen: Observations) -> Verdict:
    leaf, stapled = _leaf(seen), seen[CertificateChain].stapled
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    if stapled:
        return ok(N_("The server staples an OCSP answer."))
    if not leaf.must_staple and not leaf.ocsp_urls:
        return ok(N_("The certificate has no OCSP address; it is revoked by lists alone."))
    if stapled is None:
        return unknown(N_("Whether the server staples could not be seen."))
    if leaf.must_staple:
        return fail(N_("The certificate demands stapling, and the server does not do it."))
    return info(N_("The server does not staple an OCSP answer."))


@check(
    "cert.wildcard-scope",
    title=N_("The certificate covers few names of one owner"),
    severity=Severity.INFO,
    needs=(CertificateChain,),
    refs=replace(REFS, measures=(8, 9), iso27001=("A.8.24", "A.5.9"), sources=("own rule",)),
    why=N_(
        "A key that serves many systems is stolen from the weakest of them. "
        "Names of strangers in one certificate show that the server is shared with other customers."
    ),
    fix=N_("Request a certificate of its own for the portal."),
)
def certificate_covers_few_names(seen: Observations) -> Verdict:
    leaf = _leaf(seen)
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    if not _is_public(seen):
        return not_applicable(NOT_PUBLIC)
    owners = sorted({registrable(name.removeprefix("*.").lower()) for name in leaf.dns_names})
    if len(owners) > 1:
        return warn(
            N_("The certificate covers %(count)d domains: %(names)s."), count=len(owners), names=listing(owners)
        )
    if wildcards := [name for name in leaf.dns_names if name.startswith("*.")]:
        return info(N_("The certificate covers every host below: %(names)s."), names=listing(wildcards))
    return ok(N_("The certificate covers: %(names)s."), names=listing(leaf.dns_names))


@check(
    "cert.caa-consistency",
    title=N_("The certificate's issuer is allowed by the CAA record"),
    severity=Severity.LOW,
    needs=(CertificateChain, HostDns),
    refs=replace(REFS, measures=(8, 4), iso27001=("A.8.24", "A.5.19"), mdr=(), sources=("RFC 8659 section 4",)),
    why=N_(
        "A certificate of an authority the CAA record does not name is either old, or nobody expected it. "
        "In the first case the next renewal fails, in the second someone should look."
    ),
    fix=N_("Add the authority in use to the CAA record, or change to one that is named there."),
    example='portal.example. CAA 0 issue "letsencrypt.org"',
)
def issuer_is_allowed_by_caa(seen: Observations) -> Verdict:
    leaf, records = _leaf(seen), seen[HostDns].caa
    if leaf is None:
        return unknown(NO_CERTIFICATE)
    allowed = issuers.allowed(records, wildcard=seen.subject.name not in leaf.dns_names)
    if allowed is None:
        return ok(N_("No CAA record limits who may issue."))
    if not _is_public(seen):
        return not_applicable(NOT_PUBLIC)
    issuer, identifiers = shortened(leaf.issuer_organisation), issuers.identifiers(leaf.issuer_organisation)
    if not identifiers:
        return unknown(N_("We do not know the CAA names of the issuer %(issuer)s."), issuer=issuer)
    if identifiers & set(allowed):
        return ok(N_("%(issuer)s is named in the CAA record."), issuer=issuer)
    names = listing(allowed) or "–"
    return warn(N_("Issued by %(issuer)s; the CAA record allows: %(names)s."), issuer=issuer, names=names)
