"""Vectors with their length before them: what is written is read again, and nothing is read past the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import tls_vectors
from scanners.parsing.tls_vectors import Malformed, Reader


@given(short=st.binary(max_size=255), long=st.binary(max_size=600), kind=st.integers(0, 255))
def test_what_is_written_is_read_again(short: bytes, long: bytes, kind: int):
    reader = Reader(tls_vectors.message(kind, tls_vectors.short(short) + tls_vectors.long(long)))
    assert reader.number(1) == kind
    body = Reader(reader.vector(3))
    assert (body.vector(1), body.vector(2), body.left, reader.left) == (short, long, 0, 0)


@given(data=st.binary(max_size=40), wanted=st.integers(1, 60))
def test_nothing_is_read_past_the_end(data: bytes, wanted: int):
    reader = Reader(data)
    if wanted > len(data):
        with pytest.raises(Malformed, match="short"):
            reader.take(wanted)
        assert reader.left == len(data)
    else:
        assert reader.take(wanted) == data[:wanted]
