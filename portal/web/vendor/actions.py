"""Actions that hospitals have agreed on with the company: what is to be done, and the word that it is."""

from flask import Response
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actions import actions as actions_service
from portal.services.actions.actions import TO_DO
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import responses
from portal.services.evidence import evidence
from portal.services.registers import dossiers
from portal.web import forms, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor.room import vendor


class ReportForm(forms.Form):
    """What shows that an action is done."""

    action = HiddenField(validators=[InputRequired()])
    text = TextAreaField(
        _l("What shows that it is done"),
        [InputRequired(_l("Say in a few words what shows that it is done.")), Length(max=actions_service.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("A few words, a new scan, or a document below."),
    )
    evidence_id = SelectField(_l("A document that shows it"), validators=[Optional()])


@vendor.get("/rounds/<assessment_id>/actions", roles=COMPANY_LEADERS)
def actions(here: CompanyJourney, assessment_id: str) -> Response:
    """What is to be done until when, and what was."""
    return _page(here, assessment_id, None)


@vendor.post("/rounds/<assessment_id>/actions/report", roles=COMPANY_LEADERS)
def report_action(here: CompanyJourney, assessment_id: str) -> Response:
    """Say that one is done; the hospital confirms it or sends it back."""
    form = ReportForm.sent()
    _with_documents(here, assessment_id, form)
    if form.validate():
        with form.refusals(here.session):
            actions_service.report(
                here.session,
                here.actor,
                assessment_id,
                str(form["action"].data),
                text=str(form["text"].data),
                evidence_id=str(form["evidence_id"].data or ""),
                now=here.now,
            )
            here.notice(_("The hospital reads that it is done, and confirms it or asks back."))
            return pages.see_other("vendor.actions", assessment_id=assessment_id)
    return _page(here, assessment_id, form)


def _with_documents(here: CompanyJourney, assessment_id: str, form: ReportForm) -> None:
    known = evidence.of_round(here.session, here.actor, assessment_id, now=here.now)
    form.offer("evidence_id", [("", _("no document")), *((one.id, one.name) for one in known)])


def _page(here: CompanyJourney, assessment_id: str, sent: ReportForm | None) -> Response:
    head = responses.head(here.session, here.actor, assessment_id)
    rows = actions_service.of_round(here.session, here.actor, assessment_id)
    dossier = dossiers.build_for_company(here.session, here.company.id, assessment_id, now=here.now)
    offered = {}
    for number, row in enumerate(rows, start=1):
        if row.standing not in TO_DO:
            continue
        is_this = sent is not None and sent["action"].data == row.action.id
        form = sent if is_this else ReportForm.offered(action=row.action.id)
        assert form is not None
        _with_documents(here, assessment_id, form)
        for each in form:  # one form each, so one id each
            each.id = f"{each.name}-{number}"
        offered[row.action.id] = form
    return pages.page(
        "vendor/actions.html",
        form=sent,
        forms=offered,
        head=head,
        rows=rows,
        today=here.today,
        rechecks=actions_service.rechecks(rows, dossier),
        standings=actions_service.STANDINGS,
        documents={
            one.id: one.name for one in evidence.of_round(here.session, here.actor, assessment_id, now=here.now)
        },
    )
