"""Text becomes a host that may be scanned, or a sentence that says why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import targets
from scanners.targets import BadTarget


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("portal.klinik.de", "portal.klinik.de"),
        ("  Portal.Klinik.DE.  ", "portal.klinik.de"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("BÜCHER.DE", "xn--bcher-kva.de"),
        ("bu\u0308cher.de", "xn--bcher-kva.de"),  # decomposed
        ("straße.de", "xn--strae-oqa.de"),  # IDNA2008 keeps the sharp s
        ("klinik。de", "klinik.de"),  # ideographic full stop
        ("ⓚlinik.de", "klinik.de"),
        ("a.b.c.d.example.com", "a.b.c.d.example.com"),
        ("xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("3com.com", "3com.com"),
        ("1.2.3.de", "1.2.3.de"),
    ],
)
def test_a_host_name_is_normalised(typed: str, name: str) -> None:
    assert targets.normalise(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "127.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "foo.0x7f",
        "foo.0x",
        "192.168.1",
        "::1",
        "[::1]",
        "2001:db8::1",
        "localhost",
        "ⓛocalhost",
        "foo.localhost",
        "metadata.google.internal",
        "printer.local",
        "router.home.arpa",
        "1.0.0.127.in-addr.arpa",
        "abc.onion",
        "portal.test",
        "klinik",
        "de",
        "co.uk",
        "github.io",
        "https://klinik.de",
        "klinik.de/pfad",
        "klinik.de:8443",
        "nutzer@klinik.de",
        "klinik.de?x=1",
        "kli nik.de",
        "klinik..de",
        ".klinik.de",
        "-klinik.de",
        "klinik-.de",
        "kli_nik.de",
        "_dmarc.klinik.de",
        "*.klinik.de",
        "a" * 64 + ".de",
        ".".join(["abcdefghi"] * 30) + ".de",
        "xn--\N{LATIN SMALL LETTER A}.de",
        "xn--zzzzzz99999.de",
        "klinik.de\x00.evil.de",
        "klinik.de\r\nHost: evil.de",
        "kli\u202enik.de",
        "",
        "   ",
        ".",
        "a" * 100_000,
    ],
)
def test_what_is_no_public_host_name_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(BadTarget) as refused:
        targets.normalise(typed)

    assert refused.value.message.render().endswith(".")


def test_a_permitted_suffix_opens_a_laboratory_and_nothing_else() -> None:
    assert targets.normalise("portal.klinik.test", permitted_suffixes=(".test",)) == "portal.klinik.test"
    for typed in ("portal.klinik.local", "127.0.0.1", "test", "portal.klinik.nottest.local"):
        with pytest.raises(BadTarget):
            targets.normalise(typed, permitted_suffixes=(".test",))


@given(st.text(max_size=80))
def test_a_normalised_name_stays_as_it_is_and_has_a_registrable_domain(typed: str) -> None:
    try:
        name = targets.normalise(typed)
    except BadTarget:
        return

    assert targets.normalise(name) == name
    assert name.isascii()
    assert targets.is_below(name, targets.registrable(name))
    assert "." in targets.registrable(name)


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("www.klinik.de", "klinik.de"),
        ("a.b.klinik.co.uk", "klinik.co.uk"),
        ("klinik.de", "klinik.de"),
        ("x.praxis.github.io", "praxis.github.io"),
        ("co.uk", "co.uk"),
        ("a.b.vendor.test", "vendor.test"),
        ("_dmarc.klinik.de", "klinik.de"),
    ],
)
def test_the_registrable_domain_follows_the_public_suffix_list(name: str, domain: str) -> None:
    assert targets.registrable(name) == domain


def test_below_is_by_labels_not_by_letters() -> None:
    assert targets.is_below("www.klinik.de", "klinik.de")
    assert targets.is_below("klinik.de", ".klinik.de")
    assert not targets.is_below("evilklinik.de", "klinik.de")
