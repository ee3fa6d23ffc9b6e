"""What a company signs: the numbers in the words of a consent are those that a scan keeps to."""

from __future__ import annotations

import pytest

from portal.jobs import scanning
from portal.services.scans import consent_texts, scan_budgets
from scanners.data import ports
from scanners.model import CheckClass
from scanners.probes.network import ACTIVE, ORDINARY

WORDS = {
    "de": ("zugleich und {} insgesamt", "{} HTTP-Anfragen", "Ende nach {:.0f} Sekunden", "{} DNS-Anfragen", "{} Ports"),
    "en": ("at once and {} in all", "{} HTTP requests", "end after {:.0f} seconds", "{} DNS queries", "{} ports"),
}


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_limits_that_are_signed_are_those_that_hold(language: str):
    """Whoever changes a budget writes a new version of the consent."""
    current = consent_texts.current()
    in_all, requests, seconds, queries, knocks = WORDS[language]
    ordinary, active = (
        " ".join(sentence.get(language) for sentence in (current.classes[kind].text, *current.classes[kind].points))
        for kind in (CheckClass.STANDARD, CheckClass.ACTIVE)
    )
    signed = (
        (ordinary, in_all.format(ORDINARY.connections)),
        (ordinary, f" {ORDINARY.connections_at_once} "),
        (ordinary, requests.format(ORDINARY.requests)),
        (ordinary, seconds.format(scanning.HARD_SECONDS)),
        (active, in_all.format(ACTIVE.connections)),
        (active, f" {ACTIVE.connections_at_once} "),
        (active, requests.format(ACTIVE.requests)),
        (active, queries.format(ACTIVE.dns_queries)),
        (active, seconds.format(scanning.HARD_SECONDS_ACTIVE)),
        (active, knocks.format(ports.MOST_PORTS)),
    )

    assert [limit for text, limit in signed if limit not in text] == []
    assert (ACTIVE.requests_per_second, scan_budgets.A_DAY_BY_HOSPITALS) == (4.0, 4)  # said in words
