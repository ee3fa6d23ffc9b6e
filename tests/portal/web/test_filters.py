"""Dates, numbers and citations as each language sets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from portal import i18n
from portal.web import filters

AT = datetime(2026, 11, 21, 13, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("filtered", "german", "english"),
    [
        (lambda: filters.day(AT), "21.11.2026", "21 Nov 2026"),
        (lambda: filters.day(AT.date()), "21.11.2026", "21 Nov 2026"),
        (lambda: filters.day(datetime(2026, 11, 21, 23, 30, tzinfo=UTC)), "22.11.2026", "22 Nov 2026"),
        (lambda: filters.moment(AT), "21.11.2026, 14:03", "21 Nov 2026, 14:03"),
        (lambda: filters.number(1234.5, 1), "1.234,5", "1,234.5"),
        (lambda: filters.percent(Decimal("90.6")), "91\u202f%", "91%"),
        (lambda: filters.percent(None), "–", "–"),
        (lambda: filters.day(None), "–", "–"),
        (lambda: filters.size(2_500_000), "2,4\u202fMB", "2.4\u202fMB"),
        (lambda: filters.since(AT - timedelta(days=3), now=AT), "vor 3 Tagen", "3 days ago"),
        (lambda: filters.since(AT, now=AT), "gerade eben", "just now"),
    ],
)
def test_each_language_reads_as_it_is_written_there(filtered, german: str, english: str):
    with i18n.speaking("de"):
        in_german = filtered()
    with i18n.speaking("en"):
        in_english = filtered()

    assert (in_german, in_english) == (german, english)


@pytest.mark.parametrize(
    ("plain", "set_well"),
    [
        ("§ 30 Abs. 2 Nr. 3 BSIG", "§\u202f30 Abs.\u202f2 Nr.\u202f3 BSIG"),
        ("Art. 21 (2) (a)", "Art.\u202f21 (2) (a)"),
        ("Annex I, 17.2", "Annex\u202fI, 17.2"),
        ("z. B. RFC 8996", "z.\u202fB. RFC\u202f8996"),
    ],
)
def test_a_citation_does_not_break_across_lines(plain: str, set_well: str):
    assert filters.law(plain) == set_well
