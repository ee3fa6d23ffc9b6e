"""One answer as fields of a form: which control fits its shape, what stands in it, and what was typed."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, DateInput, ListWidget

from portal import i18n
from portal.i18n import gettext as _
from portal.web import forms
from questionnaires import answering
from questionnaires.model import AnswerKind, AnswerShape, AnswerValue

VALUE, SPECIAL, COMMENT = "value", "special", "comment"


def control(shape: AnswerShape, text: str, *, may_clear: bool) -> Any:
    """The field for an answer of this shape."""
    language = i18n.language()
    options = [(option.id, option.text.get(language)) for option in shape.options]
    match shape.kind:
        case AnswerKind.MULTI_CHOICE:
            return checkboxes(options, text)
        case AnswerKind.NUMBER:
            return StringField(text, filters=[forms.stripped])
        case AnswerKind.DATE:
            return StringField(text, filters=[forms.stripped], widget=DateInput())
        case AnswerKind.TEXT:
            return TextAreaField(text, filters=[forms.stripped])
    if may_clear:
        options.append(("", _("take the answer back")))
    return RadioField(text, choices=forms.choices(options), validate_choice=False)


def special(shape: AnswerShape, text: str) -> Any:
    """Boxes for "we do not know" and "never", beside a number or a date; None: there are none."""
    if not has_special(shape):
        return None
    allowed = ((answering.UNKNOWN, shape.allow_unknown), (answering.NEVER, shape.allow_never))
    words = [(one, answering.SPECIALS[one].get(i18n.language())) for one, is_allowed in allowed if is_allowed]
    return checkboxes(words, text)


def checkboxes(options: Sequence[tuple[str, str]], text: str) -> Any:
    """A list of boxes."""
    return SelectMultipleField(
        text,
        choices=forms.choices(options),
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


def has_special(shape: AnswerShape) -> bool:
    """Whether something else than a number or a date may be said."""
    return shape.kind in {AnswerKind.NUMBER, AnswerKind.DATE} and (shape.allow_unknown or shape.allow_never)


def filled(shape: AnswerShape, value: AnswerValue | None) -> Mapping[str, Any]:
    """What stands in the fields for this answer."""
    raw = _raw(value)
    plain = [one for one in raw if one not in answering.SPECIALS] if has_special(shape) else list(raw)
    return {
        VALUE: plain if shape.kind is AnswerKind.MULTI_CHOICE else "".join(plain[:1]),
        SPECIAL: [one for one in raw if one in answering.SPECIALS],
        COMMENT: value.comment if value else "",
    }


def _raw(value: AnswerValue | None) -> tuple[str, ...]:
    if value is None:
        return ()
    raw = answering.raw(value)
    if value.number is not None and i18n.language() == "de":
        return tuple(one.replace(".", ",") for one in raw)
    return raw


def typed(value: Any, beside: Any = None) -> list[str]:
    """What stood in the field and in the boxes beside it."""
    return [*_list(value), *_list(beside)]


def _list(sent: Any) -> list[str]:
    if isinstance(sent, str):
        return [sent]
    return [str(one) for one in sent] if sent else []
