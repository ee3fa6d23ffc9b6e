"""Strict-Transport-Security as a browser reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import hsts
from scanners.parsing.hsts import HstsPolicy


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max-age=31536000", HstsPolicy(max_age=31_536_000)),
        ('MAX-AGE="60"', HstsPolicy(max_age=60)),
        (" max-age = 60 ; ; includesubdomains;", HstsPolicy(max_age=60, include_subdomains=True)),
        ("preload; max-age=60; preload; new=1", HstsPolicy(max_age=60, preload=True)),
    ],
)
def test_what_the_grammar_allows_is_read(value, expected):
    assert hsts.parse(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "includeSubDomains",
        "max-age",
        "max-age=",
        "max-age=-1",
        "max-age=one",
        "max-age=60; max-age=60",
        "max-age=60, max-age=60",
        "max-age=60 includeSubDomains",
        "max-age=60; includeSubDomains; includeSubDomains",
        "max-age=60;" + "x" * 5000,
    ],
)
def test_what_breaks_the_grammar_is_ignored_as_browsers_do(value):
    assert hsts.parse(value) is None


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(value):
    policy = hsts.parse(value)

    assert policy is None or policy.max_age >= 0


@given(st.integers(min_value=0, max_value=10**12), st.booleans(), st.booleans())
def test_what_is_written_is_read_back(seconds, subdomains, preload):
    words = [f"max-age={seconds}", *(["includeSubDomains"] * subdomains), *(["preload"] * preload)]

    assert hsts.parse("; ".join(words)) == HstsPolicy(max_age=seconds, include_subdomains=subdomains, preload=preload)
