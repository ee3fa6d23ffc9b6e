"""Whatever a pattern matches holds what is required of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import literals
from scanners.data import javascript

SHIPPED = sorted(
    pattern
    for entry in javascript.definitions().values()
    for kind in ("uri", "filename", "filecontent")
    for pattern in entry.get("extractors", {}).get(kind, ())
)
PIECES = st.sampled_from(
    ("a", "bc", r"\.", r"\d", "x?", "y*", "z+", "(?:q|r)", "(s)?", "[tu]", "[^]v]", "w{0,2}", ".", "|")
)


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"/\*!? jQuery v([0-9][0-9.a-z_-]+)", " jQuery v"),
        (r"lib-([0-9]+)(\.min)?\.js", "lib-"),
        (r"a|bcd", ""),
        (r"(?i)jquery", ""),
        (r"abc?de", "ab"),
        (r"\x41bcd", ""),
        (r"a{2}bcd+e", "bcd"),
    ],
)
def test_the_longest_run_that_is_sure(pattern: str, literal: str) -> None:
    assert literals.required(pattern) == literal


@given(st.data(), st.lists(PIECES, min_size=1, max_size=8).map("".join))
def test_what_any_pattern_matches_holds_it(data: st.DataObject, pattern: str) -> None:
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))

    assert literals.required(pattern) in text


@given(st.data(), st.sampled_from(SHIPPED))
def test_what_a_shipped_pattern_matches_holds_it(data: st.DataObject, pattern: str) -> None:
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII)))

    assert literals.required(pattern) in text


def test_most_shipped_patterns_require_something() -> None:
    assert sum(len(literals.required(pattern)) > 3 for pattern in SHIPPED) > 0.9 * len(SHIPPED)
