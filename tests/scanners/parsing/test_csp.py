"""Content-Security-Policy as browsers read and combine it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import csp


def test_a_comma_begins_another_policy():
    assert csp.parse(["default-src 'self', script-src a.test"]) == (
        {"default-src": ("'self'",)},
        {"script-src": ("a.test",)},
    )


def test_the_first_of_two_equal_directives_counts():
    assert csp.parse(["IMG-SRC a; img-src b"]) == ({"img-src": ("a",)},)


def test_a_meta_element_cannot_forbid_framing():
    assert csp.parse([], metas=["frame-ancestors 'none'; img-src 'self'"]) == ({"img-src": ("'self'",)},)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("script-src 'self'", ()),
        ("script-src 'unsafe-inline' 'sha256-abc='", ()),
        ("script-src 'strict-dynamic' 'nonce-a' https: 'unsafe-inline'", ()),
        ("script-src 'UNSAFE-INLINE'", ("'unsafe-inline'",)),
        ("script-src-elem 'self'; script-src *", ()),
        ("script-src-elem 'self'; script-src 'unsafe-inline'", ("'unsafe-inline'",)),
        ("script-src 'unsafe-inline'; script-src-elem 'self'; script-src-attr 'none'", ()),
        ("default-src * data:", ("*", "data:")),
        ("img-src 'self'", ("script-src",)),
    ],
)
def test_what_lets_scripts_run_is_named(policy, expected):
    assert csp.unsafe_scripts(csp.parse([policy])[0]) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("script-src unpkg.com", ("unpkg.com",)),
        ("script-src https://unpkg.com:443", ("https://unpkg.com:443",)),
        ("script-src https://unpkg.com/vue@3/", ()),
        ("script-src *.cloudfront.net", ("*.cloudfront.net",)),
        ("script-src d1.cloudfront.net", ()),
        ("script-src unpkg.com 'nonce-a' 'strict-dynamic'", ()),
        ("script-src 'self'", ()),
    ],
)
def test_hosts_of_everybodys_code_are_known(policy, expected):
    assert csp.everybodys_hosts(csp.parse([policy])[0]) == expected


@given(st.lists(st.text(alphabet="'*;, abcdefst-:/.\x00é", max_size=200), max_size=3))
def test_no_text_makes_it_raise(values):
    for policy in csp.parse(values):
        csp.unsafe_scripts(policy)
        csp.everybodys_hosts(policy)
        csp.problems(policy)


@given(st.sampled_from(["'self'", "a.test", "'nonce-abc'"]))
def test_a_second_policy_never_opens_the_first(source):
    strict = csp.parse([f"script-src {source}", "script-src *"])

    assert not all(csp.unsafe_scripts(policy) for policy in strict)
