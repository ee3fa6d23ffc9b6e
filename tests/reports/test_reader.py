"""Who a document is for: numbers, days and the words a hospital has for its levels."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from assessments import policy
from assessments.model import RiskLevel
from portal import i18n
from questionnaires.model import Text
from reports.reader import Reader


def test_a_hospitals_own_words_stand_for_the_levels_it_has_words_for():
    own = replace(policy.current(), level_words={RiskLevel.CRITICAL: Text(de="untragbar", en="intolerable")})
    reader = Reader(language="de", translate=i18n.translator("de"))

    assert reader.level(RiskLevel.CRITICAL) == "kritisch"
    assert reader.calling(own).level(RiskLevel.CRITICAL) == "untragbar"
    assert reader.calling(own).level(RiskLevel.LOW) == "niedrig"
    english = Reader(language="en", translate=str).calling(own)
    assert english.level(RiskLevel.CRITICAL) == "intolerable"


def test_the_day_of_a_moment_is_the_one_on_the_wall_of_the_hospital():
    german = Reader(language="de", translate=str)
    last_hour = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert (german.day(last_hour), german.day(date(2026, 12, 31)), german.day(None)) == ("01.01.2027", "31.12.2026", "")
