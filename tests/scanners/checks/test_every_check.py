"""What holds for every check of the catalogue, whoever wrote it."""

import pytest
import re2

from scanners import checking
from scanners.catalogue import CHECKS
from scanners.model import Check, CheckClass, Outcome, Severity
from scanners.observations import Blind, Reason
from tests.scanners.building import AT, seen

ID = re2.compile(r"^[a-z]+\.[a-z0-9]+(?:-[a-z0-9]+)*$")
# What these look at is itself what could not be seen.
WITHOUT_NEEDS = {"web.https-available", "scan.coverage"}
EVERY = pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)


@EVERY
def test_a_blind_need_makes_a_check_unknown_with_its_reason(check: Check):
    if not check.needs:
        assert check.id in WITHOUT_NEEDS
    for need in check.needs:
        others = {other: Blind(at=AT, reason=Reason.TIMEOUT) for other in check.needs if other is not need}
        blind = {need: Reason.RESET} | {kind: fact.reason for kind, fact in others.items()}

        finding = checking.run(check, seen(kind=check.subject, blind=blind))

        assert finding.outcome is Outcome.UNKNOWN
        assert finding.reason in {Reason.RESET, Reason.TIMEOUT}
        assert not finding.provisional


@EVERY
def test_a_crashed_probe_is_our_error(check: Check):
    if not check.needs:
        return

    finding = checking.run(check, seen(kind=check.subject, blind=dict.fromkeys(check.needs, Reason.CRASHED)))

    assert finding.outcome is Outcome.ERROR


@EVERY
def test_a_check_says_who_it_is_and_where_it_is_anchored(check: Check):
    assert ID.match(check.id)
    assert check.category == check.id.partition(".")[0]
    assert check.refs.measures, "§ 30 number"
    assert all(1 <= number <= 10 for number in check.refs.measures)
    assert all(control.startswith("A.") for control in check.refs.iso27001)
    assert isinstance(check.severity, Severity)
    assert isinstance(check.check_class, CheckClass)


@EVERY
def test_a_check_says_why_and_how(check: Check):
    assert not check.title.endswith(".")
    assert check.why.endswith((".", "?"))
    assert check.fix.endswith(".")
    assert "  " not in check.title + check.why + check.fix
