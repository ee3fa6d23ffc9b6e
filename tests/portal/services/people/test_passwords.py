"""Passwords: long enough, not guessed first, and a wrong one is as slow for nobody as for somebody."""

from __future__ import annotations

import runpy

import pytest

from portal.errors import BadInput
from portal.services.people import passwords
from tests.portal.building import PASSWORD


@pytest.mark.parametrize(
    "password",
    ["kurz", "password1234", "PasswortPasswort", "aaaaaaaaaaaaaaaa", "abcabcabcabcabc", "x" * 201, "erika.muster123"],
)
def test_these_are_refused(password):
    with pytest.raises(BadInput) as refusal:
        passwords.check_rules(password, about=("Erika Muster", "erika.muster@klinik.example"))
    assert "password" in refusal.value.fields


@pytest.mark.parametrize(
    "password", [PASSWORD, "korrekt pferd batterie", "9fK2!xq7Lw0z", "漢字だけの長いパスワードです"]
)
def test_these_are_taken(password):
    passwords.check_rules(password, about=("Erika Muster",))


def test_only_the_right_password_fits():
    stored = passwords.make_hash(PASSWORD)

    assert passwords.fits(stored, PASSWORD)
    assert not passwords.fits(stored, PASSWORD + " ")
    assert not passwords.fits(None, PASSWORD)
    assert not passwords.fits("not a hash", PASSWORD)
    assert PASSWORD not in stored


def test_a_guess_costs_64_mib_and_three_rounds():
    hasher = runpy.run_path(passwords.__file__)["HASHER"]  # the tests' own is cheaper

    assert hasher.memory_cost >= 64 * 1024
    assert hasher.time_cost >= 3
