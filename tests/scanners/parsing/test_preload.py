"""What the preload list asks of a header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import preload

GOOD = "max-age=31536000; includeSubDomains; preload"


def test_a_good_header_has_no_issue():
    assert preload.judge(preload.parse(GOOD)) == ((), ())


@pytest.mark.parametrize(
    ("value", "errors", "warnings"),
    [
        ("", (), ("header.parse.empty",)),
        (";; preload", (), ("header.parse.empty_directive",)),
        ("a; b", (), ("header.parse.unknown_directive",) * 2),
        ("preload; PRELOAD; preload", (), ("header.parse.repeated.preload",)),
        ("max-age=007", (), ("header.parse.max_age.leading_zero",)),
        ("max-age", ("header.parse.invalid.max_age.no_value",), ()),
        ("max-age=", ("header.parse.max_age.parse_int_error",), ()),
        ("max-age=+5", ("header.parse.max_age.non_digit_characters",), ()),
        (f"max-age={'9' * 400}", ("header.parse.max_age.parse_int_error",), ()),
    ],
)
def test_reading(value: str, errors: tuple[str, ...], warnings: tuple[str, ...]):
    header = preload.parse(value)

    assert (header.errors, header.warnings) == (errors, warnings)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("max-age=31536000; preload", "header.preloadable.include_sub_domains.missing"),
        ("max-age=31536000; includeSubDomains", "header.preloadable.preload.missing"),
        ("includeSubDomains; preload", "header.preloadable.max_age.missing"),
        ("max-age=0; includeSubDomains; preload", "header.preloadable.max_age.zero"),
        ("max-age=31535999; includeSubDomains; preload", "header.preloadable.max_age.below_1_year"),
    ],
)
def test_what_keeps_a_header_out(value: str, code: str):
    assert preload.judge(preload.parse(value))[0] == (code,)


def test_old_entries_may_be_shorter_and_ten_years_are_odd():
    weeks = preload.parse("max-age=10886400; includeSubDomains; preload")

    assert preload.judge(weeks, at_least=preload.EIGHTEEN_WEEKS) == ((), ())
    assert preload.judge(preload.parse(GOOD.replace("31536000", "999999999")))[1] == (
        "header.preloadable.max_age.over_10_years",
    )


def test_removal_asks_for_an_age_and_no_preload():
    assert preload.judge_removal(preload.parse("max-age=0"))[0] == ()
    assert preload.judge_removal(preload.parse("preload"))[0] == (
        "header.removable.contains.preload",
        "header.removable.missing.max_age",
    )


@given(st.text())
def test_any_text_is_read(text: str):
    preload.judge(preload.parse(text))
