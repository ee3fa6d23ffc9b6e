"""The form of a hospital's policy: a field for each number that may be changed, named by its place in the file."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from assessments import deciding, frameworks
from assessments.model import PARTS, AcceptanceRule, Authority, Caps, Grade, Policy, RiskLevel
from assessments.policy import NO_TIER, STEPS, TIERS
from portal import i18n
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.web import forms
from questionnaires.model import QuestionSet, Text
from reports import marks
from scanners.model import N_, Message, Severity

AUTHORITIES: Mapping[Authority, object] = {one: _l(word) for one, word in deciding.AUTHORITIES.items()}
CAPS: Mapping[str, object] = {
    "critical_fail": _l("A critical finding is open: at most"),
    "knock_out": _l("A knock-out is not met: at most"),
    "high_fail": _l("A high finding stays open too long: at most"),
    "high_fail_after_days": _l("… that is, for more than so many days"),
}
LEVELS = tuple(reversed(RiskLevel))  # the worst first, as people read them
ROWS = (*map(str, TIERS), NO_TIER)
LONGEST_NUMBER = 9


class NoNumber(ValueError):
    """What was typed is no number; `places` says where."""

    def __init__(self, places: Mapping[str, Message]) -> None:
        """Hold a sentence for each place."""
        self.places = places
        super().__init__()


def _number(label: Any) -> StringField:
    needed = InputRequired(_l("Enter a number."))
    return StringField(label, [needed, Length(max=LONGEST_NUMBER)], filters=[forms.stripped])


def _choice(label: Any, words: Mapping[Any, object]) -> SelectField:
    return SelectField(
        label, [InputRequired()], choices=forms.choices([(str(key), word) for key, word in words.items()])
    )


def form_class() -> type[forms.Form]:
    """Every field with its label in the reader's language."""
    language = i18n.language()
    levels = {level: _(marks.RISK_LEVELS[level].word) for level in RiskLevel}
    steps = {str(step): str(step) for step in range(1, STEPS + 1)}
    sets = {each: _(marks.QUESTION_SETS[each]) for each in QuestionSet if each in marks.QUESTION_SETS}
    made: dict[str, Any] = {"__doc__": "A policy in numbers.", "edits": HiddenField(), **_deciding(levels)}
    for part in PARTS:
        made[f"part_weights.{part}"] = _number(frameworks.measure(part).short.get(language))
    for name, word in CAPS.items():
        made[f"caps.{name}"] = _number(word)
    for impact in range(1, STEPS + 1):
        for likelihood in range(1, STEPS + 1):
            label = _("Impact %(impact)s, likelihood %(likelihood)s", impact=impact, likelihood=likelihood)
            made[f"matrix.{impact}.{likelihood}"] = _choice(label, levels)
    for level in LEVELS:
        for tongue, word in (("de", _("German")), ("en", _("English"))):
            made[f"levels.{level}.{tongue}"] = StringField(
                f"{levels[level]}, {word}", [Length(max=40)], filters=[forms.stripped]
            )
    for grade in Grade:
        made[f"likelihood.by_grade.{grade}"] = _choice(_("Grade %(grade)s", grade=grade.value), steps)
    made["likelihood.unknown"] = _choice(_l("No grade, or silence: at least"), steps)
    for severity in Severity:
        word = _(marks.SEVERITIES[severity].word)
        made[f"likelihood.by_severity.{severity}"] = _choice(_("Cause: %(severity)s", severity=word), steps)
    for tier in TIERS:
        made[f"sets_by_tier.{tier}"] = _choice(_("Tier %(tier)s", tier=tier), sets)
    return type("PolicyForm", (forms.Form,), made)


def _deciding(levels: Mapping[RiskLevel, str]) -> Mapping[str, Any]:
    made: dict[str, Any] = {}
    for row in ROWS:
        tier_word = _("no tier yet") if row == NO_TIER else _("Tier %(tier)s", tier=row)
        for level in LEVELS:
            made[f"authority.{row}.{level}"] = _choice(f"{tier_word}, {levels[level]}", AUTHORITIES)
    made["appetite"] = _choice(_l("Up to this level nobody has to decide"), levels)
    for level in LEVELS:
        made[f"acceptance.{level}.by"] = _choice(f"{levels[level]}: {_('accepted by')}", AUTHORITIES)
        made[f"acceptance.{level}.days"] = _number(f"{levels[level]}: {_('at most, in days')}")
    return made


def filled(one: Policy, edits: int) -> forms.Form:
    """The form as the policy stands."""
    return form_class().offered(**values(one), edits=str(edits))


def values(one: Policy) -> dict[str, str]:
    """Every field's value."""
    told: dict[str, str] = {f"part_weights.{part}": f"{weight:g}" for part, weight in one.part_weights.items()}
    told |= {f"caps.{name}": str(getattr(one.caps, name)) for name in CAPS}
    for impact, row in enumerate(one.matrix, start=1):
        told |= {f"matrix.{impact}.{likelihood}": cell.value for likelihood, cell in enumerate(row, start=1)}
    for level, words in one.level_words.items():
        told |= {f"levels.{level}.de": words.de, f"levels.{level}.en": words.en}
    told |= {f"likelihood.by_grade.{grade}": str(step) for grade, step in one.likelihood_by_grade.items()}
    told["likelihood.unknown"] = str(one.likelihood_unknown)
    told |= {f"likelihood.by_severity.{each}": str(step) for each, step in one.likelihood_by_severity.items()}
    told |= {f"sets_by_tier.{tier}": chosen.value for tier, chosen in one.sets_by_tier.items()}
    for name, cells in one.authority.items():
        told |= {f"authority.{name}.{level}": who.value for level, who in cells.items()}
    told["appetite"] = one.appetite.value
    for level, rule in one.acceptance.items():
        told |= {f"acceptance.{level}.by": rule.by.value, f"acceptance.{level}.days": str(rule.days)}
    return told


def read(form: forms.Form, draft: Policy) -> Policy:
    """The draft with what was typed; must-haves have a page of their own. Raises NoNumber."""
    wrong: dict[str, Message] = {}

    def number(place: str) -> float:
        text = str(form[place].data or "").replace(",", ".")
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if value != value or abs(value) > 10**6 or not text.isascii():  # noqa: PLR0124 - only NaN differs from itself
            wrong[place] = Message(text=N_("Enter a number."))
            return 0
        return value

    def whole(place: str) -> int:
        value = number(place)
        if value != int(value):
            wrong[place] = Message(text=N_("Enter a whole number."))
        return int(value)

    def step(place: str) -> int:
        return int(form[place].data)

    own = replace(
        draft,
        part_weights={part: number(f"part_weights.{part}") for part in draft.part_weights},
        caps=Caps(**{name: whole(f"caps.{name}") for name in CAPS}),
        matrix=tuple(
            tuple(RiskLevel(form[f"matrix.{impact}.{likelihood}"].data) for likelihood in range(1, STEPS + 1))
            for impact in range(1, STEPS + 1)
        ),
        level_words=_words(form),
        likelihood_by_grade={grade: step(f"likelihood.by_grade.{grade}") for grade in draft.likelihood_by_grade},
        likelihood_unknown=step("likelihood.unknown"),
        likelihood_by_severity={each: step(f"likelihood.by_severity.{each}") for each in draft.likelihood_by_severity},
        sets_by_tier={tier: QuestionSet(form[f"sets_by_tier.{tier}"].data) for tier in draft.sets_by_tier},
        authority={
            name: {level: Authority(form[f"authority.{name}.{level}"].data) for level in cells}
            for name, cells in draft.authority.items()
        },
        appetite=RiskLevel(form["appetite"].data),
        acceptance={
            level: AcceptanceRule(
                by=Authority(form[f"acceptance.{level}.by"].data), days=whole(f"acceptance.{level}.days")
            )
            for level in draft.acceptance
        },
    )
    if wrong:
        raise NoNumber(wrong)
    return own


def _words(form: forms.Form) -> Mapping[RiskLevel, Text]:
    """Words of the hospital's own; a level with none keeps ours."""
    told = {}
    for level in RiskLevel:
        german, english = (str(form[f"levels.{level}.{tongue}"].data or "") for tongue in ("de", "en"))
        if german or english:
            told[level] = Text(de=german, en=english)
    return told


def beside(place: str) -> str:
    """The field that a place of the file stands beside."""
    return f"{place}.de" if place.startswith("levels.") else place
