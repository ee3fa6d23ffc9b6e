"""Findings as pages of both sides show them: with check and life, filtered by the address, and what changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request, url_for

from portal.db.models.findings import Cause, What
from portal.db.models.rechecks import RecheckState
from portal.db.models.scans import FindingRecord, ScanRun
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.scans import rejudging, scan_results
from portal.services.scans.findings import Change, Changes, Life, Place, place_of
from portal.services.scans.rechecked import Again
from portal.services.scans.timelines import Timeline
from portal.web import marks
from scanners import catalogue, categories
from scanners.model import Check, Finding, Outcome, Severity, worst_first

ORDER = (
    *(Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN, Outcome.ERROR, Outcome.INFO),
    *(Outcome.PASS, Outcome.NOT_APPLICABLE),
)
TO_MEND = frozenset({Outcome.FAIL, Outcome.WARN})
CAME = frozenset({What.FIRST, What.RETURNED})
LAST = "last"  # the word in the address for what is new since the last scan

CAUSES: Mapping[Cause, object] = {
    Cause.VENDOR: _l("At the vendor"),
    Cause.RULES: _l("By our rules"),
    Cause.DATA: _l("By our data"),
    Cause.SIGHT: _l("Could be looked at for the first time"),
}
NEW_BY: Mapping[Cause, object] = {Cause.RULES: _l("new rules"), Cause.DATA: _l("new data")}


@dataclass(frozen=True, kw_only=True)
class ShownFinding:
    """A finding with the check that explains it, and what is known of it over time."""

    finding: Finding
    check: Check
    first_seen_at: object
    life: Life | None = None
    again: Again | None = None  # the newest look at this finding alone
    is_fresh: bool = False  # new or back since the scan before

    @property
    def may_be_looked_at_again(self) -> bool:
        """Whether its company may ask for a look at it alone."""
        waits = self.again is not None and self.again.state is RecheckState.WAITING
        return self.finding.outcome in TO_MEND and not self.finding.provisional and not waits

    @property
    def is_mended(self) -> bool:
        """Whether a look at it alone found nothing amiss any more."""
        return self.again is not None and self.again.is_mended and self.finding.outcome not in TO_MEND

    @property
    def new_by(self) -> str:
        """By what of ours it was opened, as long as no later scan has seen it as well."""
        if self.life is None or not self.life.is_open or self.life.confirmed_at is not None:
            return ""
        return str(NEW_BY.get(self.life.opening.cause, ""))

    @property
    def is_exploited(self) -> bool:
        """Whether it rests on a hole that is used in attacks."""
        return rejudging.is_exploited(self.finding)


def shown(
    records: Sequence[FindingRecord],
    timeline: Timeline | None = None,
    looked: Mapping[Place, Again] | None = None,
) -> Sequence[ShownFinding]:
    """Findings whose check is in the catalogue, what needs a look first."""
    lives = timeline.lives if timeline is not None else {}
    fresh = _fresh(timeline)
    return _arranged(
        ShownFinding(
            finding=finding,
            check=catalogue.CHECKS[finding.check_id],
            first_seen_at=record.first_seen_at,
            life=lives.get(place_of(finding)),
            again=(looked or {}).get(place_of(finding)),
            is_fresh=place_of(finding) in fresh,
        )
        for record in records
        if record.check_id in catalogue.CHECKS
        for finding in [scan_results.finding_of(record)]
    )


def without_memory(findings: Iterable[Finding]) -> Sequence[ShownFinding]:
    """The same for findings that belong to no scan of a vendor."""
    return _arranged(
        ShownFinding(finding=one, check=catalogue.CHECKS[one.check_id], first_seen_at=one.at)
        for one in findings
        if one.check_id in catalogue.CHECKS
    )


def _arranged(found: Iterable[ShownFinding]) -> Sequence[ShownFinding]:
    return sorted(
        found,
        key=lambda one: (
            worst_first(one.finding.outcome, one.finding.severity),
            one.finding.check_id,
            one.finding.subject,
        ),
    )


def _fresh(timeline: Timeline | None) -> frozenset[Place]:
    """The places that came, or came back, since the scan before."""
    by_cause = timeline.changes.by_cause if timeline is not None and timeline.changes is not None else {}
    return frozenset(
        one.place for by_what in by_cause.values() for what, some in by_what.items() if what in CAME for one in some
    )


def counts(found: Sequence[ShownFinding]) -> Mapping[str, int]:
    """How many findings came to which verdict."""
    sums = {outcome.value: sum(one.finding.outcome is outcome for one in found) for outcome in ORDER}
    return {outcome: count for outcome, count in sums.items() if count}


def stages(run: ScanRun | None) -> Sequence[tuple[str, int, int]]:
    """How far each group of looks of a running scan is: its word, how many are done, of how many."""
    progress = (run.progress if run is not None else None) or {}
    groups = progress.get("groups") or {}
    if progress and not groups:
        return [(str(progress["stage"]), progress["done"], progress["total"])]
    return [(_(word), groups[word][0], groups[word][1]) for word in categories.GROUPS if word in groups]


# ---- filters in the address


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One entry of a filter: its word, how many findings to mend it leaves, where it leads."""

    value: str
    word: str
    count: int
    url: str
    is_here: bool


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What the reader wants to see; nothing chosen means everything."""

    category: str = ""
    severity: str = ""
    since: str = ""  # LAST: only what came since the scan before
    address: dict[str, str] = field(default_factory=dict)  # endpoint and its arguments

    @property
    def is_set(self) -> bool:
        """Whether something is left out."""
        return bool(self.arguments)

    @property
    def arguments(self) -> Mapping[str, str]:
        """What belongs into an address that keeps the choice."""
        return {name: value for name, value in self._words.items() if value}

    @property
    def _words(self) -> dict[str, str]:
        return {"category": self.category, "severity": self.severity, "since": self.since}

    def of(self, found: Sequence[ShownFinding]) -> Sequence[ShownFinding]:
        """The findings that are wanted."""
        return [one for one in found if self._wants(one, **self._words)]

    def categories(self, found: Sequence[ShownFinding]) -> Sequence[Choice]:
        """The categories there are, with what the chosen severity leaves of each."""
        present = sorted({one.check.category for one in found}, key=categories.position)
        return self._choices(
            "category", [(value, _(categories.title(value))) for value in present], found, self.category
        )

    def severities(self, found: Sequence[ShownFinding]) -> Sequence[Choice]:
        """The severities there are, with what the chosen category leaves of each."""
        present = [one for one in Severity if any(each.finding.severity is one for each in found)]
        return self._choices(
            "severity", [(one.value, marks.severity(one.value).word) for one in present], found, self.severity
        )

    def changes(self, found: Sequence[ShownFinding]) -> Sequence[Choice]:
        """What came since the last scan, if anything did."""
        if not self.since and not any(one.is_fresh for one in found):
            return ()
        return self._choices("since", [(LAST, _("new or back"))], found, self.since)

    def _choices(
        self, name: str, words: Sequence[tuple[str, str]], found: Sequence[ShownFinding], here: str
    ) -> Sequence[Choice]:
        choices = []
        for value, word in [("", _("all")), *words]:
            wanted = {**self._words, name: value}
            left = [one for one in found if one.finding.outcome in TO_MEND and self._wants(one, **wanted)]
            choices.append(
                Choice(value=value, word=word, count=len(left), url=self._url(wanted), is_here=value == here)
            )
        return [one for one in choices if one.count or one.is_here or not one.value]

    def _url(self, wanted: dict[str, str]) -> str:
        arguments: dict[str, Any] = {name: value for name, value in (self.address | wanted).items() if value}
        return url_for(arguments.pop("endpoint"), **arguments, _anchor="findings")

    @staticmethod
    def _wants(one: ShownFinding, *, category: str, severity: str, since: str) -> bool:
        return (
            (not category or one.check.category == category)
            and (not severity or one.finding.severity.value == severity)
            and (not since or one.is_fresh)
        )


def asked_for(endpoint: str, **arguments: str) -> Filter:
    """The filter that the address names; words that nobody knows choose nothing."""
    category, severity = request.args.get("category", ""), request.args.get("severity", "")
    known = {check.category for check in catalogue.CHECKS.values()}
    return Filter(
        category=category if category in known else "",
        severity=severity if severity in {one.value for one in Severity} else "",
        since=LAST if request.args.get("since") == LAST else "",
        address={"endpoint": endpoint, **arguments},
    )


# ---- what changed


@dataclass(frozen=True, kw_only=True)
class ShownChange:
    """A line of what changed: one check, everywhere it came or went."""

    title: str
    severity: str
    at: object
    subjects: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ShownChanges:
    """What changed under one cause, by what happened."""

    cause: str
    groups: Sequence[tuple[str, str, Sequence[ShownChange]]]  # kind of chip, word, lines


def changed(changes: Changes | None, *, own: bool = False) -> Sequence[ShownChanges]:
    """What changed since the scan before, split by vendor, our rules and our data; `own`: the reader is the vendor."""
    if changes is None:
        return ()
    return [
        ShownChanges(
            cause=_("At your side") if own and cause is Cause.VENDOR else str(CAUSES[cause]),
            groups=[(*_happened(what, cause), _lines(some)) for what, some in by_what.items()],
        )
        for cause, by_what in changes.by_cause.items()
    ]


def _happened(what: What, cause: Cause) -> tuple[str, str]:
    if what is What.GONE:
        return ("done", _("mended")) if cause is Cause.VENDOR else ("neutral", _("no longer counts"))
    return ("attention", _("back again: not met") if what is What.RETURNED else _("new: not met"))


def _lines(changes: Sequence[Change]) -> Sequence[ShownChange]:
    by_check: dict[tuple[str, Severity], list[Change]] = {}
    for one in changes:
        by_check.setdefault((one.place[2], one.severity), []).append(one)
    return [
        ShownChange(
            title=_(catalogue.CHECKS[check_id].title) if check_id in catalogue.CHECKS else check_id,
            severity=severity.value,
            at=max(one.event.at for one in some),
            subjects=[one.place[1] for one in some],
        )
        for (check_id, severity), some in by_check.items()
    ]
