"""The scoping helper's form, the same for everybody who asks "are we in scope?" and for a hospital about a vendor."""

import re
from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, FloatField, SelectField, SelectMultipleField, widgets
from wtforms.validators import NumberRange, Optional

from portal import i18n
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.web import forms
from questionnaires import regulated
from questionnaires.model import AnswerValue
from questionnaires.regulated import Situation
from questionnaires.scoping import EntityClass, Size
from scanners.model import N_

COUNTRIES: Mapping[str, str] = {"DE": N_("Germany"), "AT": N_("Austria"), "other": N_("another country")}
CLASSES: Mapping[EntityClass, str] = {
    EntityClass.ESSENTIAL: N_("Essential entity"),
    EntityClass.IMPORTANT: N_("Important entity"),
    EntityClass.NONE: N_("Not in scope of the act; reached by contract only"),
}
LARGEST = 10**13  # euros
THOUSAND = 3  # digits


_GROUPED = re.compile(r"\d{1,3}([.,'\s]\d{3})+([.,]\d+)?")


class NumberField(FloatField):
    """A number as people write it: 1.200.000 or 1,200,000 or 49,5."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take out what groups thousands; what stands behind the last sign is a decimal."""
        super().process_formdata([_plain(text) for text in valuelist])

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        return str(int(self.data)) if self.data == int(self.data) else str(self.data)


def _plain(text: str) -> str:
    text = text.strip()
    if not _GROUPED.fullmatch(text):
        return text.replace(",", ".")
    *groups, last = re.split(r"[.,'\s]", text)
    return "".join(groups) + (last if len(last) == THOUSAND else f".{last}")


class ScopeForm(forms.Form):
    """What the class of § 28 BSIG follows from."""

    types = SelectMultipleField(
        _l("What does the company do?"),
        description=_l("Several are possible. Software development alone is no entity type."),
        option_widget=widgets.CheckboxInput(),
    )
    headcount = NumberField(
        _l("Staff, in annual work units"),
        [Optional(), NumberRange(min=0, max=LARGEST)],
        description=_l("With linked enterprises, and pro rata partner enterprises."),
    )
    turnover = NumberField(_l("Annual turnover in euro"), [Optional(), NumberRange(min=0, max=LARGEST)])
    balance = NumberField(_l("Balance sheet total in euro"), [Optional(), NumberRange(min=0, max=LARGEST)])
    country = SelectField(_l("Main establishment"))
    critical_facility = BooleanField(_l("It operates a critical facility."))
    negligible = BooleanField(_l("What is chosen above is negligible against the whole business."))
    group_decides = BooleanField(_l("It does not decide on its IT independently of its group."))
    fresh_figures = BooleanField(_l("The figures have not held for two years running."))
    dora = BooleanField(_l("It is a financial entity under DORA."))
    ti_service = BooleanField(_l("It operates approved services of the telematics infrastructure."))

    @property
    def situation(self) -> Situation:
        """What was said, for the rules."""
        return Situation(
            types=tuple(self["types"].data or ()),
            size=Size(headcount=self["headcount"].data, turnover=self["turnover"].data, balance=self["balance"].data),
            critical_facility=bool(self["critical_facility"].data),
            negligible=bool(self["negligible"].data),
            group_it_independent=not self["group_decides"].data,
            two_years=not self["fresh_figures"].data,
            dora=bool(self["dora"].data),
            ti_service=bool(self["ti_service"].data),
            country=str(self["country"].data or regulated.HOME),
        )


def with_words(form: ScopeForm) -> ScopeForm:
    """Its choices in the reader's language."""
    form.offer("types", [(name, text.get(i18n.language())) for name, text in regulated.kinds().items()])
    form.offer("country", [(name, _(word)) for name, word in COUNTRIES.items()])
    return form


def values(situation: Situation) -> dict[str, Any]:
    """What the form shows of a situation, and what is kept of it."""
    return {
        "types": list(situation.types),
        "headcount": situation.size.headcount,
        "turnover": situation.size.turnover,
        "balance": situation.size.balance,
        "country": situation.country,
        "critical_facility": situation.critical_facility,
        "negligible": situation.negligible,
        "group_decides": not situation.group_it_independent,
        "fresh_figures": not situation.two_years,
        "dora": situation.dora,
        "ti_service": situation.ti_service,
    }


def of_profile(profile: Mapping[str, AnswerValue]) -> dict[str, Any]:
    """What a company said of itself in the questionnaire, to begin from."""

    def number(question: str) -> float | None:
        value = profile.get(question)
        return value.number if value is not None else None

    types = profile.get(regulated.KINDS_QUESTION)
    return {
        "types": list(types.choices) if types else [],
        "headcount": number("P-06"),
        "turnover": number("P-07"),
        "balance": number("P-08"),
        "country": regulated.HOME,
    }
