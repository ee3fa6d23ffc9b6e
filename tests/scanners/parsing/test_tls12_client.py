"""The TLS 1.2 client: its pseudorandom function, its padding, and bytes that are none of TLS."""

import contextlib
import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.parsing import tls12_client
from scanners.parsing.tls12_client import SUITES, Client
from scanners.parsing.tls_vectors import Malformed

CLIENT_RANDOM, SERVER_RANDOM, MASTER = b"\1" * 32, b"\2" * 32, b"\3" * 48


def draw(count: int) -> bytes:
    return bytes(range(1, count + 1))


def client(**fields: object) -> Client:
    return Client(server_name="host.test", draw=draw, **fields)  # type: ignore[arg-type]


def test_the_pseudorandom_function_gives_the_known_numbers() -> None:
    # The vector that the TLS working group's list has used for P_SHA256 since 2009.
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")

    made = tls12_client.expand("sha256", secret, b"test label", seed, 100)

    assert made[:32].hex() == "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"


@pytest.mark.parametrize("number", SUITES)
@given(content=st.binary(max_size=200))
@settings(max_examples=15)
def test_what_the_client_seals_the_server_opens(number: int, content: bytes) -> None:
    suite = SUITES[number]
    randoms = {"client_random": CLIENT_RANDOM, "server_random": SERVER_RANDOM, "draw": draw}
    ours, _theirs = tls12_client.protections(suite, MASTER, **randoms)
    at_server, _back = tls12_client.protections(suite, MASTER, **randoms)

    for _time in range(2):
        record = ours.seal(22, content)
        assert at_server.open(22, record[5:]) == content


def test_spoilt_padding_keeps_its_length_and_is_wrong_in_every_byte() -> None:
    suite = SUITES[0x002F]
    randoms = {"client_random": CLIENT_RANDOM, "server_random": SERVER_RANDOM, "draw": draw}
    sound, _one = tls12_client.protections(suite, MASTER, **randoms)
    spoilt, _two = tls12_client.protections(suite, MASTER, **randoms)

    plain, bad = sound.seal(22, b"finished"), spoilt.seal(22, b"finished", spoil_padding=True)

    assert len(plain) == len(bad)
    assert plain != bad


@given(st.integers(min_value=128, max_value=512), st.binary(min_size=1, max_size=64))
def test_padding_is_that_of_pkcs1(size: int, filler: bytes) -> None:
    block = tls12_client.padded(b"m" * 48, size, filler)

    assert len(block) == size
    assert block.startswith(b"\0\2")
    assert block.index(b"\0", 2) == size - 49


STARTS = [b"", b"\x16\x03\x03", b"\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03", b"\x15\x03\x03\x00\x02"]


@given(st.binary(max_size=300), st.sampled_from(STARTS))
@settings(max_examples=300)
def test_no_bytes_of_a_server_raise_anything_else(raw: bytes, start: bytes) -> None:
    one = client()
    one.flight()
    with contextlib.suppress(Malformed):
        one.receive(start + raw)
    assert not one.finished


@given(st.sampled_from([2, 4, 11, 12, 13, 14, 20]), st.binary(max_size=120))
@settings(max_examples=300)
def test_no_messages_of_a_server_raise_anything_else(kind: int, body: bytes) -> None:
    hello = b"\3\3" + bytes(32) + b"\0" + b"\xc0\x2f\0"
    one = client()
    one.flight()
    messages = b"".join(bytes([each]) + len(its).to_bytes(3, "big") + its for each, its in ((2, hello), (kind, body)))
    with contextlib.suppress(Malformed):
        one.receive(b"\x16\3\3" + len(messages).to_bytes(2, "big") + messages)


def shown(exponent: int) -> bytes:
    """A certificate for a key with this exponent; the key is only looked at, so nobody needs to have it."""
    key = rsa.RSAPublicNumbers(e=exponent, n=(1 << 2047) + 1).public_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "host.test")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key, serial_number=1)
    builder = builder.not_valid_before(start).not_valid_after(start + dt.timedelta(days=90))
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(("exponent", "is_used"), [(65537, True), ((1 << 2000) + 1, False)])
def test_a_key_that_would_keep_us_busy_is_not_used(exponent: int, is_used: bool) -> None:
    leaf = shown(exponent)
    one = len(leaf).to_bytes(3, "big") + leaf
    chain = len(one).to_bytes(3, "big") + one
    hello = b"\3\3" + bytes(32) + b"\0" + b"\x00\x2f\0"
    messages = b"".join(
        bytes([kind]) + len(body).to_bytes(3, "big") + body for kind, body in ((2, hello), (11, chain), (14, b""))
    )
    asking = client(stop_at_done=True)
    asking.flight()
    asking.receive(b"\x16\3\3" + len(messages).to_bytes(2, "big") + messages)

    assert asking.done
    assert (asking.rsa_key() is not None) is is_used
