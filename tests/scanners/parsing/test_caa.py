"""CAA properties: what certification authorities would accept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observations import CaaRecord
from scanners.parsing import caa
from scanners.parsing.asking import Answer
from tests.scanners.building_domain import answered


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


def climbed(zone: dict[str, tuple[str, ...] | None], name: str = "portal.clinic.example"):
    """The climb over a made-up DNS; None is DNS that gives no answer."""
    held = {
        (place, "CAA"): Answer(status="failure" if texts is None else "found", texts=texts or ())
        for place, texts in zone.items()
    }
    return answered(caa.climb(name), held)


def test_the_nearest_set_counts_and_ends_the_climb():
    found, asked = climbed({"clinic.example": ("0 issue ca.test",), "example": ("0 issue ;",)})

    assert (found.at, found.records) == ("clinic.example", (CaaRecord(flags=0, tag="issue", value="ca.test"),))
    assert [question.name for question in asked] == ["portal.clinic.example", "clinic.example"]


def test_silence_ends_the_climb_and_forbids():
    found, asked = climbed({"portal.clinic.example": None, "clinic.example": ("0 issue ca.test",)})

    assert (found.failed, len(asked)) == (True, 1)


def test_without_any_set_everybody_may_issue():
    found, _asked = climbed({})

    assert (found.at, caa.permits(found.records, "ca.test")) == (None, True)


@pytest.mark.parametrize(
    ("texts", "wildcard", "permitted"),
    [
        (("0 issue ca.test",), False, True),
        (("0 ISSUE ca.test; account=1",), False, True),
        (("0 issue other.test",), False, False),
        (("0 issue ;",), False, False),
        (("0 issuewild other.test",), False, True),
        (("0 issuewild other.test",), True, False),
        (("0 issue ca.test", "0 issuewild ;"), True, False),
        (("0 issue ca.test", "0 issuewild ;"), False, True),
        (("0 iodef mailto:a@b.test",), False, True),
        (("128 unheard x", "0 issue ca.test"), False, False),
        (("130 unheard x",), False, False),
        (("0 unheard x",), False, True),
        (("x issue ca.test",), False, True),
    ],
)
def test_who_may_issue(texts: tuple[str, ...], wildcard: bool, permitted: bool):
    found, _asked = climbed({"clinic.example": texts})

    assert caa.permits(found.records, "ca.test", wildcard=wildcard) is permitted
