"""Campaigns: choose vendors from the table, look at what each would be asked and sent, send, see who got it."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from wtforms import BooleanField, DateField, HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.db.models.campaigns import Campaign
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.rounds import campaigns, catalogues, reasons
from portal.services.rounds.campaigns import Prepared
from portal.services.vendors import portfolio, vendors
from portal.services.vendors.portfolio import PortfolioRow
from portal.web import filters, forms, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from reports import marks

SHOWN = 200  # vendors on a page of choices
PREPARED = 50  # vendors of a draft on one page
CHOICES_LIMIT = 2 * 2**20
MOST_MARKED = 200
LONGEST_MARKED = 30 * MOST_MARKED  # letters of their ids


class ChooseForm(forms.Form):
    """Which vendors."""

    vendors = SelectMultipleField(_l("Vendors"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    all_that_fit = BooleanField(_l("All that fit the filters and can be invited"))
    q = HiddenField()
    tier = HiddenField()
    grade = HiddenField()
    only = HiddenField()  # ids that were marked in the vendor list


class PlanForm(forms.Form):
    """Name, day, a paragraph of one's own."""

    name = StringField(
        _l("Name of the campaign"), [InputRequired(_l("Give the campaign a name.")), Length(max=200)],
        filters=[forms.stripped],
    )  # fmt: skip
    due_on = DateField(_l("Due on"), [InputRequired(_l("Choose a day."))])
    message = TextAreaField(
        _l("A paragraph of your own"),
        [Length(max=4000)],
        filters=[forms.stripped],
        description=_l("Stands in the mail after the reason for asking."),
    )
    version = HiddenField()


class VendorForm(forms.Form):
    """One vendor to leave out."""

    vendor = HiddenField()


class SwitchForm(forms.Form):
    """Stop, or let go on."""

    stopped = HiddenField()


@hospital.get("/assessments/campaigns/new", roles=HOSPITAL_WRITERS)
def choose_vendors(here: HospitalJourney) -> Response:
    """Every vendor that fits the filters, with the reason where it cannot be invited."""
    marked = request.args.getlist("vendor")[:MOST_MARKED]
    chosen = {**_filters(request.args), **({"only": ",".join(marked)} if marked else {})}
    return _choose_page(here, chosen, ChooseForm.offered(vendors=marked))


@hospital.post("/assessments/campaigns/new", roles=HOSPITAL_WRITERS, body_limit=CHOICES_LIMIT)
def draft_campaign(here: HospitalJourney) -> Response:
    """Make a draft of the chosen ones."""
    form = ChooseForm.offered()
    chosen = _filters(request.form)
    rows = _rows(here, chosen)
    form.offer("vendors", [(row.vendor.id, row.vendor.name) for row in rows])
    form.process(request.form)
    form.refuse_strangers()
    if form.validate():
        with form.refusals(here.session):
            picked = rows if form["all_that_fit"].data else campaigns.only(rows, form["vendors"].data or [])
            name = _("Campaign of %(day)s", day=filters.day(here.now))
            campaign = campaigns.draft(here.session, here.actor, picked, name=name, now=here.now)
            return pages.see_other("hospital.campaign", campaign_id=campaign.id)
    return _choose_page(here, chosen, form)


def _filters(sent: Mapping[str, str]) -> dict[str, str]:
    short = {name: sent.get(name, "")[:100] for name in ("q", "tier", "grade")}
    return {**short, "only": sent.get("only", "")[:LONGEST_MARKED]}


def _rows(here: HospitalJourney, chosen: dict[str, str]) -> Sequence[PortfolioRow]:
    found = portfolio.rows(here.session, here.actor, words=chosen["q"])
    marked = set(chosen["only"].split(",")) if chosen["only"] else None
    return [
        row
        for row in found
        if _fits(row, chosen["tier"], chosen["grade"]) and (marked is None or row.vendor.id in marked)
    ]


def _fits(row: PortfolioRow, tier: str, grade: str) -> bool:
    stands = (row.score.grade if row.score else None) or "none"
    return (not tier or str(row.tier or "none") == tier) and (not grade or stands == grade)


def _choose_page(here: HospitalJourney, chosen: dict[str, str], form: forms.Form) -> Response:
    rows = _rows(here, chosen)
    reasons = {row.vendor.id: campaigns.why_not(row) for row in rows}
    ordered = sorted(rows, key=lambda row: (reasons[row.vendor.id] is not None, row.vendor.name.casefold()))
    return pages.page(
        "hospital/choose_vendors.html",
        form=form,
        rows=ordered[:SHOWN],
        is_bare=not rows and not portfolio.rows(here.session, here.actor),
        reasons=reasons,
        count=len(rows),
        able=sum(reason is None for reason in reasons.values()),
        shown=SHOWN,
        picked=set(form["vendors"].data or ()),
        chosen=chosen,
    )


@hospital.get("/assessments/campaigns/<campaign_id>", roles=EVERY_HOSPITAL_ROLE)
def campaign(here: HospitalJourney, campaign_id: str) -> Response:
    """A draft with what each would be sent; afterwards, who got it and who not."""
    found = campaigns.find(here.session, here.actor, campaign_id)
    return _campaign_page(here, found, _offered(found))


@hospital.get("/assessments/campaigns/<campaign_id>/progress", roles=EVERY_HOSPITAL_ROLE)
def campaign_progress(here: HospitalJourney, campaign_id: str) -> Response:
    """The part of the page that follows the sending."""
    found = campaigns.find(here.session, here.actor, campaign_id)
    return pages.page("hospital/campaign_sent.html", **_sent(here, found))


@hospital.post("/assessments/campaigns/<campaign_id>", roles=HOSPITAL_WRITERS)
def plan_campaign(here: HospitalJourney, campaign_id: str) -> Response:
    """Change name, day and paragraph."""
    found = campaigns.find(here.session, here.actor, campaign_id)
    form = PlanForm.sent()
    if form.validate():
        with form.refusals(here.session):
            campaigns.plan(
                here.session,
                here.actor,
                campaign_id,
                name=form["name"].data,
                due_on=form["due_on"].data,
                message=form["message"].data or "",
                version=forms.version(form["version"].data),
                now=here.now,
            )
            here.notice(_("Saved."))
            return pages.see_other("hospital.campaign", campaign_id=campaign_id)
    return _campaign_page(here, found, form)


@hospital.post("/assessments/campaigns/<campaign_id>/leave-out", roles=HOSPITAL_WRITERS)
def leave_out_of_campaign(here: HospitalJourney, campaign_id: str) -> Response:
    """One vendor fewer."""
    form = VendorForm.sent()
    campaigns.leave_out(here.session, here.actor, campaign_id, form["vendor"].data or "")
    return pages.see_other("hospital.campaign", campaign_id=campaign_id)


@hospital.post("/assessments/campaigns/<campaign_id>/discard", roles=HOSPITAL_WRITERS)
def discard_campaign(here: HospitalJourney, campaign_id: str) -> Response:
    """Throw the draft away."""
    campaigns.discard(here.session, here.actor, campaign_id, now=here.now)
    here.notice(_("The draft is gone; nobody was written to."))
    return pages.see_other("hospital.board")


@hospital.post("/assessments/campaigns/<campaign_id>/send", roles=HOSPITAL_WRITERS)
def send_campaign(here: HospitalJourney, campaign_id: str) -> Response:
    """Let it go out."""
    campaigns.start(here.session, here.actor, campaign_id, now=here.now)
    here.notice(_("The campaign is going out."))
    return pages.see_other("hospital.campaign", campaign_id=campaign_id)


@hospital.post("/assessments/campaigns/<campaign_id>/reminders", roles=HOSPITAL_WRITERS)
def switch_campaign_reminders(here: HospitalJourney, campaign_id: str) -> Response:
    """Stop the reminders of all its vendors, or let them go on."""
    stopped = SwitchForm.sent()["stopped"].data == "1"
    campaigns.switch_reminders(here.session, here.actor, campaign_id, stopped=stopped, now=here.now)
    here.notice(_("No reminders go out for this campaign.") if stopped else _("Reminders go out again."))
    return pages.see_other("hospital.campaign", campaign_id=campaign_id)


@hospital.get("/assessments/campaigns/<campaign_id>/mails/<vendor_id>", roles=EVERY_HOSPITAL_ROLE)
def campaign_mail(here: HospitalJourney, campaign_id: str, vendor_id: str) -> Response:
    """The mail as this vendor would have it."""
    found = campaigns.find(here.session, here.actor, campaign_id)
    in_it = [seat.vendor_id for seat in campaigns.seats(here.session, found)]
    vendor = vendors.find(here.session, here.actor, vendor_id)
    if vendor_id not in in_it:
        raise NotFound
    one = campaigns.prepared(here.session, here.actor, found, vendor, now=here.now)
    place = in_it.index(vendor_id)
    return pages.page(
        "hospital/campaign_mail.html",
        campaign=found,
        one=one,
        letter=campaigns.preview(here.session, found, one, now=here.now),
        before=in_it[place - 1] if place else None,
        after=in_it[place + 1] if place + 1 < len(in_it) else None,
    )


def _offered(found: Campaign) -> forms.Form:
    return PlanForm.offered(name=found.name, due_on=found.due_on, message=found.message, version=str(found.version))


def _sent(here: HospitalJourney, found: Campaign) -> dict[str, Any]:
    return {
        "campaign": found,
        "seats": campaigns.seats(here.session, found),
        "count": campaigns.counts(here.session, found.hospital_id).get(found.id),
        "is_live": found.started_at is not None and found.finished_at is None,
        "reason_of": lambda seat: _(seat.reason, **(seat.reason_values or {})) if seat.reason else "",
        "may_write": here.role in HOSPITAL_WRITERS,
    }


def _campaign_page(here: HospitalJourney, found: Campaign, form: forms.Form) -> Response:
    if found.started_at is not None:
        return pages.page("hospital/campaign.html", **_sent(here, found))
    seats = campaigns.seats(here.session, found)
    start = forms.version(request.args.get("from"))
    shown: list[Prepared] = [
        campaigns.prepared(here.session, here.actor, found, seat.vendor, now=here.now)
        for seat in seats[start : start + PREPARED]
    ]
    return pages.page(
        "hospital/campaign_draft.html",
        campaign=found,
        form=form,
        shown=shown,
        count=len(seats),
        start=start,
        page_length=PREPARED,
        sets=marks.QUESTION_SETS,
        doubts=reasons.DOUBTS,
        titles={offer.name: offer.title for offer in catalogues.offered(here.session, here.actor)},
        may_write=here.role in HOSPITAL_WRITERS,
    )
