"""The signature of an instance: one key for good, bound to purpose and content, shown to nobody."""

from __future__ import annotations

import dataclasses
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.files import signing
from portal.files.sealing import Keyring, Unreadable
from portal.files.signing import Signature

PURPOSE = "answer pack 1"


def test_what_was_signed_is_known_again_by_the_public_key_alone(keyring: Keyring):
    signed = signing.sign(keyring, PURPOSE, b"answers")

    assert signing.is_signed(signed, PURPOSE, b"answers")
    assert signed.public_key == signing.public_key(keyring)
    assert signed.fingerprint == signing.fingerprint(signed.public_key)


@given(content=st.binary(max_size=200), at=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_no_changed_byte_of_content_key_or_signature_is_taken(signing_folder, content: bytes, at: int, flip: int):
    signed = signing.sign(signing_folder, PURPOSE, content)

    def changed(whole: bytes) -> bytes:
        place = at % len(whole)
        return whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :]

    assert not signing.is_signed(signed, PURPOSE, content + b"x")
    assert not signing.is_signed(dataclasses.replace(signed, value=changed(signed.value)), PURPOSE, content)
    other = dataclasses.replace(signed, public_key=changed(signed.public_key))
    assert not signing.is_signed(other, PURPOSE, content)


def test_a_signature_for_one_purpose_is_none_for_another(keyring: Keyring):
    signed = signing.sign(keyring, PURPOSE, b"answers")

    assert not signing.is_signed(signed, "evidence bundle 1", b"answers")


@pytest.mark.parametrize(("key", "value"), [(b"", b""), (b"x" * 31, b"y" * 64), (b"\xff" * 32, b"y" * 63)])
def test_what_is_no_key_or_no_signature_is_simply_not_valid(key: bytes, value: bytes):
    assert not signing.is_signed(Signature(public_key=key, value=value), PURPOSE, b"answers")


def test_the_key_lies_sealed_for_its_owner_alone_and_is_made_once(keyring: Keyring):
    with ThreadPoolExecutor(max_workers=4) as pool:
        keys = set(pool.map(lambda _: signing.public_key(keyring), range(8)))

    assert len(keys) == 1
    path = keyring.folder / signing.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Unreadable):
        signing.public_key(dataclasses.replace(keyring, instance_key="another key that is long enough"))


def test_people_compare_a_fingerprint_in_groups():
    assert signing.in_groups("0123456789ab") == "0123 4567 89ab"


@pytest.fixture(scope="module")
def signing_folder(tmp_path_factory) -> Keyring:
    """Hold one key for all examples."""
    return Keyring(instance_key="i" * 43, folder=tmp_path_factory.mktemp("keys"))
