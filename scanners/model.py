"""The words of the scanner: severity, outcome, verdict, check, finding."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar, cast

from scanners.datasets import SHIPPED, DataSets
from scanners.observations import Blind, Observation, Reason
from scanners.records import record

Seen = TypeVar("Seen", bound=Observation)


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "translate later"
    """Mark an English sentence for translation; the reader's language is chosen where it is shown."""
    return text


class Severity(StrEnum):
    """How much a failed check matters, at the default profile."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Outcome(StrEnum):
    """What a check came to. UNKNOWN and ERROR neither help nor hurt; they lower coverage."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"
    INFO = "info"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"
    ERROR = "error"


_AT = {severity: place for place, severity in enumerate(Severity)}
_STANDS = {  # what lacks first, then what could not be seen, then the rest
    Outcome.FAIL: (0, 0),
    Outcome.WARN: (0, 1),
    Outcome.UNKNOWN: (1, 0),
    Outcome.ERROR: (2, 0),
    Outcome.INFO: (3, 0),
    Outcome.PASS: (4, 0),
    Outcome.NOT_APPLICABLE: (5, 0),
}


def worst_first(outcome: Outcome, severity: Severity) -> tuple[int, int, int]:
    """The place of a finding in every list: what lacks by its severity; at the same one what is not met first."""
    group, within = _STANDS[outcome]
    return group, _AT[severity], within


class CheckClass(StrEnum):
    """Who may start it (DECISIONS: who may start which scan)."""

    PASSIVE = "passive"
    STANDARD = "standard"
    ACTIVE = "active"


class SubjectKind(StrEnum):
    """What a check looks at: one host, or the registrable domain that several hosts share."""

    HOST = "host"
    DOMAIN = "domain"


@dataclass(frozen=True, kw_only=True, order=True)
class Subject:
    """A host name or a registrable domain, lower-case A-labels without a trailing dot."""

    kind: SubjectKind
    name: str


@record
class Message:
    """An English sentence with named gaps, translated where it is read."""

    text: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def render(self, translate: Callable[[str], str] = str) -> str:
        """The sentence in the language of `translate`, gaps filled, days written as that language writes them."""
        if not self.values:
            return translate(self.text)
        return translate(self.text) % {name: _with_days(value, translate) for name, value in self.values.items()}


_DAY_PATTERN = N_("d MMM yyyy")
_DAY = re.compile(r"(?:^|(?<=\()|(?<=, ))(\d{4})-(\d\d)-(\d\d)(?=\)|$)", re.ASCII)  # alone, or last in brackets
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def written(day: date, translate: Callable[[str], str] = str) -> str:
    """A day as the language of `translate` writes it: 21 Nov 2026, or 21.11.2026."""
    pattern = translate(_DAY_PATTERN)
    return f"{day:%d.%m.%Y}" if pattern != _DAY_PATTERN else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _with_days(value: str | float, translate: Callable[[str], str]) -> str | int | float:
    """Values keep their days as 2026-11-21, which every stored finding and every program reads."""

    def write(found: re.Match[str]) -> str:
        try:
            return written(date(*map(int, found.groups())), translate)
        except ValueError:  # no day of the calendar: as it came
            return found[0]

    return _DAY.sub(write, value) if isinstance(value, str) else value


@record
class Refs:
    """Where a check is anchored. A mapping to law is an indicator, never a legal finding."""

    measures: tuple[int, ...] = ()  # § 30 Abs. 2 BSIG numbers; the NIS2 letters run parallel (1=a … 10=j)
    iso27001: tuple[str, ...] = ()  # "A.8.24"
    owasp2021: str = ""  # "A02"
    owasp2025: str = ""
    gdpr: tuple[str, ...] = ()  # "Art. 32 (1) a"
    mdr: tuple[str, ...] = ()  # Annex I points, "17.2"
    sources: tuple[str, ...] = ()  # "RFC 8996", "BSI TR-02102-2"

    @property
    def nis2(self) -> tuple[str, ...]:
        """The letters of Art. 21(2) NIS2 that run parallel to the measures."""
        return tuple("abcdefghij"[number - 1] for number in self.measures)


@record
class Verdict:
    """What a check says of one subject: the outcome, the observed fact, and where needed another severity."""

    outcome: Outcome
    fact: Message
    severity: Severity | None = None  # None: the check's own
    reason: Reason | None = None  # for UNKNOWN: what kept the check from seeing


class Observations:
    """What was seen of one subject, keyed by type; `seen[TlsHandshakes]` is typed by its key."""

    def __init__(
        self,
        *,
        subject: Subject,
        at: datetime,
        facts: Mapping[type[Observation], Observation],
        data: DataSets = SHIPPED,
    ) -> None:
        """Hold the facts of one subject; `at` is the scan's time and the only clock a check may read."""
        self.subject = subject
        self.at = at
        self.data = data  # what judging was handed; never stored with the facts
        self._facts = dict(facts)

    def __getitem__(self, kind: type[Seen]) -> Seen:
        """The observation of that kind; a KeyError is a check that did not name its needs."""
        return cast("Seen", self._facts[kind])

    def find(self, kind: type[Seen]) -> Seen | None:
        """The observation of that kind if it was made and is not blind."""
        fact = self._facts.get(kind)
        return None if fact is None or isinstance(fact, Blind) else cast("Seen", fact)

    def blindness(self, kind: type[Observation]) -> Blind | None:
        """Why this kind could not be seen; a kind that no probe tried is blind as well."""
        fact = self._facts.get(kind)
        if fact is None:
            return Blind(at=self.at, reason=Reason.NOT_CONFIGURED)
        return fact if isinstance(fact, Blind) else None

    def with_data(self, data: DataSets) -> "Observations":
        """The same facts, to be judged by these data."""
        return Observations(subject=self.subject, at=self.at, facts=self._facts, data=data)

    def facts(self) -> Mapping[type[Observation], Observation]:
        """All that was seen, and all that could not be, by kind."""
        return dict(self._facts)


@record
class Check:
    """One judgement over observations: what holds when it passes, why it matters, how to mend it."""

    id: str
    category: str
    title: str  # the sentence that holds when it passes
    severity: Severity
    check_class: CheckClass
    subject: SubjectKind
    needs: tuple[type[Observation], ...]
    refs: Refs
    why: str  # why it matters for a hospital
    fix: str  # how to mend it
    example: str = ""  # a configuration line, shown in monospace, not translated
    second_look: bool = False  # a failure is provisional until a later scan agrees
    judge: Callable[[Observations], Verdict]


@record
class Finding:
    """A check paired with its verdict about one subject."""

    check_id: str
    subject: Subject
    outcome: Outcome
    severity: Severity
    fact: Message
    at: datetime
    address: str = ""
    reason: Reason | None = None  # for UNKNOWN: why it could not be seen
    provisional: bool = False
