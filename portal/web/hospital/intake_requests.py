"""Asking the owner of a supply, or a lot, for its intake: the link goes out, is withdrawn, its answer asked anew."""

from flask import Response
from wtforms import DateField, EmailField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.db.models.intake_requests import IntakeRequest
from portal.db.models.tenders import TenderLot
from portal.db.models.vendors import Supply
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import HOSPITAL_WRITERS
from portal.services.tenders import lot_owners, tenders
from portal.services.vendors import intake_requests, vendors
from portal.services.vendors.intake_requests import EXTENDED, Owner
from portal.web import forms, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney


class OwnerForm(forms.Form):
    """Whom to ask, until when."""

    name = StringField(_l("Name of the person"), [Length(max=200)], filters=[forms.stripped])
    email = EmailField(
        _l("E-mail address"), [InputRequired(_l("Enter an e-mail address.")), Length(max=254)], filters=[forms.stripped]
    )
    language = SelectField(_l("Language of the mail"), [InputRequired()])
    until = DateField(_l("Until when"), [InputRequired(_l("Choose a day within the next 90 days."))])
    message = TextAreaField(
        _l("A paragraph of your own"),
        [Length(max=4000)],
        filters=[forms.stripped],
        description=_l("Stands in the mail and on the page with the questions."),
    )


class AgainForm(forms.Form):
    """What is still to be said."""

    message = TextAreaField(_l("What is to be looked at again"), [Length(max=4000)], filters=[forms.stripped])


@hospital.get("/vendors/supplies/<supply_id>/intake/ask", roles=HOSPITAL_WRITERS)
def ask_owner(here: HospitalJourney, supply_id: str) -> Response:
    """The form, with the owner that the record names."""
    supply = vendors.find_supply(here.session, here.actor, supply_id)
    form = OwnerForm.offered(name=supply.owner_name, language=i18n.language(), until=here.today + EXTENDED)
    return _page(form, supply=supply)


@hospital.post("/vendors/supplies/<supply_id>/intake/ask", roles=HOSPITAL_WRITERS)
def send_intake(here: HospitalJourney, supply_id: str) -> Response:
    """Send the link."""
    supply = vendors.find_supply(here.session, here.actor, supply_id)
    form = OwnerForm.sent()
    form.offer("language", i18n.LANGUAGES)
    if form.validate():
        with form.refusals(here.session):
            request = intake_requests.ask(
                here.session,
                here.actor,
                supply_id,
                _owner(form),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("The questions to %(email)s are on their way.", email=request.email))
            return pages.see_other("hospital.intake", supply_id=supply_id)
    return _page(form, supply=supply)


@hospital.get("/compare/tenders/<tender_id>/lots/<lot_id>/intake/ask", roles=HOSPITAL_WRITERS)
def ask_lot_owner(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """The same form about a lot, whose owner nobody has written down."""
    lot = tenders.lot_of(tenders.find(here.session, here.actor, tender_id), lot_id)
    return _page(OwnerForm.offered(language=i18n.language(), until=here.today + EXTENDED), lot=lot)


@hospital.post("/compare/tenders/<tender_id>/lots/<lot_id>/intake/ask", roles=HOSPITAL_WRITERS)
def send_lot_intake(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """Send the link about a lot."""
    lot = tenders.lot_of(tenders.find(here.session, here.actor, tender_id), lot_id)
    form = OwnerForm.sent()
    form.offer("language", i18n.LANGUAGES)
    if form.validate():
        with form.refusals(here.session):
            request = lot_owners.ask(
                here.session,
                here.actor,
                tender_id,
                lot_id,
                _owner(form),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("The questions to %(email)s are on their way.", email=request.email))
            return _back(here, request)
    return _page(form, lot=lot)


@hospital.post("/intakes/<request_id>/remind", roles=HOSPITAL_WRITERS)
def remind_owner(here: HospitalJourney, request_id: str) -> Response:
    """The same person once more."""
    request = intake_requests.find(here.session, here.actor, request_id)
    intake_requests.remind(here.session, here.actor, request_id, base_url=here.settings.public_base_url, now=here.now)
    here.notice(_("The reminder is on its way."))
    return _back(here, request)


@hospital.post("/intakes/<request_id>/withdraw", roles=HOSPITAL_WRITERS)
def withdraw_intake(here: HospitalJourney, request_id: str) -> Response:
    """The link dies; an answer that nobody took over is set aside."""
    request = intake_requests.find(here.session, here.actor, request_id)
    intake_requests.withdraw(here.session, here.actor, request_id, now=here.now)
    here.notice(_("The link no longer works."))
    return _back(here, request)


@hospital.post("/intakes/<request_id>/again", roles=HOSPITAL_WRITERS)
def ask_owner_again(here: HospitalJourney, request_id: str) -> Response:
    """A new link to the same person, with their answers in it."""
    request = intake_requests.find(here.session, here.actor, request_id)
    form = AgainForm.sent()
    if form.validate():
        intake_requests.reopen(
            here.session,
            here.actor,
            request_id,
            form["message"].data or "",
            base_url=here.settings.public_base_url,
            now=here.now,
        )
        here.notice(_("The questions to %(email)s are on their way.", email=request.email))
    return _back(here, request)


def _owner(form: OwnerForm) -> Owner:
    return Owner(
        email=form["email"].data,
        name=form["name"].data or "",
        language=form["language"].data,
        message=form["message"].data or "",
        until=form["until"].data,
    )


def _back(here: HospitalJourney, request: IntakeRequest) -> Response:
    """To the intake that it is about."""
    if request.lot_id is None:
        return pages.see_other("hospital.intake", supply_id=request.supply_id)
    lot = here.session.get_one(TenderLot, request.lot_id)
    return pages.see_other("hospital.lot_intake", tender_id=lot.tender_id, lot_id=lot.id)


def _page(form: forms.Form, *, supply: Supply | None = None, lot: TenderLot | None = None) -> Response:
    form.offer("language", i18n.LANGUAGES)
    about = intake_requests.lot_as(lot) if lot is not None else intake_requests.supply_as(supply) if supply else None
    return pages.page("hospital/ask_owner.html", supply=supply, lot=lot, about=about, form=form)
