"""Server software that gets no more repairs: branch and day of the last one (own table, as of 2026-11-21)."""

from collections.abc import Mapping
from datetime import date

from scanners.datasets import SHIPPED, DataSets

DATA_DATE = "2026-11-21"

# Product as its banner names it -> version prefix -> end. What is not listed is supported, or we do not know.
ENDS: Mapping[str, Mapping[str, date]] = {
    "php": {
        "4": date(2008, 8, 7),
        "5": date(2018, 12, 31),
        "7": date(2022, 11, 28),
        "8.0": date(2023, 11, 26),
        "8.1": date(2025, 12, 31),
        "8.2": date(2026, 12, 31),
        "8.3": date(2027, 12, 31),
        "8.4": date(2028, 12, 31),
    },
    "apache": {"1": date(2010, 2, 3), "2.0": date(2013, 7, 10), "2.2": date(2018, 1, 1)},
    "nginx": {
        "0": date(2011, 4, 12),
        "1.0": date(2012, 4, 23),
        "1.2": date(2013, 4, 24),
        "1.4": date(2014, 4, 24),
        "1.6": date(2015, 4, 21),
        "1.8": date(2016, 4, 26),
        "1.10": date(2017, 4, 12),
        "1.12": date(2018, 4, 17),
        "1.14": date(2019, 4, 23),
        "1.16": date(2020, 4, 21),
        "1.18": date(2021, 4, 20),
        "1.20": date(2022, 5, 24),
        "1.22": date(2023, 4, 11),
        "1.24": date(2024, 4, 23),
        "1.26": date(2025, 4, 23),
    },
    "microsoft-iis": {
        "5": date(2010, 7, 13),
        "6": date(2015, 7, 14),
        "7": date(2020, 1, 14),
        "8": date(2023, 10, 10),
    },
    "openssl": {
        "0": date(2015, 12, 31),
        "1.0": date(2019, 12, 31),
        "1.1.0": date(2019, 9, 11),
        "1.1.1": date(2023, 9, 11),
        "3.0": date(2026, 9, 7),
        "3.1": date(2025, 3, 14),
        "3.2": date(2025, 11, 23),
        "3.3": date(2026, 4, 9),
        "3.4": date(2026, 10, 22),
    },
    "apache tomcat": {
        "6": date(2016, 12, 31),
        "7": date(2021, 3, 31),
        "8": date(2024, 3, 31),
        "9": date(2027, 3, 31),
    },
    "jetty": {"6": date(2010, 11, 8), "7": date(2014, 11, 1), "8": date(2014, 11, 1), "9": date(2022, 6, 1)},
    "python": {
        "2": date(2020, 1, 1),
        "3.6": date(2021, 12, 23),
        "3.7": date(2023, 6, 27),
        "3.8": date(2024, 10, 7),
        "3.9": date(2025, 10, 31),
    },
    "drupal": {"6": date(2016, 2, 24), "7": date(2025, 1, 5), "8": date(2021, 11, 2), "9": date(2023, 11, 1)},
    "joomla": {"1": date(2012, 9, 30), "2": date(2014, 12, 31), "3": date(2023, 8, 17), "4": date(2025, 10, 14)},
    "typo3": {
        "6": date(2017, 3, 31),
        "7": date(2018, 11, 30),
        "8": date(2020, 3, 31),
        "9": date(2021, 9, 30),
        "10": date(2023, 4, 30),
        "11": date(2024, 10, 31),
    },
}
ALIASES: Mapping[str, str] = {
    "apache-coyote": "",  # names its own version, not Tomcat's
    "tomcat": "apache tomcat",
    "drupal": "drupal",
    "joomla!": "joomla",
    "cms": "",
}
# Our name -> that of endoflife.date, where it is another.
SLUGS: Mapping[str, str] = {
    "apache": "apache-http-server",
    "apache tomcat": "tomcat",
    "microsoft-iis": "internet-information-services",
    "jetty": "eclipse-jetty",
    "x-owa-version": "msexchange",
}


def end_of(product: str, version: str, data: DataSets = SHIPPED) -> date | None:
    """When the branch of this version got its last repair, or will; None when no table knows."""
    name = ALIASES.get(product, product)
    branches = {**ENDS.get(name, {}), **data.lifecycles.get(SLUGS.get(name, name), {})}
    parts = version.split(".")
    for length in range(len(parts), 0, -1):
        if (end := branches.get(".".join(parts[:length]))) is not None:
            return end
    return None
