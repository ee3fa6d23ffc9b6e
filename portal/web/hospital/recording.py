"""Recording for a vendor that never signs in: sources, question by question or a whole workbook, then closing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from wtforms import (
    DateField,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal import i18n
from portal.db.models.recordings import RecordedAnswer, RecordedSource, SourceKind
from portal.errors import BadInput, Clash, NotFound
from portal.files import guarding
from portal.files.blobs import Blobs
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.i18n import ngettext
from portal.jobs import reading
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.answers import answer_workbooks, recorded_workbooks, recordings
from portal.services.answers.answer_workbooks import Comparison
from portal.services.answers.recordings import Origin, SourceFields
from portal.services.rounds import rounds
from portal.services.rounds.rounds import Key, Round
from portal.web import answer_fields, forms, journey, pages, uploads
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from portal.web.uploads import Looked
from questionnaires import answering
from questionnaires.model import AnswerShape, AnswerValue
from reports.reader import Reader
from reports.workbooks import answer_sheet_out, reading_child
from reports.workbooks.answer_sheet import SheetSent
from scanners.model import N_, Message

BODY_LIMIT = guarding.LARGEST + 2**20
XLSX = guarding.KINDS["xlsx"].media_type
KINDS = {SourceKind.DOCUMENT: _l("document"), SourceKind.WORKBOOK: _l("workbook with answers")}
LOOSE = "."  # between question and supply in names and addresses


class SourceForm(forms.Form):
    """A file that the vendor supplied."""

    file = FileField(_l("File"), [InputRequired(_l("Choose a file."))])
    kind = RadioField(
        _l("What is it?"),
        choices=forms.choices([(one.value, word) for one, word in KINDS.items()]),
        default=SourceKind.DOCUMENT.value,
    )
    supplied_by = StringField(_l("Supplied by"), [Length(max=200)], filters=[forms.stripped])
    supplied_on = DateField(_l("Supplied on"), validators=[Optional()])


class OriginForm(forms.Form):
    """Where an answer was read."""

    source = SelectField(_l("Source"), [InputRequired(_l("Choose the source in which you read it."))])
    place = StringField(
        _l("Page or section"),
        [Length(max=200)],
        filters=[forms.stripped],
        description=_l("So that somebody else finds it. The company reads it when it comes later."),
    )
    note = TextAreaField(
        _l("Internal note"),
        [Length(max=4000)],
        filters=[forms.stripped],
        description=_l("The company never reads it."),
    )
    version = HiddenField()


class TakeForm(forms.Form):
    """Which answers of a workbook are recorded."""

    chosen = SelectMultipleField(
        validate_choice=False, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


@hospital.get("/assessments/<assessment_id>/recording", roles=EVERY_HOSPITAL_ROLE)
def recording(here: HospitalJourney, assessment_id: str) -> Response:
    """What was supplied, what was recorded of it, and what is still open."""
    return _page(here, assessment_id, SourceForm.offered(supplied_on=here.today))


@hospital.post("/assessments/<assessment_id>/recording/sources", roles=HOSPITAL_WRITERS, body_limit=BODY_LIMIT)
def add_recorded_source(here: HospitalJourney, assessment_id: str) -> Response:
    """Look at the file, seal it under the hospital's key, write it down; a workbook is compared at once."""
    recordings.find(here.session, here.actor, assessment_id)
    form = SourceForm.sent()
    if form.validate() and (file := _looked_at(here, form)) is not None:
        with form.refusals(here.session):
            row = _keep(here, assessment_id, form, file)
            here.notice(_("The source is there, sealed under your hospital's key."))
            if row.kind is SourceKind.WORKBOOK:
                address = {"assessment_id": assessment_id, "source_id": row.id}
                return pages.see_other("hospital.compare_recorded_workbook", **address)
            return pages.see_other("hospital.recording", assessment_id=assessment_id)
    return _page(here, assessment_id, form)


@hospital.post("/assessments/<assessment_id>/recording/sources/<source_id>/remove", roles=HOSPITAL_WRITERS)
def remove_recorded_source(here: HospitalJourney, assessment_id: str, source_id: str) -> Response:
    """Take out a source on which nothing rests; its file is swept off the disk afterwards."""
    recordings.remove_source(here.session, here.actor, assessment_id, source_id, now=here.now)
    here.notice(_("The source was taken out."))
    return pages.see_other("hospital.recording", assessment_id=assessment_id)


@hospital.post("/assessments/<assessment_id>/recording/sources/<source_id>", roles=EVERY_HOSPITAL_ROLE)
def open_recorded_source(here: HospitalJourney, assessment_id: str, source_id: str) -> Response:
    """The file itself; a POST, because opening it leaves a trace."""
    opened = recordings.open_source(here.session, here.actor, assessment_id, source_id, now=here.now)
    content = _shelf(here).get(opened.owner, opened.blob_id, opened.sha256)
    return pages.download(content, name=opened.file_name, media_type=opened.media_type)


@hospital.post("/assessments/<assessment_id>/recording/workbook", roles=HOSPITAL_WRITERS)
def take_recorded_workbook(here: HospitalJourney, assessment_id: str) -> Response:
    """The questions as a workbook, to be mailed to the vendor."""
    sheet = recorded_workbooks.sheet(here.session, here.actor, assessment_id, now=here.now)
    here.let_go()
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    content = answer_sheet_out.write(sheet, reader=reader, now=here.now)
    vendor = "".join(sign if sign.isalnum() else "-" for sign in sheet.company)[:40].strip("-")
    title = _("questions")
    return pages.download(content, name=f"{title}-{vendor}-{here.today:%Y-%m-%d}.xlsx", media_type=XLSX)


@hospital.get("/assessments/<assessment_id>/recording/sources/<source_id>/answers", roles=HOSPITAL_WRITERS)
def compare_recorded_workbook(here: HospitalJourney, assessment_id: str, source_id: str) -> Response:
    """What a workbook that came back says, beside what was recorded; nothing is recorded yet."""
    asked = recordings.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    source = _workbook(here, asked, source_id)
    try:
        sent = _read(here, asked, source)
        asked = recordings.questionnaire(here.session, here.actor, assessment_id, now=here.now)
        source = _workbook(here, asked, source_id)
        found = recorded_workbooks.compare(asked, sent, now=here.now)
    except BadInput as refused:
        return _comparison(asked, source, None, why=refused.fields["file"])
    return _comparison(asked, source, found)


@hospital.post("/assessments/<assessment_id>/recording/sources/<source_id>/answers", roles=HOSPITAL_WRITERS)
def take_recorded_answers(here: HospitalJourney, assessment_id: str, source_id: str) -> Response:
    """Record what was chosen; what somebody changed meanwhile is shown once more."""
    asked = recordings.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    source = _workbook(here, asked, source_id)
    form = TakeForm.sent()
    sent = _read(here, asked, source)
    chosen = dict(_chosen(str(one)) for one in form["chosen"].data or [])
    taken, left = recorded_workbooks.take(
        here.session, here.actor, assessment_id, source_id=source_id, sent=sent, chosen=chosen, now=here.now
    )
    if left:
        asked = recordings.questionnaire(here.session, here.actor, assessment_id, now=here.now)
        source = _workbook(here, asked, source_id)
        found = recorded_workbooks.compare(asked, sent, now=here.now)
        return _comparison(asked, source, found, left=left, status=409)
    here.notice(ngettext("%(num)s answer was recorded.", "%(num)s answers were recorded.", len(taken)))
    return pages.see_other("hospital.recording", assessment_id=assessment_id)


@hospital.get("/assessments/<assessment_id>/recording/<name>", roles=EVERY_HOSPITAL_ROLE)
def recorded_answer(here: HospitalJourney, assessment_id: str, name: str) -> Response:
    """One question: what was recorded, and where it was read."""
    asked = recordings.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    place = _place(asked, name)
    row = recordings.rows(here.session, asked.assessment).get(place.key)
    known = recordings.sources(here.session, asked.assessment)
    newest = next((one.id for one in reversed(known) if one.kind is SourceKind.DOCUMENT), "")
    form = _answer_form(place, known).offered(
        **answer_fields.filled(place.shape, place.value),
        source=row.source_id if row else request.args.get("source", newest),
        place=row.place if row else "",
        note=row.note if row else "",
        version=str(row.version if row else 0),
    )
    return _answer_page(here, asked, place, form)


@hospital.post("/assessments/<assessment_id>/recording/<name>", roles=HOSPITAL_WRITERS)
def record_answer(here: HospitalJourney, assessment_id: str, name: str) -> Response:
    """Record it, and go on to the next question without an answer."""
    asked = recordings.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    place = _place(asked, name)
    known = recordings.sources(here.session, asked.assessment)
    form = _answer_form(place, known).sent()
    if form.validate():
        with form.refusals(here.session):
            data = form.data
            source_id, version = str(data["source"]), forms.version(data["version"])
            origin = Origin(source_id=source_id, place=data["place"] or "", note=data["note"] or "")
            try:
                recordings.record(
                    here.session,
                    here.actor,
                    assessment_id,
                    place.key,
                    answer_fields.typed(data["value"], data.get("special")),
                    origin=origin,
                    comment=data.get("comment") or "",
                    version=version,
                    now=here.now,
                )
            except Clash as refused:
                form["version"].data = str(refused.version or 0)
                return _answer_page(here, asked, place, form, status=409, clash=refused.message)
            here.session.flush()
            after = recordings.questionnaire(here.session, here.actor, assessment_id, now=here.now)
            here.notice(_("Recorded."))
            following = _following(after, place.key)
            if following is None:
                return pages.see_other("hospital.recording", assessment_id=assessment_id)
            address = {"assessment_id": assessment_id, "name": following, "source": source_id}
            return pages.see_other("hospital.recorded_answer", **address)
    return _answer_page(here, asked, place, form)


@hospital.post("/assessments/<assessment_id>/recording/<name>/take-back", roles=HOSPITAL_WRITERS)
def take_recorded_back(here: HospitalJourney, assessment_id: str, name: str) -> Response:
    """The answer goes; the trail keeps that there was one."""
    row = recordings.rows(here.session, recordings.find(here.session, here.actor, assessment_id)).get(_key(name))
    version = row.version if row else 0
    recordings.take_back(here.session, here.actor, assessment_id, _key(name), version=version, now=here.now)
    here.notice(_("The answer was taken back."))
    return pages.see_other("hospital.recording", assessment_id=assessment_id)


@hospital.post("/assessments/<assessment_id>/recording/close", roles=HOSPITAL_WRITERS)
def close_recording(here: HospitalJourney, assessment_id: str) -> Response:
    """End it: review and score follow."""
    edition = recordings.close(here.session, here.actor, assessment_id, now=here.now)
    count = len(edition.manifest["answers"])
    here.notice(
        ngettext(
            "The recording is closed with %(num)s answer; it can be reviewed now.",
            "The recording is closed with %(num)s answers; it can be reviewed now.",
            count,
        )
    )
    return pages.see_other("hospital.recording", assessment_id=assessment_id)


@hospital.post("/assessments/<assessment_id>/recording/reopen", roles=HOSPITAL_WRITERS)
def reopen_recording(here: HospitalJourney, assessment_id: str) -> Response:
    """Record on."""
    recordings.reopen(here.session, here.actor, assessment_id, now=here.now)
    here.notice(_("The recording is open again; what was closed counts until you close it again."))
    return pages.see_other("hospital.recording", assessment_id=assessment_id)


# ---- files


def _shelf(here: HospitalJourney) -> Blobs:
    return Blobs(folder=here.settings.files_dir, keyring=journey.floor().keyring)


def _looked_at(here: HospitalJourney, form: SourceForm) -> Looked | None:
    """The file that this request brought; None: it may not come in, and why stands beside it."""
    file = uploads.looked_at(here, form)
    if file is None or SourceKind(form["kind"].data) is not SourceKind.WORKBOOK or file.name.lower().endswith(".xlsx"):
        return file
    form.take(BadInput({"file": Message(text=N_("Please upload the workbook that you took from this page (xlsx)."))}))
    return None


def _keep(here: HospitalJourney, assessment_id: str, form: SourceForm, file: Looked) -> RecordedSource:
    fields = SourceFields(
        kind=SourceKind(form["kind"].data),
        supplied_by=form["supplied_by"].data or "",
        supplied_on=form["supplied_on"].data,
    )
    with uploads.sealed(_shelf(here), recordings.owner_of(here.hospital.id), file) as stored:
        return recordings.add_source(here.session, here.actor, assessment_id, fields, stored, now=here.now)


def _workbook(here: HospitalJourney, asked: Round, source_id: str) -> RecordedSource:
    for one in recordings.sources(here.session, asked.assessment):
        if one.id == source_id and one.kind is SourceKind.WORKBOOK:
            return one
    raise NotFound


def _read(here: HospitalJourney, asked: Round, source: RecordedSource) -> SheetSent:
    """What the kept workbook says. Raises BadInput for the field `file`."""
    content = _shelf(here).get(recordings.owner_of(here.hospital.id), source.blob_id, source.sha256)
    if len(content) > reading_child.LARGEST:
        values = {"megabytes": reading_child.LARGEST // 2**20}
        raise BadInput({"file": Message(text=N_("The file is larger than %(megabytes)s MB."), values=values)})
    shapes = recorded_workbooks.shapes(asked)
    here.let_go()  # reading takes its time, and others want to save
    sent = reading.answer_sheet(content, shapes)
    here.session.expire_all()  # what they saved meanwhile is read anew
    return sent


# ---- one question


@dataclass(frozen=True, kw_only=True)
class Place:
    """One question of the round, for the company or one product."""

    key: Key
    text: str
    why: str
    product: str = ""
    shape: AnswerShape
    value: AnswerValue | None

    @property
    def number(self) -> str:
        """As people call it."""
        return self.key[0]

    @property
    def name(self) -> str:
        """As it stands in an address."""
        return _name(self.key)


def _name(key: Key) -> str:
    return LOOSE.join(part for part in key if part)


def _key(name: str) -> Key:
    question_id, _dot, supply_id = name.partition(LOOSE)
    return question_id, supply_id


def _places(asked: Round) -> list[Place]:
    language = i18n.language()
    found = [
        Place(
            key=(one.id, ""),
            text=one.text.get(language),
            why=one.hint.get(language) if one.hint else "",
            shape=one.shape,
            value=rounds.value_of(asked.profile.get(one.id)),
        )
        for one in asked.profile_questions
    ]
    found += [
        Place(
            key=slot.key,
            text=slot.question.text.get(language),
            why=slot.question.why.get(language),
            product=slot.supply_name,
            shape=slot.question.shape,
            value=slot.value,
        )
        for slot in asked.slots
    ]
    return found


def _place(asked: Round, name: str) -> Place:
    for one in _places(asked):
        if one.name == name:
            return one
    raise NotFound


def _following(asked: Round, key: Key) -> str | None:
    """The next question without an answer, after this one if there is one."""
    places = _places(asked)
    at = next((number for number, one in enumerate(places) if one.key == key), 0)
    return next((one.name for one in (*places[at + 1 :], *places[:at]) if one.value is None), None)


def _answer_form(place: Place, known: Sequence[RecordedSource]) -> type[forms.Form]:
    made: dict[str, Any] = {"value": answer_fields.control(place.shape, place.text, may_clear=False)}
    if answer_fields.has_special(place.shape):
        made["special"] = answer_fields.special(place.shape, place.text)
    made["comment"] = TextAreaField(
        _("What the source says"),
        [Length(max=2000)],
        filters=[forms.stripped],
        description=_("Part of the answer: the company reads it when it comes later."),
    )
    made |= {"__doc__": "One recorded answer."}
    form = type("RecordedForm", (OriginForm,), made)
    choices = [("", _("choose")), *((one.id, one.file_name) for one in known)]
    form.source = SelectField(  # type: ignore[attr-defined]  # the sources of this round
        _("Source"), [InputRequired(_("Choose the source in which you read it."))], choices=forms.choices(choices)
    )
    return form


def _answer_page(
    here: HospitalJourney,
    asked: Round,
    place: Place,
    form: forms.Form,
    *,
    status: int = 200,
    clash: Message | None = None,
) -> Response:
    for needed in ("value", "place"):
        form[needed].flags.required = True  # said by the service, which knows the source
    places = _places(asked)
    at = next(number for number, one in enumerate(places) if one.key == place.key)
    return pages.page(
        "hospital/recorded_answer.html",
        status=status,
        clash=clash,
        assessment=asked.assessment,
        vendor=asked.assessment.vendor,
        place=place,
        form=form,
        row=recordings.rows(here.session, asked.assessment).get(place.key),
        stands=_words(place.shape, place.value),
        has_sources=bool(recordings.sources(here.session, asked.assessment)),
        number=at + 1,
        count=len(places),
        previous_name=places[at - 1].name if at else None,
        next_name=places[at + 1].name if at + 1 < len(places) else None,
        may_write=here.role in HOSPITAL_WRITERS and recordings.may_record(asked.assessment),
    )


def _words(shape: AnswerShape, value: AnswerValue | None) -> str:
    if value is None:
        return ""
    words = answering.show(shape, value, language=i18n.language())
    return f"{words}\n{value.comment}" if value.comment else words


# ---- pages


def _page(here: HospitalJourney, assessment_id: str, form: SourceForm) -> Response:
    asked = recordings.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    rows = recordings.rows(here.session, asked.assessment)
    known = recordings.sources(here.session, asked.assessment)
    names = {one.id: one.file_name for one in known}
    groups: dict[str, list[tuple[Place, str, RecordedAnswer | None]]] = {}
    titles = {section.id: section.title.get(i18n.language()) for section in asked.sections}
    for place in _places(asked):
        question = asked.catalogue.questions.get(place.key[0])
        title = titles[question.section] if question is not None else _("About the company and its product")
        row = rows.get(place.key)
        shown = row if row is not None and row.value is not None else None
        groups.setdefault(title, []).append((place, _words(place.shape, place.value), shown))
    return pages.page(
        "hospital/recording.html",
        form=form,
        assessment=asked.assessment,
        vendor=asked.assessment.vendor,
        standing=recordings.standing(here.session, asked.assessment, asked),
        sources=known,
        kinds=KINDS,
        resting={row.source_id for row in rows.values()},
        source_names=names,
        groups=groups,
        first_open=next((one.name for one in _places(asked) if one.value is None), None),
        is_recorded_only=recordings.is_recorded_only(here.session, asked.assessment),
        may_write=here.role in HOSPITAL_WRITERS,
    )


def _chosen(sent: str) -> tuple[Key, int]:
    name, _colon, version = sent.rpartition(":")
    return _key(name), forms.version(version)


def _comparison(
    asked: Round,
    source: RecordedSource,
    found: Comparison | None,
    *,
    why: Message | None = None,
    left: Sequence[Key] = (),
    status: int = 200,
) -> Response:
    differences = found.differences if found is not None else ()
    choices = [one for one in differences if one.may_be_taken]
    return pages.page(
        "hospital/recorded_workbook.html",
        status=status,
        assessment=asked.assessment,
        vendor=asked.assessment.vendor,
        source=source,
        found=found,
        why=why,
        left=left,
        choices=choices,
        refused=[one for one in differences if not one.may_be_taken],
        name_of=lambda one: _name(one.key),
        is_new=lambda one: one.change is answer_workbooks.Change.NEW,
    )
