"""Incidents that vendors reported: read, confirmed with a name and a time, and who is told at any hour."""

from collections.abc import Sequence

from flask import Response
from wtforms import EmailField, HiddenField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from portal.errors import Clash
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.incidents import flashes, incident_clocks
from portal.services.incidents import incidents as incidents_service
from portal.services.incidents.incidents import Received
from portal.services.vendors import vendors
from portal.web import clashes, forms, incident_words, pages
from portal.web.clashes import Stands
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail

RECENT = 200  # on a page


class ConfirmForm(forms.Form):
    """That it was read, and a word to the company."""

    text = TextAreaField(
        _l("A word to the vendor"),
        [Length(max=incidents_service.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("For example whom it may call, or what you need first."),
    )


class DeskForm(forms.Form):
    """The emergency contact."""

    version = HiddenField()
    name = StringField(_l("Name or function"), [Length(max=200)], filters=[forms.stripped])
    phone = StringField(_l("Telephone"), [Length(max=60)], filters=[forms.stripped])
    email = EmailField(_l("Mail"), [Optional(), Length(max=254)], filters=[forms.stripped])


@hospital.get("/incidents", roles=EVERY_HOSPITAL_ROLE, rail=Rail.INCIDENTS)
def incident_list(here: HospitalJourney) -> Response:
    """What was reported, what we asked at once, and who is told."""
    return _list_page(here, _desk_form(here))


@hospital.post("/incidents/desk", roles=HOSPITAL_WRITERS)
def name_incident_desk(here: HospitalJourney) -> Response:
    """Name whom mails about incidents reach beside the assessors."""
    form = DeskForm.sent()
    stands: Sequence[Stands] = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                incidents_service.name_desk(
                    here.session,
                    here.actor,
                    name=str(form["name"].data or ""),
                    email=str(form["email"].data or ""),
                    phone=str(form["phone"].data or ""),
                    version=forms.version(form["version"].data),
                    now=here.now,
                )
                here.notice(_("Saved."))
                return pages.see_other("hospital.incident_list")
        except Clash as refused:
            stands = clashes.meet(form, refused, _desk_form(here))
    return _list_page(here, form, stands)


@hospital.get("/incidents/<incident_id>", roles=EVERY_HOSPITAL_ROLE)
def incident(here: HospitalJourney, incident_id: str) -> Response:
    """One incident with its clocks and all that was said."""
    found = incidents_service.find(here.session, here.actor, incident_id, now=here.now)
    return _page(here, found, ConfirmForm.offered())


@hospital.post("/incidents/<incident_id>/confirm", roles=HOSPITAL_WRITERS)
def confirm_incident(here: HospitalJourney, incident_id: str) -> Response:
    """We have read what was said so far; the vendor sees who and when."""
    found = incidents_service.find(here.session, here.actor, incident_id, now=here.now)
    form = ConfirmForm.sent()
    if form.validate():
        with form.refusals(here.session):
            incidents_service.confirm(
                here.session, here.actor, incident_id, text=str(form["text"].data or ""), now=here.now
            )
            here.notice(_("Confirmed. The vendor sees your name and the time."))
            return pages.see_other("hospital.incident", incident_id=incident_id)
    return _page(here, found, form)


@hospital.get("/vendors/<vendor_id>/incidents", roles=EVERY_HOSPITAL_ROLE)
def vendor_incidents(here: HospitalJourney, vendor_id: str) -> Response:
    """What this vendor reported and what it answered when we asked at once."""
    found = vendors.find(here.session, here.actor, vendor_id)
    return pages.page(
        "hospital/vendor_incidents.html",
        **tabs.frame(here, found, "incidents"),
        received=incidents_service.of_hospital(here.session, here.actor, vendor_id=vendor_id, now=here.now)[:RECENT],
        asked=flashes.of_vendor(here.session, here.actor, vendor_id)[:RECENT],
        words=incident_clocks.WORDS,
        standings=flashes.STANDINGS,
        now=here.now,
    )


# ---- inside


def _desk_form(here: HospitalJourney) -> DeskForm:
    desk = incidents_service.desk(here.session, here.actor)
    if desk is None:
        return DeskForm.offered(
            version="0",
            name=here.hospital.contact_name,
            phone=here.hospital.contact_phone,
            email=here.hospital.contact_email,
        )
    return DeskForm.offered(version=str(desk.version), name=desk.name, phone=desk.phone, email=desk.email)


def _list_page(here: HospitalJourney, form: DeskForm, stands: Sequence[Stands] = ()) -> Response:
    return pages.page(
        "hospital/incidents.html",
        form=form,
        stands=stands,
        received=incidents_service.of_hospital(here.session, here.actor, now=here.now)[:RECENT],
        boards=flashes.of_hospital(here.session, here.actor, now=here.now)[:RECENT],
        desk=incidents_service.desk(here.session, here.actor),
        words=incident_clocks.WORDS,
        may_write=here.role in HOSPITAL_WRITERS,
    )


def _page(here: HospitalJourney, found: Received, form: ConfirmForm) -> Response:
    return pages.page(
        "hospital/incident.html",
        form=form,
        received=found,
        report=found.report,
        said={word.id: incidents_service.fields_of(word) for word in found.report.words},
        duties=incident_words.DUTIES,
        lines=incidents_service.TEXTS,
        suspicions=incidents_service.SUSPICIONS,
        words=incident_clocks.WORDS,
        terms=incident_clocks.TERMS,
        contents=incident_clocks.CONTENTS,
        clock_words=incident_words.STANDINGS,
        may_write=here.role in HOSPITAL_WRITERS,
    )
