"""A message is read in its reader's language, its days too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import i18n
from scanners.model import Message, Outcome, Severity, worst_first

GERMAN = i18n.translator("de")


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        ("2026-11-21", "21 Nov 2026", "21.11.2026"),
        ("Example CA (www.example.org, 2026-01-02)", "Example CA (www.example.org, 2 Jan 2026)", None),
        ("nginx 1.18.0 (2021-04-20)", "nginx 1.18.0 (20 Apr 2021)", "nginx 1.18.0 (20.04.2021)"),
        ("2026-11-20.8f3a", "2026-11-20.8f3a", "2026-11-20.8f3a"),  # the version of a list
        ("nginx 2026-11-21", "nginx 2026-11-21", "nginx 2026-11-21"),  # what a server says of itself
        ("2026-02-30", "2026-02-30", "2026-02-30"),
    ],
)
def test_a_day_in_a_gap_is_written_as_its_reader_writes_days(value: str, english: str, german: str | None):
    message = Message(text="Seen: %(what)s.", values={"what": value})

    assert message.render() == f"Seen: {english}."
    if german is not None:
        assert message.render(GERMAN) == f"Seen: {german}."


@given(st.text() | st.integers() | st.floats(allow_nan=False))
def test_every_value_can_be_told(value: str | float):
    assert Message(text="%(what)s", values={"what": value}).render(GERMAN) is not None


def test_a_sentence_without_gaps_keeps_its_percent_sign():
    assert Message(text="100 % seen").render() == "100 % seen"


def test_a_finding_stands_by_what_is_lacking_then_by_its_severity_then_by_its_verdict():
    high, medium = Severity.HIGH, Severity.MEDIUM
    order = [
        (Outcome.FAIL, high),
        (Outcome.WARN, high),
        (Outcome.FAIL, medium),
        (Outcome.WARN, Severity.LOW),
        (Outcome.UNKNOWN, Severity.CRITICAL),
        (Outcome.PASS, high),
        (Outcome.PASS, medium),
    ]

    shuffled = order[::2] + order[1::2]
    assert sorted(shuffled, key=lambda one: worst_first(*one)) == order
    assert len({worst_first(outcome, severity) for outcome in Outcome for severity in Severity}) == 35
