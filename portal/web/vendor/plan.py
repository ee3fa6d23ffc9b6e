"""The company's plan for 30, 60 and 90 days: worked out, edited in its own words, printed, offered if it likes."""

from flask import Response, request
from wtforms import DateField, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from assessments import effort
from portal import i18n
from portal.db.models.plans import PlanLine, PlanState
from portal.errors import Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import printing
from portal.services.actions import actions, plans
from portal.services.actions.plans import Line, LineFields
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import responses
from portal.web import forms, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor.room import vendor
from reports import pages as documents
from reports import plan as plan_document
from reports.reader import Reader


class LineForm(forms.Form):
    """One line of the plan."""

    key = HiddenField()
    version = HiddenField()
    title = StringField(_l("What is to be done"), [Length(max=plans.LONGEST_TITLE)], filters=[forms.stripped])
    owner = StringField(_l("Who"), [Length(max=200)], filters=[forms.stripped])
    due_on = DateField(_l("Until when"), [Optional()])
    state = RadioField(_l("Standing"), validators=[InputRequired(_l("Choose one."))])
    proof = TextAreaField(
        _l("What shows it"),
        [Length(max=plans.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("A document, a new scan, a few words. Needed once the line is done."),
    )


class OfferForm(forms.Form):
    """Which lines the hospital is to read."""

    keys = SelectMultipleField()
    note = TextAreaField(_l("A word to the hospital"), [Length(max=plans.LONGEST_TEXT)], filters=[forms.stripped])


@vendor.get("/rounds/<assessment_id>/plan", roles=COMPANY_LEADERS)
def plan(here: CompanyJourney, assessment_id: str) -> Response:
    """What to mend first, and what it gains."""
    return _page(here, assessment_id, OfferForm.offered())


@vendor.post("/rounds/<assessment_id>/plan/offer", roles=COMPANY_LEADERS)
def offer_plan(here: CompanyJourney, assessment_id: str) -> Response:
    """Show chosen lines to the hospital, as they are now."""
    form = _with_keys(here, assessment_id, OfferForm.sent())
    if form.validate():
        with form.refusals(here.session):
            plans.offer(
                here.session,
                here.actor,
                assessment_id,
                form["keys"].data or (),
                note=str(form["note"].data or ""),
                now=here.now,
            )
            here.notice(_("The hospital can read these lines now. What it agrees to becomes an action for both sides."))
            return pages.see_other("vendor.plan", assessment_id=assessment_id)
    return _page(here, assessment_id, form)


@vendor.get("/rounds/<assessment_id>/plan/line", roles=COMPANY_LEADERS)
def plan_line(here: CompanyJourney, assessment_id: str) -> Response:
    """The form of one line; without a key it is a new one of their own."""
    line = _line(here, assessment_id, request.args.get("key", ""))
    written = line.written if line else None
    form = LineForm.offered(
        key=line.key if line else "",
        version=str(line.version if line else 0),
        title=(written.title if written else "") or "",
        owner=written.owner if written else "",
        due_on=written.due_on if written else None,
        state=(written.state if written else PlanState.OPEN).value,
        proof=written.proof if written else "",
    )
    return _line_page(here, assessment_id, form, line)


@vendor.post("/rounds/<assessment_id>/plan/line", roles=COMPANY_LEADERS)
def write_plan_line(here: CompanyJourney, assessment_id: str) -> Response:
    """Keep what was written about a line, unless somebody else was quicker."""
    form = LineForm.sent()
    line = _line(here, assessment_id, str(form["key"].data or ""))
    _with_states(form)
    if form.validate():
        try:
            with form.refusals(here.session):
                fields = LineFields(
                    title=str(form["title"].data or ""),
                    owner=str(form["owner"].data or ""),
                    due_on=form["due_on"].data,
                    proof=str(form["proof"].data or ""),
                    state=PlanState(str(form["state"].data)),
                )
                key = line.key if line else ""
                version = forms.version(form["version"].data)
                plans.save(here.session, here.actor, assessment_id, key, fields, version=version, now=here.now)
                here.notice(_("Saved."))
                return pages.see_other("vendor.plan", assessment_id=assessment_id)
        except Clash as clash:  # what was typed stays in the fields, beside what stands now
            form.form_errors.append(clash.message.render(_))
            stands = _line(here, assessment_id, line.key if line else "")
            form["version"].data = str(stands.version if stands else 0)
            return _line_page(here, assessment_id, form, stands, stands=stands.written if stands else None)
    return _line_page(here, assessment_id, form, line)


@vendor.get("/rounds/<assessment_id>/plan.pdf", roles=COMPANY_LEADERS)
def plan_on_paper(here: CompanyJourney, assessment_id: str) -> Response:
    """The same on paper."""
    made = plans.build(here.session, here.actor, assessment_id, now=here.now)
    sheet = plan_document.Sheet(
        company=here.company.name,
        at=here.now,
        value=made.value,
        periods=tuple((days, tuple(map(_printed, made.period(days)))) for days in effort.PERIODS),
        closed=tuple(map(_printed, made.closed)),
    )
    html = plan_document.html(sheet, reader=Reader(language=here.language, translate=i18n.translator(here.language)))
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    word = _("Plan")
    name = f"{word} {here.company.name} {here.today:%Y-%m-%d}.pdf"
    return pages.download(content, name=name, media_type="application/pdf")


def _printed(line: Line) -> plan_document.Row:
    language, written = i18n.language(), line.written
    return plan_document.Row(
        title=line.title(language),
        advice=line.words("advice", language),
        places=tuple(line.document["places"]),
        severity=str(line.document["severity"]),
        part=str(line.document["part"]),
        points=line.points,
        effort=line.words("effort", language),
        days=line.document["days"],
        owner=written.owner if written else "",
        due_on=written.due_on if written else None,
        proof=(written.proof if written else "") or line.words("proof", language),
        is_done=line.state is PlanState.DONE,
    )


def _line(here: CompanyJourney, assessment_id: str, key: str) -> Line | None:
    if not key:
        responses.find(here.session, here.actor, assessment_id)
        return None
    if len(key) > plans.LONGEST_TITLE:
        raise NotFound
    return plans.build(here.session, here.actor, assessment_id, now=here.now).find(key)


def _with_states(form: LineForm) -> None:
    form.offer("state", [(state.value, _(word)) for state, word in plans.STATES.items()])


def _with_keys(here: CompanyJourney, assessment_id: str, form: OfferForm) -> OfferForm:
    made = plans.build(here.session, here.actor, assessment_id, now=here.now)
    form.offer("keys", [(line.key, line.title(i18n.language())) for line in made.open])
    return form


def _line_page(
    here: CompanyJourney, assessment_id: str, form: LineForm, line: Line | None, *, stands: PlanLine | None = None
) -> Response:
    _with_states(form)
    form["title"].flags.required = line is None or line.is_own
    return pages.page(
        "vendor/plan_line.html",
        form=form,
        line=line,
        stands=stands,
        states=plans.STATES,
        head=responses.head(here.session, here.actor, assessment_id),
    )


def _page(here: CompanyJourney, assessment_id: str, form: OfferForm) -> Response:
    made = plans.build(here.session, here.actor, assessment_id, now=here.now)
    form.offer("keys", [(line.key, line.title(i18n.language())) for line in made.open])
    agreed = {row.action.source_key: row for row in actions.of_round(here.session, here.actor, assessment_id)}
    return pages.page(
        "vendor/plan.html",
        form=form,
        made=made,
        periods=effort.PERIODS,
        classes=effort.current().classes.values(),
        each_further=effort.current().each_further,
        placing=[(severity.value, places) for severity, places in effort.current().placing.items()],
        agreed=agreed,
        standings=actions.STANDINGS,
        states=plans.STATES,
        chosen=set(form["keys"].data or ()),
        head=responses.head(here.session, here.actor, assessment_id),
    )
