"""What is due, ends or is told on a day of the calendar follows the hospitals' calendar, never that of Greenwich."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("assessments", "reports", "portal/services", "portal/web", "portal/jobs")
ZONES = {"BERLIN", "ZONE"}
KNOWN = {
    "portal/services/monitoring/changes.py": "leaf.not_after",  # as the finding tells a certificate's end
    "portal/services/scans/scan_budgets.py": "now.astimezone(UTC)",  # budgets are counted over all countries
}


def days_of_other_calendars(source: str) -> Iterator[tuple[int, str]]:
    """Where a day is taken of a moment that was not brought onto the hospitals' calendar."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args):
            continue
        moment = node.func.value
        if node.func.attr == "date" and not _is_at_home(moment):
            yield node.lineno, ast.unparse(moment)


def _is_at_home(moment: ast.expr) -> bool:
    if not (isinstance(moment, ast.Call) and isinstance(moment.func, ast.Attribute)):
        return isinstance(moment, ast.Name) and moment.id == "local"
    is_parsed = moment.func.attr == "strptime"  # a day that somebody typed
    zones = {argument.id for argument in moment.args if isinstance(argument, ast.Name)}
    return is_parsed or (moment.func.attr == "astimezone" and zones <= ZONES and bool(zones))


@pytest.mark.parametrize("room", ROOMS)
def test_every_day_is_one_of_the_hospitals(room):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {moment}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, moment in days_of_other_calendars(path.read_text(encoding="utf-8"))
        if KNOWN.get(str(path.relative_to(ROOT))) != moment
    ]

    assert found == []


@pytest.mark.parametrize("line", ["now.date()", "row.at.date()", "now.astimezone(UTC).date()", "work.now().date()"])
def test_one_of_greenwich_is_seen(line):
    assert len(list(days_of_other_calendars(line))) == 1


@pytest.mark.parametrize("line", ["now.astimezone(BERLIN).date()", "days.of(now)", "datetime(2026, 1, 1, tzinfo=UTC)"])
def test_one_of_the_hospitals_is_let_by(line):
    assert list(days_of_other_calendars(line)) == []
