"""The hosts keep their ports and their root of trust from start to start."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from portal import settings
from portal.demonstration import reaching
from portal.demonstration.plans import CertificateKind, KeyKind

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.mark.loopback
@pytest.mark.allow_hosts(["0.0.0.0"])
def test_a_second_start_finds_the_same_settings(tmp_path: Path):
    first = reaching.environment(tmp_path, at=NOW)

    assert reaching.environment(tmp_path, at=NOW) == first
    chosen = settings.read({"KETTENBLICK_DATA": str(tmp_path), **first})
    assert set(reaching.ports(chosen)) == {53, 443, 80, 25}
    assert len(set(reaching.ports(chosen).values())) == 4
    assert chosen.scan.trust_roots_pem.startswith("-----BEGIN CERTIFICATE")


@pytest.mark.loopback
@pytest.mark.allow_hosts(["0.0.0.0"])
def test_a_port_that_somebody_took_is_given_up(tmp_path: Path):
    first = reaching.environment(tmp_path, at=NOW)

    with socket.create_server(("127.0.0.1", int(first["SCAN_RESOLVER_PORT"]))):
        second = reaching.environment(tmp_path, at=NOW)

    assert second["SCAN_RESOLVER_PORT"] != first["SCAN_RESOLVER_PORT"]
    assert second["SCAN_TRUST_ROOTS"] == first["SCAN_TRUST_ROOTS"]


def test_certificates_of_a_later_start_fit_the_first_root(tmp_path: Path):
    first = reaching.authority(tmp_path, at=NOW)
    later = reaching.authority(tmp_path, at=NOW)

    issued = later.issue(("a.test",), kind=CertificateKind.GOOD, key_kind=KeyKind.EC_P256)

    leaf, *rest = x509.load_pem_x509_certificates(issued.chain_pem)
    store = Store([x509.load_pem_x509_certificate(first.root_pem.encode())])
    PolicyBuilder().store(store).time(NOW).build_server_verifier(x509.DNSName("a.test")).verify(leaf, rest)
