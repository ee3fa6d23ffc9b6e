"""Numbers and names of TLS: versions, suites, groups, hashes. Suites come from cryptodatahub's JSON, read as data."""

import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from scanners.records import record

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSIONS: Mapping[int, str] = {SSL3: "SSLv3", TLS10: "TLSv1.0", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3"}

X25519MLKEM768 = 0x11EC
# IANA "TLS Supported Groups", best first; the retired ones are offered last, to learn whether they are taken.
GROUPS: Mapping[int, str] = {
    X25519MLKEM768: "X25519MLKEM768",
    0x11EB: "SecP256r1MLKEM768",
    0x11ED: "SecP384r1MLKEM1024",
    0x001D: "x25519",
    0x0017: "secp256r1",
    0x001E: "x448",
    0x0018: "secp384r1",
    0x0019: "secp521r1",
    0x001A: "brainpoolP256r1",
    0x001B: "brainpoolP384r1",
    0x001C: "brainpoolP512r1",
    0x001F: "brainpoolP256r1tls13",
    0x0020: "brainpoolP384r1tls13",
    0x0021: "brainpoolP512r1tls13",
    0x0100: "ffdhe2048",
    0x0101: "ffdhe3072",
    0x0102: "ffdhe4096",
    0x0103: "ffdhe6144",
    0x0104: "ffdhe8192",
    0x0016: "secp256k1",
    0x0015: "secp224r1",
    0x0014: "secp224k1",
    0x0013: "secp192r1",
    0x0012: "secp192k1",
    0x000E: "sect571r1",
    0x000D: "sect571k1",
    0x000C: "sect409r1",
    0x000B: "sect409k1",
    0x000A: "sect283r1",
    0x0009: "sect283k1",
    0x0008: "sect239k1",
    0x0007: "sect233r1",
    0x0006: "sect233k1",
    0x0003: "sect163r2",
    0x0002: "sect163r1",
    0x0001: "sect163k1",
    0x0011: "secp160r2",
    0x0010: "secp160r1",
    0x000F: "secp160k1",
}
# Groups that only TLS 1.3 knows, and groups that TLS 1.3 has struck out (RFC 8446 section 4.2.7).
ONLY_TLS13 = frozenset({X25519MLKEM768, 0x11EB, 0x11ED, 0x001F, 0x0020, 0x0021})
NOT_TLS13 = frozenset(GROUPS) - ONLY_TLS13 - {0x1D, 0x17, 0x1E, 0x18, 0x19, 0x100, 0x101, 0x102, 0x103, 0x104}

HASHES: Mapping[int, str] = {1: "md5", 2: "sha1", 3: "sha224", 4: "sha256", 5: "sha384", 6: "sha512"}
# Schemes whose high octet is no hash (RFC 8446 section 4.2.3).
SCHEME_HASHES: Mapping[int, str] = {
    0x0804: "sha256",
    0x0805: "sha384",
    0x0806: "sha512",
    0x0807: "",  # Ed25519
    0x0808: "",  # Ed448
    0x0809: "sha256",
    0x080A: "sha384",
    0x080B: "sha512",
}

# RFC 7919: p = 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1
FFDHE_OFFSETS: Mapping[int, int] = {2048: 560316, 3072: 2625351, 4096: 5736041, 6144: 15705020, 8192: 10965728}


@cache
def suite_names() -> Mapping[int, str]:
    """IANA names of all suites; a name that IANA never gave keeps the one it is known by."""
    return {entry.code: entry.name for entry in _entries()}


@cache
def suites_for(version: int) -> tuple[int, ...]:
    """The suites to offer to learn what a server takes in this version, the strong ones first."""
    wanted = [
        entry
        for entry in _entries()
        if _fits(entry.initial_version, version) and entry.code and not entry.name.endswith("_SCSV")
    ]
    return tuple(entry.code for entry in sorted(wanted, key=lambda entry: (_weakness(entry.name), entry.code)))


def scheme_hash(scheme: int) -> str | None:
    """The hash of a signature scheme; "" where the algorithm has its own, None where we do not know it."""
    return SCHEME_HASHES.get(scheme, HASHES.get(scheme >> 8))


@cache
def known_prime(prime: int) -> str | None:
    """The name of a prime of RFC 7919."""
    bits = prime.bit_length()
    return f"ffdhe{bits}" if bits in FFDHE_OFFSETS and prime == _ffdhe_prime(bits) else None


@cache
def _ffdhe_prime(bits: int) -> int:
    return (1 << bits) - (1 << (bits - 64)) + ((_scaled_e(bits - 130) + FFDHE_OFFSETS[bits]) << 64) - 1


def _scaled_e(shift: int) -> int:
    """The whole part of 2^shift times e, from its series, with guard bits to spare."""
    guard = 64
    term = total = 1 << (shift + guard)
    divisor = 1
    while term:
        term //= divisor
        total += term
        divisor += 1
    return total >> guard


def _fits(initial: str, version: int) -> bool:
    if version == TLS13:
        return initial.startswith("TLS1_3")
    return initial in ({"SSL3", "TLS1", "TLS1_2"} if version == TLS12 else {"SSL3", "TLS1"})


def _weakness(name: str) -> int:
    """A rough order, only to offer sensible suites before odd ones: some servers read no further than so far."""
    marks = ("_NULL", "EXPORT", "_anon_", "RC4", "RC2", "_DES", "3DES", "IDEA", "SEED", "MD5", "KRB5", "PSK", "SRP")
    if any(mark in name for mark in marks):
        return 6 + sum(mark in name for mark in marks)
    forward = name.startswith(("TLS_ECDHE", "TLS_AES", "TLS_CHACHA20"))
    aead = any(mark in name for mark in ("GCM", "CHACHA20", "CCM"))
    common = "AES" in name or "CHACHA20" in name
    return 3 * (not common) + 1 * (not forward) + 1 * (not aead)


@record
class _Entry:
    code: int
    name: str
    initial_version: str


@cache
def _entries() -> tuple[_Entry, ...]:
    spec = importlib.util.find_spec("cryptodatahub")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("cryptodatahub")
    file = Path(spec.submodule_search_locations[0], "tls", "cipher-suite.json")
    return tuple(
        _Entry(code=entry["code"], name=entry["iana_name"] or name, initial_version=entry["initial_version"])
        for name, entry in json.loads(file.read_text(encoding="utf-8")).items()
    )
