"""Exact arithmetic of values, grades and caps, and points that add up to what is printed."""

import functools
import math
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from assessments.model import Grade, Policy

FULL = Fraction(100)
TENTH = Decimal("0.1")
CENT = Decimal("0.01")


@functools.cache
def exact(number: float) -> Fraction:
    """The number as it was written: 0.85 is 85/100, not its nearest binary neighbour."""
    return Fraction(str(number))


@functools.cache
def product(number: float, other: float) -> Fraction:
    """Of two numbers of a policy, which come again and again."""
    return exact(number) * exact(other)


@functools.cache
def shared(number: float, among: int) -> Fraction:
    """A weight that several share."""
    return exact(number) / among


def printed(value: Fraction) -> Decimal:
    """The value with one decimal, halves up; every grade and level is read from what is printed."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(TENTH, rounding=ROUND_HALF_UP)


def grade(value: Decimal, policy: Policy) -> Grade:
    """The letter of a printed value."""
    return next((letter for letter, start in policy.grade_from if value >= Decimal(str(start))), Grade.F)


def level(value: Decimal, policy: Policy) -> int:
    """The level 0 to 4 of a printed value."""
    return sum(value >= Decimal(str(start)) for start in policy.level_from)


def total(values: Iterable[Fraction]) -> Fraction:
    """The sum; fractions of one policy share few denominators, so they are added over a common one."""
    kept = list(values)
    common = math.lcm(*(value.denominator for value in kept)) if kept else 1
    return Fraction(sum(value.numerator * (common // value.denominator) for value in kept), common)


def spread(points: Mapping[str, Fraction], total: Decimal) -> Mapping[str, Decimal]:
    """Points in hundredths, each within a few of its exact size, that add up to the printed total.

    Largest remainders first; equal ones by key, so that the order of the lines changes nothing.
    """
    common = math.lcm(*(value.denominator for value in points.values())) if points else 1
    scaled = {key: 100 * value.numerator * (common // value.denominator) for key, value in points.items()}
    hundredths = {key: value // common for key, value in scaled.items()}
    rest = int(total * 100) - sum(hundredths.values())
    remainders = {key: value % common for key, value in scaled.items() if value > 0}
    bearing = sorted(remainders, key=lambda key: (-remainders[key] if rest > 0 else remainders[key], key))
    step = 1 if rest > 0 else -1
    while rest and bearing:
        for key in bearing:
            if rest and hundredths[key] + step >= 0:
                hundredths[key] += step
                rest -= step
    return {key: (Decimal(value) * CENT).quantize(CENT) for key, value in hundredths.items()}
