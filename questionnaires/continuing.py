"""A follow-up round: what changed is asked, what is named as changed is asked again, and the rest goes on to hold."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from questionnaires.model import (
    ALWAYS,
    AllOf,
    AnswerValue,
    Catalogue,
    Condition,
    Flagged,
    ProfileQuestion,
    Question,
    QuestionSet,
    Section,
)

CHANGED = "changed_"  # the flag of a section, set by the profile question that names it
Shown = Callable[[Question], Condition]


def is_follow_up(catalogue: Catalogue) -> bool:
    """Whether a catalogue asks what has changed."""
    return any(name.startswith(CHANGED) for name in catalogue.flags)


def reopening(
    delta: Catalogue, before: Catalogue, question_set: QuestionSet, *, asked_again: Collection[str] = ()
) -> Catalogue:
    """What a follow-up asks: its own questions, those of the earlier round in each section named as changed, and
    `asked_again`, whatever is named: what has aged since.

    What was said of the company itself is not asked again: it stands in the profile, but is hidden.
    """

    def shown(question: Question) -> Condition:
        return question.applies_if if question.id in asked_again else _when_changed(delta, question)

    return _merged(delta, before, question_set, shown)


def standing(delta: Catalogue, before: Catalogue, question_set: QuestionSet) -> Catalogue:
    """The same catalogue as it is judged: what was asked earlier counts whether it was asked again or not."""
    return _merged(delta, before, question_set, lambda question: question.applies_if)


def reopened(delta: Catalogue, profile: Mapping[str, AnswerValue]) -> frozenset[str]:
    """The sections whose earlier answers no longer hold."""
    named = {choice for question in delta.profile for choice in _choices(profile, question)}
    return frozenset(name.removeprefix(CHANGED) for name in delta.flags if name.removeprefix(CHANGED) in named)


def holds_on(
    delta: Catalogue,
    before: Catalogue,
    question_id: str,
    profile: Mapping[str, AnswerValue],
    *,
    asked_again: Collection[str] = (),
) -> bool:
    """Whether the earlier answer to a question goes on to hold; what has no section to be named is asked again."""
    question = before.questions.get(question_id)
    if (
        question is None
        or question_id in asked_again
        or question_id in delta.questions
        or f"{CHANGED}{question.section}" not in delta.flags
    ):
        return False
    return question.section not in reopened(delta, profile)


def _choices(profile: Mapping[str, AnswerValue], question: ProfileQuestion) -> tuple[str, ...]:
    value = profile.get(question.id)
    return value.choices if value else ()


def _when_changed(delta: Catalogue, question: Question) -> Condition:
    flag = f"{CHANGED}{question.section}"
    if flag not in delta.flags:
        return question.applies_if
    changed = Flagged(flag=flag)
    return changed if question.applies_if == ALWAYS else AllOf(conditions=(changed, question.applies_if))


def _merged(delta: Catalogue, before: Catalogue, question_set: QuestionSet, shown: Shown) -> Catalogue:
    asked_then = set(before.sets[question_set].question_ids) - set(delta.questions)
    earlier = {name: replace(before.questions[name], applies_if=shown(before.questions[name])) for name in asked_then}
    sections = tuple(_section(frame, delta, earlier) for frame in _frames(delta, before))
    questions = {
        name: delta.questions.get(name) or earlier[name] for section in sections for name in section.question_ids
    }
    known = {question.id for question in delta.profile}
    hidden = tuple(replace(one, asked_of_hospital=True) for one in before.profile if one.id not in known)
    return replace(
        delta,
        sections=sections,
        questions=questions,
        profile=(*delta.profile, *hidden),
        flags={**before.flags, **delta.flags},
        evidence_types={**before.evidence_types, **delta.evidence_types},
        sets={key: replace(one, question_ids=tuple(questions)) for key, one in delta.sets.items()},
        maturity=before.maturity,
    )


def _frames(delta: Catalogue, before: Catalogue) -> Iterable[Section]:
    """The sections of both, in the order of the earlier catalogue."""
    known = {section.id for section in before.sections}
    return (*before.sections, *(section for section in delta.sections if section.id not in known))


def _section(frame: Section, delta: Catalogue, earlier: Mapping[str, Question]) -> Section:
    new = [question.id for question in delta.questions.values() if question.section == frame.id]
    old = [name for name in frame.question_ids if name in earlier]
    return replace(frame, question_ids=(*new, *old))
