"""TLS: every check against a server of today, a server of yesterday, and one that stays silent."""

from datetime import UTC, datetime

import pytest

from scanners.checks import tls
from scanners.model import Check, Outcome, Severity
from scanners.observations import TlsHandshakes
from tests.scanners.building import handshakes, judge, only_tls12, outcome

ECDHE_GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
ECDHE_CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
STATIC_GCM = "TLS_RSA_WITH_AES_128_GCM_SHA256"
STATIC_CBC = "TLS_RSA_WITH_AES_128_CBC_SHA"
DHE_GCM = "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"
RC4 = "TLS_RSA_WITH_RC4_128_SHA"
EXPORT = "TLS_RSA_EXPORT_WITH_RC4_40_MD5"
TRIPLE_DES = "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"
ONLY_TLS13 = handshakes(
    accepted=("TLSv1.3",),
    refused=("SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2"),
    suites={"TLSv1.3": ("TLS_AES_256_GCM_SHA384",)},
    compression=None,
    secure_renegotiation=None,
    extended_master_secret=None,
    key_exchange_hashes=(),
)
SILENT = handshakes(
    accepted=(),
    refused=(),
    unclear=("SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
    suites={},
    server_prefers=None,
    groups=(),
    compression=None,
    secure_renegotiation=None,
    extended_master_secret=None,
    key_exchange_hashes=(),
    post_quantum=None,
)
ALL = [check for check in vars(tls).values() if isinstance(check, Check)]


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_server_of_today_passes(check):
    assert outcome(check, handshakes()) is Outcome.PASS


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_server_of_tls_13_alone_passes(check):
    assert outcome(check, ONLY_TLS13) is Outcome.PASS


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_silent_server_is_unknown(check):
    assert outcome(check, SILENT) is Outcome.UNKNOWN


BAD: list[tuple[Check, TlsHandshakes, Outcome]] = [
    (tls.retired_versions_are_refused, handshakes(accepted=("TLSv1.0", "TLSv1.2")), Outcome.FAIL),
    (tls.retired_versions_are_refused, handshakes(unclear=("TLSv1.1",)), Outcome.UNKNOWN),
    (tls.retired_versions_are_refused, handshakes(unclear=("SSLv3",)), Outcome.PASS),
    (tls.tls13_is_offered, only_tls12(ECDHE_GCM), Outcome.WARN),
    (tls.tls13_is_offered, handshakes(accepted=("TLSv1.0",), refused=("TLSv1.2", "TLSv1.3")), Outcome.FAIL),
    (tls.tls13_is_offered, handshakes(accepted=("TLSv1.2",), unclear=("TLSv1.3",)), Outcome.UNKNOWN),
    (tls.no_broken_suite_is_accepted, only_tls12(ECDHE_GCM, RC4), Outcome.FAIL),
    (tls.no_broken_suite_is_accepted, only_tls12(ECDHE_GCM, TRIPLE_DES), Outcome.FAIL),
    (tls.no_broken_suite_is_accepted, handshakes(suites_complete=False), Outcome.UNKNOWN),
    (tls.no_suite_on_its_way_out_is_accepted, only_tls12(ECDHE_GCM, ECDHE_CBC), Outcome.WARN),
    (tls.no_suite_on_its_way_out_is_accepted, only_tls12(ECDHE_GCM, DHE_GCM), Outcome.WARN),
    (tls.no_suite_on_its_way_out_is_accepted, only_tls12(ECDHE_GCM, STATIC_CBC), Outcome.PASS),
    (tls.authenticated_encryption_is_offered, only_tls12(ECDHE_CBC), Outcome.FAIL),
    (tls.every_connection_has_forward_secrecy, only_tls12(ECDHE_GCM, STATIC_GCM), Outcome.WARN),
    (tls.every_connection_has_forward_secrecy, only_tls12(STATIC_GCM, ECDHE_GCM), Outcome.FAIL),
    (tls.every_connection_has_forward_secrecy, only_tls12(STATIC_GCM), Outcome.FAIL),
    (tls.a_worse_suite_is_never_chosen, only_tls12(ECDHE_GCM, ECDHE_CBC), Outcome.PASS),
    (tls.a_worse_suite_is_never_chosen, only_tls12(ECDHE_CBC, ECDHE_GCM), Outcome.FAIL),
    (
        tls.a_worse_suite_is_never_chosen,
        handshakes(suites={"TLSv1.2": (ECDHE_GCM, ECDHE_CBC)}, server_prefers=False),
        Outcome.FAIL,
    ),
    (
        tls.a_worse_suite_is_never_chosen,
        handshakes(suites={"TLSv1.2": (ECDHE_GCM, ECDHE_CBC)}, server_prefers=None),
        Outcome.UNKNOWN,
    ),
    (tls.no_weak_diffie_hellman_group, handshakes(dh_bits=1024), Outcome.FAIL),
    (tls.no_weak_diffie_hellman_group, handshakes(dh_bits=2048, dh_prime_known="ffdhe2048"), Outcome.FAIL),
    (tls.no_weak_diffie_hellman_group, handshakes(dh_bits=4096), Outcome.FAIL),
    (tls.no_weak_diffie_hellman_group, handshakes(dh_bits=3072, dh_prime_known="ffdhe3072"), Outcome.WARN),
    (tls.no_weak_diffie_hellman_group, only_tls12(DHE_GCM), Outcome.UNKNOWN),
    (tls.only_sound_curves_are_used, handshakes(groups=("secp192r1", "x25519")), Outcome.FAIL),
    (tls.only_sound_curves_are_used, handshakes(groups=("secp224r1", "x25519")), Outcome.WARN),
    (
        tls.only_sound_curves_are_used,
        handshakes(accepted=("TLSv1.2",), suites={"TLSv1.2": (STATIC_GCM,)}, groups=()),
        Outcome.NOT_APPLICABLE,
    ),
    (tls.key_exchange_withstands_quantum_computers, handshakes(post_quantum=False), Outcome.INFO),
    (tls.tls_does_not_compress, handshakes(compression=True), Outcome.FAIL),
    (tls.renegotiation_is_bound_to_its_connection, handshakes(secure_renegotiation=False), Outcome.FAIL),
    (tls.keys_are_bound_to_their_handshake, handshakes(extended_master_secret=False), Outcome.FAIL),
    (tls.key_exchange_is_signed_with_a_sound_hash, handshakes(key_exchange_hashes=("sha1", "sha256")), Outcome.FAIL),
    (tls.key_exchange_is_signed_with_a_sound_hash, handshakes(key_exchange_hashes=("SHA-224",)), Outcome.WARN),
    (
        tls.key_exchange_is_signed_with_a_sound_hash,
        handshakes(accepted=("TLSv1.2",), suites={"TLSv1.2": (STATIC_GCM,)}, key_exchange_hashes=()),
        Outcome.NOT_APPLICABLE,
    ),
]


@pytest.mark.parametrize(("check", "shakes", "expected"), BAD, ids=lambda value: getattr(value, "id", ""))
def test_a_server_of_yesterday_is_found_out(check, shakes, expected):
    assert outcome(check, shakes) is expected


def test_ssl_weighs_more_than_early_tls():
    old = judge(tls.retired_versions_are_refused, handshakes(accepted=("TLSv1.1", "TLSv1.2")))
    older = judge(tls.retired_versions_are_refused, handshakes(accepted=("SSLv3", "TLSv1.2")))

    assert (old.severity, older.severity) == (Severity.HIGH, Severity.CRITICAL)


def test_no_encryption_weighs_more_than_weak_encryption():
    weak = judge(tls.no_broken_suite_is_accepted, only_tls12(RC4))
    none = judge(tls.no_broken_suite_is_accepted, only_tls12(EXPORT))

    assert (weak.severity, none.severity) == (Severity.HIGH, Severity.CRITICAL)


def test_a_fact_names_what_was_seen():
    finding = judge(tls.retired_versions_are_refused, handshakes(accepted=("TLSv1.1", "TLSv1.0", "TLSv1.2")))

    assert finding.fact.render() == "Accepted: TLS 1.0, TLS 1.1."


def test_missing_hybrid_keys_become_a_warning_in_2031():
    late = datetime(2031, 1, 1, tzinfo=UTC)

    finding = judge(tls.key_exchange_withstands_quantum_computers, handshakes(post_quantum=False), at=late)

    assert finding.outcome is Outcome.WARN
