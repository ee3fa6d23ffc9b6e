"""Sealing: only the owner, only for what it was sealed for, only unchanged."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.files.sealing import Keyring, Unreadable

OWNER = "company:aa11"


def test_what_is_sealed_opens_again_and_shows_nothing(keyring: Keyring):
    sealed = keyring.seal(OWNER, b"secret", bound_to="blob")

    assert b"secret" not in sealed
    assert keyring.open(OWNER, sealed, bound_to="blob") == b"secret"
    assert keyring.seal(OWNER, b"secret", bound_to="blob") != sealed


def test_another_owner_another_binding_or_another_instance_cannot_open_it(keyring: Keyring):
    sealed = keyring.seal(OWNER, b"secret", bound_to="blob")
    keyring.seal("company:bb22", b"x", bound_to="blob")

    with pytest.raises(Unreadable):
        keyring.open("company:bb22", sealed, bound_to="blob")
    with pytest.raises(Unreadable):
        keyring.open(OWNER, sealed, bound_to="other")
    with pytest.raises(Unreadable):
        dataclasses.replace(keyring, instance_key="another key that is long enough").open(
            OWNER, sealed, bound_to="blob"
        )


def test_the_key_of_one_cannot_be_laid_in_the_place_of_another(keyring: Keyring):
    keyring.seal(OWNER, b"x", bound_to="b")
    keyring.seal("company:bb22", b"x", bound_to="b")
    (keyring.folder / "company-bb22.key").write_bytes((keyring.folder / "company-aa11.key").read_bytes())

    with pytest.raises(Unreadable):
        keyring.seal("company:bb22", b"x", bound_to="b")


def test_a_shredded_key_takes_everything_with_it(keyring: Keyring):
    sealed = keyring.seal(OWNER, b"secret", bound_to="blob")

    keyring.shred(OWNER)

    with pytest.raises(Unreadable):
        keyring.open(OWNER, sealed, bound_to="blob")


@given(st.text())
def test_short_secrets_go_into_a_column_and_out(text):
    from pathlib import Path

    ring = Keyring(instance_key="k" * 32, folder=Path("/nonexistent"))
    assert ring.open_text(ring.seal_text(text, purpose="totp:1"), purpose="totp:1") == text
    with pytest.raises(Unreadable):
        ring.open_text(ring.seal_text(text, purpose="totp:1"), purpose="totp:2")


@pytest.mark.parametrize("owner", ["", "company:", "company:../../x", "person:aa", "company:AA"])
def test_an_owner_is_a_tenant_and_nothing_else(keyring: Keyring, owner):
    with pytest.raises(ValueError, match=r"^$|:"):
        keyring.seal(owner, b"x", bound_to="b")
