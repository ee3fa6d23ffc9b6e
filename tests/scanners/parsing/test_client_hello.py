"""Hellos are written as RFC 8446 says, answers are read back, and malformed bytes raise Malformed and nothing else."""

import contextlib
import ssl
import struct

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import client_hello, tls_names
from scanners.parsing.client_hello import Answer, ClientHello, KeyExchange
from scanners.parsing.tls_names import SSL3, TLS10, TLS12, TLS13
from scanners.parsing.tls_vectors import Malformed

RANDOM = bytes(range(32))


def hello(version: int = TLS12, **changes: object) -> ClientHello:
    return ClientHello(
        **{
            "version": version,
            "suites": (0xC02B, 0xC02F),
            "server_name": "portal.example.test",
            "random": RANDOM,
            **changes,
        }  # type: ignore[arg-type]
    )


def record(kind: int, payload: bytes, version: int = TLS12) -> bytes:
    return struct.pack("!BHH", kind, version, len(payload)) + payload


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def vector(data: bytes, octets: int = 2) -> bytes:
    return len(data).to_bytes(octets, "big") + data


def extension(number: int, body: bytes) -> bytes:
    return struct.pack("!H", number) + vector(body)


def server_hello(
    *, version: int = TLS12, suite: int = 0xC02F, random: bytes = RANDOM, extensions: bytes | None = b""
) -> bytes:
    head = struct.pack("!H", version) + random + b"\x00" + struct.pack("!HB", suite, 0)
    return message(2, head if extensions is None else head + vector(extensions))


# --- writing


@pytest.mark.parametrize("version", list(tls_names.VERSIONS))
def test_the_record_frames_one_whole_message(version: int) -> None:
    written = client_hello.write(hello(version))

    kind, record_version, length = struct.unpack_from("!BHH", written)
    assert (kind, length) == (22, len(written) - 5)
    assert record_version == min(version, TLS10)
    assert written[5] == 1
    assert int.from_bytes(written[6:9], "big") == len(written) - 9
    assert struct.unpack_from("!H", written, 9)[0] == min(version, TLS12)
    assert written[11:43] == RANDOM


def test_an_ssl3_hello_ends_after_the_compressions() -> None:
    written = client_hello.write(hello(SSL3))

    assert written.endswith(vector(struct.pack("!HH", 0xC02B, 0xC02F)) + b"\x01\x00")


def test_no_hello_has_a_length_that_old_load_balancers_hang_on() -> None:
    for count in range(1, 300):
        written = client_hello.write(hello(suites=tuple(range(1, count + 1))))
        assert len(written) - 5 not in client_hello.BAD_LENGTHS


def test_only_tls13_offers_versions_and_key_shares() -> None:
    older, newest = client_hello.write(hello(TLS12)), client_hello.write(hello(TLS13, key_shares={0x1D: bytes(32)}))

    assert extension(43, b"\x02\x03\x04") in newest
    assert extension(51, vector(struct.pack("!H", 0x1D) + vector(bytes(32)))) in newest
    assert extension(43, b"\x02\x03\x04") not in older


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_openssl_understands_our_hello_and_we_its_answer(version: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("portal.example.test").configure_cert(context)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(client_hello.write(hello(version, suites=tls_names.suites_for(version))))

    with contextlib.suppress(ssl.SSLWantReadError):
        server.do_handshake()
    answer = client_hello.read(outgoing.read())

    assert answer.complete
    assert answer.hello is not None and answer.hello.version == version
    assert answer.hello.is_retry == (version == TLS13)
    assert len(answer.certificates) == (version == TLS12)


# --- reading


def test_a_first_flight_is_read_whole() -> None:
    flight = (
        server_hello(extensions=extension(0xFF01, b"\x00") + extension(23, b""))
        + message(11, vector(vector(b"leaf", 3) + vector(b"intermediate", 3), 3))
        + message(22, b"\x01" + vector(b"ocsp", 3))
        + message(12, b"\x03\x00\x1d" + vector(bytes(32), 1) + b"\x04\x03" + vector(b"signature"))
        + message(14, b"")
    )

    answer = client_hello.read(record(22, flight))

    assert answer.complete and answer.done and answer.stapled and answer.alert is None
    assert answer.hello is not None
    assert (answer.hello.version, answer.hello.suite, answer.hello.compression) == (TLS12, 0xC02F, 0)
    assert set(answer.hello.extensions) == {0xFF01, 23}
    assert answer.certificates == (b"leaf", b"intermediate")
    assert client_hello.read_key_exchange(answer.key_exchange or b"", suite=0xC02F, version=TLS12) == KeyExchange(
        curve=0x1D, scheme=0x0403
    )


@given(cuts=st.lists(st.integers(1, 200), max_size=6))
def test_messages_may_be_cut_over_records_anywhere(cuts: list[int]) -> None:
    flight = server_hello() + message(11, vector(vector(b"x" * 120, 3), 3)) + message(14, b"")
    records, rest = b"", flight
    for cut in cuts:
        if rest[:cut]:
            records += record(22, rest[:cut])
            rest = rest[cut:]

    whole = client_hello.read(records + (record(22, rest) if rest else b""))

    assert whole == client_hello.read(record(22, flight))


def test_an_unfinished_flight_waits_for_more() -> None:
    whole = record(22, server_hello() + message(14, b""))

    for length in range(len(whole)):
        assert not client_hello.read(whole[:length]).complete


def test_a_retry_request_names_suite_and_group() -> None:
    extensions = extension(43, b"\x03\x04") + extension(51, b"\x11\xec")
    answer = client_hello.read(
        record(22, server_hello(suite=0x1302, random=client_hello.RETRY_RANDOM, extensions=extensions))
    )

    assert answer.complete
    assert answer.hello is not None and answer.hello.is_retry
    assert (answer.hello.version, answer.hello.suite, answer.hello.group) == (TLS13, 0x1302, 0x11EC)


def test_a_server_hello_without_extensions_is_read() -> None:
    answer = client_hello.read(record(22, server_hello(version=SSL3, extensions=None), version=SSL3))

    assert answer.hello is not None and answer.hello.version == SSL3


def test_warnings_are_passed_over_and_fatal_alerts_end_the_flight() -> None:
    unrecognised_name = record(21, b"\x01\x70")

    assert client_hello.read(unrecognised_name + record(22, server_hello())).hello is not None
    assert client_hello.read(record(21, b"\x02\x28")).alert == (2, 40)
    assert client_hello.read(record(21, b"\x01\x00")).alert == (1, 0)
    assert client_hello.read(unrecognised_name * 9).alert is not None


def test_what_is_encrypted_ends_what_can_be_read() -> None:
    answer = client_hello.read(record(22, server_hello()) + record(20, b"\x01") + record(23, b"secret"))

    assert answer.done and not answer.certificates


@pytest.mark.parametrize(
    "received",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"220 mail ESMTP\r\n",
        record(22, b"x", version=0x0202),
        record(24, b"x"),
        record(21, b"\x02"),
        struct.pack("!BHH", 22, TLS12, 0xFFFF),
        record(22, b"\x02\xff\xff\xff"),
        record(22, message(2, b"\x03\x03")),
        record(22, message(14, b"")),
        record(22, server_hello() * 2),
        record(22, server_hello(extensions=extension(23, b"") * 2)),
        record(22, server_hello(extensions=b"\x00")),
        record(22, server_hello() + message(11, b"\x00\x00\x05\x00")),
        record(22, server_hello() + message(11, vector(vector(b"x", 3) * 11, 3))),
        bytes(client_hello.LONGEST_FLIGHT + 1),
        record(22, b"") * (client_hello.MOST_RECORDS + 1),
    ],
)
def test_what_is_no_tls_is_malformed(received: bytes) -> None:
    with pytest.raises(Malformed):
        client_hello.read(received)


FLIGHT = record(22, server_hello(extensions=extension(51, b"\x00\x1d") + extension(43, b"\x03\x04"))) + record(
    22, message(11, vector(vector(b"leaf", 3), 3)) + message(12, b"\x03\x00\x1d\x01x") + message(14, b"")
)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(received: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(client_hello.read(received), Answer)


@given(at=st.integers(0, len(FLIGHT) - 1), value=st.integers(0, 255), cut=st.integers(0, len(FLIGHT)))
def test_a_flight_with_a_changed_byte_is_read_or_malformed(at: int, value: int, cut: int) -> None:
    received = bytearray(FLIGHT)
    received[at] = value
    try:
        answer = client_hello.read(bytes(received[:cut]))
    except Malformed:
        return

    assert len(answer.certificates) <= client_hello.MOST_CERTIFICATES


@given(body=st.binary(max_size=80), suite=st.sampled_from([0xC02F, 0x009E, 0x002F, 0xC018, 0x0018, 0xC0DE]))
def test_any_key_exchange_is_read_or_malformed(body: bytes, suite: int) -> None:
    try:
        exchange = client_hello.read_key_exchange(body, suite=suite, version=TLS12)
    except Malformed:
        return

    assert isinstance(exchange, KeyExchange)


def test_a_finite_field_exchange_shows_its_prime() -> None:
    prime = (1 << 1024) - 105
    body = vector(prime.to_bytes(128, "big")) + vector(b"\x02") + vector(b"\x05" * 128) + b"\x02\x01" + vector(b"s")

    signed = client_hello.read_key_exchange(body, suite=0x009E, version=TLS12)
    older = client_hello.read_key_exchange(body, suite=0x0033, version=TLS10)

    assert (signed.prime, signed.scheme) == (prime, 0x0201)
    assert (older.prime, older.scheme) == (prime, None)
