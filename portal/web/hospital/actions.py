"""Actions of a vendor: what it offered, what was agreed on, what it reported as done, and our word to it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from flask import Response, request
from wtforms import DateField, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from assessments.model import Assessed
from portal import i18n
from portal.db.models.plans import ActionSource
from portal.errors import BadInput, Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actions import actions as actions_service
from portal.services.actions.actions import ActionFields, ActionRow, Standing, Verdict
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.evidence import evidence
from portal.services.registers import registers
from portal.services.vendors import vendors
from portal.web import filters, forms, pages
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from scanners.catalogue import CHECKS
from scanners.model import Outcome, Severity

TAKE, DECLINE = "take", "decline"
LACKING = frozenset({Outcome.FAIL, Outcome.WARN})


class OfferForm(forms.Form):
    """What we say to the lines the vendor offered."""

    keys = SelectMultipleField()
    verdict = RadioField(_l("What about the ticked lines?"), validators=[InputRequired(_l("Choose one."))])
    remark = TextAreaField(
        _l("Remark"),
        [Length(max=actions_service.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("Needed where we do without a line; the vendor reads it."),
    )


class ActionForm(forms.Form):
    """A new action, or an offered line with another day."""

    source = HiddenField()
    key = HiddenField()
    title = StringField(_l("What is to be done"), [Length(max=actions_service.LONGEST_TITLE)], filters=[forms.stripped])
    advice = TextAreaField(_l("How"), [Length(max=actions_service.LONGEST_TEXT)], filters=[forms.stripped])
    proof = TextAreaField(_l("What shows it"), [Length(max=actions_service.LONGEST_TEXT)], filters=[forms.stripped])
    owner = StringField(_l("Who at the vendor"), [Length(max=200)], filters=[forms.stripped])
    due_on = DateField(_l("Until when"), [InputRequired(_l("Choose a day from today on, within three years."))])
    remark = TextAreaField(
        _l("Remark"),
        [Length(max=actions_service.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("The vendor reads it."),
    )


class AnswerForm(forms.Form):
    """Our word to one action."""

    action = HiddenField(validators=[InputRequired()])
    version = HiddenField()
    verdict = RadioField(_l("What do we say?"), validators=[InputRequired(_l("Choose one."))])
    due_on = DateField(_l("Until when"), [Optional()], description=_l("Only where another day is set."))
    remark = TextAreaField(
        _l("Remark"),
        [Length(max=actions_service.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("The vendor reads it. Needed for everything but a confirmation."),
    )


@hospital.get("/vendors/<vendor_id>/actions", roles=EVERY_HOSPITAL_ROLE)
def vendor_actions(here: HospitalJourney, vendor_id: str) -> Response:
    """What was offered, what is open, what was confirmed."""
    return _page(here, vendor_id, OfferForm.offered(verdict=TAKE), None)


@hospital.post("/vendors/<vendor_id>/actions/take", roles=HOSPITAL_WRITERS)
def take_offered_lines(here: HospitalJourney, vendor_id: str) -> Response:
    """Make actions of offered lines, or do without them."""
    form = _with_offer(here, vendor_id, OfferForm.sent())
    if form.validate():
        with form.refusals(here.session), _still_offered():
            keys, remark = form["keys"].data or (), str(form["remark"].data or "")
            if form["verdict"].data == TAKE:
                actions_service.take(
                    here.session, here.actor, vendor_id, keys, now=here.now, base_url=here.settings.public_base_url
                )
                here.notice(_("Agreed. Both sides see them as actions now, and the vendor gets a mail."))
            else:
                actions_service.decline(here.session, here.actor, vendor_id, keys, remark=remark, now=here.now)
                here.notice(_("Done without. The vendor reads why."))
            return pages.see_other("hospital.vendor_actions", vendor_id=vendor_id)
    return _page(here, vendor_id, form, None)


@hospital.get("/vendors/<vendor_id>/actions/add", roles=HOSPITAL_WRITERS)
def add_action(here: HospitalJourney, vendor_id: str) -> Response:
    """The form, filled from the finding, answer, contradiction or offered line that its address names."""
    source, key = _asked_for()
    known = _from(here, vendor_id, source, key)
    form = ActionForm.offered(
        source=source.value,
        key=key,
        title=known.title,
        advice=known.advice,
        proof=known.proof,
        owner=known.owner,
        due_on=known.due_on or here.today + actions_service.USUAL,
    )
    return _add_page(here, vendor_id, form, source)


@hospital.post("/vendors/<vendor_id>/actions/add", roles=HOSPITAL_WRITERS)
def set_action(here: HospitalJourney, vendor_id: str) -> Response:
    """Set it; the company gets a mail."""
    form = ActionForm.sent()
    source = _source(str(form["source"].data or ""))
    key = str(form["key"].data or "")
    try:
        known = _from(here, vendor_id, source, key)
    except NotFound:
        if source is not ActionSource.PLAN:
            raise
        known = ActionFields(title="", due_on=None)  # the service says that the line is gone
    if form.validate():
        with form.refusals(here.session), _still_offered():
            if source is ActionSource.PLAN:
                actions_service.take_with(
                    here.session,
                    here.actor,
                    vendor_id,
                    key,
                    due_on=form["due_on"].data,
                    remark=str(form["remark"].data or ""),
                    now=here.now,
                    base_url=here.settings.public_base_url,
                )
            else:
                actions_service.add(
                    here.session,
                    here.actor,
                    vendor_id,
                    _fields(form, known),
                    now=here.now,
                    base_url=here.settings.public_base_url,
                )
            here.notice(_("The action is set, and the vendor gets a mail."))
            return pages.see_other("hospital.vendor_actions", vendor_id=vendor_id)
    return _add_page(here, vendor_id, form, source)


@hospital.post("/vendors/<vendor_id>/actions/answer", roles=HOSPITAL_WRITERS)
def answer_action(here: HospitalJourney, vendor_id: str) -> Response:
    """Confirm, send back, drop, open again, set another day."""
    form = AnswerForm.sent()
    form.offer("verdict", [(verdict.value, _(word)) for verdict, word in actions_service.VERDICTS.items()])
    if form.validate():
        try:
            with form.refusals(here.session):
                actions_service.answer(
                    here.session,
                    here.actor,
                    vendor_id,
                    str(form["action"].data),
                    Verdict(str(form["verdict"].data)),
                    remark=str(form["remark"].data or ""),
                    due_on=form["due_on"].data,
                    version=forms.version(form["version"].data),
                    now=here.now,
                    base_url=here.settings.public_base_url,
                )
                here.notice(_("Saved."))
                return pages.see_other("hospital.vendor_actions", vendor_id=vendor_id)
        except Clash as refused:
            _tell_what_stands(here, vendor_id, form, refused)
    return _page(here, vendor_id, OfferForm.offered(verdict=TAKE), form)


def _tell_what_stands(here: HospitalJourney, vendor_id: str, form: AnswerForm, refused: Clash) -> None:
    """What was typed stays in the form, which from now on answers what stands."""
    rows = actions_service.of_vendor(here.session, here.actor, vendor_id)
    row = next((one for one in rows if one.action.id == form["action"].data), None)
    if row is None:
        raise refused
    form["version"].data = str(row.version)
    form.form_errors.append(
        _(
            "Somebody wrote to this action in the meantime. It now stands: %(standing)s, until %(day)s. Yours is not "
            "saved yet and stands in the form.",
            standing=_(actions_service.STANDINGS[row.standing]),
            day=filters.day(row.action.due_on),
        )
    )


@contextmanager
def _still_offered() -> Iterator[None]:
    """Of two who answer the same offered lines, the second reads so above what they typed."""
    try:
        yield
    except Clash as refused:
        raise BadInput({"": refused.message}) from refused


def _fields(form: ActionForm, known: ActionFields) -> ActionFields:
    return ActionFields(
        title=str(form["title"].data or ""),
        advice=str(form["advice"].data or ""),
        proof=str(form["proof"].data or ""),
        owner=str(form["owner"].data or ""),
        due_on=form["due_on"].data,
        remark=str(form["remark"].data or ""),
        source=known.source,
        source_key=known.source_key,
        severity=known.severity,
        part=known.part,
        places=known.places,
    )


def _asked_for() -> tuple[ActionSource, str]:
    return _source(request.args.get("source", "")), request.args.get("key", "")


def _source(word: str) -> ActionSource:
    return ActionSource(word) if word in set(ActionSource) else ActionSource.OWN


def _from(here: HospitalJourney, vendor_id: str, source: ActionSource, key: str) -> ActionFields:
    """What is known of the cause; what this hospital cannot see is not there."""
    language = i18n.language()
    vendors.find(here.session, here.actor, vendor_id)
    if source is ActionSource.OWN:
        return ActionFields(title="", due_on=None)
    if source is ActionSource.PLAN:
        for one in actions_service.offered(here.session, here.actor, vendor_id):
            if one.key == key:
                return ActionFields(
                    title=one.words("title", language),
                    advice=one.words("advice", language),
                    proof=one.words("proof", language),
                    owner=str(one.line["owner"]),
                    due_on=one.due_on,
                )
        raise NotFound
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    found = _CAUSES[source](assessed, key)
    if found is None:
        raise NotFound
    return found


def _of_finding(assessed: Assessed, key: str) -> ActionFields | None:
    check = CHECKS.get(key)
    findings = [row.fact.finding for row in assessed.findings if row.fact.finding.check_id == key]
    lacking = [finding for finding in findings if finding.outcome in LACKING]
    if check is None or not lacking:
        return None
    return ActionFields(
        title=_(check.title),
        advice=_(check.fix),
        proof=_("A new scan sees that it holds."),
        due_on=None,
        source=ActionSource.FINDING,
        source_key=f"check:{key}",
        severity=min((finding.severity for finding in lacking), key=tuple(Severity).index).value,
        part=str(check.refs.measures[0]) if check.refs.measures else "",
        places=tuple(sorted({finding.subject.name for finding in lacking})),
    )


def _of_answer(assessed: Assessed, key: str) -> ActionFields | None:
    answer = next((row for row in assessed.answers if row.question.id == key), None)
    if answer is None:
        return None
    return ActionFields(
        title=answer.question.label.get(i18n.language()),
        advice=answer.question.text.get(i18n.language()),
        due_on=None,
        source=ActionSource.ANSWER,
        source_key=f"answer:{key}",
        part=answer.part,
    )


def _of_contradiction(assessed: Assessed, key: str) -> ActionFields | None:
    found = next((one for one in assessed.contradictions if one.key == key), None)
    if found is None:
        return None
    return ActionFields(
        title=_(found.check_title),
        advice=found.question.text.get(i18n.language()),
        due_on=None,
        source=ActionSource.CONTRADICTION,
        source_key=f"check:{found.check_id}",
        places=(found.subject.name,),
    )


_CAUSES: Mapping[ActionSource, Callable[[Assessed, str], ActionFields | None]] = {
    ActionSource.FINDING: _of_finding,
    ActionSource.ANSWER: _of_answer,
    ActionSource.CONTRADICTION: _of_contradiction,
}


def _add_page(here: HospitalJourney, vendor_id: str, form: ActionForm, source: ActionSource) -> Response:
    form["title"].flags.required = True
    return pages.page(
        "hospital/add_action.html",
        form=form,
        vendor=vendors.find(here.session, here.actor, vendor_id),
        is_offered=source is ActionSource.PLAN,
        source=actions_service.SOURCES[source],
    )


def _with_offer(here: HospitalJourney, vendor_id: str, form: OfferForm) -> OfferForm:
    found = actions_service.offered(here.session, here.actor, vendor_id)
    form.offer("keys", [(one.key, one.words("title", i18n.language())) for one in found])
    form.offer("verdict", [(TAKE, _("Make actions of them, as offered")), (DECLINE, _("Do without them"))])
    return form


def _page(here: HospitalJourney, vendor_id: str, offer: OfferForm, sent: AnswerForm | None) -> Response:
    found = vendors.find(here.session, here.actor, vendor_id)
    rows = actions_service.of_vendor(here.session, here.actor, vendor_id)
    offered = actions_service.offered(here.session, here.actor, vendor_id)
    answers: dict[str, AnswerForm] = {}
    if here.role in HOSPITAL_WRITERS:
        for number, row in enumerate(rows, start=1):
            answers[row.action.id] = _answer_form(row, number, sent)
    dossier = registers.assess(here.session, here.actor, vendor_id, now=here.now).dossier if rows else None
    frame = tabs.frame(here, found, "actions")
    return pages.page(
        "hospital/vendor_actions.html",
        **frame,
        form=sent or offer,
        offer=_with_offer(here, vendor_id, offer),
        offered=offered,
        chosen=set(offer["keys"].data or ()),
        rows=rows,
        forms=answers,
        today=here.today,
        rechecks=actions_service.rechecks(rows, dossier) if dossier is not None else {},
        standings=actions_service.STANDINGS,
        sources=actions_service.SOURCES,
        documents=(documents := actions_service.documents(here.session, rows)),
        confidential=evidence.confidential(here.session, list(documents)),
        may_set=here.role in HOSPITAL_WRITERS
        and frame["assessment"] is not None
        and frame["assessment"].company_id is not None,
    )


def _answer_form(row: ActionRow, number: int, sent: AnswerForm | None) -> AnswerForm:
    is_this = sent is not None and sent["action"].data == row.action.id
    usual = Verdict.CONFIRM if row.standing is Standing.REPORTED else None
    form = (
        sent
        if is_this
        else AnswerForm.offered(
            action=row.action.id,
            version=str(row.version),
            verdict=usual.value if usual else None,
            due_on=row.action.due_on,
        )
    )
    assert form is not None
    words = actions_service.VERDICTS
    form.offer("verdict", [(one.value, _(words[one])) for one in Verdict if row.standing in actions_service.MAY[one]])
    for each in form:  # one form each, so one id each
        each.id = f"{each.name}-{number}"
    return form
