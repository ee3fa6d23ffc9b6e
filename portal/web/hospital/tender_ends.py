"""How offers and lots of a tender end without an award: excluded by hand, taken in again, a lot that is given up."""

from flask import Response

from portal.db.models.tenders import EndGround, ExclusionGround
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.services.actors import HOSPITAL_WRITERS
from portal.services.tenders import awards, exclusions, tenders
from portal.web import pages
from portal.web.hospital import tenders as tender_pages
from portal.web.hospital.room import hospital
from portal.web.hospital.tender_forms import EndLotForm, ExcludeForm, TakeInForm
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
