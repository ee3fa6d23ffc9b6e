"""What a vendor disputes: its words, what was seen, and our answer."""

from datetime import timedelta

from flask import Response
from wtforms import DateField, HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.db.models.disputes import DisputeState
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.evidence import evidence
from portal.services.scans import disputes
from portal.services.vendors import vendors
from portal.web import forms, pages
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from scanners import catalogue

UPHELD, REJECTED = "upheld", "rejected"
USUAL = timedelta(days=182)


class AnswerForm(forms.Form):
    """Our answer to one dispute."""

    dispute = HiddenField(validators=[InputRequired()])
    verdict = RadioField(_l("Do we agree?"), validators=[InputRequired(_l("Choose one."))])
    valid_until = DateField(
        _l("Agreed until"),
        [Optional()],
        description=_l("Then the finding counts again, or when something else is seen."),
    )
    text = TextAreaField(
        _l("Our answer"),
        [InputRequired(_l("Say in a sentence why.")), Length(max=disputes.LONGEST_TEXT)],
        filters=[forms.stripped],
    )


@hospital.get("/vendors/<vendor_id>/disputes", roles=EVERY_HOSPITAL_ROLE)
def vendor_disputes(here: HospitalJourney, vendor_id: str) -> Response:
    """Everything the vendor disputes, what waits first."""
    return _page(here, vendor_id, None)


@hospital.post("/vendors/<vendor_id>/disputes/answer", roles=HOSPITAL_WRITERS)
def answer_dispute(here: HospitalJourney, vendor_id: str) -> Response:
    """Agree until a day, or let the finding stand; the company gets a mail."""
    form = _offered(AnswerForm.sent())
    if form.validate():
        with form.refusals(here.session):
            disputes.answer(
                here.session,
                here.actor,
                vendor_id,
                str(form["dispute"].data),
                is_upheld=form["verdict"].data == UPHELD,
                text=str(form["text"].data),
                valid_until=form["valid_until"].data,
                now=here.now,
                base_url=here.settings.public_base_url,
            )
            here.notice(_("Answered. The vendor gets a mail."))
            return pages.see_other("hospital.vendor_disputes", vendor_id=vendor_id)
    return _page(here, vendor_id, form)


def _offered(form: AnswerForm) -> AnswerForm:
    form["valid_until"].flags.required = True  # where we agree; where we do not, the day that stands there says nothing
    form.offer("verdict", [(UPHELD, _("Yes, it scores nothing until the day below")), (REJECTED, _("No, it stands"))])
    return form


def _page(here: HospitalJourney, vendor_id: str, sent: AnswerForm | None) -> Response:
    found = vendors.find(here.session, here.actor, vendor_id)
    rows = disputes.of_vendor(here.session, here.actor, vendor_id, now=here.now)
    offered = {}
    for number, one in enumerate(rows, start=1):
        if one.state is not DisputeState.OPEN or here.role not in HOSPITAL_WRITERS:
            continue
        is_this = sent is not None and sent["dispute"].data == one.id
        form = sent if is_this else AnswerForm.offered(dispute=one.id, valid_until=here.today + USUAL)
        assert form is not None
        _offered(form)
        for each in form:  # one form each, so one id each
            each.id = f"{each.name}-{number}"
        offered[one.id] = form
    return pages.page(
        "hospital/vendor_disputes.html",
        **tabs.frame(here, found, "disputes"),
        disputes=rows,
        documents=(documents := disputes.documents(here.session, rows)),
        confidential=evidence.confidential(here.session, list(documents)),
        finding_of=disputes.finding_of,
        checks=catalogue.CHECKS,
        reasons=disputes.REASONS,
        states=disputes.STATES,
        open_state=DisputeState.OPEN,
        taken_back=DisputeState.TAKEN_BACK,
        form=sent,
        forms=offered,
    )
