"""Names and numbers of TLS."""

import subprocess
import sys

from scanners.parsing import tls_names
from scanners.parsing.tls_names import SSL3, TLS10, TLS12, TLS13


def test_suites_are_offered_only_where_they_belong() -> None:
    names = tls_names.suite_names()
    newest = {names[code] for code in tls_names.suites_for(TLS13)}
    usual = {names[code] for code in tls_names.suites_for(TLS12)}
    old = {names[code] for code in tls_names.suites_for(TLS10)}

    assert {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"} <= newest
    assert "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" in usual - newest - old
    assert {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_EXPORT_WITH_RC4_40_MD5", "TLS_RSA_WITH_NULL_SHA"} <= usual & old
    assert "TLS_RSA_WITH_AES_128_CBC_SHA" in {names[code] for code in tls_names.suites_for(SSL3)}
    assert not any(name.endswith("SCSV") or name == "TLS_NULL_WITH_NULL_NULL" for name in usual | old | newest)


def test_strong_suites_are_offered_before_weak_ones() -> None:
    names = [tls_names.suite_names()[code] for code in tls_names.suites_for(TLS12)]

    assert names[0].startswith("TLS_ECDHE") and "GCM" in names[0]
    assert names.index("TLS_RSA_WITH_AES_128_CBC_SHA") < names.index("TLS_RSA_WITH_RC4_128_SHA")
    assert names.index("TLS_RSA_WITH_3DES_EDE_CBC_SHA") < names.index("TLS_RSA_EXPORT_WITH_RC4_40_MD5")


def test_the_primes_of_rfc_7919_are_known_and_others_are_not() -> None:
    prime = tls_names._ffdhe_prime(2048)

    # The first and last words that RFC 7919 appendix A.1 prints.
    assert f"{prime:x}".startswith("ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1")
    assert f"{prime:x}".endswith("886b423861285c97ffffffffffffffff")
    assert tls_names.known_prime(prime) == "ffdhe2048"
    assert tls_names.known_prime(prime - 2) is None
    assert tls_names.known_prime((1 << 1024) - 105) is None


def test_a_signature_scheme_names_its_hash() -> None:
    assert tls_names.scheme_hash(0x0403) == "sha256"
    assert tls_names.scheme_hash(0x0201) == "sha1"
    assert tls_names.scheme_hash(0x0101) == "md5"
    assert tls_names.scheme_hash(0x0804) == "sha256"
    assert tls_names.scheme_hash(0x0807) == ""
    assert tls_names.scheme_hash(0xFFFF) is None


def test_the_names_are_read_without_importing_their_package() -> None:
    script = (
        "import sys; from scanners.parsing import tls_names; tls_names.suite_names();"
        "assert 'cryptodatahub' not in sys.modules"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
