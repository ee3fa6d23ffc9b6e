"""The form of a question that a hospital asks: from the catalogue into fields, and from fields into the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import (
    BooleanField,
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
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.web import forms
from questionnaires import answering, flat
from questionnaires.model import AnswerKind, Catalogue, DateRule, Question, QuestionSet, Scope, SectionKind
from reports import marks

KINDS = {
    AnswerKind.YES_PARTIAL_NO_NA: _l("yes, partly, no, not applicable"),
    AnswerKind.YES_NO: _l("yes or no"),
    AnswerKind.SINGLE_CHOICE: _l("one of several choices"),
    AnswerKind.MULTI_CHOICE: _l("any of several choices"),
    AnswerKind.NUMBER: _l("number with a unit"),
    AnswerKind.DATE: _l("date"),
    AnswerKind.MATURITY: _l("maturity, five levels"),
    AnswerKind.TEXT: _l("text"),
    AnswerKind.FILE: _l("document"),
}
SCOPES = {
    Scope.COMPANY: _l("once, for the company"),
    Scope.SUPPLY: _l("for each product or service"),
}
DATE_RULES = {
    DateRule.AGE: _l("how long ago it was"),
    DateRule.REMAINING: _l("how long it is still to come"),
}
LONG, SHORT = 4000, 200


def _text(label: Any, longest: int = LONG, **more: Any) -> Any:
    return TextAreaField(
        label, [InputRequired(_l("Fill this in.")), Length(max=longest)], filters=[forms.stripped], **more
    )


class QuestionForm(forms.Form):
    """A question of the hospital's own."""

    label_de = StringField(_l("Short name, German"), [InputRequired(_l("Fill this in.")), Length(max=SHORT)])
    label_en = StringField(_l("Short name, English"), [InputRequired(_l("Fill this in.")), Length(max=SHORT)])
    text_de = _text(_l("Question, German"))
    text_en = _text(_l("Question, English"))
    why_de = _text(_l("Why you ask, German"))
    why_en = _text(_l("Why you ask, English"))
    section = SelectField(
        _l("Where it stands"),
        [InputRequired()],
        description=_l("In a measure or module it counts with its weight; in your own section it is read, not scored."),
    )
    scope = RadioField(_l("Asked"), [InputRequired(_l("Choose one."))])
    sets = SelectMultipleField(
        _l("In which question sets"),
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    kind = SelectField(_l("Kind of answer"), [InputRequired()])
    options = TextAreaField(
        _l("Choices"),
        [Length(max=LONG * 2)],
        filters=[forms.stripped],
        description=_l(
            "For one or any of several choices, one a line: id | score | German | English. The score goes from 0 to 1; "
            "a hyphen leaves the question out of the score; ! behind it asks for a reason."
        ),
    )
    unit = SelectField(_l("Unit of the number"), [Optional()])
    bands = TextAreaField(
        _l("Bands"),
        [Length(max=LONG)],
        filters=[forms.stripped],
        description=_l("For a number or a date (in months), the best first, one a line: limit | score."),
    )
    minimum = StringField(_l("Smallest number"), [Length(max=20)], filters=[forms.stripped])
    maximum = StringField(_l("Largest number"), [Length(max=20)], filters=[forms.stripped])
    lower_is_better = BooleanField(_l("The smaller the number, the better"))
    date_rule = SelectField(_l("What counts about the date"), [Optional()])
    allow_unknown = BooleanField(_l("“Not known” may be answered (number, date)"))
    allow_never = BooleanField(_l("“Never” may be answered (date)"))
    weight = StringField(
        _l("Weight"),
        [Length(max=10)],
        filters=[forms.stripped],
        description=_l("1 to 10; ours weigh 2 to 5. 0 in your own section and for a text."),
    )
    knock_out = BooleanField(_l("Knock-out: at zero it caps the score"))
    condition = StringField(
        _l("Asked only when"),
        [Length(max=1000)],
        filters=[forms.stripped],
        description=_l("Nothing: always. Else a flag, or all: cloud, patient_data, or any: …, or not: …"),
    )
    evidence = SelectMultipleField(
        _l("What would prove it"),
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    seconds = StringField(
        _l("Seconds to answer"), [Length(max=5)], filters=[forms.stripped], description=_l("To read and answer it.")
    )
    edits = HiddenField()


def prepared(form: forms.Form, catalogue: Catalogue) -> forms.Form:
    """The form with what this catalogue offers to choose from."""
    language = i18n.language()
    own_first = sorted(catalogue.sections, key=lambda one: one.kind is not SectionKind.OWN)
    form.offer("section", [(one.id, one.title.get(language)) for one in own_first])
    form.offer("scope", [(one.value, word) for one, word in SCOPES.items()])
    form.offer("sets", [(one.value, _(marks.QUESTION_SETS[one])) for one in QuestionSet])
    form.offer("kind", [(one.value, word) for one, word in KINDS.items()])
    units = [(unit, word.get(language)) for unit, word in answering.UNITS.items()]
    form.offer("unit", [("", _("none of these")), *units])
    form.offer("date_rule", [("", _("none of these")), *((one.value, word) for one, word in DATE_RULES.items())])
    form.offer("evidence", [(kind.id, kind.text.get(language)) for kind in catalogue.evidence_types.values()])
    return form


def empty(catalogue: Catalogue, edits: int) -> forms.Form:
    """The form of a new question."""
    own = next((one.id for one in catalogue.sections if one.kind is SectionKind.OWN), "")
    form = QuestionForm.offered(
        section=own,
        scope=Scope.COMPANY.value,
        sets=[one.value for one in QuestionSet],
        kind=AnswerKind.YES_PARTIAL_NO_NA.value,
        weight="0",
        seconds=str(flat.SECONDS),
        edits=str(edits),
    )
    return prepared(form, catalogue)


def filled(catalogue: Catalogue, question: Question, edits: int) -> forms.Form:
    """The form of a question that stands."""
    row = flat.cells(catalogue, question)
    values: dict[str, Any] = {name: row[name] for name in row if name not in {"id", "further", "sets", "evidence"}}
    for name in ("lower_is_better", "allow_unknown", "allow_never", "knock_out"):
        values[name] = bool(row[name])
    chosen = [one.id.value for one in catalogue.sets.values() if question.id in one.question_ids]
    wanted = [kind.type for kind in question.evidence]
    form = QuestionForm.offered(**values, sets=chosen, evidence=wanted, edits=str(edits))
    return prepared(form, catalogue)


def differences(sent: forms.Form, stands: forms.Form) -> Sequence[tuple[str, str]]:
    """Label and value of each field that stands otherwise than it was sent."""
    return [
        (str(field.label.text), _in_words(stands[field.name]))
        for field in sent
        if field.name != "edits" and (field.data or "") != (stands[field.name].data or "")
    ]


def _in_words(field: Any) -> str:
    if isinstance(field.data, bool):
        return _("yes") if field.data else _("no")
    if not hasattr(field, "iter_choices"):
        return str(field.data or "–")
    chosen = set(field.data if isinstance(field.data, list) else [field.data])
    return ", ".join(str(choice[1]) for choice in field.iter_choices() if choice[0] in chosen) or "–"


def read(form: forms.Form, catalogue: Catalogue, question: Question | None) -> Mapping[str, Any]:
    """The question as the form says it, with what no field holds; raises flat.BadCell."""
    row = {name: _cell(form, name) for name in flat.COLUMNS if name in form}
    before = flat.cells(catalogue, question) if question else {}
    made = flat.raw(
        {**row, "id": question.id if question else "", "evidence": "", "further": before.get("further", "")}
    )
    kinds = _evidence(form, catalogue, question)
    return {**made, "evidence": kinds} if kinds else {name: value for name, value in made.items() if name != "evidence"}


def _cell(form: forms.Form, name: str) -> str:
    data = form[name].data
    if isinstance(data, bool):
        return flat.YES if data else ""
    return ", ".join(data) if isinstance(data, list) else str(data or "")


def _evidence(form: forms.Form, catalogue: Catalogue, question: Question | None) -> Sequence[Mapping[str, Any]]:
    """Each kind with the validity that the question gave it, else that of the kind itself."""
    before = {kind.type: kind for kind in question.evidence} if question else {}
    made = []
    for name in form["evidence"].data or []:
        kind = before.get(name) or catalogue.evidence_types[name]
        note = kind.validity_note
        made.append(
            {
                "type": name,
                "validity_months": kind.validity_months,
                **({"validity_note": {"de": note.de, "en": note.en}} if note else {}),
            }
        )
    return made
