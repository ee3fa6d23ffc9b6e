"""The clocks of an incident: 24 hours, 72 hours, one month, counted from the moment somebody knew of it."""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from portal.db.models.incidents import IncidentStage
from portal.home import BERLIN
from scanners.model import N_

FIRST, SECOND = timedelta(hours=24), timedelta(hours=72)
SOON = timedelta(hours=6)
STAGES = (IncidentStage.EARLY, IncidentStage.NOTIFICATION, IncidentStage.FINAL)

WORDS: Mapping[IncidentStage, str] = {
    IncidentStage.EARLY: N_("Early warning"),
    IncidentStage.NOTIFICATION: N_("Notification"),
    IncidentStage.INTERIM: N_("Interim word"),
    IncidentStage.FINAL: N_("Final report"),
}
TERMS: Mapping[IncidentStage, str] = {
    IncidentStage.EARLY: N_("24 hours after it became known"),
    IncidentStage.NOTIFICATION: N_("72 hours after it became known"),
    IncidentStage.FINAL: N_("one month after the notification"),
}
CONTENTS: Mapping[IncidentStage, str] = {
    IncidentStage.EARLY: N_(
        "What has happened and since when, whether an unlawful or malicious act is suspected, whether other countries "
        "may be affected, whom we can reach now."
    ),
    IncidentStage.NOTIFICATION: N_(
        "What of the early warning is confirmed or was corrected, a first assessment of severity and effects, traces "
        "to look for (indicators of compromise) as far as there are any."
    ),
    IncidentStage.FINAL: N_(
        "The incident in full with severity and effects, its kind and likely cause, what was done and is still being "
        "done against it, effects in other countries."
    ),
}


class ClockStanding(StrEnum):
    """How a clock stands."""

    KEPT = "kept"
    LATE = "late"  # the word came after its time
    RUNNING = "running"
    SOON = "soon"
    OVERDUE = "overdue"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One stage: until when, and when its word came."""

    stage: IncidentStage
    due_at: datetime
    given_at: datetime | None
    standing: ClockStanding

    @property
    def is_open(self) -> bool:
        """Whether its word is still to come."""
        return self.given_at is None

    @property
    def is_overdue(self) -> bool:
        """Whether its word should have come."""
        return self.standing is ClockStanding.OVERDUE


def clocks(known_at: datetime, words: Iterable[tuple[IncidentStage, datetime]], *, now: datetime) -> Sequence[Clock]:
    """The three clocks. A later stage does for the earlier ones; the month counts from the notification, or while there
    is none from the moment it was due."""
    said = sorted(words, key=lambda word: word[1])
    first = next((at for _stage, at in said), None)
    notified = next((at for stage, at in said if stage in {IncidentStage.NOTIFICATION, IncidentStage.FINAL}), None)
    final = next((at for stage, at in said if stage is IncidentStage.FINAL), None)
    second_due = known_at + SECOND
    return (
        _clock(IncidentStage.EARLY, known_at + FIRST, first, now),
        _clock(IncidentStage.NOTIFICATION, second_due, notified, now),
        _clock(IncidentStage.FINAL, a_month_after(notified or second_due), final, now),
    )


def a_month_after(at: datetime) -> datetime:
    """The same hour of the same day a month later by the clock on the wall; the last of the month where it has no
    such day (§ 188 BGB)."""
    local = at.astimezone(BERLIN)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)  # noqa: PLR2004 - December
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day, fold=0).astimezone(UTC)


def from_the_wall(typed: datetime) -> datetime:
    """What somebody typed by the clock on the wall as a moment; of the hour that comes twice the first one counts."""
    return typed.replace(tzinfo=BERLIN, fold=0).astimezone(UTC)


def on_the_wall(at: datetime) -> datetime:
    """A moment as a form shows it."""
    return at.astimezone(BERLIN).replace(tzinfo=None, second=0, microsecond=0)


def _clock(stage: IncidentStage, due_at: datetime, given_at: datetime | None, now: datetime) -> Clock:
    if given_at is not None:
        standing = ClockStanding.KEPT if given_at <= due_at else ClockStanding.LATE
    elif now > due_at:
        standing = ClockStanding.OVERDUE
    else:
        standing = ClockStanding.SOON if due_at - now <= SOON else ClockStanding.RUNNING
    return Clock(stage=stage, due_at=due_at, given_at=given_at, standing=standing)
