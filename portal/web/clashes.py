"""Two who change the same: whoever saves second keeps what they typed and sees what stands now beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from wtforms import HiddenField, SelectField

from portal import i18n
from portal.errors import Clash
from portal.web import filters
from portal.web.forms import Form


@dataclass(frozen=True, kw_only=True)
class Stands:
    """One field that is not as it was typed."""

    label: str
    value: str


def meet(form: Form, refused: Clash, now: Form) -> Sequence[Stands]:
    """Lay what stands now (as a form of the same kind) beside what was typed; saving again then overwrites it."""
    form.form_errors.append(refused.message.render(i18n.gettext))
    form["version"].data = str(refused.version or now["version"].data or 0)
    return [
        Stands(label=str(field.label.text), value=_shown(now[field.name]))
        for field in form
        if not isinstance(field, HiddenField) and (field.data or "") != (now[field.name].data or "")
    ]


def _shown(field: Any) -> str:
    if isinstance(field, SelectField):
        words = {str(choice[0]): str(choice[1]) for choice in field.iter_choices()}
        chosen = field.data if isinstance(field.data, list) else [field.data or ""]
        return ", ".join(words.get(str(one), "–") for one in chosen) or "–"
    if isinstance(field.data, date):
        return str(filters.day(field.data))
    return str(field.data) if field.data not in {None, ""} else "–"
