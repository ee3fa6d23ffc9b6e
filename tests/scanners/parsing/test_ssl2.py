"""SSL 2.0: one hello, one answer."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import ssl2


def answer(*, kind: int = 4, version: int = 2, suites: int = 3) -> bytes:
    body = struct.pack("!BBBHHHH", kind, 0, 1, version, 0, suites, 16) + bytes(suites + 16)
    return struct.pack("!H", 0x8000 | len(body)) + body


def test_the_hello_says_its_own_length_and_that_of_its_parts():
    hello = ssl2.hello(bytes(16))
    kind, version, suites, session, challenge = struct.unpack("!BHHHH", hello[2:11])

    assert struct.unpack("!H", hello[:2])[0] == 0x8000 | (len(hello) - 2)
    assert (kind, version, session, challenge) == (1, 2, 0, 16)
    assert suites == len(ssl2.SUITES) == len(hello) - 11 - 16
    assert suites % 3 == 0


def test_a_server_hello_is_known_by_its_version_and_suites():
    assert ssl2.is_server_hello(answer())
    assert not ssl2.is_server_hello(answer(kind=0))
    assert not ssl2.is_server_hello(answer(version=0x0300))
    assert not ssl2.is_server_hello(answer(suites=0))
    assert not ssl2.is_server_hello(b"\x15\x03\x01\x00\x02\x02\x28" + bytes(20))
    assert not ssl2.is_server_hello(answer()[:12])


def test_an_alert_ends_the_waiting_at_once():
    assert ssl2.is_enough(b"\x15")
    assert not ssl2.is_enough(b"\x80")
    assert not ssl2.is_enough(b"")


@given(st.binary())
def test_any_bytes_are_read(received: bytes):
    assert ssl2.is_server_hello(received) in {True, False}
