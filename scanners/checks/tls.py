"""Which TLS versions, cipher suites and key exchanges a server agrees to."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import TlsHandshakes
from scanners.parsing import suites
from scanners.parsing.suites import Level

REFS = Refs(
    measures=(8,),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2", "17.4"),
    sources=("BSI TR-02102-2", "NCSC-NL TLS guidelines"),
)
SSL = ("SSLv2", "SSLv3")
RETIRED = (*SSL, "TLSv1.0", "TLSv1.1")
GOOD_GROUPS = frozenset(
    {
        "secp256r1",
        "secp384r1",
        "secp521r1",
        "brainpoolp256r1",
        "brainpoolp384r1",
        "brainpoolp512r1",
        "brainpoolp256r1tls13",
        "brainpoolp384r1tls13",
        "brainpoolp512r1tls13",
        "x25519",
        "x448",
        "x25519mlkem768",
        "secp256r1mlkem768",
        "secp384r1mlkem1024",
    }
)
SMALLEST_PRIME = 3072
BROKEN_PRIME = 2048
# BSI TR-02102 of 2026-01 recommends classical key agreement alone no longer than this.
HYBRID_EXPECTED = datetime(2031, 1, 1, tzinfo=UTC)
NOTHING_AGREED = N_("The server agreed to no TLS version, so this could not be seen.")
BUDGET_ENDED = N_("Not every cipher suite could be tried; none of those seen is a problem.")
NOT_ANSWERED = N_("The server's answers do not show this.")
ONLY_TLS13 = N_("Only TLS 1.3 is accepted, where this cannot occur.")


def _readable(versions: Iterable[str]) -> str:
    return listing(version.replace("TLSv", "TLS ").replace("SSLv", "SSL ") for version in versions)


def _offered(seen: Observations) -> list[str]:
    return [suite for names in seen[TlsHandshakes].suites.values() for suite in names]


def _older_suites(seen: Observations) -> list[str]:
    return [suite for version, names in seen[TlsHandshakes].suites.items() if version != "TLSv1.3" for suite in names]


def _is_only_tls13(seen: Observations) -> bool:
    return seen[TlsHandshakes].accepted == ("TLSv1.3",)


@check(
    "tls.protocol-legacy",
    title=N_("Retired TLS versions are refused"),
    severity=Severity.HIGH,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, iso27001=("A.8.24", "A.8.20"), sources=("RFC 8996", "RFC 7568", "BSI TR-02102-2")),
    why=N_(
        "SSL and TLS before 1.2 rest on broken building blocks; an attacker on the line can force them and read along. "
        "Patient data and passwords travel over exactly these connections."
    ),
    fix=N_("Accept only TLS 1.2 and TLS 1.3 in the web server or load balancer."),
    example="ssl_protocols TLSv1.2 TLSv1.3;",
)
def retired_versions_are_refused(seen: Observations) -> Verdict:
    shakes = seen[TlsHandshakes]
    retired = [version for version in RETIRED if version in shakes.accepted]
    if retired:
        severity = Severity.CRITICAL if any(version in SSL for version in retired) else None
        return fail(N_("Accepted: %(versions)s."), severity=severity, versions=_readable(retired))
    if not shakes.accepted:
        return unknown(NOTHING_AGREED)
    # Silence to an SSL hello is common at servers that never knew it; silence to TLS 1.0 or 1.1 tells nothing.
    unclear = [version for version in ("TLSv1.0", "TLSv1.1") if version in shakes.unclear]
    if unclear:
        return unknown(N_("No readable answer to %(versions)s."), versions=_readable(unclear))
    return ok(N_("Accepted: %(versions)s; nothing older."), versions=_readable(sorted(shakes.accepted)))


@check(
    "tls.protocol-modern",
    title=N_("TLS 1.3 is offered"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("RFC 8446", "BSI TR-02102-2")),
    why=N_(
        "TLS 1.3 leaves out everything that was attacked in older versions and hides more of the handshake. "
        "A medical product stays in use for years; without TLS 1.3 it will fall out of the BSI's recommendation."
    ),
    fix=N_("Switch TLS 1.3 on beside TLS 1.2; current web servers need no more than the setting."),
    example="ssl_protocols TLSv1.2 TLSv1.3;",
)
def tls13_is_offered(seen: Observations) -> Verdict:
    shakes = seen[TlsHandshakes]
    if "TLSv1.3" in shakes.accepted:
        return ok(N_("TLS 1.3 is accepted."))
    if "TLSv1.3" in shakes.unclear or not shakes.accepted:
        return unknown(NOT_ANSWERED)
    if "TLSv1.2" in shakes.accepted:
        return warn(N_("The newest version accepted is TLS 1.2."))
    return fail(N_("Neither TLS 1.2 nor TLS 1.3 is accepted."))


@check(
    "tls.cipher-weak",
    title=N_("No broken cipher suite is accepted"),
    severity=Severity.HIGH,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("RFC 7465", "BSI TR-02102-2", "NCSC-NL TLS guidelines")),
    why=N_(
        "Suites without encryption or with RC4, DES or export keys can be read by an attacker with modest means. "
        "An attacker on the line only needs the server to accept one of them."
    ),
    fix=N_("Allow only suites with ECDHE and AES-GCM or ChaCha20-Poly1305."),
    example="ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
)
def no_broken_suite_is_accepted(seen: Observations) -> Verdict:
    offered = _offered(seen)
    weak = [suite for suite in offered if suites.level(suite) <= Level.WEAK]
    if weak:
        broken = any(suites.level(suite) is Level.BROKEN for suite in weak)
        severity = Severity.CRITICAL if broken else None
        return fail(N_("Accepted: %(suites)s."), severity=severity, suites=listing(weak))
    return _pass_if_complete(seen, N_("Suites accepted: %(count)d; none is broken."), count=len(set(offered)))


@check(
    "tls.cipher-phase-out",
    title=N_("No cipher suite on its way out is accepted"),
    severity=Severity.LOW,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("NCSC-NL TLS guidelines", "Mozilla server side TLS 6.0")),
    why=N_(
        "CBC suites and DHE have needed one repair after another and are being withdrawn from the guidelines. "
        "Whoever drops them now is not hurried by the next attack."
    ),
    fix=N_("Keep only ECDHE suites with AES-GCM or ChaCha20-Poly1305 for TLS 1.2, unless an old device needs another."),
    example="ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
)
def no_suite_on_its_way_out_is_accepted(seen: Observations) -> Verdict:
    leaving = [suite for suite in _offered(seen) if suites.level(suite) is Level.PHASE_OUT]
    if leaving:
        return warn(N_("Accepted: %(suites)s."), suites=listing(leaving))
    return _pass_if_complete(seen, N_("No accepted suite uses CBC, Camellia, ARIA or DHE."))


@check(
    "tls.aead-offered",
    title=N_("A suite with authenticated encryption is offered"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("BSI TR-02102-2", "RFC 9325")),
    why=N_(
        "Authenticated encryption notices any change to the data in the same step that decrypts it. "
        "Without it the connection depends on constructions against which padding attacks are known."
    ),
    fix=N_("Offer AES-GCM or ChaCha20-Poly1305 suites."),
    example="ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
)
def authenticated_encryption_is_offered(seen: Observations) -> Verdict:
    offered = _offered(seen)
    found = next((suite for suite in offered if suites.is_aead(suite)), None)
    if found:
        return ok(N_("Accepted: %(suites)s."), suites=found)
    if not offered or not seen[TlsHandshakes].suites_complete:
        return unknown(NOT_ANSWERED)
    return fail(N_("Suites accepted: %(count)d; none with authenticated encryption."), count=len(set(offered)))


@check(
    "tls.forward-secrecy",
    title=N_("Every connection has forward secrecy"),
    severity=Severity.HIGH,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("BSI minimum standard TLS", "BSI TR-02102-2", "OWASP ASVS 5.0 V12.1.2")),
    why=N_(
        "Without forward secrecy, a key stolen later opens every connection that was recorded until then. "
        "Health data stay sensitive for a lifetime, so recording them now is worth the wait."
    ),
    fix=N_("Remove suites whose name begins with TLS_RSA, TLS_ECDH or TLS_DH; keep ECDHE."),
    example="ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
)
def every_connection_has_forward_secrecy(seen: Observations) -> Verdict:
    shakes, older = seen[TlsHandshakes], _older_suites(seen)
    static = [suite for suite in older if not suites.is_forward_secret(suite)]
    if not static:
        return _pass_if_complete(seen, N_("Every accepted suite exchanges fresh keys."))
    if len(static) == len(older) and "TLSv1.3" not in shakes.accepted:
        return fail(N_("No suite with forward secrecy is accepted; accepted: %(suites)s."), suites=listing(static))
    chosen_first = {names[0] for version, names in shakes.suites.items() if version != "TLSv1.3" and names}
    if shakes.server_prefers and any(not suites.is_forward_secret(suite) for suite in chosen_first):
        return fail(N_("The server prefers suites without forward secrecy: %(suites)s."), suites=listing(static))
    return warn(N_("Also accepted without forward secrecy: %(suites)s."), suites=listing(static))


@check(
    "tls.cipher-order",
    title=N_("A worse suite is never chosen where a better one is offered"),
    severity=Severity.LOW,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("NCSC-NL TLS guidelines", "Mozilla server side TLS 6.0")),
    why=N_(
        "When good and weak suites stand side by side, the server's order decides which protects the connection. "
        "Old workstations on hospital wards often ask for the weaker one first."
    ),
    fix=N_("Remove the weaker suites, or let the server's own order decide."),
    example="ssl_prefer_server_ciphers on;",
)
def a_worse_suite_is_never_chosen(seen: Observations) -> Verdict:
    shakes = seen[TlsHandshakes]
    mixed = {
        version: levels
        for version, names in shakes.suites.items()
        if len(set(levels := [suites.level(suite) for suite in names])) > 1
    }
    if not mixed:
        return _pass_if_complete(seen, N_("All accepted suites of a version are of the same level."))
    if shakes.server_prefers is None:
        return unknown(NOT_ANSWERED)
    if not shakes.server_prefers:
        return fail(N_("The client's order decides, also where it puts a weaker suite first."))
    disordered = [version for version, levels in mixed.items() if levels != sorted(levels, reverse=True)]
    if disordered:
        return fail(N_("In %(versions)s the server prefers weaker suites."), versions=_readable(disordered))
    return ok(N_("The server's order puts better suites first."))


@check(
    "tls.dh-params",
    title=N_("No weak Diffie-Hellman group is used"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("RFC 7919", "NCSC-NL TLS guidelines", "BSI TR-02102-2")),
    why=N_(
        "Small or home-made Diffie-Hellman groups can be precomputed once and then broken for every connection. "
        "The group is chosen by the server alone, so the hospital cannot make up for it."
    ),
    fix=N_("Remove DHE suites; where one is needed, use the group ffdhe3072 of RFC 7919 or a larger one."),
    example="ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;",
)
def no_weak_diffie_hellman_group(seen: Observations) -> Verdict:
    shakes = seen[TlsHandshakes]
    if shakes.dh_bits is None:
        if any(suites.is_finite_field(suite) for suite in _offered(seen)):
            return unknown(NOT_ANSWERED)
        return _pass_if_complete(seen, N_("No suite with finite-field Diffie-Hellman is accepted."))
    if shakes.dh_bits < BROKEN_PRIME:
        return fail(N_("The group has only %(bits)d bits."), severity=Severity.HIGH, bits=shakes.dh_bits)
    if shakes.dh_prime_known is None:
        return fail(N_("A group of %(bits)d bits that is not one of RFC 7919."), bits=shakes.dh_bits)
    if shakes.dh_bits < SMALLEST_PRIME:
        return fail(N_("The group has only %(bits)d bits."), bits=shakes.dh_bits)
    return warn(N_("The group %(group)s is sound, but DHE is on its way out."), group=shakes.dh_prime_known)


@check(
    "tls.ec-curves",
    title=N_("Only sound curves are used for the key exchange"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("NCSC-NL TLS guidelines", "BSI TR-02102-2")),
    why=N_(
        "The curve decides how hard it is to compute the key of a recorded connection. "
        "Short and odd curves were kept for old devices and give less than today's minimum."
    ),
    fix=N_("Offer X25519, secp256r1 and secp384r1, and where possible X25519MLKEM768."),
    example="ssl_ecdh_curve X25519MLKEM768:X25519:secp256r1:secp384r1;",
)
def only_sound_curves_are_used(seen: Observations) -> Verdict:
    groups = [group for group in seen[TlsHandshakes].groups if not group.lower().startswith("ffdhe")]
    if not groups:
        return _no_curve(seen)
    bad = [group for group in groups if group.lower() not in GOOD_GROUPS and group.lower() != "secp224r1"]
    if bad:
        return fail(N_("Accepted: %(groups)s."), groups=listing(bad))
    if any(group.lower() == "secp224r1" for group in groups):
        return warn(N_("Accepted: %(groups)s."), groups="secp224r1")
    return ok(N_("Accepted: %(groups)s."), groups=listing(groups))


def _no_curve(seen: Observations) -> Verdict:
    offered = _offered(seen)
    if not offered or "TLSv1.3" in seen[TlsHandshakes].accepted or any("_ECDHE_" in suite for suite in offered):
        return unknown(NOT_ANSWERED)
    return not_applicable(N_("No suite with elliptic curves is accepted."))


@check(
    "tls.pq-hybrid",
    title=N_("The key exchange withstands quantum computers"),
    severity=Severity.INFO,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("BSI TR-02102-1", "Mozilla server side TLS 6.0")),
    why=N_(
        "Connections recorded today could be opened by a quantum computer later, and health data keep their worth. "
        "The BSI recommends classical key agreement alone only until 2031, and until 2030 where much is at stake."
    ),
    fix=N_("Put X25519MLKEM768 first; OpenSSL 3.5 and current load balancers bring it."),
    example="ssl_ecdh_curve X25519MLKEM768:X25519:secp256r1;",
)
def key_exchange_withstands_quantum_computers(seen: Observations) -> Verdict:
    shakes = seen[TlsHandshakes]
    if shakes.post_quantum:
        return ok(N_("X25519MLKEM768 was agreed."))
    if shakes.post_quantum is None and "TLSv1.3" not in shakes.refused:
        return unknown(NOT_ANSWERED)
    if seen.at >= HYBRID_EXPECTED:
        return warn(N_("X25519MLKEM768 is not offered."), severity=Severity.LOW)
    return info(N_("X25519MLKEM768 is not offered."))


@check(
    "tls.compression",
    title=N_("TLS does not compress"),
    severity=Severity.HIGH,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("RFC 9325", "CVE-2012-4929 (CRIME)")),
    why=N_(
        "Compression inside TLS gives away secrets such as session cookies through the length of the packets. "
        "An attacker who can make a browser send requests reads the session of a signed-in user."
    ),
    fix=N_("Turn TLS compression off or update the TLS library; current versions no longer have it."),
)
def tls_does_not_compress(seen: Observations) -> Verdict:
    match seen[TlsHandshakes].compression:
        case True:
            return fail(N_("The server agreed to TLS compression."))
        case False:
            return ok(N_("The server declined TLS compression."))
        case None:
            return ok(ONLY_TLS13) if _is_only_tls13(seen) else unknown(NOT_ANSWERED)


@check(
    "tls.secure-renegotiation",
    title=N_("Renegotiation is bound to its connection"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("RFC 5746",)),
    why=N_(
        "Without RFC 5746 an attacker can put own requests in front of those of a signed-in user. "
        "Every TLS library of the last ten years has the repair, so its absence points to outdated software."
    ),
    fix=N_("Update the TLS library of the server or load balancer."),
)
def renegotiation_is_bound_to_its_connection(seen: Observations) -> Verdict:
    match seen[TlsHandshakes].secure_renegotiation:
        case True:
            return ok(N_("The server supports secure renegotiation (RFC 5746)."))
        case False:
            return ok(ONLY_TLS13) if _is_only_tls13(seen) else fail(N_("The server does not support RFC 5746."))
        case None:
            return ok(ONLY_TLS13) if _is_only_tls13(seen) else unknown(NOT_ANSWERED)


@check(
    "tls.extended-master-secret",
    title=N_("Keys are bound to their whole handshake"),
    severity=Severity.LOW,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("RFC 7627",)),
    why=N_(
        "Without the extended master secret two different connections can be brought to share the same keys. "
        "This undermines log-ins by client certificate, as they are used for remote maintenance."
    ),
    fix=N_("Update the TLS library of the server or load balancer; the extension is on by default."),
)
def keys_are_bound_to_their_handshake(seen: Observations) -> Verdict:
    shakes = seen[TlsHandshakes]
    if shakes.accepted and "TLSv1.2" not in (*shakes.accepted, *shakes.unclear):
        return ok(N_("TLS 1.2 is not accepted, where alone this matters."))
    match shakes.extended_master_secret:
        case True:
            return ok(N_("The extended master secret (RFC 7627) was agreed."))
        case False:
            return fail(N_("The extended master secret (RFC 7627) was not agreed."))
        case None:
            return unknown(NOT_ANSWERED)


@check(
    "tls.kex-hash",
    title=N_("The key exchange is signed with a sound hash"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(TlsHandshakes,),
    refs=replace(REFS, sources=("RFC 9155", "NCSC-NL TLS guidelines")),
    why=N_(
        "The server signs its part of the key exchange; with MD5 or SHA-1 such a signature can be forged. "
        "That would let an attacker pose as the vendor's server."
    ),
    fix=N_("Allow only signatures with SHA-256 or longer."),
    example="ssl_conf_command SignatureAlgorithms ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256;",
)
def key_exchange_is_signed_with_a_sound_hash(seen: Observations) -> Verdict:
    hashes = {name.lower().replace("-", "") for name in seen[TlsHandshakes].key_exchange_hashes}
    if bad := sorted(hashes & {"md5", "sha1", "md5sha1"}):
        return fail(N_("Signed with: %(hashes)s."), hashes=listing(bad))
    if "sha224" in hashes:
        return warn(N_("Signed with: %(hashes)s."), hashes="sha224")
    if hashes:
        return ok(N_("Signed with: %(hashes)s."), hashes=listing(sorted(hashes)))
    if _is_only_tls13(seen):
        return ok(ONLY_TLS13)
    older = _older_suites(seen)
    if older and not any(suites.is_forward_secret(suite) for suite in older):
        return not_applicable(N_("No accepted suite signs its key exchange."))
    return unknown(NOT_ANSWERED)


def _pass_if_complete(seen: Observations, text: str, **values: float) -> Verdict:
    """A clean list is only proof when the list is whole."""
    shakes = seen[TlsHandshakes]
    if not _offered(seen):
        return unknown(NOT_ANSWERED if shakes.accepted else NOTHING_AGREED)
    return ok(text, **values) if shakes.suites_complete else unknown(BUDGET_ENDED)
