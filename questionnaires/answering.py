"""What shows, what is missing, whether an answer is allowed, and what it is worth."""

import calendar
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from questionnaires import scoping
from questionnaires.model import (
    N_,
    AllOf,
    AnswerKind,
    AnswerShape,
    AnswerValue,
    AnyOf,
    BadAnswer,
    Catalogue,
    Condition,
    DateRule,
    Flagged,
    FlagRule,
    Language,
    Message,
    Not,
    ProfileQuestion,
    Question,
    QuestionSet,
    RedFlag,
    Scope,
    ScopingRule,
    Section,
    Text,
    Trigger,
    TriggerKind,
)

UNKNOWN = "unknown"  # what a form sends for "not known"
NEVER = "never"  # what a form sends for "never"
COMMENT_LENGTH = 2000
MONTHS = 12
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SPECIALS = {UNKNOWN: Text(de="nicht bekannt", en="not known"), NEVER: Text(de="nie", en="never")}
UNITS: Mapping[str, Text] = {
    "hours": Text(de="Stunden", en="hours"),
    "days": Text(de="Tage", en="days"),
    "months": Text(de="Monate", en="months"),
    "percent": Text(de="%", en="%"),
    "euro": Text(de="€", en="€"),
    "persons": Text(de="Beschäftigte", en="staff"),
}

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_AMBIGUOUS = re.compile(r"\d{1,3}[.,]\d{3}")
_GROUPED = re.compile(r"\d{1,3}([.\u00a0\u202f ']\d{3})+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


# --- Which questions show ------------------------------------------------------------------------


def derive_flags(
    catalogue: Catalogue, profile: Mapping[str, AnswerValue], *, intake: Iterable[str] = ()
) -> frozenset[str]:
    """The flags that the company's profile sets, and those the hospital's intake knows; either is enough."""
    flags = set(intake) & set(catalogue.flags)
    size = len(flags) - 1
    while len(flags) > size:  # a rule may ask for another flag
        size = len(flags)
        flags |= {flag.id for flag in catalogue.flags.values() if _is_set(flag.rule, profile, flags)}
    return frozenset(flags)


def _is_set(rule: FlagRule | ScopingRule | None, profile: Mapping[str, AnswerValue], flags: set[str]) -> bool:
    match rule:
        case FlagRule(question=question, options=options, with_flags=others):
            value = profile.get(question)
            return value is not None and not set(options).isdisjoint(value.choices) and set(others) <= flags
        case ScopingRule():
            types = profile.get(rule.entity_types)
            size = scoping.Size(
                headcount=_figure(profile, rule.headcount),
                turnover=_figure(profile, rule.turnover),
                balance=_figure(profile, rule.balance),
            )
            return types is not None and scoping.classify(types.choices, size) is not scoping.EntityClass.NONE
        case None:
            return False


def _figure(profile: Mapping[str, AnswerValue], question: str) -> float | None:
    value = profile.get(question)
    return value.number if value else None


def holds(condition: Condition, flags: Iterable[str]) -> bool:
    """Whether a condition holds under these flags."""
    flags = frozenset(flags)
    match condition:
        case Flagged(flag=flag):
            return flag in flags
        case Not(condition=inner):
            return not holds(inner, flags)
        case AllOf(conditions=inner_all):
            return all(holds(inner, flags) for inner in inner_all)
        case AnyOf(conditions=inner_any):
            return any(holds(inner, flags) for inner in inner_any)


NOT, AND, OR = Text(de="nicht", en="not"), Text(de="und", en="and"), Text(de="oder", en="or")


def in_words(condition: Condition, catalogue: Catalogue, *, language: str) -> str:
    """When a question is asked, in the reader's words; "" for always."""
    match condition:
        case Flagged(flag=flag):
            return catalogue.flags[flag].text.get(language)
        case Not(condition=inner):
            return f"{NOT.get(language)} ({in_words(inner, catalogue, language=language)})"
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            told = [in_words(part, catalogue, language=language) for part in parts]
            if len(told) > 1:
                nested = [isinstance(part, AllOf | AnyOf) for part in parts]
                told = [f"({words})" if is_nested else words for words, is_nested in zip(told, nested, strict=True)]
            return f" {(AND if isinstance(condition, AllOf) else OR).get(language)} ".join(told)


def shown(
    catalogue: Catalogue, question_set: QuestionSet, flags: Iterable[str], *, scope: Scope | None = None
) -> tuple[Question, ...]:
    """The questions of a set that apply, in the order of the sections."""
    wanted = set(catalogue.sets[question_set].question_ids)
    flags = frozenset(flags)
    return tuple(
        question
        for question in catalogue.questions.values()
        if question.id in wanted and (scope is None or question.scope is scope) and holds(question.applies_if, flags)
    )


def sections(
    catalogue: Catalogue, question_set: QuestionSet, flags: Iterable[str], *, scope: Scope | None = None
) -> tuple[tuple[Section, tuple[Question, ...]], ...]:
    """The sections that have something to ask, each with its questions."""
    by_section: dict[str, list[Question]] = {}
    for question in shown(catalogue, question_set, flags, scope=scope):
        by_section.setdefault(question.section, []).append(question)
    return tuple((section, tuple(by_section[section.id])) for section in catalogue.sections if section.id in by_section)


def asked_profile(catalogue: Catalogue) -> tuple[ProfileQuestion, ...]:
    """The profile questions that the company answers."""
    return tuple(question for question in catalogue.profile if not question.asked_of_hospital)


def missing(questions: Iterable[Question], answers: Mapping[str, AnswerValue]) -> tuple[Question, ...]:
    """The questions without an answer, in order."""
    return tuple(question for question in questions if question.id not in answers)


def minutes(questions: Iterable[Question], answers: Mapping[str, AnswerValue]) -> int:
    """Whole minutes left to read and answer what is missing; finding documents not counted."""
    return math.ceil(sum(question.est_seconds for question in missing(questions, answers)) / 60)


# --- From what was typed to an answer ------------------------------------------------------------


def parse(shape: AnswerShape, values: Sequence[str], *, comment: str = "", today: date) -> AnswerValue | None:
    """What a form or a workbook sent becomes an answer; None when nothing was typed. Raises BadAnswer.

    A number or date field may send "unknown" or "never" beside an empty field.
    """
    comment = _plain(comment, limit=COMMENT_LENGTH, field="comment")
    typed = tuple(value for value in (raw.strip() for raw in values) if value)
    if not typed:
        if comment:
            raise BadAnswer(Message(text=N_("Please answer the question as well; a comment alone is no answer.")))
        return None
    match shape.kind:
        case AnswerKind.NUMBER:
            value = _special(shape, typed) or AnswerValue(number=_parsed_number(shape, typed))
        case AnswerKind.DATE:
            value = _special(shape, typed) or AnswerValue(day=_parsed_day(shape, typed, today=today))
        case AnswerKind.TEXT:
            value = AnswerValue(text=_plain(typed[0], limit=shape.max_length, field="value"))
        case AnswerKind.MULTI_CHOICE:
            value = AnswerValue(choices=_chosen(shape, typed))
        case _:
            value = AnswerValue(choices=_chosen_one(shape, typed, comment=comment))
    return replace(value, comment=comment)


def _plain(text: str, *, limit: int, field: str) -> str:
    text = _CONTROL.sub("", text.replace("\r\n", "\n")).strip()
    if len(text) > limit:
        raise BadAnswer(
            Message(
                text=N_("Please use at most %(limit)d characters; these are %(length)d."),
                values={
                    "limit": limit,
                    "length": len(text),
                },
            ),
            field=field,
        )
    return text


def _special(shape: AnswerShape, typed: tuple[str, ...]) -> AnswerValue | None:
    special = [value for value in typed if value in SPECIALS]
    if not special:
        return None
    if len(typed) > 1:
        raise BadAnswer(Message(text=N_("Please give a value or tick the box beside it, not both.")))
    if special[0] == UNKNOWN and shape.allow_unknown:
        return AnswerValue(unknown=True)
    if special[0] == NEVER and shape.allow_never:
        return AnswerValue(never=True)
    raise BadAnswer(Message(text=N_("This is none of the choices.")))


def _parsed_number(shape: AnswerShape, typed: tuple[str, ...]) -> float:
    if len(typed) > 1:
        raise BadAnswer(Message(text=N_("Please give one number.")))
    number = _number(typed[0])
    if shape.minimum is not None and number < shape.minimum:
        raise BadAnswer(
            Message(text=N_("Please give a number of at least %(limit)g."), values={"limit": shape.minimum})
        )
    if shape.maximum is not None and number > shape.maximum:
        raise BadAnswer(Message(text=N_("Please give a number of at most %(limit)g."), values={"limit": shape.maximum}))
    return number


def _number(text: str) -> float:
    """A number as people type it; "1.000" could be one or a thousand, so it is asked again."""
    text = text.removesuffix("%").removesuffix("€").strip()
    if _AMBIGUOUS.fullmatch(text):
        raise BadAnswer(
            Message(
                text=N_("Please write the number without separators: “%(typed)s” can be read in two ways."),
                values={"typed": text},
            )
        )
    if _GROUPED.fullmatch(text):
        text = re.sub(r"\D", "", text)
    try:
        number = float(text.replace(",", "."))
    except ValueError as wrong:
        raise BadAnswer(Message(text=N_("Please give a number, for example 24 or 0.5."))) from wrong
    if not math.isfinite(number):
        raise BadAnswer(Message(text=N_("Please give a number, for example 24 or 0.5.")))
    return number


def _parsed_day(shape: AnswerShape, typed: tuple[str, ...], *, today: date) -> date:
    if len(typed) > 1:
        raise BadAnswer(Message(text=N_("Please give one date.")))
    day = _day(typed[0])
    if shape.date_rule is DateRule.AGE and day > today:
        raise BadAnswer(Message(text=N_("This date lies in the future; we ask when it last happened.")))
    return day


def _day(text: str) -> date:
    try:
        if iso := _ISO.fullmatch(text):
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if german := _GERMAN_DATE.fullmatch(text):
            return date(int(german[3]), int(german[2]), int(german[1]))
    except ValueError as wrong:
        raise BadAnswer(Message(text=N_("This day does not exist in the calendar."))) from wrong
    raise BadAnswer(Message(text=N_("Please give a date, for example 2026-03-31 or 31.03.2026.")))


def _chosen(shape: AnswerShape, typed: tuple[str, ...]) -> tuple[str, ...]:
    if any(shape.option(value) is None for value in typed):
        raise BadAnswer(Message(text=N_("This is none of the choices.")))
    return tuple(option.id for option in shape.options if option.id in typed)


def _chosen_one(shape: AnswerShape, typed: tuple[str, ...], *, comment: str) -> tuple[str, ...]:
    chosen = _chosen(shape, typed)
    if len(chosen) > 1:
        raise BadAnswer(Message(text=N_("Please choose one.")))
    option = shape.option(chosen[0])
    if option and option.needs_comment and not comment:
        raise BadAnswer(Message(text=N_("Please say in a few words why this does not apply.")), field="comment")
    return chosen


# --- What an answer is worth ---------------------------------------------------------------------


def share(shape: AnswerShape, value: AnswerValue, *, today: date) -> float | None:
    """What the answer keeps of its question's weight, 0 to 1; None when it does not apply and is left out."""
    match shape.kind:
        case AnswerKind.NUMBER:
            return 0.0 if value.number is None else _share_of_number(shape, value.number)
        case AnswerKind.DATE:
            return 0.0 if value.day is None else _share_of_day(shape, value.day, today=today)
        case AnswerKind.MULTI_CHOICE:
            return len(value.choices) / len(shape.options)
        case AnswerKind.TEXT:
            return None
        case _:
            option = shape.option(value.choices[0]) if value.choices else None
            return option.score if option else 0.0


def _share_of_number(shape: AnswerShape, number: float) -> float:
    for band in shape.bands:
        if number <= band.limit if shape.lower_is_better else number >= band.limit:
            return band.score
    return 0.0


def _share_of_day(shape: AnswerShape, day: date, *, today: date) -> float:
    for band in shape.bands:
        months = int(band.limit)
        if shape.date_rule is DateRule.AGE and add_months(day, months) >= today:
            return band.score
        if shape.date_rule is DateRule.REMAINING and day >= add_months(today, months):
            return band.score
    return 0.0


def add_months(day: date, months: int) -> date:
    """The same day so many months on, or the last day of that month; stops at the calendar's ends."""
    index = day.year * MONTHS + day.month - 1 + months
    year, month = index // MONTHS, index % MONTHS + 1
    if year > date.max.year:
        return date.max
    if year < date.min.year:
        return date.min
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def red_flags(
    question: Question, value: AnswerValue, *, today: date, needs: Mapping[str, float] | None = None
) -> tuple[RedFlag, ...]:
    """The red flags an answer raises; `needs` holds what the hospital needs ("required_rto_h")."""
    needed = (needs or {}).get(question.shape.compare_with)
    return tuple(flag for flag in question.red_flags if _raised(flag.when, value, today=today, needed=needed))


def _raised(when: Trigger, value: AnswerValue, *, today: date, needed: float | None) -> bool:  # noqa: PLR0911 - one arm each
    limit = when.limit or 0
    match when.kind:
        case TriggerKind.IN:
            return not set(when.options).isdisjoint(value.choices)
        case TriggerKind.GT:
            return value.number is not None and value.number > limit
        case TriggerKind.LT:
            return value.number is not None and value.number < limit
        case TriggerKind.GT_COMPARE:
            return value.number is not None and needed is not None and value.number > needed
        case TriggerKind.GT_MONTHS:
            return value.day is not None and add_months(value.day, int(limit)) < today
        case TriggerKind.LT_MONTHS:
            return value.day is not None and value.day < add_months(today, int(limit))
        case TriggerKind.COUNT_LT:
            return len(value.choices) < limit
        case TriggerKind.NEVER:
            return value.never
        case TriggerKind.UNKNOWN:
            return value.unknown


# --- Showing and keeping an answer ---------------------------------------------------------------


def show(shape: AnswerShape, value: AnswerValue, *, language: str) -> str:
    """The answer in words of the reader's language, without its comment."""
    if value.unknown:
        return SPECIALS[UNKNOWN].get(language)
    if value.never:
        return SPECIALS[NEVER].get(language)
    if value.day is not None:
        day = value.day
        return f"{day:%d.%m.%Y}" if language == Language.DE else f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
    if value.number is not None:
        number = f"{value.number:,.15g}" if shape.unit == "euro" else f"{value.number:.15g}"
        if language == Language.DE:
            number = number.translate(str.maketrans(",.", ".,"))
        unit = UNITS[shape.unit].get(language) if shape.unit in UNITS else ""
        return f"{number}\u00a0{unit}".strip()
    if value.text:
        return value.text
    chosen = (shape.option(choice) for choice in value.choices)
    return "; ".join(option.text.get(language) for option in chosen if option)


def dump(value: AnswerValue) -> dict[str, Any]:
    """The answer as JSON: only what is filled."""
    kept: dict[str, Any] = {}
    if value.choices:
        kept["choices"] = list(value.choices)
    if value.number is not None:
        kept["number"] = value.number
    if value.day is not None:
        kept["day"] = value.day.isoformat()
    for name in ("text", "comment"):
        if text := getattr(value, name):
            kept[name] = text
    for name in ("unknown", "never"):
        if getattr(value, name):
            kept[name] = True
    return kept


def load(kept: Mapping[str, Any]) -> AnswerValue:
    """The answer that `dump` wrote."""
    day = kept.get("day")
    return AnswerValue(
        choices=tuple(kept.get("choices", ())),
        number=kept.get("number"),
        day=datetime.fromisoformat(day).date() if day else None,
        text=kept.get("text", ""),
        unknown=kept.get("unknown", False),
        never=kept.get("never", False),
        comment=kept.get("comment", ""),
    )


def raw(value: AnswerValue) -> tuple[str, ...]:
    """What a form field would have to send for this answer: the inverse of `parse`."""
    if value.unknown:
        return (UNKNOWN,)
    if value.never:
        return (NEVER,)
    if value.day is not None:
        return (value.day.isoformat(),)
    if value.number is not None:
        return (f"{value.number:.15g}",)
    return (value.text,) if value.text else value.choices
