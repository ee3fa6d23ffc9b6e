"""JavaScript libraries: signs, versions, ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import libraries
from scanners.parsing.libraries import Definition, Shelf, Vulnerability

VERSION = "([0-9][0-9.a-z_-]+)"
LIB = Definition(
    name="lib",
    uri=(f"/{VERSION}/lib(\\.min)?\\.js",),
    filename=(f"lib-{VERSION}(\\.min)?\\.js",),
    content=(f"/\\*! Lib v{VERSION}", f"/\\*!? Lib v{VERSION}"),
    hashes={"abc": "0.9.1"},
    vulnerabilities=(
        Vulnerability(below="1.2.0", severity="high", identifiers=("CVE-1",)),
        Vulnerability(below="3.0.0", at_or_above="2.0.0-beta", identifiers=("CVE-2",)),
    ),
)
SHELF = Shelf([LIB])
VERSIONS = st.lists(st.integers(0, 99), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@pytest.mark.parametrize(
    ("url", "body", "version", "signals"),
    [
        ("https://a.test/lib-1.1.0.min.js", "", "1.1.0", 1),
        ("https://a.test/1.1.0/lib.js", "", "1.1.0", 1),
        ("https://a.test/app.js", "/*! Lib v1.1.0 */", "1.1.0", 1),
        ("https://a.test/lib-1.1.0.js", "/*! Lib v1.1.0 */", "1.1.0", 2),
        ("https://a.test/lib-9.9.9.js", "/*! Lib v1.1.0 */", "1.1.0", 1),
    ],
)
def test_a_library_is_recognised_and_its_signs_are_counted(url: str, body: str, version: str, signals: int):
    (found,) = SHELF.find(url, body)

    assert (found.version, found.signals) == (version, signals)


def test_a_hash_needs_no_second_sign():
    (found,) = SHELF.find("https://a.test/x.js", "", "abc")

    assert (found.version, found.severity) == ("0.9.1", "high")


@pytest.mark.parametrize(
    "url", ["https://a.test/lib-47a9c871.js", "https://a.test/lib-2f80d7d1_prod.js", "https://a.test/lib-3.js"]
)
def test_the_hash_of_a_bundle_is_no_version(url: str):
    assert SHELF.find(url) == ()


def test_an_address_is_one_sign_however_often_it_says_the_version():
    (found,) = SHELF.find("https://a.test/1.1.0/lib-1.1.0.js")

    assert (found.signals, found.severity) == (1, "medium")


@pytest.mark.parametrize(
    ("url", "body", "evidence"),
    [
        ("https://a.test/lib-1.1.0.min.js", "", "lib-1.1.0.min.js"),
        ("https://a.test/app.js", "x" * 200 + "/*! Lib v1.1.0 */", "/*! Lib v1.1.0"),
    ],
)
def test_the_bytes_that_were_matched_are_kept(url: str, body: str, evidence: str):
    assert SHELF.find(url, body)[0].evidence == evidence


def test_a_mended_version_within_the_range_is_not_affected():
    hole = Vulnerability(below="2.0", excludes=("1.12.4-aem",))

    assert libraries.is_affected("1.12.4", hole)
    assert not libraries.is_affected("1.12.4-aem", hole)


def test_the_ranges_of_an_entry_are_read_and_one_without_an_end_is_left_out():
    told = [
        {"below": "3.5.0", "atOrAbove": "1.0.3", "severity": "high", "identifiers": {"CVE": ["CVE-2020-11022"]}},
        {"below": "2.0", "identifiers": {"githubID": "GHSA-1"}, "excludes": ["1.9-patched"]},
        {"atOrAbove": "4.0"},
    ]

    assert libraries.vulnerabilities({"vulnerabilities": told}) == (
        Vulnerability(below="3.5.0", at_or_above="1.0.3", severity="high", identifiers=("CVE-2020-11022",)),
        Vulnerability(below="2.0", identifiers=("GHSA-1",), excludes=("1.9-patched",)),
    )
    assert libraries.vulnerabilities({}) == ()


def test_one_sign_alone_is_never_high():
    (one,) = SHELF.find("https://a.test/lib-1.1.0.js")
    (two,) = SHELF.find("https://a.test/lib-1.1.0.js", "/*! Lib v1.1.0 */")

    assert (one.severity, two.severity) == ("medium", "high")


@pytest.mark.parametrize(
    ("version", "names"),
    [("1.1.9", ["CVE-1"]), ("1.2.0", []), ("1.9", []), ("2.0.0-beta", ["CVE-2"]), ("2.9.9", ["CVE-2"]), ("3.0.0", [])],
)
def test_a_version_is_affected_within_the_range_only(version: str, names: list[str]):
    affected = [one for one in LIB.vulnerabilities if libraries.is_affected(version, one)]

    assert [name for one in affected for name in one.identifiers] == names


@pytest.mark.parametrize(
    ("version", "other", "above"),
    [
        ("1.10", "1.9", True),
        ("1.0", "1.0.0", True),
        ("1.0-rc1", "1.0", False),
        ("1.0", "1.0-rc1", True),
        ("2", "10", False),
    ],
)
def test_versions_are_compared_part_by_part(version: str, other: str, above: bool):
    assert libraries.at_or_above(version, other) is above


def test_a_pattern_that_cannot_be_compiled_is_left_out():
    shelf = Shelf([Definition(name="odd", content=(r"(a)\1", f"odd v{VERSION}"))])

    assert shelf.left_out == 1
    assert shelf.find("https://a.test/x.js", "odd v1.2.3")[0].version == "1.2.3"


@given(VERSIONS, VERSIONS)
def test_of_two_versions_one_is_at_or_above_the_other(version: str, other: str):
    assert libraries.at_or_above(version, other) or libraries.at_or_above(other, version)


@given(st.text(), st.text())
def test_any_script_is_read_without_raising(url: str, body: str):
    SHELF.find(url, body)
