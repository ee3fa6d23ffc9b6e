"""Snapshots of the register: freeze it under a name, open it as it was, compare two or one with today."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Response, request
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from assessments import policy, storing
from assessments.comparing import Changes
from portal.db.models.snapshots import Snapshot, SnapshotState
from portal.files.blobs import Blobs
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.registers import movements, snapshots
from portal.services.registers.snapshots import FREEZERS, Side
from portal.web import forms, journey, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from portal.web.tables import Column
from reports import marks

TODAY = "today"
SHOWN_RISKS = 200
JSON = "application/json"
STATES = {
    SnapshotState.WAITING: _l("being frozen"),
    SnapshotState.DONE: _l("frozen"),
    SnapshotState.FAILED: _l("could not be made"),
}
VENDOR_COLUMNS = (
    Column(key="name", title=_l("Vendor"), heads=True),
    Column(key="tier", title=_l("Tier"), kind="mark"),
    Column(key="grade", title=_l("Grade"), kind="mark"),
    Column(key="value", title=_l("Points"), kind="number"),
    Column(key="coverage", title=_l("seen"), kind="number"),
    Column(key="level", title=_l("Residual risk"), kind="mark"),
)
RISK_COLUMNS = (
    Column(key="title", title=_l("Risk"), heads=True),
    Column(key="vendor", title=_l("Vendor")),
    Column(key="level", title=_l("Level"), kind="mark"),
    Column(key="treatment", title=_l("Treatment")),
    Column(key="owner", title=_l("Owner")),
    Column(key="due", title=_l("Due on"), kind="date"),
)


class FreezeForm(forms.Form):
    """How the snapshot is called."""

    name = StringField(
        _l("Name"),
        [
            InputRequired(_l("Give the snapshot a name, such as the meeting it is for.")),
            Length(max=snapshots.LONGEST_NAME),
        ],
        filters=[forms.stripped],
        description=_l("For example: Meeting 12/2026"),
    )


@hospital.get("/risks/snapshots", roles=EVERY_HOSPITAL_ROLE)
def snapshot_list(here: HospitalJourney) -> Response:
    """What was frozen, by whom and when."""
    return _list(here, FreezeForm.offered())


@hospital.post("/risks/snapshots", roles=FREEZERS)
def freeze_register(here: HospitalJourney) -> Response:
    """Ask for a snapshot; the worker makes it."""
    form = FreezeForm.sent()
    if form.validate():
        with form.refusals(here.session):
            snapshots.ask(here.session, here.actor, str(form["name"].data), now=here.now)
            here.notice(_("The register is being frozen; it stands in the list as soon as it is done."))
            return pages.see_other("hospital.snapshot_list")
    return _list(here, form)


@hospital.get("/risks/snapshots/compare", roles=EVERY_HOSPITAL_ROLE)
def compare_snapshots(here: HospitalJourney) -> Response:
    """Two snapshots, or one and today; which ones stands in the address."""
    rows = [row for row in snapshots.rows(here.session, here.actor) if row.state is SnapshotState.DONE]
    before, after = request.args.get("before", ""), request.args.get("after", TODAY)
    changes: Changes | None = None
    if before:
        old = snapshots.side_of(_open(here, before))
        changes = snapshots.compare(here.session, here.actor, old, _side(here, after))
    return pages.page(
        "hospital/snapshot_compare.html",
        rows=rows,
        before=before,
        after=after,
        changes=changes,
        reasons={
            change.after.key: movements.of_movement(change.movement)
            for change in (changes.vendors_moved if changes else ())
            if change.movement is not None
        },
        most=SHOWN_RISKS,
    )


@hospital.get("/risks/snapshots/<snapshot_id>", roles=EVERY_HOSPITAL_ROLE)
def snapshot(here: HospitalJourney, snapshot_id: str) -> Response:
    """As it was: the numbers are read, none is worked out anew."""
    row = snapshots.find(here.session, here.actor, snapshot_id)
    document: Mapping[str, Any] | None = None
    if row.state is SnapshotState.DONE:
        document = _open(here, snapshot_id).document
    heat: dict[tuple[int, int], int] = {}
    for risk in document["risks"] if document else ():
        cell = risk["impact"] or 0, risk["likelihood"]
        heat[cell] = heat.get(cell, 0) + 1
    return pages.page(
        "hospital/snapshot.html",
        row=row,
        document=document,
        states=STATES,
        names={vendor["key"]: vendor["name"] for vendor in document["vendors"]} if document else {},
        heat=heat,
        matrix=(storing.load_policy(document["policy"]) if document else policy.current()).matrix,
        vendor_columns=VENDOR_COLUMNS,
        risk_columns=RISK_COLUMNS,
        treatments=marks.TREATMENTS,
        moment=datetime.fromisoformat,
        day_of=date.fromisoformat,
        most=SHOWN_RISKS,
    )


@hospital.get("/risks/snapshots/<snapshot_id>/register.json", roles=EVERY_HOSPITAL_ROLE)
def snapshot_file(here: HospitalJourney, snapshot_id: str) -> Response:
    """The document itself, byte for byte what the checksum is of."""
    opened = _open(here, snapshot_id)
    name = f"register {opened.row.name} {opened.row.at.astimezone(BERLIN):%Y-%m-%d}.json"
    return pages.download(snapshots.canonical(opened.document), name=name, media_type=JSON)


def _side(here: HospitalJourney, after: str) -> Side:
    if after == TODAY:
        return snapshots.side_today(here.session, here.actor, now=here.now)
    return snapshots.side_of(_open(here, after))


def _open(here: HospitalJourney, snapshot_id: str) -> snapshots.Opened:
    shelf = Blobs(folder=here.settings.files_dir, keyring=journey.floor().keyring)
    return snapshots.open_one(here.session, here.actor, shelf, snapshot_id)


def _list(here: HospitalJourney, form: FreezeForm) -> Response:
    rows = snapshots.rows(here.session, here.actor)
    done: list[Snapshot] = [row for row in rows if row.state is SnapshotState.DONE]
    return pages.page(
        "hospital/snapshots.html",
        rows=rows,
        done=done,
        states=STATES,
        form=form,
        may_freeze=here.role in FREEZERS,
    )
