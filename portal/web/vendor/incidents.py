"""Incidents of the company: reported to its hospitals unasked, word by word, with clocks; and the sheet for paper."""

from flask import Response
from wtforms import DateTimeLocalField, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput

from portal import i18n
from portal.db.models.incidents import IncidentStage
from portal.errors import NotNow
from portal.files import guarding
from portal.files.blobs import Blobs
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import printing
from portal.services.actors import COMPANY_LEADERS
from portal.services.evidence import evidence
from portal.services.incidents import flashes, incident_clocks, incident_sheets
from portal.services.incidents import incidents as incidents_service
from portal.services.incidents.incidents import Report, WordFields
from portal.web import forms, incident_words, pages, uploads
from portal.web.journey import CompanyJourney
from portal.web.uploads import Looked
from portal.web.vendor.room import vendor
from reports import incident_sheet as document
from reports import pages as documents
from reports.reader import Reader
from scanners.model import N_, Message

AFFECTED, CHOSEN, NOBODY = "affected", "chosen", "nobody"
LONG = [Length(max=incidents_service.LONGEST_TEXT)]
SHORT = [Length(max=incidents_service.LONGEST_CONTACT)]
RECENT = 100  # incidents on the page


class WordForm(forms.Form):
    """What the company says at one moment."""

    sequence = HiddenField()
    stage = RadioField(_l("Which word is this?"), validators=[InputRequired(_l("Choose one."))])
    what = TextAreaField(
        _l("What has happened"),
        [InputRequired(_l("Say what has happened, as far as you know.")), *LONG],
        filters=[forms.stripped],
        description=_l("As far as you know. All hospitals you choose read the same words, so name no other customer."),
    )
    since = StringField(_l("Since when"), SHORT, filters=[forms.stripped], description=_l("When it began, if known."))
    products = TextAreaField(
        _l("Affected products and services"),
        LONG,
        filters=[forms.stripped],
        description=_l("With versions, as far as you know."),
    )
    effect = TextAreaField(
        _l("Effect on the operation of the hospital and on patients"), LONG, filters=[forms.stripped]
    )
    personal_data = TextAreaField(
        _l("Personal data"),
        LONG,
        filters=[forms.stripped],
        description=_l("Whose, which, how many; or that none are concerned."),
    )
    malicious = RadioField(_l("Is an unlawful or malicious act suspected?"))
    abroad = RadioField(_l("May other countries be affected?"))
    severity = TextAreaField(_l("First assessment of the severity"), LONG, filters=[forms.stripped])
    traces = TextAreaField(_l("Traces to look for (indicators of compromise)"), LONG, filters=[forms.stripped])
    cause = TextAreaField(_l("Kind and likely cause"), LONG, filters=[forms.stripped])
    measures = TextAreaField(_l("What was done and is being done"), LONG, filters=[forms.stripped])
    advice = TextAreaField(_l("What we ask the hospital to do now"), LONG, filters=[forms.stripped])
    contact_name = StringField(
        _l("Who can be reached now"),
        [InputRequired(_l("Name somebody whom the hospital can reach now.")), *SHORT],
        filters=[forms.stripped],
    )
    contact_phone = StringField(_l("Telephone"), SHORT, filters=[forms.stripped])
    contact_email = StringField(_l("Mail"), SHORT, filters=[forms.stripped])
    next_at = DateTimeLocalField(
        _l("When the next word comes"),
        validators=[Optional()],
        description=_l("Time in Germany. Not with a final report."),
    )
    also = SelectMultipleField(
        _l("Tell these hospitals as well"),
        option_widget=CheckboxInput(),
        description=_l("They read all that was said so far."),
    )


class ReportForm(WordForm):
    """A new incident."""

    title = StringField(
        _l("In a few words"),
        [InputRequired(_l("Say in a few words what it is about.")), Length(max=incidents_service.LONGEST_TITLE)],
        filters=[forms.stripped],
    )
    known_at = DateTimeLocalField(
        _l("Since when do you know of it?"),
        [InputRequired(_l("Enter a moment within the last year, not in the future."))],
        description=_l("Time in Germany. The clocks count from here."),
    )
    supplies = SelectMultipleField(_l("Which products are concerned?"), option_widget=CheckboxInput())
    reach = RadioField(_l("Who is told?"), validators=[InputRequired(_l("Choose one."))])
    hospitals = SelectMultipleField(_l("These hospitals"), option_widget=CheckboxInput())


class AttachForm(forms.Form):
    """Beside which answer the sheet is to lie."""

    place = HiddenField(validators=[InputRequired()])


@vendor.get("/incidents", roles=COMPANY_LEADERS)
def incidents(here: CompanyJourney) -> Response:
    """What was reported, what hospitals ask, and the sheet."""
    return pages.page(
        "vendor/incidents.html",
        reports=incidents_service.own(here.session, here.actor, now=here.now)[:RECENT],
        questions=flashes.of_company(here.session, here.actor)[:RECENT],
        words=incident_clocks.WORDS,
        standings=flashes.STANDINGS,
    )


@vendor.get("/incidents/report", roles=COMPANY_LEADERS)
def report_incident(here: CompanyJourney) -> Response:
    """The form; nobody is told before it is sent."""
    wall = incident_clocks.on_the_wall
    form = ReportForm.offered(
        stage=IncidentStage.EARLY.value,
        reach=AFFECTED,
        known_at=wall(here.now),
        next_at=wall(here.now + incident_clocks.FIRST),
        malicious=incidents_service.UNKNOWN,
        abroad=incidents_service.UNKNOWN,
        contact_name=here.person.name,
        contact_email=here.person.email,
    )
    return _report_page(here, form)


@vendor.post("/incidents/report", roles=COMPANY_LEADERS)
def send_incident(here: CompanyJourney) -> Response:
    """Tell the hospitals that were chosen; each gets a mail at once."""
    form = _with_choices(here, ReportForm.sent())
    if form.validate():
        with form.refusals(here.session):
            reach = str(form["reach"].data)
            made = incidents_service.report(
                here.session,
                here.actor,
                title=str(form["title"].data),
                known_at=incident_clocks.from_the_wall(form["known_at"].data),
                stage=IncidentStage(str(form["stage"].data)),
                word=_word(form),
                supply_ids=[value.partition(":")[2] for value in form["supplies"].data or ()],
                assessment_ids=(form["hospitals"].data or ()) if reach == CHOSEN else None,
                is_exercise=reach == NOBODY,
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(
                _("Kept as an exercise. Nobody was told.")
                if made.is_exercise
                else _("The hospitals have been told, by mail and on their first page.")
            )
            return pages.see_other("vendor.incident", incident_id=made.id)
    return _report_page(here, form)


@vendor.get("/incidents/<incident_id>", roles=COMPANY_LEADERS)
def incident(here: CompanyJourney, incident_id: str) -> Response:
    """One incident: its clocks, what was said, who confirmed it, and the form of the next word."""
    found = incidents_service.of_company(here.session, here.actor, incident_id, now=here.now)
    return _page(here, found, _next_form(here, found))


@vendor.post("/incidents/<incident_id>/words", roles=COMPANY_LEADERS)
def add_incident_word(here: CompanyJourney, incident_id: str) -> Response:
    """The next word; the hospitals get a mail."""
    found = incidents_service.of_company(here.session, here.actor, incident_id, now=here.now)
    form = _with_stages(here, found, WordForm.sent())
    if form.validate():
        with form.refusals(here.session):
            incidents_service.add_word(
                here.session,
                here.actor,
                incident_id,
                IncidentStage(str(form["stage"].data)),
                _word(form),
                sequence=forms.version(form["sequence"].data),
                also=form["also"].data or (),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("Your word is there, and the hospitals get a mail."))
            return pages.see_other("vendor.incident", incident_id=incident_id)
    return _page(here, found, form)


@vendor.get("/incidents/<incident_id>/sheet", roles=COMPANY_LEADERS)
def incident_on_sheet(here: CompanyJourney, incident_id: str) -> Response:
    """The notification sheet filled from the incident, to read and to print."""
    found = incidents_service.of_company(here.session, here.actor, incident_id, now=here.now)
    sheet = incident_sheets.of_report(found)
    return pages.page(
        "vendor/incident_sheet.html",
        report=found,
        sheet=sheet,
        parts=document.PARTS,
        reader=_reader(here),
        words=incident_clocks.WORDS,
        terms=incident_clocks.TERMS,
        contents=incident_clocks.CONTENTS,
    )


@vendor.get("/incidents/<incident_id>/sheet.pdf", roles=COMPANY_LEADERS)
def incident_on_paper(here: CompanyJourney, incident_id: str) -> Response:
    """The same as PDF; no hospital is named in it."""
    found = incidents_service.of_company(here.session, here.actor, incident_id, now=here.now)
    html = document.html(incident_sheets.of_report(found), reader=_reader(here))
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    return pages.download(content, name=_sheet_name(here, found), media_type="application/pdf")


@vendor.post("/incidents/<incident_id>/attach", roles=COMPANY_LEADERS)
def attach_incident_sheet(here: CompanyJourney, incident_id: str) -> Response:
    """Lay the completed sheet beside an answer that asks for such a document."""
    form = AttachForm.sent()
    found = incidents_service.of_company(here.session, here.actor, incident_id, now=here.now)
    places = {one.name: one for one in incident_sheets.places(here.session, here.actor, found, now=here.now)}
    place = places.get(str(form["place"].data or ""))
    if not form.validate() or place is None:
        raise NotNow(Message(text=N_("This answer cannot take the sheet, or not any more.")))
    html = document.html(incident_sheets.of_report(found), reader=_reader(here))
    name = guarding.safe_name(_sheet_name(here, found))
    here.let_go()
    sheet = Looked(name=name, media_type="application/pdf", content=printing.pdf(html, style=documents.style()))
    shelf = Blobs(folder=here.settings.files_dir, keyring=here.keyring)
    with uploads.sealed(shelf, evidence.owner_of(here.company.id), sheet) as stored:
        incident_sheets.attach(here.session, here.actor, place, found, stored, now=here.now)
    here.notice(_("The sheet lies beside the answer, sealed under your company's key."))
    return pages.see_other("vendor.incident", incident_id=incident_id)


# ---- inside


def _reader(here: CompanyJourney) -> Reader:
    return Reader(language=here.language, translate=i18n.translator(here.language))


def _sheet_name(here: CompanyJourney, found: Report) -> str:
    word = _("Incident sheet")
    return f"{word} {found.incident.title[:60]} {here.today:%Y-%m-%d}.pdf"


def _word(form: WordForm) -> WordFields:
    next_at = form["next_at"].data
    return WordFields(
        **{name: str(form[name].data or "") for name in (*incidents_service.TEXTS, *_CONTACT)},
        malicious=str(form["malicious"].data or incidents_service.UNKNOWN),
        abroad=str(form["abroad"].data or incidents_service.UNKNOWN),
        next_at=incident_clocks.from_the_wall(next_at) if next_at else None,
    )


_CONTACT = ("contact_name", "contact_phone", "contact_email")


def _next_form(here: CompanyJourney, found: Report) -> WordForm | None:
    if found.is_closed:
        return None
    last = incidents_service.fields_of(found.last)
    clock = found.next_clock
    due = max(clock.due_at, here.now + incident_clocks.SOON) if clock else here.now + incident_clocks.FIRST
    form = WordForm.offered(
        sequence=str(found.last.sequence),
        stage=found.stages_left[0].value,
        next_at=incident_clocks.on_the_wall(due),
        malicious=last.malicious,
        abroad=last.abroad,
        **{name: getattr(last, name) for name in _CONTACT},
    )
    return _with_stages(here, found, form)


def _with_stages(here: CompanyJourney, found: Report, form: WordForm) -> WordForm:
    form.offer("stage", [(stage.value, _(incident_clocks.WORDS[stage])) for stage in found.stages_left])
    _with_suspicions(form)
    told = {
        (one.addressee.hospital_id, one.addressee.vendor_id)
        for one in incidents_service.told(here.session, here.actor, found.incident.id)
    }
    further = [
        link
        for link in incidents_service.links(here.session, here.actor)
        if (link.hospital_id, link.vendor_id) not in told
    ]
    form.offer("also", [(link.assessment_id, link.hospital) for link in further])
    return form


def _with_suspicions(form: WordForm) -> None:
    for name in ("malicious", "abroad"):
        form.offer(name, [(value, _(word)) for value, word in incidents_service.SUSPICIONS.items()])


def _with_choices(here: CompanyJourney, form: ReportForm) -> ReportForm:
    links = incidents_service.links(here.session, here.actor)
    stages = (IncidentStage.EARLY, IncidentStage.NOTIFICATION)
    form.offer("stage", [(stage.value, _(incident_clocks.WORDS[stage])) for stage in stages])
    _with_suspicions(form)
    form.offer(
        "supplies",
        [
            (f"{link.assessment_id}:{key}", f"{name} ({link.hospital})")
            for link in links
            for key, name in link.supplies.items()
        ],
    )
    form.offer(
        "reach",
        [
            (AFFECTED, _("all hospitals that have one of these products")),
            (CHOSEN, _("only the hospitals chosen here")),
            (NOBODY, _("nobody: this is an exercise, or the sheet for my own files")),
        ],
    )
    form.offer("hospitals", [(link.assessment_id, link.hospital) for link in links])
    form.offer("also", [])
    return form


def _report_page(here: CompanyJourney, form: ReportForm) -> Response:
    _with_choices(here, form)
    return pages.page(
        "vendor/report_incident.html",
        form=form,
        duties=incident_words.DUTIES,
        terms=incident_clocks.TERMS,
        contents=incident_clocks.CONTENTS,
        words=incident_clocks.WORDS,
        stages=incident_clocks.STAGES,
    )


def _page(here: CompanyJourney, found: Report, form: WordForm | None) -> Response:
    return pages.page(
        "vendor/incident.html",
        form=form,
        report=found,
        told=incidents_service.told(here.session, here.actor, found.incident.id),
        places=incident_sheets.places(here.session, here.actor, found, now=here.now),
        said={word.id: incidents_service.fields_of(word) for word in found.words},
        duties=incident_words.DUTIES,
        lines=incidents_service.TEXTS,
        suspicions=incidents_service.SUSPICIONS,
        words=incident_clocks.WORDS,
        terms=incident_clocks.TERMS,
        contents=incident_clocks.CONTENTS,
        clock_words=incident_words.STANDINGS,
    )
