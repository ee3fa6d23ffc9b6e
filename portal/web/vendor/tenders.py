"""A round that belongs to a tender: its deadline to the second, what was published to all bidders, and asking."""

from flask import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import responses
from portal.services.tenders import offers, queries, tenders
from portal.web import forms, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor.room import vendor


class AskForm(forms.Form):
    """A question to whoever runs the tender."""

    text = TextAreaField(
        _l("Your question"),
        [InputRequired(_l("Write your question.")), Length(max=tenders.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("If the hospital answers, it answers to all bidders alike and without your name."),
    )


@vendor.get("/rounds/<assessment_id>/tender", roles=COMPANY_LEADERS)
def tender(here: CompanyJourney, assessment_id: str) -> Response:
    """What all bidders read, and where to ask."""
    responses.head(here.session, here.actor, assessment_id)
    if not queries.is_tender(here.session, here.actor, assessment_id):
        return pages.see_other("vendor.round", assessment_id=assessment_id)
    return _page(here, assessment_id, AskForm.offered())


@vendor.post("/rounds/<assessment_id>/tender", roles=COMPANY_LEADERS)
def ask_in_tender(here: CompanyJourney, assessment_id: str) -> Response:
    """Ask; the hospital decides what it publishes."""
    responses.head(here.session, here.actor, assessment_id)
    if not queries.is_tender(here.session, here.actor, assessment_id):
        return pages.see_other("vendor.round", assessment_id=assessment_id)
    form = AskForm.sent()
    if form.validate():
        with form.refusals(here.session):
            queries.ask(here.session, here.actor, assessment_id, str(form["text"].data), now=here.now)
            here.notice(_("Your question is with the hospital."))
            return pages.see_other("vendor.tender", assessment_id=assessment_id)
    return _page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/tender/withdraw", roles=COMPANY_LEADERS)
def withdraw_offer(here: CompanyJourney, assessment_id: str) -> Response:
    """Take the offer back, before the deadline and for good."""
    responses.head(here.session, here.actor, assessment_id)
    if not queries.is_tender(here.session, here.actor, assessment_id):
        return pages.see_other("vendor.round", assessment_id=assessment_id)
    offers.withdraw_offer(here.session, here.actor, assessment_id, now=here.now)
    here.notice(_("Your offer is withdrawn. The hospital never reads what you have answered here."))
    return pages.see_other("vendor.round", assessment_id=assessment_id)


def _page(here: CompanyJourney, assessment_id: str, form: AskForm) -> Response:
    head = responses.head(here.session, here.actor, assessment_id)
    told = queries.told(here.session, here.actor, assessment_id, now=here.now)
    return pages.page("vendor/tender.html", form=form, head=head, told=told)
