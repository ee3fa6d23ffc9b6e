"""The tracking board: how far every vendor has come, what stands in the way, and the one next step."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request

from portal.db.models.assessments import Stage
from portal.i18n import lazy_gettext as _l
from portal.services import campaigns, progress, tracking
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.tracking import Tracked, Trouble
from portal.web import pages, tables
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail
from portal.web.tables import Column

SHOWN = 50
DECIDED = "decided"

COLUMNS = (
    Column(key="name", title=_l("Vendor"), heads=True, sortable=True),
    Column(key="stage", title=_l("Stage"), sortable=True),
    Column(key="age", title=_l("For working days"), kind="number", sortable=True),
    Column(key="answered", title=_l("Answered"), kind="number"),
    Column(key="due", title=_l("Due on"), kind="date", sortable=True),
    Column(key="reminder", title=_l("Next reminder"), kind="date", sortable=True),
    Column(key="next", title=_l("Next step"), kind="action"),
)
ORDER = {stage: number for number, stage in enumerate(Stage)}
TROUBLES = {
    Trouble.OVERDUE: _l("overdue"),
    Trouble.UNDELIVERED: _l("undeliverable"),
    Trouble.HANDED_OVER: _l("handed over to a colleague"),
    Trouble.DELEGATED: _l("shared among colleagues"),
    Trouble.STOPPED: _l("without reminders"),
}
STAGES = {
    Stage.INVITED.value: _l("invited"),
    Stage.OPENED.value: _l("opened"),
    Stage.ACCEPTED.value: _l("accepted"),
    Stage.ANSWERING.value: _l("answering"),
    Stage.SUBMITTED.value: _l("handed in"),
    Stage.RETURNED.value: _l("returned"),
    Stage.REVIEWED.value: _l("reviewed"),
    DECIDED: _l("decided"),
    Stage.CLOSED.value: _l("withdrawn"),
}
KEYS: Mapping[str, Any] = {
    "name": lambda one: one.row.vendor.name.casefold(),
    "stage": lambda one: ORDER[one.assessment.stage],
    "age": lambda one: one.age,
    "due": lambda one: one.assessment.due_on,
    "reminder": lambda one: one.plan.next.day if one.plan.next else None,
}


@hospital.get("/assessments", roles=EVERY_HOSPITAL_ROLE, rail=Rail.CAMPAIGNS)
def board(here: HospitalJourney) -> Response:
    """Every vendor that was asked, narrowed by what the address says."""
    everything = tracking.board(here.session, here.actor, now=here.now)
    chosen = {name: request.args.get(name, "")[:100] for name in ("q", "stage", "trouble", "campaign")}
    found = [one for one in everything if _fits(one, chosen)]
    how = tables.sorting(COLUMNS, default="due")
    ordered = tables.arrange(found, how, dict(KEYS))
    start = max(0, request.args.get("from", 0, type=int))
    shown = ordered[start : start + SHOWN]
    return pages.page(
        "hospital/board.html",
        columns=COLUMNS,
        rows=shown,
        count=len(found),
        total=len(everything),
        start=start,
        page_length=SHOWN,
        sorting=how,
        chosen=chosen,
        stages=_counted(everything),
        stage_words=STAGES,
        troubles=TROUBLES,
        asked=_asked(here, shown),
        agreed={one.assessment.id for one in shown if tracking.is_agreed(here.session, one.assessment)},
        campaigns=campaigns.newest(here.session, here.actor),
        counts=campaigns.counts(here.session, here.hospital.id),
        may_write=here.role in HOSPITAL_WRITERS,
    )


def stage_of(one: Tracked) -> str:
    """The stage as the board calls it: what was closed after a review is decided."""
    return DECIDED if one.is_decided else one.assessment.stage.value


def _fits(one: Tracked, chosen: Mapping[str, str]) -> bool:
    words = chosen["q"].casefold()
    names = [one.row.vendor.name, *(supply.name for supply in one.row.supplies)]
    return (
        (not words or any(words in name.casefold() for name in names))
        and (not chosen["stage"] or stage_of(one) == chosen["stage"])
        and (not chosen["trouble"] or chosen["trouble"] in one.troubles)
        and (not chosen["campaign"] or (one.campaign is not None and one.campaign.id == chosen["campaign"]))
    )


def _counted(everything: Sequence[Tracked]) -> Mapping[str, int]:
    found = dict.fromkeys(STAGES, 0)
    for one in everything:
        found[stage_of(one)] = found.get(stage_of(one), 0) + 1
    return found


def _asked(here: HospitalJourney, shown: Sequence[Tracked]) -> Mapping[str, int]:
    """Of how many questions: worked out only for the rows on the page that are being answered."""
    answering = {Stage.ACCEPTED, Stage.ANSWERING, Stage.RETURNED}
    found = {}
    for one in shown:
        if one.assessment.stage in answering:
            standing = progress.of_assessment(here.session, here.actor, one.assessment, now=here.now)
            if standing is not None:
                found[one.assessment.id] = standing.asked
    return found
