"""Errors of sockets become a closed set of reasons, and no text of a target goes with them."""

import errno
import ssl

import pytest

from scanners.observations import Reason
from scanners.probes import network
from scanners.probes.network import CertificateRefused, Door, NetworkSettings, Unseen


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(), Reason.REFUSED),
        (ConnectionResetError(), Reason.RESET),
        (BrokenPipeError(), Reason.RESET),
        (TimeoutError(), Reason.TIMEOUT),
        (OSError(errno.EHOSTUNREACH, "the target's words"), Reason.UNREACHABLE),
        (OSError(errno.ENETUNREACH, ""), Reason.VANTAGE),  # no route, as without IPv6
        (OSError(errno.EAFNOSUPPORT, ""), Reason.VANTAGE),
        (ssl.SSLError(1, "the target's words"), Reason.GARBLED),
    ],
)
def test_every_error_has_its_reason(error: Exception, reason: Reason) -> None:
    with pytest.raises(Unseen) as unseen, network._mapped_errors():
        raise error

    assert unseen.value.reason is reason
    assert "words" not in str(unseen.value)


def test_a_refused_certificate_is_no_reason_but_a_fact() -> None:
    with pytest.raises(CertificateRefused), network._mapped_errors():
        raise ssl.SSLCertVerificationError


@pytest.mark.parametrize("name", ["a" * 64 + ".de", "a..de", "x." * 200 + "de"])
def test_a_name_that_dns_cannot_carry_is_a_dns_failure(name: str) -> None:
    with pytest.raises(Unseen) as unseen:
        network._absolute(name)

    assert unseen.value.reason is Reason.DNS_FAILURE


def test_by_default_only_the_public_internet_may_be_connected_to() -> None:
    door = Door(NetworkSettings(resolver=("9.9.9.9",)))

    assert door.permits("8.8.8.8")
    assert not any(door.permits(address) for address in ("127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "x"))
