"""The header profile of Internet.nl."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import internetnl

GOOD = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
DOMAIN = "clinic.example"


def faults(more: str, base: str = GOOD) -> tuple[str, ...] | None:
    return internetnl.policy_faults(f"{base}; {more}", DOMAIN)


def test_a_good_policy_has_no_fault_and_none_is_no_policy():
    assert internetnl.policy_faults(GOOD, DOMAIN) == ()
    assert internetnl.policy_faults(" ", DOMAIN) is None


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("style-src 'unsafe-inline'", "has-unsafe-inline"),
        ("style-src 'unsafe-eval'", "has-unsafe-eval"),
        ("style-src 'unsafe-hashes'", "has-unsafe-hashes"),
        ("img-src http://a.test", "has-http"),
        ("img-src *://a.test", "has-http"),
        ("img-src https:", "has-bare-https"),
        ("img-src a.test", "has-host-without-scheme"),
        ("script-src data:", "has-data"),
        ("img-src https://*", "has-invalid-host"),
        ("img-src https://127.0.0.1", "has-invalid-host"),
    ],
)
def test_one_source_is_one_fault(more: str, fault: str):
    assert faults(more) == (fault,)


def test_pictures_may_come_as_data():
    assert faults("img-src data: https://a.test") == ()


@pytest.mark.parametrize(
    ("sources", "is_fine"),
    [
        ("'none'", True),
        ("'self' https://clinic.example https://*.clinic.example", True),
        ("'self' https://other.example", False),
        ("https://clinic.example", False),
        ("'none' 'self' blob:", False),
    ],
)
def test_the_default_keeps_to_the_own_domain(sources: str, is_fine: bool):
    policy = f"default-src {sources}; frame-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"

    assert (internetnl.policy_faults(policy, DOMAIN) == ()) is is_fine


def test_what_is_missing_is_named():
    assert internetnl.policy_faults("img-src 'self'", DOMAIN) == (
        "missing-invalid-base-uri",
        "missing-invalid-default-src",
        "missing-invalid-form-action",
        "missing-invalid-frame-ancestors",
        "missing-invalid-frame-src",
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ((), ("no-policy",))),
        ("no-referrer", ((), ())),
        ("unsafe-url, same-origin", ((), ())),
        ("strict-origin", ((), ("recommendation-strict-origin",))),
        ("origin", (("bad-origin",), ())),
        ("whatever", (("bad-invalid",), ())),
    ],
)
def test_the_last_referrer_policy_counts(value: str, expected: tuple[tuple[str, ...], tuple[str, ...]]):
    assert internetnl.referrer_faults(value) == expected


@given(st.text(alphabet="default-src 'self';:/*[]é.", max_size=80))
def test_any_text_is_judged(text: str):
    internetnl.policy_faults(text, DOMAIN)
    internetnl.referrer_faults(text)
