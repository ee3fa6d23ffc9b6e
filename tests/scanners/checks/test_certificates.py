"""Certificates: trust, chain, name, time, key, hash, logs, revocation, CAA."""

from datetime import timedelta

import pytest

from scanners.checks import certificates
from scanners.model import Check, Outcome, Severity
from scanners.observations import CaaRecord, HostDns, Trust
from tests.scanners.building import AT, HOST, certificate, chain, judge, outcome, rsa_certificate

ALL = [check for check in vars(certificates).values() if isinstance(check, Check)]
CA = certificate(dns_names=(), days=1000, is_ca=True)
SHA1_CA = certificate(dns_names=(), days=1000, is_ca=True, signature_hash="sha1")
SHA1_ROOT = certificate(dns_names=(), days=9000, is_ca=True, self_issued=True, signature_hash="sha1")


def caa(*values: str, tag: str = "issue") -> HostDns:
    return HostDns(at=AT, caa_at=HOST, caa=tuple(CaaRecord(flags=0, tag=tag, value=value) for value in values))


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_certificate_of_today_passes(check):
    assert outcome(check, chain(), caa("letsencrypt.org")) is Outcome.PASS


@pytest.mark.parametrize(
    ("check", "served", "expected"),
    [
        (certificates.certificate_comes_from_a_trusted_authority, chain(trust=Trust.SELF_SIGNED), Outcome.FAIL),
        (certificates.certificate_comes_from_a_trusted_authority, chain(trust=Trust.UNKNOWN_ISSUER), Outcome.FAIL),
        (certificates.certificate_comes_from_a_trusted_authority, chain(trust=Trust.INCOMPLETE), Outcome.PASS),
        (certificates.server_sends_the_whole_chain, chain(trust=Trust.INCOMPLETE), Outcome.FAIL),
        (certificates.server_sends_the_whole_chain, chain(trust=Trust.SELF_SIGNED), Outcome.NOT_APPLICABLE),
        (certificates.server_sends_the_whole_chain, chain(ordered=False), Outcome.WARN),
        (certificates.server_sends_the_whole_chain, chain(superfluous=1), Outcome.WARN),
        (certificates.certificate_names_this_host, chain(name_matches=False), Outcome.FAIL),
        (certificates.certificate_names_this_host, chain(certificate(dns_names=()), name_matches=False), Outcome.FAIL),
        (certificates.certificate_is_valid_and_renewed_in_time, chain(certificate(days=90, age=91)), Outcome.FAIL),
        (certificates.certificate_is_valid_and_renewed_in_time, chain(certificate(age=-1)), Outcome.FAIL),
        (certificates.certificate_is_valid_and_renewed_in_time, chain(certificate(days=90, age=70)), Outcome.WARN),
        (certificates.certificate_is_valid_and_renewed_in_time, chain(certificate(days=90, age=68)), Outcome.PASS),
        (certificates.certificate_is_valid_and_renewed_in_time, chain(certificate(days=6, age=3)), Outcome.PASS),
        (certificates.certificate_is_valid_and_renewed_in_time, chain(certificate(days=6, age=5)), Outcome.WARN),
        (certificates.certificate_is_short_lived, chain(certificate(days=100)), Outcome.PASS),
        (certificates.certificate_is_short_lived, chain(certificate(days=101)), Outcome.INFO),
        (certificates.certificate_is_short_lived, chain(certificate(days=200)), Outcome.INFO),
        (certificates.certificate_is_short_lived, chain(certificate(days=201)), Outcome.FAIL),
        (certificates.certificate_is_short_lived, chain(certificate(days=398, age=300)), Outcome.INFO),
        (certificates.certificate_is_short_lived, chain(certificate(days=399, age=300)), Outcome.FAIL),
        (
            certificates.certificate_is_short_lived,
            chain(certificate(days=3650), trust=Trust.SELF_SIGNED),
            Outcome.NOT_APPLICABLE,
        ),
        (certificates.certificate_key_is_long_enough, chain(rsa_certificate(3072)), Outcome.PASS),
        (certificates.certificate_key_is_long_enough, chain(rsa_certificate(2048)), Outcome.WARN),
        (certificates.certificate_key_is_long_enough, chain(rsa_certificate(1024)), Outcome.FAIL),
        (certificates.certificate_key_is_long_enough, chain(certificate(curve="secp224r1")), Outcome.WARN),
        (certificates.certificate_key_is_long_enough, chain(certificate(curve="secp256k1")), Outcome.FAIL),
        (
            certificates.certificate_key_is_long_enough,
            chain(certificate(key_kind="Ed25519", key_bits=0, curve="")),
            Outcome.PASS,
        ),
        (certificates.chain_is_signed_with_a_sound_hash, chain(certificate(), SHA1_CA), Outcome.FAIL),
        (certificates.chain_is_signed_with_a_sound_hash, chain(certificate(), CA, SHA1_ROOT), Outcome.PASS),
        (certificates.chain_is_signed_with_a_sound_hash, chain(certificate(signature_hash="")), Outcome.PASS),
        (certificates.chain_is_signed_with_a_sound_hash, chain(certificate(signature_hash="sha224")), Outcome.WARN),
        (certificates.certificate_is_publicly_logged, chain(certificate(sct_count=0)), Outcome.FAIL),
        (certificates.certificate_is_publicly_logged, chain(certificate(sct_count=1)), Outcome.WARN),
        (certificates.certificate_is_publicly_logged, chain(certificate(sct_count=2, days=190)), Outcome.WARN),
        (
            certificates.certificate_is_publicly_logged,
            chain(certificate(sct_count=0), trust=Trust.UNKNOWN_ISSUER),
            Outcome.NOT_APPLICABLE,
        ),
        (certificates.server_brings_proof_of_validity, chain(certificate(must_staple=True)), Outcome.FAIL),
        (
            certificates.server_brings_proof_of_validity,
            chain(certificate(ocsp_urls=("http://o.example/",))),
            Outcome.INFO,
        ),
        (
            certificates.server_brings_proof_of_validity,
            chain(certificate(must_staple=True), stapled=True),
            Outcome.PASS,
        ),
        (
            certificates.server_brings_proof_of_validity,
            chain(certificate(must_staple=True), stapled=None),
            Outcome.UNKNOWN,
        ),
        (certificates.certificate_covers_few_names, chain(certificate(dns_names=("*.example.test",))), Outcome.INFO),
        (
            certificates.certificate_covers_few_names,
            chain(certificate(dns_names=("a.example.test", "b.other.test"))),
            Outcome.WARN,
        ),
    ],
)
def test_what_is_wrong_with_a_certificate_is_found(check, served, expected):
    assert outcome(check, served) is expected


@pytest.mark.parametrize(
    ("records", "names", "expected"),
    [
        (caa("digicert.com"), (HOST,), Outcome.WARN),
        (caa("digicert.com", "LetsEncrypt.org; accounturi=x"), (HOST,), Outcome.PASS),
        (caa(";"), (HOST,), Outcome.WARN),
        (caa(), (HOST,), Outcome.PASS),
        (caa("mailto:security@example.test", tag="iodef"), (HOST,), Outcome.PASS),
        (caa("digicert.com", tag="issuewild"), (HOST,), Outcome.PASS),
        (caa("digicert.com", tag="issuewild"), ("*.example.test",), Outcome.WARN),
    ],
)
def test_the_issuer_is_compared_with_the_caa_set(records, names, expected):
    served = chain(certificate(dns_names=names))

    assert outcome(certificates.issuer_is_allowed_by_caa, served, records) is expected


def test_an_issuer_we_do_not_know_is_unknown():
    served = chain(certificate(issuer_organisation="Some Authority"))

    assert outcome(certificates.issuer_is_allowed_by_caa, served, caa("letsencrypt.org")) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "check",
    [check for check in ALL if check.id != "cert.chain-complete"],
    ids=lambda check: check.id,
)
def test_a_server_without_certificate_is_unknown(check):
    served = chain()
    empty = type(served)(at=AT, address="192.0.2.1", port=443, chain=(), trust=Trust.UNKNOWN_ISSUER)

    assert outcome(check, empty, caa("letsencrypt.org")) is Outcome.UNKNOWN


def test_rules_of_public_authorities_do_not_bind_a_root_the_operator_added():
    leaf = certificate(days=800, sct_count=0)
    served = chain(leaf)
    private = type(served)(at=AT, address="192.0.2.1", port=443, chain=(leaf,), trust=Trust.TRUSTED, public_root=False)

    assert outcome(certificates.certificate_is_publicly_logged, private) is Outcome.NOT_APPLICABLE
    assert outcome(certificates.certificate_is_short_lived, private) is Outcome.NOT_APPLICABLE


def test_an_expired_certificate_is_critical_and_an_expiring_one_is_not():
    check = certificates.certificate_is_valid_and_renewed_in_time

    expired = judge(check, chain(), at=AT + timedelta(days=365))
    expiring = judge(check, chain(), at=AT + timedelta(days=75))

    assert (expired.severity, expiring.severity) == (Severity.CRITICAL, Severity.HIGH)
    assert expiring.fact.render() == "Expires on 9 Feb 2027; days left: 4."
