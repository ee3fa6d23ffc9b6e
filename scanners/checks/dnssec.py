"""DNSSEC: is the zone signed, does the chain hold, and is it signed with today's algorithms."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, zip_longest

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing
from scanners.model import N_, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import ZoneDns

SIGNED = Refs(
    measures=(8,),
    iso27001=("A.8.20", "A.8.21"),
    owasp2021="A08",
    owasp2025="A08",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 9364", "CIR (EU) 2024/2690 6.7.2 (l)"),
)
VALID = Refs(
    measures=(8, 3),
    iso27001=("A.8.20",),
    owasp2021="A08",
    owasp2025="A08",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 4035", "RFC 9364"),
)
STRENGTH = Refs(
    measures=(8,),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    sources=("RFC 9904", "RFC 9905", "Zonemaster DNSSEC05"),
)
NSEC3 = Refs(measures=(8,), iso27001=("A.8.24",), owasp2021="A02", owasp2025="A04", sources=("RFC 9276",))
EXPIRY = Refs(measures=(3, 8), iso27001=("A.8.20",), owasp2021="A08", owasp2025="A08", sources=("RFC 4034", "RFC 6781"))

UNSIGNED = N_("The zone is not signed with DNSSEC.")

# The table of Zonemaster DNSSEC05, after RFC 9904 and RFC 9905.
GOOD_ALGORITHMS = frozenset({8, 13, 14, 15, 16})
# Few resolvers know SM2 and the GOST of 2012; for the others the zone is unsigned (RFC 4035 section 5.2).
FAIR_ALGORITHMS = frozenset({10, 17, 23})
OLD_ALGORITHMS = frozenset({1, 3, 5, 6, 7, 12})
RSA_ALGORITHMS = frozenset({1, 5, 7, 8, 10})
GOOD_DIGESTS = frozenset({2, 4})
OLD_DIGESTS = frozenset({1, 3})
ALGORITHM_NAMES = {
    1: "RSA/MD5",
    3: "DSA/SHA-1",
    5: "RSA/SHA-1",
    6: "DSA-NSEC3-SHA1",
    7: "RSASHA1-NSEC3-SHA1",
    8: "RSA/SHA-256",
    10: "RSA/SHA-512",
    12: "GOST R 34.10-2001",
    13: "ECDSA P-256",
    14: "ECDSA P-384",
    15: "Ed25519",
    16: "Ed448",
    17: "SM2/SM3",
    23: "GOST R 34.10-2012",
}
DIGEST_NAMES = {1: "DS SHA-1", 2: "DS SHA-256", 3: "DS GOST", 4: "DS SHA-384"}

GOOD_BITS = 2048
LEAST_BITS = 1024
MOST_ITERATIONS = 100
SOON = timedelta(days=3)


@check(
    "dns.dnssec-signed",
    title=N_("The domain is signed with DNSSEC"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=SIGNED,
    why=N_(
        "Without DNSSEC a forged answer can lead staff and devices to another server under the vendor's name."
        " Updates, remote maintenance and mail all begin with a DNS answer."
    ),
    fix=N_("Sign the zone at the DNS provider and hand the DS record to the registrar."),
    example="example.org. 3600 IN DS 12345 13 2 4A1F…",
)
def zone_is_signed(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    if zone.ds and zone.dnskeys:
        return ok(N_("The parent zone holds a DS record and the zone publishes its keys."))
    if zone.ds:
        return fail(N_("The parent zone holds a DS record, but the zone publishes no keys."), severity=Severity.HIGH)
    if zone.dnskeys:
        return warn(N_("The zone publishes keys, but the parent zone holds no DS record: nobody can check them."))
    return warn(UNSIGNED)


@check(
    "dns.dnssec-valid",
    title=N_("The DNSSEC signatures are valid"),
    severity=Severity.CRITICAL,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=VALID,
    why=N_(
        "A broken chain makes the domain vanish for every resolver that checks signatures, as many providers and"
        " hospitals do. Portals, mail and remote maintenance of the vendor then fail without warning."
    ),
    fix=N_(
        "Compare the DS record at the registrar with the zone's keys, re-sign the zone, then check it from outside."
    ),
    example="delv @9.9.9.9 example.org SOA +rtrace",
)
def signatures_are_valid(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    if zone.bogus:
        return fail(N_("A validating resolver refuses the domain's answers; without validation they arrive."))
    if not zone.ds:
        return not_applicable(UNSIGNED)
    if zone.authenticated:
        return ok(N_("A validating resolver confirms the domain's answers."))
    return unknown(N_("The resolver of this scan does not check signatures, so the chain could not be confirmed."))


@check(
    "dns.dnssec-algorithm",
    title=N_("DNSSEC uses current algorithms"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=STRENGTH,
    why=N_(
        "Signatures made with SHA-1 or older can be forged, and resolvers have begun to ignore them."
        " A zone signed that way counts as unsigned for them."
    ),
    fix=N_("Roll the keys to ECDSA P-256 (algorithm 13) or Ed25519 (15) and publish DS records with SHA-256."),
    example="example.org. IN DS 12345 13 2 4A1F…",
)
def algorithms_are_current(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    algorithms = {record.algorithm for record in zone.ds} | {key.algorithm for key in zone.dnskeys}
    digests = {record.digest_type for record in zone.ds}
    if not algorithms:
        return not_applicable(UNSIGNED)
    if old := [*_names(algorithms & OLD_ALGORITHMS), *_digests(digests & OLD_DIGESTS)]:
        return fail(N_("Uses retired algorithms: %(algorithms)s."), algorithms=listing(old))
    if none := _names(algorithms - GOOD_ALGORITHMS - FAIR_ALGORITHMS):
        return fail(
            N_("Uses numbers that stand for no algorithm that signs zones: %(algorithms)s."), algorithms=listing(none)
        )
    if other := [*_names(algorithms - GOOD_ALGORITHMS), *_digests(digests - GOOD_DIGESTS)]:
        return warn(N_("Uses algorithms that are not recommended: %(algorithms)s."), algorithms=listing(other))
    return ok(N_("Signed with %(algorithms)s."), algorithms=listing(_names(algorithms)))


def _names(numbers: set[int]) -> list[str]:
    return [ALGORITHM_NAMES.get(number, f"#{number}") for number in sorted(numbers)]


def _digests(numbers: set[int]) -> list[str]:
    return [DIGEST_NAMES.get(number, f"DS #{number}") for number in sorted(numbers)]


@check(
    "dns.dnssec-rsa-size",
    title=N_("RSA keys of the zone have at least 2048 bits"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=STRENGTH,
    why=N_(
        "Short RSA keys can be broken by a well-funded attacker, who could then sign any answer for the domain."
        " The effort to change them is one key rollover."
    ),
    fix=N_("Roll the zone signing key to ECDSA P-256, or to RSA with 2048 bits."),
    example="dnssec-keygen -a ECDSAP256SHA256 example.org",
)
def rsa_keys_are_long(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    sizes = [key.bits for key in zone.dnskeys if key.algorithm in RSA_ALGORITHMS and key.bits]
    if not sizes:
        return not_applicable(N_("The zone is not signed with RSA keys."))
    shortest = min(sizes)
    if shortest < LEAST_BITS:
        return fail(N_("The shortest RSA key of the zone has %(bits)s bits."), bits=shortest)
    if shortest < GOOD_BITS:
        return warn(N_("The shortest RSA key of the zone has %(bits)s bits."), bits=shortest)
    return ok(N_("The shortest RSA key of the zone has %(bits)s bits."), bits=shortest)


@check(
    "dns.nsec3-params",
    title=N_("NSEC3 runs without extra iterations"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=NSEC3,
    why=N_(
        "Extra iterations protect nothing and cost every resolver computing time."
        " Resolvers may treat a zone with many iterations as unsigned or refuse it."
    ),
    fix=N_("Set NSEC3 iterations to 0 and the salt to empty, or use NSEC."),
    example="example.org. IN NSEC3PARAM 1 0 0 -",
)
def nsec3_is_lean(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    if not zone.dnskeys:
        return not_applicable(UNSIGNED)
    iterations = zone.nsec3_iterations
    if iterations is None:
        return ok(N_("The zone uses NSEC."))
    if iterations > MOST_ITERATIONS:
        return fail(N_("NSEC3 uses %(iterations)s extra iterations."), iterations=iterations)
    if iterations > 0:
        return warn(N_("NSEC3 uses %(iterations)s extra iterations."), iterations=iterations)
    if zone.nsec3_salt_length:
        return info(N_("NSEC3 uses no extra iterations, but a salt, which is of no use."))
    return ok(N_("NSEC3 uses no extra iterations and no salt."))


def _signatures(zone: ZoneDns) -> Iterator[tuple[datetime, datetime | None]]:
    yield from islice(zip_longest(zone.rrsig_expirations, zone.rrsig_inceptions), len(zone.rrsig_expirations))


def _soon(begins: datetime | None, ends: datetime) -> timedelta:
    """Providers that sign each answer anew let a signature live for a day or two; there its last quarter is soon."""
    return SOON if begins is None else min(SOON, max((ends - begins) / 4, timedelta(0)))


@check(
    "dns.rrsig-expiry",
    title=N_("The DNSSEC signatures are renewed in time"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(ZoneDns,),
    refs=EXPIRY,
    why=N_(
        "An expired signature takes the domain off the net for validating resolvers."
        " A signature close to its end is the last sign that automatic re-signing has stopped."
    ),
    fix=N_("Let the name server re-sign the zone by itself and watch the remaining validity."),
    example='dnssec-policy "default";',
)
def signatures_are_fresh(seen: Observations) -> Verdict:
    zone = seen[ZoneDns]
    if not zone.dnskeys:
        return not_applicable(UNSIGNED)
    if not zone.rrsig_expirations:
        return unknown(N_("The zone publishes keys, but no signature could be read."))
    earliest = min(zone.rrsig_expirations)
    day = earliest.date().isoformat()
    if earliest < seen.at:
        return fail(N_("A signature of the zone expired on %(day)s."), day=day)
    if any(ends - seen.at < _soon(begins, ends) for ends, begins in _signatures(zone)):
        return warn(N_("A signature of the zone expires on %(day)s."), day=day)
    return ok(N_("The signatures of the zone are valid until at least %(day)s."), day=day)
