"""Looking from outside: the hosts of a vendor, scans as they run, and what the hospital may see of them."""

from dataclasses import dataclass
from typing import Any

from flask import Response
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional

from assessments.model import HostRole
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Ground, Host, HostState, Speaker, Vendor
from portal.errors import BadInput, Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.registers import registers
from portal.services.registers.registers import OutsideView
from portal.services.scans import (
    host_proposals,
    host_words,
    rechecked,
    rejudging,
    releases,
    rescans,
    scan_results,
    scans,
    timelines,
)
from portal.services.scans.host_words import Said, Word
from portal.services.scans.releases import HospitalView
from portal.services.scans.timelines import Timeline
from portal.services.vendors import vendors
from portal.services.vendors.vendors import HostFields
from portal.web import forms, pages
from portal.web import host_words as host_clashes
from portal.web import shown as showing
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from reports import marks
from scanners.attribution import Belonging
from scanners.model import N_, Message

GROUNDS = {
    Ground.CONTRACT.value: _l("contract"),
    Ground.TENDER.value: _l("tender"),
    Ground.CONSENT.value: _l("consent"),
}
HOST_STATES = {
    HostState.NAMED: _l("named by us"),
    HostState.CONFIRMED: _l("confirmed by the vendor"),
    HostState.ADDED: _l("added by the vendor"),
    HostState.STRUCK: _l("struck by the vendor"),
}
BELONGINGS = {
    Belonging.OWN: _l("the vendor's own"),
    Belonging.HOSTED: _l("hosted for the vendor"),
    Belonging.FOREIGN: _l("another's, does not count"),
}


class ChangedHostForm(forms.Form):
    """What a host is for, whose it is and what it serves; `whole` says that the supplies were offered, and none may be
    meant."""

    role = SelectField(_l("What it is for"), validators=[InputRequired()])
    belonging = SelectField(_l("Whose it is"), validators=[Optional()])
    supplies = SelectMultipleField(_l("Serves"))
    whole = BooleanField(_l("Serves"))
    version = StringField(validators=[Optional()])


class HostForm(forms.Form):
    """A host in scope, with the ground on which we may look."""

    host = StringField(
        _l("Host name"),
        [InputRequired(_l("Enter a host name.")), Length(max=253)],
        filters=[forms.stripped],
        description="portal.example.de",
    )
    role = SelectField(_l("What it is for"), validators=[InputRequired()])
    supply_id = SelectField(_l("Belongs to"), validators=[Optional()])
    ground = SelectField(_l("Ground for looking"), validators=[InputRequired()])
    ground_note = StringField(
        _l("Note on the ground"), [Length(max=500)], filters=[forms.stripped], description=_l("contract number, clause")
    )


def host_form(vendor: Vendor, *, sent: bool = False) -> HostForm:
    """The form with the choices of this vendor."""
    form = HostForm.sent() if sent else HostForm.offered()
    form.offer("role", [(role.value, _(word)) for role, word in marks.ROLES.items()])
    form.offer("supply_id", [("", _("the whole company")), *((supply.id, supply.name) for supply in vendor.supplies)])
    form.offer("ground", [(value, str(word)) for value, word in GROUNDS.items()])
    assert isinstance(form, HostForm)
    return form


@hospital.post("/vendors/<vendor_id>/hosts/add", roles=HOSPITAL_WRITERS)
def name_host(here: HospitalJourney, vendor_id: str) -> Response:
    """Put a host into scope."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    form = host_form(vendor, sent=True)
    if form.validate():
        with form.refusals(here.session):
            vendors.name_host(
                here.session,
                here.actor,
                vendor_id,
                HostFields(
                    name=form["host"].data,
                    role=HostRole(form["role"].data),
                    supply_id=form["supply_id"].data or "",
                    ground=Ground(form["ground"].data),
                    ground_note=form["ground_note"].data or "",
                ),
                now=here.now,
                permitted=here.settings.scan.permitted_suffixes,
            )
            return pages.see_other("hospital.vendor_scan", vendor_id=vendor_id, at="hosts")
    return _page(here, vendor, form)


@hospital.post("/vendors/<vendor_id>/hosts/<host_id>/remove", roles=HOSPITAL_WRITERS)
def remove_host(here: HospitalJourney, vendor_id: str, host_id: str) -> Response:
    """Take a host out of scope that only we have named."""
    vendors.remove_host(here.session, here.actor, vendor_id, host_id, now=here.now)
    return pages.see_other("hospital.vendor_scan", vendor_id=vendor_id, at="hosts")


@hospital.post("/vendors/<vendor_id>/hosts/<host_id>/change", roles=HOSPITAL_WRITERS)
def change_host(here: HospitalJourney, vendor_id: str, host_id: str) -> Response:
    """Say what a host is for, as proposed or otherwise, and which supplies it serves."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    host = vendors.find_host(vendor, host_id)
    form = ChangedHostForm.sent()
    form.offer("role", [(role.value, _(word)) for role, word in marks.ROLES.items()])
    form.offer("belonging", [("", _("as proposed")), *((value.value, str(word)) for value, word in BELONGINGS.items())])
    form.offer("supplies", [(supply.id, supply.name) for supply in vendor.supplies])
    if not form.validate():
        raise BadInput({"role": Message(text=N_("Choose a role and products from the lists."))})
    belonging = form["belonging"].data
    said = Said(
        role=HostRole(form["role"].data),
        supply_ids=tuple(form["supplies"].data) if form["whole"].data else host.supply_ids,
        belonging=Belonging(belonging) if belonging else None,
    )
    try:
        vendors.change_host(
            here.session,
            here.actor,
            vendor_id,
            host_id,
            role=said.role,
            supply_ids=said.supply_ids if form["whole"].data else None,
            belonging=said.belonging,
            read=form["version"].data or None,
            now=here.now,
        )
    except Clash as refused:
        raise host_clashes.clash(refused, said, supplies=vendor.supplies, belongings=BELONGINGS) from refused
    return pages.see_other("hospital.vendor_scan", vendor_id=vendor_id, at="hosts")


@hospital.post("/vendors/<vendor_id>/scans/rejudge", roles=HOSPITAL_WRITERS)
def rejudge(here: HospitalJourney, vendor_id: str) -> Response:
    """Judge what was seen by the rules and data of today; no host is visited."""
    rejudging.ask(here.session, here.actor, vendor_id, now=here.now)
    here.notice(_("What was seen is judged by the rules and data of today. No host is visited for it."))
    return pages.see_other("hospital.vendor_scan", vendor_id=vendor_id)


@hospital.get("/vendors/<vendor_id>/scan", roles=EVERY_HOSPITAL_ROLE)
def vendor_scan(here: HospitalJourney, vendor_id: str) -> Response:
    """Hosts in scope, the last scan, and the findings as far as they are open to the hospital."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    return _page(here, vendor, host_form(vendor))


@hospital.post("/vendors/<vendor_id>/scans/start", roles=HOSPITAL_WRITERS)
def start_scan(here: HospitalJourney, vendor_id: str) -> Response:
    """Look at the hosts that the hospital has named, on the ground it has recorded."""
    scans.queue_by_hospital(here.session, here.actor, vendor_id, now=here.now)
    return pages.see_other("hospital.vendor_scan", vendor_id=vendor_id)


@hospital.post("/vendors/<vendor_id>/scans/stop", roles=HOSPITAL_WRITERS)
def stop_scan(here: HospitalJourney, vendor_id: str) -> Response:
    """End what runs or waits."""
    vendors.find(here.session, here.actor, vendor_id)
    scans.stop(here.session, here.actor, vendor_id, now=here.now)
    return pages.see_other("hospital.vendor_scan", vendor_id=vendor_id)


@hospital.get("/vendors/<vendor_id>/scans/<scan_id>/progress", roles=EVERY_HOSPITAL_ROLE)
def scan_progress(here: HospitalJourney, vendor_id: str, scan_id: str) -> Response:
    """The piece of the page that fetches itself anew while the scan runs."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    run = scans.find(here.session, here.hospital.id, scan_id)
    if run.vendor_id != vendor.id:
        raise NotFound
    return pages.part(
        "hospital/scan_state.html", vendor=vendor, may_write=here.role in HOSPITAL_WRITERS, **_state(here, run)
    )


def _state(here: HospitalJourney, run: ScanRun | None) -> dict[str, Any]:
    live = run is not None and run.state in scans.LIVE
    view: HospitalView | None = None
    timeline: Timeline | None = None
    outside: OutsideView | None = None
    if run is not None and not live:
        view = releases.hospital_view(here.session, here.hospital.id, run, now=here.now)
        timeline = timelines.for_hospital(here.session, run) if view.is_open and run.finished_at else None
        outside = registers.from_outside(here.session, here.actor, run.vendor_id, now=here.now)
    looked = rechecked.of_run(here.session, run) if run is not None and view is not None and view.is_open else None
    found = showing.shown(view.findings, timeline, looked) if view else ()
    chosen = showing.asked_for("hospital.vendor_scan", vendor_id=run.vendor_id if run is not None else "")
    return {
        "run": run,
        "is_live": live,
        "outside": outside,
        "stages": showing.stages(run),
        "view": view,
        "chosen": chosen,
        "found": found,
        "findings": chosen.of(found),
        "counts": showing.counts(found),
        "changes": timeline.changes if timeline is not None else None,
        "changed": showing.changed(timeline.changes) if timeline is not None else (),
    }


@dataclass(frozen=True, kw_only=True)
class ShownWords:
    """What was said of a host beside what counts."""

    company: Word | None
    is_open: bool  # the company says otherwise
    last: Word | None
    by_company: bool
    version: str


def _words(vendor: Vendor, host: Host) -> ShownWords:
    company, speaker = host_words.word_of(host, Speaker.COMPANY), host_words.last_speaker(host)
    return ShownWords(
        company=company,
        is_open=host_words.differs(host, company, supplies=[supply.id for supply in vendor.supplies]),
        last=host_words.word_of(host, speaker) if speaker is not None else None,
        by_company=speaker is Speaker.COMPANY,
        version=host_words.version(host),
    )


def _page(here: HospitalJourney, vendor: Vendor, form: forms.Form) -> Response:
    runs = scans.newest(here.session, here.hospital.id, vendor.id)
    good = scan_results.latest_good(here.session, here.hospital.id, vendor.id)
    newest = runs[0] if runs else None
    run = newest if newest is not None and (newest.state in scans.LIVE or good is None) else good
    state = _state(here, run)
    is_open = run is not None and state["view"] is not None and state["view"].is_open
    return pages.page(
        "hospital/vendor_scan.html",
        form=form,
        **tabs.frame(here, vendor, "scan"),
        runs=runs,
        host_states=HOST_STATES,
        grounds=GROUNDS,
        roles=[(role.value, _(word)) for role, word in marks.ROLES.items()],
        belongings=BELONGINGS,
        words={host.id: _words(vendor, host) for host in vendor.hosts},
        seen_hosts=host_proposals.of_run(here.session, vendor, run) if is_open and run is not None else {},
        rescan=rescans.plan(here.session, here.actor, vendor, now=here.now),
        today=here.today,
        **state,
    )
