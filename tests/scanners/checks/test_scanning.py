"""How good the look was: coverage, consistency, age of the data."""

from datetime import UTC, datetime, timedelta

import pytest

from scanners import checking
from scanners.checks import scanning as checks
from scanners.data import sets
from scanners.datasets import DataSets, Source
from scanners.model import Outcome
from scanners.observations import OtherName, Page, Reason, Response, Scripts, TlsHandshakes
from tests.scanners.building import AT, HOST, cleartext, handshakes, judge, outcome, page, page_with, response, seen

OTHER = f"www.{HOST}"
HSTS = {"strict-transport-security": "max-age=31536000"}


def other(found: Response | None = None, **fields: object) -> OtherName:
    return OtherName(at=AT, name=OTHER, response=found, **fields)


def test_a_whole_look_passes():
    assert outcome(checks.nearly_everything_was_seen, page(), cleartext(), handshakes()) is Outcome.PASS


def test_half_a_look_is_provisional_and_names_what_is_missing():
    found = checking.run(checks.nearly_everything_was_seen, seen(page(), blind={TlsHandshakes: Reason.TIMEOUT}))

    assert found.outcome is Outcome.INFO
    assert "TlsHandshakes (timeout)" in found.fact.render()


@pytest.mark.parametrize("reason", [Reason.NOT_CONFIGURED, Reason.NOT_CONSENTED])
def test_what_nobody_meant_to_look_at_is_no_gap(reason: Reason):
    found = checking.run(checks.nearly_everything_was_seen, seen(page(), blind={Scripts: reason}))

    assert found.outcome is Outcome.PASS


def test_no_look_at_all_is_unknown():
    assert outcome(checks.nearly_everything_was_seen) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ((page_with(HSTS), other(response(url=f"https://{OTHER}/", headers=HSTS))), Outcome.PASS),
        ((page_with(HSTS), other(response(url=f"https://{OTHER}/"))), Outcome.INFO),
        ((page_with(HSTS), other(response(url=f"https://{HOST}/", headers=HSTS))), Outcome.PASS),
        ((page_with(HSTS), other(response(url=f"https://{OTHER}/", status=404, headers=HSTS))), Outcome.INFO),
        ((page_with(HSTS), other()), Outcome.INFO),
        ((page_with(HSTS), other(exists=False)), Outcome.NOT_APPLICABLE),
        ((page_with(HSTS), OtherName(at=AT, name="", exists=False)), Outcome.NOT_APPLICABLE),
        (
            (page_with(HSTS), other(response(url=f"https://{OTHER}/", headers={"cf-mitigated": "challenge"}))),
            Outcome.UNKNOWN,
        ),
    ],
)
def test_both_names_are_compared(facts: tuple, result: Outcome):
    """securityheaders-bugs #90: apex and www differ, and the grade of the one was read for the other (F11)."""
    assert outcome(checks.both_names_look_the_same, *facts) is result


def data_of(age: int) -> DataSets:
    fetched = [
        Source(
            name=one.name,
            source_url="",
            fetched_at=AT - timedelta(days=age),
            sha256="",
            licence="",
            records=1,
            max_age_days=90,
        )
        for one in sets.shipped()
    ]
    return DataSets(version="x", sources=tuple(fetched))


@pytest.mark.parametrize(
    ("age", "result"), [(0, Outcome.PASS), (30, Outcome.PASS), (31, Outcome.INFO), (91, Outcome.WARN)]
)
def test_old_data_are_told(age: int, result: Outcome):
    found = checking.run(checks.data_are_fresh, seen(page()).with_data(data_of(age)))

    assert found.outcome is result


def test_the_age_of_the_data_is_counted_from_the_scan():
    early = datetime(2026, 5, 20, tzinfo=UTC)

    assert judge(checks.data_are_fresh, page(), at=early).outcome is Outcome.PASS
    assert "retire (1 May 2026)" in judge(checks.data_are_fresh, page()).fact.render()


@pytest.mark.parametrize("check", [checks.both_names_look_the_same, checks.data_are_fresh], ids=lambda one: one.id)
def test_what_was_not_seen_is_unknown(check):
    found = checking.run(check, seen(blind=dict.fromkeys(check.needs, Reason.TIMEOUT)))

    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, Reason.TIMEOUT)
    assert Page in check.needs
