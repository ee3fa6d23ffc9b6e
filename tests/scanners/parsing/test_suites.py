"""Cipher suites by their names."""

import pytest

from scanners.parsing import suites
from scanners.parsing.suites import Level


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TLS_AES_256_GCM_SHA384", Level.GOOD),
        ("TLS_CHACHA20_POLY1305_SHA256", Level.GOOD),
        ("TLS_SHA256_SHA256", Level.BROKEN),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CCM", Level.GOOD),
        ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Level.GOOD),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Level.PHASE_OUT),
        ("TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", Level.PHASE_OUT),
        ("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Level.PHASE_OUT),
        ("TLS_RSA_WITH_AES_128_GCM_SHA256", Level.STATIC),
        ("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", Level.STATIC),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", Level.WEAK),
        ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", Level.WEAK),
        ("TLS_RSA_WITH_NULL_SHA256", Level.BROKEN),
        ("TLS_DH_anon_WITH_AES_128_GCM_SHA256", Level.BROKEN),
        ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", Level.BROKEN),
    ],
)
def test_a_suite_has_the_level_of_its_weakest_part(name, expected):
    assert suites.level(name) is expected
