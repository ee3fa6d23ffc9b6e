"""Tokens in addresses and texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import tokens
from scanners.parsing.tokens import Jwt

HS256 = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDB9.c2ln"


def test_a_token_in_a_text_is_read_once():
    assert tokens.jwts(f"a {HS256} b {HS256}") == (Jwt(algorithm="HS256", expires=1700.0),)


@pytest.mark.parametrize("text", ["eyJhbGciOiJIUzI1NiJ9", "eyJ!.eyJ!.x", "eyJAAAAAA.eyJBBBB.x"])
def test_what_only_looks_like_a_token_is_none(text):
    assert tokens.jwts(text) == ()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h.test/a;jsessionid=0123456789AB", "jsessionid"),
        ("https://h.test/#access_token=Zm9vYmFyMTIzNDU2Nzg5MGFi", "access_token"),
        (f"https://h.test/?state={HS256}", "state"),
        ("https://h.test/?sid=12", None),
        ("https://h.test/?session=herbsttagung-2026", None),
        ("https://h.test/?code=Zm9vYmFyMTIzNDU2Nzg5MGFi", None),
        ("https://[broken/?sid=Zm9vYmFyMTIzNDU2Nzg5MGFi", None),
    ],
)
def test_addresses_with_tokens_are_told_from_others(url, expected):
    assert tokens.in_url(url) == expected


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text):
    tokens.jwts("eyJ" + text)
    tokens.in_url("https://h.test/?sid=" + text)
