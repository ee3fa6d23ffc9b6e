"""security.txt line by line."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import sectxt
from scanners.parsing.sectxt import SIGNATURE, SIGNED

AT = datetime(2026, 11, 22, tzinfo=UTC)
CONTACT = "Contact: https://example.test/help\n"
EXPIRES = "Expires: 2027-06-01T00:00:00Z\n"
FILE = CONTACT + EXPIRES
PACKET = "wsABAAE="  # a signature packet as far as its first byte tells
ARMOUR = f"{SIGNATURE}\n\n{PACKET}\n-----END PGP SIGNATURE-----\n"
HEAD = f"{SIGNED}\nHash: SHA256\n\n"


def errors(body: str) -> set[tuple[str, int | None]]:
    return set(sectxt.read(body, AT).errors)


def test_a_good_file_is_only_told_to_be_signed():
    assert sectxt.read(FILE, AT) == sectxt.Reading(recommendations=(("not_signed", None),))


def test_a_good_signed_file_should_name_its_place():
    reading = sectxt.read(HEAD + FILE + ARMOUR, AT)

    assert (reading.errors, reading.recommendations) == ((), (("no_canonical", None),))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("\ufeff" + FILE, ("bom_in_file", None)),
        (EXPIRES, ("no_contact", None)),
        (CONTACT, ("no_expire", None)),
        (FILE + EXPIRES, ("multi_expire", None)),
        (FILE + "Preferred-Languages: de\n" * 2, ("multi_lang", None)),
        (FILE + "Preferred-Languages: Deutsch\n", ("invalid_lang", 3)),
        (FILE.rstrip(), ("no_line_separators", 2)),
        (FILE + "hello\n", ("invalid_line", 3)),
        (FILE + "Policy : https://example.test\n", ("prec_ws", 3)),
        (FILE + "Policy:https://example.test\n", ("no_space", 3)),
        (FILE + ": x\n", ("empty_key", 3)),
        (FILE + "Policy: \n", ("empty_value", 3)),
        (FILE + "Policy: example.test/policy\n", ("no_uri", 3)),
        (FILE + "Policy: http://example.test\n", ("no_https", 3)),
        (FILE + "CSAF: https://example.test/csaf.json\n", ("no_csaf_file", None)),
        (CONTACT + "Expires: tomorrow\n", ("invalid_expiry", 2)),
        (CONTACT + "Expires: 2026-11-21T00:00:00Z\n", ("expired", 2)),
        ("\n" + HEAD + FILE + ARMOUR, ("signed_format_issue", 2)),
        (HEAD + FILE, ("pgp_data_error", 1)),
        (HEAD + FILE + ARMOUR.replace(f"\n\n{PACKET}", f"\n{PACKET}"), ("pgp_data_error", 1)),
        (HEAD + FILE + ARMOUR.replace(PACKET, "w"), ("pgp_error", 1)),
        (HEAD + FILE + ARMOUR.replace(PACKET, "AAAA"), ("pgp_error", 1)),
        (HEAD + FILE + ARMOUR + "more\n", ("data_after_sig", 10)),
        (HEAD + FILE + ARMOUR + "\n", ("too_many_line_separators", 11)),
    ],
)
def test_what_is_wrong_is_named_with_its_line(body: str, error: tuple[str, int | None]):
    assert error in errors(body)


def test_a_date_too_far_ahead_and_mail_without_a_key_are_only_hints():
    body = "Contact: mailto:a@example.test\nExpires: 2030-01-01T00:00:00Z\n"

    assert set(sectxt.read(body, AT).recommendations) >= {("long_expiry", 2), ("no_encryption", None)}


def test_dashes_in_a_signed_text_are_taken_off():
    assert errors(HEAD + FILE.replace("Contact", "- Contact") + ARMOUR) == set()


@given(st.text())
def test_any_text_is_read(text: str):
    assert len(sectxt.read(text, AT).errors) <= sectxt.MOST_REMARKS


def test_a_hostile_file_is_read_in_time():
    assert sectxt.read(f"{SIGNED}\n{SIGNATURE}\n" * 100_000, AT).errors
    assert sectxt.read(":" * 10_000_000, AT).errors
