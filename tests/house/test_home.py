"""The hospitals' clock and the countries written to in German stand in one place each."""

from __future__ import annotations

import re
from pathlib import Path

import assessments
import portal
import reports

ZONE, COUNTRIES = re.compile(r'ZoneInfo\("'), re.compile(r'"DE", "AT"')


def _holding(pattern: re.Pattern[str]) -> set[str]:
    """Which of our modules say it themselves."""
    roots = [Path(room.__path__[0]) for room in (assessments, portal, reports)]
    found = [path for root in roots for path in root.rglob("*.py") if pattern.search(path.read_text(encoding="utf-8"))]
    return {path.name for path in found}


def test_one_module_names_the_zone():
    """Two clocks in two services are an hour apart some day; whoever needs it takes assessments.days.ZONE or
    portal.home.BERLIN."""
    assert _holding(ZONE) == {"days.py"}


def test_one_module_says_who_is_written_to_in_german():
    """A vendor in Luxembourg had its invitation in English and its other mails in German."""
    assert _holding(COUNTRIES) == {"home.py"}
