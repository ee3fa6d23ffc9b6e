"""The tracking board: how far every vendor has come, what stands in the way, and the one next step."""

from collections.abc import Mapping, Sequence

from flask import Response, request

from portal.db.models.assessments import Stage
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.rounds import campaigns, progress, tracking
from portal.services.rounds.tracking import Tracked, Trouble, Wanted
from portal.web import forms, pages, tables
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail
from portal.web.tables import Column

COLUMNS = (
    Column(key="name", title=_l("Vendor"), heads=True, sortable=True),
    Column(key="stage", title=_l("Stage"), sortable=True),
    Column(key="age", title=_l("For working days"), kind="number", sortable=True),
    Column(key="answered", title=_l("Answered"), kind="number"),
    Column(key="due", title=_l("Due on"), kind="date", sortable=True),
    Column(key="reminder", title=_l("Next reminder"), kind="date", sortable=True),
    Column(key="next", title=_l("Next step"), kind="action"),
)
TROUBLES = {
    Trouble.OVERDUE: _l("overdue"),
    Trouble.UNDELIVERED: _l("undeliverable"),
    Trouble.HANDED_OVER: _l("handed over to a colleague"),
    Trouble.DELEGATED: _l("shared among colleagues"),
    Trouble.STOPPED: _l("without reminders"),
}
STAGES = {
    Stage.RECORDING.value: _l("is being recorded"),
    Stage.INVITED.value: _l("invited"),
    Stage.OPENED.value: _l("opened"),
    Stage.ACCEPTED.value: _l("accepted"),
    Stage.ANSWERING.value: _l("answering"),
    Stage.SUBMITTED.value: _l("handed in"),
    Stage.RETURNED.value: _l("returned"),
    Stage.REVIEWED.value: _l("reviewed"),
    tracking.DECIDED: _l("decided"),
    Stage.CLOSED.value: _l("withdrawn"),
}


@hospital.get("/assessments", roles=EVERY_HOSPITAL_ROLE, rail=Rail.CAMPAIGNS)
def board(here: HospitalJourney) -> Response:
    """Every vendor that was asked, narrowed by what the address says."""
    chosen = {name: request.args.get(name, "")[:100] for name in ("q", "stage", "trouble", "campaign")}
    how = tables.sorting(COLUMNS, default="due")
    found = tracking.board(
        here.session,
        here.actor,
        Wanted(
            words=chosen["q"],
            stage=chosen["stage"] if chosen["stage"] in STAGES else "",
            trouble=chosen["trouble"] if chosen["trouble"] in set(Trouble) else "",
            campaign_id=chosen["campaign"],
        ),
        now=here.now,
        sort=how.key,
        descending=how.descending,
        start=forms.version(request.args.get("from")),
    )
    shown = found.rows
    return pages.page(
        "hospital/board.html",
        columns=COLUMNS,
        rows=shown,
        count=found.count,
        total=found.total,
        start=found.start,
        page_length=tracking.PAGE,
        sorting=how,
        chosen=chosen,
        stages={name: found.stages.get(name, 0) for name in STAGES},
        stage_words=STAGES,
        troubles=TROUBLES,
        asked=_asked(here, shown),
        agreed={one.assessment.id for one in shown if tracking.is_agreed(here.session, one.assessment)},
        campaigns=campaigns.newest(here.session, here.actor),
        counts=campaigns.counts(here.session, here.hospital.id),
        may_write=here.role in HOSPITAL_WRITERS,
    )


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
