"""Where the hospitals are: their clock on the wall, and in which language a country is written to."""

from assessments import days

BERLIN = days.ZONE
GERMAN_IS_SPOKEN = frozenset({"DE", "AT", "CH", "LI", "LU"})


def language_of(country: str) -> str:
    """The language of a mail to somebody of whom only the country is known."""
    return "de" if country in GERMAN_IS_SPOKEN else "en"
