"""What the IANA name of a cipher suite says about its strength."""

from enum import IntEnum


class Level(IntEnum):
    """How a suite stands today; a higher number is better."""

    BROKEN = 0  # no encryption, no authentication, or an export key
    WEAK = 1
    STATIC = 2  # sound cipher, no forward secrecy
    PHASE_OUT = 3
    GOOD = 4


_NO_PROTECTION = ("_NULL_", "_ANON_", "_EXPORT", "_SHA256_SHA256", "_SHA384_SHA384")
_WEAK_PARTS = ("_RC4_", "_3DES_", "_DES_", "_DES40_", "_RC2_", "_SEED_", "_IDEA_")
_AEAD_PARTS = ("_GCM_", "_CCM", "_CHACHA20_")


def level(suite: str) -> Level:
    """The level of one suite by its IANA name."""
    name = suite.upper()
    if any(part in name for part in _NO_PROTECTION):
        return Level.BROKEN
    if any(part in name for part in _WEAK_PARTS) or name.endswith("_MD5"):
        return Level.WEAK
    if not is_forward_secret(suite):
        return Level.STATIC
    if name.startswith("TLS_DHE_") or "_CAMELLIA_" in name or "_ARIA_" in name or not is_aead(suite):
        return Level.PHASE_OUT
    return Level.GOOD


def is_aead(suite: str) -> bool:
    """Whether the suite encrypts and authenticates in one step."""
    return any(part in suite.upper() for part in _AEAD_PARTS)


def is_forward_secret(suite: str) -> bool:
    """Whether a key stolen later opens none of today's connections; all of TLS 1.3 is."""
    name = suite.upper()
    return "_WITH_" not in name or name.startswith(("TLS_ECDHE_", "TLS_DHE_", "TLS_ECCPWD_"))


def is_finite_field(suite: str) -> bool:
    """Whether the keys are agreed over a finite field."""
    return suite.upper().startswith("TLS_DHE_")
