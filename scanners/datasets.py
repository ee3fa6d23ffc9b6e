"""The data that checks rest on beside the tables in the code: what a refresh brought, its sources and its version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from scanners.records import record


@record
class Source:
    """Where one set comes from, and how old it may get before findings say so."""

    name: str  # "retire", "hsts", "eol", "kev"
    source_url: str
    fetched_at: datetime  # for a shipped set the day it was made
    sha256: str
    licence: str
    records: int
    max_age_days: int

    @property
    def day(self) -> str:
        """The day of the data, as findings show it."""
        return self.fetched_at.date().isoformat()


@dataclass(frozen=True, kw_only=True, eq=False)
class DataSets:
    """One refresh. An empty set means that the table in the code counts; two values are equal only if they are one."""

    version: str  # recorded with every judgement: what changed is our data, not the vendor
    libraries: Mapping[str, Any] = field(default_factory=dict)  # name -> definition as RetireJS writes it
    preloaded: Mapping[str, bool] = field(default_factory=dict)  # name -> with everything below it
    lifecycles: Mapping[str, Mapping[str, date]] = field(default_factory=dict)  # product -> branch -> last repair
    exploited: Mapping[str, date] = field(default_factory=dict)  # CVE -> the day CISA listed it
    exploited_products: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # CVE -> vendor, product there
    internal_words: frozenset[str] = frozenset()  # the operator's own list of names of inner systems
    sources: tuple[Source, ...] = ()

    def source(self, name: str) -> Source | None:
        """Where a set comes from; None where none was fetched."""
        return next((one for one in self.sources if one.name == name), None)


# Nothing fetched. The day is that of the newest table in the code, which a test compares.
SHIPPED = DataSets(version="shipped-2026-11-21")
