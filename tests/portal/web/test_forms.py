"""What forms take: versions that are numbers of ours, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web import forms


@given(st.integers(min_value=0, max_value=10**9 - 1))
def test_a_version_comes_back_as_it_was_written(number: int):
    assert forms.version(str(number)) == number


@pytest.mark.parametrize("sent", ["9" * 5000, "1" * 10, "-1", "", None, "²", "٣", "1.0", "x", " 1"])
def test_what_is_no_number_of_ours_is_the_version_of_nothing(sent: str | None):
    assert forms.version(sent) == 0
