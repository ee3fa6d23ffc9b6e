"""security.txt: plain, signed, broken, hostile."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import security_txt

FILE = "# hello\nContact: mailto:security@example.test\nExpires: 2027-06-01T00:00:00Z\n"
SIGNED = (
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + FILE + "-----BEGIN PGP SIGNATURE-----\n\nabc\n"
    "-----END PGP SIGNATURE-----\n"
)


@pytest.mark.parametrize("body", [FILE, FILE.replace("\n", "\r\n"), "\ufeff" + FILE, SIGNED])
def test_a_valid_file_is_read(body: str):
    parsed = security_txt.parse(body)

    assert parsed.broken == ()
    assert parsed.expires == datetime(2027, 6, 1, tzinfo=UTC)
    assert parsed.values("contact") == ("mailto:security@example.test",)
    assert parsed.signed is (body == SIGNED)


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        ("", "contact"),
        ("Contact: mailto:a@example.test\n", "expires"),
        (FILE + "Expires: 2027-06-01T00:00:00Z\n", "expires"),
        (FILE.replace("2027-06-01T", "2027-06-01 "), "expires"),
        (FILE.replace("2027-06-01", "2027-13-41"), "expires"),
        (FILE.replace("mailto:", ""), "contact"),
        (FILE.replace("mailto:security@", "http://"), "contact"),
        (FILE + "Preferred-Languages: English\n", "preferred-languages"),
        (FILE + "CSAF: https://example.test/other.json\n", "csaf"),
        (FILE + "hello\n", "hello"),
        ("-----BEGIN PGP SIGNED MESSAGE-----\n\n" + FILE, "-----BEGIN PGP SIGNED MESSAGE-----"),
    ],
)
def test_what_breaks_a_file_is_named(body: str, broken: str):
    assert broken in security_txt.parse(body).broken


def test_unknown_fields_are_allowed():
    assert security_txt.parse(FILE + "Bug-Bounty: False\n").broken == ()


@given(st.text())
def test_any_text_is_read_without_raising(text: str):
    parsed = security_txt.parse(text)

    assert isinstance(parsed.broken, tuple)
    assert parsed.expires is None or parsed.expires.tzinfo is not None
