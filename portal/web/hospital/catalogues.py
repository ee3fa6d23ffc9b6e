"""Catalogues of questions: what ships, what the hospital put together, from draft to release, and as files."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Response, request
from wtforms import FileField, HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.db.models.catalogues import OwnCatalogue
from portal.errors import BadInput, Clash, NotFound
from portal.files import guarding
from portal.files.guarding import Unwelcome
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import reading
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.rounds import catalogues
from portal.web import forms, pages
from portal.web.hospital import own_questions
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from questionnaires import answering, citing, flat, owning, shelf
from questionnaires.model import Catalogue, Question, QuestionSet, Text
from questionnaires.reading import LARGEST
from reports import marks
from reports.workbooks import catalogue_sheet
from scanners.model import N_, Message

CHANGED_DRAFT = _l(
    "Somebody else changed this draft in the meantime. What you wrote stands in the form and is not saved yet; saving "
    "now puts it over what stands."
)
TAKEN_OUT = _l(
    "Somebody else took this question out of the draft in the meantime. What you wrote stands in the form; "
    "saving writes it down as a new question."
)
SETS = (QuestionSet.SHORT, QuestionSet.BASIC, QuestionSet.FULL)
BODY_LIMIT = LARGEST + 2**20
SHEET_NAME = "catalogue.xlsx"  # as what it is judged, whatever it is called
YAML = "application/yaml"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class BeginForm(forms.Form):
    """A new draft."""

    base = SelectField(_l("Begin from"), [InputRequired()])
    title_de = StringField(
        _l("Name, German"), [InputRequired(_l("Fill this in.")), Length(max=200)], filters=[forms.stripped]
    )
    title_en = StringField(
        _l("Name, English"), [InputRequired(_l("Fill this in.")), Length(max=200)], filters=[forms.stripped]
    )


class FileForm(forms.Form):
    """A catalogue that somebody has; a sheet says what differs from another catalogue, and has no name."""

    file = FileField(_l("File"), [InputRequired(_l("Choose a file."))])
    base = SelectField(_l("A sheet applies to"), [InputRequired()])
    title_de = StringField(_l("Name, German"), [Length(max=200)], filters=[forms.stripped])
    title_en = StringField(_l("Name, English"), [Length(max=200)], filters=[forms.stripped])


class EditsForm(forms.Form):
    """An action on a draft as it was read."""

    edits = HiddenField()


class NameForm(forms.Form):
    """Another name for a draft."""

    title_de = StringField(_l("Name, German"), [InputRequired(_l("Fill this in.")), Length(max=200)])
    title_en = StringField(_l("Name, English"), [InputRequired(_l("Fill this in.")), Length(max=200)])
    edits = HiddenField()


def _sets_form() -> type[forms.Form]:
    """One list of questions for each set."""
    made: dict[str, Any] = {"edits": HiddenField(), "__doc__": "Which questions stand in which set."}
    for one in SETS:
        made[one.value] = SelectMultipleField(choices=[], validate_choice=False)
    return type("SetsForm", (forms.Form,), made)


@hospital.get("/settings/catalogues", roles=EVERY_HOSPITAL_ROLE)
def catalogue_list(here: HospitalJourney) -> Response:
    """What ships, and what the hospital has."""
    return _list(here, _begin_form(here, sent=False), _file_form(here, sent=False))


@hospital.post("/settings/catalogues", roles=HOSPITAL_WRITERS)
def begin_catalogue(here: HospitalJourney) -> Response:
    """A draft from a released catalogue."""
    form = _begin_form(here, sent=True)
    if form.validate():
        with form.refusals(here.session):
            title = Text(de=form["title_de"].data, en=form["title_en"].data)
            base = catalogues.name_of(form["base"].data)
            row = catalogues.begin(here.session, here.actor, base, title, now=here.now)
            return pages.see_other("hospital.own_catalogue", own_id=row.id)
    return _list(here, form, _file_form(here, sent=False))


@hospital.post("/settings/catalogues/import", roles=HOSPITAL_WRITERS, body_limit=BODY_LIMIT)
def import_catalogue(here: HospitalJourney) -> Response:
    """A draft from a file."""
    form = _file_form(here, sent=True)
    if form.validate():
        content = _content()
        with form.refusals(here.session):
            row = _taken_in(here, form, content)
            here.notice(_("The file is taken in as a draft. Nobody is asked from it before it is released."))
            return pages.see_other("hospital.own_catalogue", own_id=row.id)
    return _list(here, _begin_form(here, sent=False), form)


@hospital.get("/settings/catalogues/<own_id>", roles=EVERY_HOSPITAL_ROLE)
def own_catalogue(here: HospitalJourney, own_id: str) -> Response:
    """One version: its own questions, its sets, what can be done."""
    return _one(here, catalogues.find(here.session, here.actor, own_id))


@hospital.post("/settings/catalogues/<own_id>/name", roles=HOSPITAL_WRITERS)
def rename_catalogue(here: HospitalJourney, own_id: str) -> Response:
    """Another name."""
    row = catalogues.find(here.session, here.actor, own_id)
    form = NameForm.sent()
    if form.validate():
        with form.refusals(here.session), _in_its_form():
            title = Text(de=form["title_de"].data, en=form["title_en"].data)
            edits = forms.version(form["edits"].data)
            catalogues.rename(here.session, here.actor, own_id, title, edits=edits, now=here.now)
            return pages.see_other("hospital.own_catalogue", own_id=own_id)
    return _one(here, row, form)


@hospital.post("/settings/catalogues/<own_id>/sets", roles=HOSPITAL_WRITERS, body_limit=2**18)
def place_questions(here: HospitalJourney, own_id: str) -> Response:
    """Which questions stand in which set."""
    row = catalogues.find(here.session, here.actor, own_id)
    form = _sets_form().sent()
    with form.refusals(here.session), _in_its_form():
        chosen = {one: set(form[one.value].data or ()) for one in SETS}
        edits = forms.version(form["edits"].data)
        catalogues.place(here.session, here.actor, own_id, chosen, edits=edits, now=here.now)
        here.notice(_("Saved."))
        return pages.see_other("hospital.own_catalogue", own_id=own_id, at="sets")
    return _one(here, row, form)


@hospital.get("/settings/catalogues/<own_id>/questions/add", roles=HOSPITAL_WRITERS)
def add_own_question(here: HospitalJourney, own_id: str) -> Response:
    """An empty form."""
    row = catalogues.find(here.session, here.actor, own_id)
    return _question_page(row, own_questions.empty(catalogues.of_row(row), row.edits), None)


@hospital.post("/settings/catalogues/<own_id>/questions/add", roles=HOSPITAL_WRITERS)
def write_down_own_question(here: HospitalJourney, own_id: str) -> Response:
    """A new question."""
    return _write(here, own_id, None)


@hospital.get("/settings/catalogues/<own_id>/questions/<own_question>", roles=HOSPITAL_WRITERS)
def edit_own_question(here: HospitalJourney, own_id: str, own_question: str) -> Response:
    """The form of a question that stands."""
    row = catalogues.find(here.session, here.actor, own_id)
    catalogue = catalogues.of_row(row)
    question = _found(catalogue, own_question)
    return _question_page(row, own_questions.filled(catalogue, question, row.edits), question)


@hospital.post("/settings/catalogues/<own_id>/questions/<own_question>", roles=HOSPITAL_WRITERS)
def change_own_question(here: HospitalJourney, own_id: str, own_question: str) -> Response:
    """Change it."""
    return _write(here, own_id, own_question)


@hospital.post("/settings/catalogues/<own_id>/questions/<own_question>/remove", roles=HOSPITAL_WRITERS)
def remove_own_question(here: HospitalJourney, own_id: str, own_question: str) -> Response:
    """Take it out."""
    row = catalogues.find(here.session, here.actor, own_id)
    form = EditsForm.sent()
    with form.refusals(here.session), _in_its_form():
        edits = forms.version(form["edits"].data)
        catalogues.remove_question(here.session, here.actor, own_id, own_question, edits=edits, now=here.now)
        here.notice(_("The question is taken out of the draft."))
        return pages.see_other("hospital.own_catalogue", own_id=own_id)
    return _one(here, row, form)


@hospital.post("/settings/catalogues/<own_id>/release", roles=catalogues.RELEASERS)
def release_catalogue(here: HospitalJourney, own_id: str) -> Response:
    """Freeze the draft."""
    row = catalogues.find(here.session, here.actor, own_id)
    form = EditsForm.sent()
    with form.refusals(here.session), _in_its_form():
        edits = forms.version(form["edits"].data)
        released = catalogues.release(here.session, here.actor, own_id, edits=edits, now=here.now)
        here.notice(_("Released as version %(version)s. New rounds can ask it.", version=released.version))
        return pages.see_other("hospital.own_catalogue", own_id=own_id)
    return _one(here, row, form)


@hospital.post("/settings/catalogues/<own_id>/discard", roles=HOSPITAL_WRITERS)
def discard_catalogue(here: HospitalJourney, own_id: str) -> Response:
    """Throw the draft away."""
    row = catalogues.find(here.session, here.actor, own_id)
    form = EditsForm.sent()
    with form.refusals(here.session), _in_its_form():
        edits = forms.version(form["edits"].data)
        catalogues.discard(here.session, here.actor, own_id, edits=edits, now=here.now)
        here.notice(_("The draft is thrown away."))
        return pages.see_other("hospital.catalogue_list")
    return _one(here, row, form)


@hospital.post("/settings/catalogues/<own_id>/withdraw", roles=catalogues.RELEASERS)
def withdraw_catalogue(here: HospitalJourney, own_id: str) -> Response:
    """Offer it to no new round."""
    catalogues.withdraw(here.session, here.actor, own_id, now=here.now)
    here.notice(_("New rounds can no longer ask it; rounds that do go on."))
    return pages.see_other("hospital.own_catalogue", own_id=own_id)


@hospital.get("/settings/catalogues/<own_id>/preview", roles=EVERY_HOSPITAL_ROLE)
def preview_catalogue(here: HospitalJourney, own_id: str) -> Response:
    """As the vendor will see it, every condition held."""
    row = catalogues.find(here.session, here.actor, own_id)
    catalogue = catalogues.of_row(row)
    asked = request.args.get("set", "")
    chosen = QuestionSet(asked) if asked in set(QuestionSet) else QuestionSet.FULL
    wanted = set(catalogue.sets[chosen].question_ids)
    sections = [
        (section, [catalogue.questions[name] for name in section.question_ids if name in wanted])
        for section in catalogue.sections
    ]
    return pages.page(
        "hospital/preview_catalogue.html",
        row=row,
        catalogue=catalogue,
        chosen=chosen,
        sets=[(one, _(marks.QUESTION_SETS[one])) for one in SETS],
        sections=[(section, questions) for section, questions in sections if questions],
        language=i18n.language(),
        citations=lambda question: citing.citations(question.refs, language=i18n.language()),
        when=lambda question: answering.in_words(question.applies_if, catalogue, language=i18n.language()),
        units=answering.UNITS,
        evidence_words=lambda question: "; ".join(
            catalogue.evidence_types[kind.type].text.get(i18n.language()) for kind in question.evidence
        ),
        minutes=answering.minutes([catalogue.questions[name] for name in catalogue.sets[chosen].question_ids], {}),
    )


@hospital.get("/settings/catalogues/<own_id>/catalogue.yaml", roles=EVERY_HOSPITAL_ROLE)
def catalogue_file(here: HospitalJourney, own_id: str) -> Response:
    """The stored document itself: its SHA-256 is the one that is shown."""
    row = catalogues.find(here.session, here.actor, own_id)
    return pages.download(row.document.encode(), name=f"{row.catalogue_id}-{row.version}.yaml", media_type=YAML)


@hospital.get("/settings/catalogues/<own_id>/catalogue.xlsx", roles=EVERY_HOSPITAL_ROLE)
def catalogue_workbook(here: HospitalJourney, own_id: str) -> Response:
    """The same as a sheet."""
    row = catalogues.find(here.session, here.actor, own_id)
    content = catalogue_sheet.write(catalogues.of_row(row))
    return pages.download(content, name=f"{row.catalogue_id}-{row.version}.xlsx", media_type=XLSX)


@hospital.get("/settings/catalogues/shipped/<shipped>/catalogue.yaml", roles=EVERY_HOSPITAL_ROLE)
def shipped_catalogue_file(here: HospitalJourney, shipped: str) -> Response:  # noqa: ARG001 - the same for everybody
    """A catalogue that ships."""
    name = catalogues.name_of(shipped)
    if name not in shelf.versions():
        raise NotFound
    return pages.download(shelf.source(*name), name=f"{'-'.join(name)}.yaml", media_type=YAML)


# ---- pages


def _begin_form(here: HospitalJourney, *, sent: bool) -> forms.Form:
    offers = catalogues.offered(here.session, here.actor)
    form = BeginForm.sent() if sent else BeginForm.offered(base=offers[0].key)
    form.offer("base", [(one.key, _offer_words(one)) for one in offers])
    return form


def _file_form(here: HospitalJourney, *, sent: bool) -> forms.Form:
    offers = catalogues.offered(here.session, here.actor)
    form = FileForm.sent() if sent else FileForm.offered(base=offers[0].key)
    form.offer("base", [(one.key, _offer_words(one)) for one in offers])
    return form


def _taken_in(here: HospitalJourney, form: forms.Form, content: bytes) -> OwnCatalogue:
    if not catalogue_sheet.is_sheet(content):
        return catalogues.take_in(here.session, here.actor, content, now=here.now)
    try:
        guarding.check(SHEET_NAME, content)
    except Unwelcome as refusal:
        raise BadInput({"file": refusal.message}) from refusal
    table = reading.strict_table(content)
    title = Text(de=form["title_de"].data or "", en=form["title_en"].data or "")
    base = catalogues.name_of(form["base"].data)
    return catalogues.take_in_sheet(here.session, here.actor, table, base, title, now=here.now)


def _offer_words(offer: catalogues.Offer) -> str:
    return f"{offer.title.get(i18n.language())} ({offer.name[1]})"


def _list(here: HospitalJourney, form: forms.Form, file_form: forms.Form) -> Response:
    language = i18n.language()
    rows = [(row, catalogues.of_row(row)) for row in catalogues.own(here.session, here.actor)]
    return pages.page(
        "hospital/catalogues.html",
        form=form if form.errors else file_form,
        begin_form=form,
        file_form=file_form,
        rows=[(row, catalogue, catalogue.title.get(language), _counts(catalogue)) for row, catalogue in rows],
        shipped=[(name, shelf.get(*name), _counts(shelf.get(*name))) for name in reversed(shelf.versions())],
        sets=[_(marks.QUESTION_SETS[one]) for one in SETS],
        language=language,
        may_write=here.role in HOSPITAL_WRITERS,
        is_own=owning.is_own,
    )


def _counts(catalogue: Catalogue) -> list[int]:
    return [len(catalogue.sets[one].question_ids) for one in SETS]


@contextmanager
def _in_its_form() -> Iterator[None]:
    """Of two who change a draft, the second gets their form back, which from now on is of the draft as it stands."""
    try:
        yield
    except Clash as refused:
        raise BadInput({"": refused.message}) from refused


def _one(here: HospitalJourney, row: OwnCatalogue, form: forms.Form | None = None) -> Response:
    here.session.refresh(row)  # somebody may have changed it since it was found
    catalogue = catalogues.of_row(row)
    language = i18n.language()
    stands = {one: set(catalogue.sets[one].question_ids) for one in SETS}
    is_placing = form is not None and SETS[0].value in form
    return pages.page(
        "hospital/own_catalogue.html",
        form=form or EditsForm.offered(edits=str(row.edits)),
        name_form=form
        if isinstance(form, NameForm)
        else NameForm.offered(title_de=catalogue.title.de, title_en=catalogue.title.en, edits=str(row.edits)),
        row=row,
        catalogue=catalogue,
        language=language,
        stands_as=(catalogue.title.de, catalogue.title.en) if isinstance(form, NameForm) and form.form_errors else (),
        own=[(one, catalogue.section(one.section)) for one in owning.own_questions(catalogue)],
        sections=[(one, [catalogue.questions[name] for name in one.question_ids]) for one in catalogue.sections],
        sets=[
            (one, _(marks.QUESTION_SETS[one]), set(form[one.value].data or ()) if form and is_placing else stands[one])
            for one in SETS
        ],
        stands=stands,
        counts=_counts(catalogue),
        kinds=own_questions.KINDS,
        is_own=owning.is_own,
        rounds=catalogues.rounds_with(here.session, here.actor, row),
        may_write=here.role in HOSPITAL_WRITERS,
        may_release=here.role in catalogues.RELEASERS,
    )


def _found(catalogue: Catalogue, question_id: str) -> Question:
    if not owning.is_own(question_id) or question_id not in catalogue.questions:
        raise NotFound
    return catalogue.questions[question_id]


def _write(here: HospitalJourney, own_id: str, question_id: str | None) -> Response:
    row = catalogues.find(here.session, here.actor, own_id)
    catalogue = catalogues.of_row(row)
    question = catalogue.questions.get(question_id or "")
    form = own_questions.prepared(own_questions.QuestionForm.sent(), catalogue)
    edits = forms.version(form["edits"].data)
    if question_id and edits == row.edits:
        question = _found(catalogue, question_id)
    if form.validate():
        try:
            with form.refusals(here.session):
                catalogues.put_question(
                    here.session,
                    here.actor,
                    own_id,
                    _said(form, catalogue, question),
                    section=form["section"].data,
                    sets={QuestionSet(one) for one in form["sets"].data or ()},
                    edits=edits,
                    now=here.now,
                )
                here.notice(_("Saved."))
                return pages.see_other("hospital.own_catalogue", own_id=own_id)
        except Clash:
            here.session.refresh(row)
            return _clashed(row, form, question_id)
    return _question_page(row, form, question)


def _clashed(row: OwnCatalogue, form: forms.Form, question_id: str | None) -> Response:
    """Somebody has changed the draft since the form was read: what was typed stays, what stands now is beside it."""
    catalogue = catalogues.of_row(row)
    question = catalogue.questions.get(question_id or "")
    form["edits"].data = str(row.edits)
    form.form_errors.append(str(CHANGED_DRAFT if question or not question_id else TAKEN_OUT))
    stands = own_questions.differences(form, own_questions.filled(catalogue, question, row.edits)) if question else ()
    return _question_page(row, form, question, stands)


def _said(form: forms.Form, catalogue: Catalogue, question: Question | None) -> Mapping[str, Any]:
    try:
        return own_questions.read(form, catalogue, question)
    except flat.BadCell as wrong:
        raise BadInput(
            {wrong.column: Message(text=N_("This cannot be used: %(what)s"), values={"what": wrong.say(i18n.gettext)})}
        ) from wrong


def _question_page(
    row: OwnCatalogue, form: forms.Form, question: Question | None, stands: Sequence[tuple[str, str]] = ()
) -> Response:
    catalogue = catalogues.of_row(row)
    return pages.page(
        "hospital/own_question.html",
        form=form,
        row=row,
        question=question,
        stands=stands,
        catalogue=catalogue,
        flags=[(flag.id, flag.text.get(i18n.language())) for flag in catalogue.flags.values()],
        language=i18n.language(),
    )


def _content() -> bytes:
    file = request.files["file"]
    return bytes(file.read(LARGEST + 1))
