"""DKIM keys: size, kind, revocation, and hostile text."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import dkim

PUBLIC = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()


def encoded(form: serialization.PublicFormat) -> str:
    return base64.b64encode(PUBLIC.public_bytes(serialization.Encoding.DER, form)).decode()


@pytest.mark.parametrize("form", [serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1])
def test_the_bits_of_an_rsa_key_are_read_in_both_forms(form: serialization.PublicFormat):
    assert dkim.parse(f"v=DKIM1; k=rsa; p={encoded(form)}").bits == 1024


def test_an_empty_key_is_revoked():
    assert dkim.parse("v=DKIM1; p=").revoked


def test_flags_and_hashes_are_read():
    key = dkim.parse("v=DKIM1; k=ed25519; h=sha256; t=y:s; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")

    assert (key.kind, key.bits, key.hashes, key.testing, key.valid) == ("ed25519", None, ("sha256",), True, True)


@pytest.mark.parametrize("record", ["", "v=DKIM1", "v=DKIM2; p=", "p=???"])
def test_what_is_no_key_is_invalid(record: str):
    assert not dkim.parse(record).valid


@given(st.text() | st.binary(max_size=40).map(lambda raw: "p=" + base64.b64encode(raw).decode()))
def test_any_text_is_read_without_raising(text: str):
    dkim.parse(text)


@given(st.binary(max_size=200))
def test_a_broken_key_has_no_bits_or_sane_ones(raw: bytes):
    bits = dkim.parse("p=" + base64.b64encode(b"\x30" + raw).decode()).bits

    assert bits is None or 0 <= bits <= 8 * len(raw)
