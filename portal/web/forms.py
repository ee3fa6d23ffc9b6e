"""Forms: WTForms in our two languages, closed against fields nobody offered, and a place for the service's refusals."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import wtforms
from flask import request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest
from wtforms import i18n as wtforms_i18n
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from portal import i18n
from portal.errors import BadInput
from portal.web import tries

CSRF_FIELD = "csrf_token"
LONGEST_VERSION = 9  # digits


class _Translations:
    """Our sentences first, WTForms' own German messages for the rest."""

    def gettext(self, text: str) -> str:
        """One sentence."""
        ours = i18n.catalogue(i18n.language()).singular.get(text)
        return ours or wtforms_i18n.get_translations([i18n.language()]).gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """A sentence that counts."""
        ours = i18n.catalogue(i18n.language()).plural.get((one, many))
        if ours:
            return ours[0] if count == 1 else ours[-1]
        theirs = wtforms_i18n.get_translations([i18n.language()])
        return theirs.ngettext(one, many, count)


class Form(wtforms.Form):
    """The root of our forms.

    `Form.offered(**values)` is an empty or prefilled form; `Form.sent(**values)` reads this request and refuses fields
    that the form does not have, and a second value for a field that takes one (SECURITY: input schemas are closed).
    """

    class Meta:
        """Translations per reader, not per form class."""

        locales: ClassVar[tuple[str, ...]] = ("de", "en")
        cache_translations = False

        def get_translations(self, form: wtforms.Form) -> _Translations:  # noqa: ARG002 - WTForms' signature
            """The reader's language is known only now."""
            return _Translations()

    @classmethod
    def offered(cls, **values: Any) -> Self:
        """A form as it is first shown."""
        return cls(None, **values)

    @classmethod
    def sent(cls, **values: Any) -> Self:
        """The form as this request sent it; `values` are shown where nothing was sent."""
        form = cls(_received(), **values)
        form.refuse_strangers()
        return form

    def refuse_strangers(self) -> None:
        """Nobody offered these fields, or so many values of them."""
        names = {field.name: field for field in self}
        for name in [*request.form, *request.files]:
            field = names.get(name)
            if name == CSRF_FIELD:
                continue
            if field is None:
                raise BadRequest(f"unknown field {name[:60]}")
            several = isinstance(field, wtforms.SelectMultipleField | wtforms.MultipleFileField)
            if not several and len(request.form.getlist(name)) > 1:
                raise BadRequest(f"more than one value for {name[:60]}")
            if _is_kept_as_sent(field) and any("\0" in value for value in request.form.getlist(name)):
                raise BadRequest(f"a sign in {name[:60]} that nobody types and PostgreSQL cannot keep")

    def offer(self, name: str, words: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Give a field the choices of this request."""
        field: Any = self[name]
        field.choices = choices(words)

    def take(self, refusal: BadInput) -> None:
        """Lay the service's sentences beside the fields they are about; the rest stands on top of the form."""
        for name, message in refusal.fields.items():
            sentence = message.render(i18n.gettext)
            if name in self._fields:
                field = self._fields[name]
                field.errors = [*field.errors, sentence]
            else:
                self.form_errors.append(sentence)

    @contextmanager
    def refusals(self, session: Session) -> Iterator[None]:
        """Run a service; when it refuses the input, undo what it did and lay its sentences beside the fields.

        with form.refusals(journey.session):
            vendor = vendors.add(...)
            return pages.see_other("hospital.vendor", vendor_id=vendor.id)
        return _add_page(journey, form)
        """
        step = session.begin_nested()
        try:
            yield
        except BadInput as refusal:
            tries.roll_back(session, step)
            self.take(refusal)
        except BaseException:
            tries.roll_back(session, step)
            raise
        else:
            step.commit()


def _is_kept_as_sent(field: wtforms.Field) -> bool:
    return not field.filters and not isinstance(field, wtforms.PasswordField)


def _received() -> Any:
    """Text and files of the request in one multi-dictionary, as WTForms reads them."""
    if not request.files:
        return request.form
    both = request.form.copy()
    for name, file in request.files.items(multi=True):
        both.add(name, file)  # type: ignore[arg-type]  # typed for text, takes files
    return both


def stripped(value: Any) -> Any:
    """A filter for text fields: no blanks around, no control characters, nothing that a screen cannot show."""
    if not isinstance(value, str):
        return value
    return "".join(letter for letter in value if _is_shown(letter)).strip()


def _is_shown(letter: str) -> bool:
    """Letters, signs and every kind of blank: the narrow one of "§ 30" is no control character."""
    return letter in "\n\t\u00ad" or letter.isprintable() or unicodedata.category(letter) == "Zs"


def version(sent: object) -> int:
    """What a hidden field says was read, or an address says where a page begins; what is no number of ours is 0."""
    text = str(sent or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_VERSION else 0


def choices(words: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """Choices from a mapping or pairs of value and label."""
    pairs = words.items() if isinstance(words, Mapping) else words
    return [SelectChoice(value=value, label=label) for value, label in pairs]
