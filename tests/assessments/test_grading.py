"""Exact arithmetic: what is printed adds up, whatever the fractions were."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from assessments import grading

SHARES = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.fractions(0, 1, max_denominator=97), min_size=1)


@given(SHARES)
def test_points_are_spread_so_that_they_make_the_printed_total(shares):
    whole = sum(shares.values()) or Fraction(1)
    points = {key: 60 * share / whole for key, share in shares.items()}
    total = Decimal(100) - grading.printed(100 - sum(points.values()))

    spread = grading.spread(points, total)

    assert sum(spread.values()) == total
    assert all(value >= 0 for value in spread.values())
    assert all(abs(value - Decimal(float(points[key]))) < Decimal("0.08") for key, value in spread.items())


@given(st.lists(st.fractions(0, 10, max_denominator=50)))
def test_a_total_over_a_common_denominator_is_the_sum(values):
    assert grading.total(values) == sum(values, Fraction(0))


def test_halves_are_printed_upwards():
    assert grading.printed(Fraction(1, 20)) == Decimal("0.1")
    assert grading.printed(Fraction(199, 20)) == Decimal("10.0")
    assert grading.exact(0.85) == Fraction(17, 20)
