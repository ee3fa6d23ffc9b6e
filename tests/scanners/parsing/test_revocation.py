"""Bytes that are no list and no answer of an authority."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import revocation
from scanners.parsing.revocation import BadRevocationData
from tests.scanners.building import AT

# What real lists and answers come to is seen against a real authority in tests/loopback/test_registries.py.


@given(st.binary(max_size=300))
def test_bytes_that_are_nothing_say_nothing(raw: bytes):
    with pytest.raises(BadRevocationData):
        revocation.by_list(raw, url="http://x.test/1.crl", leaf=raw, issuer=raw, at=AT)
    with pytest.raises(BadRevocationData):
        revocation.by_answer(raw, leaf=raw, issuer=raw, at=AT)
    with pytest.raises(BadRevocationData):
        revocation.question(raw, raw)
    assert not revocation.issued(raw, raw)
