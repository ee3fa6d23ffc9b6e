"""The TLS 1.3 client: the numbers of RFC 8448, and bytes that are none of TLS."""

import contextlib

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.parsing import tls13_client
from scanners.parsing.tls13_client import Client, Keys, NotSpoken, Ticket
from scanners.parsing.tls_vectors import Malformed

KEYS = Keys(
    random=b"\1" * 32,
    session=b"\2" * 32,
    x25519=x25519.X25519PrivateKey.generate(),
    curves={group: ec.generate_private_key(curve) for group, curve in tls13_client.CURVES.items()},
)
TICKET = Ticket(suite=0x1301, identity=b"ticket", key=b"\3" * 32, age_add=7, early_data=16384)


def client(**fields: object) -> Client:
    return Client(server_name="host.test", keys=KEYS, **fields)  # type: ignore[arg-type]


def test_the_key_schedule_gives_the_numbers_of_rfc_8448() -> None:
    early = tls13_client.extract("sha256", bytes(32), bytes(32))
    derived = tls13_client.derive("sha256", early, b"derived", b"")

    assert early.hex() == "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"
    assert derived.hex() == "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"


def test_longer_secrets_take_more_than_one_block() -> None:
    long = tls13_client.expand_label("sha256", bytes(32), b"key", b"", 80)

    assert len(long) == 80
    assert long != tls13_client.expand_label("sha256", bytes(32), b"iv", b"", 80)


def test_the_hello_names_the_host_and_only_sends_early_what_a_ticket_allows() -> None:
    plain, early = client().start(), client(ticket=TICKET, early=b"GET /").start()

    assert b"host.test" in plain
    assert early.count(b"ticket") == 1
    assert b"GET /" not in early  # sealed
    assert len(early) > len(client(ticket=TICKET).start())


def test_what_is_sealed_is_opened_only_by_the_same_secret() -> None:
    record = tls13_client.Protection(0x1301, bytes(32)).seal(23, b"hello")

    assert tls13_client.Protection(0x1301, bytes(32)).open(record[:5], record[5:]) == (23, b"hello")
    try:
        tls13_client.Protection(0x1301, b"\1" * 32).open(record[:5], record[5:])
    except Malformed:
        return
    raise AssertionError


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\x16\x03\x03", b"\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03"])
)
@settings(max_examples=300)
def test_no_bytes_of_a_server_raise_anything_else(raw: bytes, start: bytes) -> None:
    one = client()
    one.start()
    with contextlib.suppress(Malformed, NotSpoken):
        one.receive(start + raw)
    assert not one.finished


@given(st.binary(max_size=120))
def test_no_extensions_of_a_server_hello_raise_anything_else(extensions: bytes) -> None:
    body = b"\3\3" + bytes(32) + b"\0" + b"\x13\x01\0" + len(extensions).to_bytes(2, "big") + extensions
    message = b"\2" + len(body).to_bytes(3, "big") + body
    one = client()
    one.start()
    try:
        one.receive(b"\x16\3\3" + len(message).to_bytes(2, "big") + message)
    except (Malformed, NotSpoken):
        return
    raise AssertionError
