"""CAA properties: what certification authorities would accept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observations import CaaRecord
from scanners.parsing import caa


def record(tag: str, value: str, flags: int = 0) -> CaaRecord:
    return CaaRecord(flags=flags, tag=tag, value=value)


@pytest.mark.parametrize(
    "valid",
    [
        record("issue", ";"),
        record("ISSUE", "ca.example", 128),
        record("issuewild", "ca.example; accounturi=https://ca.example/1; validationmethods=dns-01,ca-own"),
        record("issuemail", " ca.example ; account=1 "),
        record("iodef", "mailto:a@example.test"),
        record("iodef", "https://example.test/report"),
        record("contactemail", "a@example.test"),
        record("contactphone", "+49 30 123456"),
        record("future", "anything"),
    ],
)
def test_what_the_grammar_allows_is_valid(valid: CaaRecord):
    assert caa.is_valid(valid)


@pytest.mark.parametrize(
    "invalid",
    [
        record("issue", "%"),
        record("issue", "ca.example", 1),
        record("issue", "ca.example; =x"),
        record("issue", "ca.example; validationmethods=own"),
        record("issue", "-ca.example"),
        record("is-sue", "ca.example"),
        record("iodef", "ftp://example.test"),
        record("iodef", "https://"),
        record("contactemail", "nobody"),
        record("contactphone", "call me"),
        record("future", "anything", 128),
    ],
)
def test_what_breaks_the_grammar_is_not(invalid: CaaRecord):
    assert not caa.is_valid(invalid)


def test_the_issuer_is_read_without_its_parameters():
    assert caa.issuer("CA.example; policy=ev") == "ca.example"
    assert caa.issuer(";") == ""


@given(st.integers(0, 255), st.text(), st.text())
def test_any_record_is_read_without_raising(flags: int, tag: str, value: str):
    caa.is_valid(record(tag, value, flags))
    caa.issuer(value)
