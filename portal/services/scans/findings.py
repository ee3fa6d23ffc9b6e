"""What became of each finding: first seen, confirmed, last seen, gone, returned, and what made the difference."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.findings import Cause, FindingHistory, What
from portal.db.models.scans import ScanRun, ScanSide
from scanners.model import Finding, Outcome, Severity, SubjectKind

LACKING = frozenset({Outcome.FAIL, Outcome.WARN})
UNSEEN = frozenset({Outcome.UNKNOWN, Outcome.ERROR})
MOST_EVENTS = 200  # of one finding; the first stays, for it says since when

Place = tuple[SubjectKind, str, str]  # subject kind, subject name, check id
WhyOf = Callable[[Finding], Cause]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a finding; `scan_id` is the scan in which, or by whose record, it showed."""

    what: What
    at: datetime
    cause: Cause
    scan_id: str
    is_rejudged: bool = False
    is_recheck: bool = False  # by a look at this finding alone, after the scan


@dataclass(frozen=True, kw_only=True)
class Life:
    """What a reader knows of one finding over time."""

    is_open: bool
    first_seen_at: datetime
    confirmed_at: datetime | None = None
    gone_at: datetime | None = None
    returned_at: datetime | None = None
    events: tuple[Event, ...] = ()

    @property
    def opened_at(self) -> datetime:
        """Since when it has been open without a break."""
        return self.returned_at or self.first_seen_at

    @property
    def opening(self) -> Event:
        """How it came to be open the last time."""
        return next(one for one in reversed(self.events) if one.what in {What.FIRST, What.RETURNED})

    @property
    def cause(self) -> Cause:
        """What made it appear, or disappear."""
        last = self.events[-1]
        return last.cause if last.what is not What.CONFIRMED else self.opening.cause


# ---- pure: what a look makes of a life


def next_step(life: Life | None, finding: Finding) -> What | None:
    """What this look at the place means. What could not be seen neither closes nor confirms, and a failure that waits
    for its second look opens nothing."""
    if finding.outcome in UNSEEN:
        return None
    if finding.outcome not in LACKING:
        return What.GONE if life is not None and life.is_open else None
    if life is None or not life.is_open:
        if finding.provisional:
            return None
        return What.FIRST if life is None else What.RETURNED
    is_second = life.confirmed_at is None and finding.at > life.opened_at
    return What.CONFIRMED if is_second and not finding.provisional else None


def lived(life: Life | None, event: Event) -> Life:
    """The life after one more event."""
    events = (*(life.events if life else ()), event)
    if life is None:
        return Life(is_open=True, first_seen_at=event.at, events=events)
    match event.what:
        case What.GONE:
            return replace(life, is_open=False, gone_at=event.at, events=events)
        case What.RETURNED:
            return replace(life, is_open=True, returned_at=event.at, confirmed_at=None, events=events)
        case What.CONFIRMED:
            return replace(life, confirmed_at=event.at, events=events)
        case What.FIRST:
            return replace(life, is_open=True, events=events)


def fold(events: Iterable[Event]) -> Life | None:
    """A life from its events; also from the first of them only, which is what a reader sees who may not see all."""
    life: Life | None = None
    for event in events:
        if life is not None or event.what is not What.GONE:
            life = lived(life, event)
    return life


# ---- writing: in the transaction that writes the result


def note(
    session: Session,
    run: ScanRun,
    findings: Iterable[Finding],
    *,
    sides: Collection[ScanSide],
    why: WhyOf,
    rejudged_at: datetime | None = None,
    before: Mapping[Place, tuple[datetime, str]] | None = None,
    is_recheck: bool = False,
) -> tuple[tuple[Finding, Event], ...]:
    """Take a result into the memory; returns what happened, as the company knows it.

    `rejudged_at`: nobody looked, a stored scan was judged anew. `before`: since when and in which scan a place was
    seen failing provisionally, or before this memory was kept. `is_recheck`: somebody looked at these alone.
    """
    told: list[tuple[Finding, Event]] = []
    every = [finding for finding in findings if not is_of_the_scan(finding)]
    for side in sides:
        rows = _rows(session, run.hospital_id, run.vendor_id, side)
        look = _Look(run=run, side=side, why=why, rejudged_at=rejudged_at, before=before or {}, is_recheck=is_recheck)
        happened = [(finding, event) for finding in every for event in _note(session, rows, look, finding)]
        told += happened if side is ScanSide.COMPANY else []
    return tuple(told)


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One result, to be noted for one reader."""

    run: ScanRun
    side: ScanSide
    why: WhyOf
    rejudged_at: datetime | None
    before: Mapping[Place, tuple[datetime, str]]
    is_recheck: bool = False


def _note(session: Session, rows: dict[Place, FindingHistory], look: _Look, finding: Finding) -> Sequence[Event]:
    row = rows.get(place_of(finding))
    life = life_of(row) if row is not None else None
    happened = _happened(look, life, finding)
    if row is None and happened:
        row = FindingHistory(
            hospital_id=look.run.hospital_id,
            vendor_id=look.run.vendor_id,
            side=look.side,
            subject_kind=finding.subject.kind.value,
            subject_name=finding.subject.name,
            check_id=finding.check_id,
            events=[],
        )
        session.add(row)
        rows[place_of(finding)] = row
    if row is not None:
        _write(row, life, happened, finding)
    return happened


def _happened(look: _Look, life: Life | None, finding: Finding) -> Sequence[Event]:
    what = next_step(life, finding)
    if what is None:
        return ()
    happened = []
    earlier = look.before.get(place_of(finding))
    began_since = earlier is not None and (life is None or life.gone_at is None or earlier[0] > life.gone_at)
    if what in {What.FIRST, What.RETURNED} and earlier is not None and began_since and earlier[0] < finding.at:
        happened = [Event(what=what, at=earlier[0], cause=look.why(finding), scan_id=earlier[1])]
        what = What.CONFIRMED
    cause = life.cause if what is What.CONFIRMED and life is not None else look.why(finding)
    event = Event(
        what=what,
        at=look.rejudged_at or finding.at,
        cause=cause,
        scan_id=look.run.id,
        is_rejudged=look.rejudged_at is not None,
        is_recheck=look.is_recheck,
    )
    return (*happened, event)


def _write(row: FindingHistory, life: Life | None, happened: Sequence[Event], finding: Finding) -> None:
    for event in happened:
        life = lived(life, event)
    assert life is not None
    if happened:
        row.events = _kept([*row.events, *map(_dump, happened)])
        row.is_open, row.cause = life.is_open, life.cause
        row.first_seen_at, row.confirmed_at = life.first_seen_at, life.confirmed_at
        row.gone_at, row.returned_at = life.gone_at, life.returned_at
    if finding.outcome in LACKING and life.is_open:
        row.severity = finding.severity.value
        row.last_seen_at = max(finding.at, row.last_seen_at or finding.at)


def _kept(events: list[Any]) -> list[Any]:
    return events if len(events) <= MOST_EVENTS else [events[0], *events[-(MOST_EVENTS - 1) :]]


# ---- reading


def life_of(row: FindingHistory) -> Life:
    """The thought behind a row."""
    return Life(
        is_open=row.is_open,
        first_seen_at=row.first_seen_at,
        confirmed_at=row.confirmed_at,
        gone_at=row.gone_at,
        returned_at=row.returned_at,
        events=tuple(map(_load, row.events)),
    )


def open_since(session: Session, hospital_id: str, vendor_id: str, side: ScanSide) -> Mapping[Place, datetime]:
    """Since when each open finding has been open, by all that this reader's scans saw."""
    rows = _rows(session, hospital_id, vendor_id, side)
    return {place: row.returned_at or row.first_seen_at for place, row in rows.items() if row.is_open}


def lives(
    session: Session, hospital_id: str, vendor_id: str, side: ScanSide, *, scans: Collection[str] | None = None
) -> Mapping[Place, Life]:
    """The lives of all findings of a vendor; with `scans`, what those scans alone tell."""
    found = {}
    for place, row in _rows(session, hospital_id, vendor_id, side).items():
        events = tuple(map(_load, row.events))
        life = fold(one for one in events if scans is None or one.scan_id in scans)
        if life is not None:
            found[place] = life
    return found


@dataclass(frozen=True, kw_only=True)
class Change:
    """One finding that came or went."""

    place: Place
    event: Event
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed since the scan before, by what made the difference, and what happened."""

    since: datetime
    by_cause: Mapping[Cause, Mapping[What, tuple[Change, ...]]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing came or went."""
        return not self.by_cause


def changes(
    session: Session, run: ScanRun, previous: ScanRun, side: ScanSide, *, scans: Collection[str] | None = None
) -> Changes:
    """What came and went between the end of one scan and now, as far as the reader's scans tell."""
    found: dict[Cause, dict[What, list[Change]]] = {}
    severities = {
        place: Severity(row.severity) for place, row in _rows(session, run.hospital_id, run.vendor_id, side).items()
    }
    for place, life in lives(session, run.hospital_id, run.vendor_id, side, scans=scans).items():
        for event in life.events:
            belongs = event.scan_id == run.id or (event.scan_id == previous.id and event.is_rejudged)
            if belongs and event.what is not What.CONFIRMED:
                one = Change(place=place, event=event, severity=severities[place])
                found.setdefault(event.cause, {}).setdefault(event.what, []).append(one)
    return Changes(
        since=previous.finished_at or previous.created_at,
        by_cause={
            cause: {what: _worst_first(found[cause][what]) for what in What if what in found[cause]}
            for cause in Cause
            if cause in found
        },
    )


def _worst_first(found: Iterable[Change]) -> tuple[Change, ...]:
    order = tuple(Severity)
    return tuple(sorted(found, key=lambda one: (order.index(one.severity), one.place)))


def is_of_the_scan(finding: Finding) -> bool:
    """Whether it speaks of our own look and not of the vendor: its coverage, its place, the age of its data."""
    return finding.check_id.startswith("scan.")


def place_of(finding: Finding) -> Place:
    """Where a finding stands, whatever was seen there."""
    return finding.subject.kind, finding.subject.name, finding.check_id


def _rows(session: Session, hospital_id: str, vendor_id: str, side: ScanSide) -> dict[Place, FindingHistory]:
    rows = session.scalars(
        select(FindingHistory).where(
            FindingHistory.hospital_id == hospital_id,
            FindingHistory.vendor_id == vendor_id,
            FindingHistory.side == side,
        )
    )
    return {(SubjectKind(row.subject_kind), row.subject_name, row.check_id): row for row in rows}


def _dump(event: Event) -> dict[str, Any]:
    return {
        "what": event.what.value,
        "at": event.at.isoformat(),
        "cause": event.cause.value,
        "scan": event.scan_id,
        "rejudged": event.is_rejudged,
        **({"recheck": True} if event.is_recheck else {}),
    }


def _load(stored: Mapping[str, Any]) -> Event:
    return Event(
        what=What(stored["what"]),
        at=datetime.fromisoformat(stored["at"]),
        cause=Cause(stored["cause"]),
        scan_id=stored["scan"],
        is_rejudged=stored["rejudged"],
        is_recheck=stored.get("recheck", False),
    )
