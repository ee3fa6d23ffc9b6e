"""Score and grade."""

import pytest

from scanners.observatory import grading
from scanners.observatory.site import Test as One


def made(*results: str) -> list[One]:
    return [One(name="x", result=result, passed=True) for result in results]


@pytest.mark.parametrize(
    ("results", "score", "grade"),
    [
        ((), 100, "A+"),
        (("referrer-policy-private", "x-frame-options-sameorigin-or-deny"), 110, "A+"),
        (("hsts-implemented-max-age-less-than-six-months", "referrer-policy-private"), 95, "A"),
        (("csp-not-implemented", "referrer-policy-private", "hsts-preloaded"), 75, "B"),
        (("sri-not-implemented-and-external-scripts-not-loaded-securely",) * 3, 0, "F"),
    ],
)
def test_bonus_counts_only_from_90(results: tuple[str, ...], score: int, grade: str):
    assert grading.score(made(*results)) == score
    assert grading.grade(score) == grade
