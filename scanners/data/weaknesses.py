"""Holes of server software that its banner can hint at, by range of versions (own table of published facts).

A banner proves nothing: distributions mend holes without a new version. A finding says so, and never fails on one.
Left out are products whose version never tells (IIS is mended by Windows) and holes of one operating system alone.
"""

from collections.abc import Mapping
from datetime import date

from scanners.records import record

DATA_DATE = "2026-11-21"


@record
class Weakness:
    """A hole and the versions that have it: from the first up to, but without, the one that mended it."""

    cve: str
    below: str
    at_or_above: str = "0"
    exploited: bool = False  # listed by CISA as used in attacks, as of DATA_DATE


def _weakness(cve: str, at_or_above: str, below: str, *, exploited: bool = False) -> Weakness:
    return Weakness(cve=cve, at_or_above=at_or_above, below=below, exploited=exploited)


# Product as its banner names it, lower case.
WEAKNESSES: Mapping[str, tuple[Weakness, ...]] = {
    "apache": (
        _weakness("CVE-2017-9798", "2.4.0", "2.4.28"),
        _weakness("CVE-2019-0211", "2.4.17", "2.4.39", exploited=True),
        _weakness("CVE-2021-40438", "2.4.0", "2.4.49", exploited=True),
        _weakness("CVE-2021-41773", "2.4.49", "2.4.50", exploited=True),
        _weakness("CVE-2021-42013", "2.4.49", "2.4.51", exploited=True),
        _weakness("CVE-2021-44790", "2.4.0", "2.4.52"),
        _weakness("CVE-2023-25690", "2.4.0", "2.4.56"),
        _weakness("CVE-2024-38475", "2.4.0", "2.4.60", exploited=True),
    ),
    "nginx": (
        _weakness("CVE-2017-7529", "0.5.6", "1.13.3"),
        _weakness("CVE-2019-9511", "1.9.5", "1.16.1"),
        _weakness("CVE-2021-23017", "0.6.18", "1.20.1"),
        _weakness("CVE-2022-41741", "1.1.3", "1.22.1"),
        _weakness("CVE-2024-7347", "1.5.13", "1.26.2"),
    ),
    "php": (
        _weakness("CVE-2012-1823", "5.0", "5.3.12", exploited=True),
        _weakness("CVE-2019-11043", "7.1.0", "7.1.33", exploited=True),
        _weakness("CVE-2019-11043", "7.2.0", "7.2.24", exploited=True),
        _weakness("CVE-2019-11043", "7.3.0", "7.3.11", exploited=True),
    ),
    "openssl": (
        # Branches that count by letters (1.0.1g) are past their end altogether: sw.eol speaks of them.
        _weakness("CVE-2022-3602", "3.0.0", "3.0.7"),
    ),
    "apache tomcat": (
        _weakness("CVE-2017-12615", "7.0.0", "7.0.81", exploited=True),
        _weakness("CVE-2020-1938", "8.5.0", "8.5.51", exploited=True),
        _weakness("CVE-2020-1938", "9.0.0", "9.0.31", exploited=True),
        _weakness("CVE-2025-24813", "9.0.0", "9.0.99", exploited=True),
        _weakness("CVE-2025-24813", "10.1.0", "10.1.35", exploited=True),
        _weakness("CVE-2025-24813", "11.0.0", "11.0.3", exploited=True),
    ),
    "jenkins": (_weakness("CVE-2024-23897", "0", "2.442", exploited=True),),
    "drupal": (
        _weakness("CVE-2018-7600", "7.0", "7.58", exploited=True),
        _weakness("CVE-2018-7600", "8.0", "8.5.1", exploited=True),
        _weakness("CVE-2019-6340", "8.5.0", "8.5.11", exploited=True),
        _weakness("CVE-2019-6340", "8.6.0", "8.6.10", exploited=True),
    ),
    "joomla": (_weakness("CVE-2023-23752", "4.0.0", "4.2.8", exploited=True),),
}


def of(product: str) -> tuple[Weakness, ...]:
    """The known holes of a product."""
    return WEAKNESSES.get({"tomcat": "apache tomcat", "joomla!": "joomla"}.get(product, product), ())


def is_exploited(weakness: Weakness, listed: Mapping[str, date]) -> bool:
    """Whether CISA lists the hole as used in attacks; the fetched list counts where there is one."""
    return weakness.cve in listed if listed else weakness.exploited
