"""How offers, lots and tenders end without an award: excluded by hand, taken in again, given up, cancelled, put off."""

from datetime import date

from flask import Response

from portal.db.models.tenders import EndGround, ExclusionGround
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.services.actors import HOSPITAL_WRITERS
from portal.services.tenders import awards, exclusions, lapsing, tenders
from portal.web import filters, pages
from portal.web.hospital import tenders as tender_pages
from portal.web.hospital.room import hospital
from portal.web.hospital.tender_forms import CancelForm, EndLotForm, ExcludeForm, PutOffForm, TakeInForm
from portal.web.journey import HospitalJourney


@hospital.post("/compare/tenders/<tender_id>/exclude", roles=HOSPITAL_WRITERS)
def exclude_offer(here: HospitalJourney, tender_id: str) -> Response:
    """Exclude one offer, on a ground and with a reason."""
    form = ExcludeForm.sent()
    if form.validate():
        try:
            with form.refusals(here.session):
                bidder_id, ground = str(form["bidder_id"].data), ExclusionGround(str(form["ground"].data))
                reason = str(form["reason"].data)
                bidder = exclusions.exclude(
                    here.session, here.actor, tender_id, bidder_id, ground, reason=reason, now=here.now
                )
                here.notice(_("The offer of %(name)s is excluded; nobody was written to.", name=bidder.name))
                return pages.see_other("hospital.tender", tender_id=tender_id, at="bidders")
        except Clash as clash:
            return tender_pages.page(here, tender_id, status=409, clash=clash.message, exclude=form)
    return tender_pages.page(here, tender_id, exclude=form)


@hospital.post("/compare/tenders/<tender_id>/take-in-again", roles=HOSPITAL_WRITERS)
def take_exclusion_back(here: HospitalJourney, tender_id: str) -> Response:
    """Take an exclusion back, with a reason."""
    form = TakeInForm.sent()
    if form.validate():
        try:
            with form.refusals(here.session):
                bidder_id, reason = str(form["bidder_id"].data), str(form["reason"].data)
                bidder = exclusions.take_back(
                    here.session, here.actor, tender_id, bidder_id, reason=reason, now=here.now
                )
                here.notice(_("The exclusion of %(name)s is taken back.", name=bidder.name))
                return pages.see_other("hospital.tender", tender_id=tender_id, at="bidders")
        except Clash as clash:
            return tender_pages.page(here, tender_id, status=409, clash=clash.message, take_in=form)
    return tender_pages.page(here, tender_id, take_in=form)


@hospital.post("/compare/tenders/<tender_id>/lots/<lot_id>/end", roles=HOSPITAL_WRITERS)
def end_lot(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """End one lot without an award; the others go on."""
    form = EndLotForm.sent()
    if form.validate():
        try:
            with form.refusals(here.session):
                row = awards.end_lot(
                    here.session,
                    here.actor,
                    tender_id,
                    lot_id,
                    EndGround(str(form["ground"].data)),
                    reason=str(form["reason"].data),
                    base_url=here.settings.public_base_url,
                    now=here.now,
                )
                number = tenders.lot_of(row, lot_id).number
                here.notice(_("Lot %(number)s has ended without an award.", number=number))
                return pages.see_other("hospital.tender", tender_id=tender_id, at="bidders")
        except Clash as clash:
            return tender_pages.page(here, tender_id, status=409, clash=clash.message, lot_id=lot_id, end=form)
    return tender_pages.page(here, tender_id, lot_id=lot_id, end=form)


@hospital.post("/compare/tenders/<tender_id>/cancel", roles=HOSPITAL_WRITERS)
def cancel_tender(here: HospitalJourney, tender_id: str) -> Response:
    """End it without an award; its bidders are told. `preview`: only show what they would read."""
    form = CancelForm.sent()
    told, base_url = str(form["told"].data or ""), here.settings.public_base_url
    if form["preview"].data:
        return tender_pages.page(here, tender_id, told=told, cancel=form)
    if form.validate():
        try:
            with form.refusals(here.session):
                reason = str(form["reason"].data)
                row = awards.cancel(
                    here.session, here.actor, tender_id, reason=reason, told=told, base_url=base_url, now=here.now
                )
                here.notice(
                    _("The tender is cancelled; its bidders are told, each in a mail of its own.")
                    if row.started_at
                    else _("The tender is cancelled; nobody was invited, so nobody is written to.")
                )
                return pages.see_other("hospital.tender", tender_id=tender_id)
        except Clash as clash:
            return tender_pages.page(here, tender_id, status=409, clash=clash.message, cancel=form)
    return tender_pages.page(here, tender_id, cancel=form)


@hospital.post("/compare/tenders/<tender_id>/put-off", roles=HOSPITAL_WRITERS)
def put_off_lapse(here: HospitalJourney, tender_id: str) -> Response:
    """Let a tender that nobody has ended wait longer before it ends by itself."""
    form, months = PutOffForm.sent(), here.settings.tender_lapse_months
    if form.validate():
        try:
            with form.refusals(here.session):
                lapsing.put_off(
                    here.session,
                    here.actor,
                    tender_id,
                    form["until"].data,
                    reason=str(form["reason"].data),
                    stands=_day(str(form["stands"].data or "")),
                    months=months,
                    now=here.now,
                )
                here.notice(_("The tender waits for its end until %(day)s.", day=filters.day(form["until"].data)))
                return pages.see_other("hospital.tender", tender_id=tender_id)
        except Clash as clash:
            row = tenders.find(here.session, here.actor, tender_id)
            form["stands"].data = lapsing.lapses_on(row, months=months).isoformat()
            return tender_pages.page(here, tender_id, status=409, clash=clash.message, put_off=form)
    return tender_pages.page(here, tender_id, put_off=form)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
