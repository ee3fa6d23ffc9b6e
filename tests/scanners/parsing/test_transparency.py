"""Answers of certificate searches, sound and hostile."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import transparency
from scanners.parsing.transparency import BadSearchResult

AT = datetime(2026, 11, 22, tzinfo=UTC)
DOMAIN = "vendor.de"


def entry(names: str, **fields: object) -> dict:
    return {
        "issuer_name": "C=US, O=Let's Encrypt, CN=R11",
        "common_name": "",
        "name_value": names,
        "serial_number": "01",
        "not_before": "2026-10-01T00:00:00",
        "not_after": "2026-12-30T00:00:00.123",
        **fields,
    }


def test_names_below_the_domain_are_kept_and_nothing_else():
    names = "WWW.vendor.de.\n*.vendor.de\nvendor.de\nnotvendor.de\nvendor.de.evil.com\na b.vendor.de\n_x.vendor.de\n"
    found = transparency.read([entry(names)], DOMAIN, at=AT)

    assert found.names == ("www.vendor.de", "vendor.de")
    assert found.certificates[0].names == ("www.vendor.de", "*.vendor.de", "vendor.de")


def test_what_has_expired_is_left_out():
    assert transparency.read([entry("a.vendor.de", not_after="2026-11-21T00:00:00")], DOMAIN, at=AT).names == ()


def test_nothing_logged_is_an_answer():
    assert transparency.read([], DOMAIN, at=AT).certificates == ()


@pytest.mark.parametrize("document", [None, {}, "x", 1, [1], ["a"], [{"error": "busy"}]])
def test_what_is_no_list_of_certificates_is_refused(document: object):
    with pytest.raises(BadSearchResult):
        transparency.read(document, DOMAIN, at=AT)


def test_thousands_of_names_are_cut():
    """F17: a domain with a host per customer."""
    many = [entry(f"kunde{number}.vendor.de", serial_number=str(number)) for number in range(3000)]
    found = transparency.read(many, DOMAIN, at=AT)

    assert (len(found.names), len(found.certificates), found.cut) == (500, 200, True)


@pytest.mark.parametrize(
    ("issuer", "organisation"),
    [
        ("C=US, O=Let's Encrypt, CN=R11", "Let's Encrypt"),
        ('C=US, O="DigiCert, Inc.", CN=X', "DigiCert, Inc."),
        ("O=Only", "Only"),
        ("CN=Nobody", "CN=Nobody"),
        (None, ""),
    ],
)
def test_the_organisation_is_read_out_of_the_name(issuer: object, organisation: str):
    assert transparency.organisation(issuer) == organisation


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pacs2.vendor.de", ("pacs",)),
        ("old-vpn.eu.vendor.de", ("vpn",)),
        ("www.vendor.de", ()),
        ("spacs.vendor.de", ()),
        ("vendor.de", ()),
    ],
)
def test_words_that_tell_of_inner_systems(name: str, words: tuple[str, ...]):
    assert transparency.internal_words(name, DOMAIN) == words


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name_value", "not_after", "not_before", "issuer_name", "id"]), inner)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_document_is_read_or_refused(document: object):
    try:
        found = transparency.read(document, DOMAIN, at=AT)
    except BadSearchResult:
        return
    assert all(name == DOMAIN or name.endswith(f".{DOMAIN}") for name in found.names)
    assert all(one.not_after > AT - timedelta(0) for one in found.certificates)
