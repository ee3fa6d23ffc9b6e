"""The order of lists that pages, papers, sheets and documents share: it is the same whoever reads, in any language."""

import unicodedata

from assessments.model import RiskLevel

LONGEST = 250  # letters of a name that have a say
_LEVELS = (RiskLevel.CRITICAL, RiskLevel.HIGH, RiskLevel.MODERATE, RiskLevel.LOW)

Rank = tuple[int, int, int, str, str]


def folded(text: str) -> str:
    """Without case and accents, so that Überland stands beside Uhland."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def by_name(name: str) -> str:
    """By what a name stands in a list."""
    return folded(name)[:LONGEST]


def of_risk(level: str | None, likelihood: int, impact: int | None, *, vendor_name: str, key: str) -> Rank:
    """The place of a risk: the highest level first, without a level last; then the likelihood, the impact, the vendor
    by name, those of the hospital as a whole before any vendor's; then the key, which is never that of another."""
    rank = _LEVELS.index(RiskLevel(level)) if level else len(_LEVELS)
    return rank, -likelihood, -(impact or 0), by_name(vendor_name), key
